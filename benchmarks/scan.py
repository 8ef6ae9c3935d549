"""Scan, top-k and index storage, each beside the limit measured in the same run; prints one JSON object.

    python -m benchmarks.scan --rows 400000 --dim 512 --queries 1 --k 100

Rates are in GB/s of float16 rows. The limit is the fastest of three plain reads of the same memory-mapped matrix by the
same number of threads, measured in turn with the scan, for a shared machine changes its pace from second to second.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_core.index.scan import CHUNK_BYTES, scores, thread_count, top_k
from graft_core.index.store import IndexStore, SceneRecord
from graft_core.types import F32, EncoderSpec

F16 = npt.NDArray[np.float16]


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000, help="rows of the matrix that is scanned")
    parser.add_argument("--dim", type=int, default=512, help="length of an embedding")
    parser.add_argument("--queries", type=int, default=1, help="queries scored in one scan")
    parser.add_argument("--k", type=int, default=100, help="how many of the best rows are picked")
    parser.add_argument("--threads", type=int, default=thread_count(), help="threads of the read and of the scan")
    parser.add_argument("--repeats", type=int, default=9, help="how often read and scan alternate")
    parser.add_argument("--stored-rows", type=int, default=100_000, help="rows of the scene that is committed; 0: none")
    parser.add_argument("--folder", type=Path, default=None, help="disk to measure on; default: the temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        result = measure_scan(Path(folder), options)
        if options.stored_rows:
            result["store"] = measure_store(Path(folder), options.stored_rows, options.dim)
    print(json.dumps(result, indent=2))


def unit_rows(rng: np.random.Generator, count: int, dim: int) -> F32:
    """(count, dim) random unit vectors."""
    rows = rng.standard_normal((count, dim), dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def measure_scan(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Rate of the scan and of top-k beside the rate of reading the same bytes."""
    rng = np.random.default_rng(0)
    matrix = _matrix(folder / "matrix.npy", options.rows, options.dim, rng)
    queries = unit_rows(rng, options.queries, options.dim)
    read: list[float] = []
    scan: list[float] = []
    pick: list[float] = []
    for _ in range(options.repeats):
        read.append(min(_seconds(reader, matrix, options.threads) for reader in READERS))
        scan.append(_timed(lambda: scores(matrix, queries, threads=options.threads)))
        found = scores(matrix, queries, threads=options.threads)[0]
        pick.append(_timed(partial(top_k, found, options.k)))
    size = matrix.nbytes / 1e9
    sample = np.linspace(0, options.rows - 1, min(options.rows, 20_000)).astype(np.int64)
    exact = queries.astype(np.float64) @ matrix[sample].astype(np.float64).T
    error = np.abs(scores(matrix[sample], queries) - exact).max()
    return {
        "rows": options.rows,
        "dim": options.dim,
        "queries": options.queries,
        "threads": options.threads,
        "memory_read_gb_s": round(size / min(read), 2),
        "scan_gb_s": round(size / min(scan), 2),
        "scan_of_read_best": round(min(read) / min(scan), 3),
        "scan_of_read_median": round(statistics.median(r / s for r, s in zip(read, scan, strict=True)), 3),
        "k": options.k,
        "top_k_of_scan_best": round(min(pick) / min(scan), 5),
        "top_k_of_scan_median": round(statistics.median(p / s for p, s in zip(pick, scan, strict=True)), 5),
        "error_against_float64": float(error),
    }


def measure_store(folder: Path, rows: int, dim: int) -> dict[str, Any]:
    """Seconds to stage, commit and make the scan matrix of one scene, beside a plain write of as much."""
    spec = EncoderSpec("bench", "tile", "rgb", 1.0, 224, 16, dim, (0.0,) * 3, (1.0,) * 3, "bench", "0" * 64)
    store = IndexStore(folder / "index", spec)
    record = SceneRecord("scene", "scene.tif", "0", "rgb", None, "{}", "EPSG:32631", (0.0, 0.0, 1.0, 1.0))
    vectors = unit_rows(np.random.default_rng(1), rows, dim)
    half = vectors.astype(np.float16)
    plain = _timed(lambda: _write_through(folder / "plain.bin", half))
    with store.writer(record) as writer:
        start = time.perf_counter()
        for first in range(0, rows, 32):
            batch = vectors[first : first + 32]
            writer.add(np.arange(first, first + len(batch)), np.ones(len(batch), np.float32), batch)
        staged = time.perf_counter() - start
        committed = _timed(writer.commit)
    return {
        "rows": rows,
        "write_and_sync_same_bytes_s": round(plain, 3),
        "stage_s": round(staged, 3),
        "commit_s": round(committed, 3),
        "snapshot_first_s": round(_timed(store.snapshot), 3),
        "snapshot_again_s": round(_timed(store.snapshot), 4),
        "bytes_per_row": round(store.scenes()[0].bytes / rows, 1),
    }


def _matrix(path: Path, rows: int, dim: int, rng: np.random.Generator) -> F16:
    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(rows, dim))
    for start in range(0, rows, 8192):
        made[start : start + 8192] = unit_rows(rng, min(8192, rows - start), dim)
    made.flush()
    matrix: F16 = np.load(path, mmap_mode="r")
    return matrix


def _any_bit(words: npt.NDArray[np.int64]) -> object:
    return np.bitwise_or.reduce(words)


def _largest(words: npt.NDArray[np.int64]) -> object:
    return words.max()


def _sum(words: npt.NDArray[np.int64]) -> object:
    return np.add.reduce(words)


READERS: tuple[Callable[[npt.NDArray[np.int64]], object], ...] = (_any_bit, _largest, _sum)


def _seconds(reader: Callable[[npt.NDArray[np.int64]], object], matrix: F16, threads: int) -> float:
    flat = np.asarray(matrix).reshape(-1)
    words = flat[: flat.size // 4 * 4].view(np.int64)
    step = CHUNK_BYTES // 8
    chunks = [words[start : start + step] for start in range(0, words.size, step)]
    with ThreadPoolExecutor(threads) as pool:
        return _timed(lambda: list(pool.map(reader, chunks)))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _write_through(path: Path, rows: F16) -> None:
    with path.open("wb") as file:
        file.write(rows.data)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
