"""Tile outlines, objects and points out; objects and areas of interest in: GeoPackage, GeoJSON, GeoParquet."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import shapely
from pyarrow import ArrowException, parquet
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ExportError
from graft_core.io.atomic import replacing
from graft_core.io.fragments import Fragment

WGS84 = "EPSG:4326"
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".parquet": "Parquet", ".geoparquet": "Parquet"}
_HITS, _SEGMENTS = "hits", "segments"
_NOTE = "graft_note"
"""Name under which a file of objects carries the writer's note: layer metadata in a GeoPackage, schema metadata in a
GeoParquet, a member of its own in a GeoJSON (which RFC 7946 allows)."""


@dataclass(frozen=True)
class TileOutline:
    """One retrieved tile, as it goes into a file."""

    rank: int
    """1 is the best."""
    score: float
    """Cosine similarity with the query, in [-1, 1]."""
    probability: float
    """Match probability in [0, 1]; NaN where it is not known."""
    scene: str
    """Name of the scene it was cut from."""
    row: int
    """Absolute lattice row."""
    col: int
    """Absolute lattice column."""
    bounds: tuple[float, float, float, float]
    """Left, bottom, right, top in the CRS of the scene."""
    crs: str
    """CRS of the scene; scenes may lie in different zones."""
    fragment: Fragment | None = None
    """What the publisher of an embedding says of it; None for tiles of imagery."""


def write_hits(
    path: str | Path, hits: Sequence[TileOutline], crs: str | None = None, meta: Mapping[str, str] | None = None
) -> None:
    """Write tile outlines in rank order as GeoPackage, GeoJSON or GeoParquet, by the suffix of ``path``.

    Outlines are brought to ``crs``, by default that of the hits where they share one, else WGS 84; GeoJSON is always
    WGS 84 (RFC 7946). ``meta`` (query, encoder, ...) is repeated in every row; NaN becomes null. Whole or not at all.
    ExportError for an unknown suffix or a file that cannot be written.
    """
    path = Path(path)
    driver = _driver(path)
    target = WGS84 if driver == "GeoJSON" else crs or _shared_crs(hits)
    frame = _frame(hits, target, dict(meta or {}))
    with replacing(path) as draft:
        if driver == "Parquet":
            frame.to_parquet(draft, index=False)
        else:
            draft.write_bytes(_layer(frame, driver, _HITS, "Polygon"))


@dataclass(frozen=True, eq=False)
class SegmentRow:
    """One object, as it goes into a file and comes out of it."""

    number: int
    """From 1."""
    shape: BaseGeometry
    """Polygon or MultiPolygon in the CRS of the file."""
    area_m2: float
    """In the projection of the scene."""
    mean_score: float
    """Cosine similarity with the query, mean over its pixels; NaN where nothing was asked."""
    max_score: float
    """The highest."""
    mean_match: float
    """Match probability in [0, 1], mean over its pixels."""
    max_match: float
    """The highest."""
    refined: bool
    """Whether a segmenter drew it."""
    note: str
    """Why it did not; else empty."""


def write_segments(
    path: str | Path, rows: Sequence[SegmentRow], crs: str, meta: Mapping[str, str] | None = None, note: str = ""
) -> None:
    """Write objects as GeoPackage, GeoJSON or GeoParquet, by the suffix of ``path``, whole or not at all.

    ``crs`` is that of the shapes and of the file; GeoJSON is always WGS 84 (RFC 7946). ``meta`` (query, encoder, ...)
    is repeated in every row; NaN becomes null. ``read_segments`` gives ``note`` back. ExportError for an unknown
    suffix or a file that cannot be written.
    """
    path = Path(path)
    driver = _driver(path)
    frame = _segment_frame(rows, crs, dict(meta or {}))
    with replacing(path) as draft:
        if driver == "Parquet":
            frame.to_parquet(draft, index=False)
            table = parquet.read_table(draft)
            parquet.write_table(table.replace_schema_metadata({**table.schema.metadata, _NOTE: note}), draft)
        elif driver == "GeoJSON":
            draft.write_text(_with_member(_layer(frame.to_crs(WGS84), driver, _SEGMENTS, "Unknown"), note), "utf-8")
        else:
            draft.write_bytes(_layer(frame, driver, _SEGMENTS, "MultiPolygon", layer_metadata={_NOTE: note}))


def read_segments(path: str | Path) -> tuple[list[SegmentRow], str, str]:
    """The objects that ``write_segments`` wrote as GeoPackage or GeoParquet, their CRS, and the note beside them.

    ExportError when the file is missing, unreadable, or another program's.
    """
    path = Path(path)
    if not path.exists():
        raise ExportError(f"There are no objects at {path}; give a GeoPackage or GeoParquet made by `segment`.")
    try:
        if _driver(path) == "Parquet":
            metadata = parquet.read_schema(path).metadata or {}
            note = metadata.get(_NOTE.encode(), b"").decode() or None
            frame = geopandas.read_parquet(path)
        else:
            note = (pyogrio.read_info(path, layer=_SEGMENTS)["layer_metadata"] or {}).get(_NOTE)
            frame = geopandas.read_file(path, layer=_SEGMENTS, engine="pyogrio")
        if note is None:
            raise ExportError(f"{path} was not made by `segment`, or as GeoJSON; give its GeoPackage or GeoParquet.")
        return [_segment_row(row) for row in frame.itertuples(index=False)], frame.crs.to_string(), note
    except (DataSourceError, DataLayerError, ArrowException, AttributeError, ValueError, TypeError) as error:
        raise ExportError(
            f"Cannot read the objects in {path} ({error}); give a GeoPackage or GeoParquet made by `segment`."
        ) from error


def write_points(
    path: str | Path, lon: Sequence[float], lat: Sequence[float], columns: Mapping[str, Sequence[object]]
) -> None:
    """Write points with their columns as GeoParquet in WGS 84, whole or not at all."""
    frame = geopandas.GeoDataFrame(dict(columns), geometry=geopandas.points_from_xy(lon, lat), crs=WGS84)
    with replacing(path) as draft:
        frame.to_parquet(draft, index=False)


def read_area(path: str | Path) -> tuple[BaseGeometry, str]:
    """The polygons of a GeoJSON, GeoPackage or Shapefile, merged to one shape, and their CRS.

    ExportError when the file is missing, unreadable, without polygons or without CRS, or holds several layers.
    """
    path = Path(path)
    if not path.exists():
        raise ExportError(f"The area {path} does not exist; give a GeoJSON, GeoPackage or Shapefile with polygons.")
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(layers) > 1:
            raise ExportError(f"{path} holds several layers ({', '.join(layers)}); save the area as a file of its own.")
        frame = geopandas.read_file(path, engine="pyogrio")
    except (DataSourceError, DataLayerError) as error:
        reason = str(error).partition(";")[0].rstrip(".")  # what follows is advice for those who write programs
        message = f"Cannot read the area {path} ({reason}); give a GeoJSON, GeoPackage or Shapefile."
        raise ExportError(message) from error
    shapes = _polygons(frame)
    if not shapes:
        raise ExportError(f"{path} holds no polygon ({len(frame)} features); draw the area as a polygon.")
    if frame.crs is None:
        raise ExportError(f"{path} says nothing about its CRS; save it with one (a Shapefile needs its .prj).")
    return shapely.union_all(shapes), frame.crs.to_string()


def _polygons(frame: Any) -> list[BaseGeometry]:
    if not isinstance(frame, geopandas.GeoDataFrame):
        return []
    valid = [shapely.make_valid(shape) for shape in frame.geometry if shape is not None]
    parts = [part for shape in valid for part in getattr(shape, "geoms", [shape])]
    return [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon") and not part.is_empty]


def _shared_crs(hits: Sequence[TileOutline]) -> str:
    found = {hit.crs for hit in hits}
    return found.pop() if len(found) == 1 else WGS84


def _frame(hits: Sequence[TileOutline], crs: str, meta: Mapping[str, str]) -> geopandas.GeoDataFrame:
    ranked = sorted(hits, key=lambda hit: hit.rank)
    columns = {
        "rank": np.array([hit.rank for hit in ranked], np.int64),
        "score": np.array([hit.score for hit in ranked], np.float64),
        "match_probability": np.array([hit.probability for hit in ranked], np.float64),
        "scene": np.array([hit.scene for hit in ranked], object),
        "row": np.array([hit.row for hit in ranked], np.int64),
        "col": np.array([hit.col for hit in ranked], np.int64),
        **_published(ranked),
        **{key: np.array([value] * len(ranked), object) for key, value in meta.items()},
    }
    return geopandas.GeoDataFrame(columns, geometry=_outlines(ranked, crs), crs=crs)


def _published(ranked: Sequence[TileOutline]) -> dict[str, Any]:
    """Columns for what publishers say; none where all tiles are of imagery."""
    told = [hit.fragment for hit in ranked]
    if not any(told):
        return {}
    return {
        name: np.array([getattr(each, name) if each else None for each in told], object)
        for name in ("id", "product", "acquired")
    }


def _outlines(hits: Sequence[TileOutline], crs: str) -> geopandas.GeoSeries:
    """Squares in the scenes' own CRS, brought to one; order as given."""
    shapes = geopandas.GeoSeries([None] * len(hits), crs=crs, dtype="geometry")
    for zone in sorted({hit.crs for hit in hits}):
        chosen = [i for i, hit in enumerate(hits) if hit.crs == zone]
        boxes = geopandas.GeoSeries([shapely.box(*hits[i].bounds) for i in chosen], crs=zone)
        shapes.iloc[chosen] = boxes.to_crs(crs).array
    return shapes


