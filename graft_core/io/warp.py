"""Scenes that are rotated, in degrees, or in a projection untrue to scale: brought to north-up metres once."""

import math

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from rasterio.warp import reproject, transform

from graft_core.errors import SceneError
from graft_core.geo.grid import pixel_origin, snapped_geobox
from graft_core.io.reader import PixelSource
from graft_core.io.resample import F64, Pixels
from graft_core.io.source import crs_text, dataset_geobox, require_place

_TRUE_SCALE = 0.03
"""A grid whose pixels on the ground differ by more than this share from its CRS is warped (Web Mercator far north)."""
_CELL = 256
"""Pixels; cells of the absolute grid are warped one by one, so a pixel does not depend on the window asked."""
_EDGE_POINTS = 21
_MARGIN = 2
"""Source pixels read around a cell, for bilinear interpolation."""


def base_geobox(dataset: DatasetReader, label: str) -> GeoBox:
    """The file's own grid when it is north-up in true metres, else a grid at its native GSD that covers it.

    The other grid is in the local UTM zone, or in the file's own CRS where only its orientation is in the way.
    SceneError without a CRS or without a transform.
    """
    require_place(dataset, label)
    local = _local_crs(dataset, label)
    gsd_x, gsd_y, gsd = _ground_pixel(dataset, local)
    affine = dataset.transform
    metric = dataset.crs.is_projected and dataset.crs.linear_units_factor[1] == 1
    true = metric and _close(gsd_x, math.hypot(affine.a, affine.d)) and _close(gsd_y, math.hypot(affine.b, affine.e))
    square = abs(affine.a + affine.e) <= 1e-6 * abs(affine.a)
    if true and square and affine.a > 0 and affine.b == affine.d == 0:
        return dataset_geobox(dataset)
    target = dataset.crs if true else local
    return snapped_geobox(_bounds_in(dataset, target), _round_gsd(gsd), crs_text(target))


def native_gsd(dataset: DatasetReader, label: str) -> float:
    """Metres on the ground per pixel, at the middle of the raster."""
    return _ground_pixel(dataset, _local_crs(dataset, label))[2]


