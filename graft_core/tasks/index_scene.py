"""From imagery to a committed index: read, encode, store; interrupted, it goes on where it stopped."""

import time
from collections.abc import Iterator, Set
from pathlib import Path

import numpy as np

from graft_core.errors import SceneError
from graft_core.geo.grid import TileGrid, tile_grid
from graft_core.geo.place import bounds_wgs84, pixel_window
from graft_core.index.store import IndexStore, SceneRecord
from graft_core.io.scene import Scene, TileBatch, read_rgb, read_tiles
from graft_core.tasks.index_published import index_published, published_grid
from graft_core.tasks.read_ahead import read_ahead
from graft_core.types import F32, I64, EncoderSpec, Progress, TileEncoder

COARSEST = 4.0
"""How many times larger than the encoder's a scene's pixels may be; beyond it there is nothing left to see."""


def index_scene(
    scene: Scene, encoder: TileEncoder, root: Path, *, stride: int | None = None, batch: int = 32
) -> Iterator[Progress]:
    """Embed every tile of a scene and commit them together.

    A scene that is indexed already, on the same grid and from the same pixels, is left as it is. A run that was
    interrupted is continued. At patch level the windows do not overlap and every patch becomes one row. Published
    embeddings are read again from the files they came in.

    Args:
        scene: what to read.
        encoder: what to embed with.
        root: folder of the indexes.
        stride: pixels from one tile to the next at the encoder's GSD; half a tile unless given.
        batch: tiles encoded together.

    Yields:
        Progress in tiles, after each batch.

    Raises:
        SceneError: the scene does not fit the encoder, or cannot be read.
        IndexStoreError: another process is writing to this index, or the disk is full.
    """
    spec = encoder.spec
    record = scene_record(scene, spec, stride)
    windows = window_grid(scene, spec, stride)
    store = IndexStore(root, spec)
    if is_indexed(store, record):
        yield Progress(len(windows), len(windows), "tiles", 0.0, resumed=len(windows))
        return
    if scene.published is not None:
        yield from index_published(scene, record, store)
        return
    started = time.monotonic()
    rows = TileRows() if spec.level == "tile" else PatchRows(scene, windows, TileGrid.from_json(record.grid_json))
    with store.writer(record) as writer:
        finished = rows.finished(writer.done)
        resumed = done = len(finished)
        yield Progress(done, len(windows), "tiles", 0.0, resumed)
        for tiles in read_ahead(read_tiles(scene, windows, batch=batch, skip=finished)):
            writer.add(*rows.of(tiles, encoder.encode_tiles(tiles.pixels)))
            done += len(tiles.index)
            yield Progress(done, len(windows), "tiles", time.monotonic() - started, resumed)
        writer.commit()
    yield Progress(len(windows), len(windows), "tiles", time.monotonic() - started, resumed)


def ensure_indexed(scene: Scene, encoder: TileEncoder, root: Path, *, stride: int | None = None) -> Iterator[Progress]:
    """Index a scene unless these pixels are indexed already: with this stride, or with any where none is stated.

    Arguments, progress and errors are those of `index_scene`.
    """
    existing = IndexStore(root, encoder.spec).find(scene.name)
    if stride is not None or existing is None or existing.fingerprint != scene.fingerprint:
        yield from index_scene(scene, encoder, root, stride=stride)


def is_indexed(store: IndexStore, record: SceneRecord) -> bool:
    """Whether the index holds exactly these rows already."""
    existing = store.find(record.name)
    return existing is not None and existing.identity == record.identity


def scene_record(scene: Scene, spec: EncoderSpec, stride: int | None = None) -> SceneRecord:
    """What the index will remember of a scene embedded with this encoder and stride."""
    if scene.published is None:
        check_resolution(scene, spec)
    grid = row_grid(scene, spec, stride)
    return SceneRecord(
        name=scene.name,
        source=scene.source,
        fingerprint=scene.fingerprint,
        sensor=scene.sensor,
        acquired=scene.acquired,
        grid_json=grid.to_json(),
        crs=str(scene.geobox.crs),
        bounds_wgs84=bounds_wgs84(scene.geobox),
        gsd=scene.gsd,
        shape=(int(scene.geobox.shape[0]), int(scene.geobox.shape[1])),
    )


