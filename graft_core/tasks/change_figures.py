"""How much of a query there is more, and how much less, summed up while the map is written."""

import math
from dataclasses import dataclass

import numpy as np

from graft_core.types import F32

LEAST = 0.1
"""Change of density from which a place counts as gained or lost, unless another is stated."""


@dataclass(frozen=True)
class ChangeFigures:
    """Of the places both scenes show."""

    least: float
    """Change of density from which a place is counted in the next two."""
    gained_m2: float
    """Area where the density has grown by that much or more."""
    lost_m2: float
    """Area where it has fallen by that much or more."""
    known_m2: float
    """Area both scenes show."""
    mean_change: float
    """Mean change of density over that area, in [-1, 1]; NaN where there is none."""
    highest: float
    """Largest change without its sign; 0 where nothing is known."""


class Tally:
    """Sums of a change map that comes in windows."""

    def __init__(self, least: float, pixel_m2: float) -> None:
        self._least, self._pixel_m2 = least, pixel_m2
        self._gained = self._lost = self._known = 0
        self._total = self._highest = 0.0

    def add(self, change: F32) -> None:
        """Take in (h, w) changes, NaN where nothing is known."""
        known = change[np.isfinite(change)]
        self._known += known.size
        self._gained += int((known >= self._least).sum())
        self._lost += int((known <= -self._least).sum())
        self._total += float(known.sum(dtype=np.float64))
        self._highest = max(self._highest, float(np.abs(known).max(initial=0)))

    def figures(self) -> ChangeFigures:
        """What was taken in so far."""
        return ChangeFigures(
            least=self._least,
            gained_m2=self._gained * self._pixel_m2,
            lost_m2=self._lost * self._pixel_m2,
            known_m2=self._known * self._pixel_m2,
            mean_change=self._total / self._known if self._known else math.nan,
            highest=self._highest,
        )
