"""Mapillary: street-level photos, CC BY-SA 4.0 (Graph API v4, mapillary.com/developer/api-documentation)."""

import math
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from graft_core.io.harvest.area import Box
from graft_core.io.harvest.found import NO_IMAGE, PANORAMA, FoundPhoto, Page, dicts, number, text
from graft_core.io.harvest.patience import passing
from graft_core.io.harvest.web import (
    Answer,
    CrowdedError,
    LatePhotoError,
    LostPhotoError,
    RefusedPhotoError,
    Verdict,
    Web,
)

API = "https://graph.mapillary.com"
PACE_S = 0.1
"""The service allows 10,000 searches a minute; there is no need to be near that."""
MOST_PHOTOS = 2000
"""Of one answer; there are no further pages of a box."""
MOST_SQUARE_DEGREES = 0.01
"""A box must be smaller."""
FIELDS = "id,computed_geometry,geometry,captured_at,compass_angle,computed_compass_angle,is_pano,creator,thumb_1024_url"
LICENCE, LICENCE_URL = "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"
"""Of every photo that the service shows (mapillary.com/terms)."""
_WRONG_KEY = 190
_TOO_OFTEN = (4, 17, 32, 613)
_TOO_MUCH, _SHORT_TROUBLE = 1, 2
"""Codes of the Graph API's errors."""


class Mapillary:
    """Photos of Mapillary in boxes."""

    name, title = "mapillary", "Mapillary"
    at_once = 8
    photo_bytes = 200_000

    def __init__(self, web: Web, api: str = API) -> None:
        self._web, self._api = web, api
        self._key = {"Authorization": f"OAuth {web.account.key}"}

    def opened(self) -> AbstractContextManager[object]:
        """Holds the connections."""
        return self._web.opened()

    def fits(self, box: Box) -> bool:
        """Below the service's limit, with a little to spare for rounding."""
        return (box.east - box.west) * (box.north - box.south) < 0.99 * MOST_SQUARE_DEGREES

    def page(self, box: Box, cursor: str) -> Page:
        """All photos of a box; crowded where the service would not, or may not, tell all."""
        asked = {"bbox": box.text, "fields": FIELDS, "limit": str(MOST_PHOTOS)}
        try:
            answer = self._web.ask(f"{self._api}/images", _judge_list, headers=self._key, params=asked)
        except CrowdedError:
            return Page((), crowded=True)
        photos = tuple(_photo(each) for each in dicts(answer["data"]) if text(each.get("id")))
        return Page(photos, crowded=len(photos) >= MOST_PHOTOS)

    def image(self, photo: FoundPhoto) -> bytes:
        """The photo, 1024 pixels wide; an address that has expired since it was listed is asked for anew."""
        try:
            return self._web.photo(photo.address)
        except LostPhotoError as error:
            if isinstance(error, LatePhotoError) and not isinstance(error, RefusedPhotoError):
                raise
            asked = {"fields": "thumb_1024_url"}
            fresh = self._web.ask(
                f"{self._api}/{quote(photo.id, safe='')}", _judge_photo, headers=self._key, params=asked
            )
            address = text(fresh.get("thumb_1024_url"))
            if not address or address == photo.address:
                raise
            return self._web.photo(address)


def _judge_list(answer: Answer) -> Verdict:
    if isinstance(answer.value, dict) and isinstance(answer.value.get("data"), list):
        return "good"
    return _judge_error(answer)


def _judge_photo(answer: Answer) -> Verdict:
    """A photo that was taken back since it was listed is refused, which is an answer as well."""
    if not isinstance(answer.value, dict):
        return _judge_error(answer)
    verdict = "good" if answer.status == 200 else _judge_error(answer)
    return "good" if verdict == "refused" else "again" if verdict == "crowded" else verdict


def _judge_error(answer: Answer) -> Verdict:
    error = answer.value.get("error") if isinstance(answer.value, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if code in _TOO_OFTEN or code == _SHORT_TROUBLE:
        return "again"
    if code == _WRONG_KEY or answer.status in (401, 403):
        return "key"
    # Code 1 is also the Graph API's word for any fault of its own; where many photos lie it means: too much at once.
    if code == _TOO_MUCH and isinstance(error, dict) and "reduce" in text(error.get("message")):
        return "crowded"
    return "again" if passing(answer.status) or answer.status < 400 else "refused"


def _photo(found: dict[str, Any]) -> FoundPhoto:
    computed, camera = _point(found.get("computed_geometry")), _point(found.get("geometry"))
    lon, lat = computed or camera or (math.nan, math.nan)
    heading = number(found.get("computed_compass_angle") if computed else found.get("compass_angle"))
    creator = found.get("creator")
    address = text(found.get("thumb_1024_url"))
    photo = text(found["id"])
    return FoundPhoto(
        id=photo,
        lon=lon,
        lat=lat,
        position="computed from the images" if computed else "of the camera",
        taken=_moment(number(found.get("captured_at"))),
        zone="UTC",
        author=text(creator.get("username")) if isinstance(creator, dict) else "",
        licence=LICENCE,
        licence_url=LICENCE_URL,
        page=f"https://www.mapillary.com/app/?pKey={photo}",
        address=address,
        heading=heading % 360,
        problem=PANORAMA if found.get("is_pano") else "" if address else NO_IMAGE,
    )


def _point(geometry: Any) -> tuple[float, float] | None:
    """Longitude and latitude of a GeoJSON point."""
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    return number(coordinates[0]), number(coordinates[1])


def _moment(milliseconds: float) -> datetime | None:
    """UTC, without saying so, from milliseconds since 1970."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None, microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None