class WarpedSource:
    """The pixels of another source on a north-up metric grid, bilinear, weighted by validity."""

    def __init__(self, source: PixelSource, geobox: GeoBox) -> None:
        self._source = source
        self.geobox = _whole_cells(geobox)

    @property
    def strip_rows(self) -> int:
        """Height of a cell."""
        return _CELL

    def read(self, top: int, left: int, out: Pixels) -> None:
        """Fill ``out``, its first pixel at (top, left), from whole cells."""
        out.clear()
        height, width = out.valid.shape
        rows, cols = self.geobox.shape
        for cell_top in range(max(top, 0) // _CELL * _CELL, min(top + height, rows), _CELL):
            for cell_left in range(max(left, 0) // _CELL * _CELL, min(left + width, cols), _CELL):
                cell = self._cell(cell_top, cell_left)
                if cell is not None:
                    there_y, here_y = _overlap(top, height, cell_top)
                    there_x, here_x = _overlap(left, width, cell_left)
                    out[there_y, there_x].fill_from(cell[here_y, here_x])

    def _cell(self, top: int, left: int) -> Pixels | None:
        """One warped cell, or None where the source has nothing."""
        affine = self.geobox.affine @ Affine.translation(left, top)
        window = self._source_window(affine)
        if window is None:
            return None
        first_row, first_col, height, width = window
        pixels = Pixels.empty(height, width)
        self._source.read(first_row, first_col, pixels)
        if not pixels.valid.any():
            return None
        alpha = np.where(pixels.valid, np.uint8(255), np.uint8(0))
        given = np.concatenate([np.moveaxis(pixels.rgb, -1, 0), alpha[None]])  # (4, h, w)
        warped = np.zeros((4, _CELL, _CELL), np.uint8)
        reproject(
            given,
            warped,
            src_transform=self._source.geobox.affine @ Affine.translation(first_col, first_row),
            src_crs=_rasterio_crs(self._source.geobox),
            dst_transform=affine,
            dst_crs=_rasterio_crs(self.geobox),
            src_alpha=4,
            dst_alpha=4,
            resampling=Resampling.bilinear,
            tolerance=0.01,
            # Fixed, or GDAL derives the width of its kernel from the source window, which a crop cuts differently.
            XSCALE="1",
            YSCALE="1",
        )
        valid = warped[3] >= 128
        return Pixels(np.moveaxis(warped[:3], 0, -1) * valid[..., None], valid)

    def _source_window(self, affine: Affine) -> tuple[int, int, int, int] | None:
        """(top, left, height, width) of the source pixels under one cell, or None outside the source."""
        x, y = _edge(affine, _CELL, _CELL)
        x, y = _moved(_rasterio_crs(self.geobox), _rasterio_crs(self._source.geobox), x, y)
        cols, rows = ~self._source.geobox.affine @ (x, y)
        height, width = self._source.geobox.shape
        first_row, last_row = max(math.floor(rows.min()) - _MARGIN, 0), min(math.ceil(rows.max()) + _MARGIN, height)
        first_col, last_col = max(math.floor(cols.min()) - _MARGIN, 0), min(math.ceil(cols.max()) + _MARGIN, width)
        if first_row >= last_row or first_col >= last_col:
            return None
        return first_row, first_col, last_row - first_row, last_col - first_col


def _whole_cells(geobox: GeoBox) -> GeoBox:
    """The grid grown to whole cells counted from the origin of the CRS."""
    (height, width), (row, col) = geobox.shape, pixel_origin(geobox)
    above, before = row % _CELL, col % _CELL
    shape = (math.ceil((height + above) / _CELL) * _CELL, math.ceil((width + before) / _CELL) * _CELL)
    return GeoBox(shape, geobox.affine @ Affine.translation(-before, -above), geobox.crs)


def _overlap(start: int, length: int, cell: int) -> tuple[slice, slice]:
    """What a window and a cell share along one axis, counted in the window and in the cell."""
    first, last = max(start, cell), min(start + length, cell + _CELL)
    return slice(first - start, last - start), slice(first - cell, last - cell)


def _ground_pixel(dataset: DatasetReader, local: CRS) -> tuple[float, float, float]:
    """Metres on the ground along a row, along a column, and of a square of the same area, mid-raster."""
    col, row = dataset.width / 2, dataset.height / 2
    x, y = dataset.transform @ (np.array([col, col + 1, col]), np.array([row, row, row + 1]))
    x, y = _moved(dataset.crs, local, x, y)
    across, down = (x[1] - x[0], y[1] - y[0]), (x[2] - x[0], y[2] - y[0])
    area = abs(across[0] * down[1] - across[1] * down[0])
    return math.hypot(*across), math.hypot(*down), math.sqrt(area)


def _local_crs(dataset: DatasetReader, label: str) -> CRS:
    """The UTM zone of the raster's middle; polar stereographic beyond 84 N and 80 S."""
    if not (dataset.crs.is_projected or dataset.crs.is_geographic):
        raise SceneError(
            f"{label} is in a CRS that is not tied to the Earth; assign a projected one and open it again."
        )
    x, y = dataset.transform @ (np.array([dataset.width / 2]), np.array([dataset.height / 2]))
    lons, lats = transform(dataset.crs, CRS.from_epsg(4326), x, y)
    lon, lat = lons[0], lats[0]
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90):
        raise SceneError(f"{label} lies outside its own CRS {crs_text(dataset.crs)}; assign the right one.")
    if lat > 84 or lat < -80:
        return CRS.from_epsg(32661 if lat > 0 else 32761)
    zone = int((lon + 180) // 6) % 60 + 1
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def _bounds_in(dataset: DatasetReader, target: CRS) -> tuple[float, float, float, float]:
    x, y = _moved(dataset.crs, target, *_edge(dataset.transform, dataset.width, dataset.height))
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _edge(affine: Affine, width: int, height: int) -> tuple[F64, F64]:
    """Points along the four edges of a pixel rectangle, in its CRS; corners alone miss the bulge of a projection."""
    step = np.linspace(0, 1, _EDGE_POINTS)
    near, far = np.zeros_like(step), np.ones_like(step)
    cols = np.concatenate([step, step, near, far]) * width
    rows = np.concatenate([near, far, step, step]) * height
    x, y = affine @ (cols, rows)
    return x, y


def _moved(source: CRS, target: CRS, x: F64, y: F64) -> tuple[F64, F64]:
    if source == target:
        return x, y
    xs, ys = transform(source, target, x, y)
    return np.asarray(xs), np.asarray(ys)


def _round_gsd(gsd: float) -> float:
    """Two digits where that changes less than 2 %, else three: neighbouring crops then share one grid."""
    short = float(f"{gsd:.2g}")
    return short if abs(short - gsd) <= 0.02 * gsd else float(f"{gsd:.3g}")


def _close(ground: float, declared: float) -> bool:
    return abs(ground - declared) <= _TRUE_SCALE * declared


def _rasterio_crs(geobox: GeoBox) -> CRS:
    return CRS.from_user_input(str(geobox.crs))
