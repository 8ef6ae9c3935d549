"""The folder of a run, and who writes what into it."""

import json
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.io.atomic import write_json
from graft_core.models.registry import list_models
from graft_core.train.checkpoint import newest_step
from graft_core.train.config import TrainConfig, config_table, train_config
from graft_core.train.metrics import EventRow, Row, StepRow, ValidationRow, append_row, forget_after

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_DECIDES = ("pairs", "teacher", "level")
"""What a resumed run may not change: with another value, it would be another encoder."""


def run_folder(name: str) -> Path:
    """Where everything about the run of that name is."""
    return settings.weights_dir() / "runs" / name


def open_run(config: TrainConfig, *, resume: bool) -> None:
    """Make the folder of a run, or find it as it was.

    Raises:
        TrainError: the run or an encoder of that name exists and is not to be resumed, or the run was another one.
    """
    folder = run_folder(config.name)
    stored = folder / "config.json"
    if stored.is_file():
        if not resume:
            step = newest_step(folder / "checkpoints") or 0
            raise TrainError(
                f"There is a run '{config.name}' already, at step {step:,}: resume it, choose another name, or remove "
                f"{folder}."
            )
        _check_same(read_run_config(folder), config)
    elif config.name in {entry.name for entry in list_models()}:
        raise TrainError(f"There is a model '{config.name}' already: choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(stored, config_table(config))


def read_run_config(folder: Path) -> TrainConfig:
    """The configuration of the run in a folder (TrainError where it cannot be read)."""
    path = folder / "config.json"
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainError(f"{path} cannot be read ({error}): start the run again under another name.") from error
    return train_config(table, where=str(path))


def _check_same(before: TrainConfig, now: TrainConfig) -> None:
    for name in _DECIDES:
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            raise TrainError(
                f"The run '{now.name}' has {name} = {old!r}, and {new!r} is asked for: it would be another encoder, so "
                "choose another name."
            )


class Journal:
    """Tells what happens, in ``metrics.jsonl`` and to TensorBoard."""

    def __init__(self, folder: Path, first: int, *, writes: bool) -> None:
        self._folder, self._first, self._writes = folder, first, writes
        self._board: SummaryWriter | None = None
        self.reported = first
        """Steps that the last `StepRow` counted in."""

    def __enter__(self) -> "Journal":
        if self._writes:
            from torch.utils.tensorboard import SummaryWriter

            forget_after(self._folder, self._first)
            self._board = SummaryWriter(str(self._folder / "tensorboard"), purge_step=self._first + 1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._board is not None:
            self._board.close()

    def add(self, row: Row) -> None:
        """Tell one thing; only the first process of several does."""
        if isinstance(row, StepRow):
            self.reported = row.step
        if self._board is None:
            return
        append_row(self._folder, row)
        for name, value in _scalars(row).items():
            self._board.add_scalar(name, value, row.step)
        if isinstance(row, EventRow):
            self._board.add_text("events", row.text, row.step)


def _scalars(row: Row) -> dict[str, float]:
    if isinstance(row, StepRow):
        return {
            "train/loss": row.loss,
            "train/learning_rate": row.learning_rate,
            "train/tiles_per_second": row.tiles_per_second,
        }
    if isinstance(row, ValidationRow):
        return {"validation/loss": row.loss, "validation/top1": row.top1}
    return {}
