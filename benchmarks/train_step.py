"""A training step beside the bare forward and backward pass of the same tower; prints one JSON object.

    python -m benchmarks.train_step
    python -m benchmarks.train_step --teacher ViT-B-16 --batch 16       random weights of that architecture
    python -m benchmarks.train_step --teacher ViT-B-16 --batch 512 --device cuda --peak-tflops 989

The limit is the tower's own forward and backward pass on tiles that lie ready in memory, with the same tokens kept and
in the same precision on the same threads. The step does all that training does: it draws the batch, reads its tiles
from a mapped file, turns and recolours them, compares them with their photos, goes back and moves the weights. The two
take turns, and the median of their ratios counts.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.stand_ins import random_card
from graft_core.index.scan import thread_count
from graft_core.models.device import hardware_name, pick_device
from graft_core.models.graft import SatelliteTower
from graft_core.models.openclip import is_architecture
from graft_core.models.photo_tower import PhotoTower, photo_tower
from graft_core.models.preprocess import Normalize
from graft_core.train.config import LossConfig, OptimizerConfig
from graft_core.train.data import PairSet, step_generator
from graft_core.train.graft import graft_step
from graft_core.train.loop import make_optimizer, optimise
from graft_core.train.patch_dropout import TokenChoice, choose_tokens
from graft_core.types import U8

TILES = 512
PHOTOS_PER_TILE = 2


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", default="demo-teacher", help="teacher, or bare architecture")
    parser.add_argument("--level", default="tile", choices=["tile", "patch"])
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--dropout", type=float, default=0.0, help="share of tokens left out, in both")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peak-tflops", type=float, default=0.0, help="of the device, to state the share of it")
    parser.add_argument("--repeats", type=int, default=7, help="how often the two take turns")
    options = parser.parse_args()
    torch.set_num_threads(thread_count())
    device = pick_device(options.device)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = is_architecture(options.teacher)
        teacher = photo_tower(
            str(random_card(options.teacher, folder)) if bare else options.teacher, device=options.device
        )
        result = measure(teacher, folder, device, options)
    setting = {
        "benchmark": "train_step",
        "teacher": options.teacher,
        "level": options.level,
        "batch": options.batch,
        "patch_dropout": options.dropout,
        "device": hardware_name(device),
    }
    print(json.dumps(setting | result, indent=2))


def measure(teacher: PhotoTower, folder: Path, device: torch.device, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a step and of the bare passes, in turn."""
    spec = teacher.encoder.spec
    tower = SatelliteTower.from_photo_tower(teacher.visual, options.level).to(device)
    pairs = stand_in_pairs(folder, spec.tile_px, spec.dim, max(TILES, options.batch), device)
    config = OptimizerConfig(
        steps=10**6, batch=options.batch, learning_rate=1e-6, warmup=0, patch_dropout=options.dropout
    )
    normalize = Normalize(spec.mean, spec.std).to(device)
    steps, passes = [], []
    with graft_step(tower, pairs, normalize, config, LossConfig(), options.level) as backward:
        plain = bare_passes(tower, backward.anchors.choice, config, spec.tile_px, device)
        flops = _flops(plain)
        training = optimise(make_optimizer([tower], config), backward, config)
        next(training)
        for _ in range(options.repeats):
            passes.append(_seconds(plain, device))
            steps.append(_seconds(lambda: next(training), device))
    found = {
        "step_s": round(statistics.median(steps), 4),
        "bare_s": round(statistics.median(passes), 4),
        "tiles_per_s": round(options.batch / statistics.median(steps), 1),
        "step_of_bare_median": round(statistics.median(p / s for p, s in zip(passes, steps, strict=True)), 3),
        "step_of_bare_best": round(min(passes) / min(steps), 3),
        "tflops_per_s": round(flops / statistics.median(steps) / 1e12, 3),
    }
    if options.peak_tflops:
        found["share_of_peak"] = round(flops / statistics.median(steps) / 1e12 / options.peak_tflops, 3)
    return found


def bare_passes(
    tower: SatelliteTower, choice: TokenChoice, config: OptimizerConfig, side: int, device: torch.device
) -> Callable[[], None]:
    """Forward and backward of one batch that lies ready, with the share of its tokens that a step sees."""
    pixels = torch.rand(config.batch, 3, side, side, device=device)
    tokens = tower.visual.grid_size[0] * tower.visual.grid_size[1]
    kept = choose_tokens(config.batch, tokens, config.patch_dropout, step_generator(0, 0))
    seen = None if kept is None else kept.to(device)

    def passes() -> None:
        choice.kept = seen
        with torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext():
            embedded = tower(pixels) if tower.level == "tile" else tower.tokens(pixels)
        embedded.float().sum().backward()
        tower.zero_grad(set_to_none=True)

    return passes


def stand_in_pairs(folder: Path, side: int, dim: int, tiles: int, device: torch.device) -> PairSet:
    """Random tiles in a mapped file, each with some photos anywhere in it."""
    rng = np.random.default_rng(0)
    path = folder / "tiles.npy"
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(tiles, side, side, 3))
    for i in range(tiles):
        stored[i] = rng.integers(0, 256, (side, side, 3), np.uint8)
    stored.flush()
    mapped: U8 = np.load(path, mmap_mode="r")
    owner = np.repeat(np.arange(tiles), PHOTOS_PER_TILE)
    photos = rng.normal(size=(len(owner), dim)).astype(np.float32)
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    return PairSet.of(mapped, photos, owner, device, pixel=rng.uniform(0, side, (len(owner), 2)))


def _flops(work: Callable[[], None]) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
