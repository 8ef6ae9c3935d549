"""What STAC items of both providers say, and that nothing of a signature is kept of them."""

import copy
import json
import math
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import shapely
from imagery_material import drawn, earth_search_sentinel2, planetary_naip, planetary_sentinel2, write_cog
from stac_server import StacServer

from graft_core.errors import ImageryError
from graft_core.io.imagery.catalogs import find_catalog, find_product, presets
from graft_core.io.imagery.item import ImageryItem, read_item
from graft_core.io.imagery.remote import lasting_path, remote_path


def read(document: dict[str, Any], catalog: str = "planetary-computer", product: str = "sentinel2") -> ImageryItem:
    where = find_catalog(catalog)
    return read_item(document, where, find_product(where, product))


@pytest.fixture
def sentinel2(catalogs: StacServer) -> dict[str, Any]:
    return planetary_sentinel2(catalogs, "2021-06-17", drawn(side=16), cloud=12.5, baseline="05.00", stored=False)


@pytest.fixture
def aerial(tmp_path: Path) -> Path:
    from affine import Affine

    return write_cog(
        tmp_path / "a.tif", np.ones((4, 50, 60), np.uint8), Affine(0.6, 0, 430000, 0, -0.6, 3e6), "EPSG:26911"
    )


def test_a_sentinel2_item_of_the_planetary_computer(sentinel2: dict[str, Any], catalogs: StacServer) -> None:
    item = read(sentinel2)
    assert (item.sensor, f"{item.acquired:%Y-%m-%d %H:%M}", item.cloud) == ("sentinel2", "2021-06-17 10:00", 12.5)
    assert sorted(item.files) == ["blue", "green", "nir", "red", "scl"]
    assert item.files["red"].href.endswith("_B04_10m.tif")
    assert item.files["red"].shape == (16, 16)
    assert (item.baseline, item.offset) == ("05.00", -1000)
    assert item.thumbnail.startswith(f"{catalogs.url}/files/preview.png?collection=sentinel-2-l2a")
    assert item.self_link == f"{catalogs.stac}/collections/sentinel-2-l2a/items/{item.id}"
    assert item.footprint.equals(shapely.geometry.shape(sentinel2["geometry"]))


def test_a_sentinel2_item_of_earth_search(catalogs: StacServer) -> None:
    item = read(earth_search_sentinel2(catalogs, "2021-06-17", drawn(side=16)), "earth-search")
    assert item.files["red"].href.endswith("/B04.tif")
    assert sorted(item.files) == ["blue", "green", "nir", "red", "scl"]
    assert item.thumbnail.endswith("thumbnail.jpg")


def test_an_aerial_item_is_one_file_of_four_bands_and_knows_nothing_of_clouds(
    catalogs: StacServer, aerial: Path
) -> None:
    item = read(planetary_naip(catalogs, "2020-04-18", aerial), product="naip")
    assert (item.sensor, item.cloud, item.offset) == ("naip", None, 0)
    assert list(item.files) == ["image"]
    image = item.files["image"]
    assert (image.shape, image.count, image.dtype) == ((50, 60), 4, "uint8")


def test_a_hash_and_a_size_are_read_where_the_item_states_them(sentinel2: dict[str, Any]) -> None:
    sentinel2["assets"]["B04"] |= {"file:size": 1234, "file:checksum": "1220" + "ab" * 32}
    sentinel2["assets"]["B03"] |= {"file:checksum": "d50110" + "ab" * 16}  # MD5
    files = read(sentinel2).files
    assert (files["red"].size, files["red"].sha256) == (1234, "ab" * 32)
    assert (files["green"].size, files["green"].sha256) == (None, None)


def test_a_bucket_whose_readers_pay_is_read_in_place_and_in_windows_only(catalogs: StacServer, aerial: Path) -> None:
    document = planetary_naip(catalogs, "2020-04-18", aerial)
    address = "s3://naip-analytic/ca/2020/60cm/rgbir_cog/34117/m_3411720_nw_11_060_20200418.tif"
    document["assets"]["image"]["href"] = address
    item = read(document, "earth-search", "naip")
    assert remote_path(item, item.files["image"]) == address


@pytest.mark.parametrize(
    ("baseline", "offset"), [("02.14", 0), ("03.01", 0), ("04.00", -1000), ("05.10", -1000), ("", 0), ("new", 0)]
)
def test_the_offset_begins_with_baseline_4(sentinel2: dict[str, Any], baseline: str, offset: int) -> None:
    sentinel2["properties"]["s2:processing_baseline"] = baseline
    assert read(sentinel2).offset == offset


