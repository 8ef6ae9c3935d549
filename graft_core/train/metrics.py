"""What a run tells about itself: one JSON object a line, in ``metrics.jsonl`` of its folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from graft_core.io.atomic import write_error, write_text

FILE = "metrics.jsonl"


@dataclass(frozen=True)
class StepRow:
    """What the steps since the last row looked like."""

    step: int
    """Steps finished, counted from 1."""
    loss: float
    """Mean loss of these steps."""
    learning_rate: float
    """Rate used in the last of them."""
    tiles_per_second: float
    """Tiles learned from, validation and checkpoints left out."""
    seconds: float
    """Seconds of training so far, those of earlier runs that were resumed counted in."""


@dataclass(frozen=True)
class ValidationRow:
    """How the tower does on places it does not learn from."""

    step: int
    """Steps finished; 0 is the teacher's photo tower before any training."""
    loss: float
    """The paper's loss over the validation tiles."""
    top1: float
    """Share of them that find, among the photos of a hundred tiles, one of their own first."""


@dataclass(frozen=True)
class EventRow:
    """Something worth saying."""

    step: int
    """Steps finished when it happened."""
    text: str
    """A sentence."""


@dataclass(frozen=True)
class Metrics:
    """Everything a run has told, each kind in the order of its steps."""

    steps: tuple[StepRow, ...] = ()
    """Of the training."""
    validations: tuple[ValidationRow, ...] = ()
    """Of the validation."""
    events: tuple[EventRow, ...] = ()
    """Sentences."""


Row = StepRow | ValidationRow | EventRow
_KINDS: dict[str, type[StepRow] | type[ValidationRow] | type[EventRow]] = {
    "step": StepRow,
    "validation": ValidationRow,
    "event": EventRow,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def read_metrics(folder: Path) -> Metrics:
    """What the run in a folder has told; nothing where there is no run yet."""
    rows = _rows(folder)
    return Metrics(
        tuple(row for row in rows if isinstance(row, StepRow)),
        tuple(row for row in rows if isinstance(row, ValidationRow)),
        tuple(row for row in rows if isinstance(row, EventRow)),
    )


def append_row(folder: Path, row: Row) -> None:
    """Add one row (ExportError when the folder is gone or takes no more)."""
    path = folder / FILE
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))
    except OSError as error:
        raise write_error(path, error) from error


def forget_after(folder: Path, step: int) -> None:
    """Drop the rows of steps that are taken again because the run goes on from an earlier checkpoint."""
    write_text(folder / FILE, "".join(_line(row) for row in _rows(folder) if row.step <= step))


def _line(row: Row) -> str:
    return json.dumps({"kind": _NAMES[type(row)], **asdict(row)}) + "\n"


def _rows(folder: Path) -> list[Row]:
    """Every whole line; the last one may be half written, by a run that is at it or was killed."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    rows: list[Row] = []
    for line in lines:
        try:
            values = json.loads(line)
            rows.append(_KINDS[values.pop("kind")](**values))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return rows
