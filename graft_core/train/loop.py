"""The training loop: AdamW, linear warm-up, cosine decay, one visible step."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig


@dataclass(frozen=True)
class StepMetrics:
    """What one reported step looked like."""

    step: int
    """Steps finished, counted from 1."""
    loss: float
    """Mean loss since the last report."""
    learning_rate: float
    """Rate used in this step."""
    seconds: float
    """Seconds since the run started."""


def learning_rate_at(step: int, config: OptimizerConfig) -> float:
    """Rate of step 0 .. steps - 1: linear to the peak over the warm-up, then half a cosine down to 0."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / (config.steps - config.warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def parameter_groups(modules: Iterable[nn.Module], weight_decay: float) -> list[dict[str, object]]:
    """Matrices decay; gains, biases and other vectors do not (the usual practice for transformers)."""
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def fit(
    modules: Iterable[nn.Module], loss_of: Callable[[int], Tensor], config: OptimizerConfig, device: torch.device
) -> Iterator[StepMetrics]:
    """Minimise ``loss_of(step)`` over the parameters of the modules.

    Yields:
        Metrics every ``log_every`` steps and after the last one.

    Raises:
        TrainError: the loss is no longer a finite number.
    """
    optimizer = torch.optim.AdamW(parameter_groups(modules, config.weight_decay), lr=0.0, betas=(0.9, 0.98))
    half = torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext()
    started = time.monotonic()
    pending: list[Tensor] = []
    for step in range(config.steps):
        rate = learning_rate_at(step, config)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with half:
            loss = loss_of(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        pending.append(loss.detach())
        if (step + 1) % config.log_every == 0 or step + 1 == config.steps:
            # Reading the loss waits for the device, so it is checked once a report and not every step.
            mean = float(torch.stack(pending).mean())
            pending.clear()
            if not math.isfinite(mean):
                raise TrainError(f"The loss is {mean} near step {step + 1}; lower the learning rate and start again.")
            yield StepMetrics(step + 1, mean, rate, time.monotonic() - started)
