import dataclasses
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from four_colors import HEIGHT, LEFT, TOP, WIDTH, geobox
from known_encoder import KnownEncoder
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry, polygon

from graft_core.errors import ExportError, IndexStoreError, QueryError
from graft_core.geo.place import WGS84, reprojected
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene, open_scene
from graft_core.search.query import parse_query, parse_tile
from graft_core.tasks.density import DensityMap, density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import STEP, write_density
from graft_core.types import F32


def write(path: Path, density: DensityMap) -> None:
    for _ in write_density(path, density):
        pass


def area(left: float, bottom: float, right: float, top: float) -> Geometry:
    """A rectangle in pixels counted from the scene's north-west corner, x east and y south."""
    x0, x1, y0, y1 = LEFT + left, LEFT + right, TOP - bottom, TOP - top
    return polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], "EPSG:32631")


QUADRANTS = {
    "red": (slice(16, 64), slice(16, 96)),
    "green": (slice(16, 64), slice(128, 208)),
    "blue": (slice(96, 144), slice(16, 96)),
    "white": (slice(96, 144), slice(128, 208)),
}


@pytest.mark.parametrize("color", list(QUADRANTS))
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_density_is_high_where_the_thing_is_and_nowhere_else(
    scene: Scene, searcher: Searcher, color: str, threshold: float | None
) -> None:
    density, score = density_map(scene, searcher, parse_query(color), threshold=threshold, bandwidth=4.0).window(
        scene.geobox
    )
    for name, place in QUADRANTS.items():
        if name == color:
            assert density[place].min() > 0.8
            assert score[place].min() > 0.99
        else:
            assert density[place].max() < 0.2
            assert score[place].max() < 0.9


def test_unwanted_term_takes_its_place_away(scene: Scene, searcher: Searcher) -> None:
    both = density_map(scene, searcher, parse_query("red + green"), bandwidth=0).window(scene.geobox)[0]
    minus = density_map(scene, searcher, parse_query("red - green"), bandwidth=0).window(scene.geobox)[0]
    assert both[QUADRANTS["green"]].mean() > 0.2
    assert minus[QUADRANTS["green"]].max() < 0.05
    assert minus[QUADRANTS["red"]].min() > 0.8


def test_second_query_encodes_no_tile(scene: Scene, searcher: Searcher, encoder: KnownEncoder) -> None:
    density_map(scene, searcher, parse_query("red"))
    density_map(scene, searcher, parse_query("blue - green"))
    assert encoder.tiles_encoded == 0


