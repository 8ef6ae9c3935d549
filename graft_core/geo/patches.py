"""Windows and the patches in them: which windows a place needs, and how their overlapping patches become one lattice.

A window is one encoder input, half a tile from the next; it starts on a patch's border, so that the patches of all
windows lie on one lattice and their values can be added up where windows overlap.
"""

from dataclasses import replace

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import TileGrid, pixel_origin, tile_grid
from graft_core.types import F32, Bool

_ROUNDING = 1e-3
"""Pixels of the working grid that float noise may move a border by."""


def window_stride(tile_px: int, patch_px: int) -> int:
    """Pixels from one window to the next: half a tile, in whole patches."""
    return max(1, tile_px // patch_px // 2) * patch_px


def window_lattice(scene_geobox: GeoBox, *, gsd: float, tile_px: int, patch_px: int) -> TileGrid:
    """Every window of a scene."""
    return tile_grid(scene_geobox, gsd=gsd, tile_px=tile_px, stride_px=window_stride(tile_px, patch_px))


def patch_lattice(scene_geobox: GeoBox, *, gsd: float, patch_px: int) -> TileGrid:
    """Every patch of a scene."""
    return tile_grid(scene_geobox, gsd=gsd, tile_px=patch_px, stride_px=patch_px)


def part_of(grid: TileGrid, rows: range, cols: range) -> TileGrid:
    """The tiles of a grid with absolute indices in ``rows`` and ``cols``; ValueError where there are none."""
    top, bottom = max(rows.start, grid.row0), min(rows.stop, grid.row0 + grid.rows)
    left, right = max(cols.start, grid.col0), min(cols.stop, grid.col0 + grid.cols)
    if top >= bottom or left >= right:
        raise ValueError(f"rows {rows} and columns {cols} hold no tile of the grid")
    return replace(grid, row0=top, col0=left, rows=bottom - top, cols=right - left)


def patches_around(patches: TileGrid, region: GeoBox) -> TileGrid:
    """The patches that bilinear interpolation asks for inside ``region``, a window in the CRS of the grid."""
    to_pixel = ~patches.geobox.affine @ region.affine
    left, top = to_pixel @ (0, 0)
    right, bottom = to_pixel @ (region.shape[1], region.shape[0])
    row, col = pixel_origin(patches.geobox)
    side = patches.tile_px
    return part_of(patches, _around(row + top, row + bottom, side), _around(col + left, col + right, side))


def windows_over(windows: TileGrid, patches: TileGrid) -> TileGrid:
    """The windows that hold at least one of the patches."""
    side = patches.tile_px
    rows = _overlapping(patches.row0 * side, (patches.row0 + patches.rows) * side, windows)
    cols = _overlapping(patches.col0 * side, (patches.col0 + patches.cols) * side, windows)
    return part_of(windows, rows, cols)


def _around(start: float, stop: float, side: int) -> range:
    """Patches with a centre less than a patch away from pixels [start, stop)."""
    first = int(np.floor((start - side / 2 - _ROUNDING) / side))
    last = int(np.ceil((stop - side / 2 + _ROUNDING) / side))
    return range(first, last + 1)


def _overlapping(start: int, stop: int, windows: TileGrid) -> range:
    """Windows that meet pixels [start, stop)."""
    return range((start - windows.tile_px) // windows.stride_px + 1, (stop - 1) // windows.stride_px + 1)


class PatchMean:
    """The mean of what overlapping windows say of each patch, weighted by a Hann window over the window.

    Sums are made in the order of the calls: whoever adds the windows of two areas in one order gets the same bits.
    """

    def __init__(self, patches: TileGrid, quantities: int, side: int) -> None:
        """``side``: patches along a window."""
        self._patches = patches
        self._total = np.zeros((quantities, patches.rows, patches.cols), np.float32)
        self._weight = np.zeros((patches.rows, patches.cols), np.float32)
        hann = np.sin(np.pi / side * (np.arange(side) + 0.5)) ** 2
        self._hann = np.outer(hann, hann).astype(np.float32)  # (h, w), nowhere 0

    def add(self, row: int, col: int, values: F32) -> None:
        """Take in a window whose first patch has these absolute indices: (K, h, w), patches beyond the lattice too."""
        own_rows, rows = _common(row - self._patches.row0, values.shape[1], self._patches.rows)
        own_cols, cols = _common(col - self._patches.col0, values.shape[2], self._patches.cols)
        weight = self._hann[own_rows, own_cols]
        self._total[:, rows, cols] += values[:, own_rows, own_cols] * weight
        self._weight[rows, cols] += weight

    def mean(self) -> F32:
        """(K, rows, cols), NaN where no window was; takes the sums' memory, so it can be asked once."""
        missing: Bool = self._weight == 0
        with np.errstate(invalid="ignore"):
            self._total /= self._weight
        self._total[:, missing] = np.nan
        return self._total


def _common(start: int, length: int, limit: int) -> tuple[slice, slice]:
    """What [start, start + length) shares with [0, limit): counted from its own start, and from 0."""
    first, last = max(start, 0), max(min(start + length, limit), max(start, 0))
    return slice(first - start, last - start), slice(first, last)
