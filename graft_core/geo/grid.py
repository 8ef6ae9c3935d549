"""The absolute tile lattice: which windows of a scene an encoder sees, whatever extent is asked."""

import json
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import GraftError

GSD_TOLERANCE = 0.02
"""A scene whose pixels are within this share of the wanted size is used as it is, without resampling."""

_ALMOST = 1e-6
"""Pixels; differences below it are float noise of a geotransform, never a shift."""

_INDEX_SHIFT = 1 / math.pi
"""Added before flooring a position to a pixel index. Grids start at simple fractions of a pixel (0, 1/2, 1/3 ...); all
of them stay clear of the step, so the noise of a geotransform cannot move an index."""


@dataclass(frozen=True)
class Tile:
    """One square encoder input."""

    row: int
    """Row in the absolute lattice, growing to the south."""
    col: int
    """Column in the absolute lattice, growing to the east."""
    top: int
    """First pixel row in the working grid; negative where the tile hangs over the scene's northern border."""
    left: int
    """First pixel column in the working grid; negative where the tile hangs over the western border."""


@dataclass(frozen=True)
class TileGrid:
    """The part of the absolute lattice that touches one scene.

    Tile (row, col) starts at pixel (row * stride_px, col * stride_px) counted from the origin of the CRS, so two
    crops of one raster share their windows.
    """

    geobox: GeoBox
    """Working pixel grid: north-up, metres, at the encoder's GSD."""
    tile_px: int
    """Side of a tile, pixels."""
    stride_px: int
    """Step from one tile to the next, pixels."""
    row0: int
    """Absolute index of the first lattice row."""
    col0: int
    """Absolute index of the first lattice column."""
    rows: int
    """Lattice rows."""
    cols: int
    """Lattice columns."""

    def __len__(self) -> int:
        return self.rows * self.cols

    @property
    def gsd(self) -> float:
        """Metres per pixel of the working grid."""
        return float(self.geobox.resolution.x)

    def tile(self, i: int) -> Tile:
        """The tile at row-major position ``i`` of this grid; IndexError outside 0 .. len - 1."""
        if not 0 <= i < len(self):
            raise IndexError(f"Tile position {i} lies outside 0..{len(self) - 1}.")
        row, col = self.row0 + i // self.cols, self.col0 + i % self.cols
        origin_row, origin_col = pixel_origin(self.geobox)
        return Tile(row, col, top=row * self.stride_px - origin_row, left=col * self.stride_px - origin_col)

    def bounds(self, i: int) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) of a tile in CRS units."""
        tile = self.tile(i)
        left, top = self.geobox.affine @ (tile.left, tile.top)
        right, bottom = self.geobox.affine @ (tile.left + self.tile_px, tile.top + self.tile_px)
        return left, bottom, right, top

    @property
    def centers(self) -> npt.NDArray[np.float64]:
        """(N, 2) x and y of every tile's centre in CRS units, by position."""
        return self.middles(np.arange(len(self)))

    def middles(self, position: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """(N, 2) x and y of the centres of the tiles at (N,) positions, in CRS units."""
        first = self.tile(0)
        cols = first.left + self.tile_px / 2 + self.stride_px * (position % self.cols)
        rows = first.top + self.tile_px / 2 + self.stride_px * (position // self.cols)
        x = self.geobox.affine.c + self.geobox.affine.a * cols
        y = self.geobox.affine.f + self.geobox.affine.e * rows
        return np.stack([x, y], axis=1)  # (N, 2)

    def to_json(self) -> str:
        """Text from which ``from_json`` makes an equal grid."""
        height, width = self.geobox.shape
        fields = {
            "crs": str(self.geobox.crs),
            "affine": list(self.geobox.affine[:6]),
            "shape": [height, width],
            "tile_px": self.tile_px,
            "stride_px": self.stride_px,
            "row0": self.row0,
            "col0": self.col0,
            "rows": self.rows,
            "cols": self.cols,
        }
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> "TileGrid":
        """The grid that ``to_json`` wrote; GraftError when the text is something else."""
        try:
            fields = json.loads(text)
            height, width = fields["shape"]
            geobox = GeoBox((height, width), Affine(*fields["affine"]), fields["crs"])
            numbers = (int(fields[key]) for key in ("tile_px", "stride_px", "row0", "col0", "rows", "cols"))
            return cls(geobox, *numbers)
        except (ValueError, KeyError, TypeError) as error:
            raise GraftError(f"This is not a tile grid ({error}): {text[:80]!r}. Index the scene again.") from error


def pixel_origin(geobox: GeoBox) -> tuple[int, int]:
    """(row, col) of a north-up grid's first pixel, counted in pixels of that grid from the origin of its CRS."""
    size = float(geobox.resolution.x)
    return pixel_index(-geobox.affine.f / size), pixel_index(geobox.affine.c / size)


def working_geobox(scene_geobox: GeoBox, gsd: float) -> GeoBox:
    """The pixel grid tiles are cut from: the scene's own where it fits, else one on whole multiples of ``gsd``.

    The scene's own grid is kept when its GSD is within 2 % of ``gsd`` (metres); otherwise the grid covers the scene
    and its pixel edges lie on whole multiples of ``gsd`` in the CRS.
    """
    _require_metric(scene_geobox)
    if not (math.isfinite(gsd) and gsd > 0):
        raise GraftError(f"A ground sampling distance of {gsd} m is not possible; give metres per pixel above 0.")
    if abs(float(scene_geobox.resolution.x) - gsd) <= GSD_TOLERANCE * gsd:
        return scene_geobox
    box = scene_geobox.boundingbox
    return snapped_geobox((box.left, box.bottom, box.right, box.top), gsd, str(scene_geobox.crs))


def snapped_geobox(bounds: tuple[float, float, float, float], gsd: float, crs: str) -> GeoBox:
    """North-up grid that covers (left, bottom, right, top), its pixel edges on whole multiples of ``gsd``."""
    left, bottom, right, top = bounds
    col0, col1 = math.floor(left / gsd + _ALMOST), math.ceil(right / gsd - _ALMOST)
    row0, row1 = math.floor(-top / gsd + _ALMOST), math.ceil(-bottom / gsd - _ALMOST)
    shape = (max(row1 - row0, 1), max(col1 - col0, 1))
    return GeoBox(shape, Affine(gsd, 0, col0 * gsd, 0, -gsd, -row0 * gsd), crs)


def tile_grid(scene_geobox: GeoBox, *, gsd: float, tile_px: int, stride_px: int) -> TileGrid:
    """Every tile of the absolute lattice that touches the scene, brought to ``gsd`` metres per pixel.

    Each pixel of the scene lies in at least one tile. GraftError when the stride would leave gaps.
    """
    if tile_px < 1 or not 1 <= stride_px <= tile_px:
        raise GraftError(f"A stride of {stride_px} px does not fit tiles of {tile_px} px; choose 1 to {tile_px}.")
    geobox = working_geobox(scene_geobox, gsd)
    height, width = geobox.shape
    origin_row, origin_col = pixel_origin(geobox)
    row0, rows = _lattice_span(origin_row, height, tile_px, stride_px)
    col0, cols = _lattice_span(origin_col, width, tile_px, stride_px)
    return TileGrid(geobox, tile_px, stride_px, row0, col0, rows, cols)


def _lattice_span(start: int, length: int, tile_px: int, stride_px: int) -> tuple[int, int]:
    """First lattice index and count of the tiles [k*stride, k*stride + tile) that meet pixels [start, start+length)."""
    first = (start - tile_px) // stride_px + 1
    last = (start + length - 1) // stride_px
    return first, last - first + 1


def pixel_index(position: float) -> int:
    """Index of the pixel that starts at ``position`` (in pixels from the origin), whatever the float noise."""
    return math.floor(position + _INDEX_SHIFT)


def _require_metric(geobox: GeoBox) -> None:
    affine = geobox.affine
    if affine.b or affine.d or affine.a <= 0 or affine.e >= 0 or geobox.crs is None or not geobox.crs.projected:
        raise GraftError(f"Tiles need a north-up grid in a projected CRS, not {geobox!r}; open the scene first.")
