"""Every pixel gets the class it looks most like, whatever area is asked, at the level that was asked."""

from pathlib import Path

import numpy as np
import pytest
from four_colors import HEIGHT, LEFT, TOP, WIDTH, geobox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_encoder import KnownEncoder
from long_work import finish
from odc.geo.geom import Geometry, polygon

from graft_core.errors import ExportError, ModelError, QueryError
from graft_core.geo.place import WGS84, pixel_window, reprojected
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.class_areas import class_areas
from graft_core.tasks.classify import LabelMap, class_encoder, label_map, parse_classes
from graft_core.types import Level

CLASSES = parse_classes("red, green, blue, white")
QUADRANTS = [
    (slice(0, 70), slice(0, 102)),
    (slice(0, 70), slice(122, WIDTH)),
    (slice(90, HEIGHT), slice(0, 102)),
    (slice(90, HEIGHT), slice(122, WIDTH)),
]


@pytest.fixture(params=["patch", "tile"])
def level(request: pytest.FixtureRequest) -> Level:
    return request.param


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def made(scene: Scene, store: Path, level: Level = "patch", classes: str = "", **options: object) -> LabelMap:
    asked = parse_classes(classes) if classes else CLASSES
    return finish(label_map(scene, KnownEncoder(level=level), asked, store, **options))


def rectangle(top: int, left: int, height: int, width: int) -> Geometry:
    x0, x1, y0, y1 = LEFT + left, LEFT + left + width, TOP - top, TOP - top - height
    return polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], "EPSG:32631")


def test_each_colour_is_labelled_where_it_is(scene: Scene, store: Path, level: Level) -> None:
    labels = made(scene, store, level).window(scene.geobox)
    assert labels.shape == (HEIGHT, WIDTH)
    for value, place in enumerate(QUADRANTS, start=1):
        assert (labels[place] == value).all()


def test_place_that_two_classes_claim_alike_is_unsure_unless_no_margin_is_asked(
    scene: Scene, store: Path, level: Level
) -> None:
    """White and green are as near to yellow as to cyan."""
    unsure, sure = ([made(scene, store, level, "yellow, cyan", margin=each).window(scene.geobox)] for each in (0.1, 0))
    found = [np.unique(unsure[0][rows, cols][10:-10, 10:-10]).tolist() for rows, cols in QUADRANTS]
    assert found == [[1], [3], [2], [3]]
    assert set(np.unique(sure[0])) == {1, 2}


def test_the_larger_the_margin_the_less_is_sure(write_scene, store: Path) -> None:
    scene = open_scene(write_scene("noise.tif", np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)))
    shares = [(made(scene, store, margin=each).window(scene.geobox) == 5).mean() for each in (0, 0.2, 0.5, 0.9)]
    assert shares == sorted(set(shares))
    assert shares[0] == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, HEIGHT - 20), st.integers(0, WIDTH - 20), st.integers(5, 120), st.integers(5, 120))
def test_label_of_a_place_does_not_depend_on_the_area(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory, top: int, left: int, height: int, width: int
) -> None:
    folder = tmp_path_factory.mktemp("areas")
    whole = made(scene, folder / "whole")
    part = made(scene, folder / "part", area=rectangle(top, left, height, width))
    np.testing.assert_array_equal(part.window(part.geobox), whole.window(part.geobox))
    assert part.geobox.shape == (min(height, HEIGHT - top), min(width, WIDTH - left))


def test_outside_the_area_nothing_is_labelled(scene: Scene, store: Path, level: Level) -> None:
    triangle = polygon([(LEFT + x, TOP - y) for x, y in [(30, 20), (150, 25), (60, 140), (30, 20)]], "EPSG:32631")
    whole = made(scene, store, level)
    part = made(scene, store, level, area=reprojected(triangle, WGS84))
    labels = part.window(part.geobox)
    assert 0.4 < (labels > 0).mean() < 0.6
    inner = labels > 0
    np.testing.assert_array_equal(labels[inner], whole.window(part.geobox)[inner])


def test_pixels_without_imagery_have_no_class(write_scene, store: Path, level: Level) -> None:
    pixels = np.full((3, 96, 96), 255, np.uint8)
    pixels[:, 20:40, 30:64] = 0
    scene = open_scene(write_scene("holes.tif", pixels, nodata=0))
    labels = made(scene, store, level).window(scene.geobox)
    np.testing.assert_array_equal(labels == 0, (pixels == 0).all(axis=0))
    assert (labels[labels > 0] == 4).all()


