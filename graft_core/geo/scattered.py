"""Squares that lie where they like, as published embeddings do, brought onto the tile lattice.

The lattice is laid finer than the squares: a square becomes the tile whose corner is nearest to its own, and the steps
that no square starts at stay empty. What is drawn on lattices (geo/blend.py, geo/density.py) needs no more than that.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import GraftError
from graft_core.geo.frame import EARTH_RADIUS_M, middle_of, on_sphere
from graft_core.types import I64, Bool

F64 = npt.NDArray[np.float64]

UTM_REACH = 4.5
"""Degrees from the central meridian within which one UTM zone serves: scale errors stay below 0.3 %."""
UTM_LATITUDE = 84.0
"""Degrees beyond which there is no UTM."""
LAEA_STEP = 5
"""Degrees; the centre of the equal-area projection is a multiple of it, so that sets of one continent share it."""
LAEA_REACH = 60.0
"""Degrees from that centre beyond which squares are squeezed by more than an eighth."""
FINEST_STEPS = 8
"""Lattice steps in a tile, where the lattice is small enough."""
MOST_CELLS = 8_000_000
"""Lattice cells up to which the steps are that fine: each costs 10 bytes of every answer."""


@dataclass(frozen=True)
class Lattice:
    """An absolute lattice of tiles (docs/decisions/0004) in a projected CRS."""

    crs: str
    """EPSG code or PROJ string."""
    gsd: float
    """Metres per pixel of the tiles."""
    tile_px: int
    """Side of a tile, pixels."""
    stride_px: int
    """Step, pixels; a divisor of ``tile_px``."""

    @property
    def step_m(self) -> float:
        """Metres from one corner to the next."""
        return self.stride_px * self.gsd

    def corners(self, xy: F64) -> I64:
        """(N, 2) row and column of the tiles whose middles lie nearest to (N, 2) places in the CRS."""
        half = self.tile_px * self.gsd / 2
        rows = np.rint((-xy[:, 1] - half) / self.step_m)
        cols = np.rint((xy[:, 0] - half) / self.step_m)
        return np.stack([rows, cols], axis=1).astype(np.int64)

    def middles(self, corners: I64) -> F64:
        """(N, 2) x and y of the middles of tiles given by row and column."""
        half = self.tile_px * self.gsd / 2
        return np.stack([corners[:, 1] * self.step_m + half, -corners[:, 0] * self.step_m - half], axis=1)

    def covered(self, corners: I64) -> tuple[Bool, GeoBox]:
        """(h, w) which lattice cells lie under a tile, and their grid: one pixel a step."""
        row0, col0 = corners.min(axis=0).tolist()
        rows, cols = (corners.max(axis=0) - corners.min(axis=0) + 1).tolist()
        under = self.tile_px // self.stride_px
        starts = np.zeros((rows + under - 1, cols + under - 1), np.bool_)
        starts[corners[:, 0] - row0, corners[:, 1] - col0] = True
        step = self.step_m
        affine = Affine(step, 0, col0 * step, 0, -step, -row0 * step)
        return _dragged(_dragged(starts, under, 0), under, 1), GeoBox(starts.shape, affine, self.crs)


def projection_of(lonlat: F64) -> str:
    """A CRS in metres that hardly distorts (N, 2) degrees: the UTM zone of their middle, else an equal-area projection.

    GraftError where they are spread too widely for one map.
    """
    lon, lat = middle_of(lonlat).tolist()
    zone = math.floor((lon + 180) / 6) % 60 + 1
    off = (lonlat[:, 0] - (6 * zone - 183) + 180) % 360 - 180
    if np.abs(off).max() <= UTM_REACH and np.abs(lonlat[:, 1]).max() <= UTM_LATITUDE:
        return f"EPSG:{32600 + zone if lat >= 0 else 32700 + zone}"
    lon0, lat0 = (round(each / LAEA_STEP) * LAEA_STEP for each in (lon, lat))
    away = _degrees_from(lonlat, (lon0, lat0))
    if away > LAEA_REACH:
        raise GraftError(
            f"they lie up to {away:.0f} degrees from their middle, and beyond {LAEA_REACH:.0f} no map keeps the "
            "shape of squares; take one continent at a time, by an area"
        )
    return f"+proj=laea +lat_0={lat0} +lon_0={lon0} +datum=WGS84 +units=m +no_defs"


def lattice_for(crs: str, xy: F64, *, gsd: float, tile_px: int) -> Lattice:
    """The finest lattice over (N, 2) places that is not too large; at the coarsest, steps are half a tile."""
    width, height = (xy.max(axis=0) - xy.min(axis=0) + tile_px * gsd).tolist()
    steps = [each for each in (2, 4, FINEST_STEPS) if tile_px % each == 0] or [1]
    fitting = [each for each in steps if width * height / (tile_px * gsd / each) ** 2 <= MOST_CELLS]
    return Lattice(crs, gsd, tile_px, tile_px // max(fitting, default=steps[0]))


def one_each(corners: I64, day: npt.NDArray[np.int64], distance: F64) -> I64:
    """Which of N squares stay, rising, where several start at one lattice corner: the latest, then the nearest.

    ``corners`` (N, 2) as of ``Lattice.corners``; ``day`` (N,), higher is later; ``distance`` (N,) from the tile's
    middle.
    """
    order = np.lexsort((distance, -day, corners[:, 1], corners[:, 0]))
    ordered = corners[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return np.sort(order[first])


def _dragged(starts: Bool, steps: int, axis: int) -> Bool:
    """Every true cell drawn out over as many cells, down or across."""
    out = starts.copy()
    length = starts.shape[axis]
    for shift in range(1, min(steps, length)):
        moved = starts.take(np.arange(length - shift), axis=axis)
        out[(slice(None),) * axis + (slice(shift, None),)] |= moved
    return out


def _degrees_from(lonlat: F64, center: tuple[float, float]) -> float:
    """The furthest of (N, 2) places from a centre, degrees of arc."""
    cosine = on_sphere(lonlat) @ on_sphere(np.array(center)) / EARTH_RADIUS_M**2
    return float(np.degrees(np.arccos(np.clip(cosine.min(), -1, 1))))
