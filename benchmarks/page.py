"""What the Explore page costs on the server for one query, beside the bare scan of the same index; one JSON object.

    python -m benchmarks.page

Words that were never asked before, on a scene that is indexed, everything warm: density, its picture for the web map,
the best tiles and their thumbnails, as the page asks for them. The text tower costs next to nothing here; what
a real one adds is in ``python -m benchmarks.encode``.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.stand_ins import CheapEncoder, exhaust, write_aerial
from graft_core.index.scan import scores, thread_count
from graft_core.index.store import IndexStore
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.map_picture import density_picture
from graft_core.tasks.retrieve import retrieve
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_hits import thumbnails

TILE_PX = 32
"""Small, so that many tiles need no large raster."""
HITS = 24
WORDS = ("harbour", "orchard", "tennis court", "solar park", "quarry", "car park", "vineyard")


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[1600, 5056], help="pixels along each side of a scene")
    options = parser.parse_args()
    found = [measure(side) for side in options.sides]
    print(json.dumps({"benchmark": "page", "threads": thread_count(), "scenes": found}, indent=2))


def measure(side: int) -> dict[str, Any]:
    """Seconds of each part, the median over words that are new each time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_aerial(folder / "scene.tif", side)
        encoder, scene = CheapEncoder(TILE_PX), open_scene(folder / "scene.tif")
        exhaust(index_scene(scene, encoder, folder / "index", batch=1024))
        searcher = Searcher(IndexStore(folder / "index", encoder.spec).snapshot(), encoder)
        parts: dict[str, list[float]] = {"scan": [], "density": [], "picture": [], "best_tiles": [], "thumbnails": []}
        density_map(scene, searcher, parse_query("farmland"))  # the background prompts are scored once
        for words in WORDS:
            query = parse_query(words)
            vector = encoder.encode_texts([words])
            parts["scan"].append(_seconds(partial(scores, searcher.snapshot.matrix, vector))[0])
            spent, made = _seconds(partial(density_map, scene, searcher, query))
            parts["density"].append(spent)
            parts["picture"].append(_seconds(partial(density_picture, made))[0])
            spent, hits = _seconds(partial(retrieve, searcher, [scene.name], query, HITS))
            parts["best_tiles"].append(spent)
            parts["thumbnails"].append(_seconds(partial(thumbnails, hits.hits, {scene.name: scene}, hits.grids))[0])
    medians = {part: round(statistics.median(spent), 4) for part, spent in parts.items()}
    heat_map = medians["density"] + medians["picture"]
    whole = heat_map + medians["best_tiles"] + medians["thumbnails"]
    return {
        "tiles": len(searcher.snapshot.position),
        **{f"{part}_s": spent for part, spent in medians.items()},
        "query_to_heat_map_s": round(heat_map, 3),
        "query_to_all_s": round(whole, 3),
    }


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


if __name__ == "__main__":
    main()
