"""Published embeddings laid on a lattice: a raster that says where they are, and the table of their fragments."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from graft_core.errors import EmbeddingsError, GraftError
from graft_core.geo.grid import tile_grid
from graft_core.geo.scattered import F64, Lattice, lattice_for, one_each, projection_of
from graft_core.io.embedding_files import WGS84, EmbeddingSet
from graft_core.io.embedding_rows import Places, read_places
from graft_core.io.fragments import write_fragments
from graft_core.io.geoparquet import PointTable
from graft_core.io.geotiff import write_raster
from graft_core.io.identity import NAME_TAG
from graft_core.io.published import TAG, Published
from graft_core.models.registry import load_encoder
from graft_core.types import I64, Bool, EncoderSpec, Progress, SensorName

COVERED = (202, 198, 188)
"""Colour of the map where there are embeddings: a pale stone that looks like no land and no water."""
SAME_SIZE = 0.02
"""Share by which fragments may differ from the encoder's own tile and still be what it was made for."""
SENTINEL2_GSD = (9.0, 21.0)
"""Metres per pixel that only Sentinel-2 is published at."""
UNDATED = -(10**9)
"""Day of a fragment without one: before all others."""


@dataclass(frozen=True)
class LeftOut:
    """Rows that have no place on the lattice."""

    outside: int = 0
    """Beyond the area asked for."""
    placeless: int = 0
    """Without a place."""
    older: int = 0
    """A later or nearer one shows the same place."""


@dataclass(frozen=True, eq=False)
class _Found:
    """Rows that have a place in the area."""

    file: I64
    row: I64
    lonlat: F64
    side_m: F64
    day: I64
    names: dict[str, npt.NDArray[Any]]
    outside: int = 0
    placeless: int = 0


def lay_out(
    found: EmbeddingSet, spec: EncoderSpec, encoder: str, digest: str, area: BaseGeometry | None, target: Path
) -> Generator[Progress, None, LeftOut]:
    """Write the raster ``target`` and the table beside it.

    Args:
        found: the files.
        spec: of the encoder that made the embeddings.
        encoder: what to load it by.
        digest: what the import is known by.
        area: polygons in degrees; None for everything.
        target: GeoTIFF in the folder of scenes, which is made where it is missing.

    Yields:
        Progress in rows.

    Returns:
        How many rows were left out, and why.

    Raises:
        EmbeddingsError: a file breaks, nothing lies in the area, or the places are spread too widely.
        ExportError: the raster or the table cannot be written.
    """
    rows = yield from _rows_in(found, area)
    if not len(rows.row):
        where = "in the area asked for" if area is not None and rows.outside else "with a place on the globe"
        raise EmbeddingsError(f"None of the {found.rows:,} rows of {found.files[0].path} lies {where}; choose another.")
    try:
        crs = projection_of(rows.lonlat)
    except GraftError as error:
        raise EmbeddingsError(f"The embeddings in {found.files[0].path} cannot be on one map: {error}.") from error
    xy = np.column_stack(Transformer.from_crs(WGS84, crs, always_xy=True).transform(*rows.lonlat.T))
    lattice = lattice_for(crs, xy, gsd=_gsd(rows.side_m, spec), tile_px=spec.tile_px)
    corners = lattice.corners(xy)
    kept = one_each(corners, np.maximum(rows.day, UNDATED), np.linalg.norm(lattice.middles(corners) - xy, axis=1))
    key = load_encoder(encoder, gsd=lattice.gsd).spec.key
    published = Published(encoder, key, _sensor(spec, lattice.gsd), lattice.gsd, lattice.stride_px, digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, published, lattice, corners[kept], rows, kept, found)
    return LeftOut(rows.outside, rows.placeless, len(rows.row) - len(kept))


