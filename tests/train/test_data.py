"""A batch holds the chosen tiles with all of their own photos and nobody else's."""

import numpy as np
import pytest
import torch

from graft_core.errors import TrainError
from graft_core.train.data import PairSet, step_generator, tiles_of_step

CPU = torch.device("cpu")


def pair_set() -> PairSet:
    tiles = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    owner = np.array([0, 1, 1, 2, 3, 3, 3])
    photos = np.stack([owner, np.arange(7)], axis=1).astype(np.float32)  # (tile, photo number)
    pixel = np.array([[0.0, 8.0], *[[4.0, 4.0]] * 5, [2.0, 6.0]])
    return PairSet.of(tiles, photos, owner, CPU, pixel=pixel, centers=np.arange(8.0).reshape(4, 2))


def test_a_batch_brings_each_tile_with_its_photos() -> None:
    pairs = pair_set()
    batch = pairs.batch(torch.tensor([3, 1]))
    assert pairs.pixels(batch.tiles)[:, 0, 0, 0].tolist() == [3, 1]
    assert batch.photos[:, 1].tolist() == [4, 5, 6, 1, 2]
    assert batch.owner.tolist() == [0, 0, 0, 1, 1]
    assert batch.centers.tolist() == [[6, 7], [2, 3]]


def test_rows_and_columns_become_x_and_y_from_edge_to_edge() -> None:
    assert pair_set().points[[0, 1, 6]].tolist() == [[1, -1], [0, 0], [0.5, -0.5]]


def test_a_subset_is_the_same_as_choosing_its_tiles() -> None:
    pairs = pair_set()
    part = pairs.subset(np.array([False, True, False, True]))
    assert len(part) == 2
    found, expected = part.batch(torch.tensor([1, 0])), pairs.batch(torch.tensor([3, 1]))
    torch.testing.assert_close(found.photos, expected.photos)
    torch.testing.assert_close(found.points, expected.points)
    torch.testing.assert_close(part.pixels(found.tiles), pairs.pixels(expected.tiles))
    assert part.tiles is pairs.tiles


def test_a_tile_without_photos_is_refused() -> None:
    with pytest.raises(TrainError, match="at least one photo"):
        PairSet.of(np.zeros((3, 2, 2, 3), np.uint8), np.zeros((2, 4), np.float32), np.array([0, 2]), CPU)


def test_an_epoch_meets_every_tile_once_and_each_epoch_in_another_order() -> None:
    first, second = (
        [t for step in steps for t in tiles_of_step(12, 4, step, 5).tolist()] for steps in ((0, 1, 2), (3, 4, 5))
    )
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


def test_a_batch_has_no_tile_twice_even_when_there_are_too_few() -> None:
    assert sorted(tiles_of_step(3, 8, 11, 0).tolist()) == [0, 1, 2]


def test_steps_draw_different_numbers_and_a_step_always_the_same() -> None:
    def draw(seed: int, step: int) -> float:
        return float(torch.rand(1, generator=step_generator(seed, step)))

    assert draw(7, 1) == draw(7, 1)
    assert len({draw(7, 1), draw(7, 2), draw(8, 1)}) == 3
