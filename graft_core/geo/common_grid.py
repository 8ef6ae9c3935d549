"""One pixel grid for two rasters of one place, so that one can be taken from the other."""

import math

import numpy as np
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.geo.place import EDGE_POINTS, pixel_window

Extent = tuple[float, float, float, float]
"""Left, bottom, right, top in the units of a CRS."""

_ALMOST = 1e-6
"""Pixels, and share of a pixel's side; smaller differences are float noise of a geotransform."""


def common_grid(before: GeoBox, after: GeoBox) -> GeoBox | None:
    """The pixels of the coarser grid, of ``after`` where both are equally fine, that meet the other's extent.

    Args:
        before: north-up grid in metres.
        after: another, in any such CRS.

    Returns:
        A window of one of the two grids, so that one raster at least is never resampled; None where they do not meet.
    """
    coarser = float(before.resolution.x) > float(after.resolution.x) * (1 + _ALMOST)
    lead, other = (before, after) if coarser else (after, before)
    assert lead.crs is not None  # grids of scenes have one
    extent = extent_in(other, lead.crs)
    return None if extent is None else pixels_meeting(lead, extent)


def extent_in(geobox: GeoBox, crs: CRS) -> Extent | None:
    """Extent of a grid in another CRS, its edges projected point by point; None where that cannot hold it."""
    left, bottom, right, top = geobox.boundingbox.bbox
    assert geobox.crs is not None
    if geobox.crs == crs:
        return left, bottom, right, top
    x, y = np.linspace(left, right, EDGE_POINTS), np.linspace(bottom, top, EDGE_POINTS)
    edge_x = np.concatenate([x, x, np.full_like(y, left), np.full_like(y, right)])
    edge_y = np.concatenate([np.full_like(x, bottom), np.full_like(x, top), y, y])
    moved = np.stack(geobox.crs.transformer_to_crs(crs, always_xy=True)(edge_x, edge_y))  # (2, n)
    if not np.isfinite(moved).all():
        return None
    (west, south), (east, north) = moved.min(axis=1).tolist(), moved.max(axis=1).tolist()
    return west, south, east, north


def pixels_meeting(geobox: GeoBox, extent: Extent) -> GeoBox | None:
    """The pixels of a north-up grid that share area with an extent in its CRS; None where there are none."""
    left, top = ~geobox.affine @ (extent[0], extent[3])
    right, bottom = ~geobox.affine @ (extent[2], extent[1])
    height, width = geobox.shape
    first_row, last_row = max(math.floor(top + _ALMOST), 0), min(math.ceil(bottom - _ALMOST), height)
    first_col, last_col = max(math.floor(left + _ALMOST), 0), min(math.ceil(right - _ALMOST), width)
    if first_row >= last_row or first_col >= last_col:
        return None
    return pixel_window(geobox, first_row, first_col, last_row - first_row, last_col - first_col)


def same_lattice(one: GeoBox, other: GeoBox) -> bool:
    """Whether the pixels of two grids are the same ones, so that nothing need be resampled."""
    if one.crs != other.crs or not math.isclose(one.resolution.x, other.resolution.x, rel_tol=1e-9):
        return False
    col, row = ~one.affine @ (other.affine.c, other.affine.f)
    return bool(abs(col - round(col)) < 1e-3 and abs(row - round(row)) < 1e-3)