def _driver(path: Path) -> str:
    driver = _DRIVERS.get(path.suffix.lower())
    if driver is None:
        known = ", ".join(sorted(_DRIVERS))
        raise ExportError(f"Cannot write {path}: unknown file type {path.suffix!r}; use one of {known}.")
    return driver


_NUMBERS = ("area_m2", "mean_score", "max_score", "mean_match", "max_match")


def _segment_frame(rows: Sequence[SegmentRow], crs: str, meta: Mapping[str, str]) -> geopandas.GeoDataFrame:
    columns = {
        "number": np.array([row.number for row in rows], np.int64),
        **{name: np.array([getattr(row, name) for row in rows], np.float64) for name in _NUMBERS},
        "refined": np.array([row.refined for row in rows], np.bool_),
        "note": np.array([row.note for row in rows], object),
        **{key: np.array([value] * len(rows), object) for key, value in meta.items()},
    }
    return geopandas.GeoDataFrame(columns, geometry=[row.shape for row in rows], crs=crs)


def _segment_row(row: Any) -> SegmentRow:
    shape = row.geometry
    parts = getattr(shape, "geoms", [shape])
    figures = {name: float(getattr(row, name)) for name in _NUMBERS}
    return SegmentRow(
        number=int(row.number),
        shape=parts[0] if len(parts) == 1 else shape,
        refined=bool(row.refined),
        note=row.note or "",
        **figures,
    )


def _with_member(feature_collection: bytes, note: str) -> str:
    """GeoJSON text with the note as a member of the collection, which GDAL cannot write."""
    head, brace, rest = feature_collection.decode("utf-8").partition("{")
    return f"{head}{brace}\n{json.dumps(_NOTE)}: {json.dumps(note, ensure_ascii=False)},{rest}"


def _layer(frame: geopandas.GeoDataFrame, driver: str, name: str, kind: str, **options: Any) -> bytes:
    """A file's content, by way of memory: SQLite says of a full disk only that some statement failed, Python says that
    it is full."""
    standard = {"RFC7946": "YES"} if driver == "GeoJSON" else {}
    whole = io.BytesIO()
    pyogrio.write_dataframe(frame, whole, layer=name, driver=driver, geometry_type=kind, **standard, **options)
    return whole.getvalue()
