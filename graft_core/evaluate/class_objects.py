"""What is true of a window of a demo world, class by class, and which of it is too near to call to be asked about."""

import math
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, label

from graft_core.evaluate.objects import COMPACT, SMALLEST_PATCHES
from graft_core.types import I64, U8, Bool
from graft_core.world import land

F64 = npt.NDArray[np.float64]

COUNTABLE = COMPACT
"""Classes whose land comes in separate things that one would count."""
BUILT_UP = ("residential area", "downtown", "industrial area", "parking lot")
"""Classes that make a place urban."""
SPECK_PATCHES = 0.25
"""Pieces of less than this many patches are nothing to anybody, and make no question doubtful."""
GAP_PATCHES = 1.0
"""Two pieces this near to each other may be one thing cut by a road, or two."""


class Objects:
    """The connected areas of one class in a window that are large enough to be things."""

    def __init__(self, mask: Bool, patch_px: float) -> None:
        """Find them among the pixels of a class, (H, W); sizes are in patches of so many pixels a side."""
        labels, sizes = _pieces(mask)
        least, speck = SMALLEST_PATCHES * patch_px**2, SPECK_PATCHES * patch_px**2
        large = np.flatnonzero(sizes >= least) + 1
        self._patch_px = patch_px
        self.mask: Bool = np.isin(labels, large) if len(large) else np.zeros_like(mask)
        """(H, W) their pixels."""
        self.count = len(large)
        """How many there are; pixels that share an edge are one thing."""
        self.clear = not ((sizes >= speck) & (sizes < least)).any()
        """Whether nobody would see other ones: no piece is of a size that one may see or overlook."""
        self._labels, self._large = labels, large

    @cached_property
    def centers(self) -> F64:
        """(count, 2) row and column of each one's middle."""
        places = np.nonzero(self.mask)
        owner = self._labels[places]
        sizes = np.bincount(owner)[self._large]
        return np.stack([np.bincount(owner, weights=axis)[self._large] / sizes for axis in places], axis=1)

    @cached_property
    def separate(self) -> bool:
        """Whether they are clear, and as many when every piece grows or shrinks by half a patch."""
        if not self.clear or not self.count:
            return self.clear
        half = GAP_PATCHES * self._patch_px / 2
        around = _around(self.mask, math.ceil(half) + 1)
        grown = _pieces(distance_to(around) <= half)[1]
        shrunk = _pieces(distance_to(~around) > half)[1]
        return len(grown) == self.count == int((shrunk >= SPECK_PATCHES * self._patch_px**2).sum())


class WindowTruth:
    """The truth of a window; each class is looked at once."""

    def __init__(self, classes: U8, gsd: float, patch_px: float) -> None:
        """Look at a window.

        Args:
            classes: (H, W) ids of land.CLASSES, 0 for none.
            gsd: metres per pixel.
            patch_px: side of the encoder's patches, pixels: sizes are judged by what it can know.
        """
        self.classes = classes
        self.gsd = gsd
        self.patch_px = patch_px
        self._objects: dict[str, Objects] = {}
        self._distances: dict[frozenset[str], float] = {}

    @cached_property
    def shares(self) -> dict[str, float]:
        """Class -> share of the window's pixels, [0, 1]."""
        pixels = np.bincount(self.classes.ravel(), minlength=len(land.CLASSES) + 1)[1:] / self.classes.size
        return dict(zip(land.CLASSES, pixels.tolist(), strict=True))

    @property
    def m2(self) -> float:
        """Area of the window."""
        return float(self.classes.size * self.gsd**2)

    @property
    def built_up(self) -> float:
        """Share of the window that makes it urban."""
        return sum(self.shares[name] for name in BUILT_UP)

    @property
    def patch_m(self) -> float:
        """Side of a patch, metres."""
        return self.patch_px * self.gsd

    def objects(self, name: str) -> Objects:
        """The things of a class."""
        if name not in self._objects:
            self._objects[name] = Objects(self.classes == land.ID[name], self.patch_px)
        return self._objects[name]

    def distance_m(self, first: str, second: str) -> float:
        """Least distance of a thing of one class from a thing of another; infinite where one of them has none."""
        pair = frozenset((first, second))
        if pair not in self._distances:
            a, b = self.objects(first).mask, self.objects(second).mask
            both = a.any() and b.any()
            # Pixels that share an edge touch each other.
            self._distances[pair] = float(distance_to(b)[a].min() - 1) * self.gsd if both else float("inf")
        return self._distances[pair]


def _around(mask: Bool, margin: int) -> Bool:
    """The part of a mask that has pixels, with a margin inside the window."""
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return mask[max(rows[0] - margin, 0) : rows[-1] + margin + 1, max(cols[0] - margin, 0) : cols[-1] + margin + 1]


def _pieces(mask: Bool) -> tuple[I64, I64]:
    """Labels (H, W) from 1 and the size of each, (N,)."""
    if not mask.any():
        return np.zeros(mask.shape, np.int64), np.zeros(0, np.int64)
    labels, count = label(mask)
    return labels, np.bincount(labels.ravel(), minlength=count + 1)[1:]


def distance_to(mask: Bool) -> Any:
    """(H, W) pixels to the nearest pixel of a mask; infinite where it is empty."""
    return distance_transform_edt(~mask) if mask.any() else np.full(mask.shape, np.inf)
