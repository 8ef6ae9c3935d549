"""Requests at a service's pace, and patience of the length it asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from photo_services import Services, Trouble

from graft_core.io.harvest import web
from graft_core.io.harvest.web import Account, LostPhotoError, Verdict, Web


def good(answer: web.Answer) -> Verdict:
    return "good" if answer.status == 200 else "again"


def a_web(waits: list[float], pace_s: float = 0.0) -> Web:
    return Web(Account("The service", "graft-explorer/test"), pace_s, 1, waits.append)


def test_requests_keep_their_distance(services: Services) -> None:
    waits: list[float] = []
    asking = a_web(waits, pace_s=1000.0)
    with asking.opened():
        for _ in range(3):
            asking.ask(f"{services.url}/mapillary/images", lambda _: "good")
    assert len(waits) == 2
    assert all(900 < wait <= 1000 for wait in waits)


def test_a_moment_to_come_back_at_is_understood(services: Services) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=250), usegmt=True)
    services.listing_troubles = [
        Trouble(503, headers={"Retry-After": later}),
        Trouble(503, headers={"Retry-After": "soon"}),
        Trouble(503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}),
        Trouble(body=b"{}"),
    ]
    waits: list[float] = []
    asking = a_web(waits)
    with asking.opened():
        assert asking.ask(f"{services.url}/commons", good) == {}
    assert 200 < waits[0] <= 250
    assert waits[1:] == [2.0, 4.0], "what cannot be understood, or has passed, changes nothing"


def test_a_photo_beyond_reason_is_not_read_to_its_end(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LARGEST_BYTES", 1 << 20)
    services.image_troubles["1"] = [Trouble(body=b"x" * (3 << 20))]
    asking = a_web([])
    with asking.opened(), pytest.raises(LostPhotoError, match="larger than 1 MB"):
        asking.photo(f"{services.url}/image/1.jpg")


@pytest.mark.parametrize("address", ["http://", "nowhere", "ftp://127.0.0.1/1.jpg"])
def test_an_address_that_is_none_loses_one_photo(address: str) -> None:
    asking = a_web([])
    with asking.opened(), pytest.raises(LostPhotoError, match="the photo's address is no address"):
        asking.photo(address)


def test_no_cookie_is_kept(services: Services) -> None:
    services.listing_troubles = [Trouble(body=b"{}", headers={"Set-Cookie": "who=you; Path=/"})] * 2
    asking = a_web([])
    with asking.opened():
        for _ in range(2):
            asking.ask(f"{services.url}/commons", good)
    assert "Cookie" not in services.asked[-1][2]
