"""Labels and figures on real imagery are those worked out by hand."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from benchmarks.ground_truth import (
    area_under_curve,
    labelled_areas,
    ndvi,
    ndwi,
    rank_agreement,
    tree_counts,
    zero_shot_figures,
)
from graft_core.evaluate.green import excess_green

GRID = GeoBox((4, 6), Affine(10, 0, 500_000, 0, -10, 5_800_040), "EPSG:32633")
"""Four rows and six columns of 10 m."""


def square(left: int, top: int, right: int, bottom: int) -> object:
    """The outline of whole pixels of the grid, edges counted from its corner."""
    return box(500_000 + 10 * left, 5_800_040 - 10 * bottom, 500_000 + 10 * right, 5_800_040 - 10 * top)


def points_file(folder: Path, tiles: list[str]) -> Path:
    path = folder / "trees.geojson"
    path.write_text(json.dumps({"features": [{"properties": {"tile": tile}} for tile in tiles]}))
    return path


def test_trees_are_counted_by_tile_and_none_is_zero(tmp_path: Path) -> None:
    assert tree_counts(points_file(tmp_path, ["b", "a", "b"]), ["a", "b", "c"]) == [1, 2, 0]


def test_a_tree_of_an_unknown_tile_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 points of"):
        tree_counts(points_file(tmp_path, ["a", "elsewhere"]), ["a", "b"])


def test_areas_are_where_the_polygons_are(tmp_path: Path) -> None:
    path = tmp_path / "land.gpkg"
    shapes = {
        "twice": ("lake", square(0, 0, 2, 2)),
        "again": ("lake", square(0, 0, 2, 2)),
        "partly contested": ("wood", square(2, 0, 5, 1)),
        "mostly contested": ("pond", square(4, 0, 5, 1)),
        "half outside": ("wood", square(4, 2, 8, 4)),
        "mostly outside": ("wood", square(5, 3, 8, 4)),
        "of no class": ("road", square(0, 3, 6, 4)),
    }
    fclass, geometry = zip(*shapes.values(), strict=True)
    geopandas.GeoDataFrame({"fclass": fclass}, geometry=list(geometry), crs="EPSG:32633").to_file(path)
    areas = labelled_areas(path, [("lake", "pond"), ("wood",)], GRID)
    numbers = np.arange(24.0).reshape(1, 4, 6)
    assert areas.label.tolist() == [0, 1, 1]
    np.testing.assert_allclose(areas.hectares, [0.04, 0.03, 0.08])
    np.testing.assert_allclose(areas.means(numbers)[:, 0], [3.5, 2.5, 19.5])


def test_polygons_may_come_in_another_crs(tmp_path: Path) -> None:
    path = tmp_path / "land.gpkg"
    frame = geopandas.GeoDataFrame({"fclass": ["lake"]}, geometry=[square(1, 1, 3, 2)], crs="EPSG:32633")
    frame.to_crs("EPSG:4326").to_file(path)
    (pixels,) = labelled_areas(path, [("lake",)], GRID).pixels
    assert pixels.tolist() == [7, 8]


def test_indices_by_hand() -> None:
    bands = np.array([[[10.0, 0.0]], [[30.0, 0.0]], [[10.0, 0.0]], [[90.0, 0.0]]])  # one leaf, one black pixel
    np.testing.assert_allclose(excess_green(bands), [[0.8, 0.0]])
    np.testing.assert_allclose(ndvi(bands), [[0.8, 0.0]])
    np.testing.assert_allclose(ndwi(bands), [[-0.5, 0.0]])


def test_area_under_curve_counts_pairs_and_halves_ties() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.1], np.float32)
    assert area_under_curve(scores, np.array([True, True, False, False])) == pytest.approx(3.5 / 4)
    assert area_under_curve(scores, np.array([False, False, True, True])) == pytest.approx(0.5 / 4)


def test_balanced_accuracy_gives_each_class_the_same_weight() -> None:
    scores = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    figures = zero_shot_figures(scores, np.array([0, 0, 0, 1, 1]), ["lake", "wood", "town"])
    assert figures["top-1"] == 0.8
    assert figures["recall"] == {"lake": 1.0, "wood": 0.5}
    assert figures["balanced accuracy"] == 0.75
    assert figures["AUC"] == {"lake": 0.75, "wood": 0.75}


def test_rank_agreement_has_an_interval_that_narrows() -> None:
    rng = np.random.default_rng(0)
    few, many = (rng.normal(size=(2, n)) for n in (20, 2000))
    short, long = (rank_agreement(a, a + b) for a, b in (few, many))
    for found in (short, long):
        assert found["low"] < found["rho"] < found["high"]
    assert long["high"] - long["low"] < short["high"] - short["low"]
    assert rank_agreement(np.arange(9.0), np.arange(9.0) ** 3)["rho"] == 1.0
