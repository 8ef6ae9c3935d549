"""Sets of embeddings with exactly the structure of Major TOM's: columns, types, fragments of cells in their UTM zones.

A cell is about 10.7 km wide and cut into three times three fragments that overlap; the geometry is plain well-known
binary in degrees without GeoParquet's metadata, and vectors are lists of floats that are not of unit length.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import shapely
from pyarrow import parquet
from pyproj import Transformer

from graft_core.types import F32

PIXEL_M = 10.0
DEGREES = "OGC:CRS84"
SCHEMA = pyarrow.schema(
    [
        ("unique_id", pyarrow.string()),
        ("embedding", pyarrow.list_(pyarrow.float32())),
        ("timestamp", pyarrow.string()),
        ("product_id", pyarrow.string()),
        ("grid_cell", pyarrow.string()),
        ("grid_row_u", pyarrow.int16()),
        ("grid_col_r", pyarrow.int16()),
        ("geometry", pyarrow.binary()),
        ("centre_lat", pyarrow.float32()),
        ("centre_lon", pyarrow.float32()),
        ("utm_footprint", pyarrow.string()),
        ("utm_crs", pyarrow.string()),
        ("pixel_bbox", pyarrow.list_(pyarrow.int64())),
    ]
)


@cache
def transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@dataclass(frozen=True)
class Fragment:
    """One square of a cell."""

    utm: tuple[float, float, float, float]
    """Left, bottom, right, top, metres."""
    crs: str
    """UTM zone, ``EPSG:326xx``."""
    cell: tuple[int, int]
    """Row and column of the cell in Major TOM's grid."""
    pixels: tuple[int, int, int, int]
    """First and last column and row in the cell's image, as ``pixel_bbox`` has them."""

    @property
    def shape(self) -> Any:
        """Polygon in degrees."""
        to_degrees = transformer(self.crs, DEGREES)
        return shapely.transform(shapely.box(*self.utm), lambda xy: np.column_stack(to_degrees.transform(*xy.T)))

    @property
    def lonlat(self) -> tuple[float, float]:
        """Of the middle."""
        left, bottom, right, top = self.utm
        lon, lat = transformer(self.crs, DEGREES).transform((left + right) / 2, (bottom + top) / 2)
        return float(lon), float(lat)


def cell(
    lon: float, lat: float, *, place: tuple[int, int] = (0, 0), side_px: int = 384, count: int = 3
) -> list[Fragment]:
    """The fragments of one cell around a place, in the UTM zone of the place, a ninth of them overlapping."""
    crs = f"EPSG:{32600 + int((lon + 180) // 6) + 1}"
    x, y = transformer(DEGREES, crs).transform(lon, lat)
    step = round(side_px * 342 / 384)
    half = PIXEL_M * (step * (count - 1) + side_px) / 2
    fragments = []
    for row in range(count):
        for col in range(count):
            left, top = x - half + PIXEL_M * step * col, y + half - PIXEL_M * step * row
            utm = (left, top - PIXEL_M * side_px, left + PIXEL_M * side_px, top)
            pixels = (step * col, step * row, step * col + side_px, step * row + side_px)
            fragments.append(Fragment(utm, crs, place, pixels))
    return fragments


def identity(fragment: Fragment, timestamp: str) -> str:
    """Sixty-four hex digits, as theirs."""
    return hashlib.sha256(f"{fragment.utm}{fragment.crs}{timestamp}".encode()).hexdigest()


def product(timestamp: str) -> str:
    return f"S2A_MSIL2A_{timestamp}_N0509_R022_T33UUU_{timestamp}"


def rows(fragments: Sequence[Fragment], vectors: F32 | Sequence[Any], timestamps: str | Sequence[str]) -> Any:
    """An arrow table of one row a fragment."""
    times = [timestamps] * len(fragments) if isinstance(timestamps, str) else list(timestamps)
    values = {
        "unique_id": [identity(each, time) for each, time in zip(fragments, times, strict=True)],
        "embedding": [None if each is None else list(map(float, each)) for each in vectors],
        "timestamp": times,
        "product_id": [product(time) for time in times],
        "grid_cell": [f"{row}U_{col}R" for row, col in (each.cell for each in fragments)],
        "grid_row_u": [each.cell[0] for each in fragments],
        "grid_col_r": [each.cell[1] for each in fragments],
        "geometry": [shapely.to_wkb(each.shape) for each in fragments],
        "centre_lat": [each.lonlat[1] for each in fragments],
        "centre_lon": [each.lonlat[0] for each in fragments],
        "utm_footprint": [shapely.to_wkt(shapely.box(*each.utm)) for each in fragments],
        "utm_crs": [each.crs for each in fragments],
        "pixel_bbox": [list(each.pixels) for each in fragments],
    }
    return pyarrow.table(values, schema=SCHEMA)


def write(path: Path, table: Any) -> Path:
    """A part of a set; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, compression="snappy", row_group_size=64)
    return path
