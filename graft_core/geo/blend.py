"""From one value a tile to one value a pixel, without seams and without depending on the extent asked."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import TileGrid, pixel_origin
from graft_core.types import F32, I64

F64 = npt.NDArray[np.float64]
Kernel = Literal["hann", "bilinear"]
"""``hann``: every tile over a pixel counts, most where the pixel is in its middle. ``bilinear``: the four tiles whose
centres lie around a pixel count, by nearness; for patches, which do not overlap."""

_PHASE_DIGITS = 3
"""A grid's offset from whole pixels is rounded to a thousandth, so that the float noise in the origin of one window
cannot make its pixels differ from the same pixels of another window."""
_WHOLE = 1 - 1e-9
"""Share of a pixel's weight above which none of its tiles is missing; what is left is rounding."""


@dataclass(frozen=True)
class _Axis:
    """How the pixels of one side of a window draw on the lattice."""

    index: I64
    """(k, n) absolute lattice index of the k tiles that may count for each pixel, ascending."""
    weight: F64
    """(k, n) their weights, summing to 1 over k; 0 for a tile that does not count."""

    @property
    def span(self) -> tuple[int, int]:
        """First lattice index touched and one past the last."""
        return int(self.index.min()), int(self.index.max()) + 1


@dataclass(frozen=True)
class LatticeField:
    """Values on the tile lattice, to be seen as pixels.

    Each pixel is a mean of tiles, weighted in both directions by a Hann window over the tile or by the nearness of its
    centre, and normalised over the tiles that exist. Every pixel is computed by itself from its absolute position: any
    two windows agree to the bit where they overlap, and so do two crops of one raster where the same tiles exist.
    """

    values: F32
    """(K, rows, cols) K quantities a tile; NaN where the tile is missing or failed."""
    grid: TileGrid
    """The lattice they stand on."""
    kernel: Kernel = "hann"
    """Which tiles count for a pixel, and how much."""

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[1:] != (self.grid.rows, self.grid.cols):
            raise ValueError(
                f"values of shape {self.values.shape} do not fit a lattice of {self.grid.rows} x {self.grid.cols}"
            )

    def window(self, target: GeoBox) -> F32:
        """(K, h, w) values of the pixels of ``target``, NaN where no existing tile counts for them.

        ``target`` is north-up in the CRS of the grid; its pixels may be smaller or larger than the grid's.
        """
        if target.crs != self.grid.geobox.crs:
            raise ValueError(f"the window is in {target.crs}, the lattice in {self.grid.geobox.crs}")
        down, across = _axes(target, self.grid, self.kernel)
        part = self._part(down.span, across.span)  # (K, r, c)
        known = ~np.isnan(part)
        columns = _along_columns(np.where(known, part, 0.0), across)  # (K, r, w)
        shares = None if known.all() else _along_columns(known.astype(np.float64), across)
        out = np.empty((len(part), *target.shape), np.float32)
        for run in _runs(down.index[0]):
            blended = _along_rows(columns, down, run)
            if shares is not None:
                share = _along_rows(shares, down, run)
                share[share > _WHOLE] = 1.0
                with np.errstate(invalid="ignore"):
                    blended /= share  # 0 / 0: no tile, NaN
            out[:, run] = blended
        return out

    def _part(self, rows: tuple[int, int], cols: tuple[int, int]) -> F64:
        """The lattice between absolute indices, NaN where it ends."""
        part = self.values
        for axis, (first, last), start in ((1, rows, self.grid.row0), (2, cols, self.grid.col0)):
            index = np.arange(first, last) - start
            part = part.take(index, axis=axis, mode="clip")
            beyond = (index < 0) | (index >= self.values.shape[axis])
            np.moveaxis(part, axis, 0)[beyond] = np.nan
        return part.astype(np.float64)


def _axes(target: GeoBox, grid: TileGrid, kernel: Kernel) -> tuple[_Axis, _Axis]:
    """Rows and columns of ``target`` on the lattice of ``grid``."""
    ratio = float(target.resolution.x) / grid.gsd
    ours, theirs = _origin_and_phase(grid.geobox), _origin_and_phase(target)
    axes = []
    for (_, own_phase), (origin, phase), length in zip(ours, theirs, target.shape, strict=True):
        pixels = np.arange(origin, origin + length, dtype=np.float64)
        # Pixel centres, in pixels of the working grid counted from where the lattice begins.
        position = (pixels + (phase + 0.5)) * ratio - own_phase
        axes.append((_hann if kernel == "hann" else _bilinear)(position, grid.tile_px, grid.stride_px))
    return axes[0], axes[1]


def _origin_and_phase(geobox: GeoBox) -> tuple[tuple[int, float], tuple[int, float]]:
    """Of rows and columns: whole pixels from the CRS origin to the first pixel, and the rest in pixels."""
    affine, size = geobox.affine, float(geobox.resolution.x)
    if affine.b or affine.d or not math.isclose(affine.a, -affine.e, rel_tol=1e-9) or affine.a <= 0:
        raise ValueError(f"the grid {tuple(affine[:6])} is not north-up with square pixels")
    row, col = pixel_origin(geobox)
    return (row, round(-affine.f / size - row, _PHASE_DIGITS)), (col, round(affine.c / size - col, _PHASE_DIGITS))


def _bilinear(position: F64, tile_px: int, stride_px: int) -> _Axis:
    between = (position - tile_px / 2) / stride_px
    first = np.floor(between).astype(np.int64)
    share = between - first
    return _Axis(np.stack([first, first + 1]), np.stack([1 - share, share]))


def _hann(position: F64, tile_px: int, stride_px: int) -> _Axis:
    overlap = -(-tile_px // stride_px)
    last = np.floor(position / stride_px).astype(np.int64)
    index = last + np.arange(1 - overlap, 1)[:, None]  # (k, n)
    inside = position - index * stride_px
    # Half a pixel off the rim keeps the weight above zero where only one tile lies over a pixel.
    weight = np.sin(np.pi / tile_px * np.clip(inside, 0.5, tile_px - 0.5)) ** 2
    weight[inside >= tile_px] = 0.0
    return _Axis(index, weight / weight.sum(axis=0))


def _runs(first: I64) -> list[slice]:
    """Stretches of pixels that draw on the same tiles."""
    edges = np.flatnonzero(np.diff(first)) + 1
    return [slice(a, b) for a, b in zip([0, *edges], [*edges, len(first)], strict=True)]


def _along_columns(part: F64, across: _Axis) -> F64:
    """(K, r, c) -> (K, r, w)"""
    index = across.index - across.span[0]
    total = part[:, :, index[0]] * across.weight[0]
    for i, weight in zip(index[1:], across.weight[1:], strict=True):
        total += part[:, :, i] * weight
    return np.asarray(total)


def _along_rows(columns: F64, down: _Axis, run: slice) -> F64:
    """(K, r, w) -> (K, rows of the run, w); plain products and sums in a fixed order, as BLAS would not promise."""
    index = down.index[:, run.start] - down.span[0]
    total = columns[:, index[0], None] * down.weight[0, run, None]
    for i, weight in zip(index[1:], down.weight[1:, run], strict=True):
        total += columns[:, i, None] * weight[:, None]
    return np.asarray(total)
