"""The Train page from photos to the same query before and after, through pauses, refreshes and a killed server."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import geopandas
import pytest
from browser_page import ROOT, Serve, Servers, Watched
from explore_page import answered
from held_job import held, newest
from photo_services import Served, Services, running
from playwright.sync_api import expect
from train_page import (
    act,
    choose,
    curves,
    gets_beyond,
    make_pairs,
    open_train,
    panel,
    press,
    start,
    steps_done,
    write_small_world,
)

from graft_core.serve.processes import send_signal
from graft_core.train.metrics import read_metrics

LOOKED_AT = 20
"""Steps after which a run of these pairs was validated."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes and weights of the module; the demo world is drawn, and nothing is indexed."""
    made = tmp_path_factory.mktemp("train")
    write_small_world(made / "tiles" / "demo")
    return made


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    """The services that share photos, on loopback; they have nothing yet."""
    with running() as served:
        yield served


@pytest.fixture(scope="module")
def folders(folder: Path, services: Services) -> dict[str, str]:
    return {
        "GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights"), "OMP_NUM_THREADS": "1",
        "GRAFT_COMMONS": f"{services.url}/commons", "NO_PROXY": "*",
    }  # fmt: skip


@pytest.fixture(scope="module")
def address(serve: Serve, folders: dict[str, str]) -> str:
    return serve(ROOT / "app.py", env=folders)


def test_empty_page_says_what_happens_and_what_is_missing(watched: Watched, address: str) -> None:
    open_train(watched, address)
    page = watched.page
    expect(page.get_by_text("each photo is placed on the tile it was taken in")).to_be_visible()
    expect(page.get_by_role("button", name="Make demo pairs")).to_be_visible()
    watched.picture("train-empty")
    page.get_by_role("button", name="Make pairs", exact=True).click()
    expect(page.get_by_test_id("stAlert").filter(has_text="There are no photos yet")).to_be_visible()
    page.get_by_role("tab", name="Training").click()
    expect(page.get_by_text("Choose pairs in the sidebar, or make some")).to_be_visible()
    page.get_by_role("tab", name="Before and after").click()
    expect(page.get_by_text("Train an encoder first")).to_be_visible()


