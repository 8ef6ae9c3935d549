"""The losses are the paper's: checked against float64 loops and against what they reduce to."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from graft_core.errors import TrainError
from graft_core.train.config import LossConfig
from graft_core.train.losses import (
    GRAFT_TEMPERATURE,
    Targets,
    graft_loss,
    image_level_loss,
    near_tiles,
    pixel_level_loss,
)

OWNER = torch.tensor([0, 0, 1, 2, 2, 2])
PLAIN = LossConfig()
BOTH = LossConfig(both_directions=True)
SIGMOID = LossConfig(kind="sigmoid")


def unit_rows(rng: np.random.Generator, count: int, dim: int = 8) -> torch.Tensor:
    return F.normalize(torch.from_numpy(rng.normal(size=(count, dim))), dim=1)


def of_tiles(owner: torch.Tensor) -> Targets:
    return Targets(owner, owner, int(owner.max()) + 1)


def of_patches(owner: torch.Tensor) -> Targets:
    return Targets(torch.arange(len(owner)), owner, int(owner.max()) + 1)


def image_level_sum(tiles: np.ndarray, photos: np.ndarray, owner: np.ndarray) -> float:
    """Equation 1 of the paper, term by term."""
    total = 0.0
    for i, tile in enumerate(tiles):
        similar = np.exp(photos @ tile / GRAFT_TEMPERATURE)
        own = [-np.log(similar[j] / similar.sum()) for j in range(len(photos)) if owner[j] == i]
        total += sum(own) / len(own)
    return total / len(tiles)


def pixel_level_sum(tokens: np.ndarray, photos: np.ndarray, owner: np.ndarray) -> float:
    """Equation 2 of the paper, term by term."""
    total = 0.0
    for i in range(owner.max() + 1):
        own = []
        for j in np.flatnonzero(owner == i):
            similar = np.exp(photos @ tokens[j] / GRAFT_TEMPERATURE)
            own.append(-np.log(similar[j] / similar.sum()))
        total += sum(own) / len(own)
    return total / (owner.max() + 1)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_both_levels_equal_the_papers_sums(seed: int, photos_per_tile: list[int]) -> None:
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(photos_per_tile)), photos_per_tile)
    tiles, tokens, photos = (unit_rows(rng, n) for n in (len(photos_per_tile), len(owner), len(owner)))
    image = image_level_loss(tiles, photos, torch.from_numpy(owner))
    pixel = pixel_level_loss(tokens, photos, torch.from_numpy(owner))
    assert float(image) == pytest.approx(image_level_sum(tiles.numpy(), photos.numpy(), owner), rel=1e-9)
    assert float(pixel) == pytest.approx(pixel_level_sum(tokens.numpy(), photos.numpy(), owner), rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([PLAIN, BOTH, SIGMOID]), st.booleans())
def test_does_not_depend_on_the_order_of_tiles_and_photos(seed: int, config: LossConfig, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    tiles, photos = unit_rows(rng, 3), unit_rows(rng, 6)
    near = torch.tensor([[False, True, False], [True, False, False], [False, False, False]]) if masked else None
    tile_order, photo_order = torch.from_numpy(rng.permutation(3)), torch.from_numpy(rng.permutation(6))
    new_row = torch.argsort(tile_order)
    moved = None if near is None else near[tile_order][:, tile_order]
    shuffled = replace(of_tiles(new_row[OWNER[photo_order]]), ignored=moved)
    expected = graft_loss(tiles, photos, replace(of_tiles(OWNER), ignored=near), config)
    found = graft_loss(tiles[tile_order], photos[photo_order], shuffled, config)
    assert float(found) == pytest.approx(float(expected), rel=1e-10)


def test_one_photo_a_tile_is_info_nce_at_both_levels() -> None:
    rng = np.random.default_rng(2)
    tiles, photos = unit_rows(rng, 5), unit_rows(rng, 5)
    logits = tiles @ photos.T / GRAFT_TEMPERATURE
    forward, back = F.cross_entropy(logits, torch.arange(5)), F.cross_entropy(logits.T, torch.arange(5))
    assert float(image_level_loss(tiles, photos, torch.arange(5))) == pytest.approx(float(forward), rel=1e-12)
    assert float(pixel_level_loss(tiles, photos, torch.arange(5))) == pytest.approx(float(forward), rel=1e-12)
    both = graft_loss(tiles, photos, of_tiles(torch.arange(5)), BOTH)
    assert float(both) == pytest.approx(float(forward + back) / 2, rel=1e-12)


def test_a_masked_neighbour_is_as_good_as_absent() -> None:
    rng = np.random.default_rng(3)
    tiles, photos = unit_rows(rng, 3), unit_rows(rng, 3)
    near = near_tiles(torch.tensor([[0.0, 0.0], [50.0, 0.0], [900.0, 0.0]]), 100.0)
    assert near is not None
    assert near.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    logits = tiles @ photos.T / GRAFT_TEMPERATURE
    rows = [logits[0, [0, 2]], logits[1, [1, 2]], logits[2]]
    expected = sum(torch.logsumexp(row, 0) - logits[i, i] for i, row in enumerate(rows)) / 3
    found = graft_loss(tiles, photos, replace(of_tiles(torch.arange(3)), ignored=near), PLAIN)
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


def test_a_radius_of_nothing_masks_nothing() -> None:
    assert near_tiles(torch.zeros(4, 2), 0.0) is None


def test_the_sigmoid_judges_each_pair_by_itself() -> None:
    rng = np.random.default_rng(4)
    tiles, photos = unit_rows(rng, 3), unit_rows(rng, 6)
    logits = (tiles @ photos.T / GRAFT_TEMPERATURE - np.log(6)).numpy()
    total = 0.0
    for i in range(3):
        own = OWNER.numpy() == i
        total += np.log1p(np.exp(-logits[i, own])).mean() + np.log1p(np.exp(logits[i, ~own])).sum()
    assert float(graft_loss(tiles, photos, of_tiles(OWNER), SIGMOID)) == pytest.approx(total / 3, rel=1e-9)


@pytest.mark.parametrize("config", [PLAIN, BOTH, SIGMOID])
@pytest.mark.parametrize("targets", [of_tiles(OWNER), of_patches(OWNER)])
def test_gradients_are_right(config: LossConfig, targets: Targets) -> None:
    rng = np.random.default_rng(5)
    anchors, photos = unit_rows(rng, int(targets.anchor.max()) + 1).requires_grad_(), unit_rows(rng, 6)
    assert torch.autograd.gradcheck(lambda a: graft_loss(a, photos, targets, config), (anchors,))


def test_a_perfect_tower_has_less_loss_than_a_blind_one() -> None:
    rng = np.random.default_rng(6)
    photos = unit_rows(rng, 6)
    for config in (PLAIN, BOTH, SIGMOID):
        perfect = graft_loss(photos, photos, of_patches(OWNER), config)
        blind = graft_loss(photos[[0] * 6], photos, of_patches(OWNER), config)
        assert perfect < blind


def test_two_hundred_and_fifty_six_tiles_stay_finite_in_single_precision() -> None:
    rng = np.random.default_rng(7)
    tiles = unit_rows(rng, 256).float()
    for config in (PLAIN, BOTH, SIGMOID):
        assert torch.isfinite(graft_loss(tiles, -tiles, of_tiles(torch.arange(256)), config))


def test_options_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(TrainError, match="no direction"):
        LossConfig(kind="sigmoid", both_directions=True)
