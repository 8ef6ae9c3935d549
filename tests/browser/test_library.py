"""The Library page: real scenes in, jobs watched, stopped and taken up again, bad files refused."""

import re
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Watched
from playwright.sync_api import expect

INDEX_MS = 120_000


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("library")
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture
def library(watched: Watched, address: str) -> Watched:
    watched.open(f"{address}/Library")
    expect(watched.page.get_by_text("Add a scene")).to_be_visible(timeout=30_000)
    return watched


def add(watched: Watched, source: Path | str) -> None:
    box = watched.page.get_by_label("Path, folder or address")
    box.fill(str(source))
    box.press("Enter")
    watched.settled()
    watched.page.get_by_role("button", name="Add and index").click()


def test_empty_library_says_what_to_do(library: Watched) -> None:
    expect(library.page.get_by_role("link", name="Explore")).to_be_visible()
    expect(library.page.get_by_role("link", name="app")).to_have_count(0)
    expect(library.page.get_by_text("No scene is known yet")).to_be_visible()
    expect(library.page.get_by_text("demo encoders speak for the demo world only")).to_be_visible()


@pytest.mark.parametrize("name", ["no_crs.tif", "truncated_header.tif", "text_renamed.jpg"])
def test_bad_file_is_refused_in_a_sentence(library: Watched, shared_data: Path, name: str) -> None:
    add(library, shared_data / "bad" / name)
    alert = library.page.get_by_test_id("stAlert").filter(has_text=name)
    expect(alert).to_be_visible(timeout=30_000)
    expect(library.page.get_by_text("Traceback")).to_have_count(0)


def test_real_scene_is_indexed_cancelled_resumed_and_searched(
    library: Watched, shared_data: Path, address: str
) -> None:
    page = library.page
    add(library, shared_data / "naip" / "claremont")
    expect(page.get_by_text(re.compile("of .* tiles"))).to_be_visible(timeout=INDEX_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled", exact=False).first).to_be_visible(timeout=30_000)
    page.reload()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible(timeout=INDEX_MS)
    expect(page.get_by_text("running", exact=False)).to_have_count(0, timeout=30_000)
    expect(library.map_frame().locator("path.leaflet-interactive")).to_have_count(1)
    library.open(f"{address}/?query=parking+lot")
    expect(page.get_by_text("Density of parking lot")).to_be_visible(timeout=60_000)
    expect(library.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
