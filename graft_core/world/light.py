"""Sunlight on painted land: slopes and cast shadows from the height of every sample."""

from math import cos, radians, sin, tan

import numpy as np

from graft_core.world.noise import F32
from graft_core.world.style import WorldStyle

SHADOW_REACH = 58.0
"""Longest shadow that is drawn, metres."""
_MARCH = (1, 2, 3, 4, 5.5, 7, 9, 11, 13.5, 16, 19, 22, 26, 30, 35, 40, 46, 52, 58)  # metres towards the sun
_IN_SHADE = (0.40, 0.43, 0.50, 0.38)  # what is left of red, green, blue and near infrared


def illuminate(look: WorldStyle, paint: F32, step: float, inner: tuple[slice, slice]) -> F32:
    """(5, H, W) colours and height -> (4, h, w) colours in the sun, for the inner part of the window."""
    height = paint[4]
    out = np.ascontiguousarray(paint[:4, inner[0], inner[1]])
    light = _slopes(look, height, step, inner)
    shadow = _shadows(look, height, step, inner)
    for plane, left in zip(out, _IN_SHADE, strict=True):
        plane *= light * (1 - shadow * np.float32(1 - left))
    return out


def _slopes(look: WorldStyle, height: F32, step: float, inner: tuple[slice, slice]) -> F32:
    """Light on a slope relative to flat ground, kept within what film would show."""
    rows, columns = inner
    east = height[rows, columns.start + 1 : columns.stop + 1] - height[rows, columns.start - 1 : columns.stop - 1]
    north = height[rows.start - 1 : rows.stop - 1, columns] - height[rows.start + 1 : rows.stop + 1, columns]
    elevation, azimuth = radians(look.sun_elevation_deg), radians(look.sun_azimuth_deg)
    scale = np.float32(0.5 / step)
    east, north = np.clip(east * scale, -1.3, 1.3), np.clip(north * scale, -1.3, 1.3)
    toward = np.float32(cos(elevation) / sin(elevation))
    facing = 1 - toward * (np.float32(sin(azimuth)) * east + np.float32(cos(azimuth)) * north)
    light = facing / np.sqrt(1 + east * east + north * north)
    # Half of the light comes from the sky, whatever the slope.
    return np.asarray(np.clip(np.float32(0.42) + np.float32(0.58) * light, 0.5, 1.32), np.float32)


def _shadows(look: WorldStyle, height: F32, step: float, inner: tuple[slice, slice]) -> F32:
    """Share of each sample that lies in the shadow of something nearer to the sun."""
    rows, columns = inner
    azimuth, fall = radians(look.sun_azimuth_deg), tan(radians(look.sun_elevation_deg))
    here = height[rows, columns]
    ceiling = here.copy()
    relief = float(height.max()) - float(height.min())
    seen = set()
    for distance in _MARCH:
        right, up = round(sin(azimuth) * distance / step), round(cos(azimuth) * distance / step)
        if (right, up) in seen or (right, up) == (0, 0) or distance * fall > relief:
            continue
        seen.add((right, up))
        above = height[rows.start - up : rows.stop - up, columns.start + right : columns.stop + right]
        np.maximum(ceiling, above - np.float32(distance * fall), out=ceiling)
    ceiling -= here
    return np.clip(ceiling * np.float32(0.8), 0, 1, out=ceiling)
