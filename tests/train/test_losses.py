"""The losses are the paper's: checked against float64 loops and against what they reduce to."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from graft_core.train.losses import GRAFT_TEMPERATURE, image_level_loss


def unit_rows(rng: np.random.Generator, count: int, dim: int = 8) -> torch.Tensor:
    return F.normalize(torch.from_numpy(rng.normal(size=(count, dim))), dim=1)


def reference(tiles: np.ndarray, photos: np.ndarray, owner: np.ndarray) -> float:
    """Equation 1 of the paper, term by term."""
    total = 0.0
    for i, tile in enumerate(tiles):
        similar = np.exp(photos @ tile / GRAFT_TEMPERATURE)
        own = [-np.log(similar[j] / similar.sum()) for j in range(len(photos)) if owner[j] == i]
        total += sum(own) / len(own)
    return total / len(tiles)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_equals_the_papers_sum(seed: int, photos_per_tile: list[int]) -> None:
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(photos_per_tile)), photos_per_tile)
    tiles, photos = unit_rows(rng, len(photos_per_tile)), unit_rows(rng, len(owner))
    loss = image_level_loss(tiles, photos, torch.from_numpy(owner))
    assert float(loss) == pytest.approx(reference(tiles.numpy(), photos.numpy(), owner), rel=1e-9)


def test_does_not_depend_on_the_order_of_tiles_and_photos() -> None:
    rng = np.random.default_rng(1)
    owner = torch.tensor([0, 0, 1, 2, 2, 2])
    tiles, photos = unit_rows(rng, 3), unit_rows(rng, 6)
    tile_order, photo_order = torch.tensor([2, 0, 1]), torch.tensor([5, 3, 0, 1, 4, 2])
    new_row = torch.argsort(tile_order)
    shuffled = image_level_loss(tiles[tile_order], photos[photo_order], new_row[owner[photo_order]])
    assert float(shuffled) == pytest.approx(float(image_level_loss(tiles, photos, owner)), rel=1e-12)


def test_one_photo_a_tile_is_info_nce() -> None:
    rng = np.random.default_rng(2)
    tiles, photos = unit_rows(rng, 5), unit_rows(rng, 5)
    expected = F.cross_entropy(tiles @ photos.T / GRAFT_TEMPERATURE, torch.arange(5))
    assert float(image_level_loss(tiles, photos, torch.arange(5))) == pytest.approx(float(expected), rel=1e-12)


def test_gradient_reaches_the_tiles_and_is_right() -> None:
    rng = np.random.default_rng(3)
    tiles, photos = unit_rows(rng, 3).requires_grad_(), unit_rows(rng, 5)
    assert torch.autograd.gradcheck(lambda t: image_level_loss(t, photos, torch.tensor([0, 0, 1, 1, 2])), (tiles,))


def test_two_hundred_and_fifty_six_tiles_stay_finite_in_single_precision() -> None:
    rng = np.random.default_rng(4)
    tiles = unit_rows(rng, 256).float()
    assert torch.isfinite(image_level_loss(tiles, -tiles, torch.arange(256)))