@pytest.mark.parametrize(("applied", "offset", "doubtful"), [(True, 0, False), (False, -1000, True)])
def test_earth_search_says_whether_it_has_taken_the_offset_away(
    catalogs: StacServer, applied: bool, offset: int, doubtful: bool
) -> None:
    item = read(earth_search_sentinel2(catalogs, "2023-06-17", drawn(side=16), applied=applied), "earth-search")
    assert (item.offset, item.offset_doubtful) == (offset, doubtful)


def test_bands_are_found_by_their_common_names_in_a_catalogue_nobody_knows(sentinel2: dict[str, Any]) -> None:
    assets = {f"band-{i}": asset for i, asset in enumerate(sentinel2["assets"].values())}
    for asset in assets.values():
        if "eo:bands" in asset:  # as STAC 1.1 has it
            asset["bands"] = [{"name": b["name"], "eo:common_name": b["common_name"]} for b in asset.pop("eo:bands")]
    item = read(sentinel2 | {"assets": assets}, "https://example.org/stac", "sentinel-2-l2a")
    assert item.files["red"].href.endswith("_B04_10m.tif")
    assert item.files["nir"].href.endswith("_B08_10m.tif")


def test_signatures_are_kept_nowhere(sentinel2: dict[str, Any]) -> None:
    for asset in sentinel2["assets"].values():
        asset["href"] += "&" * ("?" in asset["href"]) + "?" * ("?" not in asset["href"]) + "se=1&sig=SECRET"
    item = read(sentinel2)
    assert "SECRET" not in repr(item)
    assert item.files["red"].href.endswith("_B04_10m.tif")


def test_signatures_elsewhere_in_the_item_are_kept_nowhere(sentinel2: dict[str, Any]) -> None:
    sentinel2["assets"]["B04"]["alternate"] = {"https": {"href": "https://host/a.tif?sig=SECRET"}}
    sentinel2["assets"]["thumbnail"] = {"href": "https://host/t.jpg?X-Goog-Signature=SECRET", "type": "image/jpeg"}
    sentinel2["links"].append({"rel": "via", "href": "https://user:SECRET@host/x"})
    sentinel2["links"].append({"rel": "alternate", "href": "../x?api_key=SECRET"})
    sentinel2["properties"]["description"] = "see https://host/a?access_token=SECRET, and so on"
    item = read(sentinel2)
    assert "SECRET" not in repr(item)
    assert "see https://host/a and so on" in item.document


def test_an_address_that_was_signed_is_known_as_long_as_the_item_is(sentinel2: dict[str, Any]) -> None:
    signed = sentinel2["assets"]["B04"]["href"] + "?Signature=SECRET&Key-Pair-Id=K&Expires=9"
    sentinel2["assets"]["B04"]["href"] = signed
    item = read(sentinel2, "https://example.org/stac", "sentinel-2-l2a")
    assert item.files["red"].signed == signed
    assert "SECRET" in unquote(remote_path(item, item.files["red"]))
    assert "SECRET" not in repr(item)
    assert item.files["green"].signed == ""
    assert lasting_path(item, item.files["green"]) == remote_path(item, item.files["green"])
    with pytest.raises(ImageryError, match="cannot be used where it is; get a window, or the whole file") as caught:
        lasting_path(item, item.files["red"])
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"assets": {}},
        {"assets": {"B04": {"type": "image/tiff"}}},
        {"assets": None},
        {"properties": {"datetime": "yesterday"}},
        {"properties": {}},
        {"properties": {"datetime": "0001-01-01T00:00:00+10:00"}},
        {"assets": {"B04": {"href": "a.tif", "proj:shape": [5]}, "B03": {"href": "a.tif"}, "B02": {"href": "a.tif"}}},
        {"geometry": {"type": "Polygon", "coordinates": "none"}},
        {"geometry": None, "bbox": ["a", 1, 2, 3]},
        {"geometry": {"type": "Polygon", "coordinates": []}},
    ],
)
def test_something_that_is_no_item_is_one_sentence(sentinel2: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ImageryError, match=r"no STAC item .*another catalogue") as caught:
        read(copy.deepcopy(sentinel2) | change)
    assert "\n" not in str(caught.value)


def test_numbers_that_json_has_no_word_for_are_none(sentinel2: dict[str, Any]) -> None:
    sentinel2["assets"]["B04"]["file:size"] = math.inf
    sentinel2["properties"] |= {"eo:cloud_cover": math.nan, "x": [math.nan]}
    item = read(sentinel2)
    assert (item.files["red"].size, item.cloud) == (None, None)
    assert json.loads(item.document, parse_constant=pytest.fail)["properties"]["x"] == [None]


