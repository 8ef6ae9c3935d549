"""The Classify page from a list of classes to a label map, its areas, its accuracy, and files."""

import csv
import re
from pathlib import Path

import pytest
import rasterio
from browser_page import ROOT, Serve, Watched
from classify_page import areas, legend, lines, open_classify, paste
from playwright.sync_api import expect
from segment_page import look_closely, put_small_scene

CLASSES = "woods = forest + orchard\nwater = lake + river\nbuilt = residential area + industrial area\nmeadow"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classify")


@pytest.fixture(scope="module")
def scene(folder: Path) -> Path:
    return put_small_scene(folder / "tiles", folder / "world")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path, scene: Path) -> str:
    env = {"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights"), "OMP_NUM_THREADS": "1"}
    return serve(ROOT / "app.py", env=env)


def test_class_list_becomes_a_label_map_with_areas_accuracy_and_files(
    watched: Watched, address: str, folder: Path, scene: Path, tmp_path: Path
) -> None:
    page = watched.page
    open_classify(watched, address, scene)
    assert lines(page).count() > 4, "there is a list to begin with"
    paste(watched, CLASSES)
    expect(lines(page)).to_have_count(4)
    look_closely(watched, scene)
    expect(legend(page)).to_contain_text(re.compile("woods.*water.*built.*meadow.*unsure", re.DOTALL))
    expect(watched.map_frame().locator(".leaflet-image-layer")).to_have_count(1)
    watched.picture("classify-classes")

    page.get_by_role("tab", name="Areas").click()
    expect(page.locator(".graft-areas")).to_be_visible()
    watched.settled()
    found = areas(page)
    assert list(found) == ["woods", "water", "built", "meadow", "unsure"]
    with rasterio.open(scene) as opened:
        whole = opened.width * opened.height * abs(opened.transform.a * opened.transform.e) / 10_000
    assert sum(found.values()) == pytest.approx(whole, abs=0.05)
    watched.map_frame().locator(".leaflet-container").click(position={"x": 250, "y": 250})
    expect(page.get_by_text(re.compile("Here · .* \\d+%"))).to_be_visible()
    watched.picture("classify-areas")

    page.get_by_role("tab", name="Accuracy").click()
    reference = page.get_by_role("textbox", name="Reference")
    reference.fill(str(folder / "world" / "truth_naip.tif"))
    reference.press("Enter")
    expect(page.get_by_test_id("stMetric").filter(has_text="OA")).to_contain_text("%")
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    watched.picture("classify-accuracy")

    page.get_by_role("tab", name="Files").click()
    page.get_by_role("button", name="Write files").click()
    for name in ("Label map, GeoTIFF", "Areas, CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile(name)).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    (table,) = tmp_path.glob("*.csv")
    rows = {row["class"]: float(row["ha"]) for row in csv.DictReader(table.read_text().splitlines())}
    assert rows == pytest.approx(found, abs=0.01), "the file says what the page says"
    (raster,) = tmp_path.glob("*.tif")
    with rasterio.open(raster) as opened:
        assert "woods" in opened.tags()["CLASS_NAMES"]


def test_classes_are_renamed_added_and_removed_and_the_address_holds_them(
    watched: Watched, address: str, scene: Path
) -> None:
    page = watched.page
    open_classify(watched, address, scene)
    paste(watched, "forest\nwater = lake + river\nmeadow")
    expect(lines(page)).to_have_count(3)
    watched.settled()
    lines(page).first.fill("trees")
    lines(page).first.press("Enter")
    expect(legend(page)).to_contain_text("trees")
    page.get_by_role("button", name="Add a class").click()
    expect(lines(page)).to_have_count(4)
    lines(page).last.fill("quarry")
    lines(page).last.press("Enter")
    expect(legend(page)).to_contain_text("quarry")
    page.locator(".st-key-classes").get_by_role("button", name=re.compile("close")).nth(2).click()
    expect(legend(page)).not_to_contain_text("meadow")
    page.reload()
    expect(legend(page)).to_have_text(re.compile("trees.*water.*quarry.*unsure", re.DOTALL))


def test_list_that_makes_no_map_is_told_what_it_lacks(watched: Watched, address: str, scene: Path) -> None:
    open_classify(watched, address, scene)
    paste(watched, "forest\nforest")
    expect(watched.page.get_by_test_id("stAlert").filter(has_text="forest")).to_be_visible()
