"""Reads a scene's colours window by window: each block decoded once, memory bounded by rows, not by the scene."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.windows import Window

from graft_core.io.resample import Pixels, axis_maps, resample
from graft_core.io.source import AnyArray, dataset_geobox, has_stored_mask, read_stored_mask, read_window
from graft_core.io.stretch import AS_IS, Stretch
from graft_core.types import Bool

_STRIP_ROWS = 256
"""Rows decoded together, about; a whole number of block rows."""
_RESAMPLED_ROWS = 64
"""Rows resampled together; few enough to stay in the processor's cache."""
_CHUNK_COLUMNS = 2048
"""Columns decoded together, about; bounds the raw 16-bit or float values in memory."""


@dataclass(frozen=True)
class Rendering:
    """How raw values become colours and what marks missing pixels."""

    bands: tuple[int, int, int]
    """1-based red, green and blue."""
    stretch: Stretch
    """Raw values to uint8."""
    nodata: float | None
    """A pixel is missing when all three bands have this value; None when no value means that."""
    mask_band: int | None
    """1-based alpha band that really is a mask, or None."""


class PixelSource(Protocol):
    """A north-up grid of colours that can be read at any window, also outside the scene (not valid there)."""

    @property
    def geobox(self) -> GeoBox: ...

    @property
    def strip_rows(self) -> int:
        """Rows that are cheapest to read together, counted from the grid's first row."""
        ...

    def read(self, top: int, left: int, out: Pixels) -> None:
        """Fill ``out`` with the window whose first pixel is (top, left)."""
        ...


