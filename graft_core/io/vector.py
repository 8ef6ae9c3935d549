"""Tile outlines and points out, areas of interest in: GeoPackage, GeoJSON, GeoParquet and Shapefile."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ExportError
from graft_core.io.atomic import replacing

WGS84 = "EPSG:4326"
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".parquet": "Parquet", ".geoparquet": "Parquet"}
_LAYER = "hits"


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


def write_hits(
    path: str | Path, hits: Sequence[TileOutline], crs: str | None = None, meta: Mapping[str, str] | None = None
) -> None:
    """Write tile outlines in rank order as GeoPackage, GeoJSON or GeoParquet, by the suffix of ``path``.

    Outlines are brought to ``crs``, by default that of the hits where they share one, else WGS 84; GeoJSON is always
    WGS 84 (RFC 7946). ``meta`` (query, encoder, ...) is repeated in every row; NaN becomes null. Whole or not at all.
    ExportError for an unknown suffix or a file that cannot be written.
    """
    path = Path(path)
    driver = _DRIVERS.get(path.suffix.lower())
    if driver is None:
        known = ", ".join(sorted(_DRIVERS))
        raise ExportError(f"Cannot write {path}: unknown file type {path.suffix!r}; use one of {known}.")
    target = WGS84 if driver == "GeoJSON" else crs or _shared_crs(hits)
    frame = _frame(hits, target, dict(meta or {}))
    with replacing(path) as draft:
        if driver == "Parquet":
            frame.to_parquet(draft, index=False)
        else:
            _write_layer(draft, frame, driver)


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
        **{key: np.array([value] * len(ranked), object) for key, value in meta.items()},
    }
    return geopandas.GeoDataFrame(columns, geometry=_outlines(ranked, crs), crs=crs)


def _outlines(hits: Sequence[TileOutline], crs: str) -> geopandas.GeoSeries:
    """Squares in the scenes' own CRS, brought to one; order as given."""
    shapes = geopandas.GeoSeries([None] * len(hits), crs=crs, dtype="geometry")
    for zone in sorted({hit.crs for hit in hits}):
        chosen = [i for i, hit in enumerate(hits) if hit.crs == zone]
        boxes = geopandas.GeoSeries([shapely.box(*hits[i].bounds) for i in chosen], crs=zone)
        shapes.iloc[chosen] = boxes.to_crs(crs).array
    return shapes


def _write_layer(draft: Path, frame: geopandas.GeoDataFrame, driver: str) -> None:
    """By way of memory: SQLite says of a full disk only that some statement failed, Python says that it is full."""
    options = {"RFC7946": "YES"} if driver == "GeoJSON" else {}
    whole = io.BytesIO()
    pyogrio.write_dataframe(frame, whole, layer=_LAYER, driver=driver, geometry_type="Polygon", **options)
    draft.write_bytes(whole.getbuffer())
