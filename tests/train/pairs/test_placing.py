"""Greedy placing: no photo is used twice, every photo lies inside its tile, no tile is crowded."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.train.pairs.placing import place_tiles


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 30))
def test_every_photo_is_inside_its_tile_and_used_at_most_once(seed: int, count: int, cap: int) -> None:
    rng = np.random.default_rng(seed)
    positions = rng.uniform(0, 1000, (count, 2))
    placed = place_tiles(positions, 128.0, rng, cap=cap)
    assert len(np.unique(placed.photo)) == len(placed.photo)
    assert np.abs(positions[placed.photo] - placed.centers[placed.owner]).max() <= 64.0
    photos_of_tile = np.bincount(placed.owner, minlength=len(placed.centers))
    assert photos_of_tile.min() >= 1
    assert photos_of_tile.max() <= cap
    assert (np.diff(placed.owner) >= 0).all()


def test_without_a_cap_no_photo_is_lost() -> None:
    rng = np.random.default_rng(0)
    placed = place_tiles(rng.uniform(0, 500, (200, 2)), 100.0, rng, cap=200)
    assert sorted(placed.photo) == list(range(200))


def test_the_centre_photo_stays_when_a_tile_is_crowded() -> None:
    positions = np.zeros((60, 2))
    placed = place_tiles(positions, 10.0, np.random.default_rng(5), cap=25)
    assert len(placed.centers) == 1
    assert len(placed.photo) == 25


def test_no_photos_place_no_tiles() -> None:
    placed = place_tiles(np.empty((0, 2)), 128.0, np.random.default_rng(0))
    assert len(placed.centers) == 0
    assert len(placed.photo) == 0


def test_the_same_seed_places_the_same_tiles() -> None:
    positions = np.random.default_rng(1).uniform(0, 400, (50, 2))
    first = place_tiles(positions, 64.0, np.random.default_rng(9))
    again = place_tiles(positions, 64.0, np.random.default_rng(9))
    np.testing.assert_array_equal(first.centers, again.centers)
    np.testing.assert_array_equal(first.photo, again.photo)
