"""What is particular to Wikimedia Commons: answers in parts, HTML in credits, dates as people write them."""

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from harvesting import harvest, scattered
from long_work import finish
from photo_services import Services, Trouble

from graft_core.errors import PhotoError
from graft_core.io.harvest.area import Box, boxes_over
from graft_core.io.harvest.commons import MOST_SQUARE_METRES
from graft_core.io.harvest.harvest import plan_harvest
from graft_core.io.harvest.services import open_service


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "photos.parquet"


def said(**facts: str) -> dict[str, Any]:
    return {key: {"value": value, "source": "commons-desc-page"} for key, value in facts.items()}


def with_facts(services: Services, number: int, mime: str = "image/jpeg", **facts: str) -> None:
    photo = services.photos[number]
    info = {
        "mime": mime,
        "user": "Uploader",
        "thumburl": services.image_url(photo),
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:{photo.id}",
        "extmetadata": said(**facts),
    }
    photo.more = {"imageinfo": [info]}


def test_what_comes_in_parts_is_put_together(services: Services, out: Path) -> None:
    services.photos, services.part = scattered(70), 30
    assert harvest("commons", out).kept == 70
    assert [asked.get("cocontinue") for asked in services.listings()] == [None, "30|0", "60|0"]


def test_a_box_with_more_than_a_search_tells_is_asked_in_parts(services: Services, out: Path) -> None:
    services.photos = scattered(620)
    provider = open_service("commons", sleep=lambda _: None)
    services.part = 500
    with provider.opened():
        plan = finish(plan_harvest(provider, shapely.box(2, 48, 2.02, 48.02), out))
    assert (plan.found, plan.crowded_spots) == (620, 0)


@pytest.mark.parametrize("latitude", [0.0, 48.0, 70.0, -85.0])
def test_boxes_are_within_what_the_service_allows_anywhere(services: Services, latitude: float) -> None:
    provider = open_service("commons")
    with provider.opened():
        boxes = boxes_over(shapely.box(10, latitude, 11, latitude + 1), provider.fits)
    assert 1 < len(boxes) <= 64
    assert all(box.sides_m[0] * box.sides_m[1] < MOST_SQUARE_METRES for box in boxes)


def test_a_wiki_with_a_smaller_limit_is_asked_in_smaller_boxes(services: Services, out: Path) -> None:
    services.photos = scattered(4)
    services.listing_troubles = [Trouble(body=b'{"error": {"code": "toobig", "info": "Bounding box is too big"}}')]
    assert harvest("commons", out).kept == 4


def test_credits_lose_their_html_and_the_uploader_stands_in(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    with_facts(services, 0, Artist="<bdi><a href='//x'>Zoë &lt;Z&gt;\n Maier</a></bdi>", LicenseShortName="CC0")
    with_facts(services, 1, Attribution="The <b>Town</b>", LicenseShortName="Public domain")
    with_facts(services, 2, LicenseShortName="CC BY 3.0")
    harvest("commons", out)
    table = geopandas.read_parquet(out)
    assert list(table.author) == ["Zoë <Z> Maier", "The Town", "Uploader"]
    assert list(table.licence) == ["CC0", "Public domain", "CC BY 3.0"]
    assert list(table.licence_url) == ["", "", ""]


def test_files_that_are_no_photos_and_what_is_not_free_are_left_out(services: Services, out: Path) -> None:
    services.photos = scattered(4)
    with_facts(services, 0, mime="image/svg+xml", LicenseShortName="CC0")
    with_facts(services, 1, LicenseShortName="Fair use", NonFree="true")
    services.photos[2].more = {"missing": True}
    report = harvest("commons", out)
    assert (report.found, report.kept) == (3, 1)
    assert report.left_out == {"no JPEG photo": 1, "no licence": 1}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2016-05-05 12:33:10", "2016-05-05 12:33:10"),
        ("2016:05:05 12:33:10", "2016-05-05 12:33:10"),
        ("2016-05-05T12:33", "2016-05-05 12:33:00"),
        ('<time class="dtstart" datetime="2016-05-05">5 May 2016</time>', "2016-05-05 00:00:00"),
        ("circa 1890", "NaT"),
        ("2016-13-05", "NaT"),
        ("", "NaT"),
    ],
)
def test_dates_are_understood_where_they_are_dates(services: Services, out: Path, text: str, time: str) -> None:
    services.photos = scattered(1)
    with_facts(services, 0, LicenseShortName="CC0", DateTimeOriginal=text)
    harvest("commons", out)
    assert str(geopandas.read_parquet(out).time[0]) == str(geopandas.pd.Timestamp(time) if time != "NaT" else time)


@pytest.mark.parametrize("code", ["maxlag", "ratelimited", "internal_api_error_DBQueryError"])
def test_a_busy_service_is_asked_again_when_it_says(services: Services, out: Path, code: str) -> None:
    services.photos = scattered(2)
    body = json.dumps({"error": {"code": code, "info": "Waiting for a database server"}}).encode()
    services.listing_troubles = [Trouble(body=body, headers={"Retry-After": "41"})]
    waits: list[float] = []
    assert harvest("commons", out, waits=waits).kept == 2
    assert 41.0 in waits


def test_a_refusal_says_what_the_service_said(services: Services, out: Path) -> None:
    services.listing_troubles = [Trouble(body=b'{"error": {"code": "badvalue", "info": "Unrecognized value."}}')]
    with pytest.raises(PhotoError, match=r"Wikimedia Commons refuses the request \(200: Unrecognized value\); check"):
        harvest("commons", out)


def test_an_answer_that_never_ends_is_cut_off(services: Services) -> None:
    endless = Trouble(body=b'{"continue": {"cocontinue": "1|0", "continue": "||"}, "query": {"pages": []}}')
    services.listing_troubles = [endless] * 1000
    provider = open_service("commons", sleep=lambda _: None)
    with provider.opened():
        assert provider.page(Box(2, 48, 2.01, 48.01), "").photos == ()
    assert len(services.asked) == 200
