"""GRAFT training: a satellite tower learns to land where the frozen photo tower puts the photos of the place."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from graft_core.models.graft import SatelliteTower
from graft_core.train.augment import Augmentation, augment
from graft_core.train.config import OptimizerConfig
from graft_core.train.data import PairSet, step_generator
from graft_core.train.loop import StepMetrics, fit
from graft_core.train.losses import image_level_loss
from graft_core.train.patch_dropout import dropping_patches

TILE_VIEWS = Augmentation(rotate=True)


def train_image_level(
    tower: SatelliteTower, pairs: PairSet, normalize: nn.Module, config: OptimizerConfig
) -> Iterator[StepMetrics]:
    """Fit a satellite tower, which should start as a copy of the teacher's photo tower, with the image-level loss.

    Args:
        tower: (B, 3, S, S) -> (B, D), changed in place.
        pairs: tiles and the cached embeddings of their photos.
        normalize: (B, 3, S, S) in [0, 1] -> the tower's input.
        config: optimizer and schedule.
    """
    device = pairs.tiles.device

    def loss_of(step: int) -> Tensor:
        begin(step)
        generator = step_generator(config.seed, step, device)
        chosen = torch.randint(len(pairs.tiles), (config.batch,), generator=generator, device=device)
        tiles, photos, owner = pairs.batch(chosen)
        embedded = tower(normalize(augment(tiles, TILE_VIEWS, generator)))  # (B, D)
        return image_level_loss(embedded.float(), photos, owner)

    tower.train()
    with dropping_patches(tower.visual, config) as begin:
        yield from fit([tower], loss_of, config, device)
    tower.eval()
