"""Retrieved tiles as QGIS reads them, and areas of interest as analysts draw them."""

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from full_disk import largest_file
from shapely.geometry import LineString, Point, box

from graft_core.errors import ExportError
from graft_core.io.vector import TileOutline, read_area, write_hits

META = {"query": "solar farm", "encoder": "graft-naip"}


def outline(rank: int, crs: str = "EPSG:32633", probability: float = 0.75) -> TileOutline:
    left, bottom = 500_000 + 224.0 * rank, 5_800_000.0
    return TileOutline(rank, 0.5 / rank, probability, f"scene{rank}", 10, 20 + rank, _square(left, bottom), crs)


def _square(left: float, bottom: float) -> tuple[float, float, float, float]:
    return left, bottom, left + 224, bottom + 224


def read(path: Path) -> Any:
    return geopandas.read_parquet(path) if path.suffix.endswith("parquet") else geopandas.read_file(path)


@pytest.mark.parametrize("name", ["hits.gpkg", "hits.GeoJSON", "hits.parquet", "hits.geoparquet"])
def test_every_format_holds_the_outlines_in_rank_order_with_all_they_need(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_hits(path, [outline(2), outline(1), outline(3, probability=math.nan)], meta=META)
    found = read(path)
    assert list(found["rank"]) == [1, 2, 3]
    assert list(found["score"]) == pytest.approx([0.5, 0.25, 0.5 / 3])
    assert list(found["match_probability"].isna()) == [False, False, True]
    assert list(found["scene"]) == ["scene1", "scene2", "scene3"]
    assert list(found["col"]) == [21, 22, 23]
    assert set(found["query"]) == {"solar farm"}
    assert set(found["encoder"]) == {"graft-naip"}
    first = found.to_crs("EPSG:32633").geometry.iloc[0]
    assert first.symmetric_difference(box(*outline(1).bounds)).area < 0.001 * 224**2
    assert [child.name for child in tmp_path.iterdir()] == [name]


def test_geopackage_keeps_the_scenes_own_crs_unless_told_otherwise(tmp_path: Path) -> None:
    write_hits(tmp_path / "own.gpkg", [outline(1)])
    write_hits(tmp_path / "web.gpkg", [outline(1)], crs="EPSG:3857")
    assert read(tmp_path / "own.gpkg").crs.to_epsg() == 32633
    assert read(tmp_path / "web.gpkg").crs.to_epsg() == 3857


def test_hits_of_scenes_in_different_zones_meet_in_one_file(tmp_path: Path) -> None:
    write_hits(tmp_path / "hits.gpkg", [outline(1, "EPSG:32634"), outline(2), outline(3, "EPSG:32634")])
    found = read(tmp_path / "hits.gpkg")
    assert found.crs.to_epsg() == 4326
    assert list(found.geometry.bounds.minx.round()) == [21, 15, 21]


def test_geojson_follows_rfc_7946(tmp_path: Path) -> None:
    path = tmp_path / "hits.geojson"
    write_hits(path, [outline(1, probability=math.nan)], crs="EPSG:32633", meta=META)
    said = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert "crs" not in said
    feature = said["features"][0]
    assert feature["properties"]["match_probability"] is None
    ring = shapely.LinearRing(feature["geometry"]["coordinates"][0])
    assert ring.is_ccw
    assert ring.bounds[0] == pytest.approx(15.003, abs=0.001)


@pytest.mark.parametrize("name", ["none.gpkg", "none.geojson", "none.parquet"])
def test_no_hits_make_an_empty_layer(tmp_path: Path, name: str) -> None:
    write_hits(tmp_path / name, [], meta=META)
    assert len(read(tmp_path / name)) == 0


def test_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"unknown file type '.kml'; use one of .geojson, .geoparquet, .gpkg, .parquet"
    ):
        write_hits(tmp_path / "hits.kml", [outline(1)])


@pytest.mark.parametrize("name", ["hits.gpkg", "hits.geojson", "hits.parquet"])
def test_a_full_disk_keeps_the_old_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_hits(path, [outline(1)])
    before = path.read_bytes()
    for size in (0, 100, len(before) - 1):
        with largest_file(size), pytest.raises(ExportError, match=rf"Cannot write .*{name}: the disk is full"):
            write_hits(path, [outline(1), outline(2)])
        assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == [name]


def save(path: Path, *shapes: Any, crs: str | None = "EPSG:32633", layer: str | None = None) -> Path:
    frame = geopandas.GeoDataFrame({"id": range(len(shapes))}, geometry=list(shapes), crs=crs)
    frame.to_file(path, layer=layer) if layer else frame.to_file(path)
    return path


@pytest.mark.parametrize("name", ["area.gpkg", "area.shp"])
def test_an_area_is_the_union_of_its_polygons(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name, box(0, 0, 10, 10), box(5, 0, 20, 10), box(100, 100, 101, 101))
    shape, crs = read_area(path)
    assert shape.area == pytest.approx(201)
    assert crs == "EPSG:32633"


def test_a_geojson_area_is_in_degrees(tmp_path: Path) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(shapely.geometry.mapping(box(15, 52, 15.1, 52.1))))
    shape, crs = read_area(path)
    assert shape.bounds == (15, 52, 15.1, 52.1)
    assert crs == "EPSG:4326"


def test_a_polygon_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert read_area(save(tmp_path / "area.gpkg", bow_tie))[0].area == pytest.approx(50)


def test_lines_and_points_are_no_area(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"area\.gpkg holds no polygon \(2 features\); draw"):
        read_area(save(tmp_path / "area.gpkg", LineString([(0, 0), (1, 1)]), LineString([(0, 0), (2, 1)])))
    shape, _ = read_area(save(tmp_path / "mixed.gpkg", box(0, 0, 1, 1)))
    assert shape.area == 1
    with pytest.raises(ExportError, match="holds no polygon"):
        read_area(save(tmp_path / "points.shp", Point(0, 0)))


def test_what_is_no_vector_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "area.geojson").write_text("not a map")
    with pytest.raises(ExportError, match=r"^Cannot read .*area\.geojson \([^;]*[^.;]\); give a GeoJSON[^;]*\.$"):
        read_area(tmp_path / "area.geojson")


def test_an_area_without_crs_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "area.shp", box(0, 0, 1, 1))
    (tmp_path / "area.prj").unlink()
    with pytest.raises(ExportError, match=r"says nothing about its CRS.*\.prj"):
        read_area(path)


def test_several_layers_are_not_guessed_between(tmp_path: Path) -> None:
    path = save(tmp_path / "area.gpkg", box(0, 0, 1, 1), layer="north")
    save(path, box(5, 5, 6, 6), layer="south")
    with pytest.raises(ExportError, match=r"several layers \(north, south\)"):
        read_area(path)


@pytest.mark.parametrize("content", [None, "", "{not json", '{"type": "FeatureCollection", "features": []}'])
def test_unusable_area_files_are_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "area.geojson"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ExportError, match=r"area\.geojson"):
        read_area(path)
