import numpy as np
import pytest

from graft_core.evaluate.drawn import (
    HALF_EXTENT_M,
    PIXEL_M,
    TILE_PX,
    WORLDS_APART_M,
    Taking,
    draw_labelled_photos,
    draw_labelled_tiles,
    draw_pairs,
    for_each_seed,
    join_pairs,
    pixel_of,
    placed_photos,
    rgb_tile,
    thinned,
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
    np.testing.assert_array_equal(joined.pixel, np.concatenate([part.pixel for part in parts]))


def test_tiles_of_joined_worlds_are_no_neighbours() -> None:
    parts = [draw_pairs("naip", seed, 3) for seed in (5, 6)]
    centers = join_pairs(parts).centers
    first = len(parts[0].tiles)
    np.testing.assert_array_equal(centers[:first], parts[0].centers)
    np.testing.assert_allclose(centers[first:] - [WORLDS_APART_M, 0], parts[1].centers, atol=1e-6)


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_placing_alone_finds_the_tiles_that_are_drawn(sensor: SensorName) -> None:
    drawn, placed = draw_pairs(sensor, 5, 12), placed_photos(sensor, 5, 12)
    for name in ("owner", "pixel", "centers"):
        np.testing.assert_array_equal(getattr(drawn, name), getattr(placed, name))
    x, y = placed.corners[-1].tolist()
    np.testing.assert_array_equal(drawn.tiles[-1], rgb_tile(sensor, 5, x, y, TILE_PX)[0])


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_every_photo_lies_in_its_tile(sensor: SensorName) -> None:
    placed, step = placed_photos(sensor, 5, 2000), PIXEL_M[sensor]
    left, top = placed.corners[placed.owner].T
    x, y = placed.positions.T
    np.testing.assert_allclose(placed.pixel, np.stack([(top - y) / step, (x - left) / step], axis=1), atol=1e-9)
    assert placed.pixel.min() >= -0.5  # half a pixel is lost where a tile's corner is rounded
    assert placed.pixel.max() <= TILE_PX + 0.5
    assert np.abs(placed.centers - placed.corners - np.array([64, -64]) * step).max() <= step / 2


def test_the_pixel_of_a_position_by_hand() -> None:
    positions = np.array([[100.0, 400.0], [227.9, 272.1], [116.0, 399.0]])
    corners = np.tile(np.array([[100, 400]]), (3, 1))
    np.testing.assert_allclose(pixel_of(positions, corners, 1), [[0, 0], [127.9, 127.9], [1, 16]])
    np.testing.assert_allclose(pixel_of(np.array([[1640.0, -1.0]]), np.array([[1000, 0]]), 10), [[0.1, 64]])


def test_photos_of_one_place_share_a_tile() -> None:
    placed = placed_photos("naip", 5, 200, Taking(photos_per_place=4))
    assert len(placed.owner) == 200
    photos = np.bincount(placed.owner)
    assert np.median(photos) == 4
    assert (photos >= 4).mean() > 0.9


def test_a_tile_keeps_so_many_photos_and_fewer_are_among_more() -> None:
    owner = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    one, three, all_of_them = (thinned(owner, count, 0) for count in (1, 3, 9))
    assert owner[one].tolist() == [0, 1, 2, 3, 4, 5]
    assert np.bincount(owner[three]).tolist() == [1, 2, 3, 3, 3, 3]
    assert all_of_them.tolist() == list(range(21))
    assert set(one) < set(three)
    assert (np.diff(three) > 0).all()
    assert thinned(owner, 1, 1).tolist() != one.tolist()


def test_a_wrong_geotag_moves_the_tile_and_not_the_photo() -> None:
    right, wrong = placed_photos("naip", 5, 300), placed_photos("naip", 5, 300, Taking(geotag_error_m=100))
    for placed in (right, wrong):  # the same places, in another order
        assert np.abs(placed.positions).max() <= HALF_EXTENT_M["naip"]
    np.testing.assert_allclose(np.sort(right.positions, axis=0), np.sort(wrong.positions, axis=0))
    apart = wrong.positions - wrong.centers[wrong.owner]
    assert 80 < apart.std() < 130
    many, few = (len(placed_photos("naip", 5, 300, Taking(error, 3)).centers) for error in (100, 0))
    assert abs(many - few) < 0.1 * few
    inside = np.abs(right.positions - right.centers[right.owner])
    assert inside.max() <= TILE_PX / 2


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
