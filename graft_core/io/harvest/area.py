"""The boxes that an area is asked in."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from graft_core.errors import PhotoError

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator."""
MOST_BOXES = 20_000
"""Requests at least that an area may take; at a request a second these are five hours."""


@dataclass(frozen=True)
class Box:
    """A rectangle of longitude and latitude."""

    west: float
    """Degrees east, WGS 84."""
    south: float
    """Degrees north."""
    east: float
    """Degrees east, above ``west``."""
    north: float
    """Degrees north, above ``south``."""

    @property
    def text(self) -> str:
        """``west,south,east,north`` to a centimetre, as services and the journal write it."""
        return ",".join(f"{side:.7f}" for side in (self.west, self.south, self.east, self.north))

    @property
    def sides_m(self) -> tuple[float, float]:
        """Width along the middle parallel, and height, metres."""
        middle = math.radians((self.south + self.north) / 2)
        width = (self.east - self.west) * METRES_PER_DEGREE * math.cos(middle)
        return width, (self.north - self.south) * METRES_PER_DEGREE

    def halves(self) -> tuple["Box", "Box"]:
        """The box cut across its longer side."""
        width, height = self.sides_m
        if width >= height:
            middle = (self.west + self.east) / 2
            return Box(self.west, self.south, middle, self.north), Box(middle, self.south, self.east, self.north)
        middle = (self.south + self.north) / 2
        return Box(self.west, self.south, self.east, middle), Box(self.west, middle, self.east, self.north)


def box_of(text: str) -> Box:
    """The box that ``Box.text`` wrote."""
    west, south, east, north = (float(part) for part in text.split(","))
    return Box(west, south, east, north)


def boxes_over(area: BaseGeometry, fits: Callable[[Box], bool]) -> list[Box]:
    """Boxes that cover an area, each small enough for the service.

    Raises:
        PhotoError: there are more than ``MOST_BOXES``.
    """
    found: list[Box] = []
    parts = getattr(area, "geoms", [area])
    for box in (each for part in parts for each in _over(part, fits)):
        found.append(box)
        if len(found) > MOST_BOXES:
            raise too_large()
    return list(dict.fromkeys(found))


def too_large() -> PhotoError:
    """An area of more than ``MOST_BOXES``."""
    return PhotoError(
        f"The area is too large, or holds too many photos: this service would have to be asked more than "
        f"{MOST_BOXES:,} times; give a smaller area, or several one after the other."
    )


def halves_within(box: Box, area: BaseGeometry) -> list[Box]:
    """The halves of a box that the area meets."""
    return [half for half in box.halves() if _meets(half, area)]


def _over(area: BaseGeometry, fits: Callable[[Box], bool]) -> Iterator[Box]:
    pending = [Box(*area.bounds)]
    while pending:
        box = pending.pop()
        if fits(box):
            yield box
        else:
            pending += halves_within(box, area)[::-1]


def _meets(box: Box, area: BaseGeometry) -> bool:
    return bool(area.intersects(shapely.box(box.west, box.south, box.east, box.north)))
