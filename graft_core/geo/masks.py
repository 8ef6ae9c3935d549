"""Polygons to pixels."""

import math

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import QueryError
from graft_core.geo.place import WGS84
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


def area_from_text(text: str) -> Geometry:
    """An area as a person types or pastes it, in degrees: "west, south, east, north", a polygon as WKT, or GeoJSON.

    Raises:
        QueryError: it is none of them, it lies beyond the globe, or it has no inside.
    """
    numbers = _numbers(text)
    try:
        shape = _written(text) if numbers is None else shapely.box(*numbers)
    except ValueError:
        shape = shapely.Point()
    west, south, east, north = shape.bounds if not shape.is_empty else (0.0, 0.0, 0.0, 0.0)
    turned = numbers is not None and (numbers[0] >= numbers[2] or numbers[1] >= numbers[3])
    if turned or not shape.area or min(west + 180, 180 - east, south + 90, 90 - north) < 0:
        raise QueryError(
            f"'{text[:60]}' is no area: write west, south, east, north in degrees, like 8.9, 44.3, 9.0, 44.4, or a "
            "polygon as WKT or GeoJSON."
        )
    return Geometry(shapely.make_valid(shape), WGS84)


def _written(text: str) -> BaseGeometry:
    """A shape in one of the two notations, the polygons of a collection as one; ValueError where it is in neither."""
    if not text.lstrip().startswith("{"):
        return area_from_wkt(text, str(WGS84)).geom
    try:
        found = shapely.make_valid(shapely.from_geojson(text))
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"{text[:60]!r} is not GeoJSON") from error
    return shapely.union_all([part for part in shapely.get_parts(found) if part.area])


def text_of_area(area: Geometry) -> str:
    """What ``area_from_text`` reads, to a tenth of a metre: four numbers for a rectangle, WKT for anything else."""
    shape = shapely.make_valid(shapely.transform(area.geom, lambda points: points.round(6)))
    if shape.equals(shapely.box(*shape.bounds)):
        return ", ".join(f"{each:.6f}".rstrip("0").rstrip(".") for each in shape.bounds)
    return str(shapely.to_wkt(shape, rounding_precision=6))


def _numbers(text: str) -> tuple[float, float, float, float] | None:
    """Four finite numbers with commas or blanks between them."""
    try:
        west, south, east, north = (float(each) for each in text.replace(",", " ").split())
    except ValueError:
        return None
    return (west, south, east, north) if all(map(math.isfinite, (west, south, east, north))) else None
