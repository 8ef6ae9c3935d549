"""One writer for an index: a lock of the operating system, which dies with the process that holds it."""

import contextlib
import functools
import json
import os
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from graft_core.errors import IndexStoreError
from graft_core.index.files import write_error

_held: "weakref.WeakSet[IO[str]]" = weakref.WeakSet()


@functools.cache
def _drop_in_forked_children() -> None:
    # A forked child inherits the lock with the file; left open there, an orphaned child would outlive a killed writer
    # and keep the index locked. Closing in the child leaves the parent's lock as it is.
    def close() -> None:
        for file in tuple(_held):
            file.close()

    os.register_at_fork(after_in_child=close)


@contextlib.contextmanager
def writer_lock(path: Path, index: str) -> Iterator[None]:
    """Held while scenes are written to one index or removed from it; readers never ask for it.

    The lock covers the whole index, not one scene, so a commit never has to be reconciled with another. It is an
    flock on ``path`` (POSIX only); the file stays, the lock goes with the process, however it ends. Raises
    IndexStoreError at once where another process or thread holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise write_error(error, path, f"the lock of index '{index}'") from error
    with file:
        _acquire(file, path, index)
        _held.add(file)
        _drop_in_forked_children()
        yield


def _acquire(file: IO[str], path: Path, index: str) -> None:
    if sys.platform == "win32":
        raise IndexStoreError(f"Index '{index}' cannot be locked on Windows; use Linux, macOS or WSL.")
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise IndexStoreError(
            f"Index '{index}' at {path.parent} is being written by {_holder(file)}; "
            "wait until it has finished, or stop it, and try again."
        ) from error
    except OSError as error:
        raise IndexStoreError(
            f"Index '{index}' cannot be locked at {path} ({error.strerror}); "
            "keep indexes on a file system that supports file locks."
        ) from error
    with contextlib.suppress(OSError):  # the note only serves the message above: a full disk must not stop a removal
        os.truncate(file.fileno(), 0)
        # Past the file's buffer, which would try again, and fail again, when the file is closed.
        os.write(file.fileno(), json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}).encode())


def _holder(file: IO[str]) -> str:
    """Who wrote the lock file; a holder may be between locking it and writing its name."""
    file.seek(0)
    try:
        note = json.loads(file.read())
        return f"process {note['pid']} since {note['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
