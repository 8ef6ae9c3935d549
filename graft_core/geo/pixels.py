"""Absolute pixel coordinates of a grid: whole numbers, the same for whatever part of it is asked.

Geometry that is cut into cells and put together again is done here, not in metres: 0.6 m is no binary fraction, and
two cells would disagree about the edge between them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import pixel_origin
from graft_core.geo.place import pixel_window

F64 = npt.NDArray[np.float64]
_ALMOST = 1e-6
"""Pixels; a border nearer than this to a pixel's edge lies on it."""


class PixelBox(NamedTuple):
    """A rectangle of absolute pixels: rows [top, bottom) and columns [left, right), rows growing to the south."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    @property
    def empty(self) -> bool:
        """Whether no pixel lies in it."""
        return self.bottom <= self.top or self.right <= self.left

    @property
    def polygon(self) -> Any:
        """The rectangle as a shape, x the column and y the row."""
        return shapely.box(self.left, self.top, self.right, self.bottom)

    @property
    def geobox(self) -> GeoBox:
        """A grid whose coordinates are absolute pixels; it has no CRS."""
        return GeoBox(self.shape, Affine.translation(self.left, self.top), None)

    def overlap(self, other: "PixelBox") -> "PixelBox":
        """What two rectangles share; ``empty`` where that is nothing."""
        return PixelBox(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def grown(self, margin: int) -> "PixelBox":
        """The rectangle with a margin on every side."""
        return PixelBox(self.top - margin, self.left - margin, self.bottom + margin, self.right + margin)

    def slices(self, part: "PixelBox") -> tuple[slice, slice]:
        """Where a part of this rectangle lies in an array that holds it."""
        rows = slice(part.top - self.top, part.bottom - self.top)
        return rows, slice(part.left - self.left, part.right - self.left)


@dataclass(frozen=True)
class PixelFrame:
    """The absolute pixels of a north-up grid, counted from the origin of its CRS."""

    geobox: GeoBox
    """The grid."""

    @property
    def box(self) -> PixelBox:
        """All pixels of the grid."""
        top, left = pixel_origin(self.geobox)
        height, width = self.geobox.shape
        return PixelBox(top, left, top + height, left + width)

    @property
    def pixel_m(self) -> float:
        """Side of a pixel, metres."""
        return float(self.geobox.resolution.x)

    def window(self, box: PixelBox) -> GeoBox:
        """The grid of a rectangle, which may reach beyond this one."""
        own = self.box
        return pixel_window(self.geobox, box.top - own.top, box.left - own.left, *box.shape)

    def to_crs(self, shape: Any) -> Any:
        """A shape in absolute pixels -> in the CRS of the grid."""
        own, affine = self.box, self.geobox.affine

        def metres(points: F64) -> F64:
            x = affine.c + affine.a * (points[:, 0] - own.left)
            return np.column_stack([x, affine.f + affine.e * (points[:, 1] - own.top)])

        return shapely.transform(shape, metres)

    def to_pixels(self, shape: Any) -> Any:
        """A shape in the CRS of the grid -> in absolute pixels."""
        own, affine = self.box, self.geobox.affine

        def pixels(points: F64) -> F64:
            col = (points[:, 0] - affine.c) / affine.a + own.left
            return np.column_stack([col, (points[:, 1] - affine.f) / affine.e + own.top])

        return shapely.transform(shape, pixels)


def box_around(shape: Any) -> PixelBox:
    """The pixels that the bounds of a shape, in absolute pixels, meet."""
    left, top, right, bottom = shape.bounds
    first, last = math.floor(top + _ALMOST), math.ceil(bottom - _ALMOST)
    return PixelBox(first, math.floor(left + _ALMOST), last, math.ceil(right - _ALMOST))


def cells(box: PixelBox, side: int, offset: int = 0) -> Iterator[PixelBox]:
    """The cells of an absolute lattice that meet a rectangle, from north-west to south-east.

    Cell (i, j) begins at row ``offset + i * side`` and column ``offset + j * side``.
    """
    rows = range((box.top - offset) // side, -((offset - box.bottom) // side))
    cols = range((box.left - offset) // side, -((offset - box.right) // side))
    for i in rows:
        for j in cols:
            top, left = offset + i * side, offset + j * side
            yield PixelBox(top, left, top + side, left + side)
