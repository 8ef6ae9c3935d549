"""Objects as QGIS reads them, and as this program reads them back."""

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from full_disk import largest_file
from shapely.geometry import MultiPolygon, box

from graft_core.errors import ExportError
from graft_core.io.vector import SegmentRow, read_segments, write_hits, write_segments

CRS = "EPSG:32633"
LEFT, BOTTOM = 500_000.0, 5_800_000.0
META = {"query": "lake", "encoder": "graft-naip"}
NOTE = '{"query": "lake with a \\"quoted\\" word, é"}'
FORMATS = ["lakes.gpkg", "lakes.geojson", "lakes.parquet", "lakes.geoparquet"]


def row(number: int, shape: Any = None, score: float = 0.3) -> SegmentRow:
    shape = shape or box(LEFT, BOTTOM, LEFT + 100 * number, BOTTOM + 50).difference(
        box(LEFT + 10, BOTTOM + 10, LEFT + 20, BOTTOM + 20)
    )
    return SegmentRow(number, shape, shape.area, score, 0.4, 0.8, 0.9, number == 1, "" if number == 1 else "é, worse")


def read(path: Path) -> Any:
    return geopandas.read_parquet(path) if path.suffix.endswith("parquet") else geopandas.read_file(path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_objects_with_all_they_need(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_segments(path, [row(1), row(2, score=math.nan)], CRS, META, NOTE)
    found = read(path)
    assert list(found["number"]) == [1, 2]
    assert list(found["area_m2"]) == [4900, 9900]
    assert list(found["mean_score"].isna()) == [False, True]
    assert list(found["max_match"]) == [0.9, 0.9]
    assert [bool(each) for each in found["refined"]] == [True, False]
    assert found["note"].iloc[1] == "é, worse"
    assert set(found["query"]) == {"lake"}
    assert found.to_crs(CRS).geometry.iloc[0].symmetric_difference(row(1).shape).area < 5
    assert [child.name for child in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["lakes.gpkg", "lakes.parquet"])
def test_objects_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    two = MultiPolygon([box(LEFT, BOTTOM, LEFT + 5, BOTTOM + 5), box(LEFT + 9, BOTTOM, LEFT + 12, BOTTOM + 5)])
    rows = [row(1), row(2, two, score=math.nan)]
    write_segments(tmp_path / name, rows, CRS, META, NOTE)
    found, crs, note = read_segments(tmp_path / name)
    assert (crs, note) == (CRS, NOTE)
    assert [each.shape.normalize().equals(given.shape.normalize()) for each, given in zip(found, rows, strict=True)]
    assert [each.shape.geom_type for each in found] == ["Polygon", "MultiPolygon"]
    assert [(each.number, each.area_m2, each.refined, each.note) for each in found] == [
        (1, 4900.0, True, ""),
        (2, 40.0, False, "é, worse"),
    ]
    assert math.isnan(found[1].mean_score)


@pytest.mark.parametrize("name", FORMATS)
def test_no_object_is_a_file_too(tmp_path: Path, name: str) -> None:
    write_segments(tmp_path / name, [], CRS, META, NOTE)
    assert len(read(tmp_path / name)) == 0
    if not name.endswith("geojson"):
        assert read_segments(tmp_path / name) == ([], CRS, NOTE)


def test_geojson_follows_rfc_7946_and_carries_the_note(tmp_path: Path) -> None:
    path = tmp_path / "lakes.geojson"
    write_segments(path, [row(1, score=math.nan)], CRS, META, NOTE)
    said = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert "crs" not in said
    assert said["graft_note"] == NOTE
    feature = said["features"][0]
    assert feature["properties"]["mean_score"] is None
    exterior = shapely.geometry.shape(feature["geometry"]).exterior
    assert exterior.is_ccw, "the right-hand rule"
    assert all(14.9 < lon < 15.1 and 52 < lat < 53 for lon, lat in exterior.coords)


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"unknown file type '\.shp'"):
        write_segments(tmp_path / "lakes.shp", [row(1)], CRS)


def test_full_disk_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    with largest_file(4096), pytest.raises(ExportError, match="disk is full"):
        write_segments(tmp_path / "lakes.gpkg", [row(1)], CRS, META)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_of_ours_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"There are no objects at .*none\.gpkg"):
        read_segments(tmp_path / "none.gpkg")
    write_hits(tmp_path / "hits.gpkg", [])
    geopandas.GeoDataFrame({"a": [1]}, geometry=[box(0, 0, 1, 1)], crs=CRS).to_parquet(tmp_path / "other.parquet")
    for name in ("hits.gpkg", "other.parquet", "text.gpkg", "text.parquet"):
        if name.startswith("text"):
            (tmp_path / name).write_text("not a map")
        with pytest.raises(ExportError, match=f"{name.partition('.')[0]}.*made by `segment`"):
            read_segments(tmp_path / name)
    write_segments(tmp_path / "lakes.geojson", [row(1)], CRS, META, NOTE)
    with pytest.raises(ExportError, match="made by `segment`"):
        read_segments(tmp_path / "lakes.geojson")
