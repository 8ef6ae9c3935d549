"""Memory of indexing and of writing a density map, for a scene and for one 16 times its area; prints one JSON object.

    python -m benchmarks.memory --side 2048
    python -m benchmarks.memory --encoder path/to/card.json

Each figure is the peak resident memory of a process that does that one thing, and how much of it came after everything
was imported and the encoder had worked once: what a scene costs, not what torch does. Pages of mapped files count.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stand_ins import encoder_or_random, exhaust, write_aerial
from graft_core.index.scan import thread_count
from graft_core.index.store import IndexStore
from graft_core.io.scene import open_scene
from graft_core.models.registry import default_encoder_name
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import write_density

QUICK_SIDE = 512
TIMES_WIDER = 4
"""16 times the area."""
BATCH = 32
QUERY = "harbour - open sea"
"""An unwanted term always competes; background prompts do not where random weights tell no words apart."""
KIB_PER_MB = 1024


def main() -> None:
    """Read the sizes, let a process of its own do each measurement, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default=default_encoder_name("naip"), help="encoder, card, or bare architecture")
    parser.add_argument("--side", type=int, default=2048, help="side of the small scene, pixels of 1 m")
    parser.add_argument("--quick", action="store_true", help="small scenes, to try this out")
    parser.add_argument("--child", choices=list(WORK), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(WORK[options.child](options.folder, options.encoder, options.side)))
        return
    small = QUICK_SIDE if options.quick else options.side
    sides = (small, TIMES_WIDER * small)
    found: dict[str, list[dict[str, float]]] = {"index": [], "density": []}
    for side in sides:
        # The peak of this process would become the least a process it starts can have, so it does nothing itself.
        with tempfile.TemporaryDirectory() as folder:
            _in_process("imagery", side, Path(folder), options.encoder)
            for work, peaks in found.items():
                peaks.append(_in_process(work, side, Path(folder), options.encoder))
    result = {"benchmark": "memory", "encoder": options.encoder, "threads": thread_count(), "sides": sides}
    print(json.dumps(result | {work: compared(*peaks) for work, peaks in found.items()}, indent=2))


def compared(small: dict[str, float], large: dict[str, float]) -> dict[str, Any]:
    """What 16 times the area adds, in MB, as a share of the small scene's own growth and of its whole peak."""
    growth = [each["peak_mb"] - each["baseline_mb"] for each in (small, large)]
    added = growth[1] - growth[0]
    return {
        "baseline_mb": [round(each["baseline_mb"], 1) for each in (small, large)],
        "growth_mb": [round(each, 1) for each in growth],
        "added_mb": round(added, 1),
        "added_of_growth": round(added / growth[0], 3),
        "added_of_peak": round(added / small["peak_mb"], 3),
    }


def write_imagery(folder: Path, encoder: str, side: int) -> dict[str, float]:
    """Write the scene the others read."""
    del encoder
    write_aerial(_scene(folder), side)
    return {"peak_mb": peak_mb()}


def index(folder: Path, encoder: str, side: int) -> dict[str, float]:
    """Peak memory before and after the scene is indexed."""
    del side
    tower = encoder_or_random(encoder, "cpu", folder)
    px = tower.spec.tile_px
    tower.encode_tiles(np.zeros((BATCH, px, px, 3), np.uint8))
    baseline = peak_mb()
    exhaust(index_scene(open_scene(_scene(folder)), tower, folder / "index", batch=BATCH))
    return {"baseline_mb": baseline, "peak_mb": peak_mb()}


def density(folder: Path, encoder: str, side: int) -> dict[str, float]:
    """Peak memory before and after a query is mapped and written."""
    del side
    tower = encoder_or_random(encoder, "cpu", folder)
    tower.encode_texts([QUERY])  # loads the text tower
    baseline = peak_mb()
    searcher = Searcher(IndexStore(folder / "index", tower.spec).snapshot(), tower)
    made = density_map(open_scene(_scene(folder)), searcher, parse_query(QUERY))
    exhaust(write_density(folder / "map.tif", made))
    return {"baseline_mb": baseline, "peak_mb": peak_mb()}


WORK = {"imagery": write_imagery, "index": index, "density": density}


def _in_process(work: str, side: int, folder: Path, encoder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", "--child", work, "--side", str(side), "--folder", str(folder)]
    done = subprocess.run([*command, "--encoder", encoder], check=True, stdout=subprocess.PIPE)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _scene(folder: Path) -> Path:
    return folder / "scene.tif"


def peak_mb() -> float:
    """Most resident memory of this process so far; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB


if __name__ == "__main__":
    main()