@pytest.mark.parametrize("links", [None, 5, [], [{"rel": "self"}], ["self"], [{"rel": "self", "href": 5}]])
def test_an_item_without_an_address_of_its_own(sentinel2: dict[str, Any], links: object) -> None:
    assert read(sentinel2 | {"links": links}).self_link == ""


def test_a_box_with_heights_is_its_footprint(sentinel2: dict[str, Any]) -> None:
    assert read(sentinel2 | {"geometry": None, "bbox": [1, 2, 0, 3, 4, 9]}).footprint.bounds == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("collection", "properties", "level"),
    [
        ("sentinel-2-l2a", {}, "Level-2A"),
        ("sentinel-2-l1c", {}, "Level-1C"),
        ("sentinel-2", {"s2:product_type": "S2MSI1C"}, "Level-1C"),
        ("sentinel-2", {"s2:product_type": "S2MSI2A"}, "Level-2A"),
        ("sentinel-2-l1c", {"processing:level": "L2A"}, "Level-2A"),
    ],
)
def test_the_level_is_what_the_item_says_else_its_collection(
    sentinel2: dict[str, Any], collection: str, properties: dict[str, str], level: str
) -> None:
    sentinel2["properties"] |= properties
    assert read(sentinel2, "https://example.org/stac", collection).level == level


@pytest.mark.parametrize(
    ("day", "declared", "offset"),
    [
        ("2021-06-17", None, 0),
        ("2024-06-17", None, -1000),
        ("2021-06-17", {"raster:bands": [{"scale": 1e-4, "offset": -0.1}]}, -1000),
        ("2024-06-17", {"raster:bands": [{"scale": 1e-4, "offset": 0}]}, 0),
        ("2021-06-17", {"bands": [{"raster:scale": 1e-4, "raster:offset": -0.1}]}, -1000),
        ("2021-06-17", {"raster:scale": 1e-4, "raster:offset": -0.1}, -1000),
        ("2021-06-17", {"raster:bands": [{"scale": 0, "offset": -0.1}]}, 0),
        ("2021-06-17", {"raster:bands": [{"scale": "x", "offset": -0.1}]}, 0),
    ],
)
def test_without_a_baseline_what_files_declare_and_then_the_day_says_the_offset_and_the_values_confirm_it(
    sentinel2: dict[str, Any], day: str, declared: dict[str, Any] | None, offset: int
) -> None:
    sentinel2["properties"] |= {"s2:processing_baseline": None, "datetime": f"{day}T10:00:00Z"}
    sentinel2["assets"]["B04"] |= declared or {}
    item = read(sentinel2)
    assert (item.offset, item.offset_doubtful) == (offset, offset != 0)


def test_an_item_without_a_colour_says_which(sentinel2: dict[str, Any]) -> None:
    del sentinel2["assets"]["B03"]
    with pytest.raises(ImageryError, match="no file with green, only B04"):
        read(sentinel2)


def test_presets_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRAFT_PLANETARY_COMPUTER", "GRAFT_EARTH_SEARCH", "VSICURL_PC_SAS_TOKEN_URL"):
        monkeypatch.delenv(name, raising=False)
    planetary, earth_search = presets()["planetary-computer"], presets()["earth-search"]
    assert planetary.token_url == "https://planetarycomputer.microsoft.com/api/sas/v1/token"
    assert earth_search.token_url == ""
    assert find_product(planetary, "sentinel2").collection == "sentinel-2-l2a"
    assert find_product(earth_search, "naip").credit.startswith("USDA")
    assert find_product(planetary, "sentinel-2-l2a").licence == "Copernicus Sentinel data terms"
    own = find_catalog("https://example.org/stac/")
    assert (own.url, own.token_url) == ("https://example.org/stac", "")
    assert find_product(own, "my-images").collection == "my-images"
    assert find_product(own, "naip").collection == "naip"
    with pytest.raises(ImageryError, match="what it calls Sentinel-2 is unknown"):
        find_product(own, "sentinel2")


@pytest.mark.parametrize("text", ["", "planetary", "ftp://host/x", "https://", "/a/path"])
def test_what_is_no_catalogue_is_refused_with_the_ones_there_are(text: str) -> None:
    with pytest.raises(ImageryError, match="planetary-computer or earth-search"):
        find_catalog(text)


@pytest.mark.parametrize(
    "address", ["https://user:PASS@example.org/stac", "https://example.org/stac?api_key=PASS", "https://[x]/stac"]
)
def test_a_catalogue_is_never_known_by_a_password(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageryError, match=r"holds a password or a key|There is no catalogue") as caught:
        find_catalog(address)
    assert "PASS" not in str(caught.value)
    monkeypatch.setenv("GRAFT_EARTH_SEARCH", address)
    with pytest.raises(ImageryError):
        find_catalog("earth-search")
