"""A raster that is being fetched block by block: it lies on disk meanwhile, and goes on where it broke off."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.geo.place import pixel_window
from graft_core.io.atomic import write_error, write_json
from graft_core.io.geotiff import Photometric, write_raster
from graft_core.io.source import AnyArray


@dataclass(frozen=True)
class Layout:
    """What is in the raster."""

    geobox: GeoBox
    """Its pixel grid."""
    bands: tuple[str, ...]
    """Names of the bands."""
    dtype: str
    """Data type of the values."""
    nodata: float | None
    """Value that marks missing pixels, None where none does."""
    photometric: Photometric
    """Whether the first three bands are colours to any viewer."""
    tags: Mapping[str, str]
    """Metadata of the file."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of pixels, all bands."""
        return int(self.geobox.shape[1]) * len(self.bands) * np.dtype(self.dtype).itemsize

    @property
    def bytes(self) -> int:
        """Bytes of all values, uncompressed."""
        return self.row_bytes * int(self.geobox.shape[0])


def fetch_raster(
    target: Path,
    layout: Layout,
    read: Callable[[GeoBox], AnyArray],
    key: str,
    block_px: int,
    begins: tuple[int, int] = (0, 0),
) -> Iterator[tuple[int, int]]:
    """Write a raster (a COG) of what ``read`` gives for each of its blocks, (K, h, w) each; whole or not at all.

    What was read before the last call broke off is kept beside ``target`` and not read again, as long as ``key``,
    which names what is read, is the same. ``begins`` is the row and column of the raster's corner in a larger one whose
    blocks are not to be cut. Yields (blocks done, blocks in all), first what an earlier call had done.

    Raises:
        ExportError: the disk is full or not writable.
        whatever ``read`` raises.
    """
    values_path, note_path = _beside(target, ".part"), _beside(target, ".part.json")
    windows = _windows(layout.geobox, block_px, begins)
    shape = (len(layout.bands), *layout.geobox.shape)
    identity = {"key": key, "shape": list(shape), "dtype": layout.dtype, "blocks": [block_px, *begins]}
    try:
        done = _had(note_path, values_path, identity, layout.bytes)
        if not done:
            note_path.unlink(missing_ok=True)  # it must not speak of the values that begin now
        values: AnyArray = np.memmap(values_path, layout.dtype, "r+" if done else "w+", shape=shape)
    except OSError as error:
        raise write_error(target, error) from error
    yield done, len(windows)
    for top, left, height, width in windows[done:]:
        block = read(pixel_window(layout.geobox, top, left, height, width))
        done += 1
        _keep(values, (top, left), block, target)
        write_json(note_path, {**identity, "done": done})
        yield done, len(windows)
    write_raster(
        target,
        values,
        layout.geobox,
        descriptions=layout.bands,
        tags=layout.tags,
        nodata=layout.nodata,
        photometric=layout.photometric,
    )
    del values
    values_path.unlink()
    note_path.unlink()


def _keep(values: Any, at: tuple[int, int], block: AnyArray, target: Path) -> None:
    """Put a block to disk, before the note says that it is there."""
    (top, left), (height, width) = at, block.shape[1:]
    room = os.statvfs(target.parent)
    if room.f_bavail * room.f_frsize < block.nbytes:  # a full disk ends a program that writes to mapped memory
        raise ExportError(f"Cannot write {target}: the disk is full; free some space in {target.parent}, and go on.")
    values[:, top : top + height, left : left + width] = block
    values.flush()


def _had(note: Path, values: Path, identity: Mapping[str, Any], size: int) -> int:
    """Blocks that an earlier call has left, of the same thing."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        done = int(found.pop("done"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0
    return done if found == identity and values.is_file() and values.stat().st_size == size else 0


def _windows(geobox: GeoBox, block_px: int, begins: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Top, left, height and width of each block, row by row."""
    rows, cols = (_spans(length, block_px, first) for length, first in zip(geobox.shape, begins, strict=True))
    return [(top, left, bottom - top, right - left) for top, bottom in rows for left, right in cols]


def _spans(length: int, block_px: int, first: int) -> list[tuple[int, int]]:
    """Begin and end of each block along an axis whose pixel 0 is the pixel ``first`` of the larger one."""
    edges = [0, *range(block_px - first % block_px, length, block_px), length]
    return list(pairwise(edges))


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(f"{target.name}{suffix}")
