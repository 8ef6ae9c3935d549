import pytest
import torch
from open_clip.transformer import VisionTransformer

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig
from graft_core.train.patch_dropout import dropping_patches


def vision() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(
        image_size=32, patch_size=8, width=16, layers=1, heads=2, mlp_ratio=2.0, output_dim=8, output_tokens=False
    )


def tokens_seen(visual: VisionTransformer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    whole = visual.transformer.forward
    monkeypatch.setattr(visual.transformer, "forward", lambda x, **kw: (seen.append(x.shape[1]), whole(x, **kw))[1])
    return seen


def test_tokens_are_left_out_until_the_last_tenth_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    visual = vision().train()
    seen = tokens_seen(visual, monkeypatch)
    config = OptimizerConfig(steps=10, batch=1, learning_rate=1e-3, warmup=0, patch_dropout=0.5)
    with dropping_patches(visual, config) as begin:
        for step in range(10):
            begin(step)
            visual(torch.zeros(1, 3, 32, 32))
    assert seen == [1 + 8] * 9 + [1 + 16]


def test_a_trained_tower_sees_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    visual = vision().eval()
    pixels = torch.rand(2, 3, 32, 32)
    before = visual(pixels)
    with dropping_patches(visual, OptimizerConfig(steps=2, batch=1, learning_rate=1e-3, warmup=0, patch_dropout=0.5)):
        pass
    seen = tokens_seen(visual.train(), monkeypatch)
    torch.testing.assert_close(visual(pixels), before)
    assert seen == [17]


def test_dropping_everything_is_refused() -> None:
    with pytest.raises(TrainError, match="patch_dropout"):
        OptimizerConfig(steps=2, batch=1, learning_rate=1e-3, warmup=0, patch_dropout=1.0)
