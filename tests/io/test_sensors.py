"""Presets: what kind of imagery a raster is, which bands are its colours, and how they become uint8."""

from typing import Any

import numpy as np
import pytest

from graft_core.errors import SceneError
from graft_core.io.scene import open_scene, read_rgb
from graft_core.io.sensors import (
    RasterFacts,
    alpha_mask_band,
    detect_sensor,
    is_mask,
    processing_level,
    rgb_bands,
    split_option,
)


def facts(
    dtype: str = "uint16",
    names: tuple[str, ...] = ("", "", "", ""),
    colors: tuple[str, ...] | None = None,
    gsd: float = 10.0,
    label: str = "a.tif",
    tags: dict[str, str] | None = None,
) -> RasterFacts:
    count = len(names)
    return RasterFacts(
        label=label,
        dtype=dtype,
        names=names,
        colors=colors or ("gray", *("undefined",) * (count - 1)),
        gsd=gsd,
        tags=tags or {},
        band_tags=({},) * count,
        scales=(1.0,) * count,
        offsets=(0.0,) * count,
    )


S2 = ("B04", "B03", "B02", "B08")


@pytest.mark.parametrize(
    ("given", "sensor"),
    [
        (facts("uint8", gsd=0.6), "naip"),
        (facts("uint8", gsd=0.3), "naip"),
        (facts("uint8", gsd=1.0), "naip"),
        (facts("uint8", ("", "", ""), gsd=0.15), "rgb"),
        (facts("uint8", ("", "", ""), gsd=10), "rgb"),
        (facts("uint16", S2), "sentinel2"),
        (facts("uint16", S2, gsd=20), "sentinel2"),
        (facts("float32", S2), "sentinel2"),
        (facts("uint16"), "sentinel2"),
        (facts("uint16", ("",) * 8), "sentinel2"),
        (facts("uint16", gsd=3), "rgb"),
        (facts("uint16", ("B4", "B3", "B2"), gsd=30), "rgb"),
        (facts("float32", ("", "", ""), gsd=0.6), "rgb"),
    ],
)
def test_preset_follows_type_names_and_gsd(given: RasterFacts, sensor: str) -> None:
    assert detect_sensor(given) == sensor


@pytest.mark.parametrize(
    ("given", "bands"),
    [
        (facts(names=S2), (1, 2, 3)),
        (facts(names=("B02", "B03", "B04", "B08")), (3, 2, 1)),
        (facts(names=("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A")), (4, 3, 2)),
        (facts(names=("B4 (red)", "B3 (green)", "B2 (blue)", "B8")), (1, 2, 3)),
        (facts(names=("nir", "red", "green", "blue")), (2, 3, 4)),
        (facts("uint8", colors=("blue", "green", "red", "alpha")), (3, 2, 1)),
        (facts("uint8", colors=("red", "green", "blue", "alpha")), (1, 2, 3)),
        (facts("uint16"), (1, 2, 3)),
        (facts("uint8", ("",) * 5, colors=("gray", "undefined", "undefined", "undefined", "alpha")), (1, 2, 3)),
    ],
)
def test_colours_are_found_by_name_then_tag_then_place(given: RasterFacts, bands: tuple[int, int, int]) -> None:
    assert rgb_bands(given, None) == bands


def test_stated_bands_win_over_names() -> None:
    assert rgb_bands(facts(names=S2), (4, 1, 2)) == (4, 1, 2)


def test_many_bands_without_names_must_be_stated() -> None:
    with pytest.raises(SceneError, match=r"8 bands without names.*bands=\(1,2,3\)"):
        rgb_bands(facts(names=("",) * 8), None)


@pytest.mark.parametrize("stated", [(0, 1, 2), (1, 2, 9), (1, 2)])
def test_stated_bands_must_exist(stated: tuple[int, ...]) -> None:
    with pytest.raises(SceneError, match="are not three of the 8"):
        rgb_bands(facts(names=("",) * 8), stated)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_bands_are_refused(count: int) -> None:
    with pytest.raises(SceneError, match=r"three \(red, green, blue\) are needed"):
        rgb_bands(facts(names=("",) * count), None)


