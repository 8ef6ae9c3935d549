"""A small CLIP taught on ground photos and captions: the space that GRAFT brings satellites into."""

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from open_clip import CLIP
from torch import Tensor, nn

from graft_core.train.augment import Augmentation, draw_views
from graft_core.train.config import OptimizerConfig
from graft_core.train.data import step_generator, tiles_of_step
from graft_core.train.loop import StepMetrics, fit
from graft_core.train.losses import clip_loss
from graft_core.train.patch_dropout import choose_tokens, choosing_tokens, dropout_at
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
    tokens_seen = model.visual.grid_size[0] * model.visual.grid_size[1]

    def backward(step: int) -> Tensor:
        generator = step_generator(config.seed, step)
        chosen = tiles_of_step(len(photos), config.batch, step, config.seed).to(device)
        views = draw_views(len(chosen), PHOTO_VIEWS, generator).to(device)
        kept = choose_tokens(len(chosen), tokens_seen, dropout_at(step, config), generator)
        choice.kept = None if kept is None else kept.to(device)
        with torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext():
            image = model.encode_image(normalize(views.show(photos[chosen])), normalize=True)  # (B, D)
            text = model.encode_text(tokens[chosen], normalize=True)  # (B, D)
        scale = model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        loss = clip_loss(image.float(), text.float(), scale)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    model.train()
    with choosing_tokens(model.visual, config) as choice:
        yield from fit([model], backward, config)
    model.eval()


def embed_images(tower: nn.Module, images: Tensor, normalize: nn.Module, *, batch: int = 512) -> F32:
    """(N, S, S, 3) uint8 -> (N, D) unit rows of an image tower, without gradients, in single precision."""
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            pixels = images[start : start + batch].permute(0, 3, 1, 2).float() / 255  # (B, 3, S, S)
            rows.append(nn.functional.normalize(tower(normalize(pixels)), dim=-1).cpu().numpy())
    return np.concatenate(rows).astype(np.float32)