def row_grid(scene: Scene, spec: EncoderSpec, stride: int | None = None) -> TileGrid:
    """The grid that the index's rows lie on: tiles, or patches."""
    if spec.level == "tile":
        return window_grid(scene, spec, stride)
    return tile_grid(scene.geobox, gsd=spec.gsd, tile_px=spec.patch_px, stride_px=spec.patch_px)


def window_grid(scene: Scene, spec: EncoderSpec, stride: int | None = None) -> TileGrid:
    """The grid of the encoder's inputs."""
    if scene.published is not None:
        return published_grid(scene, scene.published, spec, stride)
    if spec.level == "patch" and stride not in (None, spec.tile_px):
        raise SceneError(
            f"Encoder {spec.name} works at patch level, where windows do not overlap; leave out the stride of {stride}."
        )
    usual = spec.tile_px if spec.level == "patch" else max(1, spec.tile_px // 2)
    if stride is not None and not 1 <= stride <= spec.tile_px:
        raise SceneError(
            f"A stride of {stride} px leaves gaps between tiles of {spec.tile_px} px; give 1 to {spec.tile_px}."
        )
    return tile_grid(scene.geobox, gsd=spec.gsd, tile_px=spec.tile_px, stride_px=stride or usual)


def check_resolution(scene: Scene, spec: EncoderSpec) -> None:
    """Refuse a scene whose pixels are too coarse for the encoder (SceneError)."""
    if scene.gsd > COARSEST * spec.gsd:
        raise SceneError(
            f"Scene {scene.name} has pixels of {scene.gsd:g} m and encoder {spec.name} wants {spec.gsd:g} m; "
            "choose an encoder for coarser imagery (`python -m graft_core models` lists them)."
        )


class TileRows:
    """Tile level: every window is one row."""

    def finished(self, stored: Set[int]) -> set[int]:
        """Windows that need not be encoded again."""
        return set(stored)

    def of(self, tiles: TileBatch, vectors: F32) -> tuple[I64, F32, F32]:
        """Positions, valid shares and vectors of the rows of a batch."""
        return tiles.index, tiles.valid, vectors


class PatchRows:
    """Patch level: a window is a block of rows on the finer lattice, those outside the scene left out."""

    def __init__(self, scene: Scene, windows: TileGrid, patches: TileGrid) -> None:
        self._scene = scene
        self._windows = windows
        self._patches = patches
        self._side = windows.tile_px // patches.tile_px

    def finished(self, stored: Set[int]) -> set[int]:
        """Windows with a stored patch: the rows of a window are stored together."""
        grid, side = self._patches, self._side
        rows = np.fromiter(stored, np.int64, len(stored))
        window_rows = (rows // grid.cols + grid.row0) // side - self._windows.row0
        window_cols = (rows % grid.cols + grid.col0) // side - self._windows.col0
        return set((window_rows * self._windows.cols + window_cols).tolist())

    def of(self, tiles: TileBatch, vectors: F32) -> tuple[I64, F32, F32]:
        """Positions, valid shares and vectors of the patches of a batch, (B, h, w, D)."""
        blocks = [
            self._window(int(index), float(share), block)
            for index, share, block in zip(tiles.index, tiles.valid, vectors, strict=True)
        ]
        position, valid, rows = zip(*blocks, strict=True)
        return np.concatenate(position), np.concatenate(valid), np.concatenate(rows)

    def _window(self, index: int, share: float, vectors: F32) -> tuple[I64, F32, F32]:
        grid, side = self._patches, self._side
        tile = self._windows.tile(index)
        row = tile.row * side + np.arange(side)[:, None] - grid.row0  # (h, 1)
        col = tile.col * side + np.arange(side)[None, :] - grid.col0  # (1, w)
        valid = np.ones((side, side), np.float32) if share == 1 else self._valid_shares(index)
        keep = (valid > 0) & (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
        position = np.broadcast_to(row * grid.cols + col, keep.shape)
        return position[keep].astype(np.int64), valid[keep], vectors[keep]

    def _valid_shares(self, index: int) -> F32:
        tile, px, side = self._windows.tile(index), self._patches.tile_px, self._side
        size = self._windows.tile_px
        window = pixel_window(self._windows.geobox, tile.top, tile.left, size, size)
        _, mask = read_rgb(self._scene, window)
        return np.asarray(mask.reshape(side, px, side, px).mean(axis=(1, 3)), dtype=np.float32)
