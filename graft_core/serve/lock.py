"""A lock that goes with the process that holds it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from graft_core.errors import JobError
from graft_core.io.atomic import write_error


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say in one sentence why something below ``path`` could not be written (ExportError)."""
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


@contextlib.contextmanager
def file_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock that goes with the process; yields False where another holds it and ``wait`` is not wanted."""
    if sys.platform == "win32":
        raise JobError("Jobs cannot be started on Windows; use Linux, macOS or WSL, or the command line.")
    import fcntl

    with explained(path):
        file: IO[str] = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