def _rows_in(found: EmbeddingSet, area: BaseGeometry | None) -> Generator[Progress, None, _Found]:
    started, done = time.monotonic(), 0
    outside = placeless = 0
    parts: list[_Found] = []
    for places in read_places(found):
        known: Bool = np.asarray(np.isfinite(places.lonlat).all(axis=1))
        inside = known if area is None else known & np.asarray(shapely.contains_xy(area, places.lonlat))
        placeless += int(np.count_nonzero(~known))
        outside += int(np.count_nonzero(known & ~inside))
        parts.append(_only(places, np.flatnonzero(inside)))
        done += len(known)
        yield Progress(done, found.rows, "rows", time.monotonic() - started)
    return _Found(
        file=np.concatenate([part.file for part in parts]),
        row=np.concatenate([part.row for part in parts]),
        lonlat=np.concatenate([part.lonlat for part in parts]),
        side_m=np.concatenate([part.side_m for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        names={role: np.concatenate([part.names[role] for part in parts]) for role in parts[0].names},
        outside=outside,
        placeless=placeless,
    )


def _only(places: Places, rows: I64) -> _Found:
    """Some rows of a batch, what else it holds forgotten."""
    return _Found(
        file=np.full(len(rows), places.file),
        row=places.first + rows,
        lonlat=places.lonlat[rows],
        side_m=places.side_m[rows],
        day=places.day[rows].astype(np.int64),
        names={role: text.take(rows).to_numpy(zero_copy_only=False) for role, text in places.names.items()},
    )


def _gsd(side_m: F64, spec: EncoderSpec) -> float:
    """Metres per pixel that the encoder saw: its own, unless the fragments are of another size."""
    known = side_m[np.isfinite(side_m)]
    seen = float(np.median(known)) / spec.tile_px if len(known) else _usual_gsd(spec)
    usual = next((each for each in (_usual_gsd(spec), spec.gsd) if abs(seen - each) <= SAME_SIZE * each), None)
    return usual or round(seen, 2 if seen >= 1 else 4)


def _usual_gsd(spec: EncoderSpec) -> float:
    """Of sets in circulation: what is made with an encoder for no sensor shows Sentinel-2."""
    return 10.0 if spec.sensor == "rgb" else spec.gsd


def _sensor(spec: EncoderSpec, gsd: float) -> SensorName:
    low, high = SENTINEL2_GSD
    return "sentinel2" if spec.sensor == "rgb" and low <= gsd <= high else spec.sensor


def _write(
    target: Path,
    published: Published,
    lattice: Lattice,
    corners: I64,
    rows: _Found,
    kept: I64,
    found: EmbeddingSet,
) -> None:
    """The table first: a raster is a scene as soon as it is there."""
    covered, geobox = lattice.covered(corners)
    grid = tile_grid(geobox, gsd=lattice.gsd, tile_px=lattice.tile_px, stride_px=lattice.stride_px)
    position = (corners[:, 0] - grid.row0) * grid.cols + corners[:, 1] - grid.col0
    order = np.argsort(position)
    kept = kept[order]
    unnamed = np.full(len(kept), "", object)
    table = PointTable(
        lonlat=rows.lonlat[kept],
        columns={
            "position": position[order],
            "id": rows.names["id"][kept] if "id" in rows.names else unnamed,
            "product": rows.names["product"][kept] if "product" in rows.names else unnamed,
            "acquired": rows.day[kept].astype("datetime64[D]"),
            "lon": rows.lonlat[kept, 0],
            "lat": rows.lonlat[kept, 1],
            "file": rows.file[kept].astype(np.int32),
            "row": rows.row[kept],
        },
        note="",
    )
    write_fragments(target, table, found)
    days = np.unique(table.columns["acquired"])
    dated = {"ACQUISITION_DATE": str(days[0])} if len(days) == 1 and not np.isnat(days[0]) else {}
    write_raster(
        target,
        covered[None] * np.array(COVERED, np.uint8)[:, None, None],
        geobox,
        descriptions=("red", "green", "blue"),
        photometric="rgb",
        nodata=0,
        tags={TAG: published.to_tag(), NAME_TAG: target.stem, **dated},
    )
