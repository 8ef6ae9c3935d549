"""Disk arithmetic and the sentence for a disk that will take no more."""

import errno
import os
import re
from pathlib import Path

from graft_core.errors import IndexStoreError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_error(error: Exception, path: Path, what: str) -> IndexStoreError:
    """What to tell an analyst when ``what`` could not be written to ``path``."""
    if _no_room(error):
        return IndexStoreError(
            f"No space left to write {what} at {path}; free some space and run the same command again: "
            "what was committed is intact, and an interrupted scene goes on where it stopped."
        )
    return IndexStoreError(f"Could not write {what} at {path} ({reason(error)}); check its permissions and the disk.")


def reason(error: Exception) -> str:
    """The error's text without the source lines that Lance puts behind it."""
    return re.sub(r",? ?/\S+\.rs:\d+:\d+", "", str(error))


def _no_room(error: Exception) -> bool:
    # Lance reports the operating system's error only as text: "No space left on device (os error 28)".
    code = error.errno if isinstance(error, OSError) else None
    return code in _NO_ROOM or any(f"(os error {number})" in str(error) for number in _NO_ROOM)


def tree_bytes(path: Path) -> int:
    """Bytes of all files under ``path``, or of the file itself; 0 where nothing is, or what is being deleted."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        entries = list(os.scandir(path))
    except FileNotFoundError:
        return 0
    return sum(tree_bytes(Path(entry.path)) for entry in entries)


def sync(path: Path) -> None:
    """Bring a file or a folder's list of names down to the disk, so that it outlives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
