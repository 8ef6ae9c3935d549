"""Rivers and highways: families of long curved lines that cross the whole plane."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from graft_core.world.noise import F32, I32, key, noise_line, rng

_KNOT = 8.0  # metres between two knots of the tabulated course

RIVER_HALF_WIDTH = 70.0
"""Half the width of a river in the mosaic, metres, before it swells and narrows."""
ROAD_HALF_WIDTH = 46.0
"""Half the width of a highway corridor, embankments included, metres."""
JUNCTION_RADIUS = 235.0
"""Where two highways cross, everything this near to the crossing is highway, metres."""


@dataclass(frozen=True)
class Course:
    """One family of nearly parallel lines; line ``k`` runs near the straight line ``across = k * spacing``."""

    salt: int
    """Names the family's random field."""
    angle: float
    """Direction of the lines, radians from east."""
    spacing: float
    """Mean distance of neighbouring lines, metres."""
    sway: tuple[tuple[float, float], ...]
    """Amplitude and wavelength, metres, of each bend."""
    shift: float
    """Largest sideways offset of a whole line, metres; line 0 gets at most a quarter of it."""

    @property
    def reach(self) -> float:
        """How far a line can lie from its straight line, metres."""
        return self.shift + sum(amplitude for amplitude, _ in self.sway)

    def locate(self, x: F32, y: F32) -> "Located":
        """Coordinates along and across the nearest line of the family."""
        c, s = np.float32(cos(self.angle)), np.float32(sin(self.angle))
        along = x * c + y * s
        straight = y * c - x * s
        line = np.rint(straight / np.float32(self.spacing)).astype(np.int32)
        position = along / np.float32(_KNOT)
        knot = np.floor(position).astype(np.int32)
        first, low = int(knot.min()), int(line.min())
        table = self._table(first, int(knot.max()) + 2, low, int(line.max()))
        index = (line - low) * np.int32(table.shape[1]) + (knot - first)
        flat, steps = table.ravel(), np.diff(table, axis=1, append=table[:, -1:]).ravel()
        slope = steps[index]
        centre = flat[index] + slope * (position - knot)
        across = (straight - centre) / np.sqrt(1 + np.square(slope / np.float32(_KNOT)))
        return Located(along, across, line)

    def _table(self, first: int, last: int, low: int, high: int) -> F32:
        t = np.arange(first, last + 1, dtype=np.float64) * _KNOT
        return np.stack([self._centre(line, t) for line in range(low, high + 1)]).astype(np.float32)

    def _centre(self, line: int, t: np.ndarray[tuple[int], np.dtype[np.float64]]) -> F32:
        offset = rng(self.salt, "offset", line).uniform(-1, 1) * self.shift * (0.25 if line == 0 else 1)
        centre = np.full(t.shape, line * self.spacing + offset, np.float64)
        for bend, (amplitude, wavelength) in enumerate(self.sway):
            centre += amplitude * noise_line(key(self.salt, "bend", line, bend), t, wavelength)
        return centre.astype(np.float32)

    def may_touch(self, x: F32, y: F32, half_width: float) -> bool:
        """Whether a line of the family may come within ``half_width`` of the points; False is certain."""
        c, s = cos(self.angle), sin(self.angle)
        corners = [v * c - u * s for u in (float(x.min()), float(x.max())) for v in (float(y.min()), float(y.max()))]
        margin = self.reach + half_width
        low, high = (min(corners) - margin) / self.spacing, (max(corners) + margin) / self.spacing
        return bool(np.floor(high) >= np.ceil(low))


@dataclass(frozen=True)
class Located:
    """Where points lie beside the nearest line of a family."""

    along: F32
    """Metres along the family's direction, from the foot of the origin."""
    across: F32
    """Signed metres from the line's centre."""
    line: I32
    """Which line of the family."""


@lru_cache(maxsize=256)
def courses(seed: int) -> tuple[Course, Course, Course]:
    """The rivers and the two families of highways of a world."""
    dice = rng(seed, "lines")
    road = float(dice.uniform(0, pi))
    crossing = road + pi / 2 + float(dice.uniform(-0.3, 0.3))
    river = road + pi / 4 + float(dice.uniform(-0.25, 0.25))
    bends = ((520.0, 3300.0), (250.0, 1150.0), (42.0, 430.0))
    curves = ((260.0, 4300.0), (45.0, 1700.0))
    return (
        Course(key(seed, "river"), river, 10500.0, bends, 1900.0),
        Course(key(seed, "road a"), road, 5600.0, curves, 1300.0),
        Course(key(seed, "road b"), crossing, 5600.0, curves, 1300.0),
    )


def river_half_width(salt: int, place: Located, x: F32, y: F32) -> F32:
    """Half the width of the water and its banks, metres: a stream inside the mosaic, very wide far out."""
    far = np.hypot(x, y)
    swell = np.clip((far - np.float32(4200)) / np.float32(2600), 0, 1)
    wide = np.float32(RIVER_HALF_WIDTH) + swell * swell * (3 - 2 * swell) * np.float32(380)
    breath = noise_line(key(salt, "width"), place.along, 900.0)
    return np.asarray(wide * (np.float32(1) + np.float32(0.2) * breath), np.float32)
