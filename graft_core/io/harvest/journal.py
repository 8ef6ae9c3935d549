"""What a harvest has done so far, on disk: a run that was stopped goes on there, and asks for nothing twice."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graft_core.errors import PhotoError
from graft_core.io.harvest.area import Box, box_of
from graft_core.io.harvest.found import FoundPhoto, Page, found_photo

FILE = ".journal.sqlite"
"""Beside the photos; hidden, so that nobody takes it for one."""
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS boxes (
    box TEXT PRIMARY KEY, cursor TEXT NOT NULL, done INTEGER NOT NULL, crowded INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS photos (id TEXT PRIMARY KEY, found TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
"""
_ASKED = "asked"


@dataclass(frozen=True)
class Outcome:
    """What became of one photo that was to be downloaded."""

    sha256: str
    """Of its bytes, hex; empty where there are none."""
    bytes: int
    """Its size on disk; 0 where it is not kept."""
    reason: str
    """Why it is left out; empty for one that is kept."""


class Journal:
    """The record of one harvest. Every method is one transaction."""

    def __init__(self, kept: sqlite3.Connection) -> None:
        self._kept = kept

    def begin(self, asked: str, boxes: Iterable[Box]) -> None:
        """Note what is asked for, if nothing is noted yet.

        Raises:
            PhotoError: the journal belongs to another question.
        """
        with self._kept:
            before = self._kept.execute("SELECT value FROM facts WHERE name = ?", (_ASKED,)).fetchone()
            if before is None:
                self._kept.execute("INSERT INTO facts VALUES (?, ?)", (_ASKED, asked))
                self._add_boxes(boxes)
            elif before[0] != asked:
                raise PhotoError("was made of another service or another area")

    def open_box(self) -> tuple[Box, str] | None:
        """A box that is not listed to its end, with the cursor of its next page; None when all are."""
        row = self._kept.execute("SELECT box, cursor FROM boxes WHERE done = 0 ORDER BY cursor = '', box").fetchone()
        return None if row is None else (box_of(row[0]), row[1])

    def boxes(self) -> tuple[int, int]:
        """Boxes that are listed to their end, and all."""
        done, total = self._kept.execute("SELECT COALESCE(SUM(done), 0), COUNT(*) FROM boxes").fetchone()
        return done, total

    def crowded(self) -> int:
        """Boxes that cannot be cut further and hold more photos than the service tells."""
        count: int = self._kept.execute("SELECT COALESCE(SUM(crowded), 0) FROM boxes").fetchone()[0]
        return count

    def add_page(self, box: Box, page: Page, parts: Sequence[Box]) -> None:
        """Keep what a page lists; the box is done after its last page, or when it is asked in parts from now on."""
        with self._kept:
            self._kept.executemany(
                "INSERT OR IGNORE INTO photos VALUES (?, ?)", [(photo.id, photo.to_json()) for photo in page.photos]
            )
            self._add_boxes(parts)
            done = bool(parts) or not page.cursor
            self._kept.execute(
                "UPDATE boxes SET cursor = ?, done = ?, crowded = ? WHERE box = ?",
                (page.cursor, done, page.crowded and not parts, box.text),
            )

    def photos(self) -> list[FoundPhoto]:
        """Every photo that was listed, by id."""
        return [found_photo(row[0]) for row in self._kept.execute("SELECT found FROM photos ORDER BY id")]

    def outcomes(self) -> dict[str, Outcome]:
        """What became of the photos that were tried, by id."""
        return {row[0]: Outcome(*row[1:]) for row in self._kept.execute("SELECT id, sha256, bytes, reason FROM files")}

    def add_outcome(self, photo: str, outcome: Outcome) -> None:
        """Keep what became of a photo."""
        with self._kept:
            self._kept.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (photo, outcome.sha256, outcome.bytes, outcome.reason),
            )

    def _add_boxes(self, boxes: Iterable[Box]) -> None:
        self._kept.executemany("INSERT OR IGNORE INTO boxes VALUES (?, '', 0, 0)", [(box.text,) for box in boxes])


@contextmanager
def opened_journal(folder: Path) -> Iterator[Journal]:
    """The journal in a folder, which is made if missing; no other run may write there meanwhile.

    Raises:
        PhotoError: it cannot be used.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = sqlite3.connect(path, timeout=0.1)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        kept.execute("PRAGMA locking_mode = EXCLUSIVE")
        kept.executescript(_TABLES)
        kept.execute("BEGIN IMMEDIATE")
        kept.commit()
        yield Journal(kept)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    finally:
        kept.close()


def _unusable(path: Path, error: BaseException) -> PhotoError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return PhotoError(f"Another run is writing to {path.parent}; wait for it, or give the table another name.")
    return PhotoError(
        f"The journal {path} cannot be used ({error}); free some space, or remove that folder to begin anew."
    )
