"""Polygons to pixels."""

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.types import Bool


def inside(area: Geometry, geobox: GeoBox) -> Bool | None:
    """(h, w) pixels of a north-up grid whose centre lies in the area; None where all of them do.

    Each pixel is decided by itself, so two windows of one grid agree where they overlap. ``area`` is in the grid's CRS.
    """
    if area.crs != geobox.crs:
        raise ValueError(f"the area is in {area.crs}, the grid in {geobox.crs}")
    shape, extent = area.geom, geobox.extent.geom
    if shapely.contains(shape, extent):
        return None
    height, width = geobox.shape
    if not shapely.intersects(shape, extent):
        return np.zeros((height, width), dtype=np.bool_)
    affine = geobox.affine
    x = affine.c + affine.a * (np.arange(width) + 0.5)
    y = affine.f + affine.e * (np.arange(height) + 0.5)
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, x[None, :], y[:, None]))


def area_from_wkt(text: str, crs: str) -> Geometry:
    """The area that ``Geometry.wkt`` wrote; ValueError where the text is none."""
    try:
        return Geometry(shapely.from_wkt(text), crs)
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"{text[:60]!r} is not WKT") from error