def test_written_file_keeps_the_export_contract(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    out = tmp_path / "out.tif"
    write(out, density_map(scene, searcher, parse_query("red - blue"), threshold=0.6, bandwidth=10))
    with rasterio.open(out) as file:
        assert file.crs.to_epsg() == 32631
        assert file.shape == (HEIGHT, WIDTH)
        assert file.transform == geobox().affine
        assert file.dtypes == ("float32", "float32")
        assert np.isnan(file.nodata)
        assert file.descriptions == ("density: red - blue", "score: red - blue")
        assert "STATISTICS_MEAN" in file.tags(1)
        tags = file.tags()
    assert tags["GRAFT_QUERY"] == "red - blue"
    assert tags["GRAFT_ENCODER"] == "known"
    assert tags["GRAFT_WEIGHTS_SHA256"] == "0" * 64
    assert tags["GRAFT_THRESHOLD"] == "0.6"
    assert tags["GRAFT_TILE_PX"] == "16"
    assert tags["GRAFT_STRIDE_PX"] == "8"
    assert json.loads(tags["GRAFT_TEMPLATES"]) == ["{}", "a picture of {}"]
    assert json.loads(tags["GRAFT_BACKGROUND"]) == ["red", "green", "blue", "white", "black"]
    assert tags["GRAFT_SOURCE"] == scene.source
    assert tags["GRAFT_TIME"]
    assert (tmp_path / "out.qml").is_file()
    item = json.loads((tmp_path / "out.json").read_text())
    assert item["properties"]["graft:threshold"] == 0.6


def test_written_values_are_those_of_the_map_in_fine_steps(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    made = density_map(scene, searcher, parse_query("red"))
    write(tmp_path / "out.tif", made)
    with rasterio.open(tmp_path / "out.tif") as file:
        written = file.read()
    exact = made.window(scene.geobox)
    assert np.array_equal(np.isnan(written), np.isnan(exact))
    assert np.nanmax(np.abs(written - exact)) <= STEP / 2
    assert np.array_equal(written / STEP, np.rint(written / STEP), equal_nan=True)


def test_area_cuts_what_is_written_and_changes_no_value(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.tif", tmp_path / "part.tif"
    write(whole, density_map(scene, searcher, parse_query("red")))
    triangle = polygon([(LEFT + x, TOP - y) for x, y in [(30, 20), (150, 25), (60, 140), (30, 20)]], "EPSG:32631")
    write(part, density_map(scene, searcher, parse_query("red"), area=reprojected(triangle, WGS84)))
    with rasterio.open(whole) as a, rasterio.open(part) as b:
        assert (b.width, b.height) == (120, 120)
        row, col = (round(v) for v in a.index(b.transform.c + 0.5, b.transform.f - 0.5))
        cut = a.read()[:, row : row + b.height, col : col + b.width]
        found = b.read()
    written = ~np.isnan(found[0])
    assert 0.4 < written.mean() < 0.6, "half of a triangle's box is outside of it"
    assert np.array_equal(found[:, written], cut[:, written])


def test_two_areas_agree_where_they_overlap(scene: Scene, searcher: Searcher) -> None:
    one = density_map(scene, searcher, parse_query("blue"), area=area(10, 150, 90, 60))
    other = density_map(scene, searcher, parse_query("blue"), area=area(50, 120, 200, 10))
    common = geobox(40, 30, left=LEFT + 55, top=TOP - 70)
    assert np.array_equal(one.window(common), other.window(common))


def test_area_beside_the_scene_is_refused(scene: Scene, searcher: Searcher) -> None:
    with pytest.raises(ExportError, match="does not meet"):
        density_map(scene, searcher, parse_query("red"), area=area(1000, 1200, 1200, 1000))


def test_pixels_without_imagery_are_unknown_not_zero(write_scene, encoder: KnownEncoder, root: Path) -> None:
    pixels = np.full((3, 96, 96), 255, np.uint8)
    pixels[:, 20:40, 30:64] = 0
    pixels[:, 64:, :] = 0
    scene = open_scene(write_scene("holes.tif", pixels, nodata=0))
    list(index_scene(scene, encoder, root))
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    density, score = density_map(scene, searcher, parse_query("white")).window(scene.geobox)
    missing = (pixels == 0).all(axis=0)
    assert np.array_equal(np.isnan(density), missing)
    assert np.array_equal(np.isnan(score), missing)
    assert density[~missing].min() > 0.8


@pytest.mark.parametrize(("height", "width"), [(100, 80), (16, 16), (9, 40), (161, 33), (1, 1)])
def test_scene_of_any_size_has_no_unwritten_stripe(
    write_scene, encoder: KnownEncoder, root: Path, tmp_path: Path, height: int, width: int
) -> None:
    rng = np.random.default_rng(height)
    scene = open_scene(write_scene("any.tif", rng.integers(1, 255, (3, height, width), dtype=np.uint8)))
    list(index_scene(scene, encoder, root))
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    write(tmp_path / "out.tif", density_map(scene, searcher, parse_query("red")))
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.shape == (height, width)
        assert np.isfinite(file.read()).all()


def test_liked_tile_raises_the_density_of_its_like(scene: Scene, searcher: Searcher) -> None:
    grid = searcher.scores(searcher.resolve(parse_query("red")), [scene.name])[0].grid
    row, col = grid.row0 + 14, grid.col0 + 5  # a blue place
    query = replace(parse_query("magenta"), likes=(parse_tile(f"{scene.name}/{row}/{col}"),))
    plain = density_map(scene, searcher, parse_query("magenta"), bandwidth=0).window(scene.geobox)[1]
    liked = density_map(scene, searcher, query, bandwidth=0).window(scene.geobox)[1]
    gain = {name: (liked - plain)[place].mean() for name, place in QUADRANTS.items()}
    assert max(gain, key=lambda name: gain[name]) == "blue"


@pytest.mark.parametrize("threshold", [-0.1, 0.0, 1.0, 7.0])
def test_threshold_outside_its_range_is_refused(scene: Scene, searcher: Searcher, threshold: float) -> None:
    with pytest.raises(QueryError, match="between 0 and 1"):
        density_map(scene, searcher, parse_query("red"), threshold=threshold)


@pytest.mark.parametrize("bandwidth", [-1.0, float("nan"), float("inf"), 1e9])
def test_bandwidth_outside_its_range_is_refused(scene: Scene, searcher: Searcher, bandwidth: float) -> None:
    with pytest.raises(QueryError, match="bandwidth"):
        density_map(scene, searcher, parse_query("red"), bandwidth=bandwidth)


def test_scene_that_changed_since_is_refused(scene: Scene, searcher: Searcher) -> None:
    changed = replace(scene, fingerprint="0" * 16)
    with pytest.raises(IndexStoreError, match="changed since"):
        density_map(changed, searcher, parse_query("red"))


def test_file_that_is_no_geotiff_is_refused(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"out\.tif"):
        write(tmp_path / "out.png", density_map(scene, searcher, parse_query("red")))


class SlowMap(DensityMap):
    """Takes its time over every window."""

    def window(self, target: GeoBox) -> F32:
        time.sleep(0.4)
        return super().window(target)


def test_abandoned_writing_stops_and_leaves_nothing_behind(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    density = density_map(scene, searcher, parse_query("red"))
    fields = {field.name: getattr(density, field.name) for field in dataclasses.fields(density)}
    work = write_density(folder / "out.tif", SlowMap(**fields | {"geobox": geobox(1100, 1100)}))
    assert next(work).done == 0
    work.close()
    assert list(folder.iterdir()) == []
