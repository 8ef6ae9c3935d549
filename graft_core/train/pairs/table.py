"""Pairs on disk: one GeoParquet table with one row a photo, which opens in QGIS and comes back whole."""

import datetime
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import GraftError, TrainError
from graft_core.geo.place import lon_lat
from graft_core.io.geoparquet import PointTable, read_point_table, write_point_table
from graft_core.train.pairs.report import PairReport, report_from_json, report_json
from graft_core.train.pairs.scenes import PairScene
from graft_core.types import I64, Bool, SensorName

FORMAT = 1
NOTE = "graft_pairs"
_SPLITS = ("train", "validation")

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairTable:
    """Tiles and the photos taken inside each; P photos, T tiles."""

    photos: tuple[str, ...]
    """(P,) absolute path or address."""
    lonlat: F64
    """(P, 2) degrees, WGS 84."""
    taken: npt.NDArray[np.datetime64]
    """(P,) local time to the second; NaT where unknown."""
    accuracy_m: F64
    """(P,) horizontal positioning error, metres; NaN where unknown."""
    owner: I64
    """(P,) tile of each photo, ascending from 0."""
    pixel: F64
    """(P, 2) row and column of the photo in its tile, pixels of the working grid, each in [0, tile_px)."""
    corner: I64
    """(T, 2) top and left of each tile in pixels of its scene's working grid (``scenes[i].geobox``)."""
    scene: I64
    """(T,) position in ``scenes``."""
    validation: Bool
    """(T,) kept from training, to validate with; no training tile shares ground with one of them."""
    centers: F64
    """(T, 2) x east and y north of ``origin``, metres: one frame for the whole table (``geo.frame.local_metres``)."""
    origin: tuple[float, float]
    """Longitude and latitude of the frame's origin."""
    scenes: tuple[PairScene, ...]
    """Where the tiles are cut from."""
    tile_px: int
    """Side of a tile, pixels."""
    gsd: float
    """Metres per pixel of the encoder the tiles are for."""
    sensor: SensorName
    """Kind of all scenes."""
    teacher: str
    """Registry name of the teacher: its tile size, and what told photos of no place."""
    report: PairReport
    """What became of every photo."""

    def tile_outlines(self) -> F64:
        """(T, 4, 2) lon and lat of each tile's corners, clockwise from the north-west."""
        return tile_outlines(self.scenes, self.scene, self.corner, self.tile_px)


def tile_outlines(scenes: tuple[PairScene, ...], scene: I64, corner: I64, tile_px: int) -> F64:
    """(T, 4, 2) lon and lat of the corners of tiles, clockwise from the north-west."""
    outlines = np.empty((len(scene), 4, 2))
    down, right = np.array([0, 0, tile_px, tile_px]), np.array([0, tile_px, tile_px, 0])
    for i in np.unique(scene).tolist():
        own, geobox = scene == i, scenes[i].geobox
        if geobox.crs is None:
            raise ValueError("a working grid without a CRS has no place")
        x, y = geobox.affine @ (corner[own, 1, None] + right, corner[own, 0, None] + down)
        outlines[own] = np.stack(lon_lat(geobox.crs, x, y), axis=-1)
    return outlines


def write_pairs(path: str | Path, table: PairTable) -> None:
    """Write the table as GeoParquet, whole or not at all; paths below its folder are written relative to it.

    Raises:
        ExportError: it cannot be written.
    """
    folder = Path(os.path.abspath(path)).parent
    top, left = table.corner[table.owner].T
    columns: dict[str, npt.NDArray[Any]] = {
        "path": np.array([_shortened(photo, folder) for photo in table.photos], object),
        "tile": table.owner,
        "split": np.array(_SPLITS, object)[table.validation[table.owner].astype(int)],
        "scene": np.array([scene.name for scene in table.scenes], object)[table.scene[table.owner]],
        "row": table.pixel[:, 0],
        "col": table.pixel[:, 1],
        "time": table.taken,
        "accuracy_m": table.accuracy_m,
        "scene_number": table.scene[table.owner],
        "tile_top": top,
        "tile_left": left,
        "tile_x": table.centers[table.owner, 0],
        "tile_y": table.centers[table.owner, 1],
    }
    note = {
        "format": FORMAT,
        "sensor": table.sensor,
        "gsd": table.gsd,
        "tile_px": table.tile_px,
        "teacher": table.teacher,
        "origin": table.origin,
        "scenes": [_scene_json(scene, folder) for scene in table.scenes],
        "report": report_json(table.report),
    }
    text = json.dumps(note, ensure_ascii=False, allow_nan=False)
    write_point_table(path, PointTable(table.lonlat, columns, text), NOTE)


