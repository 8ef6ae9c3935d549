"""What a run will cost, before it is started: time from a few real steps, memory from what they keep."""

import contextlib
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graft_core import settings
from graft_core.models.device import hardware_name, pick_device
from graft_core.models.graft import SatelliteTower
from graft_core.models.photo_tower import photo_tower
from graft_core.train.config import TrainConfig
from graft_core.train.pairs.table import read_pairs
from graft_core.train.patch_dropout import TokenChoice
from graft_core.train.tile_cache import check_alike, tile_bytes, tile_file

TRIED = 8
"""Tiles that are embedded to find out."""
_FLOAT = 4
_COPIES = 4
"""Of the weights: themselves, their gradients, and the two moments of the optimizer."""
_LOSS_COPIES = 3
"""Of the matrix of cosines: logits, their softmax, and its gradient."""
_CHECKPOINTS = 3
"""The two newest, and the best weights; the optimizer's moments double the size of a checkpoint."""


@dataclass(frozen=True)
class Estimate:
    """What is known before the first step."""

    tiles: int
    """Training tiles."""
    validation_tiles: int
    """Tiles kept to validate with."""
    photos: int
    """Photos of the training tiles."""
    steps: int
    """Optimizer steps."""
    seconds: float
    """Of training, with nothing else on the device; embedding photos and cutting tiles is not counted in."""
    memory_bytes: int
    """Largest need on the device beyond the program itself."""
    disk_bytes: int
    """Tiles and checkpoints that will be written."""
    device: str
    """What it was measured on."""


def estimate(config: TrainConfig, *, device: str = "auto") -> Estimate:
    """Try a few tiles on the device; takes some seconds.

    Raises:
        TrainError: the pairs are missing or do not fit the teacher.
        ModelError: the teacher is missing, or has no photo tower.
    """
    where = pick_device(device)
    teacher = photo_tower(config.teacher, device=str(where))
    tables = [read_pairs(path) for path in config.pairs]
    check_alike(tables, config.pairs, teacher.encoder.spec.tile_px, config.teacher)
    checked = sum(int(table.validation.sum()) for table in tables)
    tiles = sum(len(table.scene) for table in tables) - checked
    photos = sum(int((~table.validation[table.owner]).sum()) for table in tables)
    tower = SatelliteTower.from_photo_tower(teacher.visual, config.level).to(where).train()
    seconds, kept_bytes = _try(tower, teacher.encoder.spec.tile_px, config.optimizer.patch_dropout, where)
    weights = _FLOAT * sum(parameter.numel() for parameter in tower.parameters())
    batch = min(config.optimizer.batch, tiles)
    matrix = batch * max(1, round(batch * photos / max(1, tiles))) * _FLOAT * _LOSS_COPIES
    together = -(-batch // config.optimizer.accumulate)
    passes = 4 / 3 if config.optimizer.accumulate > 1 else 1.0  # parts are embedded once more, without gradients
    cut = tile_file(tables, settings.weights_dir() / "tiles").is_file()
    return Estimate(
        tiles=tiles,
        validation_tiles=checked,
        photos=photos,
        steps=config.optimizer.steps,
        seconds=config.optimizer.steps * batch * seconds * passes,
        memory_bytes=_COPIES * weights + together * kept_bytes + matrix + photos * teacher.encoder.spec.dim * _FLOAT,
        disk_bytes=(0 if cut else tile_bytes(tables)) + _CHECKPOINTS * _COPIES * weights // 2,
        device=hardware_name(where),
    )


def _try(tower: SatelliteTower, side: int, dropout: float, device: torch.device) -> tuple[float, int]:
    """Seconds and bytes kept for the way back of one tile."""
    choice = TokenChoice()
    tower.visual.patch_dropout = choice
    tokens = tower.visual.grid_size[0] * tower.visual.grid_size[1]
    kept = max(1, int(tokens * (1 - dropout)))
    choice.kept = torch.arange(kept, device=device).expand(TRIED, kept) if dropout else None
    pixels = torch.from_numpy(np.random.default_rng(0).random((TRIED, 3, side, side), np.float32)).to(device)
    half = torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext()
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    parameters = {parameter.untyped_storage().data_ptr() for parameter in tower.parameters()}
    taken = []
    for _ in range(3):
        sizes.clear()
        started = time.monotonic()
        with half, torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            embedded = tower(pixels) if tower.level == "tile" else tower.tokens(pixels)
        embedded.float().sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.monotonic() - started)
    total = sum(size for pointer, size in sizes.items() if pointer not in parameters)
    return min(taken) / TRIED, total // TRIED
