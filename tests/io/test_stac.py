"""The STAC item beside an export: valid, in place, and with the recipe in it."""

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from pystac.validation import validate_dict

from graft_core.errors import ExportError
from graft_core.io.geotiff import BandInfo, write_cog
from graft_core.io.stac import Extra, write_stac_item

GEOBOX = GeoBox((300, 400), Affine(10, 0, 500_000, 0, -10, 5_800_000), "EPSG:32633")


def item_of(folder: Path, geobox: GeoBox = GEOBOX, **given: Any) -> dict[str, Any]:
    def blocks(window: GeoBox) -> np.ndarray[Any, Any]:
        values = np.full((2, *window.shape), 0.25, np.float32)
        values[1] = np.nan
        return values

    write_cog(folder / "out.tif", geobox, [BandInfo("density of forest"), BandInfo("score")], blocks)
    write_stac_item(folder / "out.json", folder / "out.tif", **{"recipe": {"query": "forest"}, **given})
    item: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return item


def test_core_is_valid_against_the_published_schemas(tmp_path: Path) -> None:
    item = item_of(tmp_path)
    # The core schemas ship with pystac; those of the extensions are on the net, so their fields are checked below.
    validate_dict(item | {"stac_extensions": []}, stac_object_type=pystac.STACObjectType.ITEM)
    assert item["stac_version"] in {"1.0.0", "1.1.0"}
    assert pystac.Item.from_dict(item).id == "out"


def test_place_is_in_degrees_and_contains_the_scene(tmp_path: Path) -> None:
    item = item_of(tmp_path)
    west, south, east, north = item["bbox"]
    assert (west, east) == pytest.approx((15.0, 15.058), abs=1e-3)
    assert (south, north) == pytest.approx((52.3233, 52.3503), abs=1e-3)
    ring = item["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert all(west <= lon <= east and south <= lat <= north for lon, lat in ring)


def test_projection_and_raster_fields_describe_the_file(tmp_path: Path) -> None:
    item = item_of(tmp_path)
    properties, asset = item["properties"], item["assets"]["data"]
    assert {uri.split("/")[3] for uri in item["stac_extensions"]} == {"projection", "raster"}
    assert properties["proj:code"] == "EPSG:32633"
    assert properties["proj:shape"] == [300, 400]
    assert properties["proj:transform"] == [10, 0, 500_000, 0, -10, 5_800_000]
    assert properties["proj:bbox"] == [500_000, 5_797_000, 504_000, 5_800_000]
    assert asset["href"] == "./out.tif"
    assert asset["type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
    assert asset["roles"] == ["data"]
    first, second = asset["raster:bands"]
    assert (first["data_type"], first["nodata"], first["spatial_resolution"]) == ("float32", "nan", 10)
    statistics = {"minimum": 0.25, "maximum": 0.25, "mean": 0.25, "stddev": 0, "valid_percent": 100}
    assert first["statistics"] == statistics
    assert second["statistics"] == {"valid_percent": 0}
    assert [band["description"] for band in asset["bands"]] == ["density of forest", "score"]


def test_recipe_stands_under_our_prefix_and_nan_becomes_null(tmp_path: Path) -> None:
    recipe = {"query": {"terms": ["forest"]}, "threshold": None, "background": ("a", "b"), "score": math.nan}
    properties = item_of(tmp_path, recipe=recipe)["properties"]
    assert properties["graft:query"] == {"terms": ["forest"]}
    assert properties["graft:threshold"] is None
    assert properties["graft:background"] == ["a", "b"]
    assert properties["graft:score"] is None


def test_datetime_is_the_acquisition_or_else_the_making(tmp_path: Path) -> None:
    made = datetime(2026, 11, 21, 12, tzinfo=UTC)
    dated = item_of(tmp_path, acquired=date(2020, 2, 23), created=made)["properties"]
    assert (dated["datetime"], dated["created"]) == ("2020-02-23T00:00:00Z", "2026-11-21T12:00:00Z")
    assert item_of(tmp_path, created=made)["properties"]["datetime"] == "2026-11-21T12:00:00Z"


def test_companions_are_linked_relative_to_the_item(tmp_path: Path) -> None:
    extra = Extra(tmp_path / "out.qml", "QGIS style", "application/xml", ("style",))
    asset = item_of(tmp_path, extras=[extra])["assets"]["out.qml"]
    assert asset == {"href": "./out.qml", "title": "QGIS style", "type": "application/xml", "roles": ["style"]}


def test_a_crs_without_a_code_is_given_in_full(tmp_path: Path) -> None:
    crs = "+proj=tmerc +lat_0=1 +lon_0=2 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +type=crs"
    properties = item_of(tmp_path, GeoBox((20, 20), Affine(1, 0, 0, 0, -1, 0), crs))["properties"]
    assert properties.get("proj:code") is None
    assert "Transverse Mercator" in properties["proj:wkt2"]


def test_no_item_without_its_raster(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"Cannot read .*gone\.tif"):
        write_stac_item(tmp_path / "gone.json", tmp_path / "gone.tif", recipe={})
    assert list(tmp_path.iterdir()) == []
