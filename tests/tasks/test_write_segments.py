"""Objects on disk: a GIS opens them, this program reads them back, a raster of them has colours and names."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from four_colors import CRS, LEFT, TOP, geobox
from known_encoder import KnownEncoder
from odc.geo.geom import Geometry

from graft_core.errors import ExportError
from graft_core.io.scene import Scene, open_scene
from graft_core.search.query import parse_query
from graft_core.tasks.segment import Refiner, Segmentation, segment
from graft_core.tasks.write_segments import read_segmentation, segment_rows, write_object_raster, write_segmentation

AREA = Geometry(shapely.box(LEFT + 20, TOP - 150, LEFT + 200, TOP - 10), CRS)


@pytest.fixture
def found(scene: Scene, tmp_path: Path) -> Segmentation:
    """The green quarter of the four colours."""
    return objects(scene, tmp_path)


def objects(scene: Scene, folder: Path, area: Geometry | None = None) -> Segmentation:
    encoder = KnownEncoder(level="patch")
    work = segment(scene, encoder, parse_query("green"), folder / "patches", refiner=Refiner(None, "as is"), area=area)
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Segmentation = end.value
            return result


@pytest.mark.parametrize("name", ["green.gpkg", "green.parquet"])
@pytest.mark.parametrize("area", [None, AREA], ids=["whole", "area"])
def test_objects_come_back_with_all_that_made_them(
    scene: Scene, tmp_path: Path, name: str, area: Geometry | None
) -> None:
    found = objects(scene, tmp_path, area)
    write_segmentation(tmp_path / name, found)
    again = read_segmentation(tmp_path / name, scene)
    assert [(each.number, each.area_m2, each.mean_score, each.refined, each.note) for each in again.segments] == [
        (each.number, each.area_m2, each.mean_score, each.refined, each.note) for each in found.segments
    ]
    assert all(one.shape.equals(other.shape) for one, other in zip(again.segments, found.segments, strict=True))
    assert again.recipe.query == found.recipe.query
    assert again.recipe.time.startswith("20")
    assert (again.geobox, again.notice, again.confident) == (found.geobox, "as is", True)
    assert (again.area is None) == (area is None)


def test_rows_name_what_made_them(found: Segmentation, scene: Scene, tmp_path: Path) -> None:
    write_segmentation(tmp_path / "green.geojson", found)
    rows = geopandas.read_file(tmp_path / "green.geojson")
    assert rows["query"].iloc[0] == "green"
    assert rows["encoder"].iloc[0] == "known"
    assert rows["source"].iloc[0] == scene.source
    assert {"encoder_key", "segmenter", "threshold", "scene", "software", "time"} <= set(rows.columns)


def test_objects_of_another_scene_are_refused(
    found: Segmentation, write_scene: Callable[..., Path], tmp_path: Path
) -> None:
    write_segmentation(tmp_path / "green.gpkg", found)
    other = open_scene(write_scene("other.tif", np.zeros((3, 50, 50), np.uint8), geobox(50, 50)))
    with pytest.raises(ExportError, match=r"were found in scene four.*find them again"):
        read_segmentation(tmp_path / "green.gpkg", other)


def test_recipe_of_a_later_version_or_a_damaged_one_is_refused(found: Segmentation) -> None:
    with pytest.raises(ExportError, match="recipe version 9"):
        type(found.recipe).from_json(json.dumps(json.loads(found.recipe.to_json()) | {"version": 9}))
    with pytest.raises(ExportError, match="damaged"):
        type(found.recipe).from_json("{}")


def test_unknown_suffix_is_refused_before_anything_is_written(found: Segmentation, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"does not end in one of \.gpkg"):
        write_segmentation(tmp_path / "green.kml", found)


def test_raster_of_objects_says_where_they_are_and_where_nothing_is_known(
    write_scene: Callable[..., Path], tmp_path: Path
) -> None:
    pixels = np.zeros((3, 160, 224), np.uint8)
    pixels[1, :, 112:] = 255
    pixels[2, :, :112] = 255
    pixels[:, :40, :60] = 0
    scene = open_scene(write_scene("holed.tif", pixels, geobox(), nodata=0))
    found = objects(scene, tmp_path, AREA)
    path = tmp_path / "objects.tif"
    steps = list(write_object_raster(path, found, scene))
    assert steps[-1].done == steps[-1].total
    with rasterio.open(path) as file:
        values = file.read(1)
        assert file.nodata == 0
        assert file.colormap(1)[1][:3] == (213, 94, 0)
        assert json.loads(file.tags()["CLASS_NAMES"]) == {"1": "green", "2": "no match"}
        top, left = 10, 20
    assert values.shape == (140, 180)
    assert (values[:, 112 - left + 2 :] == 1).all()
    assert (values[60:, : 112 - left - 2] == 2).all()
    assert (values[: 40 - top, : 60 - left] == 0).all()
    assert path.with_suffix(".qml").exists()


def test_gdal_shows_the_names_of_the_values(found: Segmentation, scene: Scene, gdalinfo: str, tmp_path: Path) -> None:
    list(write_object_raster(tmp_path / "objects.tif", found, scene))
    told = subprocess.run([gdalinfo, str(tmp_path / "objects.tif")], capture_output=True, text=True, check=True).stdout
    assert "1: green" in told
    assert "2: no match" in told


def test_writing_that_nobody_waits_for_leaves_nothing(found: Segmentation, scene: Scene, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    work = write_object_raster(tmp_path / "objects.tif", found, scene)
    work.close()
    assert set(tmp_path.iterdir()) == before


def test_rows_for_printing_say_where_each_object_is(found: Segmentation) -> None:
    (row,) = segment_rows(found)
    assert row["number"] == 1
    assert (row["lon"], row["lat"]) == (pytest.approx(3.003, abs=0.001), pytest.approx(45.15, abs=0.05))
    assert json.dumps(row)
