"""A batch holds the chosen tiles with all of their own photos and nobody else's."""

import numpy as np
import pytest
import torch

from graft_core.errors import TrainError
from graft_core.train.data import PairSet, step_generator

CPU = torch.device("cpu")


def pair_set() -> PairSet:
    tiles = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    owner = np.array([0, 1, 1, 2, 3, 3, 3])
    photos = np.stack([owner, np.arange(7)], axis=1).astype(np.float32)  # (tile, photo number)
    return PairSet.of(tiles, photos, owner, CPU)


def test_a_batch_brings_each_tile_with_its_photos() -> None:
    tiles, photos, owner = pair_set().batch(torch.tensor([3, 1]))
    assert tiles[:, 0, 0, 0].tolist() == [3, 1]
    assert photos[:, 1].tolist() == [4, 5, 6, 1, 2]
    assert owner.tolist() == [0, 0, 0, 1, 1]


def test_a_tile_without_photos_is_refused() -> None:
    with pytest.raises(TrainError, match="at least one photo"):
        PairSet.of(np.zeros((3, 2, 2, 3), np.uint8), np.zeros((2, 4), np.float32), np.array([0, 2]), CPU)


def test_steps_draw_different_numbers_and_a_step_always_the_same() -> None:
    def draw(step: int) -> float:
        return float(torch.rand(1, generator=step_generator(7, step, CPU)))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
