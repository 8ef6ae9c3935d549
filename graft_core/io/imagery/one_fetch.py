"""One process at a time fetches imagery into a folder: two would write to the same unfinished file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graft_core.errors import ImageryError
from graft_core.io.atomic import write_error

_NAME = ".fetching.lock"


@contextmanager
def fetching_into(folder: Path) -> Iterator[None]:
    """Held while files arrive in a folder, which is made where it is missing; the lock goes with the process.

    Raises:
        ImageryError: another process or thread is fetching into it.
        ExportError: the folder cannot be written.
    """
    if sys.platform == "win32":
        raise ImageryError("Imagery cannot be fetched on Windows; use Linux, macOS or WSL.")
    import fcntl

    path = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise write_error(path, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ImageryError(f"Imagery is already being fetched into {folder}; wait until that has ended.") from error
        yield
    finally:
        os.close(lock)
