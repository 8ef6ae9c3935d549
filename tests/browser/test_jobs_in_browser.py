"""Jobs as several people see them: a refresh, a second tab, another browser, a server that is killed."""

import re
import signal
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Servers, Watched
from library_page import INDEX_MS, add, job, open_library
from playwright.sync_api import expect

PROGRESS = re.compile("of .* tiles")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("jobs")
    return {"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")}


@pytest.fixture(scope="module")
def address(serve: Serve, folders: dict[str, str]) -> str:
    return serve(ROOT / "app.py", env=folders)


def test_job_is_seen_after_a_refresh_and_by_others_cancelled_by_one_and_resumed_by_another(
    watched: Watched, address: str, shared_data: Path
) -> None:
    page = watched.page
    open_library(watched, address)
    tab, other = page.context.new_page(), page.context.browser.new_context().new_page()
    for each in (tab, other):
        each.goto(f"{address}/Library")
        expect(each.get_by_text("No job yet")).to_be_visible(timeout=30_000)
    add(watched, shared_data / "naip" / "eureka")
    for each in (page, tab):
        expect(each.get_by_text(PROGRESS)).to_be_visible(timeout=INDEX_MS)
    other.get_by_role("button", name="Cancel").click(timeout=30_000)
    for each in (page, tab, other):
        expect(job(each, "Index eureka")).to_contain_text("cancelled", timeout=30_000)
    tab.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(PROGRESS)).to_be_visible(timeout=INDEX_MS)
    page.reload(timeout=60_000)  # beside an index job the machine has little to give
    expect(page.get_by_text(PROGRESS)).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile("is indexed with graft-demo-naip"))).to_be_visible(timeout=INDEX_MS)
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    watched.settled()
    expect(watched.map_frame().locator("path.graft-footprint")).to_have_count(1)
    other.context.close()
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible(timeout=60_000)


def test_job_outlives_the_server(
    watched: Watched, serve: Serve, servers: Servers, folders: dict[str, str], shared_data: Path
) -> None:
    page = watched.page
    address = serve(ROOT / "app.py", env=folders)
    open_library(watched, address)
    add(watched, shared_data / "sentinel2" / "majortom_199U_1099R_RGBN.tif")
    expect(job(page, "Index majortom")).to_contain_text("running", timeout=INDEX_MS)
    page.goto("about:blank")
    servers[address].send_signal(signal.SIGKILL)
    servers[address].wait(timeout=20)
    open_library(watched, serve(ROOT / "app.py", env=folders))
    expect(job(page, "Index majortom")).to_contain_text(re.compile("running|done"))
    expect(page.get_by_text(re.compile("majortom.* is indexed with"))).to_be_visible(timeout=INDEX_MS)
    expect(page.get_by_text("2 scenes, 2 indexed")).to_be_visible(timeout=30_000)
