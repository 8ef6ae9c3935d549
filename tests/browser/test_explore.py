"""The Explore page as an analyst uses it, from the first start on an empty machine."""

import json
import re
from pathlib import Path

import pytest
import rasterio
from browser_page import ROOT, Serve, Watched
from playwright.sync_api import Frame, Page, expect

DEMO_MS = 150_000
"""Patience with the demo world on a busy machine."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explore")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path) -> str:
    """A server whose folder of scenes is empty at first."""
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture
def explore(watched: Watched, address: str) -> Watched:
    """The page with the demo world indexed; the first test that needs it waits for it."""
    watched.open(address)
    expect(watched.page.get_by_placeholder(re.compile("Search the imagery"))).to_be_visible(timeout=DEMO_MS)
    watched.settled()
    return watched


def ask(watched: Watched, text: str) -> None:
    box = watched.page.get_by_placeholder(re.compile("Search the imagery"))
    box.fill(text)
    box.press("Enter")
    expect(watched.page.get_by_text(f"Density of {text}")).to_be_visible(timeout=60_000)
    watched.settled()


def thumbnails(page: Page) -> list[str]:
    images = page.locator("[data-testid=stImageContainer] img")
    expect(images).to_have_count(24)
    return [str(image.get_attribute("src")) for image in images.all()]


def view_of(frame: Frame) -> list[float]:
    at: list[float] = frame.evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]")
    return at


def test_first_start_says_what_it_does_and_ends_with_a_map(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    expect(watched.page.get_by_text("Draw and index the demo world")).to_be_visible(timeout=30_000)
    expect(watched.page.get_by_text(re.compile("of .* pixels"))).to_be_visible(timeout=30_000)
    expect(watched.page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(watched.page.get_by_placeholder(re.compile("Search the imagery"))).to_be_visible(timeout=DEMO_MS)
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    expect(watched.page.get_by_text("Type what to look for")).to_be_visible()


def test_query_shows_heat_map_legend_and_gallery_and_stands_in_the_address(explore: Watched) -> None:
    ask(explore, "golf course")
    frame = explore.map_frame()
    expect(frame.locator(".leaflet-image-layer")).to_have_count(1)
    expect(frame.locator("path.graft-outline").first).to_be_visible()
    assert len(set(thumbnails(explore.page))) == 24
    expect(explore.page.get_by_text("% match").first).to_be_visible()
    assert "query=golf+course" in explore.page.url
    shared = explore.page.url
    explore.page.goto("about:blank")
    explore.open(shared)
    expect(explore.page.get_by_text("Density of golf course")).to_be_visible(timeout=60_000)


def test_gallery_goes_to_the_place_and_the_map_stays(explore: Watched) -> None:
    ask(explore, "forest")
    frame = explore.map_frame()
    before = view_of(frame)
    explore.page.get_by_test_id("stImageContainer").first.wait_for()
    explore.page.locator("[class*=st-key-go-] button").nth(2).click()
    frame.wait_for_function("zoom => map.getZoom() > zoom", arg=before[0])
    explore.settled()
    expect(frame.locator("path.graft-chosen")).to_have_count(1)
    at = view_of(frame)
    ask(explore, "lake")
    assert not frame.is_detached(), "the same map"
    assert view_of(frame) == at, "a query does not move it"


def test_thumb_changes_the_ranking(explore: Watched) -> None:
    ask(explore, "crop field")
    before = thumbnails(explore.page)
    thumb = explore.page.locator("[class*=st-key-thumb_down-] button")
    thumb.first.click()
    expect(explore.page.get_by_test_id("stImageContainer").first).to_be_visible()
    explore.page.wait_for_function(
        "src => document.querySelector('[data-testid=stImageContainer] img').src !== src", arg=f"{before[0]}"
    )
    explore.settled()
    assert thumbnails(explore.page) != before


def test_threshold_and_history(explore: Watched) -> None:
    ask(explore, "forest")
    ask(explore, "solar panels")
    explore.page.get_by_text("Threshold", exact=True).click()
    expect(explore.page.get_by_text("share of tiles that match")).to_be_visible(timeout=30_000)
    explore.page.get_by_role("tab", name="History").click()
    again = explore.page.get_by_role("button", name="forest", exact=True).last
    again.click()
    expect(explore.page.get_by_text("Density of forest")).to_be_visible(timeout=30_000)


def test_earlier_query_is_subtracted_and_brought_back(explore: Watched) -> None:
    ask(explore, "forest")
    ask(explore, "lake")
    explore.page.get_by_role("tab", name="History").click()
    explore.page.get_by_role("button", name="subtract").first.click()
    expect(explore.page.get_by_text("Density of lake, less forest")).to_be_visible(timeout=30_000)
    explore.page.get_by_role("button", name="subtract").first.click()
    expect(explore.page.get_by_text("Density of lake", exact=True)).to_be_visible(timeout=30_000)


def test_area_of_interest_is_drawn_kept_to_and_cleared(explore: Watched) -> None:
    ask(explore, "forest")
    frame = explore.map_frame()
    everywhere = frame.locator("path.graft-outline").count()
    frame.locator(".leaflet-draw-draw-rectangle").click()
    box = frame.locator(".leaflet-container").bounding_box()
    assert box is not None
    mouse = explore.page.mouse
    mouse.move(box["x"] + 150, box["y"] + 120)
    mouse.down()
    mouse.move(box["x"] + 230, box["y"] + 180, steps=5)
    mouse.up()
    clear = explore.page.get_by_role("button", name="Clear the area of interest")
    expect(clear).to_be_visible(timeout=30_000)
    explore.settled()
    expect(frame.locator("path.graft-outline")).not_to_have_count(everywhere, timeout=30_000)
    clear.click()
    expect(clear).to_have_count(0, timeout=30_000)
    expect(explore.map_frame().locator("path.graft-outline")).to_have_count(everywhere, timeout=30_000)


def test_query_without_sense_is_a_sentence_and_nothing_breaks(explore: Watched) -> None:
    box = explore.page.get_by_placeholder(re.compile("Search the imagery"))
    box.fill("forest -")
    box.press("Enter")
    expect(explore.page.get_by_test_id("stAlert").first).to_be_visible()
    expect(explore.page.get_by_text("Traceback")).to_have_count(0)
    ask(explore, "forest")


def test_files_are_written_and_valid(explore: Watched, folder: Path) -> None:
    ask(explore, "harbour")
    explore.page.get_by_role("tab", name="Files").click()
    explore.page.get_by_role("button", name="Write files").click()
    link = explore.page.get_by_role("button", name=re.compile("Density map, GeoTIFF"))
    expect(link).to_be_visible(timeout=60_000)
    with explore.page.expect_download() as started:
        link.click()
    target = folder / "download.tif"
    started.value.save_as(target)
    with rasterio.open(target) as raster:
        assert raster.tags()["GRAFT_QUERY"] == "harbour"
        assert raster.count == 2
    (layer,) = (folder / "tiles" / "layers").glob("harbour-*.tif")
    assert json.loads(layer.with_suffix(".json").read_text())["type"] == "Feature"
    assert layer.with_suffix(".gpkg").is_file()
    assert layer.with_suffix(".png").is_file()