def read_pairs(path: str | Path) -> PairTable:
    """The table that ``write_pairs`` wrote.

    Raises:
        TrainError: there is none, it is something else, or it is damaged.
    """
    try:
        found = read_point_table(path, NOTE)
    except GraftError as error:
        raise TrainError(f"No table of pairs: {error}; make one with `python -m graft_core pairs`.") from error
    try:
        table = _table(found, Path(os.path.abspath(path)).parent)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainError(f"The table of pairs {path} is damaged ({error}); make the pairs again.") from error
    problem = _inconsistency(table)
    if problem:
        raise TrainError(f"The table of pairs {path} is damaged ({problem}); make the pairs again.")
    return table


def _table(found: PointTable, folder: Path) -> PairTable:
    note, columns = json.loads(found.note), found.columns
    if note["format"] != FORMAT:
        raise ValueError(f"it has format {note['format']}, this program reads {FORMAT}")
    owner = columns["tile"].astype(np.int64)
    first = np.unique(owner, return_index=True)[1]  # the first photo of each tile stands for it

    def of_tiles(*names: str) -> npt.NDArray[Any]:
        return np.stack([columns[name][first] for name in names], axis=-1)

    return PairTable(
        photos=tuple(_lengthened(text, folder) for text in columns["path"]),
        lonlat=found.lonlat,
        taken=columns["time"].astype("datetime64[s]"),
        accuracy_m=columns["accuracy_m"].astype(np.float64),
        owner=owner,
        pixel=np.stack([columns["row"], columns["col"]], axis=1).astype(np.float64),
        corner=of_tiles("tile_top", "tile_left").astype(np.int64),
        scene=columns["scene_number"][first].astype(np.int64),
        validation=columns["split"][first] == _SPLITS[1],
        centers=of_tiles("tile_x", "tile_y").astype(np.float64),
        origin=(float(note["origin"][0]), float(note["origin"][1])),
        scenes=tuple(_scene_from_json(each, folder) for each in note["scenes"]),
        tile_px=int(note["tile_px"]),
        gsd=float(note["gsd"]),
        sensor=note["sensor"],
        teacher=str(note["teacher"]),
        report=report_from_json(note["report"]),
    )


def _inconsistency(table: PairTable) -> str:
    """What in a table contradicts itself; empty for a sound one."""
    tiles = len(table.scene)
    if not tiles or not np.array_equal(np.unique(table.owner), np.arange(tiles)) or (np.diff(table.owner) < 0).any():
        return "its rows are not in the order of the tiles"
    if not ((table.pixel >= 0) & (table.pixel < table.tile_px)).all():
        return "a photo lies outside its tile"
    if not ((table.scene >= 0) & (table.scene < len(table.scenes))).all():
        return "a tile belongs to no scene"
    return ""


def _scene_json(scene: PairScene, folder: Path) -> dict[str, Any]:
    return {
        "source": _shortened(scene.source, folder),
        "name": scene.name,
        "sensor": scene.sensor,
        "fingerprint": scene.fingerprint,
        "acquired": scene.acquired and scene.acquired.isoformat(),
        "crs": str(scene.geobox.crs),
        "affine": list(scene.geobox.affine[:6]),
        "shape": [int(side) for side in scene.geobox.shape],
    }


def _scene_from_json(fields: dict[str, Any], folder: Path) -> PairScene:
    height, width = fields["shape"]
    return PairScene(
        source=_lengthened(fields["source"], folder),
        name=fields["name"],
        sensor=fields["sensor"],
        fingerprint=fields["fingerprint"],
        acquired=fields["acquired"] and datetime.date.fromisoformat(fields["acquired"]),
        geobox=GeoBox((height, width), Affine(*fields["affine"]), fields["crs"]),
    )


def _shortened(place: str, folder: Path) -> str:
    """A path below the folder relative to it; anything else as it is."""
    inside = "://" not in place and place.startswith(f"{str(folder).rstrip(os.sep)}{os.sep}")
    return os.path.relpath(place, folder) if inside else place


def _lengthened(text: str, folder: Path) -> str:
    return text if "://" in text or os.path.isabs(text) else os.path.join(folder, text)
