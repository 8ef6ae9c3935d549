"""The part of an image's pixel grid that lies in an area."""

import math

import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.geo.place import WGS84, bounds_wgs84, reprojected
from graft_core.io.imagery.opened import Opened

_AROUND_DEG = 0.01
"""A kilometre or less: more than the edge of a grid bends between the points that are known of it."""
_EDGE_PARTS = 100
"""Parts of an edge as long as the area: that many keep within a metre of a parallel over some hundred kilometres."""


def window_grid(opened_item: Opened, area: BaseGeometry, *, beyond: bool = False) -> GeoBox:
    """The smallest window of an item's pixels that holds the area's part in it, or with ``beyond`` all of the area.

    ImageryError where the item has nothing of the area, its pixels do not lie north-up, or the area reaches too far.
    """
    grid, name = opened_item.geobox, opened_item.item.id
    if grid.affine.b or grid.affine.d or grid.affine.e >= 0:
        raise ImageryError(f"The pixels of {name} do not lie north-up; get the whole file instead of a window.")
    part = area if beyond else area.intersection(_around(grid))
    if part.is_empty:
        raise ImageryError(f"{name} has no pixel in the area; choose another image.")
    left, bottom, right, top = _bounds(part, CRS(str(grid.crs)))
    if not all(map(math.isfinite, (left, bottom, right, top))):
        raise ImageryError(f"The area reaches beyond what the map projection of {name} is for; choose a smaller one.")
    inverse = ~grid.affine
    (col0, row0), (col1, row1) = inverse * (left, top), inverse * (right, bottom)
    slack = 1e-6  # an edge that lies on a pixel's edge needs no further pixel
    first_col, first_row = math.floor(col0 + slack), math.floor(row0 + slack)
    last_col, last_row = math.ceil(col1 - slack), math.ceil(row1 - slack)
    if not beyond:
        first_col, first_row = max(first_col, 0), max(first_row, 0)
        last_col, last_row = min(last_col, grid.shape[1]), min(last_row, grid.shape[0])
    if first_col >= last_col or first_row >= last_row:
        raise ImageryError(f"{name} has no pixel in the area; choose another image.")
    shape = last_row - first_row, last_col - first_col
    return GeoBox(shape, grid.affine * Affine.translation(first_col, first_row), grid.crs)


def window_corner(opened_item: Opened, geobox: GeoBox) -> tuple[int, int]:
    """Row and column of a window's first pixel in the item's own raster."""
    col, row = ~opened_item.geobox.affine * (geobox.affine.c, geobox.affine.f)
    return round(row), round(col)


def _around(grid: GeoBox) -> BaseGeometry:
    """Where a grid lies and a little more, degrees: far from it its map projection folds the globe over itself."""
    west, south, east, north = bounds_wgs84(grid)
    spans = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
    more = _AROUND_DEG
    return shapely.union_all([shapely.box(w - more, south - more, e + more, north + more) for w, e in spans])


def _bounds(area: BaseGeometry, crs: CRS) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an area in a CRS, where its edges bend."""
    west, south, east, north = area.bounds
    longest = max(east - west, north - south) / _EDGE_PARTS
    bent = shapely.segmentize(area, longest) if longest else area
    left, bottom, right, top = reprojected(Geometry(bent, WGS84), crs).boundingbox.bbox
    return left, bottom, right, top
