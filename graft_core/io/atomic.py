"""Whole or not at all: a file appears under its name only when it is complete."""

import errno
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graft_core.errors import ExportError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_IN_WORDS = os.strerror(errno.ENOSPC)
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_ALMOST_NOTHING = 1 << 20


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``path`` when the block ends well and vanishes when it does not.

    The yielded path has the name of the target and lies in a hidden folder beside it: drivers that look at the suffix
    work, the final rename stays on one file system, and whatever else is written there is cleaned up with it.
    ExportError when the folder is missing or closed to us, the target is a folder, or the disk is full.
    """
    target = Path(path)
    _check_target(target)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:80]}.", dir=target.parent))
    except OSError as error:
        raise write_error(target, error) from error
    try:
        draft = folder / target.name
        yield draft
        _sync(draft)
        os.replace(draft, target)
    except OSError as error:
        raise write_error(target, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Write indented JSON, whole or not at all; NaN is refused (ValueError), as JSON has no word for it."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def without_nan(value: Any) -> Any:
    """The same JSON value with null for every number that is none; keys become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return value


def write_error(path: Path, error: BaseException) -> ExportError:
    """Say in one sentence why ``path`` could not be written, and what to do."""
    codes = {cause.errno for cause in _causes(error) if isinstance(cause, OSError)}
    said = " ".join(str(cause) for cause in _causes(error))
    if codes & _FULL or _FULL_IN_WORDS in said or _no_space_left(path.parent):
        return ExportError(
            f"Cannot write {path}: the disk is full; free some space in {path.parent} or choose another folder."
        )
    if codes & _FORBIDDEN:
        return ExportError(f"Cannot write {path}: no permission to write in {path.parent}; choose a folder you own.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ExportError(f"Cannot write {path}: {reason}; check the name and the folder, or choose another place.")


def _check_target(path: Path) -> None:
    if not path.name or path.is_dir():
        raise ExportError(f"Cannot write {path}: it is a folder; give the name of a file in it.")
    if not path.parent.exists():
        raise ExportError(f"Cannot write {path}: the folder {path.parent} does not exist; create it first.")
    if not path.parent.is_dir():
        raise ExportError(f"Cannot write {path}: {path.parent} is a file, not a folder; choose another place.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # GDAL reports a full disk only as text, and rasterio hides that text one or two causes down.
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _no_space_left(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ALMOST_NOTHING
    except OSError:
        return False


def _sync(path: Path) -> None:
    # Some file systems notice a full disk only here; a rename before it could leave an empty file under the good name.
    with path.open("rb+") as written:
        os.fsync(written.fileno())
