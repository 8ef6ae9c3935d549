"""Flickr: photos with a licence that lets others use them (flickr.photos.search, flickr.com/services/api)."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import Any

from graft_core.errors import PhotoError
from graft_core.io.harvest.area import Box
from graft_core.io.harvest.found import COARSE, NO_IMAGE, FoundPhoto, Page, dicts, number, text
from graft_core.io.harvest.patience import passing
from graft_core.io.harvest.web import Answer, Verdict, Web

API = "https://www.flickr.com/services/rest"
PACE_S = 1.0
"""The service allows 3,600 requests an hour."""
PER_PAGE = 250
"""Most that a search by place gives a page."""
MOST_PHOTOS = 4000
"""Further ones of a search are repetitions."""
STREET = 16
"""Level of accuracy of a position set at street level: the finest of 16, and what GRAFT's authors took."""
SINCE = "2004-01-01 00:00:00"
"""Before there was a Flickr: a search by place without any other limit finds only what was uploaded today."""
_SIZES = ("url_l", "url_c", "url_z", "url_m")
"""1024, 800, 640 and 500 pixels on the longer side."""
_RESERVED = "0"
_WRONG_KEY = 100
_SHORT_TROUBLE = (105, 106)
_WHOLE_SECOND = "0"
"""Granularity of a time that is known to the second."""
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([\d.]+)")


class Flickr:
    """Photos of Flickr in boxes; the key travels in the body of requests, so that no log of addresses holds it."""

    name, title = "flickr", "Flickr"
    at_once = 4
    photo_bytes = 300_000

    def __init__(self, web: Web, api: str = API) -> None:
        self._web, self._api = web, api

    def opened(self) -> AbstractContextManager[object]:
        """Holds the connections."""
        return self._web.opened()

    def fits(self, box: Box) -> bool:
        """The service has no largest box, only a largest number of photos."""
        return True

    def page(self, box: Box, cursor: str) -> Page:
        """One page of the photos of a box, the oldest upload first: what is uploaded meanwhile moves nothing."""
        answer = self._call(
            "flickr.photos.search",
            {
                "bbox": box.text,
                "accuracy": str(STREET),
                "has_geo": "1",
                "media": "photos",
                "content_types": "0",
                "license": ",".join(sorted(self._licences, key=int)),
                "min_upload_date": SINCE,
                "sort": "date-posted-asc",
                "extras": ",".join(("geo", "license", "owner_name", "date_taken", *_SIZES)),
                "per_page": str(PER_PAGE),
                "page": cursor or "1",
            },
        )
        found = answer.get("photos")
        if not isinstance(found, dict):
            raise PhotoError("Flickr lists no photos where it should; try again later.")
        page, pages = number(found.get("page")), min(number(found.get("pages")), MOST_PHOTOS / PER_PAGE)
        photos = tuple(self._photo(each) for each in dicts(found.get("photo")) if text(each.get("id")))
        return Page(photos, str(int(page) + 1) if page < pages else "", number(found.get("total")) > MOST_PHOTOS)

    def image(self, photo: FoundPhoto) -> bytes:
        """The photo, 1024 pixels on its longer side or what is nearest."""
        return self._web.photo(photo.address)

    @cached_property
    def _licences(self) -> Mapping[str, tuple[str, str]]:
        """Number -> short name and address of every licence the service lists today, but "all rights reserved"."""
        listed = self._call("flickr.photos.licenses.getInfo", {}).get("licenses")
        found = dicts(listed.get("license")) if isinstance(listed, dict) else iter(())
        known = {text(each.get("id")): (text(each.get("name")), text(each.get("url"))) for each in found}
        open_ones = {key: each for key, each in known.items() if key.isdigit() and key != _RESERVED}
        if not open_ones:
            raise PhotoError("Flickr names no licence that lets others use photos; try again later.")
        return {key: (short_name(*each), each[1]) for key, each in open_ones.items()}

    def _call(self, method: str, words: Mapping[str, str]) -> dict[str, Any]:
        key = {"api_key": self._web.account.key}
        asked = {"method": method, "format": "json", "nojsoncallback": "1"} | key | dict(words)
        answer: dict[str, Any] = self._web.ask(self._api, _judge, form=asked)
        return answer

    def _photo(self, found: dict[str, Any]) -> FoundPhoto:
        licence, licence_url = self._licences.get(text(found.get("license")), ("", ""))
        address = next((text(found[size]) for size in _SIZES if found.get(size)), "")
        level = number(found.get("accuracy"))
        photo, owner = text(found["id"]), text(found.get("owner"))
        return FoundPhoto(
            id=photo,
            lon=number(found.get("longitude")),
            lat=number(found.get("latitude")),
            position=f"accuracy level {level:.0f} of {STREET}",
            taken=_moment(found),
            zone="local",
            author=text(found.get("ownername")) or owner,
            licence=licence,
            licence_url=licence_url,
            page=f"https://www.flickr.com/photos/{owner}/{photo}",
            address=address,
            title=text(found.get("title")),
            problem="" if address and level >= STREET else COARSE if address else NO_IMAGE,
        )


def short_name(name: str, url: str) -> str:
    """``CC BY-SA 2.0`` for a licence at that address of Creative Commons; else the name it was given."""
    found = _CREATIVE_COMMONS.search(url)
    if found is None:
        return name
    kind, version = found.groups()
    return {"zero": f"CC0 {version}", "mark": f"Public Domain Mark {version}"}.get(kind, f"CC {kind.upper()} {version}")


def _judge(answer: Answer) -> Verdict:
    said = answer.value if isinstance(answer.value, dict) else {}
    if said.get("stat") == "ok":
        return "good"
    if said.get("code") == _WRONG_KEY or answer.status in (401, 403):
        return "key"
    if said.get("code") in _SHORT_TROUBLE or passing(answer.status):
        return "again"
    return "refused" if said.get("stat") == "fail" or answer.status >= 400 else "again"


def _moment(found: dict[str, Any]) -> datetime | None:
    """When it was taken, where that is known to the second."""
    if text(found.get("datetakenunknown")) == "1" or text(found.get("datetakengranularity")) not in ("", _WHOLE_SECOND):
        return None
    try:
        return datetime.fromisoformat(text(found.get("datetaken"))).replace(tzinfo=None)
    except ValueError:
        return None
