"""A small CLIP taught on ground photos and captions: the space that GRAFT brings satellites into."""

from collections.abc import Iterator

import numpy as np
import torch
from open_clip import CLIP
from torch import Tensor, nn

from graft_core.train.augment import Augmentation, augment
from graft_core.train.config import OptimizerConfig
from graft_core.train.data import step_generator
from graft_core.train.loop import StepMetrics, fit
from graft_core.train.losses import clip_loss
from graft_core.train.patch_dropout import dropping_patches
from graft_core.types import F32

PHOTO_VIEWS = Augmentation(rotate=False)
LARGEST_SCALE = 100.0
"""Ceiling of the learned logit scale (Radford et al. 2021)."""


def train_teacher(
    model: CLIP, photos: Tensor, tokens: Tensor, normalize: nn.Module, config: OptimizerConfig
) -> Iterator[StepMetrics]:
    """Fit both towers of an open_clip model to photos and their captions.

    Args:
        model: an open_clip CLIP, changed in place.
        photos: (N, S, S, 3) uint8 on the training device.
        tokens: (N, L) int64, caption i belongs to photo i.
        normalize: (B, 3, S, S) in [0, 1] -> the tower's input.
        config: optimizer and schedule.
    """
    device = photos.device

    def loss_of(step: int) -> Tensor:
        begin(step)
        generator = step_generator(config.seed, step, device)
        chosen = torch.randint(len(photos), (config.batch,), generator=generator, device=device)
        views = normalize(augment(photos[chosen], PHOTO_VIEWS, generator))
        image = model.encode_image(views, normalize=True)  # (B, D)
        text = model.encode_text(tokens[chosen], normalize=True)  # (B, D)
        scale = model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        return clip_loss(image.float(), text.float(), scale)

    model.train()
    with dropping_patches(model.visual, config) as begin:
        yield from fit([model], loss_of, config, device)
    model.eval()


def embed_images(tower: nn.Module, images: Tensor, normalize: nn.Module, *, batch: int = 512) -> F32:
    """(N, S, S, 3) uint8 -> (N, D) unit rows of an image tower, without gradients, in single precision."""
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            pixels = images[start : start + batch].permute(0, 3, 1, 2).float() / 255  # (B, 3, S, S)
            rows.append(nn.functional.normalize(tower(normalize(pixels)), dim=-1).cpu().numpy())
    return np.concatenate(rows).astype(np.float32)