class RasterSource:
    """The pixels of an open raster on its own grid."""

    def __init__(self, dataset: DatasetReader, rendering: Rendering) -> None:
        self._dataset = dataset
        self._rendering = rendering
        self._stored_mask = has_stored_mask(dataset)
        self._always_valid = dataset.dtypes[0] == "uint8" and not (
            self._stored_mask or rendering.nodata is not None or rendering.mask_band is not None
        )
        self._block_rows, self._block_cols = dataset.block_shapes[rendering.bands[0] - 1]
        self.geobox = dataset_geobox(dataset)

    @property
    def strip_rows(self) -> int:
        """A whole number of block rows, about 256."""
        return int(self._block_rows * max(1, _STRIP_ROWS // self._block_rows))

    def read(self, top: int, left: int, out: Pixels) -> None:
        """Fill ``out``, its first pixel at (top, left); parts outside the raster are not valid."""
        height, width = out.valid.shape
        first_row, last_row = max(top, 0), min(top + height, self._dataset.height)
        first_col, last_col = max(left, 0), min(left + width, self._dataset.width)
        if (last_row - first_row, last_col - first_col) != (height, width):
            out.clear()
        if first_row >= last_row:
            return
        step = self._block_cols * max(1, _CHUNK_COLUMNS // self._block_cols)
        for chunk in range(first_col // step * step, last_col, step):
            low, high = max(chunk, first_col), min(chunk + step, last_col)
            window = Window(low, first_row, high - low, last_row - first_row)
            self._decode(window, out[first_row - top : last_row - top, low - left : high - left])

    def _decode(self, window: Window, out: Pixels) -> None:
        rendering = self._rendering
        if self._always_valid and rendering.stretch == AS_IS:
            read_window(self._dataset, rendering.bands, window, out=np.moveaxis(out.rgb, -1, 0))
            out.valid[:] = True
            return
        raw, out.valid[:] = self.raw(window)
        complete = bool(out.valid.all())
        if raw.dtype.kind == "f" and not complete:
            raw = np.where(out.valid, raw, np.zeros((), raw.dtype))
        rendering.stretch.apply(raw, out.rgb)
        if not complete:
            np.multiply(out.rgb, out.valid[..., None], out=out.rgb)

    def raw(self, window: Window) -> tuple[AnyArray, Bool]:
        """(3, h, w) values as stored and (h, w) validity of a window inside the raster."""
        raw = read_window(self._dataset, self._rendering.bands, window)  # (3, h, w)
        valid = valid_values(raw, self._rendering.nodata)
        if self._rendering.mask_band is not None:
            valid &= read_window(self._dataset, [self._rendering.mask_band], window)[0] > 0
        if self._stored_mask:
            valid &= read_stored_mask(self._dataset, window) > 0
        return raw, valid


def valid_values(raw: AnyArray, nodata: float | None) -> Bool:
    """(3, h, w) raw values -> (h, w): finite in every band, and not nodata in all of them.

    One band alone may take the nodata value: 0 is also the red of a dark lake.
    """
    valid = np.ones(raw.shape[1:], np.bool_)
    if raw.dtype.kind == "f":
        valid &= np.isfinite(raw).all(axis=0)
    if nodata is not None and _possible(nodata, raw.dtype):
        valid &= ~(raw == raw.dtype.type(nodata)).all(axis=0)
    return valid


def _possible(nodata: float, dtype: np.dtype[Any]) -> bool:
    """False for a nodata value that no pixel of this type equals (NaN, -9999 in uint8)."""
    if dtype.kind == "f":
        return not np.isnan(nodata)
    return float(nodata).is_integer() and np.iinfo(dtype).min <= nodata <= np.iinfo(dtype).max


class RowBuffer:
    """Rows handed out from north to south, produced strip by strip, each strip once, in memory that is used again."""

    def __init__(self, produce: Callable[[int, Pixels], None], strip_rows: int, width: int) -> None:
        self._produce = produce
        self._strip_rows = strip_rows
        self._start = self._stop = 0
        self._buffer = Pixels.empty(0, width)

    def rows(self, start: int, stop: int) -> Pixels:
        """Rows [start, stop), good until the next call; ``start`` may not be above that of an earlier call."""
        self._forget(start)
        while self._stop < stop:
            at = self._stop - self._start
            self._reserve(at + self._strip_rows)
            self._produce(self._stop, self._buffer[at : at + self._strip_rows])
            self._stop += self._strip_rows
        return self._buffer[start - self._start : stop - self._start]

    def _forget(self, start: int) -> None:
        """Move the rows from ``start`` on to the beginning of the memory."""
        kept = self._stop - start
        if kept <= 0 or self._stop == self._start:
            # Nothing is of use: go on at the strip that holds the first row.
            self._start = self._stop = start // self._strip_rows * self._strip_rows
            return
        self._buffer[:kept].fill_from(self._buffer[start - self._start : self._stop - self._start])
        self._start = start

    def _reserve(self, rows: int) -> None:
        have, width = self._buffer.valid.shape
        if rows > have:
            larger = Pixels.empty(rows, width)
            larger[:have].fill_from(self._buffer)
            self._buffer = larger


class View:
    """Columns [left, right) of a target grid, read from a source row by row, resampled where the grids differ."""

    def __init__(self, source: PixelSource, target: GeoBox, left: int, right: int) -> None:
        self._row_map, col_map = axis_maps(source.geobox, target)
        taps = col_map.taps(left, right)
        first, last = taps.span
        self._cols = taps.moved(-first)
        self._source = RowBuffer(lambda top, out: source.read(top, first, out), source.strip_rows, last - first)
        self._resampled: RowBuffer | None = None
        if not (self._row_map.same and col_map.same):
            self._resampled = RowBuffer(self._strip, _RESAMPLED_ROWS, right - left)

    def rows(self, start: int, stop: int) -> Pixels:
        """Rows [start, stop) of the target grid, good until the next call; ``start`` never goes back."""
        if self._resampled is not None:
            return self._resampled.rows(start, stop)
        move = self._row_map.target_origin - self._row_map.source_origin
        return self._source.rows(start + move, stop + move)

    def _strip(self, top: int, out: Pixels) -> None:
        rows = self._row_map.taps(top, top + len(out.valid))
        first, last = rows.span
        resample(self._source.rows(first, last), rows.moved(-first), self._cols, out)
