"""The tiles of a pairs table, cut from their scenes once and mapped into memory from then on."""

import functools
import hashlib
import json
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from graft_core.errors import SceneError, TrainError
from graft_core.geo.place import pixel_window
from graft_core.io.atomic import replacing
from graft_core.io.scene import Scene, fill_invalid, read_rgb
from graft_core.train.pairs.table import PairTable
from graft_core.types import U8, Progress

_THREADS = 4
_AT_ONCE = 64


def tile_file(tables: Sequence[PairTable], cache: Path) -> Path:
    """Where the tiles of some tables are kept; the name depends on everything that decides their pixels."""
    decided = hashlib.sha256()
    for table in tables:
        scenes = [(scene.name, scene.fingerprint, tuple(scene.geobox.affine)[:6]) for scene in table.scenes]
        decided.update(json.dumps([scenes, table.tile_px, table.gsd]).encode())
        decided.update(table.corner.tobytes() + table.scene.tobytes())
    return cache / f"{decided.hexdigest()[:16]}.npy"


def tile_bytes(tables: Sequence[PairTable]) -> int:
    """Size of that file."""
    return sum(len(table.scene) * table.tile_px**2 * 3 for table in tables)


def cut_tiles(tables: Sequence[PairTable], cache: Path) -> Generator[Progress, None, U8]:
    """Cut every tile of some tables as indexing would, unless that was done before.

    Args:
        tables: which tiles; all of one size.
        cache: folder, made if missing.

    Returns:
        (T, S, S, 3) uint8, one table after the other, mapped from the file: memory does not grow with the tables.

    Raises:
        SceneError: a scene is gone, has changed or cannot be read.
        ExportError: the disk is full.
    """
    path = tile_file(tables, cache)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            yield from _cut(tables, draft)
    tiles: U8 = np.load(path, mmap_mode="r")
    return tiles


def _cut(tables: Sequence[PairTable], draft: Path) -> Iterator[Progress]:
    started, total, side = time.monotonic(), sum(len(table.scene) for table in tables), tables[0].tile_px
    tiles = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=(total, side, side, 3))
    first = done = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for table in tables:
            for number in np.unique(table.scene).tolist():
                scene, wanted = table.scenes[number].open(), np.flatnonzero(table.scene == number)
                for some in np.array_split(wanted, -(-len(wanted) // _AT_ONCE)):
                    tiles[first + some] = list(pool.map(functools.partial(_tile, scene, table), some.tolist()))
                    done += len(some)
                    yield Progress(done, total, "tiles", time.monotonic() - started)
            first += len(table.scene)
    tiles.flush()


def _tile(scene: Scene, table: PairTable, i: int) -> U8:
    top, left = table.corner[i].tolist()
    grid = table.scenes[int(table.scene[i])].geobox
    pixels, valid = read_rgb(scene, pixel_window(grid, top, left, table.tile_px, table.tile_px))
    if not valid.any():
        raise SceneError(f"{scene.source} shows nothing where the pairs have a tile; make the pairs again.")
    return fill_invalid(pixels, valid)


def check_alike(tables: Sequence[PairTable], paths: Sequence[str], tile_px: int, teacher: str) -> None:
    """Refuse tables that cannot be learned from together, or whose tiles do not fit the teacher (TrainError)."""
    first = tables[0]
    for table, path in zip(tables, paths, strict=True):
        if (table.sensor, table.gsd) != (first.sensor, first.gsd):
            raise TrainError(
                f"{path} is for {table.sensor} at {table.gsd:g} m, {paths[0]} for {first.sensor} at {first.gsd:g} m: "
                "train one encoder for each."
            )
        if table.tile_px != tile_px:
            raise TrainError(
                f"{path} has tiles of {table.tile_px} px, and the teacher {teacher} takes {tile_px} px: make the pairs "
                f"again with `--teacher {teacher}`."
            )
