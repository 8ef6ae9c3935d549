"""What became of every photo that was given: counts, names and places, for programs and for people."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graft_core.errors import TrainError

NAMED_PER_REASON = 1000
"""Photos named for one reason; the counts are always whole."""
PLACES_DRAWN = 4000
"""Photos that are left out and drawn on the map, evenly chosen where there are more."""

Ring = tuple[tuple[float, float], ...]
"""Corners of an outline as (lon, lat), degrees."""


@dataclass(frozen=True)
class NamedPhoto:
    """One photo that was left out."""

    photo: str
    """Path or address."""
    reason: str
    """A key of ``PairReport.left_out``."""
    detail: str
    """What is the matter with this one."""


@dataclass(frozen=True)
class PairReport:
    """How photos became pairs; asked = kept + the sum of left_out."""

    asked: int
    """Photos given."""
    kept: int
    """Photos that belong to a tile."""
    tiles: int
    """Tiles with their photos."""
    validation_tiles: int
    """Tiles of those that are kept from training, to validate with."""
    left_out: dict[str, int]
    """Reason -> photos; each photo counts once, by the first reason that holds."""
    named: tuple[NamedPhoto, ...]
    """Photos left out, the first thousand of each reason."""
    photos_per_tile: dict[int, int]
    """Photos in a tile -> tiles that have as many."""
    by_scene: dict[str, int]
    """Scene -> photos kept in it."""
    warnings: tuple[str, ...]
    """What the reader should know, in sentences."""
    tiles_left_out: dict[str, int]
    """Reason -> tiles that were placed and then left out with their photos."""
    outlines: dict[str, Ring]
    """Scene -> outline, for the map."""
    left_out_at: Ring
    """(lon, lat) of photos left out that have a place, for the map; at most a few thousand."""
    outcome: str
    """The whole in one sentence."""


class NoPairsError(TrainError):
    """Nothing came of photos and scenes; the report says why."""

    def __init__(self, report: PairReport) -> None:
        super().__init__(report.outcome)
        self.report = report
        """What became of every photo."""


def report_json(report: PairReport) -> dict[str, Any]:
    """The report as JSON values; ``report_from_json`` is the way back."""
    return dataclasses.asdict(report)


def report_from_json(values: Mapping[str, Any]) -> PairReport:
    """What ``report_json`` made, also after a way through text; KeyError or TypeError for anything else."""
    known = {each.name: values[each.name] for each in dataclasses.fields(PairReport)}
    return PairReport(
        **known
        | {
            "named": tuple(NamedPhoto(**each) for each in values["named"]),
            "photos_per_tile": {int(count): int(tiles) for count, tiles in values["photos_per_tile"].items()},
            "warnings": tuple(values["warnings"]),
            "outlines": {name: _points(ring) for name, ring in values["outlines"].items()},
            "left_out_at": _points(values["left_out_at"]),
        }
    )


def summary(report: PairReport) -> list[str]:
    """The report in a few lines."""
    lines = [report.outcome]
    lines += [f"  {count:>9,}  left out: {reason}" for reason, count in report.left_out.items()]
    return lines


def counted(count: int, what: str) -> str:
    """``1 photo``, ``20 photos``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _points(ring: Iterable[Iterable[float]]) -> Ring:
    return tuple((float(lon), float(lat)) for lon, lat in ring)
