"""The answers of a session on disk: one file each, as a page or a job wrote it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from graft_core.ask.answer import ANALYST
from graft_core.errors import ExportError
from graft_core.serve.answers import VERSION
from graft_core.ui.patch_controls import Looking

MOST = 60
"""Answers that are kept; the oldest go."""
CLEARED = ".cleared"
"""Ending of the folder that holds what was cleared last."""


@dataclass(frozen=True)
class Entry:
    """One answer."""

    id: str
    """Name of its file; sorts by time."""
    looking: Looking
    """Where it was asked, and through whose eyes."""
    refined: bool
    """Whether SAM outlined what was found."""
    said: tuple[str, ...]
    """What each step came to, in a few words."""
    answer: Mapping[str, Any]
    """As `graft_core.ask.reply_json` has it."""

    @property
    def question(self) -> str:
        """As it was typed; empty where a program was run by itself."""
        return str(self.answer["question"])

    @property
    def program(self) -> str:
        """What was run."""
        return str(self.answer["program"])

    @property
    def title(self) -> str:
        """The question, or what stands for it: a program that was changed answers another one."""
        if self.answer["planner"] != ANALYST:
            return self.question
        return f"Your program, after: {self.question}" if self.question else "Your program"

    @property
    def features(self) -> list[Mapping[str, Any]]:
        """The evidence, as GeoJSON in degrees; ``layer`` counts from 1."""
        return list(self.answer["evidence"]["features"])


def new_id() -> str:
    """A name that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}-{token_hex(3)}"


def asked_at(entry: Entry) -> datetime:
    """When it was answered."""
    return datetime.strptime(entry.id.rpartition("-")[0], "%Y%m%d-%H%M%S%f").replace(tzinfo=UTC)


def entry_path(folder: Path, name: str) -> Path:
    """Where the answer of a name is to be written (`graft_core.serve.answers`)."""
    return folder / f"{name}.json"


def let_go(folder: Path) -> None:
    """Remove the oldest of many answers."""
    for path in _files(folder)[MOST:]:
        path.unlink(missing_ok=True)


def load_entries(folder: Path) -> list[Entry]:
    """The answers of a folder, the newest first; a file that is damaged is left out, for the others are still good."""
    found = (_entry(path) for path in _files(folder))
    return [each for each in found if each is not None]


def clear_entries(folder: Path) -> None:
    """Take all answers away; they can be had back until the next time.

    Raises:
        ExportError: the folder cannot be changed.
    """
    away = folder.with_suffix(CLEARED)
    try:
        shutil.rmtree(away, ignore_errors=True)
        folder.rename(away)
    except OSError as error:
        raise ExportError(f"The answers in {folder} cannot be cleared: {error.strerror}.") from error


def can_restore(folder: Path) -> bool:
    """Whether something was cleared."""
    return bool(_files(folder.with_suffix(CLEARED)))


def restore_entries(folder: Path) -> None:
    """Have back what was cleared last, beside what was asked since.

    Raises:
        ExportError: the folder cannot be changed.
    """
    away = folder.with_suffix(CLEARED)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in _files(away):
            path.rename(folder / path.name)
        shutil.rmtree(away, ignore_errors=True)
    except OSError as error:
        raise ExportError(f"The answers in {away} cannot be had back: {error.strerror}.") from error


def _files(folder: Path) -> list[Path]:
    """The newest first."""
    return sorted(folder.glob("*.json"), reverse=True) if folder.is_dir() else []


def _entry(path: Path) -> Entry | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            return None
        entry = Entry(path.stem, Looking(**told["looking"]), bool(told["refined"]), tuple(told["said"]), told["answer"])
        asked_at(entry), entry.title, entry.program, entry.features
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entry
