"""The training loop: AdamW, linear warm-up, cosine decay, one visible step."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig

Backward = Callable[[int], Tensor]
"""Step 0 .. steps - 1 -> its loss, detached; on return the gradients of that loss are in the parameters."""


@dataclass(frozen=True)
class Step:
    """One step that was taken."""

    number: int
    """Steps finished, counted from 1."""
    loss: Tensor
    """Scalar, on the device: reading it waits for the step."""
    learning_rate: float
    """Rate used."""
    seconds: float
    """Seconds it took; on a GPU, to be put in the queue."""


@dataclass(frozen=True)
class StepMetrics:
    """What the steps since the last report looked like."""

    step: int
    """Steps finished, counted from 1."""
    loss: float
    """Mean loss since the last report."""
    learning_rate: float
    """Rate used in the last step."""
    seconds: float
    """Seconds since the last report that steps were taken in."""


def learning_rate_at(step: int, config: OptimizerConfig) -> float:
    """Rate of step 0 .. steps - 1: linear to the peak over the warm-up, then half a cosine down to 0."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / (config.steps - config.warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def make_optimizer(modules: Iterable[nn.Module], config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW over the parameters that learn; matrices decay, gains, biases and other vectors do not."""
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    groups: list[dict[str, object]] = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98))


def optimise(
    optimizer: torch.optim.Optimizer, backward: Backward, config: OptimizerConfig, *, first: int = 0
) -> Iterator[Step]:
    """Take the steps ``first`` .. ``steps`` - 1, yielding after each."""
    for step in range(first, config.steps):
        started = time.monotonic()
        rate = learning_rate_at(step, config)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = backward(step)
        optimizer.step()
        yield Step(step + 1, loss, rate, time.monotonic() - started)


class Window:
    """The steps since the last report."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._seconds = 0.0

    def __len__(self) -> int:
        return len(self._losses)

    def add(self, step: Step) -> None:
        """One more step."""
        self._losses.append(step.loss)
        self._seconds += step.seconds
        self._last = step

    def report(self) -> StepMetrics:
        """Mean of the steps, which are then forgotten.

        Reading the loss waits for the device, so it is looked at once a report and not every step.

        Raises:
            TrainError: the loss is no longer a finite number.
        """
        started = time.monotonic()
        loss = float(torch.stack(self._losses).mean())
        seconds = self._seconds + time.monotonic() - started
        self._losses.clear()
        self._seconds = 0.0
        if not math.isfinite(loss):
            raise TrainError(f"The loss is {loss} near step {self._last.number}: lower the learning rate.")
        return StepMetrics(self._last.number, loss, self._last.learning_rate, seconds)


def fit(modules: Iterable[nn.Module], backward: Backward, config: OptimizerConfig) -> Iterator[StepMetrics]:
    """Take every step from the first to the last.

    Yields:
        Metrics every ``log_every`` steps and after the last one.

    Raises:
        TrainError: the loss is no longer a finite number.
    """
    window = Window()
    for step in optimise(make_optimizer(modules, config), backward, config):
        window.add(step)
        if step.number % config.log_every == 0 or step.number == config.steps:
            yield window.report()
