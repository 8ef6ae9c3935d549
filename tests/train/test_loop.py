"""The loop follows its schedule, learns, repeats itself exactly, and stops when the loss is not a number."""

import pytest
import torch
from torch import Tensor, nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig
from graft_core.train.loop import Backward, fit, learning_rate_at, make_optimizer, optimise

CONFIG = OptimizerConfig(steps=60, batch=8, learning_rate=0.05, warmup=10, log_every=20)


def regression(seed: int, factor: float = 1.0) -> tuple[nn.Linear, Backward]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(64, 3, generator=generator)
    torch.manual_seed(seed)
    model = nn.Linear(3, 1)

    def backward(step: int) -> Tensor:
        loss: Tensor = ((model(inputs) - inputs.sum(dim=1, keepdim=True)) ** 2).mean() * factor
        loss.backward()
        return loss.detach()

    return model, backward


def run(seed: int) -> tuple[list[float], Tensor]:
    model, backward = regression(seed)
    losses = [m.loss for m in fit([model], backward, CONFIG)]
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


def test_later_steps_alone_follow_the_schedule_where_it_stands() -> None:
    model, backward = regression(0)
    steps = list(optimise(make_optimizer([model], CONFIG), backward, CONFIG, first=55))
    assert [step.number for step in steps] == [56, 57, 58, 59, 60]
    assert steps[0].learning_rate == learning_rate_at(55, CONFIG)


def test_a_loss_that_is_not_a_number_stops_with_the_step() -> None:
    model, backward = regression(0, float("nan"))
    with pytest.raises(TrainError, match="step 20"):
        list(fit([model], backward, CONFIG))


def test_biases_do_not_decay() -> None:
    decayed, plain = make_optimizer([nn.Linear(3, 2)], CONFIG).param_groups
    assert [p.ndim for p in decayed["params"]] == [2]
    assert [p.ndim for p in plain["params"]] == [1]
    assert plain["weight_decay"] == 0.0
