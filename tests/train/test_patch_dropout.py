import pytest
import torch
from open_clip.transformer import VisionTransformer
from torch import nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig
from graft_core.train.patch_dropout import choose_tokens, choosing_tokens, dropout_at

HALF = OptimizerConfig(steps=10, batch=1, learning_rate=1e-3, warmup=0, patch_dropout=0.5)


def vision() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(
        image_size=32, patch_size=8, width=16, layers=1, heads=2, mlp_ratio=2.0, output_dim=8, output_tokens=False
    )


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_tokens_are_left_out_until_the_last_tenth_of_the_steps() -> None:
    assert [dropout_at(step, HALF) for step in range(10)] == [0.5] * 9 + [0.0]


def test_half_of_the_tokens_stay_all_different() -> None:
    kept = choose_tokens(5, 16, 0.5, generator())
    assert kept is not None
    assert kept.shape == (5, 8)
    assert all(len(set(row.tolist())) == 8 for row in kept)
    assert choose_tokens(5, 16, 0.0, generator()) is None


def test_tokens_that_are_needed_always_stay() -> None:
    image, token = torch.tensor([0, 0, 2, 2, 2, 2]), torch.tensor([5, 6, 0, 1, 2, 3])
    kept = choose_tokens(3, 16, 0.9, generator(), (image, token))
    assert kept is not None
    assert kept.shape == (3, 4)  # the third image needs four of them
    for i, wanted in zip(image.tolist(), token.tolist(), strict=True):
        assert wanted in kept[i]


def test_a_tower_sees_the_chosen_tokens_in_their_places() -> None:
    visual = vision()
    with choosing_tokens(visual, HALF) as choice:
        whole = visual._embeds(torch.ones(1, 3, 32, 32))
        choice.kept = torch.tensor([[7, 2]])
        some = visual._embeds(torch.ones(1, 3, 32, 32))
    torch.testing.assert_close(some, whole[:, [0, 8, 3]])  # CLS, then patches 7 and 2


def test_a_trained_tower_sees_everything() -> None:
    visual = vision().eval()
    pixels = torch.rand(2, 3, 32, 32)
    before = visual(pixels)
    with choosing_tokens(visual, HALF) as choice:
        choice.kept = torch.tensor([[1], [2]])
    torch.testing.assert_close(visual(pixels), before)


def test_dropping_everything_is_refused() -> None:
    with pytest.raises(TrainError, match="patch_dropout"):
        OptimizerConfig(steps=2, batch=1, learning_rate=1e-3, warmup=0, patch_dropout=1.0)


def test_a_tower_without_tokens_drops_none() -> None:
    with choosing_tokens(nn.Conv2d(3, 3, 3), OptimizerConfig(steps=2, batch=1, learning_rate=1.0, warmup=0)):
        pass
    with pytest.raises(TrainError, match="Conv2d has no tokens"), choosing_tokens(nn.Conv2d(3, 3, 3), HALF):
        pass
