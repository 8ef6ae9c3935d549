"""Published embeddings in the browser: imported on the Library page, asked on Explore, with no picture to be had."""

import re
from pathlib import Path

import major_tom
import numpy as np
import pytest
from browser_page import ROOT, Serve, Watched
from explore_page import answered, ask, thumbnails
from library_page import job, open_library, row
from playwright.sync_api import expect

from graft_core.models.registry import load_encoder
from graft_core.search.embed import prompt_vector

ENCODER = "graft-demo-sentinel2"
SIDE_PX = 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embeddings")


@pytest.fixture(scope="module")
def address(serve: Serve, folder: Path) -> str:
    return serve(ROOT / "app.py", env={"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "weights")})


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    """A hundred cells about a river valley: farmland, a forest in the north, a lake in the south-east."""
    encoder = load_encoder(ENCODER, device="cpu")
    lake, forest, field = (
        prompt_vector(encoder, words, encoder.defaults.templates) for words in ("water", "trees", "farmland")
    )
    fragments = [
        each
        for down in range(10)
        for across in range(10)
        for each in major_tom.cell(11.7 + 0.05 * across, 49.9 + 0.035 * down, place=(down, across), side_px=SIDE_PX)
    ]
    noise = np.random.default_rng(4).normal(0, 0.03, (len(fragments), len(lake)))
    rows = []
    for fragment in fragments:
        lon, lat = fragment.lonlat
        wet = np.hypot((lon - 12.05) * 0.64, lat - 49.98) < 0.04
        rows.append(lake if wet else forest if lat > 50.1 + 0.05 * np.sin(40 * lon) else field)
    table = major_tom.rows(fragments, np.float32(np.array(rows) + noise), "20230119T161811")
    half = len(fragments) // 2
    major_tom.write(folder / "Core-S2RGB" / "part_00001.parquet", table.slice(0, half))
    major_tom.write(folder / "Core-S2RGB" / "part_00002.parquet", table.slice(half))
    return folder / "Core-S2RGB"


def test_a_set_is_imported_asked_and_shown_without_a_picture(
    watched: Watched, address: str, source: Path, shared_data: Path
) -> None:
    page = watched.page
    open_library(watched, address)
    page.get_by_role("radio", name="Embeddings").click()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Type or paste where the embeddings are")).to_be_visible()
    box = page.get_by_label("File or folder of embeddings")
    box.fill(str(shared_data / "bad"))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("has no Parquet files in it; give where the embeddings lie")).to_be_visible()
    expect(box).to_have_value(str(shared_data / "bad"))

    page.get_by_role("combobox", name="Made by").click()
    page.get_by_role("option", name=ENCODER, exact=True).click()
    box.fill(str(source))
    watched.picture("embeddings-form")
    page.get_by_role("button", name="Import").click()
    made = job(page, "Import 900 embeddings by graft-demo-sentinel2")
    expect(made).to_contain_text(re.compile("is indexed with graft-demo-sentinel2: 900 embeddings"))
    expect(page.get_by_text("1 scene, 1 indexed")).to_be_visible()
    for text in ("indexed", "embeddings", ENCODER):
        expect(row(page, "Core-S2RGB")).to_contain_text(text)
    outline = watched.map_frame().locator("path.graft-footprint")
    expect(outline).to_have_count(1)
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    watched.picture("embeddings-library")

    watched.open(f"{address}/")
    ask(watched, "water")
    expect(watched.map_frame().locator("img.leaflet-image-layer").first).to_be_visible()
    expect(watched.map_frame().get_by_text("embeddings, no picture")).to_be_visible()
    cards = thumbnails(page)
    assert len(set(cards)) == 12, "each card has a dot of its own"
    watched.picture("embeddings-explore")
    page.locator("[class*=st-key-like-gallery-] button").first.click()
    answered(watched, "a tile")
