"""What a GIS finds in an export of a real scene, and that it can be made again."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pystac
import pytest
import rasterio
import rasterio.warp
from commands import done
from pystac.validation import validate_dict
from rasterio.io import DatasetReader
from real_scenes import QUERY, Encoded, RealScene
from rio_cogeo import cog_validate

EPSG = {"thailand": 32648, "brandenburg": 32633, "virginia": 26917, "claremont": 26911, "eureka": 26910}
TAGS = {
    "QUERY", "ENCODER", "ENCODER_KEY", "WEIGHTS_SHA256", "TEMPLATES", "BACKGROUND", "TEMPERATURE", "THRESHOLD",
    "BANDWIDTH_M", "TILE_PX", "STRIDE_PX", "GSD_M", "AOI", "SCENE", "SOURCE", "SOFTWARE", "TIME", "RECIPE",
}  # fmt: skip


def strips(raster: DatasetReader, rows: int = 1024) -> Iterator[np.ndarray]:
    """The raster from top to bottom: the map of a town is too large to hold twice."""
    for top in range(0, raster.height, rows):
        yield raster.read(window=((top, min(top + rows, raster.height)), (0, raster.width)))


def test_map_is_a_cog_that_validators_accept(scene: RealScene) -> None:
    assert cog_validate(scene.raster, strict=True, quiet=True) == (True, [], [])


def test_map_says_everything_about_itself(scene: RealScene) -> None:
    with rasterio.open(scene.raster) as raster:
        assert raster.crs.to_epsg() == EPSG[scene.name]
        assert raster.dtypes == ("float32", "float32")
        assert np.isnan(raster.nodatavals).all()
        assert raster.descriptions == (f"density: {QUERY}", f"score: {QUERY}")
        assert raster.block_shapes == [(512, 512)] * 2
        longest, levels = max(raster.shape), raster.overviews(1)
        assert levels == [2**i for i in range(1, len(levels) + 1)]
        assert longest / levels[-1] <= 512, "the smallest overview is one tile"
        tags = raster.tags()
    assert {f"GRAFT_{name}" for name in TAGS} <= set(tags)
    assert tags["GRAFT_QUERY"] == QUERY
    assert all(tags[f"GRAFT_{name}"] for name in TAGS)
    assert len(tags["GRAFT_WEIGHTS_SHA256"]) == 64
    recipe = json.loads(tags["GRAFT_RECIPE"])
    assert recipe["query"]["background"] == json.loads(tags["GRAFT_BACKGROUND"])
    assert recipe["query"]["templates"] == json.loads(tags["GRAFT_TEMPLATES"])


def test_statistics_in_the_file_are_those_of_its_pixels(real_scene: Callable[[str], RealScene]) -> None:
    with rasterio.open(real_scene("eureka").raster) as raster:
        seen = np.concatenate([strip[:, np.isfinite(strip[0])] for strip in strips(raster)], axis=1).astype(np.float64)
        for values, band in zip(seen, (1, 2), strict=True):
            stated = {key.removeprefix("STATISTICS_"): float(value) for key, value in raster.tags(band).items()}
            assert stated["MINIMUM"] == values.min()
            assert stated["MAXIMUM"] == values.max()
            assert stated["MEAN"] == pytest.approx(values.mean())
            assert stated["STDDEV"] == pytest.approx(values.std(), rel=1e-4)
            assert stated["VALID_PERCENT"] == pytest.approx(100 * values.size / np.prod(raster.shape), rel=1e-3)


def test_gdalinfo_of_another_gdal_shows_the_same(scene: RealScene, gdalinfo: str) -> None:
    told = subprocess.run([gdalinfo, "-json", str(scene.raster)], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    info = json.loads(told.stdout)
    assert f'ID["EPSG",{EPSG[scene.name]}]' in info["coordinateSystem"]["wkt"]
    assert {f"GRAFT_{name}" for name in TAGS} <= set(info["metadata"][""])
    assert info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
    for band, name in zip(info["bands"], ("density", "score"), strict=True):
        assert band["description"] == f"{name}: {QUERY}"
        assert band["type"] == "Float32"
        assert band["noDataValue"] == "NaN"
        assert band["block"] == [512, 512]
        assert band["overviews"]
        assert band["minimum"] <= band["mean"] <= band["maximum"]


def test_style_beside_it_colours_the_density_from_nothing_to_the_most(scene: RealScene) -> None:
    style = ElementTree.parse(scene.raster.with_suffix(".qml")).getroot()
    assert style.tag == "qgis"
    (renderer,) = style.iter("rasterrenderer")
    assert (renderer.get("type"), renderer.get("band")) == ("singlebandpseudocolor", "1")
    assert 0 < float(renderer.get("opacity", 0)) < 1
    values = [float(item.get("value", "nan")) for item in renderer.iter("item")]
    assert values == sorted(values)
    assert values[0] == 0
    with rasterio.open(scene.raster) as raster:
        assert values[-1] >= float(raster.tags(1)["STATISTICS_MAXIMUM"]) - 1e-6


def test_stac_item_beside_it_is_valid_and_names_what_is_there(scene: RealScene) -> None:
    path = scene.raster.with_suffix(".json")
    fields = json.loads(path.read_text())
    # The core schemas ship with pystac; those of the extensions are on the net.
    validate_dict(fields | {"stac_extensions": []}, stac_object_type=pystac.STACObjectType.ITEM)
    item = pystac.Item.from_file(str(path))
    assert item.properties["proj:code"] == f"EPSG:{EPSG[scene.name]}"
    assert item.properties["graft:query"]["terms"][0]["value"] == "forest"
    for asset in item.get_assets().values():
        assert Path(asset.get_absolute_href() or "").is_file()
    with rasterio.open(scene.raster) as raster:
        assert item.properties["proj:shape"] == list(raster.shape)
        west, south, east, north = rasterio.warp.transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    assert item.bbox == pytest.approx([west, south, east, north], abs=1e-3)
    if scene.name == "brandenburg":
        assert fields["properties"]["datetime"].startswith("2017-02-16"), "the day in the file's name"


@pytest.mark.parametrize("name", ["thailand", "virginia", "eureka"])
def test_replayed_map_is_equal_to_the_pixel(
    name: str, real_scene: Callable[[str], RealScene], at_home: None, encoded: Encoded, tmp_path: Path
) -> None:
    first, again = real_scene(name).raster, tmp_path / "again.tif"
    done("replay", first, "-o", again)
    with rasterio.open(first) as one, rasterio.open(again) as other:
        assert (one.shape, one.transform, one.crs) == (other.shape, other.transform, other.crs)
        for ours, theirs in zip(strips(one), strips(other), strict=True):
            assert np.array_equal(ours, theirs, equal_nan=True)
        assert one.tags(1) == other.tags(1)
        changing = {"GRAFT_TIME": "", "GRAFT_RECIPE": ""}
        assert one.tags() | changing == other.tags() | changing
    assert encoded.tiles == 0
    assert again.with_suffix(".qml").read_text() == first.with_suffix(".qml").read_text()


def test_map_with_everything_stated_is_replayed_from_its_tags_alone(
    real_scene: Callable[[str], RealScene], shared_data: Path, home: Path, own_folders: None, tmp_path: Path
) -> None:
    source = shared_data / "bad" / "tiny_100x80.tif"
    photo = tmp_path / "photo.jpg"
    shutil.copy(shared_data / "bad" / "photo_no_gps.jpg", photo)
    stated = ["--threshold", "0.3", "--bandwidth", "25", "--stride", "32", "--temperature", "0.07"]
    stated += ["--background", "sea", "--background", "desert", "--template", "{} from above"]
    done("density", source, "-q", f"2*forest + photo:{photo} - 0.5*'a road'", *stated, "-o", tmp_path / "first.tif")
    photo.unlink()
    done("index", "remove", "tiny_100x80")
    done("replay", tmp_path / "first.tif", "-o", tmp_path / "again.tif")
    with rasterio.open(tmp_path / "first.tif") as one, rasterio.open(tmp_path / "again.tif") as other:
        assert np.array_equal(one.read(), other.read(), equal_nan=True)
        assert np.isfinite(one.read()).all()
