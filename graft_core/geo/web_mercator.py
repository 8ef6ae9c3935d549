"""A pixel grid seen on a web map: EPSG:3857, which every web map draws in."""

import math
from dataclasses import dataclass

import numpy as np
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from scipy.ndimage import map_coordinates

from graft_core.geo.place import WGS84, bounds_wgs84
from graft_core.types import F32

WEB_MERCATOR = CRS("EPSG:3857")
CONTROL_STEP = 32
"""Pixels between positions that are projected; those between are interpolated, off by far less than a pixel."""


@dataclass(frozen=True, eq=False)
class WebView:
    """A web-mercator grid over a pixel grid, and where each of its pixels lies there."""

    bounds: tuple[float, float, float, float]
    """West, south, east, north of the view in degrees."""
    row: F32
    """(h, w) row of each pixel's centre in the grid looked at, counted from its upper edge; below 0 is above it."""
    col: F32
    """(h, w) column, counted from its left edge."""
    shape: tuple[int, int]
    """Rows and columns of the grid looked at."""

    def sample(self, values: F32, step: int = 1) -> F32:
        """Values on the grid, or on one ``step`` times coarser from the same corner -> (h, w) in the view.

        Bilinear; NaN beyond the grid and where most of what lies around is NaN.
        """
        at = np.stack([self.row / step - 0.5, self.col / step - 0.5])
        known = np.isfinite(values)
        total = map_coordinates(np.where(known, values, 0), at, order=1, mode="nearest")
        share = map_coordinates(known.astype(np.float32), at, order=1, mode="nearest")
        inside = (self.row >= 0) & (self.row <= self.shape[0]) & (self.col >= 0) & (self.col <= self.shape[1])
        seen = np.divide(total, share, out=np.full_like(total, np.nan), where=inside & (share > 0.5))
        return np.asarray(seen, np.float32)


def web_view(geobox: GeoBox, longest: int) -> WebView:
    """The web-mercator grid over a north-up grid, its longer side ``longest`` pixels."""
    west, south, east, north = bounds_wgs84(geobox)
    to_web = WGS84.transformer_to_crs(WEB_MERCATOR, always_xy=True)
    (left, right), (bottom, top) = to_web(np.array([west, east]), np.array([south, north]))
    size = max(right - left, top - bottom) / longest
    height, width = max(1, math.ceil((top - bottom) / size)), max(1, math.ceil((right - left) / size))
    rows, cols = _control(height), _control(width)
    x, y = np.meshgrid(left + cols / width * (right - left), top - rows / height * (top - bottom))
    assert geobox.crs is not None  # bounds_wgs84 has refused a grid without
    own_x, own_y = WEB_MERCATOR.transformer_to_crs(geobox.crs, always_xy=True)(x, y)
    affine = ~geobox.affine
    col, row = affine.a * own_x + affine.c, affine.e * own_y + affine.f
    row, col = (_between(each, rows, cols, height, width) for each in (row, col))
    return WebView((west, south, east, north), row, col, (geobox.shape[0], geobox.shape[1]))


def _control(length: int) -> np.ndarray:
    """Edges from 0 to ``length``, about 32 pixels apart."""
    return np.linspace(0, length, max(2, math.ceil(length / CONTROL_STEP) + 1))


def _between(values: np.ndarray, rows: np.ndarray, cols: np.ndarray, height: int, width: int) -> F32:
    """Values at control positions -> (height, width) at pixel centres, bilinear."""
    down = np.interp(np.arange(height) + 0.5, rows, np.arange(len(rows)))
    across = np.interp(np.arange(width) + 0.5, cols, np.arange(len(cols)))
    at = np.meshgrid(down, across, indexing="ij")
    return np.asarray(map_coordinates(values, at, order=1, mode="nearest"), np.float32)
