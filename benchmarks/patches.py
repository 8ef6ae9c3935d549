"""Scoring patches beside the bare encoder, more classes beside one, and memory by scene; prints one JSON object.

    python -m benchmarks.patches --side 2048
    python -m benchmarks.patches --encoder graft-demo-sentinel2-patch --side 1024
    taskset -c 0 python -m benchmarks.patches                        on one core

The limit of the first query (imagery on disk to a field of scores) is the encoder on the same windows, already cut and
in memory, in the same batches on the same threads; the two take turns, and the median of their ratios counts. Later
queries encode nothing. Memory is that of a process that labels a scene, for a scene and for one 16 times its area.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from benchmarks.encode import CountedEncoder
from benchmarks.memory import compared, peak_mb
from benchmarks.stand_ins import write_aerial
from graft_core.index.patch_cache import BLOCK, patch_bytes
from graft_core.index.scan import thread_count
from graft_core.io.scene import Scene, open_scene, read_tiles
from graft_core.models.registry import default_encoder_name, load_encoder
from graft_core.tasks.classify import label_map, parse_classes
from graft_core.tasks.patch_blocks import scene_windows
from graft_core.tasks.patch_scores import patch_field
from graft_core.tasks.write_labels import write_labels
from graft_core.types import F32, Progress

QUICK_SIDE = 512
TIMES_WIDER = 4
"""16 times the area."""
CLASSES = (
    "forest, lake, river, crop field, orchard, meadow, residential area, downtown, industrial area, highway, "
    "parking lot, airport, solar farm, beach, desert, wetland, baseball field, golf course, quarry, cemetery"
)
Result = TypeVar("Result")


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default=default_encoder_name("naip", "patch"), help="encoder or card")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", type=int, default=2048, help="side of the small scene, pixels of 1 m")
    parser.add_argument("--repeats", type=int, default=3, help="how often scoring and bare encoding take turns")
    parser.add_argument("--quick", action="store_true", help="a small scene, to try this out")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(label(options.child, options.encoder, options.device)))
        return
    if options.quick:
        options.side, options.repeats = QUICK_SIDE, 2
    sides = (options.side, TIMES_WIDER * options.side)
    memory = [_in_process(side, options) for side in sides]  # first: a child's peak is at least that of its parent
    torch.set_num_threads(thread_count())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_aerial(folder / "scene.tif", options.side)
        scene = open_scene(folder / "scene.tif")
        encoder = CountedEncoder(load_encoder(options.encoder, device=options.device, level="patch"))
        result = measure_scoring(folder, scene, encoder, options.repeats)
    setting = {"benchmark": "patches", "encoder": encoder.spec.name, "device": options.device}
    setting |= {"threads": thread_count(), "side": options.side}
    print(json.dumps(setting | result | {"memory": {"sides": sides} | compared(*memory)}, indent=2))


def measure_scoring(folder: Path, scene: Scene, encoder: CountedEncoder, repeats: int) -> dict[str, Any]:
    """A first query, the bare encoder on the same windows, and later queries of one class and of twenty."""
    vectors = encoder.encode_texts([each.strip() for each in CLASSES.split(",")])
    windows = scene_windows(scene, encoder.spec)
    batches = [tiles.pixels for tiles in read_tiles(scene, windows, batch=BLOCK * BLOCK)]
    encoder.encode_tiles(batches[0])  # loads the tower
    first: list[float] = []
    bare: list[float] = []
    for i in range(repeats):
        first.append(_scoring(scene, encoder, vectors, folder / f"patches{i}"))
        start = time.perf_counter()
        for tiles in batches:
            encoder.encode_tiles(tiles)
        bare.append(time.perf_counter() - start)
    encoder.tiles = 0
    later = {count: _scoring(scene, encoder, vectors[:count], folder / "patches0") for count in (1, len(vectors))}
    count = sum(len(each) for each in batches)
    return {
        "windows": count,
        "window_px": encoder.spec.tile_px,
        "stride_px": windows.stride_px,
        "classes": len(vectors),
        "bare_windows_per_s": round(count / statistics.median(bare), 1),
        "first_query_of_bare_median": round(statistics.median(b / f for b, f in zip(bare, first, strict=True)), 3),
        "later_query": {
            "windows_encoded": encoder.tiles,
            "one_class_s": round(later[1], 3),
            "all_classes_s": round(later[len(vectors)], 3),
            "times_faster_than_encoding": round(statistics.median(bare) / later[len(vectors)], 1),
        },
        "cache_bytes_per_window": round(patch_bytes(folder / "patches0") / count),
    }


def label(folder: Path, encoder: str, device: str) -> dict[str, float]:
    """Peak memory before and after a scene is labelled and the map is written, and how fast it was written."""
    tower = load_encoder(encoder, device=device, level="patch")
    side = tower.spec.tile_px
    tower.encode_texts([CLASSES])
    tower.encode_tiles(np.zeros((BLOCK * BLOCK, side, side, 3), np.uint8))
    baseline = peak_mb()
    scene = open_scene(folder / "scene.tif")
    made = _finish(label_map(scene, tower, parse_classes(CLASSES), folder / "patches"))
    _finish(write_labels(folder / "labels.tif", made))
    return {"baseline_mb": baseline, "peak_mb": peak_mb()}


def _scoring(scene: Scene, encoder: CountedEncoder, vectors: F32, cache: Path) -> float:
    start = time.perf_counter()
    _finish(patch_field(scene, encoder, vectors, cache))
    return time.perf_counter() - start


def _finish(work: Generator[Progress, None, Result]) -> Result:
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result


def _in_process(side: int, options: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        writing = f"from benchmarks.stand_ins import *; write_aerial(Path({folder!r}) / 'scene.tif', {side})"
        subprocess.run([sys.executable, "-c", writing], check=True)
        command = [sys.executable, "-m", "benchmarks.patches", "--child", folder]
        command += ["--encoder", options.encoder, "--device", options.device]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        measured: dict[str, float] = json.loads(done.stdout)
        return measured


if __name__ == "__main__":
    main()
