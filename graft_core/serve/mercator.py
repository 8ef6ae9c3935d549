"""The web-mercator grid of tiles, and rasters of any projection drawn on it."""

import math
from collections.abc import Sequence

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.warp import reproject, transform

from graft_core.geo.place import bounds_wgs84
from graft_core.io.reader import RasterSource, Rendering
from graft_core.io.resample import F64, Pixels
from graft_core.types import U8

MAX_ZOOM = 24
"""Pixels of a centimetre; nobody has imagery for more."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
Part = tuple[int, int, int, int]
"""Top, left, height and width of a part of a tile, in its pixels."""

_MERCATOR = "EPSG:3857"
_HALF_WORLD = math.pi * 6378137
"""Metres from the middle of the web-mercator square to its edge."""
_HIGHEST_LAT = 85.0511287798
_PIXELS_AT_ONCE = 2**22
"""Source pixels read together; a tile that needs more is drawn in quarters, so that memory stays bounded."""
_SMALLEST_PART = 16
_MARGIN = 2
"""Source pixels read around a part, for interpolation."""
_CRISP = 0.5
"""Source pixels per tile pixel below which pixels are shown as squares: who zooms in that far wants to see them."""


def tile_affine(x: int, y: int, z: int, size: int) -> Affine:
    """Pixel of a tile -> web-mercator metres."""
    span = 2 * _HALF_WORLD / 2**z
    return Affine(span / size, 0, x * span - _HALF_WORLD, 0, -span / size, _HALF_WORLD - y * span)


def native_zoom(geobox: GeoBox) -> int:
    """First zoom whose tiles of 256 pixels are as fine as the grid."""
    area = sum((east - west) * (north - south) for west, south, east, north in _mercator(bounds_wgs84(geobox)))
    pixel = math.sqrt(area / (geobox.shape[0] * geobox.shape[1]))
    return min(max(math.ceil(math.log2(2 * _HALF_WORLD / 256 / pixel) - 0.01), 0), MAX_ZOOM)


def _mercator(bounds: Bounds) -> list[Bounds]:
    """The bounds in web-mercator metres; two where they cross the antimeridian."""
    west, south, east, north = bounds
    bottom, top = (math.asinh(math.tan(math.radians(lat))) / math.pi * _HALF_WORLD for lat in _on_map(south, north))
    sides = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    return [(left / 180 * _HALF_WORLD, bottom, right / 180 * _HALF_WORLD, top) for left, right in sides]


def _on_map(*lats: float) -> list[float]:
    return [min(max(lat, -_HIGHEST_LAT), _HIGHEST_LAT) for lat in lats]


def covered(bounds: Bounds, grid: Affine, size: int) -> list[Part]:
    """The parts of a tile that a picture can reach; transforming what lies far away from it would fail."""
    parts = []
    for west, south, east, north in _mercator(bounds):
        left, top = ~grid @ (west, north)
        right, bottom = ~grid @ (east, south)
        first_row, last_row = max(math.floor(top) - 1, 0), min(math.ceil(bottom) + 1, size)
        first_col, last_col = max(math.floor(left) - 1, 0), min(math.ceil(right) + 1, size)
        if first_row < last_row and first_col < last_col:
            parts.append((first_row, first_col, last_row - first_row, last_col - first_col))
    return parts


def draw(dataset: DatasetReader, rendering: Rendering, grid: Affine, parts: Sequence[Part], out: U8) -> None:
    """Fill parts of ``out`` (4, S, S), colours and alpha, with what the raster shows there; SceneError as in io."""
    source = RasterSource(dataset, rendering)
    for part in parts:
        _draw(source, dataset, grid, part, out)


def _draw(source: RasterSource, dataset: DatasetReader, grid: Affine, part: Part, out: U8) -> None:
    """Fill a part of ``out`` (4, S, S); in quarters where it would take too many source pixels at once."""
    top, left, height, width = part
    window = _source_window(dataset, grid, part)
    if window is None:
        return
    if window[2] * window[3] > _PIXELS_AT_ONCE and min(height, width) > _SMALLEST_PART:
        for rows in ((top, height // 2), (top + height // 2, height - height // 2)):
            for cols in ((left, width // 2), (left + width // 2, width - width // 2)):
                _draw(source, dataset, grid, (rows[0], cols[0], rows[1], cols[1]), out)
        return
    first_row, first_col, rows_read, cols_read = window
    pixels = Pixels.empty(rows_read, cols_read)
    source.read(first_row, first_col, pixels)
    if not pixels.valid.any():
        return
    shrink = shrink_at(dataset, grid, part)
    scale = str(min(1.0, 1 / shrink))
    warped = np.zeros((4, height, width), np.uint8)
    reproject(
        np.concatenate([np.moveaxis(pixels.rgb, -1, 0), pixels.valid[None].astype(np.uint8) * np.uint8(255)]),
        warped,
        src_transform=dataset.transform @ Affine.translation(first_col, first_row),
        src_crs=dataset.crs,
        dst_transform=grid @ Affine.translation(left, top),
        dst_crs=_MERCATOR,
        src_alpha=4,
        dst_alpha=4,
        resampling=Resampling.nearest if shrink <= _CRISP else Resampling.bilinear,
        # Fixed, or GDAL derives the width of its kernel from the part, and quarters would differ.
        XSCALE=scale,
        YSCALE=scale,
    )
    out[:, top : top + height, left : left + width] = warped


def _source_window(dataset: DatasetReader, grid: Affine, part: Part) -> Part | None:
    """Top, left, height and width of the source pixels under a part of a tile, or None beside the source."""
    top, left, height, width = part
    along_y, along_x = np.linspace(top, top + height, 21), np.linspace(left, left + width, 21)
    cols = np.concatenate([along_x, along_x, np.full(21, left), np.full(21, left + width)])
    rows = np.concatenate([np.full(21, top), np.full(21, top + height), along_y, along_y])
    source_cols, source_rows = _source_pixels(dataset, grid, cols, rows)
    margin = _MARGIN + math.ceil(shrink_at(dataset, grid, part))
    first_row, last_row = _span(source_rows, dataset.height, margin)
    first_col, last_col = _span(source_cols, dataset.width, margin)
    if first_row >= last_row or first_col >= last_col:
        return None
    return first_row, first_col, last_row - first_row, last_col - first_col


def _span(positions: F64, length: int, margin: int) -> tuple[int, int]:
    return max(math.floor(positions.min()) - margin, 0), min(math.ceil(positions.max()) + margin, length)


def shrink_at(dataset: DatasetReader, grid: Affine, part: Part) -> float:
    """Source pixels along each side of one tile pixel, in the middle of the part."""
    top, left, height, width = part
    row, col = top + height / 2, left + width / 2
    cols, rows = _source_pixels(dataset, grid, np.array([col, col + 1, col]), np.array([row, row, row + 1]))
    area = (cols[1] - cols[0]) * (rows[2] - rows[0]) - (cols[2] - cols[0]) * (rows[1] - rows[0])
    return math.sqrt(abs(area))


def _source_pixels(dataset: DatasetReader, grid: Affine, cols: F64, rows: F64) -> tuple[F64, F64]:
    """Where pixels of a tile lie among those of the source."""
    x, y = _moved(grid, cols, rows)
    moved = transform(_MERCATOR, dataset.crs, x, y)
    return _moved(~dataset.transform, np.asarray(moved[0]), np.asarray(moved[1]))


def _moved(affine: Affine, x: F64, y: F64) -> tuple[F64, F64]:
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f
