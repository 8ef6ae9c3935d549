"""The split is by place: whole blocks, the wanted share, and no ground on both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.geo.frame import map_blocks
from graft_core.train.pairs.split import training_over_validation, validation_tiles


def scattered(count: int, degrees: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.normal(middle, degrees / 3, count) for middle in (3.0, 45.0)], axis=1)


@settings(deadline=None)
@given(st.integers(2, 400), st.floats(0.001, 2), st.floats(0.01, 0.9), st.integers(0, 9))
def test_both_sides_get_something_and_no_block_is_cut(count: int, degrees: float, share: float, seed: int) -> None:
    places = scattered(count, degrees, seed)
    chosen = validation_tiles(places, 128.0, share=share, block_tiles=8, seed=seed)
    if len(np.unique(map_blocks(places, 128.0), axis=0)) > 1:
        assert 0 < chosen.sum() < count
    assert any(whole_blocks(chosen, map_blocks(places, tiles * 128.0)) for tiles in (8, 4, 2, 1))


def whole_blocks(chosen: np.ndarray, blocks: np.ndarray) -> bool:
    """Whether each block lies on one side."""
    return all(len(set(chosen[(blocks == block).all(axis=1)])) == 1 for block in np.unique(blocks, axis=0))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_large_area_gives_the_wanted_share(share: float) -> None:
    chosen = validation_tiles(scattered(5000, 1.0), 128.0, share=share, block_tiles=8, seed=0)
    assert chosen.mean() == pytest.approx(share, abs=0.02)


def test_two_tables_of_one_area_agree_on_nearly_all_of_it() -> None:
    places = scattered(4000, 1.0)
    whole = validation_tiles(places, 128.0, share=0.2, block_tiles=8, seed=3)
    half = validation_tiles(places[::2], 128.0, share=0.2, block_tiles=8, seed=3)
    assert (whole[::2] == half).mean() > 0.97


def test_another_seed_keeps_other_places() -> None:
    places = scattered(400, 0.5)
    one, other = (validation_tiles(places, 128.0, share=0.3, block_tiles=8, seed=seed) for seed in (0, 1))
    assert (one != other).any()


@pytest.mark.parametrize(("count", "share"), [(0, 0.1), (10, 0.0), (1, 0.5)])
def test_nothing_to_split_is_all_training(count: int, share: float) -> None:
    chosen = validation_tiles(scattered(count, 0.1), 128.0, share=share, block_tiles=8, seed=0)
    assert chosen.tolist() == [False] * count


def corners(x: float, y: float, side: float) -> np.ndarray:
    """Of a square in metres near 0 N 0 E."""
    return (np.array([(0, 0), (1, 0), (1, -1), (0, -1)]) * side + [x, y]) / 111_195


def test_overlap_within_a_scene_is_told_by_the_pixel_and_between_scenes_with_a_margin() -> None:
    tops_lefts = np.array([(0, 0), (0, 100), (0, 99), (99, 99), (0, 130), (0, 145)])
    outlines = np.array([corners(left, -top, 100) for top, left in tops_lefts])
    scene = np.array([0, 0, 0, 0, 1, 1])
    validation = np.array([True, False, False, False, False, False])
    found = training_over_validation(validation, scene, tops_lefts, 100, outlines)
    assert found.tolist() == [False, False, True, True, True, False]
