"""Indexing a scene beside the bare encoder, and a second query beside encoding again; prints one JSON object.

    python -m benchmarks.encode --side 4096
    python -m benchmarks.encode --encoder ViT-B-16 --side 2048       random weights of that architecture
    taskset -c 0 python -m benchmarks.encode                         on one core

The limit of indexing (imagery on disk to committed index) is the encoder on the same tiles, already cut and in memory,
in the same batches on the same threads. The two take turns, and the median of their ratios counts.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.stand_ins import encoder_or_random, exhaust, write_aerial
from graft_core.index.scan import thread_count
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene, open_scene, read_tiles
from graft_core.models.registry import default_encoder_name
from graft_core.search.query import parse_query
from graft_core.tasks.index_scene import index_scene, window_grid
from graft_core.tasks.score import Searcher
from graft_core.types import F32, U8, Encoder, EncoderSpec, QueryDefaults

QUICK_SIDE = 512
FIRST_WORDS = "farmland"
UNWANTED = "open sea"
"""An unwanted term always competes; background prompts do not where random weights tell no words apart."""
NEXT_WORDS = ("harbour", "tennis court", "solar park", "orchard", "car park")


class CountedEncoder:
    """Another encoder's work, with a note of how much it was."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.tiles = self.texts = 0
        self.tile_seconds = 0.0

    @property
    def spec(self) -> EncoderSpec:
        """The other's."""
        return self._encoder.spec

    @property
    def defaults(self) -> QueryDefaults:
        """The other's."""
        return self._encoder.defaults

    def encode_tiles(self, tiles: U8) -> F32:
        """As the other does."""
        start = time.perf_counter()
        vectors = self._encoder.encode_tiles(tiles)
        self.tile_seconds += time.perf_counter() - start
        self.tiles += len(tiles)
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> F32:
        """As the other does."""
        self.texts += len(texts)
        return self._encoder.encode_texts(texts)

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        """As the other does."""
        return self._encoder.encode_photos(photos)


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default=default_encoder_name("naip"), help="encoder, card, or bare architecture")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", type=int, default=2048, help="pixels of 1 m along each side of the scene")
    parser.add_argument("--batch", type=int, default=32, help="tiles encoded together")
    parser.add_argument("--repeats", type=int, default=5, help="how often indexing and bare encoding take turns")
    parser.add_argument("--quick", action="store_true", help="a small scene, to try this out")
    options = parser.parse_args()
    if options.quick:
        options.side, options.repeats = QUICK_SIDE, 2
    torch.set_num_threads(thread_count())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encoder = CountedEncoder(encoder_or_random(options.encoder, options.device, folder))
        write_aerial(folder / "scene.tif", options.side)
        scene = open_scene(folder / "scene.tif")
        result = measure_indexing(folder, scene, encoder, options.batch, options.repeats)
        result["second_query"] = measure_queries(folder / "index0", scene, encoder, result["bare_s"])
    setting = {"benchmark": "encode", "encoder": encoder.spec.name, "device": options.device}
    print(json.dumps(setting | {"threads": thread_count(), "side": options.side} | result, indent=2))


def measure_indexing(folder: Path, scene: Scene, encoder: CountedEncoder, batch: int, repeats: int) -> dict[str, Any]:
    """File to committed index, the bare encoder on the same tiles, and reading alone, in turn; leaves ``index0``."""
    windows = window_grid(scene, encoder.spec)
    batches = [tiles.pixels for tiles in read_tiles(scene, windows, batch=batch)]
    encoder.encode_tiles(batches[0])  # loads the tower
    index: list[float] = []
    inside: list[float] = []
    commit: list[float] = []
    bare: list[float] = []
    read: list[float] = []
    for i in range(repeats):
        encoder.tile_seconds = 0.0
        start = time.perf_counter()
        reported = start
        for step in index_scene(scene, encoder, folder / f"index{i}", batch=batch):
            if step.elapsed_s:
                before, reported = reported, time.perf_counter()
        index.append(time.perf_counter() - start)
        commit.append(reported - before)
        inside.append(encoder.tile_seconds)
        bare.append(_seconds(lambda: [encoder.encode_tiles(tiles) for tiles in batches]))
        read.append(_seconds(lambda: exhaust(read_tiles(scene, windows, batch=batch))))
    tiles = sum(len(each) for each in batches)
    return {
        "tiles": tiles,
        "tile_px": encoder.spec.tile_px,
        "batch": batch,
        "repeats": repeats,
        "bare_s": round(statistics.median(bare), 3),
        "bare_tiles_per_s": round(tiles / statistics.median(bare), 1),
        "index_of_bare_median": _median_ratio(bare, index),
        "index_of_bare_best": round(min(bare) / min(index), 3),
        "read_tiles_per_s": round(tiles / statistics.median(read), 1),
        "read_time_of_bare_median": _median_ratio(read, bare),
        "encoder_share_of_index": _median_ratio(inside, index),
        "commit_share_of_index": _median_ratio(commit, index),
    }


def measure_queries(root: Path, scene: Scene, encoder: CountedEncoder, encoding_s: float) -> dict[str, Any]:
    """Seconds to score all tiles for words never asked before, and for the same again, beside encoding the tiles."""
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)

    def ask(words: str) -> None:
        searcher.scores(searcher.resolve(parse_query(f"{words} - {UNWANTED}")), [scene.name])

    first = _seconds(partial(ask, FIRST_WORDS))
    encoder.tiles = encoder.texts = 0
    new = statistics.median(_seconds(partial(ask, words)) for words in NEXT_WORDS)
    again = statistics.median(_seconds(partial(ask, words)) for words in NEXT_WORDS)
    return {
        "tiles_encoded": encoder.tiles,
        "first_s": round(first, 4),
        "new_words_s": round(new, 5),
        "same_words_s": round(again, 5),
        "new_words_times_faster_than_encoding": round(encoding_s / new),
        "same_words_times_faster_than_encoding": round(encoding_s / again),
    }


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 3)


if __name__ == "__main__":
    main()
