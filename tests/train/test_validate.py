"""Validation says how well a tower finds its own photos, and changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_towers import CPU, NORMALIZE, random_pairs, small_tower

from graft_core.train.config import LossConfig, OptimizerConfig
from graft_core.train.data import PairSet
from graft_core.train.graft import graft_step
from graft_core.train.losses import image_level_loss
from graft_core.train.validate import validate
from graft_core.types import Level

CONFIG = OptimizerConfig(steps=4, batch=4, learning_rate=1e-3, warmup=0, patch_dropout=0.5)


def pairs_of_the_tower(level: Level, tiles: int) -> PairSet:
    """Photos that lie exactly where the tower puts their tile, or their patch."""
    pairs, tower = random_pairs(tiles), small_tower(level).eval()
    with torch.inference_mode():
        pixels = torch.from_numpy(pairs.tiles).permute(0, 3, 1, 2).float() / 255
        embedded = tower(NORMALIZE(pixels))
    batch = pairs.batch(torch.arange(tiles))
    if level == "tile":
        return replace(pairs, photos=embedded[batch.owner].clone())
    x, y = (batch.points > 0).long().unbind(1)
    return replace(pairs, photos=embedded[batch.owner, y, x].clone())


@pytest.mark.parametrize("level", ["tile", "patch"])
def test_a_tower_that_is_where_its_photos_are_finds_them_all(level: Level) -> None:
    pairs = pairs_of_the_tower(level, 12)
    with graft_step(small_tower(level), pairs, NORMALIZE, CONFIG, LossConfig(), level) as step:
        found = validate(step.anchors, pairs, NORMALIZE, 2)
        shuffled = replace(pairs, photos=pairs.photos.roll(5, 0))
        worse = validate(step.anchors, shuffled, NORMALIZE, 2)
    assert found.top1 == 1.0
    assert worse.top1 < 0.5
    assert worse.loss > found.loss


def test_the_loss_is_the_papers_over_whole_tiles_unchanged() -> None:
    pairs = random_pairs(12)
    tower = small_tower("tile")
    with graft_step(tower, pairs, NORMALIZE, CONFIG, LossConfig(temperature=1.0), "tile") as step:
        found = validate(step.anchors, pairs, NORMALIZE, 2)
        assert tower.training
    with torch.inference_mode():
        rows = tower.eval()(NORMALIZE(torch.from_numpy(pairs.tiles).permute(0, 3, 1, 2).float() / 255))
    batch = pairs.batch(torch.arange(12))
    assert found.loss == pytest.approx(float(image_level_loss(rows, batch.photos, batch.owner)), rel=1e-5)


def test_many_tiles_are_judged_in_groups_of_equal_size() -> None:
    pairs = random_pairs(230)
    with graft_step(small_tower("tile"), pairs, NORMALIZE, CONFIG, LossConfig(), "tile") as step:
        found = validate(step.anchors, pairs, NORMALIZE, 2)
    blind = np.log(230 / 3 * 2)  # about so many photos in each of three groups
    assert 0.5 * blind < found.loss < 3 * blind
    assert pairs.device == CPU
