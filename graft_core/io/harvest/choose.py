"""Which of the photos that a service lists are worth downloading, and why the others are not."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from graft_core.io.exif import check_position
from graft_core.io.harvest.area import METRES_PER_DEGREE
from graft_core.io.harvest.found import NO_LICENCE, FoundPhoto

OUTSIDE = "outside the area"
SAME_MOMENT = "same author, place and second as another"
OVER_LIMIT = "beyond the number asked for"
Metres = tuple[float, float, float]
Cell = tuple[int, int, int]
NEAR_M = 1.0
NEAR_S = timedelta(seconds=1)
"""Photos of one author that are nearer in both are takes of one picture, or one picture uploaded twice."""


@dataclass(frozen=True)
class Choice:
    """Photos to download, and what is known against the others."""

    photos: tuple[FoundPhoto, ...]
    """By id."""
    left_out: Counter[str]
    """Reason -> photos."""


def choose(photos: Sequence[FoundPhoto], area: BaseGeometry, limit: int | None) -> Choice:
    """Photos with a licence and a position in the area, one of each picture, ``limit`` of them at most.

    Which ones a limit takes depends on their ids alone: they are spread as all are, and a larger limit adds to them.
    """
    left_out: Counter[str] = Counter()
    usable: list[FoundPhoto] = []
    for photo in photos:
        reason = _problem(photo)
        if reason:
            left_out[reason] += 1
        else:
            usable.append(photo)
    inside = shapely.intersects_xy(area, [photo.lon for photo in usable], [photo.lat for photo in usable])
    there = [photo for photo, lies in zip(usable, inside.tolist(), strict=True) if lies]
    copies = set(_near_copies(there))
    single = [photo for photo in there if photo.id not in copies]
    chosen = sorted(single, key=_lot)[:limit]
    left_out += Counter(
        {OUTSIDE: len(usable) - len(there), SAME_MOMENT: len(copies), OVER_LIMIT: len(single) - len(chosen)}
    )
    return Choice(tuple(sorted(chosen, key=lambda photo: photo.id)), +left_out)


def _problem(photo: FoundPhoto) -> str:
    if photo.problem:
        return photo.problem
    if not photo.licence:
        return NO_LICENCE
    problem = check_position(photo.lon, photo.lat)
    return problem.reason if problem else ""


def _lot(photo: FoundPhoto) -> str:
    return hashlib.sha256(photo.id.encode()).hexdigest()


def _near_copies(photos: Iterable[FoundPhoto]) -> Iterator[str]:
    """Ids of photos that repeat one that is kept; a day without an hour is no moment, so it tells nothing.

    Kept ones are looked up by the metre they lie in: somebody's thousand scans may all bear one second.
    """
    timed = [
        (photo.author, photo.taken, photo.id, _metres(photo))
        for photo in photos
        if photo.author and photo.taken is not None and photo.taken.time() != time()
    ]
    kept: dict[tuple[str, Cell], list[tuple[datetime, Metres]]] = {}
    for author, taken, number, place in sorted(timed):
        cells = [(author, cell) for cell in _around(place)]
        if any(
            taken - moment <= NEAR_S and math.dist(place, other) <= NEAR_M
            for cell in cells
            for moment, other in kept.get(cell, ())
        ):
            yield number
        else:
            own = kept.setdefault(cells[0], [])
            own[:] = [each for each in own if taken - each[0] <= NEAR_S]
            own.append((taken, place))


def _metres(photo: FoundPhoto) -> Metres:
    """A position in space, metres from the middle of a globe: the same scale everywhere."""
    lon, lat = math.radians(photo.lon), math.radians(photo.lat)
    radius = math.degrees(METRES_PER_DEGREE)
    return (
        radius * math.cos(lat) * math.cos(lon),
        radius * math.cos(lat) * math.sin(lon),
        radius * math.sin(lat),
    )


def _around(place: Metres) -> list[Cell]:
    """The cell of a position, and those beside it."""
    x, y, z = (math.floor(each / NEAR_M) for each in place)
    return [(x + i, y + j, z + k) for i in (0, -1, 1) for j in (0, -1, 1) for k in (0, -1, 1)]
