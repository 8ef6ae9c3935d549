"""What a training run is made of, read from TOML; an unknown key is an error, not a surprise."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from graft_core.errors import TrainError


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with linear warm-up and cosine decay (Mall et al. 2024, section 3.4)."""

    steps: int
    """Optimizer steps in all."""
    batch: int
    """Tiles (or photo-caption pairs) a step."""
    learning_rate: float
    """Peak, reached at the end of the warm-up."""
    warmup: int = 200
    """Steps of linear warm-up; the paper does not state a length."""
    weight_decay: float = 1e-2
    """Decoupled weight decay, as in the paper."""
    patch_dropout: float = 0.0
    """Share of image tokens left out of a training step; the last tenth of the steps sees every token (Li et al. 2023,
    FLIP)."""
    seed: int = 0
    """Decides batches, augmentation and initial weights."""
    log_every: int = 50
    """Steps between two reported metrics."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "log_every"):
            if getattr(self, name) < 1:
                raise TrainError(f"{name} = {getattr(self, name)}: must be at least 1.")
        if not 0 <= self.warmup < self.steps:
            raise TrainError(f"warmup = {self.warmup}: must be at least 0 and less than steps = {self.steps}.")
        if not 0 <= self.patch_dropout < 1:
            raise TrainError(f"patch_dropout = {self.patch_dropout}: must be at least 0 and less than 1.")
        if self.learning_rate <= 0:
            raise TrainError(f"learning_rate = {self.learning_rate}: must be positive.")


def optimizer_config(table: dict[str, Any], *, where: str) -> OptimizerConfig:
    """Build the configuration from one TOML table.

    Raises:
        TrainError: a key is unknown, missing or out of range; ``where`` names the table in the message.
    """
    known = {field.name for field in fields(OptimizerConfig)}
    unknown = sorted(set(table) - known)
    if unknown:
        raise TrainError(f"Unknown key '{unknown[0]}' in {where}; known keys are {', '.join(sorted(known))}.")
    missing = sorted({"steps", "batch", "learning_rate"} - set(table))
    if missing:
        raise TrainError(f"{where} lacks '{missing[0]}'.")
    return OptimizerConfig(**table)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        TrainError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainError(f"No training configuration at '{path}'.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainError(f"'{path}' is not TOML: {error}.") from error
