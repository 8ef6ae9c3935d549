"""Everything a run needs to go on exactly where it was: weights, optimizer, random numbers, and what it knew.

One safetensors file a checkpoint, in single precision; its metadata hold the state as JSON. Nothing is ever unpickled.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from graft_core.errors import TrainError
from graft_core.io.atomic import replacing

KEPT = 2
"""Newest checkpoints that are kept."""
_NAME = "step-{:08d}.safetensors"
_BEST = "best.safetensors"


@dataclass(frozen=True)
class RunState:
    """Where a run stands."""

    step: int = 0
    """Steps finished."""
    seconds: float = 0.0
    """Seconds that these steps took."""
    parts: int = 1
    """Parts a batch is computed in."""
    best_step: int | None = None
    """Step of the lowest validation loss; None before the first validation."""
    best_loss: float | None = None
    """That loss."""
    waited: int = 0
    """Validations since then."""


def save_checkpoint(
    folder: Path, tower: nn.Module, optimizer: torch.optim.Optimizer, state: RunState, device: torch.device
) -> Path:
    """Write a checkpoint, whole or not at all, and drop those before the last few.

    Raises:
        TrainError: a weight is not a finite number; the earlier checkpoints stay.
        ExportError: the disk is full.
    """
    path = folder / _NAME.format(state.step)
    tensors = {f"tower.{name}": tensor for name, tensor in tower.state_dict().items()}
    broken = next((name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()), None)
    if broken:
        raise TrainError(f"{broken} is not finite after step {state.step}: lower the learning rate.")
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": moment for name, moment in moments.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    _write(path, tensors, asdict(state))
    for old in _checkpoints(folder)[KEPT:]:
        old.unlink()
    return path


def load_newest(
    folder: Path, tower: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> RunState | None:
    """Put the newest checkpoint that can be read into tower and optimizer; None where there is none.

    Raises:
        TrainError: there are checkpoints, and none of them can be read or fits the tower.
    """
    problem = ""
    for path in _checkpoints(folder):
        try:
            tensors, said = _read(path)
            state = RunState(**said)
            tower.load_state_dict(_below("tower.", tensors))
        except (SafetensorError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            problem = problem or f"{path} cannot be used ({str(error).splitlines()[0]})"
            continue
        numbers = {int(name.split(".")[1]) for name in tensors if name.startswith("optimizer.")}
        moments = {number: _below(f"optimizer.{number}.", tensors) for number in sorted(numbers)}
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
        torch.set_rng_state(tensors["random.cpu"])
        if device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], device)
        return state
    if problem:
        raise TrainError(f"{problem}, nor any earlier checkpoint: start the run again under another name.")
    return None


def save_best(folder: Path, tower: nn.Module, step: int) -> None:
    """Keep the weights of the best step so far."""
    _write(folder / _BEST, dict(tower.state_dict()), {"step": step})


def load_best(folder: Path, tower: nn.Module) -> int | None:
    """Put the best weights into the tower and return their step; None where none were kept."""
    path = folder / _BEST
    if not path.is_file():
        return None
    try:
        tensors, said = _read(path)
        tower.load_state_dict(tensors)
        return int(said["step"])
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise TrainError(f"{path} is damaged ({str(error).splitlines()[0]}): remove it and resume the run.") from error


def newest_step(folder: Path) -> int | None:
    """Step of the newest checkpoint; None where there is none."""
    found = _checkpoints(folder)
    return int(found[0].stem.removeprefix("step-")) if found else None


def _checkpoints(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.glob(_NAME.replace("{:08d}", "*")), reverse=True)


def _write(path: Path, tensors: dict[str, Tensor], said: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as draft:
        save_file(stored, draft, {"state": json.dumps(said)})


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["state"])  # noqa: SIM118


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
