"""The loop follows its schedule, learns, repeats itself exactly, and stops when the loss is not a number."""

import pytest
import torch
from torch import nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig
from graft_core.train.loop import fit, learning_rate_at, parameter_groups

CONFIG = OptimizerConfig(steps=60, batch=8, learning_rate=0.05, warmup=10, log_every=20)
CPU = torch.device("cpu")


def regression(seed: int) -> tuple[nn.Linear, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(64, 3, generator=generator)
    torch.manual_seed(seed)
    return nn.Linear(3, 1), inputs, inputs.sum(dim=1, keepdim=True)


def run(seed: int) -> tuple[list[float], torch.Tensor]:
    model, inputs, wanted = regression(seed)
    losses = [m.loss for m in fit([model], lambda _: ((model(inputs) - wanted) ** 2).mean(), CONFIG, CPU)]
    return losses, model.weight.detach()


def test_rate_rises_to_the_peak_and_falls_to_nothing() -> None:
    rates = [learning_rate_at(step, CONFIG) for step in range(CONFIG.steps)]
    assert rates[9] == pytest.approx(CONFIG.learning_rate)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01 * CONFIG.learning_rate


def test_the_loss_falls() -> None:
    losses, _ = run(0)
    assert len(losses) == 3
    assert losses[-1] < 0.2 * losses[0]


def test_the_same_seed_gives_the_same_weights_to_the_bit() -> None:
    assert torch.equal(run(3)[1], run(3)[1])


def test_a_loss_that_is_not_a_number_stops_with_the_step() -> None:
    model, inputs, _ = regression(0)
    with pytest.raises(TrainError, match="step 20"):
        list(fit([model], lambda _: (model(inputs) * float("nan")).mean(), CONFIG, CPU))


def test_biases_do_not_decay() -> None:
    decayed, plain = parameter_groups([nn.Linear(3, 2)], 0.01)
    assert [p.ndim for p in decayed["params"]] == [2]  # type: ignore[attr-defined]
    assert [p.ndim for p in plain["params"]] == [1]  # type: ignore[attr-defined]
    assert plain["weight_decay"] == 0.0
