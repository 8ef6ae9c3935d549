"""The area that something is wanted of, as it is typed on the command line: a box in degrees, or a vector file."""

import math
import textwrap
from pathlib import Path

import shapely
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import QueryError
from graft_core.geo.place import WGS84, reprojected
from graft_core.io.vector import read_area


def search_area(text: str) -> BaseGeometry:
    """The area in degrees: ``west,south,east,north``, or the polygons of a file in any CRS.

    A box whose west lies east of its east crosses the 180th meridian.

    Raises:
        QueryError: the numbers are no box, the text is nothing that could name a file, or the area of the file lies
            beyond what its CRS is for.
        ExportError: the file is missing or holds no area.
    """
    try:
        path = Path(text).expanduser()
        there = path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a name longer than a file's, or of a user nobody knows
        raise QueryError(
            f"'{textwrap.shorten(text, 60)}' names no file ({_reason(error)}); give the path of a GeoJSON, GeoPackage "
            "or Shapefile, or west,south,east,north in degrees."
        ) from error
    if "," in text and not there:
        return _box(text)
    shape, crs = read_area(path)
    area = reprojected(Geometry(shape, crs), WGS84).geom
    if not all(map(math.isfinite, area.bounds)):
        raise QueryError(f"The area in {text} lies outside of what its CRS ({crs}) is for; check the file.")
    return area


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return (said or type(error).__name__).rstrip(".").lower()


def _box(text: str) -> BaseGeometry:
    try:
        west, south, east, north = (float(number) for number in text.split(","))
    except ValueError as error:
        raise QueryError(
            f"'{text}' is no box; write west,south,east,north in degrees, like -117.76,34.07,-117.68,34.15."
        ) from error
    on_globe = all(-180 <= lon <= 180 for lon in (west, east)) and -90 <= south < north <= 90
    if not on_globe or west == east:
        raise QueryError(
            f"'{text}' is no box on the globe; write west,south,east,north in degrees, longitudes within 180 and "
            "latitudes within 90, south below north."
        )
    if west < east:
        return shapely.box(west, south, east, north)
    halves = ((west, south, 180.0, north), (-180.0, south, east, north))
    return shapely.union_all([shapely.box(*half) for half in halves if half[0] < half[2]])