@pytest.mark.parametrize("count", [2, 20])
def test_encoder_runs_once_for_all_classes(scene: Scene, store: Path, count: int) -> None:
    encoder = KnownEncoder(level="patch")
    names = ["red", "green", "blue", "white", "black", "cyan", "yellow", "magenta", "grey"]
    pairs = [f"{a} {b}" for a in names for b in names if a < b]
    finish(label_map(scene, encoder, parse_classes(", ".join((names + pairs)[:count])), store))
    assert encoder.tiles_encoded == 630, "as many windows as the scene has"
    finish(label_map(scene, encoder, parse_classes("yellow, cyan"), store))
    assert encoder.tiles_encoded == 630


def test_windows_of_a_map_fit_together(scene: Scene, store: Path, level: Level) -> None:
    found = made(scene, store, level, classes="red + white, blue - black, green")
    whole = found.window(scene.geobox)
    for top, left, height, width in [(0, 0, 33, 47), (31, 77, 64, 50), (120, 150, 40, 74)]:
        part = found.window(pixel_window(scene.geobox, top, left, height, width))
        np.testing.assert_array_equal(part, whole[top : top + height, left : left + width])


def test_areas_are_counted_in_square_metres_of_the_scene(write_scene, store: Path) -> None:
    pixels = np.zeros((3, 90, 80), np.uint8)
    pixels[0, :, :] = 255
    pixels[:, 60:] = 0
    pixels[2, 60:] = 255
    scene = open_scene(write_scene("half.tif", pixels, geobox(90, 80, gsd=0.5)))
    found = finish(label_map(scene, KnownEncoder(level="patch", gsd=0.5), CLASSES, store, margin=0.0))
    table = finish(class_areas(found))
    rows = {row.name: row for row in table.rows}
    assert list(rows) == ["red", "green", "blue", "white", "unsure"]
    assert table.unknown == 0
    assert sum(row.pixels for row in table.rows) == 90 * 80
    assert rows["red"].pixels == pytest.approx(60 * 80, abs=5 * 80)
    assert rows["red"].m2 == rows["red"].pixels * 0.25
    assert rows["red"].hectares == rows["red"].m2 / 10_000
    assert sum(row.share for row in table.rows) == pytest.approx(1)
    assert rows["green"].pixels == 0


def test_map_without_a_pixel_has_a_table_of_zeros(write_scene, store: Path) -> None:
    pixels = np.full((3, 64, 64), 255, np.uint8)
    pixels[:, :32] = 0
    scene = open_scene(write_scene("empty.tif", pixels, nodata=0))
    table = finish(class_areas(made(scene, store, area=rectangle(4, 4, 8, 8))))
    assert table.unknown == 64
    assert {row.share for row in table.rows} == {0.0}


def test_tile_level_goes_through_the_index_and_encodes_nothing_twice(scene: Scene, store: Path) -> None:
    encoder = KnownEncoder()
    finish(label_map(scene, encoder, CLASSES, store))
    once = encoder.tiles_encoded
    assert once > 0
    finish(label_map(scene, encoder, parse_classes("yellow, cyan"), store))
    assert encoder.tiles_encoded == once


def test_recipe_says_how_the_map_was_made(scene: Scene, store: Path, level: Level) -> None:
    recipe = made(scene, store, level, classes="red + white, sky = blue", margin=0.25).recipe
    assert [each.query.text for each in recipe.classes] == ["red + white", "blue"]
    assert (recipe.level, recipe.margin, recipe.stride_px) == (level, 0.25, 8)
    assert recipe.templates == KnownEncoder().defaults.templates
    assert recipe.fingerprint == scene.fingerprint
    assert "GRAFT_CLASSES" in recipe.tags()


@pytest.mark.parametrize("margin", [-0.1, 1.0, float("nan")])
def test_margin_outside_its_range_is_refused(scene: Scene, store: Path, margin: float) -> None:
    with pytest.raises(QueryError, match="margin"):
        made(scene, store, margin=margin)


def test_area_beside_the_scene_is_refused(scene: Scene, store: Path, level: Level) -> None:
    with pytest.raises(ExportError, match="does not meet"):
        made(scene, store, level, area=rectangle(4000, 0, 10, 10))


def test_shipped_encoder_of_the_level_is_taken(shared_data: Path) -> None:
    scene = open_scene(shared_data / "naip" / "va_forest_lake.tif")
    assert class_encoder(scene).spec.name == "graft-demo-naip-patch"
    assert class_encoder(scene, level="tile").spec.name == "graft-demo-naip"
    with pytest.raises(ModelError, match="works at patch level"):
        class_encoder(scene, "graft-demo-naip-patch", level="tile")


@pytest.mark.parametrize("name", ["epsg4326_degrees", "rotated", "tiny_100x80", "float32_nan_inf"])
def test_unusual_scene_is_labelled_wherever_it_has_imagery(shared_data: Path, store: Path, name: str) -> None:
    scene = open_scene(shared_data / "bad" / f"{name}.tif")
    labels = made(scene, store).window(scene.geobox)
    assert (labels > 0).any()
