"""Windows of a pixel grid, and the way from its coordinates to longitude and latitude."""

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

F64 = npt.NDArray[np.float64]

WGS84 = CRS("EPSG:4326")
EDGE_POINTS = 21
"""Points of each edge that are projected; a straight edge bends on the way."""


def pixel_window(geobox: GeoBox, top: int, left: int, height: int, width: int) -> GeoBox:
    """A window of a pixel grid, which may reach beyond it."""
    return GeoBox((height, width), geobox.affine @ Affine.translation(left, top), geobox.crs)


def lon_lat(crs: CRS, x: F64, y: F64) -> tuple[F64, F64]:
    """Degrees east and north of positions in a CRS."""
    lon, lat = crs.transformer_to_crs(WGS84, always_xy=True)(x, y)
    return np.asarray(lon), np.asarray(lat)


def bounds_wgs84(geobox: GeoBox) -> tuple[float, float, float, float]:
    """West, south, east, north of a pixel grid in degrees; west > east where it crosses the antimeridian."""
    if geobox.crs is None:
        raise ValueError("a grid without a CRS has no place")
    left, bottom, right, top = geobox.boundingbox.bbox
    x, y = np.linspace(left, right, EDGE_POINTS), np.linspace(bottom, top, EDGE_POINTS)
    edge_x = np.concatenate([x, x, np.full_like(y, left), np.full_like(y, right)])
    edge_y = np.concatenate([np.full_like(x, bottom), np.full_like(x, top), y, y])
    lon, lat = lon_lat(geobox.crs, edge_x, edge_y)
    if lon.max() - lon.min() > 180:
        west, east = lon[lon > 0].min(), lon[lon < 0].max()
    else:
        west, east = lon.min(), lon.max()
    return float(west), float(lat.min()), float(east), float(lat.max())


def reprojected(area: Geometry, crs: CRS) -> Geometry:
    """The same area in another CRS, its edges straight there too."""
    if area.crs is None:
        raise ValueError("an area without a CRS has no place")
    if area.crs == crs:
        return area
    to_crs = area.crs.transformer_to_crs(crs, always_xy=True)
    return Geometry(shapely.transform(area.geom, lambda points: np.column_stack(to_crs(*points.T))), crs)
