"""The Library page: real scenes in and out again, bad files refused, encoders with their cards."""

import re
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Watched
from library_page import add, job, open_library, row, tick, upload
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path) -> str:
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture
def library(watched: Watched, address: str) -> Watched:
    open_library(watched, address)
    return watched


def test_empty_library_says_what_to_do(library: Watched) -> None:
    page = library.page
    expect(page.get_by_role("link", name="Explore")).to_be_visible()
    expect(page.get_by_role("link", name="app")).to_have_count(0)
    expect(page.get_by_text("No scene is known yet")).to_be_visible()
    expect(page.get_by_role("button", name="Make the demo world")).to_be_visible()
    expect(page.get_by_text("No job yet")).to_be_visible()
    expect(page.get_by_text("demo encoders speak for the demo world only")).to_be_visible()
    page.get_by_role("button", name="Add and index").click()
    expect(page.get_by_text("Type or paste where the imagery is")).to_be_visible()


def test_bad_files_are_refused_in_a_sentence(library: Watched, shared_data: Path) -> None:
    for name in ("no_crs.tif", "truncated_header.tif", "text_renamed.jpg"):
        add(library, shared_data / "bad" / name)
        alert = library.page.get_by_test_id("stAlert").filter(has_text=name)
        expect(alert).to_be_visible()
        expect(library.page.get_by_text("Traceback")).to_have_count(0)
        expect(library.page.get_by_label("Path, folder or address")).to_have_value(str(shared_data / "bad" / name))


def test_bad_uploads_are_refused_and_nothing_is_left(library: Watched, shared_data: Path, folder: Path) -> None:
    for name in ("empty.tif", "truncated_header.tif", "no_crs.tif"):
        upload(library, shared_data / "bad" / name)
        alert = library.page.get_by_test_id("stAlert").filter(has_text="The upload was not kept")
        expect(alert).to_contain_text(name)
        assert str(folder) not in alert.inner_text(), "the place it was written to is of no use to anybody"
        assert list((folder / "tiles").iterdir()) == []
    expect(library.page.get_by_text("No scene is known yet")).to_be_visible()


def test_file_that_breaks_while_it_is_read_fails_with_a_sentence_and_a_log(library: Watched, shared_data: Path) -> None:
    add(library, shared_data / "bad" / "truncated.tif")
    failed = job(library.page, "Index truncated")
    expect(failed).to_contain_text("failed")
    expect(failed.get_by_test_id("stAlert")).to_contain_text("truncated.tif")
    failed.get_by_text("Log").click()
    expect(failed.get_by_test_id("stCode")).to_contain_text("Index truncated")
    failed.get_by_role("button", name="Forget").click()
    expect(library.page.get_by_text("Index truncated")).to_have_count(0)


def test_uploaded_scene_is_indexed_removed_and_brought_back(
    library: Watched, shared_data: Path, folder: Path, address: str
) -> None:
    page = library.page
    page.get_by_role("radio", name="Upload").click()
    expect(page.get_by_text(re.compile(r"up to 2\.0 GB, .* free"))).to_be_visible()
    upload(library, shared_data / "naip" / "va_forest_lake.tif")
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible()
    assert (folder / "tiles" / "va_forest_lake.tif").stat().st_size == 886_510
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    for text in ("indexed", "NAIP", "597 x 510 m", "graft-demo-naip"):
        expect(row(page, "va_forest_lake")).to_contain_text(text)
    page.get_by_role("button", name="Clear finished").click()
    expect(page.get_by_text("No job yet")).to_be_visible()

    tick(library, "va_forest_lake")
    page.get_by_role("button", name="Remove from the index").click()
    expect(row(page, "va_forest_lake.tif")).to_contain_text("not indexed")
    page.get_by_role("button", name=re.compile("Undo: index va_forest_lake.* again")).click()
    expect(page.get_by_text(re.compile("Index va_forest_lake.* with graft-demo-naip"))).to_be_visible()
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Undo"))).to_have_count(0)
    page.goto(f"{address}/?query=lake")
    expect(page.get_by_text("Density of lake")).to_be_visible()


def test_map_shows_imagery_and_goes_to_what_is_ticked(library: Watched, shared_data: Path) -> None:
    page = library.page
    add(library, shared_data / "sentinel2" / "ftw_austria_RGBN.tif")
    expect(page.get_by_text("2 scenes, 2 indexed")).to_be_visible()
    library.settled()
    frame = library.map_frame()
    expect(frame.locator("path.graft-footprint")).to_have_count(2)
    expect(frame.locator("path.graft-place[fill-opacity='1']")).to_have_count(2)
    tick(library, "ftw_austria")
    frame.wait_for_function("map.getZoom() > 8 && Math.abs(map.getCenter().lng - 13.14) < 0.01")
    expect(frame.locator(".leaflet-tile-loaded").first).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    frame.wait_for_function("map.getZoom() < 5")
    dot = frame.locator("path.graft-place").first.bounding_box()
    assert dot is not None
    page.mouse.click(dot["x"] + 6, dot["y"] + 6)
    frame.wait_for_function("map.getZoom() > 12 && Math.abs(map.getCenter().lng + 78.937) < 0.01")


def test_encoder_shows_its_card(library: Watched) -> None:
    page = library.page
    page.locator(".st-key-card-graft-demo-naip").get_by_role("button").click()
    card = page.get_by_role("dialog")
    for text in ("NAIP", "128 x 128 px at 1 m", "Apache-2.0", "training seeds", "top1"):
        expect(card.get_by_text(text).first).to_be_visible()
    expect(card.get_by_text(re.compile("[0-9a-f]{64}"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.get_by_text("by hand").first).to_be_visible()
    expect(page.get_by_role("button", name="Fetch real weights")).to_be_visible()
