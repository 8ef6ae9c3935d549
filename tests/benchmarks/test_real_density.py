"""What stands on real ground is compared with the right cells: on drawn ground whose answer is known."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
from four_colors import HEIGHT, LEFT, TOP, WIDTH, four_colors, geobox
from known_encoder import KnownEncoder
from shapely.geometry import Point, box

from benchmarks.real_density import check_land, check_tiles
from benchmarks.real_encoders import searcher_of
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.score import Searcher


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Four colours, the green quarter bright in near infrared."""
    pixels = np.concatenate([four_colors(), np.zeros((1, HEIGHT, WIDTH), np.uint8)])
    pixels[3, : HEIGHT // 2, WIDTH // 2 :] = 250
    path = tmp_path / "four.tif"
    names = ("red", "green", "blue", "near infrared")
    write_raster(path, pixels, geobox(), descriptions=names, photometric="rgb")
    return open_scene(path)


@pytest.fixture
def searchers(scene: Scene, tmp_path: Path) -> dict[str, Searcher]:
    return {"encoder": searcher_of([scene], KnownEncoder(), tmp_path / "indexes")}


def write(path: Path, shapes: list[object], **columns: list[str]) -> Path:
    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32631").to_file(path)
    return path


def test_trees_of_a_town_are_counted_in_cells_of_each_side(
    scene: Scene, searchers: dict[str, Searcher], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform((WIDTH / 2, 0), (WIDTH, HEIGHT / 2), (400, 2))
    trees = write(tmp_path / "trees.geojson", [Point(LEFT + x, TOP - y) for x, y in places])
    bare = write(tmp_path / "bare.geojson", [Point(LEFT - 900, TOP)])
    found = check_tiles({"wood": [scene], "bare": [scene]}, {"wood": trees, "bare": bare}, searchers, "green", [80, 16])
    assert list(found) == ["cells of 80 m", "cells of 16 m"]
    fine = found["cells of 16 m"]
    assert {name: group["cells"] for name, group in fine.items()} == {"wood": 140, "bare": 140, "both": 280}
    for way in ("encoder: density", "encoder: match probability", "excess green", "NDVI"):
        assert fine["wood"][way]["spearman"] > 0.6
        assert fine["bare"][way]["spearman"] == 0
    assert fine["wood"]["NDWI"]["spearman"] < 0.3
    assert "curve" not in fine["wood"]["encoder: density"]
    curve = fine["both"]["encoder: density"]["curve"]
    assert sum(curve["cells"]) == 280
    trees_counted = sum(n * true for n, true in zip(curve["cells"], curve["true"], strict=True)) * 0.0256
    assert trees_counted == pytest.approx(400, rel=1e-3)
    assert "curve" not in fine["both"]["NDVI"]


def test_land_is_compared_where_polygons_know_it(scene: Scene, searchers: dict[str, Searcher], tmp_path: Path) -> None:
    right, middle, center = LEFT + WIDTH, TOP - HEIGHT / 2, LEFT + WIDTH / 2
    shapes = [box(center, middle, right, TOP), box(LEFT, middle, center, TOP), box(LEFT, TOP - HEIGHT, center, middle)]
    polygons = write(tmp_path / "land.gpkg", shapes, fclass=["meadow", "roof", "lake"])
    classes = {"grass": ("green", ("meadow",)), "water": ("blue", ("lake",))}
    found = check_land(scene, polygons, classes, searchers, 16)
    assert found["cell_m"] == 16
    assert found["grass"]["cells"] == 105, "the white quarter has no polygon"
    assert found["grass"]["share"] == pytest.approx(1 / 3, abs=1e-3)
    for name in ("grass", "water"):
        assert found[name]["encoder: density"]["pearson"] > 0.8
        assert found[name]["encoder: density"]["calibration_error"] < 0.2
    assert "calibration_error" not in found["grass"]["NDVI"]
    assert found["grass"]["NDVI"]["pearson"] > 0.8
