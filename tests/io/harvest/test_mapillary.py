"""What is particular to Mapillary: boxes in parts, expiring addresses, panoramas, the Graph API's errors."""

import json
from pathlib import Path

import geopandas
import pytest
import shapely
from harvesting import AREA, harvest, scattered
from long_work import finish
from photo_services import Served, Services, Trouble

from graft_core.errors import PhotoError
from graft_core.io.harvest.harvest import plan_harvest, run_harvest
from graft_core.io.harvest.services import open_service


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "photos.parquet"


def test_a_box_with_more_than_one_answer_holds_is_asked_in_parts(services: Services, out: Path) -> None:
    services.photos, services.most = scattered(40), 2000
    services.dense = 6
    report = harvest("mapillary", out)
    assert (report.found, report.kept, report.crowded_spots) == (40, 40, 0)
    assert len(services.listings()) > 8


def test_two_thousand_photos_are_taken_for_more_than_the_service_tells(services: Services, out: Path) -> None:
    services.photos = [Served(str(i), 2 + 0.02 * i / 2400, 48 + 0.02 * i / 2400, b"x") for i in range(2400)]
    provider = open_service("mapillary", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
    assert (plan.found, plan.crowded_spots) == (2400, 0)
    assert services.listings()[0]["limit"] == "2000"


def test_a_spot_that_the_service_never_tells_all_of_is_said_and_does_not_stop_it(services: Services, out: Path) -> None:
    services.photos, services.dense = [Served(f"{i}", 2.0113, 48.0117, author=f"{i}") for i in range(1, 5)], 3
    services.photos += scattered(3, first=10)
    report = harvest("mapillary", out)
    assert (report.kept, report.crowded_spots) == (3, 1)


def test_a_large_area_is_asked_in_boxes_the_service_allows(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    report = harvest("mapillary", out, area=shapely.box(1.9, 47.8, 2.2, 48.2))
    assert report.kept == 3
    for asked in services.listings():
        west, south, east, north = map(float, asked["bbox"].split(","))
        assert (east - west) * (north - south) < 0.01


def test_an_address_that_has_expired_is_asked_for_anew(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    provider = open_service("mapillary", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
        services.issue = 2
        assert finish(run_harvest(provider, plan)).kept == 3


def test_a_photo_taken_back_since_it_was_listed_is_late_not_fatal(services: Services, out: Path) -> None:
    services.photos = scattered(3)
    provider = open_service("mapillary", sleep=lambda _: None)
    with provider.opened():
        plan = finish(plan_harvest(provider, AREA, out))
        services.photos = services.photos[1:]
        report = finish(run_harvest(provider, plan))
    assert (report.kept, sum(report.left_out.values())) == (2, 1)


def test_panoramas_and_photos_without_an_image_are_left_out(services: Services, out: Path) -> None:
    services.photos = scattered(4)
    services.photos[0].more = {"is_pano": True}
    services.photos[1].more = {"thumb_1024_url": None}
    report = harvest("mapillary", out)
    assert report.left_out == {"360° panorama": 1, "no image of a usable size": 1}


def test_the_cameras_own_position_stands_in_where_none_was_computed(services: Services, out: Path) -> None:
    services.photos = scattered(2)
    services.photos[0].more = {"computed_geometry": None, "creator": None, "captured_at": None}
    harvest("mapillary", out)
    table = geopandas.read_parquet(out).set_index("id")
    assert list(table.position) == ["of the camera", "computed from the images"]
    assert table.geometry["1"].x == pytest.approx(services.photos[0].lon + 1e-5)
    assert (table.heading["1"], table.heading["2"]) == (12.5, 10.0)
    assert (table.author["1"], str(table.time["1"])) == ("", "NaT")


@pytest.mark.parametrize(("status", "code"), [(400, 4), (403, 17), (400, 613), (500, 2), (400, 2)])
def test_too_many_requests_and_short_troubles_are_waited_out(
    services: Services, out: Path, status: int, code: int
) -> None:
    services.photos = scattered(2)
    body = {"error": {"message": "Application request limit reached", "type": "OAuthException", "code": code}}
    services.listing_troubles = [Trouble(status, json.dumps(body).encode())]
    assert harvest("mapillary", out).kept == 2


def test_a_refusal_says_what_the_service_said(services: Services, out: Path) -> None:
    body = b'{"error": {"message": "Param bbox is odd. ", "type": "OAuthException", "code": 100}}'
    services.listing_troubles = [Trouble(400, body)]
    with pytest.raises(PhotoError, match=r"Mapillary refuses the request \(400: Param bbox is odd\); check"):
        harvest("mapillary", out)
    assert len(services.asked) == 1


def test_an_address_that_is_not_the_services_is_refused_at_once(
    services: Services, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.listing_troubles = [Trouble(404, b"<html>Not found</html>")]
    with pytest.raises(PhotoError, match=r"Mapillary refuses the request \(404\); check GRAFT_MAPILLARY"):
        harvest("mapillary", out)
