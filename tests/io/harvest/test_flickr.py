"""What is particular to Flickr: pages, its largest answer, licences by number, accuracy levels, doubtful times."""

from pathlib import Path
from typing import Any

import geopandas
import pytest
from harvesting import AREA, harvest, scattered
from long_work import finish
from photo_services import FLICKR_LICENCES, Served, Services, Trouble

from graft_core.errors import PhotoError
from graft_core.io.harvest.flickr import short_name
from graft_core.io.harvest.harvest import plan_harvest
from graft_core.io.harvest.services import open_service


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "photos.parquet"


def test_every_page_is_read_once(services: Services, out: Path) -> None:
    services.photos, services.most = scattered(25), 10
    assert harvest("flickr", out).kept == 25
    assert [asked["page"] for asked in services.listings()[1:]] == ["1", "2", "3"]
    assert {asked["license"] for asked in services.listings()[1:]} == {"4,5,7,9"}, "all rights reserved is not asked"


def test_more_than_a_search_can_tell_is_asked_in_parts(services: Services, out: Path) -> None:
    services.photos = [Served(str(i), 2 + 0.02 * i / 4200, 48 + 0.02 * i / 4200, b"x") for i in range(4200)]
    provider = open_service("flickr", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
    assert (plan.found, plan.crowded_spots) == (4200, 0)
    assert max(int(asked["page"]) for asked in services.listings()[1:]) <= 16


def test_a_spot_with_too_many_photos_is_read_as_far_as_the_service_tells(services: Services, out: Path) -> None:
    services.photos = [Served(str(i), 2.0113, 48.0117, b"x") for i in range(4300)]
    provider = open_service("flickr", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
    assert (plan.found, plan.crowded_spots) == (4000, 1)


@pytest.mark.parametrize(
    ("facts", "time"),
    [
        ({}, "2021-06-05 14:00:00"),
        ({"datetakengranularity": "4"}, "NaT"),
        ({"datetakengranularity": 8}, "NaT"),
        ({"datetakenunknown": 1}, "NaT"),
        ({"datetaken": "0000-00-00 00:00:00"}, "NaT"),
        ({"datetaken": None}, "NaT"),
    ],
)
def test_a_time_that_is_a_guess_is_no_time(services: Services, out: Path, facts: dict[str, Any], time: str) -> None:
    services.photos = scattered(1)
    services.photos[0].more = facts
    harvest("flickr", out)
    assert str(geopandas.read_parquet(out).time[0]) == time


def test_the_largest_image_up_to_a_thousand_pixels_is_taken(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    url = services.image_url(services.photos[0])
    services.photos[0].more = {"url_l": "", "url_c": url, "url_m": "http://127.0.0.1:9/small.jpg"}
    services.photos[1].more = {"url_l": ""}
    services.photos[2].more = {"accuracy": "11"}
    report = harvest("flickr", out)
    assert report.left_out == {"no image of a usable size": 1, "position coarser than a street": 1}
    assert services.images() == ["1"]


def test_the_level_of_accuracy_and_the_credit_are_kept(services: Services, out: Path) -> None:
    services.photos = scattered(2)
    services.photos[0].more = {"license": "9", "ownername": ""}
    harvest("flickr", out)
    table = geopandas.read_parquet(out).set_index("id")
    assert list(table.licence) == ["CC0 1.0", "CC BY-SA 2.0"]
    assert list(table.author) == ["47058503995@N01", "Ada"]
    assert set(table.position) == {"accuracy level 16 of 16"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "CC BY-NC-SA 4.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "Public Domain Mark 1.0"),
        ("https://www.flickr.com/commons/usage/", "given"),
        ("", "given"),
    ],
)
def test_licences_have_the_names_people_know(url: str, name: str) -> None:
    assert short_name("given", url) == name


@pytest.mark.parametrize("code", [105, 106])
def test_a_service_that_is_busy_is_asked_again(services: Services, out: Path, code: int) -> None:
    services.photos = scattered(2)
    services.listing_troubles = [Trouble(body=b'{"stat": "fail", "code": %d, "message": "Service unavailable"}' % code)]
    assert harvest("flickr", out).kept == 2


def test_a_refusal_says_what_the_service_said(services: Services, out: Path) -> None:
    services.listing_troubles = [Trouble(body=b'{"stat": "fail", "code": 4, "message": "Not a valid bounding box"}')]
    with pytest.raises(PhotoError, match=r"Flickr refuses the request \(200: Not a valid bounding box\)"):
        harvest("flickr", out)


@pytest.mark.parametrize("body", [b'{"stat": "ok"}', b'{"stat": "ok", "licenses": {"license": [{"id": "0"}]}}'])
def test_a_list_of_licences_without_any_stops_before_a_search_for_all(
    services: Services, out: Path, body: bytes
) -> None:
    services.listing_troubles = [Trouble(body=body)]
    with pytest.raises(PhotoError, match="names no licence that lets others use photos"):
        harvest("flickr", out)
    assert len(FLICKR_LICENCES) == 5
    assert len(services.asked) == 1


def test_a_search_without_a_list_of_photos_is_told(services: Services, out: Path) -> None:
    provider = open_service("flickr", sleep=lambda _: None)
    services.photos = scattered(1)
    with provider.opened():
        assert provider.page(_box(), "").photos
        services.listing_troubles = [Trouble(body=b'{"stat": "ok", "photos": []}')]
        with pytest.raises(PhotoError, match="Flickr lists no photos where it should"):
            provider.page(_box(), "")


def _box() -> Any:
    from graft_core.io.harvest.area import Box

    return Box(*AREA.bounds)
