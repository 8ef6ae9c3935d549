"""Towers and pictures small enough for a test, trained by the real code."""

from typing import cast

import numpy as np
import torch
from open_clip import CLIP

from graft_core.models.clip import CLIP_MEAN, CLIP_STD
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.train.data import PairSet
from graft_core.types import Level

COLORS = np.array([[220, 30, 30], [30, 200, 40], [40, 50, 220], [200, 200, 60]], np.uint8)
NORMALIZE = Normalize(CLIP_MEAN, CLIP_STD)
CPU = torch.device("cpu")


def small_clip() -> CLIP:
    torch.manual_seed(1)
    vision = {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 4, "vocab_size": 16, "width": 16, "heads": 2, "layers": 1}
    return CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text)


def small_tower(level: Level) -> SatelliteTower:
    return SatelliteTower.from_photo_tower(cast(CLIP, small_clip()).visual, level)


def pictures(kinds: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 12, (len(kinds), 16, 16, 3))
    return (COLORS[kinds][:, None, None] + noise).clip(0, 255).astype(np.uint8)


def random_pairs(tiles: int, seed: int = 0) -> PairSet:
    """Tiles with one to three photos anywhere in them, and embeddings that mean nothing."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(tiles), rng.integers(1, 4, tiles))
    photos = rng.normal(size=(len(owner), 16))
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    return PairSet.of(
        rng.integers(0, 256, (tiles, 16, 16, 3), np.uint8),
        photos.astype(np.float32),
        owner,
        CPU,
        pixel=rng.uniform(0, 16, (len(owner), 2)),
        centers=rng.uniform(0, 1000, (tiles, 2)),
    )
