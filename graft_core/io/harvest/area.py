"""The area that photos are wanted of, and the boxes it is asked in."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas
import shapely
from shapely.geometry.base import BaseGeometry

from graft_core.errors import PhotoError
from graft_core.io.vector import WGS84, read_area

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


def search_area(text: str) -> BaseGeometry:
    """The area in WGS 84: ``west,south,east,north`` in degrees, or a vector file with polygons.

    A box whose west lies east of its east crosses the 180th meridian.

    Raises:
        PhotoError: the numbers are no box.
        ExportError: the file is missing or holds no area.
    """
    numbers = _numbers(text)
    if numbers is None:
        shape, crs = read_area(Path(text).expanduser())
        return geopandas.GeoSeries([shape], crs=crs).to_crs(WGS84).iloc[0]
    if len(numbers) != 4:
        raise PhotoError(f"The area '{text}' has {len(numbers)} numbers; write WEST,SOUTH,EAST,NORTH in degrees.")
    west, south, east, north = numbers
    lies = all(math.isfinite(side) for side in numbers) and max(abs(west), abs(east)) <= 180 and south >= -90
    if not (lies and south < north <= 90 and west != east):
        raise PhotoError(f"The area '{text}' is no box on the globe; write WEST,SOUTH,EAST,NORTH in degrees.")
    if west < east:
        return shapely.box(west, south, east, north)
    parts = [
        shapely.box(*side) for side in ((west, south, 180, north), (-180, south, east, north)) if side[0] < side[2]
    ]
    return shapely.union_all(parts)


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


def _numbers(text: str) -> list[float] | None:
    """The numbers of a list of them; None for any other text."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return None