def test_a_colour_table_is_pointed_out() -> None:
    with pytest.raises(SceneError, match="-expand rgb"):
        rgb_bands(facts(names=("",), colors=("palette",)), None)


@pytest.mark.parametrize(
    ("label", "tags", "level"),
    [
        ("S2A_MSIL1C_20170216T102101_N0204_R065_T33UUU.tif", {}, "L1C"),
        ("/data/S2B_MSIL2A_20220201T101209_N0400.SAFE/x.jp2", {}, "L2A"),
        ("scene_L1C_B02.tif", {}, "L1C"),
        ("a.tif", {"PROCESSING_LEVEL": "Level-2A"}, "L2A"),
        ("a.tif", {"PRODUCT_TYPE": "S2MSI1C"}, "L1C"),
        ("T33UUU_20170216T102101_B02.jp2", {}, None),
        ("XL1CY.tif", {}, None),
    ],
)
def test_processing_level_is_read_from_tags_and_names(label: str, tags: dict[str, str], level: str | None) -> None:
    assert processing_level(facts(label=label, tags=tags)) == level


def test_the_level_can_be_stated_with_the_sensor() -> None:
    assert split_option("sentinel2-l1c") == ("sentinel2", "L1C")
    assert split_option("naip") == ("naip", None)
    assert split_option(None) == (None, None)
    with pytest.raises(SceneError, match="no sensor 'landsat'; choose one of naip"):
        split_option("landsat")


def test_near_infrared_is_no_mask_and_a_real_alpha_is() -> None:
    infrared = np.random.default_rng(0).integers(15, 251, 10_000).astype(np.uint8)
    alpha = np.repeat(np.array([0, 255], np.uint8), 5000)
    water = np.zeros(10_000, np.uint8)
    assert not is_mask(infrared)
    assert is_mask(alpha)
    assert is_mask(alpha.astype(np.uint16) * 257)
    assert not is_mask(water)
    assert alpha_mask_band(facts("uint8", colors=("red", "green", "blue", "alpha")), (1, 2, 3)) == 4
    assert alpha_mask_band(facts("uint8", colors=("red", "green", "blue", "undefined")), (1, 2, 3)) is None


def colour_of(raster: Any, value: int, **options: Any) -> tuple[list[int], str]:
    """What a Sentinel-2 scene of one value looks like, and the kind of its stretch."""
    scene = open_scene(raster("s2.tif", np.full((4, 64, 64), value, "uint16"), gsd=10, names=S2, **options))
    return read_rgb(scene, scene.geobox)[0][5, 5].tolist(), scene.stretch.kind


@pytest.mark.parametrize(
    ("value", "options", "grey"),
    [
        (1500, {}, 128),
        (3000, {}, 255),
        (9000, {}, 255),
        (2500, {"tags": {"BOA_ADD_OFFSET": "-1000", "BOA_QUANTIFICATION_VALUE": "10000"}}, 128),
        (2500, {"band_tags": {"BOA_ADD_OFFSET": "-1000"}}, 128),
        (2500, {"tags": {"RADIO_ADD_OFFSET": "-1000", "QUANTIFICATION_VALUE": "10000"}}, 128),
        (500, {"tags": {"QUANTIFICATION_VALUE": "5000"}}, 85),
        (2500, {"scales": (1e-4,) * 4, "offsets": (-0.1,) * 4}, 128),
        (300, {"scales": (5e-4,) * 4}, 128),
    ],
)
def test_reflectance_of_30_percent_is_white(raster: Any, value: int, options: dict[str, Any], grey: int) -> None:
    assert colour_of(raster, value, **options) == ([grey] * 3, "reflectance")


def test_a_radiometric_tag_that_is_no_number_is_named(raster: Any) -> None:
    with pytest.raises(SceneError, match="BOA_ADD_OFFSET='many'"):
        colour_of(raster, 1500, tags={"BOA_ADD_OFFSET": "many"})


