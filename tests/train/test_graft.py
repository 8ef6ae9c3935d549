"""Training with the real loops on pictures small enough for a test: what was taught is found again."""

import numpy as np
import torch
from open_clip import CLIP

from graft_core.models.clip import CLIP_MEAN, CLIP_STD
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.train.config import OptimizerConfig
from graft_core.train.data import PairSet
from graft_core.train.graft import train_image_level
from graft_core.train.teacher import embed_images, train_teacher

COLORS = np.array([[220, 30, 30], [30, 200, 40], [40, 50, 220], [200, 200, 60]], np.uint8)
NORMALIZE = Normalize(CLIP_MEAN, CLIP_STD)


def small_clip() -> CLIP:
    torch.manual_seed(1)
    vision = {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 4, "vocab_size": 16, "width": 16, "heads": 2, "layers": 1}
    return CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text)


def pictures(kinds: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 12, (len(kinds), 16, 16, 3))
    return (COLORS[kinds][:, None, None] + noise).clip(0, 255).astype(np.uint8)


def tokens(kinds: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack([[14, kind + 1, 15, 0] for kind in kinds]))


def taught() -> CLIP:
    kinds = np.arange(64) % 4
    model = small_clip()
    config = OptimizerConfig(steps=60, batch=32, learning_rate=3e-3, warmup=5, log_every=60)
    for _ in train_teacher(model, torch.from_numpy(pictures(kinds, 0)), tokens(kinds), NORMALIZE, config):
        pass
    return model


def test_the_teacher_finds_the_caption_of_a_photo_it_never_saw() -> None:
    model, kinds = taught(), np.arange(16) % 4
    photos = embed_images(model.visual, torch.from_numpy(pictures(kinds, 9)), NORMALIZE)
    with torch.inference_mode():
        words = model.encode_text(tokens(np.arange(4)), normalize=True).numpy()
    assert not model.training
    assert (photos @ words.T).argmax(axis=1).tolist() == kinds.tolist()


def test_a_satellite_tower_lands_where_the_photos_of_its_place_are() -> None:
    model, kinds = taught(), np.arange(32) % 4
    photos = embed_images(model.visual, torch.from_numpy(pictures(kinds, 2)), NORMALIZE)
    tiles = 255 - pictures(kinds, 3)  # from above everything looks the other way round
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tower = SatelliteTower.from_photo_tower(model.visual, "tile")
    config = OptimizerConfig(steps=80, batch=16, learning_rate=3e-3, warmup=5, log_every=80)
    pairs = PairSet.of(tiles, photos, np.arange(32), torch.device("cpu"))
    losses = [step.loss for step in train_image_level(tower, pairs, NORMALIZE, config)]
    asked = torch.from_numpy(255 - pictures(np.arange(12) % 4, 4))
    found = embed_images(tower, asked, NORMALIZE) @ photos[:4].T
    assert found.argmax(axis=1).tolist() == (np.arange(12) % 4).tolist()
    assert np.isfinite(losses).all()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())  # the teacher is frozen
