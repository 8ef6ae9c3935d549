"""Masks to polygons and back, on the edges of the pixels."""

import numpy as np
import rasterio.features
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from graft_core.types import Bool


def polygons_of(mask: Bool, geobox: GeoBox) -> list[Polygon]:
    """The connected areas of a mask (h, w), in the coordinates of ``geobox``, from north to south.

    Pixels are connected where they share an edge; two that meet at a corner are two areas. Corners of the polygons are
    corners of pixels, and what the mask leaves out inside an area is a hole.
    """
    if mask.shape != geobox.shape:
        raise ValueError(f"a mask of {mask.shape} does not fit a grid of {geobox.shape}")
    found = rasterio.features.shapes(mask.astype(np.uint8), mask=mask, connectivity=4, transform=geobox.affine)
    shapes = [Polygon(rings[0], rings[1:]) for rings in (each["coordinates"] for each, _ in found)]
    return [part for shape in shapes for part in _valid_parts(shape)]


def mask_of(shape: BaseGeometry, geobox: GeoBox, *, touched: bool = False) -> Bool:
    """(h, w) pixels whose centre lies in a shape, which is in the coordinates of ``geobox``.

    With ``touched`` every pixel that the shape meets, so that none is too thin to be seen.
    """
    if shape.is_empty:
        return np.zeros(geobox.shape, np.bool_)
    drawn = rasterio.features.rasterize(
        [shape], out_shape=geobox.shape, transform=geobox.affine, all_touched=touched, dtype="uint8"
    )
    return np.asarray(drawn, np.bool_)


def _valid_parts(shape: Polygon) -> list[Polygon]:
    """GDAL lets a ring touch itself at the corner where two holes meet; such a ring becomes several."""
    if shape.is_valid:
        return [shape]
    repaired = shapely.make_valid(shape)
    return [part for part in getattr(repaired, "geoms", [repaired]) if part.geom_type == "Polygon"]
