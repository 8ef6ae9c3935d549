"""`embeddings`: a set of files becomes a scene that every other verb takes; and against the scene it was made from."""

import json
from pathlib import Path

import major_tom
import numpy as np
import pytest
import rasterio
from commands import command, done, refused
from odc.geo.geobox import GeoBox
from rasterio.warp import Resampling, reproject

from graft_core import settings
from graft_core.geo.place import bounds_wgs84, pixel_window
from graft_core.index.store import IndexStore
from graft_core.io.scene import open_scene, read_rgb
from graft_core.models.registry import load_encoder
from graft_core.tasks.index_scene import index_scene
from graft_core.world.scenes import write_scene

ENCODER = "graft-demo-sentinel2"
SIDE_PX, STEP_PX = 128, 114
DAY = "20230119T161811"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world at 10 m, seven fragments wide."""
    folder = tmp_path_factory.mktemp("world")
    write_scene(folder, "sentinel2", seed=11, side=6 * STEP_PX + SIDE_PX)
    return folder / "sentinel2.tif"


@pytest.fixture
def published(scene: Path, tmp_path: Path) -> Path:
    """What somebody else would publish of the scene: its fragments' embeddings, and no pixel of it."""
    opened, encoder = open_scene(scene, sensor="sentinel2"), load_encoder(ENCODER, device="cpu")
    box = opened.geobox
    corners = [
        (top, left)
        for top in range(0, box.shape[0] - SIDE_PX + 1, STEP_PX)
        for left in range(0, box.shape[1] - SIDE_PX + 1, STEP_PX)
    ]
    tiles = np.stack([read_rgb(opened, pixel_window(box, top, left, SIDE_PX, SIDE_PX))[0] for top, left in corners])
    vectors = encoder.encode_tiles(tiles)
    fragments = [fragment(box, top, left) for top, left in corners]
    table = major_tom.rows(fragments, 7 * vectors, DAY)
    return major_tom.write(tmp_path / "published" / "part_00001.parquet", table)


def fragment(box: GeoBox, top: int, left: int) -> major_tom.Fragment:
    x, y = box.affine @ (left, top)
    utm = (x, y - 10 * SIDE_PX, x + 10 * SIDE_PX, y)
    return major_tom.Fragment(utm, str(box.crs), (top, left), (left, top, left + SIDE_PX, top + SIDE_PX))


def test_a_published_set_answers_as_the_scene_it_was_made_from(scene: Path, published: Path, tmp_path: Path) -> None:
    said = done("embeddings", published, "--encoder", ENCODER, "--name", "valley", "--json")
    assert json.loads(said)["embeddings"] == 49
    for _ in index_scene(open_scene(scene, sensor="sentinel2"), load_encoder(ENCODER), settings.indexes_dir()):
        pass
    query = ("--query", "forest", "--encoder", ENCODER, "--bandwidth", "600")
    done("density", "valley", *query, "-o", tmp_path / "published.tif")
    done("density", scene, *query, "--sensor", "sentinel2", "-o", tmp_path / "own.tif")
    with rasterio.open(tmp_path / "published.tif") as one, rasterio.open(tmp_path / "own.tif") as other:
        ours, theirs = one.read(1), np.full((one.height, one.width), np.nan, np.float32)
        reproject(
            other.read(1), theirs, src_transform=other.transform, src_crs=other.crs, dst_transform=one.transform,
            dst_crs=one.crs, resampling=Resampling.average, src_nodata=np.nan, dst_nodata=np.nan,
        )  # fmt: skip
        recipe = json.loads(one.tags()["GRAFT_RECIPE"])
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() > 1000
    assert np.corrcoef(ours[both], theirs[both])[0, 1] > 0.8
    assert recipe["encoder"] == ENCODER
    assert recipe["source"].endswith("valley.tif")


def test_every_verb_takes_an_imported_set(published: Path, tmp_path: Path) -> None:
    assert done("embeddings", published.parent, "--encoder", ENCODER, "--name", "valley").strip() == (
        "valley is made of 49 rows: 49 embeddings by graft-demo-sentinel2."
    )
    again = done("embeddings", published.parent, "--encoder", ENCODER, "--name", "valley")
    assert again.strip() == "valley was there already: 49 embeddings by graft-demo-sentinel2."
    (known,) = json.loads(done("scenes", "--json"))
    assert (known["name"], known["encoders"], known["tiles"]) == ("valley", [ENCODER], 49)

    done("density", "valley", "-q", "water", "-o", tmp_path / "water.tif")
    assert (tmp_path / "water.qml").is_file()
    assert json.loads((tmp_path / "water.json").read_text())["properties"]["datetime"].startswith("2023-01-19")
    hits = json.loads(done("retrieve", "valley", "-q", "water", "-k", 3, "-o", tmp_path / "hits.gpkg", "--json"))[
        "hits"
    ]
    assert {hit["acquired"] for hit in hits} == {"2023-01-19"}
    assert len({hit["id"] for hit in hits}) == 3
    assert (tmp_path / "hits.png").is_file()

    assert "valley is removed" in done("index", "remove", "valley")
    done("replay", tmp_path / "water.tif", "-o", tmp_path / "again.tif")
    with rasterio.open(tmp_path / "water.tif") as one, rasterio.open(tmp_path / "again.tif") as other:
        np.testing.assert_array_equal(one.read(), other.read())
    encoder = load_encoder(ENCODER)
    assert [record.name for record in IndexStore(settings.indexes_dir(), encoder.spec).scenes()] == ["valley"]


def test_what_has_no_picture_is_not_segmented_or_seen_by_another_encoder(published: Path, tmp_path: Path) -> None:
    done("embeddings", published, "--encoder", ENCODER, "--name", "valley")
    assert "without a picture" in refused("segment", "valley", "-q", "water", "-o", tmp_path / "water.gpkg")
    assert "without a picture" in refused("index", "valley", "--encoder", "graft-demo-naip")


def test_an_area_is_taken_and_the_rest_counted(published: Path) -> None:
    whole = json.loads(done("embeddings", published, "--encoder", ENCODER, "--json"))
    west, south, east, north = bounds_wgs84(open_scene(whole["source"]).geobox)
    area = f"{west},{south},{(west + east) / 2},{north}"
    said = command("embeddings", published, "--encoder", ENCODER, "--area", area, "--json")
    half = json.loads(said.out)
    assert half["embeddings"] + half["left_out"]["outside"] == 49
    assert 20 < half["embeddings"] < 30
    assert f"Left out: {half['left_out']['outside']} beyond the area." in said.err
    assert half["scene"] != whole["scene"]


def test_what_cannot_be_imported_is_refused_in_one_sentence(published: Path, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("nothing")
    assert "no Parquet file" in refused("embeddings", tmp_path / "text.parquet", "--encoder", ENCODER)
    assert "is no file, folder or pattern" in refused("embeddings", tmp_path / "gone.parquet", "--encoder", ENCODER)
    assert "There is no model 'nobody'" in refused("embeddings", published, "--encoder", "nobody")
    assert "Column 'b' is not there" in refused("embeddings", published, "--encoder", ENCODER, "--column", "b")
    assert command("embeddings", published).status == 2
