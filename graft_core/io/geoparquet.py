"""GeoParquet files of points that carry a note of ours: they open in QGIS, and come back whole."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
from pyarrow import parquet
from pyproj import CRS

from graft_core.errors import GraftError
from graft_core.io.atomic import replacing

_GEOMETRY = "geometry"
_WKB_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
"""A point in well-known binary (OGC 06-103r4, section 8), little endian."""
_CRS = "OGC:CRS84"
"""Longitude before latitude, WGS 84: what GeoParquet takes for granted."""


@dataclass(frozen=True)
class PointTable:
    """Points with columns."""

    lonlat: npt.NDArray[np.float64]
    """(N, 2) degrees, WGS 84."""
    columns: dict[str, npt.NDArray[Any]]
    """Name -> (N,) values; text as objects."""
    note: str
    """What the writer kept beside them."""


def write_point_table(path: str | Path, table: PointTable, note_key: str) -> None:
    """Write GeoParquet 1.1, whole or not at all; the note goes into the file's metadata under ``note_key``."""
    lonlat = table.lonlat
    arrays = {name: pyarrow.array(values) for name, values in table.columns.items()}
    arrays[_GEOMETRY] = pyarrow.array(_to_wkb(lonlat), pyarrow.binary())
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": CRS.from_user_input(_CRS).to_json_dict(),
    }
    if len(lonlat):
        column["bbox"] = [float(each) for each in (*lonlat.min(axis=0), *lonlat.max(axis=0))]
    geo = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
    whole = pyarrow.table(arrays).replace_schema_metadata({"geo": json.dumps(geo), note_key: table.note})
    with replacing(path) as draft:
        parquet.write_table(whole, draft, compression="zstd")


def read_point_table(path: str | Path, note_key: str) -> PointTable:
    """What ``write_point_table`` wrote.

    Raises:
        GraftError: the file is not there, no Parquet, or has no such note.
    """
    try:
        table = parquet.read_table(path)
    except FileNotFoundError as error:
        raise GraftError(f"there is no {path}") from error
    except (OSError, pyarrow.ArrowException) as error:
        raise GraftError(f"{path} is no Parquet file, or a damaged one") from error
    note = (table.schema.metadata or {}).get(note_key.encode())
    if note is None or _GEOMETRY not in table.column_names:
        raise GraftError(f"{path} is a Parquet file of another program")
    columns = {name: table[name].to_numpy() for name in table.column_names if name != _GEOMETRY}
    points = table[_GEOMETRY].to_pylist()
    if any(not isinstance(point, bytes) or len(point) != _WKB_POINT.itemsize for point in points):
        raise GraftError(f"the points in {path} are damaged")
    read = np.frombuffer(b"".join(points), _WKB_POINT)
    return PointTable(np.stack([read["x"], read["y"]], axis=1), columns, note.decode())


def _to_wkb(lonlat: npt.NDArray[np.float64]) -> list[bytes]:
    points = np.empty(len(lonlat), _WKB_POINT)
    points["order"], points["kind"] = 1, 1
    points["x"], points["y"] = lonlat.T
    return [point.tobytes() for point in points]
