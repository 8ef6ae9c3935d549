"""What a service says of one photo, in the same words whichever service it is."""

import json
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from graft_core.io.harvest.area import Box

NO_LICENCE = "no licence"
PANORAMA = "360° panorama"
NO_IMAGE = "no image of a usable size"
NOT_A_PHOTO = "no JPEG photo"
COARSE = "position coarser than a street"

Zone = Literal["UTC", "local"]


@dataclass(frozen=True)
class FoundPhoto:
    """One photo as a service lists it."""

    id: str
    """The service's own."""
    lon: float
    """Degrees east, WGS 84; NaN where the service does not say."""
    lat: float
    """Degrees north, WGS 84."""
    position: str
    """What the position is, in the service's terms."""
    taken: datetime | None
    """When it was taken, without a zone."""
    zone: Zone
    """What the time counts from."""
    author: str
    """Name to credit; empty where the service gives none."""
    licence: str
    """Short name; empty for none that lets anybody use the photo."""
    licence_url: str
    """Where its text is; empty where unknown."""
    page: str
    """Address of the page that shows the photo, for people."""
    address: str
    """Where the image is; it may expire."""
    title: str = ""
    """As its author named it."""
    accuracy_m: float = math.nan
    """Horizontal positioning error, metres; NaN where the service does not say."""
    heading: float = math.nan
    """Direction of view, degrees clockwise from north; NaN where unknown."""
    problem: str = ""
    """Why the photo is of no use; empty where nothing is known against it."""

    def to_json(self) -> str:
        """One line that ``found_photo`` reads."""
        fields = asdict(self) | {"taken": self.taken and self.taken.isoformat()}
        return json.dumps(fields, ensure_ascii=False)


def found_photo(text: str) -> FoundPhoto:
    """The photo that ``to_json`` wrote."""
    fields = json.loads(text)
    taken = fields.pop("taken")
    return FoundPhoto(taken=datetime.fromisoformat(taken) if taken else None, **fields)


@dataclass(frozen=True)
class Page:
    """One answer of a service to the question what lies in a box."""

    photos: tuple[FoundPhoto, ...]
    """Those of this page."""
    cursor: str = ""
    """What to ask for the next page with; empty after the last."""
    crowded: bool = False
    """There are more than the service tells of one box: it has to be asked in parts."""


class Provider(Protocol):
    """A service that shares photos."""

    name: str
    """As on the command line."""
    title: str
    """As people call it."""
    at_once: int
    """Photos that may be downloaded at one time."""
    photo_bytes: int
    """Usual size of a photo as it is downloaded, bytes."""

    def fits(self, box: Box) -> bool:
        """Whether the service answers for a box of this size."""
        ...

    def page(self, box: Box, cursor: str) -> Page:
        """The photos in a box; PhotoError when the service does not answer, or refuses."""
        ...

    def image(self, photo: FoundPhoto) -> bytes:
        """The encoded photo; LostPhotoError when this one cannot be had."""
        ...

    def opened(self) -> AbstractContextManager[object]:
        """Holds the connections; leave it when done."""
        ...


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in what should be a list of them; anything else is passed over."""
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def number(value: Any) -> float:
    """A number, or text that is one; NaN for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) and not isinstance(value, bool) else math.nan


def text(value: Any) -> str:
    """Text on one line; empty for what is neither text nor a number.

    JSON may hold halves of characters, which no file takes; a question mark stands for them.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split()).encode("utf-8", "replace").decode("utf-8")
