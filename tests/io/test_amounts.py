"""How much of a thing stands on each pixel is what was drawn, whatever the file and its CRS."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import LineString, MultiPoint, Point, box

from graft_core.errors import ExportError
from graft_core.io.amounts import open_amount
from graft_core.io.geotiff import write_raster

GRID = GeoBox((4, 6), Affine(10, 0, 500_000, 0, -10, 5_800_040), "EPSG:32633")
"""Four rows and six columns of 10 m."""


def square(left: int, top: int, right: int, bottom: int) -> object:
    """Whole pixels of the grid, edges counted from its corner."""
    return box(500_000 + 10 * left, 5_800_040 - 10 * bottom, 500_000 + 10 * right, 5_800_040 - 10 * top)


def point(col: float, row: float) -> Point:
    return Point(500_000 + 10 * col, 5_800_040 - 10 * row)


def write(path: Path, shapes: list[object], crs: str = "EPSG:32633", **columns: list[str]) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32633").to_crs(crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


@pytest.mark.parametrize(
    ("name", "crs"), [("a.gpkg", "EPSG:32633"), ("a.geojson", "EPSG:4326"), ("a.parquet", "EPSG:3857")]
)
def test_points_are_counted_in_the_pixels_they_lie_in(name: str, crs: str, tmp_path: Path) -> None:
    shapes = [point(0.5, 0.5), point(0.2, 0.9), point(5.5, 3.5), point(6.5, 3.5), point(-0.1, 0.5)]
    amount = open_amount(write(tmp_path / name, shapes, crs))
    counted, known = amount.window(GRID)
    expected = np.zeros((4, 6))
    expected[0, 0], expected[3, 5] = 2, 1
    assert amount.unit == "per hectare"
    assert np.array_equal(counted, expected)
    assert known.all()
    assert np.array_equal(amount.window(GRID[1:, 2:])[0], expected[1:, 2:])
    assert (amount.meets(GRID), amount.meets(GRID[1:3, 1:3])) == (True, False)


def test_points_of_one_kind_are_chosen_by_a_column(tmp_path: Path) -> None:
    shapes = [point(0.5, 0.5), MultiPoint([point(1.5, 0.5), point(2.5, 0.5)])]
    path = write(tmp_path / "a.gpkg", shapes, kind=["oak", "elm"])
    assert open_amount(path, attribute="kind", values=["elm"]).window(GRID)[0][0].tolist() == [0, 1, 1, 0, 0, 0]


def test_polygons_cover_pixels_whose_centre_they_hold(tmp_path: Path) -> None:
    amount = open_amount(write(tmp_path / "a.gpkg", [square(0, 0, 2, 1), square(1, 0, 3, 1)]))
    covered, known = amount.window(GRID)
    assert amount.unit == "share"
    assert covered[0].tolist() == [1, 1, 1, 0, 0, 0]
    assert covered[1:].sum() == 0
    assert known.all()
    assert (amount.meets(GRID), amount.meets(GRID[2:, :])) == (True, False)


def test_ground_without_a_polygon_is_absent_or_unknown_as_is_said(tmp_path: Path) -> None:
    shapes = [square(0, 0, 3, 1), square(2, 0, 5, 1)]
    path = write(tmp_path / "a.gpkg", shapes, "EPSG:4326", fclass=["lake", "wood"])
    chosen = {"attribute": "fclass", "values": ["lake"]}
    for elsewhere, known_there in [("absent", [1, 1, 0, 1, 1, 1]), ("unknown", [1, 1, 0, 1, 1, 0])]:
        covered, known = open_amount(path, **chosen, elsewhere=elsewhere).window(GRID)  # type: ignore[arg-type]
        assert covered[0].tolist() == [1, 1, 1, 0, 0, 0]
        assert known[0].tolist() == known_there, "of what both claim nothing is known"
        assert known[1].all() == (elsewhere == "absent")


def test_classes_of_a_raster_are_chosen_by_name(tmp_path: Path) -> None:
    ids = np.zeros((1, 4, 6), np.uint8)
    ids[0, 0] = [1, 1, 2, 3, 0, 0]
    path = tmp_path / "classes.tif"
    write_raster(path, ids, GRID, descriptions=["c"], nodata=0, class_names={1: "lake", 2: "pond", 3: "wood"})
    covered, known = open_amount(path, values=["Lake", "pond"]).window(GRID)
    assert covered[0].tolist() == [1, 1, 1, 0, 0, 0]
    assert known[0].tolist() == [1, 1, 1, 1, 0, 0]
    assert open_amount(path, values=["wood"]).meets(GRID)
    for values, said in [((), "which is meant is not said"), (("sea",), "has no class 'sea'; it has lake, pond, wood")]:
        with pytest.raises(ExportError, match=said):
            open_amount(path, values=values)


def test_of_many_classes_the_message_lists_some(tmp_path: Path) -> None:
    path = tmp_path / "numbers.tif"
    write_raster(path, np.arange(24, dtype=np.uint8).reshape(1, 4, 6), GRID, descriptions=["c"])
    with pytest.raises(ExportError, match=r"has no class '99'; it has 0, 1, .*, 11 and 12 more\."):
        open_amount(path, values=["99"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"attribute": "kind", "values": ["lake"]}, "has no column 'kind'; it has fclass"),
        ({"attribute": "fclass", "values": ["sea"]}, "Column 'fclass' of .* never says 'sea'"),
        ({"attribute": "fclass"}, "give both a column and its values, or neither"),
        ({"values": ["lake"]}, "give both a column and its values, or neither"),
        ({"elsewhere": "unknown"}, "nothing says where it is not"),
        ({"attribute": "fclass", "values": ["lake"], "elsewhere": "unknown"}, "nothing says where it is not"),
    ],
)
def test_choices_that_cannot_be_met_are_named(options: dict[str, object], said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0, 1, 1)], fclass=["lake"])
    with pytest.raises(ExportError, match=said):
        open_amount(path, **options)  # type: ignore[arg-type]


def test_files_that_hold_nothing_of_use_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist; give points, or polygons"):
        open_amount(tmp_path / "nowhere.gpkg")
    lines = write(tmp_path / "lines.gpkg", [LineString([point(0, 0), point(3, 3)])])
    with pytest.raises(ExportError, match="holds neither points nor polygons"):
        open_amount(lines)
    (tmp_path / "text.geojson").write_text("no shapes")
    with pytest.raises(ExportError, match="Cannot read the reference"):
        open_amount(tmp_path / "text.geojson")
    geopandas.GeoDataFrame(geometry=[point(0, 0)]).to_parquet(tmp_path / "placeless.parquet")
    with pytest.raises(ExportError, match="says nothing about its CRS"):
        open_amount(tmp_path / "placeless.parquet")