def test_floating_point_reflectance_is_taken_as_it_is(raster: Any) -> None:
    values = np.full((4, 64, 64), 0.15, "float32")
    scene = open_scene(raster("s2.tif", values, gsd=10, names=S2))
    assert scene.sensor == "sentinel2"
    assert read_rgb(scene, scene.geobox)[0][0, 0].tolist() == [128] * 3


def hazy(noise: Any) -> np.ndarray:
    """Ground between 1 and 20 % in every band, under the haze of an L1C scene."""
    ground = noise(4, 128, 128, dtype="uint16", low=100, high=2000)
    return (ground + np.array([480, 720, 1080, 200])[:, None, None]).astype(np.uint16)


def test_haze_that_is_measured_is_taken_away_per_band(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("s2.tif", hazy(noise), gsd=10, names=S2))
    assert scene.stretch.kind == "reflectance, haze removed"
    rgb, _ = read_rgb(scene, scene.geobox)
    means = rgb.reshape(-1, 3).mean(axis=0)
    assert np.ptp(means) < 3
    assert scene.stretch.low == pytest.approx((500, 740, 1100), abs=20)


@pytest.mark.parametrize(
    ("name", "sensor", "kind"),
    [
        ("S2A_MSIL2A_20200101.tif", None, "reflectance"),
        ("s2.tif", "sentinel2-l2a", "reflectance"),
        ("s2.tif", "sentinel2-l1c", "reflectance, haze removed"),
        ("S2A_MSIL1C_20200101.tif", None, "reflectance, haze removed"),
    ],
)
def test_a_known_level_decides_about_haze(raster: Any, noise: Any, name: str, sensor: Any, kind: str) -> None:
    scene = open_scene(raster(name, hazy(noise), gsd=10, names=S2), sensor=sensor)
    assert scene.stretch.kind == kind


def test_clear_scenes_keep_their_blue(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("s2.tif", noise(4, 128, 128, dtype="uint16", low=200, high=2500), gsd=10, names=S2))
    assert scene.stretch.kind == "reflectance"


def test_zero_in_all_bands_is_no_data_in_sentinel2(raster: Any, noise: Any) -> None:
    values = noise(4, 64, 64, dtype="uint16", low=200, high=2500)
    values[:, :10] = 0
    values[0, 20, 20] = 0
    scene = open_scene(raster("s2.tif", values, gsd=10, names=S2))
    _, valid = read_rgb(scene, scene.geobox)
    assert not valid[:10].any()
    assert valid[10:].all()


def test_other_rasters_are_stretched_over_all_bands_together(raster: Any) -> None:
    rng = np.random.default_rng(2)
    values = (rng.random((3, 200, 200)) * np.array([1000, 2000, 3000])[:, None, None]).astype("float32")
    values[:, 0, 0], values[:, 0, 1] = np.nan, np.inf
    values[0, 0, 2] = 3e38
    scene = open_scene(raster("float.tif", values))
    assert scene.sensor == "rgb"
    low, high = np.percentile(values[:, 1:], (2, 98))
    assert scene.stretch.low == pytest.approx((low,) * 3, rel=0.02)
    assert scene.stretch.high == pytest.approx((high,) * 3, rel=0.02)
    assert read_rgb(scene, scene.geobox)[0][0, 2].tolist()[0] == 255


def test_a_large_raster_without_overviews_is_measured_all_over(raster: Any) -> None:
    values = np.zeros((3, 2100, 2100), np.uint16)
    values[:] = np.linspace(1000, 5000, 2100)[None, :, None]
    scene = open_scene(raster("large.tif", values))
    assert scene.stretch.low[0] == pytest.approx(1080, abs=250)
    assert scene.stretch.high[0] == pytest.approx(4920, abs=250)


def test_a_raster_of_one_value_is_readable(raster: Any) -> None:
    scene = open_scene(raster("flat.tif", np.full((3, 64, 64), 7, "int32")))
    assert read_rgb(scene, scene.geobox)[1].all()


def test_complex_values_are_refused(raster: Any) -> None:
    with pytest.raises(SceneError, match="complex64"):
        open_scene(raster("radar.tif", np.ones((3, 64, 64), "complex64")))
