"""Tables of pairs that were made here, and what became of the photos of those that came to nothing."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.types import SensorName

if TYPE_CHECKING:
    from graft_core.train.pairs.report import PairReport
    from graft_core.train.pairs.table import PairTable


TABLE, REPORT, PAGE = ".parquet", ".report.json", ".report.html"
"""Endings of what ``train.make_pairs.save_pairs`` writes."""


@dataclass(frozen=True)
class Table:
    """One table on disk."""

    path: Path
    """Its file."""
    sensor: SensorName
    """Imagery of its tiles."""
    training_tiles: int
    """Tiles to learn from."""
    validation_tiles: int
    """Tiles to check with."""


def pairs_dir() -> Path:
    """Folder of the tables of pairs."""
    return settings.tiles_dir() / "pairs"


def pair_names() -> list[str]:
    """Names of all tables, and of those that came to nothing and left a report; the newest first."""
    changed: dict[str, int] = {}
    for suffix in (TABLE, REPORT):
        for path in pairs_dir().glob(f"*{suffix}"):
            changed.setdefault(path.name.removesuffix(suffix), path.stat().st_mtime_ns)
    return sorted(changed, key=changed.__getitem__, reverse=True)


def table_path(name: str) -> Path:
    """File of the table of a name."""
    return pairs_dir() / f"{name}{TABLE}"


def page_path(name: str) -> Path:
    """File of its report as a page."""
    return pairs_dir() / f"{name}{PAGE}"


def list_tables() -> list[Table]:
    """Every table that can be read, the newest first."""
    return [table for name in pair_names() if (table := _summary(table_path(name)))]


def read_table(path: Path) -> "PairTable":
    """A table, read once for all sessions; TrainError where it is none."""
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError as error:
        raise TrainError(f"The table of pairs {path} is gone; make the pairs again.") from error
    return _read(str(path), changed)


def read_report(name: str) -> "tuple[PairReport, PairTable | None]":
    """What became of the photos, and the table where there is one; TrainError where neither can be read."""
    if table_path(name).exists():
        table = read_table(table_path(name))
        return table.report, table
    from graft_core.train.pairs.report import report_from_json

    path = pairs_dir() / f"{name}{REPORT}"
    try:
        return report_from_json(json.loads(path.read_text(encoding="utf-8"))), None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{path} is no report of pairs ({error}); make the pairs again.") from error


def _summary(path: Path) -> Table | None:
    if not path.exists():
        return None
    try:
        pairs = read_table(path)
    except TrainError:
        return None
    checked = int(pairs.validation.sum())
    return Table(path, pairs.sensor, len(pairs.validation) - checked, checked)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read(path: str, changed: int) -> "PairTable":
    del changed
    from graft_core.train.pairs.table import read_pairs

    return read_pairs(Path(path))
