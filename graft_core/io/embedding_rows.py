"""Rows of published embeddings, streamed: first where each lies, then its vector; memory does not grow with the set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import shapely
from pyarrow import compute
from pyproj import Transformer

from graft_core.errors import EmbeddingsError
from graft_core.geo.frame import EARTH_RADIUS_M
from graft_core.io.embedding_files import WGS84, EmbeddingSet, damaged, opened
from graft_core.types import F32

F64 = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

PLACES_AT_ONCE = 16_384
VECTORS_AT_ONCE = 2048
_DAY = re.compile(r"((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, eq=False)
class Places:
    """Where some consecutive rows of one file lie, and what their publisher says of them."""

    file: int
    """Number of the file in the set."""
    first: int
    """Number of the first row in that file."""
    lonlat: F64
    """(N, 2) degrees, WGS 84, of the middles; NaN where a row has no place."""
    side_m: F64
    """(N,) metres: side of a square as large as the polygon; NaN for points."""
    day: Days
    """(N,) day of the imagery; NaT where nothing tells."""
    names: dict[str, Any]
    """``id`` and ``product``, where there are such columns: arrow arrays of text."""


def read_places(found: EmbeddingSet) -> Iterator[Places]:
    """Places of every row, file by file; EmbeddingsError where a file breaks or lies nowhere on the globe."""
    told = [found.columns[role] for role in ("id", "product", "date") if role in found.columns]
    columns = [*told, *([found.geometry] if found.geometry else (found.columns["lon"], found.columns["lat"]))]
    for number, file in enumerate(found.files):
        first = 0
        for batch in _batches(found, number, columns, PLACES_AT_ONCE):
            lonlat, side = _middles(found, batch, str(file.path))
            names: dict[str, Any] = {
                role: batch.column(found.columns[role]).cast(pyarrow.string())
                for role in ("id", "product")
                if role in found.columns
            }
            yield Places(number, first, lonlat, side, _days(batch, found.columns.get("date")), names)
            first += len(batch)


def read_vectors(found: EmbeddingSet, number: int) -> Iterator[tuple[int, F32]]:
    """Number of the first row, and (N, dim) vectors of unit length, of one file, block by block.

    A row without a vector, or with one that has no direction (zeros) or is not all numbers, is NaN. EmbeddingsError
    where a vector has another length, or the file breaks.
    """
    first = 0
    for batch in _batches(found, number, [found.vector], VECTORS_AT_ONCE):
        yield first, _unit(_rows(batch.column(0), found, number, first))
        first += len(batch)


def _batches(found: EmbeddingSet, number: int, columns: list[str], rows: int) -> Iterator[Any]:
    path = found.files[number].path
    with opened(path) as file:
        batches = file.iter_batches(batch_size=rows, columns=columns)
        while True:
            try:
                batch = next(batches, None)
            except (OSError, pyarrow.ArrowException) as error:
                raise damaged(path, error) from error
            if batch is None:
                return
            yield batch


def _middles(found: EmbeddingSet, batch: Any, path: str) -> tuple[F64, F64]:
    """(N, 2) degrees and (N,) sides in metres."""
    if found.geometry is None:
        lonlat = np.stack([_numbers(batch, found.columns[role]) for role in ("lon", "lat")], axis=1)
        return _on_globe(lonlat, path), np.full(len(batch), np.nan)
    try:
        shapes = shapely.from_wkb(batch.column(found.geometry).to_numpy(zero_copy_only=False))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise EmbeddingsError(f"The geometry in {path} is damaged ({error}); download the file again.") from error
    if found.crs != WGS84:
        to_degrees = Transformer.from_crs(found.crs, WGS84, always_xy=True)
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
    shapes = _unwrapped(shapes)
    middle = shapely.centroid(shapes)
    lonlat = _on_globe(np.stack([shapely.get_x(middle), shapely.get_y(middle)], axis=1), path)
    lonlat[:, 0] = (lonlat[:, 0] + 180) % 360 - 180
    area = shapely.area(shapes) * np.cos(np.radians(lonlat[:, 1])) * np.radians(EARTH_RADIUS_M) ** 2
    return lonlat, np.where(area > 0, np.sqrt(np.abs(area)), np.nan)


def _unwrapped(shapes: Any) -> Any:
    """Polygons that cross the antimeridian in one piece: their western longitudes become larger than 180."""
    bounds = shapely.bounds(shapes)
    wide = bounds[:, 2] - bounds[:, 0] > 180
    if wide.any():
        shapes[wide] = shapely.transform(shapes[wide], _eastwards)
    return shapes


def _eastwards(lonlat: F64) -> F64:
    return np.column_stack([np.where(lonlat[:, 0] < 0, lonlat[:, 0] + 360, lonlat[:, 0]), lonlat[:, 1]])


def _on_globe(lonlat: F64, path: str) -> F64:
    known = lonlat[np.isfinite(lonlat).all(axis=1)]
    if len(known) and (np.abs(known) > (360, 90)).any():
        worst = known[np.argmax(np.abs(known).max(axis=1))]
        raise EmbeddingsError(
            f"{path} has places at {worst[0]:,.0f}, {worst[1]:,.0f}, which are no degrees, and says no CRS; write it "
            "again as GeoParquet with its CRS."
        )
    return lonlat


def _rows(column: Any, found: EmbeddingSet, number: int, first: int) -> F32:
    """(N, dim) as they stand in the file, NaN where there is nothing."""
    rows = np.full((len(column), found.dim), np.nan, np.float32)
    there = np.arange(len(column))[column.is_valid().to_numpy(zero_copy_only=False)]
    lists = column.drop_null()
    if not pyarrow.types.is_floating(lists.type.value_type):  # a list of one list
        _check_lengths(lists, 1, there, found, number, first)
        lists = lists.flatten()
        there = there[lists.is_valid().to_numpy(zero_copy_only=False)]
        lists = lists.drop_null()
    _check_lengths(lists, found.dim, there, found, number, first)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    rows[there] = values.reshape(-1, found.dim)
    return rows


def _check_lengths(lists: Any, wanted: int, there: npt.NDArray[Any], found: EmbeddingSet, number: int, at: int) -> None:
    lengths = compute.list_value_length(lists).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != wanted)
    if len(wrong):
        row, length = at + int(there[wrong[0]]) + 1, int(lengths[wrong[0]])
        raise EmbeddingsError(
            f"Row {row:,} of {found.files[number].path} has {length} values in '{found.vector}' and the first row "
            f"{found.dim}: vectors of one encoder have one length; download the file again, or name another column."
        )


def _unit(rows: F32) -> F32:
    """Rows of length 1; NaN as a whole where there is no direction."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        unit = np.asarray(rows / lengths, np.float32)
    unit[~np.isfinite(unit).all(axis=1)] = np.nan
    return unit


def _numbers(batch: Any, column: str) -> F64:
    values = batch.column(column).to_numpy(zero_copy_only=False)
    return np.asarray(values, np.float64)


def _days(batch: Any, column: str | None) -> Days:
    """Days out of dates, times, or text in which a date stands first, as in 20230119T161811."""
    if column is None:
        return np.full(len(batch), "NaT", "datetime64[D]")
    values = batch.column(column)
    if pyarrow.types.is_timestamp(values.type) or pyarrow.types.is_date(values.type):
        return np.asarray(values.cast(pyarrow.date32()).to_numpy(zero_copy_only=False)).astype("datetime64[D]")
    coded = values.cast(pyarrow.string()).dictionary_encode()
    known = np.array([*map(_day, coded.dictionary.to_pylist()), "NaT"], "datetime64[D]")
    codes = coded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(known[codes])


def _day(text: str) -> str:
    match = _DAY.match(text)
    return "NaT" if match is None else "-".join(match.groups())