def test_photos_become_pairs_with_a_report(watched: Watched, address: str, folder: Path) -> None:
    open_train(watched, address)
    page = watched.page
    demo = folder / "tiles" / "demo"
    make_pairs(watched, "near", demo / "photos.parquet", demo / "naip.tif", share=30)
    expect(page.get_by_text(re.compile(r"photos of \d+ in \d+ tiles of 1 scene"))).to_be_visible()
    watched.settled()
    watched.map_frame().wait_for_function("Object.values(map._layers).filter(each => each._radius).length > 20")
    expect(curves(page)).to_have_count(1)
    page.get_by_text("Photos that were left out, by name").click()
    expect(page.get_by_test_id("stDataFrame").filter(has_text="shows no place").first).to_be_attached()
    expect(page.get_by_role("button", name="Report as a page")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ tiles to learn from, \d\d elsewhere to check with"))).to_be_visible()
    watched.picture("train-pairs")


def test_photos_that_lie_nowhere_are_an_answer_and_no_failure(watched: Watched, address: str, folder: Path) -> None:
    (folder / "far.csv").write_text("path,lon,lat\n" + "".join(f"{n}.jpg,10.{n},50\n" for n in range(3)))
    open_train(watched, address)
    make_pairs(watched, "far", folder / "far.csv", folder / "tiles" / "demo" / "naip.tif")
    answer = watched.page.get_by_test_id("stAlert").filter(has_text="None of the 3 photos")
    expect(answer).to_be_visible()
    expect(watched.page.get_by_text("failed")).to_have_count(0)


def test_training_is_paused_refreshed_resumed_and_compared(watched: Watched, address: str, folder: Path) -> None:
    page = watched.page
    open_train(watched, address, "Training")
    choose(watched, "first", epochs=20)
    expect(page.get_by_text(re.compile("once .* photos are embedded"))).to_be_visible()
    start(watched)
    with held(folder / "tiles", unit="steps", beyond=LOOKED_AT):
        expect(panel(page)).to_contain_text("running")
        expect(curves(page)).to_have_count(2)
        page.wait_for_url(re.compile("run=first"))
        act(watched, "Pause", "paused")
    page.reload()
    expect(panel(page).get_by_role("button", name="Resume")).to_be_visible()
    before = steps_done(page)
    expect(curves(page)).to_have_count(2)
    press(watched, "Resume")
    with held(folder / "tiles", unit="steps", beyond=before):
        expect(panel(page)).to_contain_text("running")
        gets_beyond(page, before)
        watched.picture("train-running")
    expect(page.get_by_text("first is trained and can index scenes")).to_be_visible()
    (resumed,) = (event for event in read_metrics(folder / "weights/runs/first").events if "Resumed" in event.text)
    assert 0 <= resumed.step - before <= 1, "the step that was being taken was ended, and none is taken twice"
    page.get_by_role("link", name="Library").click()
    expect(page.locator(".st-key-model-first")).to_be_visible()

    open_train(watched, address, "Training", "first")
    press(watched, "Before and after")
    page.get_by_role("button", name=re.compile("Index naip-.* with demo-teacher and first")).click()
    for side in ("Before: demo-teacher", "After: first"):
        expect(page.get_by_text(side)).to_be_visible()
    watched.settled()
    expect(page.get_by_text(re.compile("of the validation tiles right"))).to_have_count(2)
    for side in ("before", "after"):
        drawn = page.frame_locator(f".st-key-compare-{side} iframe[title='streamlit_folium.st_folium']")
        expect(drawn.locator(".leaflet-image-layer")).to_have_count(1)
    pictures = [
        page.locator(f".st-key-compare-{side} [data-testid=stImageContainer] img") for side in ("before", "after")
    ]
    for each in pictures:
        expect(each).to_have_count(6)
    watched.picture("train-compared")
    page.get_by_role("button", name="Search with it on the Explore page").click()
    page.wait_for_url(re.compile("encoder=first"))
    answered(watched, "forest")


def test_training_outlives_the_server_and_its_own_death(
    watched: Watched, serve: Serve, servers: Servers, folders: dict[str, str], folder: Path
) -> None:
    page = watched.page
    address = serve(ROOT / "app.py", env=folders)
    open_train(watched, address, "Training")
    choose(watched, "sturdy", epochs=5000)
    start(watched)
    expect(panel(page)).to_contain_text("running")
    gets_beyond(page, 0)
    page.goto("about:blank")
    servers[address].send_signal(signal.SIGKILL)
    servers[address].wait()

    open_train(watched, serve(ROOT / "app.py", env=folders), "Training", "sturdy")
    expect(panel(page)).to_contain_text("running")
    gets_beyond(page, steps_done(page))
    act(watched, "Cancel", "cancelled")
    expect(panel(page).get_by_role("button", name="Resume")).to_be_visible()
    before = steps_done(page)
    act(watched, "Resume", "running")
    gets_beyond(page, before)

    killed = newest(folder / "tiles")
    assert killed is not None
    assert send_signal(killed.process, signal.SIGKILL)
    expect(panel(page)).to_contain_text("interrupted")
    act(watched, "Resume", "running")
    act(watched, "Cancel", "cancelled")
    expect(panel(page).get_by_role("button", name="Resume")).to_be_visible()
    press(watched, "Remove")
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("sturdy")).to_have_count(0)
    assert not (folder / "weights" / "runs" / "sturdy").exists()


def test_photos_of_a_service_become_pairs(watched: Watched, address: str, folder: Path, services: Services) -> None:
    album = geopandas.read_parquet(folder / "tiles" / "demo" / "photos.parquet")
    services.photos = [
        Served(f"{i}", photo.geometry.x, photo.geometry.y, (folder / "tiles" / "demo" / photo.path).read_bytes())
        for i, photo in enumerate(album.head(60).itertuples(), start=1)
    ]
    open_train(watched, address)
    page = watched.page
    page.get_by_role("radio", name="Services").click()
    page.get_by_role("button", name="Get photos of these scenes").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="Choose the scenes first")).to_be_visible()
    box = page.get_by_role("combobox", name="Scenes")
    box.fill(str(folder / "tiles" / "demo" / "naip.tif"))
    box.press("Enter")
    box.press("Escape")
    watched.settled()
    watched.picture("train-services")
    page.get_by_role("button", name="Get photos of these scenes").click()
    expect(page.get_by_text(re.compile(r"\d\d photos: commons-naip-"))).to_be_visible()
    expect(page.get_by_text("By 1 author (CC BY-SA 4.0)")).to_be_visible()
    watched.settled()
    watched.picture("train-services-got")
    named = page.get_by_label("Name of the pairs")
    named.fill("shared")
    named.press("Enter")
    watched.settled()
    page.get_by_role("button", name="Make pairs", exact=True).click()
    expect(page.get_by_role("combobox", name=re.compile("Report of"))).to_have_value("shared")
    expect(page.get_by_text(re.compile(r"photos of \d+ in \d+ tiles of 1 scene"))).to_be_visible()
