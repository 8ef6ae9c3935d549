"""Training with the real loops on pictures small enough for a test: what was taught is found again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from open_clip import CLIP
from small_towers import CPU, NORMALIZE, pictures, random_pairs, small_clip, small_tower
from torch import nn

from graft_core.errors import TrainError
from graft_core.models.graft import SatelliteTower
from graft_core.train.config import LossConfig, OptimizerConfig
from graft_core.train.data import PairSet
from graft_core.train.graft import GraftStep, graft_step, train_encoder
from graft_core.train.teacher import embed_images, train_teacher
from graft_core.types import Level

PAPER = LossConfig()
LEVELS: list[Level] = ["tile", "patch"]


def tokens(kinds: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack([[14, kind + 1, 15, 0] for kind in kinds]))


@pytest.fixture(scope="module")
def teacher() -> CLIP:
    kinds = np.arange(64) % 4
    model = small_clip()
    config = OptimizerConfig(steps=60, batch=32, learning_rate=3e-3, warmup=5, log_every=60)
    for _ in train_teacher(model, torch.from_numpy(pictures(kinds, 0)), tokens(kinds), NORMALIZE, config):
        pass
    return model


def test_the_teacher_finds_the_caption_of_a_photo_it_never_saw(teacher: CLIP) -> None:
    kinds = np.arange(16) % 4
    photos = embed_images(teacher.visual, torch.from_numpy(pictures(kinds, 9)), NORMALIZE)
    with torch.inference_mode():
        words = teacher.encode_text(tokens(np.arange(4)), normalize=True).numpy()
    assert not teacher.training
    assert (photos @ words.T).argmax(axis=1).tolist() == kinds.tolist()


def test_a_satellite_tower_lands_where_the_photos_of_its_place_are(teacher: CLIP) -> None:
    kinds = np.arange(32) % 4
    photos = embed_images(teacher.visual, torch.from_numpy(pictures(kinds, 2)), NORMALIZE)
    tiles = 255 - pictures(kinds, 3)  # from above everything looks the other way round
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    tower = SatelliteTower.from_photo_tower(teacher.visual, "tile")
    config = OptimizerConfig(steps=80, batch=16, learning_rate=3e-3, warmup=5, log_every=80)
    pairs = PairSet.of(tiles, photos, np.arange(32), CPU)
    losses = [step.loss for step in train_encoder(tower, pairs, NORMALIZE, config, PAPER, "tile")]
    asked = torch.from_numpy(255 - pictures(np.arange(12) % 4, 4))
    found = embed_images(tower, asked, NORMALIZE) @ photos[:4].T
    assert found.argmax(axis=1).tolist() == (np.arange(12) % 4).tolist()
    assert np.isfinite(losses).all()
    assert not tower.training
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())  # it is frozen


def test_a_pixel_level_tower_tells_the_halves_of_a_tile_apart(teacher: CLIP) -> None:
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 4, (2, 48))
    tiles = np.concatenate([255 - pictures(left, 6)[:, :, :8], 255 - pictures(right, 7)[:, :, 8:]], axis=2)
    kinds, owner = np.stack([left, right], 1).ravel(), np.repeat(np.arange(48), 2)
    pixel = np.tile([[8.0, 4.0], [8.0, 12.0]], (48, 1)) + rng.uniform(-3, 3, (96, 2))
    photos = embed_images(teacher.visual, torch.from_numpy(pictures(kinds, 2)), NORMALIZE)
    tower = SatelliteTower.from_photo_tower(teacher.visual, "patch")
    config = OptimizerConfig(steps=150, batch=24, learning_rate=3e-3, warmup=5, patch_dropout=0.25, log_every=150)
    pairs = PairSet.of(tiles, photos, owner, CPU, pixel=pixel)
    for _ in train_encoder(tower, pairs, NORMALIZE, config, PAPER, "patch"):
        pass
    words = embed_images(teacher.visual, torch.from_numpy(pictures(np.arange(4), 8)), NORMALIZE)
    asked = np.concatenate([255 - pictures(left[:8], 9)[:, :, :8], 255 - pictures(right[:8], 9)[:, :, 8:]], axis=2)
    said = (embed_images(tower, torch.from_numpy(asked), NORMALIZE) @ words.T).argmax(-1)  # (8, 2, 2)
    assert (said[:, :, 0] == left[:8, None]).mean() > 0.9
    assert (said[:, :, 1] == right[:8, None]).mean() > 0.9


def gradients(
    level: Level, loss: LossConfig, change: Callable[[GraftStep], None], **optimizer: float
) -> list[torch.Tensor]:
    config = replace(OptimizerConfig(steps=20, batch=8, learning_rate=1e-3, warmup=0), **optimizer)  # type: ignore[arg-type]
    tower = small_tower(level)
    with graft_step(tower, random_pairs(20), NORMALIZE, config, loss, level) as backward:
        change(backward)
        value = backward(3)
    assert torch.isfinite(value)
    return [value, *(parameter.grad for parameter in tower.parameters() if parameter.grad is not None)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "loss",
    [PAPER, LossConfig(both_directions=True), LossConfig(kind="sigmoid"), LossConfig(mask_radius_m=300)],
    ids=["paper", "both", "sigmoid", "masked"],
)
def test_a_batch_in_parts_has_the_loss_and_gradients_of_the_whole(level: Level, loss: LossConfig) -> None:
    whole = gradients(level, loss, lambda step: None, patch_dropout=0.5)
    parts = gradients(level, loss, lambda step: None, patch_dropout=0.5, accumulate=3)
    assert len(whole) == len(parts) > 5
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_when_memory_runs_out_the_batch_is_halved_and_the_step_is_the_same() -> None:
    calls: list[int] = []

    def short_of_memory(step: GraftStep) -> None:
        embed = step._embed

        def refuse(look: object, part: slice, tower: nn.Module) -> torch.Tensor:
            calls.append(part.stop - part.start)
            if part.stop - part.start > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return embed(look, part, tower)  # type: ignore[arg-type]

        step._embed = refuse  # type: ignore[method-assign,assignment]

    whole = gradients("tile", PAPER, lambda step: None)
    halved = gradients("tile", PAPER, short_of_memory)
    assert calls[:3] == [8, 4, 2]
    for one, other in zip(whole, halved, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_no_memory_for_a_single_tile_is_said() -> None:
    def never(step: GraftStep) -> None:
        def refuse(look: object, part: slice, tower: nn.Module) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

        step._embed = refuse  # type: ignore[method-assign,assignment]

    with pytest.raises(TrainError, match="single tile"):
        gradients("tile", PAPER, never)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    def break_down(step: GraftStep) -> None:
        def refuse(look: object, part: slice, tower: nn.Module) -> torch.Tensor:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

        step._embed = refuse  # type: ignore[method-assign,assignment]

    with pytest.raises(RuntimeError, match="shapes"):
        gradients("tile", PAPER, break_down)
