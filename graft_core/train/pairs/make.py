"""From photos and scenes to pairs: every photo is placed or left out with a reason."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core.errors import TrainError
from graft_core.geo.frame import local_metres, middle_of
from graft_core.io.photos import PhotoList, list_photos
from graft_core.models.catalogue import SENSOR_GSD
from graft_core.models.registry import load_encoder
from graft_core.train.pairs import ledger as reasons
from graft_core.train.pairs.ledger import Ledger
from graft_core.train.pairs.outcome import distance, pair_report
from graft_core.train.pairs.place_filter import shows_place
from graft_core.train.pairs.placing import PHOTOS_PER_TILE
from graft_core.train.pairs.report import NoPairsError, PairReport, counted
from graft_core.train.pairs.report_page import write_pair_report
from graft_core.train.pairs.scenes import Located, ScenePool, locate, nearest_scene, open_scenes
from graft_core.train.pairs.table import PairTable, tile_outlines, write_pairs
from graft_core.train.pairs.tiles import Tiles, keep_imagery, place_on_scenes, split_by_place
from graft_core.train.photo_rows import default_cache, photo_rows
from graft_core.types import Bool, Encoder, Progress, SensorName

FEW_TILES = 100
"""Training tiles below which the report says that they are few."""


@dataclass(frozen=True)
class PairOptions:
    """How pairs are made."""

    teacher: str = "demo-teacher"
    """Encoder by name: its tile size, and its words and photo tower for the filter."""
    sensor: SensorName | None = None
    """Kind of scenes; None where they are all of one kind."""
    cap: int = PHOTOS_PER_TILE
    """Most photos a tile keeps."""
    accuracy_m: float | None = None
    """Photos whose stated accuracy is worse are left out, metres; None for no limit."""
    places_only: bool = True
    """Leave out photos that show no place (rooms, portraits, food), as the teacher sees them."""
    days: float | None = None
    """Largest gap between photo and scene, where both days are known; None for no limit."""
    validation_share: float = 0.1
    """Wanted share of the tiles that is kept for validation, in [0, 1)."""
    block_tiles: int = 8
    """Side of a block of the split, tiles."""
    seed: int = 0
    """Of the placing and the split."""
    device: str = "auto"
    """Where the teacher runs."""

    def __post_init__(self) -> None:
        if self.cap < 1 or self.block_tiles < 1:
            raise TrainError(
                f"A cap of {self.cap} photos or blocks of {self.block_tiles} tiles make no pairs; use 1 up."
            )
        if self.seed < 0:
            raise TrainError(f"A seed of {self.seed} is not possible; choose 0 or more.")
        if not 0 <= self.validation_share < 1:
            raise TrainError(f"A validation share of {self.validation_share:g} is not possible; choose 0 to below 1.")
        for name, value in (("accuracy", self.accuracy_m), ("number of days", self.days)):
            if value is not None and not value >= 0:
                raise TrainError(f"A largest {name} of {value:g} is not possible; choose 0 or more.")


def make_pairs(
    photos: Sequence[str | Path], scenes: Sequence[str], options: PairOptions
) -> Generator[Progress, None, PairTable]:
    """Place photos on scenes as in the paper, and split the tiles by place.

    Args:
        photos: folders, files, patterns, addresses or tables of photos.
        scenes: files, folders, patterns or addresses of scenes.
        options: what is wanted.

    Raises:
        NoPairsError: no photo lies in a scene, or none is left; it holds the report.
        PhotoError, SceneError, TrainError, ModelError: what was given cannot be used.
    """
    teacher = load_encoder(options.teacher, device=options.device)
    tile_px = teacher.spec.tile_px
    pool = yield from open_scenes(scenes, options.sensor, SENSOR_GSD, tile_px)
    listed = yield from list_photos(photos)
    ledger = Ledger(listed)
    _drop_repeated(ledger, listed.places, reasons.SAME_PLACE)
    _drop_inaccurate(ledger, listed, options.accuracy_m)
    located = yield from locate(listed, ledger.kept, pool, options.days)
    _drop_unlocated(ledger, listed, pool, located)
    yield from _look_at_photos(ledger, listed, teacher, options.places_only)
    tiles = place_on_scenes(ledger, located, pool, tile_px, cap=options.cap, seed=options.seed)
    tiles = keep_imagery(ledger, tiles, located, pool, tile_px)
    tiles, validation = split_by_place(
        ledger, tiles, pool, tile_px, share=options.validation_share, block_tiles=options.block_tiles, seed=options.seed
    )
    warnings = _warnings(listed, located, pool, tiles, validation, options)
    report = pair_report(ledger, listed, pool, tiles, validation, warnings)
    if not len(tiles.scene):
        raise NoPairsError(report)
    return _table(listed, located, pool, tiles, validation, report, tile_px, options.teacher)


def save_pairs(
    photos: Sequence[str | Path], scenes: Sequence[str], options: PairOptions, path: str | Path
) -> Generator[Progress, None, PairTable]:
    """Make pairs and write them, with a report as JSON and as a page beside the table.

    Raises:
        NoPairsError: there are no pairs; the report is written, the table is not.
        ExportError: a file cannot be written.
    """
    try:
        table = yield from make_pairs(photos, scenes, options)
    except NoPairsError as error:
        write_pair_report(path, error.report, None)
        raise
    write_pairs(path, table)
    write_pair_report(path, table.report, table)
    return table


def _drop_repeated(ledger: Ledger, keys: Sequence[str], reason: str) -> None:
    """Leave out all but the first of the photos with the same key; an empty key is nobody's."""
    first: dict[str, int] = {}
    for i in ledger.rows.tolist():
        if keys[i] and first.setdefault(keys[i], i) != i:
            ledger.leave_out([i], reason)


