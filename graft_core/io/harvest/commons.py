"""Wikimedia Commons: freely licensed photos (MediaWiki API: geosearch, coordinates, imageinfo with extmetadata)."""

import re
from contextlib import AbstractContextManager
from datetime import datetime
from html import unescape
from typing import Any

from graft_core.io.harvest.area import Box
from graft_core.io.harvest.found import NO_IMAGE, NOT_A_PHOTO, FoundPhoto, Page, dicts, number, text
from graft_core.io.harvest.patience import passing
from graft_core.io.harvest.web import Answer, CrowdedError, Verdict, Web

API = "https://commons.wikimedia.org/w/api.php"
PACE_S = 0.5
"""One request after the other, as the service asks of programs; it states no number."""
MOST_PHOTOS = 500
"""Of one search by place, which has no further pages."""
MOST_SQUARE_METRES = 4 * 10_000.0**2
"""A box must not be larger: a square around a circle of 10 km."""
WIDTH_PX = 960
"""One of the widths that the service keeps; others cost it work and are turned away when it is busy."""
_METADATA = ("LicenseShortName", "LicenseUrl", "Artist", "Attribution", "DateTimeOriginal", "NonFree")
_MOST_PARTS = 200
"""Of what is said of the photos of one box."""
_FILES = "6"
"""Namespace of files."""
_SHORT_TROUBLE = ("maxlag", "ratelimited", "readonly", "timeout", "cirrussearch-too-busy-error")
_TAG = re.compile(r"<[^>]*>")
_MOMENT = re.compile(r"(\d{4})[-:](\d\d)[-:](\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?")


class Commons:
    """Photos of Wikimedia Commons in boxes."""

    name, title = "commons", "Wikimedia Commons"
    at_once = 2
    photo_bytes = 250_000

    def __init__(self, web: Web, api: str = API) -> None:
        self._web, self._api = web, api

    def opened(self) -> AbstractContextManager[object]:
        """Holds the connections."""
        return self._web.opened()

    def fits(self, box: Box) -> bool:
        """Below the service's limit, with a little to spare: it may take another radius for the Earth."""
        width, height = box.sides_m
        return width * height < 0.95 * MOST_SQUARE_METRES

    def page(self, box: Box, cursor: str) -> Page:
        """All photos of a box. What the service says of them may come in parts, which are put together here."""
        asked = {
            "action": "query",
            "format": "json",
            "formatversion": "2",
            "maxlag": "5",
            "generator": "geosearch",
            "ggsbbox": "|".join(f"{side:.7f}" for side in (box.north, box.west, box.south, box.east)),
            "ggslimit": str(MOST_PHOTOS),
            "ggsnamespace": _FILES,
            "prop": "coordinates|imageinfo",
            "colimit": "500",
            "coprop": "type|globe",
            "iiprop": "url|user|mime|size|extmetadata",
            "iiurlwidth": str(WIDTH_PX),
            "iiextmetadatafilter": "|".join(_METADATA),
        }
        pages: dict[str, dict[str, Any]] = {}
        more: dict[str, str] = {}
        for _ in range(_MOST_PARTS):
            try:
                answer = self._web.ask(self._api, _judge, params=asked | more)
            except CrowdedError:
                return Page((), crowded=True)
            found = answer.get("query")
            for each in dicts(found.get("pages") if isinstance(found, dict) else None):
                pages.setdefault(text(each.get("pageid")), {}).update(each)
            following = answer.get("continue")
            if not isinstance(following, dict):
                break
            more = {str(name): str(value) for name, value in following.items()}
        photos = tuple(_photo(key, each) for key, each in pages.items() if key and "missing" not in each)
        return Page(photos, crowded=len(photos) >= MOST_PHOTOS)

    def image(self, photo: FoundPhoto) -> bytes:
        """The photo, 960 pixels wide unless it is smaller."""
        return self._web.photo(photo.address)


def _judge(answer: Answer) -> Verdict:
    said = answer.value if isinstance(answer.value, dict) else {}
    error = said.get("error")
    code = text(error.get("code")) if isinstance(error, dict) else ""
    if code == "toobig":
        return "crowded"
    if code in _SHORT_TROUBLE or code.startswith("internal_api_error") or passing(answer.status):
        return "again"
    if code or answer.status >= 400:
        return "refused"
    return "good" if said.keys() & {"query", "batchcomplete", "continue"} else "again"


def _photo(key: str, page: dict[str, Any]) -> FoundPhoto:
    info = next(dicts(page.get("imageinfo")), {})
    place = next(dicts(page.get("coordinates")), {})
    facts = info.get("extmetadata")
    said = {name: _plain(facts.get(name)) for name in _METADATA} if isinstance(facts, dict) else {}
    free = not said.get("NonFree")
    address = text(info.get("thumburl"))
    is_photo = info.get("mime") == "image/jpeg"
    on_earth = place.get("globe", "earth") == "earth"
    title = text(page.get("title")).partition(":")[2]
    return FoundPhoto(
        id=key,
        lon=number(place.get("lon")) if on_earth else number(None),
        lat=number(place.get("lat")) if on_earth else number(None),
        position="of the camera" if place.get("type") == "camera" else "as its page gives it",
        taken=_moment(facts.get("DateTimeOriginal") if isinstance(facts, dict) else None),
        zone="local",
        author=said.get("Artist") or said.get("Attribution") or text(info.get("user")),
        licence=said.get("LicenseShortName", "") if free else "",
        licence_url=said.get("LicenseUrl", ""),
        page=text(info.get("descriptionurl")),
        address=address,
        title=title,
        problem="" if is_photo and address else NO_IMAGE if is_photo else NOT_A_PHOTO,
    )


def _plain(field: Any) -> str:
    """The value of one piece of metadata without its HTML."""
    value = field.get("value") if isinstance(field, dict) else None
    return text(unescape(_TAG.sub("", text(value))))


def _moment(field: Any) -> datetime | None:
    """The first date in a text that people write as they like; a day alone begins at midnight."""
    found = _MOMENT.search(text(field.get("value")) if isinstance(field, dict) else "")
    if found is None:
        return None
    year, month, day, clock = found.groups()
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock or '00:00:00'}")
    except ValueError:
        return None
