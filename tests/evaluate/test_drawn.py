import numpy as np
import pytest

from graft_core.evaluate.drawn import (
    TILE_PX,
    draw_labelled_photos,
    draw_labelled_tiles,
    draw_pairs,
    for_each_seed,
    join_pairs,
    rgb_tile,
)
from graft_core.types import SensorName
from graft_core.world import land


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_every_tile_has_photos_and_every_photo_one_tile(sensor: SensorName) -> None:
    drawn = draw_pairs(sensor, 5, 12)
    assert drawn.tiles.shape[1:] == drawn.photos.shape[1:] == (TILE_PX, TILE_PX, 3)
    assert len(drawn.photos) == len(drawn.owner) == len(drawn.captions) == 12
    assert np.unique(drawn.owner).tolist() == list(range(len(drawn.tiles)))
    assert (np.diff(drawn.owner) >= 0).all()


def test_joined_worlds_keep_photos_with_their_tiles() -> None:
    parts = [draw_pairs("naip", seed, 4) for seed in (5, 6)]
    joined = join_pairs(parts)
    last = joined.owner[-1]
    np.testing.assert_array_equal(joined.tiles[last], parts[1].tiles[parts[1].owner[-1]])
    assert joined.captions == parts[0].captions + parts[1].captions


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_labelled_tiles_are_dominated_by_their_class(sensor: SensorName) -> None:
    drawn = draw_labelled_tiles(sensor, 5, 30)
    assert 0 < len(drawn.tiles) == len(drawn.labels) <= 30
    assert (drawn.labels >= 0).all()
    assert drawn.labels.max() < len(land.CLASSES)


def test_an_encoder_sees_reflectance_as_the_reader_stretches_it() -> None:
    pixels, classes = rgb_tile("sentinel2", 5, 0, 0, 32)
    assert pixels.shape == (32, 32, 3)
    assert classes.shape == (32, 32)
    assert 20 < pixels.mean() < 200


def test_photos_are_labelled_with_the_class_under_the_camera() -> None:
    photos, labels = draw_labelled_photos([5, 6], 4)
    assert photos.shape == (8, TILE_PX, TILE_PX, 3)
    again, same = draw_labelled_photos([6], 4)
    np.testing.assert_array_equal(photos[4:], again)
    np.testing.assert_array_equal(labels[4:], same)


def test_worlds_come_in_the_order_of_their_seeds_from_several_processes() -> None:
    assert for_each_seed(str, [3, 1, 2], 2) == for_each_seed(str, [3, 1, 2], 1) == ["3", "1", "2"]
