"""Segmentation with an encoder whose right answer is known: a patch is its mean colour, classes are colours."""

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from known_encoder import KnownEncoder
from odc.geo.geobox import GeoBox
from sure_segmenter import SureSegmenter

from graft_core.evaluate.segmentation import (
    Mosaic,
    mosaic_of,
    patch_confusion,
    segment,
    sliding_classes,
    some_patches,
)
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene
from graft_core.types import U8

NAMES = ("red", "green", "blue")
PAINT = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
TILE = KnownEncoder()
PATCH = KnownEncoder(level="patch")


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graft_core.world.land.CLASSES", NAMES)


def painted(rows: int, columns: int) -> Mosaic:
    """Every patch of 4 x 4 pixels has one colour, at random, and the truth says so."""
    truth = np.random.default_rng(1).integers(0, 3, (rows, columns)).repeat(4, 0).repeat(4, 1).astype(np.int16)
    return Mosaic(PAINT[truth], truth, tile_px=16, patch_px=4)


def test_a_window_slides_patch_by_patch_and_stays_inside() -> None:
    truth = np.zeros((32, 48), np.int16)
    truth[:, 24:] = 2
    mosaic = Mosaic(PAINT[truth], truth, tile_px=16, patch_px=4)
    asked = np.array([0, 11, 5, 6, 95])
    found = sliding_classes(mosaic, TILE, asked)
    assert found.shape == (8, 12)
    # Windows of 16 px around columns 5 and 6 reach equally far to both sides but for half a patch.
    assert found.ravel()[asked].tolist() == [0, 2, 0, 2, 2]
    assert (found >= 0).sum() == len(asked)
    assert patch_confusion(mosaic, found).sum() == len(asked) * 16


def painted_scene(path: Path, classes: U8) -> Scene:
    """A scene that begins 13 px east and 7 px south of the origin of its CRS, black where there is no class."""
    pixels = np.concatenate([np.zeros((1, 3), np.uint8), PAINT])[classes]
    geobox = GeoBox(classes.shape, Affine(1, 0, 13, 0, -1, -7), "EPSG:3395")
    write_raster(path, np.moveaxis(pixels, 2, 0), geobox, descriptions=("Red", "Green", "Blue"), photometric="rgb")
    return open_scene(path, sensor="rgb", gsd=1)


def test_the_mosaic_lies_on_the_tiles_and_knows_no_class_beyond_the_scene(tmp_path: Path) -> None:
    classes: U8 = np.random.default_rng(2).integers(0, 4, (37, 50)).astype(np.uint8)
    mosaic = mosaic_of(painted_scene(tmp_path / "scene.tif", classes), classes, PATCH.spec)
    assert mosaic.truth.shape == (48, 64)
    inside = mosaic.truth >= 0
    assert inside.sum() == (classes > 0).sum()
    np.testing.assert_array_equal(mosaic.truth[7:44, 13:63], classes.astype(int) - 1)
    np.testing.assert_array_equal(mosaic.rgb[inside], PAINT[mosaic.truth[inside]])


def test_patches_beyond_the_scene_are_not_asked_for() -> None:
    mosaic = painted(8, 12)
    mosaic.truth[:, :16] = -1
    asked = some_patches(mosaic, 1000)
    assert len(asked) == 8 * 8
    assert (asked % 12 >= 4).all()
    np.testing.assert_array_equal(some_patches(mosaic, 10), some_patches(mosaic, 10))
    assert len(set(some_patches(mosaic, 10).tolist())) == 10


def test_tokens_beat_windows_where_the_land_changes_from_patch_to_patch(tmp_path: Path) -> None:
    """An encoder with smaller tiles than the others is given tiles of its own size."""
    patches = np.random.default_rng(1).integers(1, 4, (8, 12)).astype(np.uint8)
    classes: U8 = np.pad(patches.repeat(4, 0).repeat(4, 1), ((1, 3), (3, 1)))  # patches lie on the lattice
    scene, smaller = painted_scene(tmp_path / "scene.tif", classes), KnownEncoder(level="patch", tile_px=8)
    encoders = {"teacher": smaller, "image_tokens": PATCH, "image_level": TILE}
    found = segment(scene, classes, tmp_path / "patches", **encoders, pixel_level=PATCH)
    assert np.nanmean(found["pixel_level"]) > np.nanmean(found["image_level_sliding"]) + 0.1
    np.testing.assert_array_equal(found["pixel_level"], found["image_level"])
    assert np.nanmean(found["teacher"]) > np.nanmean(found["pixel_level"])  # its patches are half as large
    without = segment(scene, classes, tmp_path / "patches", **encoders, pixel_level=None)
    assert set(without) == set(found) - {"pixel_level"}


def test_sam_is_measured_where_it_is_here(tmp_path: Path) -> None:
    classes: U8 = np.ones((64, 64), np.uint8)
    classes[20:41, 25:50] = 3
    scene = painted_scene(tmp_path / "scene.tif", classes)
    encoders = {"teacher": PATCH, "image_tokens": PATCH, "image_level": TILE, "pixel_level": PATCH}
    found = segment(scene, classes, tmp_path / "patches", **encoders, segmenter=SureSegmenter())
    assert np.nanmean(found["pixel_sam"]) > np.nanmean(found["pixel_level"])
