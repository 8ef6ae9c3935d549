"""Jobs as several people see them: a refresh, a second tab, another browser, a server that is killed."""

import re
import signal
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Servers, Watched, new_person
from held_job import held
from library_page import add, job, open_library
from playwright.sync_api import Browser, expect

PROGRESS = re.compile("of .* tiles")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs") / "tiles"


@pytest.fixture(scope="module")
def folders(tiles: Path) -> dict[str, str]:
    return {"GRAFT_TILES": str(tiles), "GRAFT_WEIGHTS": str(tiles.parent / "weights")}


@pytest.fixture(scope="module")
def address(serve: Serve, folders: dict[str, str]) -> str:
    return serve(ROOT / "app.py", env=folders)


def test_job_is_seen_after_a_refresh_and_by_others_cancelled_by_one_and_resumed_by_another(
    watched: Watched, browser: Browser, address: str, tiles: Path, shared_data: Path
) -> None:
    page = watched.page
    open_library(watched, address)
    tab, other = page.context.new_page(), new_person(browser).new_page()
    for each in (tab, other):
        each.goto(f"{address}/Library")
        expect(each.get_by_text("No job yet")).to_be_visible()
    add(watched, shared_data / "naip" / "eureka")
    with held(tiles):
        for each in (page, tab):
            expect(each.get_by_text(PROGRESS)).to_be_visible()
        other.get_by_role("button", name="Cancel").click()
    for each in (page, tab, other):
        expect(job(each, "Index eureka")).to_contain_text("cancelled")
    tab.get_by_role("button", name="Resume").click()
    with held(tiles):
        expect(page.get_by_text(PROGRESS)).to_be_visible()
        page.reload()
        expect(page.get_by_text(PROGRESS)).to_be_visible()
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible()
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    watched.settled()
    expect(watched.map_frame().locator("path.graft-footprint")).to_have_count(1)
    other.context.close()
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()


def test_job_outlives_the_server(
    watched: Watched, serve: Serve, servers: Servers, folders: dict[str, str], tiles: Path, shared_data: Path
) -> None:
    page = watched.page
    address = serve(ROOT / "app.py", env=folders)
    open_library(watched, address)
    add(watched, shared_data / "sentinel2" / "majortom_199U_1099R_RGBN.tif")
    with held(tiles):
        expect(job(page, "Index majortom")).to_contain_text("running")
        page.goto("about:blank")
        servers[address].send_signal(signal.SIGKILL)
        servers[address].wait()
        open_library(watched, serve(ROOT / "app.py", env=folders))
        expect(job(page, "Index majortom")).to_contain_text("running")
    expect(page.get_by_text(re.compile("majortom.* is indexed with"))).to_be_visible()
    expect(page.get_by_text("2 scenes, 2 indexed")).to_be_visible()
