"""Published embeddings from files to a scene and to maps, beside a plain read of the same files; one JSON object.

    python -m benchmarks.published --rows 200000

A set of Major TOM's structure on its lattice (Francis and Czerski, 2024): a fragment each 3.42 km, snappy GeoParquet in
twenty parts, random vectors as wide as the encoder's, whose weights are random too. The import reads every byte of the
files, writes vectors as float16, a raster and a table; the limit reads the vectors' column alone.
"""

import argparse
import json
import math
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet

from benchmarks.stand_ins import exhaust, random_card
from graft_core.index.scan import thread_count
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene
from graft_core.models.registry import load_encoder
from graft_core.search.query import parse_query
from graft_core.tasks.catalog import encoder_for, find_scene
from graft_core.tasks.density import density_map
from graft_core.tasks.import_embeddings import import_embeddings
from graft_core.tasks.map_picture import density_picture
from graft_core.tasks.score import Searcher
from graft_core.types import Encoder

STEP_DEG = 3420 / 111_195
"""From one fragment to the next, as latitude."""
HALF_DEG = 0.0173
"""Half of a fragment's side: 384 px of 10 m."""
SOUTH, WEST = 36.0, -5.0
PARTS = 20
ROW_GROUP = 2000

Result = TypeVar("Result")


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="embeddings in the set")
    parser.add_argument("--encoder", default="ViT-S-32-alt", help="architecture whose width they have")
    parser.add_argument("--folder", type=Path, default=None, help="disk to measure on; default: the temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["GRAFT_TILES"] = str(Path(folder) / "tiles")
        print(json.dumps(measure(Path(folder), options.rows, options.encoder), indent=2))


def measure(folder: Path, rows: int, architecture: str) -> dict[str, Any]:
    """Seconds and bytes of an import, of the first map and of a later one."""
    card = str(random_card(architecture, folder))
    write_set(folder / "set", rows, load_encoder(card).spec.dim)
    files = sorted((folder / "set").iterdir())
    root = folder / "tiles" / "indexes"
    before = _peak_mb()
    read_s, _ = _timed(lambda: [parquet.read_table(file, columns=["embedding"]).nbytes for file in files])
    import_s, _ = _timed(lambda: exhaust(import_embeddings([folder / "set"], card, root)))
    scene = find_scene("set", root)
    encoder = encoder_for(scene)
    store = IndexStore(root, encoder.spec)
    first_s, searcher = _timed(lambda: _ask(store, encoder, scene, "water"))
    later_s, _ = _timed(lambda: density_picture(density_map(scene, searcher, parse_query("forest"))))
    again_s, _ = _timed(lambda: exhaust(import_embeddings([folder / "set"], card, root)))
    return {
        "benchmark": "published",
        "threads": thread_count(),
        "rows": rows,
        "dim": encoder.spec.dim,
        "files_mb": round(sum(file.stat().st_size for file in files) / 1e6),
        "index_mb": round(store.size_bytes() / 1e6),
        "read_vectors_s": round(read_s, 2),
        "import_s": round(import_s, 2),
        "import_of_read": round(import_s / read_s, 2),
        "import_again_s": round(again_s, 2),
        "first_map_s": round(first_s, 2),
        "later_map_s": round(later_s, 2),
        "peak_mb_above_start": round(_peak_mb() - before),
    }


def write_set(folder: Path, rows: int, dim: int) -> None:
    """``rows`` fragments as a square, in parts from south to north; embeddings of ``dim`` values, float32."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    wide = math.isqrt(rows - 1) + 1
    for part, at in enumerate(np.array_split(np.arange(rows), PARTS)):
        lat = SOUTH + STEP_DEG * (at // wide)
        stretch = 1 / np.cos(np.radians(lat))
        lon = WEST + STEP_DEG * wide / 2 + (at % wide - wide / 2) * STEP_DEG * stretch
        half = HALF_DEG * stretch
        vectors = rng.standard_normal(len(at) * dim, dtype=np.float32)
        starts = np.arange(0, len(vectors) + 1, dim, dtype=np.int32)
        table = pa.table(
            {
                "unique_id": [f"{i:064x}" for i in at],
                "embedding": pa.ListArray.from_arrays(pa.array(starts), pa.array(vectors)),
                "timestamp": ["20230119T161811"] * len(at),
                "product_id": [f"S2A_MSIL2A_20230119T161811_N0509_R022_T33UUU_{i // 9:015}" for i in at],
                "geometry": shapely.to_wkb(shapely.box(lon - half, lat - HALF_DEG, lon + half, lat + HALF_DEG)),
                "centre_lat": lat.astype(np.float32),
                "centre_lon": lon.astype(np.float32),
            }
        )
        parquet.write_table(table, folder / f"part_{part:05}.parquet", row_group_size=ROW_GROUP, compression="snappy")


def _ask(store: IndexStore, encoder: Encoder, scene: Scene, words: str) -> Searcher:
    """Everything a new session needs, and its first map."""
    searcher = Searcher(store.snapshot(), encoder)
    density_picture(density_map(scene, searcher, parse_query(words)))
    return searcher


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
