"""Metres between places given as longitude and latitude, near together or on two continents."""

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

F64 = npt.NDArray[np.float64]

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG)."""


def local_metres(lonlat: F64, origin: tuple[float, float]) -> F64:
    """(..., 2) x east, y north of an origin (lon, lat): azimuthal equidistant on WGS 84.

    Distances from the origin are true; between two other places they are true within 0.1 % up to 500 km from it,
    and at most 1.6 times too long a quarter of the globe away.
    """
    crs = CRS.from_dict({"proj": "aeqd", "lon_0": origin[0], "lat_0": origin[1], "datum": "WGS84", "units": "m"})
    to_frame = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    return np.stack(to_frame.transform(lonlat[..., 0], lonlat[..., 1]), axis=-1)


def middle_of(lonlat: F64) -> F64:
    """(..., 2) lon and lat in the middle of (..., N, 2) places, wherever the antimeridian runs."""
    x, y, z = np.moveaxis(on_sphere(lonlat).mean(axis=-2), -1, 0)
    return np.asarray(np.degrees(np.stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))], axis=-1)))


def on_sphere(lonlat: F64) -> F64:
    """(..., 3) metres from the Earth's centre; between near places a straight line is the way on the ground."""
    lon, lat = np.radians(lonlat[..., 0]), np.radians(lonlat[..., 1])
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return np.asarray(EARTH_RADIUS_M * unit)


def metres_to_box(lonlat: F64, bounds: tuple[float, float, float, float]) -> F64:
    """(N,) metres along the ground from (N, 2) places to a box of west, south, east, north degrees; 0 inside.

    On a sphere, so within 0.5 %; ``west`` > ``east`` where the box crosses the antimeridian.
    """
    west, south, east, north = bounds
    width = (east - west) % 360
    from_west = (lonlat[:, 0] - west) % 360
    near_west = from_west - width > 360 - from_west  # nearer to the western edge, going round
    lon = np.where(from_west <= width, lonlat[:, 0], np.where(near_west, west, east))
    nearest = np.stack([lon, np.clip(lonlat[:, 1], south, north)], axis=1)
    chord = np.linalg.norm(on_sphere(lonlat) - on_sphere(nearest), axis=1)
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.clip(chord / (2 * EARTH_RADIUS_M), 0, 1)))


def map_blocks(lonlat: F64, side_m: float) -> npt.NDArray[np.int64]:
    """(N, 2) row and column of the block each place lies in: a lattice over the whole globe, the same for every table.

    Rows are ``side_m`` high; each is cut into columns of about that width at its own latitude.
    """
    per_degree = np.radians(1) * EARTH_RADIUS_M
    row = np.floor(lonlat[:, 1] * per_degree / side_m)
    shrink = np.cos(np.radians(np.clip((row + 0.5) * side_m / per_degree, -89.9, 89.9)))
    col = np.floor(lonlat[:, 0] * per_degree * shrink / side_m)
    return np.stack([row, col], axis=1).astype(np.int64)
