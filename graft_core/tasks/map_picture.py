"""A density map as a picture for a web map, in time for the next blink."""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.geo.web_mercator import web_view
from graft_core.io.qml import RAMPS
from graft_core.tasks.density import FAINTEST, DensityMap
from graft_core.types import F32, U8

LONGEST = 768
"""Pixels of a picture's longer side; density changes over tiles, not over pixels."""
FADE = 0.2
"""Share of the ramp over which the picture appears: where nothing matches, the imagery stays to be seen."""

RGB = tuple[int, int, int]

MORE, LESS = (230, 97, 1), (94, 60, 153)
"""Orange and purple, which keep apart without colour vision."""


@dataclass(frozen=True, eq=False)
class MapPicture:
    """A picture to be laid over a web map as it is."""

    rgba: U8
    """(h, w, 4) colours in EPSG:3857, north up; transparent where nothing is known or nothing matches."""
    bounds: tuple[float, float, float, float]
    """West, south, east, north in degrees."""
    maximum: float
    """Density drawn in the brightest colour."""


def density_picture(
    density: DensityMap, *, ramp: str = "viridis", maximum: float | None = None, tint: RGB | None = None
) -> MapPicture:
    """Draw the density of a map at the size of a screen.

    Args:
        density: as it will be exported; what is drawn is not what is written, only what it looks like.
        ramp: colour ramp, one of ``io.qml.RAMPS``.
        maximum: density of the brightest colour; the map's highest unless given.
        tint: one colour in place of the ramp, for a layer below another.

    Raises:
        ExportError: unknown ramp.
    """
    highest = density.brightest if maximum is None else maximum
    step = max(1, math.ceil(max(density.geobox.shape) / LONGEST))
    view = web_view(density.geobox, LONGEST)
    seen = view.sample(density.window(coarser(density.geobox, step))[0], step)
    share = seen / highest
    return MapPicture(painted(share, ramp) if tint is None else veil(share, tint), view.bounds, highest)


def difference_picture(density: DensityMap, other: DensityMap) -> MapPicture:
    """Draw where one density is higher than another of the same scene, and where it is lower.

    Args:
        density: what is looked for; orange where it is denser than the other.
        other: what is taken away; purple where it is denser.

    Raises:
        ExportError: the maps are of two scenes.
    """
    if density.scores.record.name != other.scores.record.name:
        names = f"{density.scores.record.name} and {other.scores.record.name}"
        raise ExportError(f"Maps of two scenes, {names}, cannot be compared; ask both queries on one scene.")
    step = max(1, math.ceil(max(density.geobox.shape) / LONGEST))
    coarse = coarser(density.geobox, step)
    change = density.window(coarse)[0] - other.window(coarse)[0]
    highest = max(float(np.nanmax(np.abs(change), initial=0)), FAINTEST)
    view = web_view(density.geobox, LONGEST)
    return MapPicture(painted_change(view.sample(change, step) / highest), view.bounds, highest)


def painted_change(change: F32) -> U8:
    """(h, w) in [-1, 1] -> (h, w, 4) colours that fade away towards 0; NaN is transparent."""
    return np.where(np.nan_to_num(change)[..., None] > 0, veil(change, MORE), veil(-change, LESS))


def veil(share: F32, color: RGB) -> U8:
    """(h, w) in [0, 1] -> (h, w, 4) of one colour that covers the more, the higher the share; NaN is transparent."""
    alpha = np.rint(255 * np.clip(np.nan_to_num(share) / (2 * FADE), 0, 1)).astype(np.uint8)
    return np.dstack([np.broadcast_to(np.array(color, np.uint8), (*alpha.shape, 3)), alpha])


def coarser(geobox: GeoBox, step: int) -> GeoBox:
    """A grid of pixels ``step`` times as wide from the same corner, which may reach beyond the last of them."""
    height, width = (math.ceil(length / step) for length in geobox.shape)
    return GeoBox((height, width), geobox.affine @ Affine.scale(step), geobox.crs)


def painted(share: F32, ramp: str) -> U8:
    """(h, w) in [0, 1] -> (h, w, 4) colours that fade away towards 0; NaN is transparent."""
    if ramp not in RAMPS:
        raise ExportError(f"Unknown colour ramp {ramp!r}; choose one of {', '.join(sorted(RAMPS))}.")
    known = np.nan_to_num(np.clip(share, 0, 1))
    level = np.rint(known * 255).astype(np.uint8)
    return np.dstack([_table(ramp)[level], np.rint(255 * np.minimum(known / FADE, 1)).astype(np.uint8)])


def _table(ramp: str) -> U8:
    """(256, 3) colours of a ramp."""
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in RAMPS[ramp]])
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.rint(np.interp(at, np.arange(len(stops)), band)) for band in stops.T], axis=1).astype(np.uint8)
