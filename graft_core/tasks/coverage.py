"""Where a scene has imagery: pixels without it stay unknown in a map; most windows can tell without reading."""

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import TileGrid
from graft_core.io.scene import Scene, read_rgb
from graft_core.types import F32, I64, Bool

ROUNDING = 1e-6
"""Of a tile's valid share; a single missing pixel of a large tile is more."""


class Coverage:
    """Tells for any window of a scene which pixels hold imagery.

    A tile that is missing, or shows less of the scene than lies under it, has holes; only windows that meet such a tile
    are read.
    """

    def __init__(self, scene: Scene, grid: TileGrid, valid: F32) -> None:
        """``valid`` (R, C): share of each tile that holds imagery, 0 where it is missing."""
        self._scene = scene
        self._grid = grid
        self._holes = valid < _share_inside(grid) - ROUNDING
        self._known = valid > 0

    def empty(self, window: GeoBox) -> bool:
        """Whether no tile lies over the window at all."""
        return not self._known[self._under(window)].any()

    def mask(self, window: GeoBox) -> Bool | None:
        """(h, w) true where there is imagery; None where all of the window has it."""
        return read_rgb(self._scene, window)[1] if self._holes[self._under(window)].any() else None

    def _under(self, window: GeoBox) -> tuple[slice, slice]:
        """The tiles that lie over a window, one of margin given to rounding."""
        grid = self._grid
        to_pixel = ~grid.geobox.affine @ window.affine
        left, top = to_pixel @ (0, 0)
        right, bottom = to_pixel @ (window.shape[1], window.shape[0])
        first = grid.tile(0)
        rows = _touched(top - first.top, bottom - first.top, grid)
        return rows, _touched(left - first.left, right - first.left, grid)


def _touched(start: float, stop: float, grid: TileGrid) -> slice:
    """Lattice steps whose tiles meet pixels [start, stop), counted from the first tile's corner."""
    first = int((start - grid.tile_px) // grid.stride_px)
    last = int(stop // grid.stride_px) + 1
    return slice(max(first, 0), max(last, 0))


def _share_inside(grid: TileGrid) -> F32:
    """(R, C) share of each tile's pixels that lie in the working grid."""
    first = grid.tile(0)
    height, width = grid.geobox.shape
    down = _overlap(first.top + grid.stride_px * np.arange(grid.rows), height, grid.tile_px)
    across = _overlap(first.left + grid.stride_px * np.arange(grid.cols), width, grid.tile_px)
    return np.asarray(down[:, None] * across / grid.tile_px**2, dtype=np.float32)


def _overlap(start: I64, length: int, tile_px: int) -> I64:
    return np.asarray(np.minimum(start + tile_px, length) - np.maximum(start, 0))
