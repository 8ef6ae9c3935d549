"""Brings uint8 pixels from one north-up grid to another, each output pixel by itself.

Shrinking takes the area-weighted mean of the pixels beneath (what a coarser sensor would have measured, and no
aliasing); enlarging is bilinear. Weights depend on absolute pixel indices only and are multiples of 1/4096, so a pixel
has the same value in every window and in every crop of a raster, and exactly valid neighbourhoods weigh exactly one.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import pixel_index
from graft_core.types import F32, I64, U8, Bool

F64 = npt.NDArray[np.float64]

_STEPS = 4096
_COLUMNS_AT_ONCE = 512
"""Keeps the float32 intermediates in the processor's cache, whatever the scene's width."""


@dataclass(frozen=True)
class Pixels:
    """A window of a scene as an encoder will see it."""

    rgb: U8
    """(h, w, 3); 0 where not valid."""
    valid: Bool
    """(h, w); False outside the scene, at nodata and at values that are no numbers."""

    @classmethod
    def empty(cls, height: int, width: int) -> "Pixels":
        """A window without any valid pixel."""
        return cls(np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.bool_))

    def __getitem__(self, area: slice | tuple[slice, slice]) -> "Pixels":
        """A part of the window, in the same memory."""
        return Pixels(self.rgb[area], self.valid[area])

    def clear(self) -> None:
        """Make every pixel invalid, in place."""
        self.rgb[:] = 0
        self.valid[:] = False

    def fill_from(self, other: "Pixels") -> None:
        """Take over the pixels of a window of the same size, in place."""
        self.rgb[:], self.valid[:] = other.rgb, other.valid


@dataclass(frozen=True)
class Taps:
    """For n output pixels along one axis, the T input pixels each is made of."""

    index: I64
    """(n, T) input pixels, counted from the input grid's first."""
    weight: F32
    """(n, T); rows sum to exactly 1."""

    @property
    def span(self) -> tuple[int, int]:
        """First input pixel used, and one past the last."""
        return int(self.index.min()), int(self.index.max()) + 1

    def moved(self, by: int) -> "Taps":
        """The same taps with input pixels counted from ``by`` pixels before the present first."""
        return Taps(self.index + by, self.weight)

    def __getitem__(self, part: slice) -> "Taps":
        return Taps(self.index[part], self.weight[part])


@dataclass(frozen=True)
class AxisMap:
    """Where the pixels of an output grid lie on an input grid, along one axis, in absolute indices of both."""

    ratio: float
    """Input pixels in one output pixel."""
    shift: float
    """Input pixels; the fraction by which the two grids are apart."""
    source_origin: int
    """Absolute index of the input grid's first pixel."""
    target_origin: int
    """Absolute index of the output grid's first pixel."""

    @property
    def same(self) -> bool:
        """True when output pixels are input pixels."""
        return self.ratio == 1 and self.shift == 0

    def taps(self, start: int, stop: int) -> Taps:
        """Taps of output pixels [start, stop), counted from the output grid's first; may lie outside the input."""
        k = self.target_origin + np.arange(start, stop, dtype=np.int64)
        low = (k * self.ratio + self.shift).astype(np.float64)
        if self.ratio >= 1:
            index, weight = _area(low, self.ratio)
        else:
            index, weight = _bilinear(low + self.ratio / 2 - 0.5)
        steps = np.rint(weight * _STEPS)
        heaviest = np.argmax(steps, axis=1)
        steps[np.arange(len(k)), heaviest] += _STEPS - steps.sum(axis=1)
        used = steps.any(axis=0)
        return Taps(index[:, used] - self.source_origin, (steps[:, used] / _STEPS).astype(np.float32))


def axis_maps(source: GeoBox, target: GeoBox) -> tuple[AxisMap, AxisMap]:
    """(rows, columns) of ``target`` on ``source``; both north-up, in one CRS."""
    columns = _axis_map(source.affine.c, source.affine.a, target.affine.c, target.affine.a)
    # Rows count to the south, so the axis is turned round.
    rows = _axis_map(-source.affine.f, -source.affine.e, -target.affine.f, -target.affine.e)
    return rows, columns


def _axis_map(source_edge: float, source_size: float, target_edge: float, target_size: float) -> AxisMap:
    source_size, target_size = _nominal(source_size), _nominal(target_size)
    source_origin, target_origin = pixel_index(source_edge / source_size), pixel_index(target_edge / target_size)
    ratio = target_size / source_size
    shift = (target_edge / target_size - target_origin) * ratio - (source_edge / source_size - source_origin)
    return AxisMap(ratio, round(shift * _STEPS) / _STEPS, source_origin, target_origin)


def resample(pixels: Pixels, rows: Taps, cols: Taps, out: Pixels) -> None:
    """Fill ``out`` from the taps, whose indices count from the corner of ``pixels``.

    Pixels that are not valid carry no weight; an output pixel is valid when at least half of its weight is.
    """
    for first in range(0, len(cols.index), _COLUMNS_AT_ONCE):
        part = cols[first : first + _COLUMNS_AT_ONCE]
        low, high = part.span
        columns = slice(first, first + len(part.index))
        valid = pixels.valid[:, low:high]
        if valid.any():
            _weighted(pixels.rgb[:, low:high], valid, rows, part.moved(-low), out[:, columns])
        else:
            out[:, columns].clear()


def _weighted(rgb: U8, valid: Bool, rows: Taps, cols: Taps, out: Pixels) -> None:
    if valid.all():
        out.rgb[:] = np.rint(_separable(rgb, rows, cols))
        out.valid[:] = True
        return
    known = valid[..., None].astype(np.uint8)
    weight = _separable(known, rows, cols)  # (n, m, 1)
    keep = weight >= 0.5
    out.rgb[:] = np.rint(_separable(rgb * known, rows, cols) * keep / np.where(keep, weight, 1))
    out.valid[:] = keep[..., 0]


def _separable(values: U8, rows: Taps, cols: Taps) -> F32:
    """(h, w, c) -> (n, m, c). Turned over between the axes: whole rows are added, which is what memory does best."""
    height, width, channels = values.shape
    down = _combined(values.reshape(height, width * channels), rows)  # (n, w * c)
    turned = np.ascontiguousarray(down.T).reshape(width, channels * len(down))
    across = _combined(turned, cols)  # (m, c * n)
    return across.reshape(len(across), channels, len(down)).transpose(2, 0, 1)


def _combined(values: U8 | F32, taps: Taps) -> F32:
    """(h, w) -> (n, w); one tap after the other, so that a pixel's sum does not depend on its neighbours."""
    total = values[taps.index[:, 0]] * taps.weight[:, :1]
    for t in range(1, taps.index.shape[1]):
        total += values[taps.index[:, t]] * taps.weight[:, t : t + 1]
    return total


def _area(low: F64, ratio: float) -> tuple[I64, F32]:
    count = math.ceil(ratio) + 1
    index = np.floor(low).astype(np.int64)[:, None] + np.arange(count)  # (n, T)
    overlap = np.minimum(low[:, None] + ratio, index + 1) - np.maximum(low[:, None], index)
    return index, (np.clip(overlap, 0, None) / ratio).astype(np.float32)


def _bilinear(center: F64) -> tuple[I64, F32]:
    first = np.floor(center)
    far = center - first
    index = first.astype(np.int64)[:, None] + np.arange(2)
    return index, np.stack([1 - far, far], axis=1).astype(np.float32)


def _nominal(size: float) -> float:
    """Pixel size without the noise that a geotransform collects (0.6000000000000106 -> 0.6)."""
    return float(f"{size:.9g}")