def _drop_inaccurate(ledger: Ledger, listed: PhotoList, limit: float | None) -> None:
    if limit is not None:
        worse = np.flatnonzero(listed.accuracy_m > limit)
        ledger.leave_out(worse, reasons.INACCURATE, {i: f"{listed.accuracy_m[i]:.0f} m" for i in worse.tolist()})


def _drop_unlocated(ledger: Ledger, listed: PhotoList, pool: ScenePool, located: Located) -> None:
    """Leave out photos that no scene shows, and say how far the next one is."""
    ledger.leave_out(np.flatnonzero(located.too_far), reasons.OTHER_TIME)
    outside = ledger.rows[located.scene[ledger.rows] < 0]
    nearest, metres = nearest_scene(listed.lonlat[outside], pool)
    details = {
        row: f"{distance(away)} from {pool.scenes[scene].name}" if away else f"in a gap of {pool.scenes[scene].name}"
        for row, scene, away in zip(outside.tolist(), nearest.tolist(), metres.tolist(), strict=True)
    }
    ledger.leave_out(outside, reasons.OUTSIDE, details)


def _look_at_photos(
    ledger: Ledger, listed: PhotoList, teacher: Encoder, places_only: bool
) -> Generator[Progress, None, None]:
    """Embed what is left, which training needs anyway: unreadable photos, copies and those of no place are left out."""
    rows = ledger.rows
    seen = yield from photo_rows([listed.places[i] for i in rows.tolist()], teacher, default_cache())
    for i, problem in seen.problems.items():
        ledger.leave_out(rows[[i]], seen.reasons[i], problem.removeprefix(f"{seen.reasons[i]}: "))
    digests = [""] * len(listed.places)
    for row, digest in zip(rows.tolist(), seen.digests, strict=True):
        digests[row] = digest
    _drop_repeated(ledger, digests, reasons.SAME_BYTES)
    if places_only and len(rows):
        ledger.leave_out(rows[~shows_place(seen.rows, teacher)], reasons.NO_PLACE)


def _table(
    listed: PhotoList,
    located: Located,
    pool: ScenePool,
    tiles: Tiles,
    validation: Bool,
    report: PairReport,
    tile_px: int,
    teacher: str,
) -> PairTable:
    corners = tile_outlines(pool.scenes, tiles.scene, tiles.corner, tile_px)
    lon, lat = middle_of(listed.lonlat[tiles.photo]).tolist()
    return PairTable(
        photos=tuple(listed.places[i] for i in tiles.photo.tolist()),
        lonlat=listed.lonlat[tiles.photo],
        taken=listed.taken[tiles.photo],
        accuracy_m=listed.accuracy_m[tiles.photo],
        owner=tiles.owner,
        pixel=located.pixel[tiles.photo] - tiles.corner[tiles.owner],
        corner=tiles.corner,
        scene=tiles.scene,
        validation=validation,
        centers=local_metres(corners, (lon, lat)).mean(axis=1),
        origin=(lon, lat),
        scenes=pool.scenes,
        tile_px=tile_px,
        gsd=pool.gsd,
        sensor=pool.sensor,
        teacher=teacher,
        report=report,
    )


def _warnings(
    listed: PhotoList, located: Located, pool: ScenePool, tiles: Tiles, validation: Bool, options: PairOptions
) -> tuple[str, ...]:
    """What the reader should know of pairs that were made."""
    said = [*pool.warnings, *located.warnings]
    unstated = int(np.isnan(listed.accuracy_m[tiles.photo]).sum())
    if options.accuracy_m is not None and unstated:
        said.append(f"{counted(unstated, 'photo')} without a stated accuracy stayed in.")
    if options.days is not None:
        undated = [scene.name for scene in pool.scenes if scene.acquired is None]
        timeless = int(np.isnat(listed.taken[tiles.photo]).sum())
        if undated:
            said.append(f"The day of {', '.join(undated[:5])} is not known, so photos of any day were taken there.")
        if timeless:
            said.append(f"{counted(timeless, 'photo')} without a time stayed in.")
    if len(tiles.scene) and options.validation_share and not validation.any():
        said.append("The photos lie too close together to keep a place apart: no tile is kept for validation.")
    training = int((~validation).sum())
    if 0 < training < FEW_TILES:
        said.append(f"{counted(training, 'training tile')}: enough to try the program, too few to teach an encoder.")
    return tuple(said)
