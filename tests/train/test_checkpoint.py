"""A checkpoint is whole, finite, and everything a run needs to go on."""

from pathlib import Path

import pytest
import torch
from torch import nn

from graft_core.errors import TrainError
from graft_core.train.checkpoint import (
    RunState,
    load_best,
    load_newest,
    newest_step,
    save_best,
    save_checkpoint,
)

CPU = torch.device("cpu")


def trained(seed: int) -> tuple[nn.Linear, torch.optim.AdamW]:
    torch.manual_seed(seed)
    tower = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(tower.parameters(), lr=0.1)
    tower(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return tower, optimizer


def test_everything_comes_back(tmp_path: Path) -> None:
    tower, optimizer = trained(0)
    state = RunState(step=7, seconds=1.5, parts=2, best_step=5, best_loss=0.25, waited=1)
    save_checkpoint(tmp_path, tower, optimizer, state, CPU)
    expected = torch.rand(3)
    other, moments = trained(1)
    assert load_newest(tmp_path, other, moments, CPU) == state
    assert torch.equal(other.weight, tower.weight)
    assert torch.equal(torch.rand(3), expected)  # the random numbers go on as well
    for mine, theirs in zip(optimizer.state.values(), moments.state.values(), strict=True):
        assert all(torch.equal(mine[name], theirs[name]) for name in ("step", "exp_avg", "exp_avg_sq"))


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    tower, optimizer = trained(0)
    for step in (5, 10, 15):
        save_checkpoint(tmp_path, tower, optimizer, RunState(step), CPU)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-00000010.safetensors",
        "step-00000015.safetensors",
    ]
    assert newest_step(tmp_path) == 15


def test_weights_that_are_no_numbers_are_not_kept(tmp_path: Path) -> None:
    tower, optimizer = trained(0)
    tower.weight.data[0, 0] = float("nan")
    with pytest.raises(TrainError, match=r"tower\.weight is not finite after step 9"):
        save_checkpoint(tmp_path, tower, optimizer, RunState(9), CPU)
    assert not list(tmp_path.iterdir())


def test_nothing_there_is_no_error_and_nothing_readable_is_one(tmp_path: Path) -> None:
    tower, optimizer = trained(0)
    assert load_newest(tmp_path, tower, optimizer, CPU) is None
    assert newest_step(tmp_path) is None
    (tmp_path / "step-00000004.safetensors").write_bytes(b"half a file")
    with pytest.raises(TrainError, match=r"step-00000004\.safetensors cannot be used"):
        load_newest(tmp_path, tower, optimizer, CPU)


def test_the_best_weights_say_their_step(tmp_path: Path) -> None:
    tower, _ = trained(0)
    other, _ = trained(1)
    assert load_best(tmp_path, other) is None
    save_best(tmp_path, tower, 12)
    assert load_best(tmp_path, other) == 12
    assert torch.equal(other.weight, tower.weight)
    (tmp_path / "best.safetensors").write_bytes(b"")
    with pytest.raises(TrainError, match="damaged"):
        load_best(tmp_path, other)
