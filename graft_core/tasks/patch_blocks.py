"""The windows of a scene as tokens: taken from the cache, or read, encoded and put there."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core.errors import ModelError
from graft_core.geo.grid import TileGrid
from graft_core.geo.patches import part_of, window_lattice
from graft_core.index.patch_cache import BLOCK, PatchBlock, PatchCache
from graft_core.io.scene import Scene, read_tiles
from graft_core.tasks.index_scene import check_resolution
from graft_core.tasks.read_ahead import read_ahead
from graft_core.types import F32, U8, EncoderSpec, TileEncoder

CHUNK = 8
"""Blocks along each side of what is read together: large beside the files' own blocks, small beside memory."""
READ = 16
"""Windows read together."""


@dataclass(frozen=True, eq=False)
class _Window:
    row: int
    col: int
    pixels: U8
    valid: float

    @property
    def block(self) -> tuple[int, int]:
        return self.row // BLOCK, self.col // BLOCK


class WindowTokens:
    """The tokens of a scene's windows under one encoder, block by block of the absolute lattice."""

    def __init__(self, scene: Scene, encoder: TileEncoder, cache: Path) -> None:
        """Raises ModelError for an encoder that gives no patches, SceneError for a scene too coarse for it."""
        check_patch_level(encoder.spec)
        check_resolution(scene, encoder.spec)
        self._scene = scene
        self._encoder = encoder
        self.lattice = scene_windows(scene, encoder.spec)
        """Every window of the scene."""
        self._cache = PatchCache(cache, encoder.spec, scene.fingerprint, self.lattice.stride_px)

    def missing(self, windows: TileGrid) -> int:
        """How many of the windows that go with these, block by block, are not in the cache."""
        return sum(len(self.block_windows(*block)) for block in blocks_of(windows) if not self._cache.has(*block))

    def block_windows(self, row: int, col: int) -> TileGrid:
        """The windows of the scene in one block."""
        return part_of(self.lattice, *_span(row, col, 1))

    def blocks(self, windows: TileGrid) -> Iterator[tuple[int, int, PatchBlock, bool]]:
        """(block row, block column, block, whether it had to be encoded) of all blocks that these windows meet.

        In an order that two areas share; memory does not grow with the scene, each block of the file is decoded about
        once.
        """
        for part in _chunks(windows):
            yield from self._chunk(part)

    def _chunk(self, windows: TileGrid) -> Iterator[tuple[int, int, PatchBlock, bool]]:
        missing = {block for block in blocks_of(windows) if not self._cache.has(*block)}
        rows = itertools.groupby(self._read_blocks(missing), key=lambda window: window.block[0])
        upcoming = next(rows, None)
        for row, blocks in itertools.groupby(blocks_of(windows), key=lambda block: block[0]):
            fresh: dict[tuple[int, int], list[_Window]] = {}
            if upcoming is not None and upcoming[0] == row:
                for window in upcoming[1]:
                    fresh.setdefault(window.block, []).append(window)
                upcoming = next(rows, None)
            for block in blocks:
                if block in missing:
                    yield *block, self._encoded(*block, fresh.get(block, [])), True
                elif (known := self._cache.load(*block)) is not None:
                    yield *block, known, False
                else:  # damaged, or gone meanwhile
                    yield *block, self._encoded(*block, list(self._read(self.block_windows(*block), ()))), True

    def _read_blocks(self, blocks: set[tuple[int, int]]) -> Iterator[_Window]:
        """The windows with imagery of some blocks of one chunk, row by row."""
        if not blocks:
            return
        rows, cols = ([block[axis] for block in blocks] for axis in (0, 1))
        span = range(min(rows) * BLOCK, (max(rows) + 1) * BLOCK), range(min(cols) * BLOCK, (max(cols) + 1) * BLOCK)
        part = part_of(self.lattice, *span)
        at = ((i, part.row0 + i // part.cols, part.col0 + i % part.cols) for i in range(len(part)))
        yield from self._read(part, {i for i, row, col in at if (row // BLOCK, col // BLOCK) not in blocks})

    def _read(self, part: TileGrid, skip: "set[int] | tuple[()]") -> Iterator[_Window]:
        for tiles in read_ahead(read_tiles(self._scene, part, batch=READ, skip=skip)):
            for i, pixels, valid in zip(tiles.index.tolist(), tiles.pixels, tiles.valid.tolist(), strict=True):
                yield _Window(part.row0 + i // part.cols, part.col0 + i % part.cols, pixels, valid)

    def _encoded(self, row: int, col: int, windows: Sequence[_Window]) -> PatchBlock:
        valid = np.zeros((BLOCK, BLOCK), np.float32)
        for window in windows:
            valid[window.row % BLOCK, window.col % BLOCK] = window.valid
        block = PatchBlock(valid, encoded(self._encoder, [window.pixels for window in windows]).astype(np.float16))
        self._cache.save(row, col, block)
        return block


def encoded(encoder: TileEncoder, windows: Sequence[U8]) -> F32:
    """(n, h, w, D) tokens of windows (S, S, 3), of which there may be none."""
    spec = encoder.spec
    if not windows:
        side = spec.tile_px // spec.patch_px
        return np.zeros((0, side, side, spec.dim), np.float32)
    return encoder.encode_tiles(np.stack(windows))


def scene_windows(scene: Scene, spec: EncoderSpec) -> TileGrid:
    """Every window of a scene under an encoder."""
    return window_lattice(scene.geobox, gsd=spec.gsd, tile_px=spec.tile_px, patch_px=spec.patch_px)


def check_patch_level(spec: EncoderSpec) -> None:
    """Refuse an encoder that gives one vector for a whole tile (ModelError)."""
    if spec.level != "patch":
        raise ModelError(
            f"Encoder {spec.name} gives one vector a tile and patches are asked for; load it at patch level, or choose "
            "one that is trained for it (`python -m graft_core models --json` lists their levels)."
        )


def blocks_of(windows: TileGrid) -> Iterator[tuple[int, int]]:
    """(row, column) of the blocks that some windows lie in, row by row."""
    rows = range(windows.row0 // BLOCK, (windows.row0 + windows.rows - 1) // BLOCK + 1)
    cols = range(windows.col0 // BLOCK, (windows.col0 + windows.cols - 1) // BLOCK + 1)
    return itertools.product(rows, cols)


def _chunks(windows: TileGrid) -> Iterator[TileGrid]:
    """The same windows cut along the chunks of the absolute lattice, row by row of chunks."""
    side = CHUNK * BLOCK
    for top in range(windows.row0 // side, (windows.row0 + windows.rows - 1) // side + 1):
        for left in range(windows.col0 // side, (windows.col0 + windows.cols - 1) // side + 1):
            yield part_of(windows, range(top * side, (top + 1) * side), range(left * side, (left + 1) * side))


def _span(row: int, col: int, blocks: int) -> tuple[range, range]:
    return range(row * BLOCK, (row + blocks) * BLOCK), range(col * BLOCK, (col + blocks) * BLOCK)
