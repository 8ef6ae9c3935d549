"""What a training run is made of, read from TOML; an unknown key is an error, not a surprise."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from graft_core.errors import TrainError
from graft_core.types import Level

LossKind = Literal["softmax", "sigmoid"]
GRAFT_TEMPERATURE = 0.07
"""Fixed, not learned: the value of the released GRAFT training code."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}

Table = TypeVar("Table")


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with linear warm-up and cosine decay (Mall et al. 2024, section 3.4)."""

    steps: int
    """Optimizer steps in all."""
    batch: int
    """Tiles (or photo-caption pairs) a step, over all processes together."""
    learning_rate: float
    """Peak, reached at the end of the warm-up."""
    warmup: int = 200
    """Steps of linear warm-up; the paper does not state a length."""
    weight_decay: float = 1e-2
    """Decoupled weight decay, as in the paper."""
    patch_dropout: float = 0.0
    """Share of image tokens left out of a training step; the last tenth of the steps sees every token (Li et al. 2023,
    FLIP)."""
    accumulate: int = 1
    """Parts a batch is computed in, to save memory; the loss is that of the whole batch all the same."""
    seed: int = 0
    """Decides batches, augmentation and initial weights."""
    log_every: int = 50
    """Steps between two reported metrics."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "log_every", "accumulate"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} = {getattr(self, name)}: must be at least 1.")
        if not 0 <= self.warmup < self.steps:
            raise TrainError(f"warmup = {self.warmup}: must be at least 0 and less than steps = {self.steps}.")
        if not 0 <= self.patch_dropout < 1:
            raise TrainError(f"patch_dropout = {self.patch_dropout}: must be at least 0 and less than 1.")
        if not 0 < self.learning_rate < float("inf"):
            raise TrainError(f"learning_rate = {self.learning_rate}: must be positive.")
        for name in ("weight_decay", "seed"):
            if getattr(self, name) < 0:
                raise TrainError(f"{name} = {getattr(self, name)}: must be at least 0.")
        if self.accumulate > self.batch:
            raise TrainError(f"accumulate = {self.accumulate}: a batch of {self.batch} has no more parts than tiles.")


@dataclass(frozen=True)
class LossConfig:
    """The paper's loss, and what may be tried beside it."""

    kind: LossKind = "softmax"
    """``softmax``: the paper's contrastive loss. ``sigmoid``: each pair judged by itself (Zhai et al. 2023, SigLIP)."""
    both_directions: bool = False
    """Whether each photo has to find its tile too; the paper goes from tile to photo only."""
    mask_radius_m: float = 0.0
    """Tiles whose centres are nearer than this, metres, are not held against each other; 0 masks nothing."""
    temperature: float = GRAFT_TEMPERATURE
    """tau: cosines are divided by it."""

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise TrainError(f"temperature = {self.temperature}: must be positive.")
        if self.mask_radius_m < 0:
            raise TrainError(f"mask_radius_m = {self.mask_radius_m}: must be at least 0.")
        if self.kind == "sigmoid" and self.both_directions:
            raise TrainError(
                "both_directions changes nothing about the sigmoid loss, which has no direction: drop one."
            )


@dataclass(frozen=True)
class RunConfig:
    """When a run looks up from its work."""

    checkpoint_every: int = 200
    """Steps between two checkpoints."""
    validate_every: int = 200
    """Steps between two looks at the validation tiles."""
    patience: int = 0
    """Validations without gain after which the run stops early; 0 never does."""

    def __post_init__(self) -> None:
        for name in ("checkpoint_every", "validate_every"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} = {getattr(self, name)}: must be at least 1.")
        if self.patience < 0:
            raise TrainError(f"patience = {self.patience}: must be at least 0.")


@dataclass(frozen=True)
class TrainConfig:
    """One GRAFT encoder: what it learns from, what it starts as, how it is trained."""

    name: str
    """What the registry will call the encoder; also names the folder of the run."""
    pairs: tuple[str, ...]
    """Tables that ``pairs`` wrote; of one sensor and tile size."""
    optimizer: OptimizerConfig
    """Schedule."""
    teacher: str = "demo-teacher"
    """Model whose photo tower is the target and the beginning."""
    level: Level = "tile"
    """``tile``: one vector a tile (image level). ``patch``: one a patch (pixel level)."""
    loss: LossConfig = field(default_factory=LossConfig)
    """What is minimised."""
    run: RunConfig = field(default_factory=RunConfig)
    """Checkpoints and validation."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise TrainError(
                f"{self.name!r} cannot name an encoder: use up to 80 letters, digits, dots, dashes and underscores."
            )
        if not self.pairs:
            raise TrainError("pairs names no table: write one with `python -m graft_core pairs`.")


def train_config(table: Mapping[str, Any], *, where: str) -> TrainConfig:
    """Build the configuration of a run from nested tables, as TOML or JSON give them.

    Raises:
        TrainError: a key is unknown, missing, of a wrong kind or out of range; ``where`` names the table.
    """
    return _read(TrainConfig, table, where)


def optimizer_config(table: Mapping[str, Any], *, where: str) -> OptimizerConfig:
    """Build a schedule from one table.

    Raises:
        TrainError: a key is unknown, missing, of a wrong kind or out of range; ``where`` names the table.
    """
    return _read(OptimizerConfig, table, where)


def config_table(config: TrainConfig) -> dict[str, Any]:
    """The tables that `train_config` makes this configuration from."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(config).items()}


def read_train_config(path: Path, *, name: str | None = None, pairs: Sequence[str] = ()) -> TrainConfig:
    """Read the TOML of a run; relative paths of pairs in it start at the file's folder.

    Args:
        path: the file.
        name: of the encoder, instead of the file's.
        pairs: tables, instead of the file's.

    Raises:
        TrainError: the file is missing, not TOML, or has a key that is unknown, missing or wrong.
    """
    table = read_toml(path)
    if name is not None:
        table["name"] = name
    if pairs:
        table["pairs"] = [os.path.abspath(each) for each in pairs]
    config = train_config(table, where=f"'{path}'")
    return dataclasses.replace(config, pairs=tuple(str(path.parent / each) for each in config.pairs))


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        TrainError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainError(f"No training configuration at '{path}'.") from error
    except OSError as error:
        raise TrainError(f"'{path}' cannot be read ({error.strerror}): give the path of a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainError(f"'{path}' is not TOML: {error}.") from error


def _read(kind: type[Table], table: Mapping[str, Any], where: str) -> Table:
    """A dataclass from a table: every key known, every value of the field's kind, what is left out at its default."""
    if not isinstance(table, Mapping):
        raise TrainError(f"{where} must be a table.")
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise TrainError(f"Unknown key '{unknown[0]}' in {where}; known keys are {', '.join(sorted(known))}.")
    missing = [n for n, each in known.items() if each.default is each.default_factory is MISSING and n not in table]
    if missing:
        raise TrainError(f"{where} lacks '{missing[0]}'.")
    kinds = get_type_hints(kind)
    return kind(**{name: _value(kinds[name], value, name, where) for name, value in table.items()})


def _value(kind: Any, value: Any, name: str, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _read(kind, value, f"[{name}] of {where}")  # type: ignore[arg-type]
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            choices = " or ".join(repr(choice) for choice in get_args(kind))
            raise TrainError(f"{name} = {value!r} in {where}: must be {choices}.")
        return value
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise TrainError(f"{name} = {value!r} in {where}: must be a list of texts.")
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TrainError(f"{name} = {value!r} in {where}: must be {_WORDS[kind]}.")
    return value
