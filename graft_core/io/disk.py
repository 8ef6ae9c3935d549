"""What imagery takes on disk, without opening it."""

import os
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from graft_core.errors import SceneError
from graft_core.io.source import is_remote


def imagery_bytes(source: str) -> int | None:
    """Bytes of the local files that hold a scene's pixels; None where they are somewhere else.

    A virtual raster is followed to its files. SceneError where one of them is gone.
    """
    if _elsewhere(source):
        return None
    size = _size(source)
    if not source.lower().endswith(".vrt"):
        return size
    members = _members(source, os.stat(source).st_mtime_ns)
    local = [member for member in members if not _elsewhere(member)]
    return size + sum(_size(member) for member in local) if len(local) == len(members) else None


def _elsewhere(source: str) -> bool:
    return is_remote(source) or source.startswith("/vsi")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise SceneError(
            f"{path} is gone or cannot be read; put it back, or index the scene where it is now."
        ) from error


@lru_cache(maxsize=4096)
def _members(path: str, changed_ns: int) -> tuple[str, ...]:
    """Files a virtual raster is made of, each once; none where it cannot be understood."""
    del changed_ns
    try:
        root = ElementTree.fromstring(Path(path).read_bytes())
    except (OSError, ElementTree.ParseError):
        return ()
    found: dict[str, None] = {}
    for name in root.iter("SourceFilename"):
        text = name.text or ""
        beside = name.get("relativeToVRT") == "1"
        found[str(Path(path).parent / text) if beside else text] = None
    return tuple(found)
