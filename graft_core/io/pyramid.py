"""A raster drawn once, block by block, as full-resolution tiles and all of its overviews at the same time.

The walk is a quadtree: a block of 2 x 2 tiles is drawn, cut, halved and handed up, so that one tile a level is held in
memory whatever the size of the raster, and nothing is ever read back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
Halving = Literal["average", "mode", "nearest"]
BLOCK = 512


@dataclass(frozen=True)
class Piece:
    """One tile of one level."""

    level: int
    """0 is full resolution; each level halves it."""
    row: int
    """Tile row within the level, from the north."""
    col: int
    """Tile column within the level, from the west."""
    pixels: Pixels
    """(K, h, w), at most 512 a side, smaller where the raster ends."""


@dataclass(frozen=True)
class Pyramid:
    """Sizes of a raster and its overviews."""

    height: int
    """Rows at full resolution."""
    width: int
    """Columns at full resolution."""

    @property
    def levels(self) -> int:
        """Full resolution plus overviews, down to the first that fits one tile."""
        larger = max(self.height, self.width)
        return 1 + max(0, (-(-larger // BLOCK) - 1).bit_length())

    def shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level; an odd last row or column counts."""
        return -(-self.height >> level), -(-self.width >> level)

    def tiles(self, level: int) -> tuple[int, int]:
        """Tile rows and tile columns of a level."""
        rows, cols = (-(-self.height // (BLOCK << level)), -(-self.width // (BLOCK << level)))
        return rows, cols


class Walk:
    """Walks the quadtree of one raster.

    ``draw(top, left, height, width) -> (K, height, width)`` is called once for each block of at most 1024 x 1024.
    """

    def __init__(
        self, pyramid: Pyramid, draw: Callable[[int, int, int, int], Pixels], halving: Halving, nodata: float | None
    ) -> None:
        self.pyramid = pyramid
        self._draw = draw
        self._halving = halving
        self._nodata = nodata

    def pieces(self) -> Iterator[Piece]:
        """Every tile of every level, each level's in one fixed order."""
        top = self.pyramid.levels - 1
        if top == 0:
            yield Piece(0, 0, 0, self._draw(0, 0, self.pyramid.height, self.pyramid.width))
        else:
            yield from self._node(top, 0, 0)

    def _node(self, level: int, row: int, col: int) -> Iterator[Piece]:
        """Pieces of a node's subtree; the last one yielded is the node's own tile."""
        children = self._drawn(row, col) if level == 1 else self._deeper(level, row, col)
        height, width = self._extent(level, row, col)
        tile: Pixels | None = None
        for child in children:
            yield child
            if child.level == level - 1:
                small = halve(child.pixels, self._halving, self._nodata)
                if tile is None:
                    tile = np.empty((len(small), height, width), small.dtype)
                y, x = (child.row % 2) * BLOCK // 2, (child.col % 2) * BLOCK // 2
                tile[:, y : y + small.shape[1], x : x + small.shape[2]] = small
        assert tile is not None
        yield Piece(level, row, col, tile)

    def _deeper(self, level: int, row: int, col: int) -> Iterator[Piece]:
        rows, cols = self.pyramid.tiles(level - 1)
        for r in range(2 * row, min(2 * row + 2, rows)):
            for c in range(2 * col, min(2 * col + 2, cols)):
                yield from self._node(level - 1, r, c)

    def _drawn(self, row: int, col: int) -> Iterator[Piece]:
        """The up to 2 x 2 full-resolution tiles under one tile of the first overview, drawn in one call."""
        top, left = 2 * BLOCK * row, 2 * BLOCK * col
        height, width = min(2 * BLOCK, self.pyramid.height - top), min(2 * BLOCK, self.pyramid.width - left)
        block = self._draw(top, left, height, width)
        for y in range(0, height, BLOCK):
            for x in range(0, width, BLOCK):
                cut = block[:, y : y + BLOCK, x : x + BLOCK]
                yield Piece(0, 2 * row + y // BLOCK, 2 * col + x // BLOCK, cut)

    def _extent(self, level: int, row: int, col: int) -> tuple[int, int]:
        rows, cols = self.pyramid.shape(level)
        return min(BLOCK, rows - row * BLOCK), min(BLOCK, cols - col * BLOCK)


def halve(block: Pixels, how: Halving, nodata: float | None) -> Pixels:
    """(K, h, w) -> (K, ceil(h/2), ceil(w/2)); ``average`` leaves out pixels without data (NaN, or equal to nodata)."""
    if how == "nearest":
        return block[:, ::2, ::2]
    odd = (block.shape[1] % 2, block.shape[2] % 2)
    if any(odd):
        # Doubling the last row or column gives the mean (or mode) of the pixels that are there.
        block = np.pad(block, ((0, 0), (0, odd[0]), (0, odd[1])), mode="edge")
    return _mode(block) if how == "mode" else _average(block, nodata)


def _average(block: Pixels, nodata: float | None) -> Pixels:
    if block.dtype.kind == "f":
        mean = _quad_sum(block) * block.dtype.type(0.25)
        return _masked_average(block, ~np.isnan(block)) if np.isnan(mean).any() else mean
    if nodata is None:
        wide = _quad_sum(block.astype(np.uint32))
        return ((wide + 2) >> 2).astype(block.dtype)
    mean = _masked_average(block.astype(np.float64), block != nodata)
    return np.where(np.isnan(mean), nodata, np.floor(mean + 0.5)).astype(block.dtype)


def _masked_average(block: Pixels, valid: npt.NDArray[np.bool_]) -> Pixels:
    total = _quad_sum(np.where(valid, block, block.dtype.type(0)))
    count = _quad_sum(valid.astype(block.dtype))
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)


def _quad_sum(block: Pixels) -> Pixels:
    rows = block[:, 0::2] + block[:, 1::2]  # (K, h/2, w)
    return np.asarray(rows[:, :, 0::2] + rows[:, :, 1::2])  # (K, h/2, w/2)


def _mode(block: Pixels) -> Pixels:
    a, b, c, d = block[:, 0::2, 0::2], block[:, 0::2, 1::2], block[:, 1::2, 0::2], block[:, 1::2, 1::2]
    # `a` wins every tie, so another pixel wins only when `a` has no equal and two of the rest agree.
    alone = (a != b) & (a != c) & (a != d)
    out = np.where(alone & ((b == c) | (b == d)), b, a)
    return np.asarray(np.where(alone & (c == d), c, out))
