"""Small scenes with known vectors, and what the processes of these tests do with them.

The processes are forked from a server that has imported this module, so that each is ready in milliseconds.
"""

import multiprocessing
import os
import time
import warnings
import zlib
from dataclasses import replace
from datetime import date
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
from full_disk import largest_file

from graft_core.errors import IndexStoreError
from graft_core.index.lock import writer_lock
from graft_core.index.store import IndexStore, SceneRecord
from graft_core.types import F32, I64, EncoderSpec

# The server holds no thread of Lance, so forking it is safe; Lance warns all the same.
warnings.filterwarnings("ignore", message="lance is not fork-safe")

SPEC = EncoderSpec("known", "tile", "naip", 1.0, 224, 16, 8, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), "known", "0" * 64)
OTHER_SPEC = replace(SPEC, weights_sha256="1" * 64)
BATCH = 7


def record(name: str = "a", fingerprint: str = "f1", **changes: Any) -> SceneRecord:
    """A record as the indexing task would make it."""
    made = SceneRecord(
        name=name,
        source=f"/scenes/{name}.tif",
        fingerprint=fingerprint,
        sensor="naip",
        acquired=date(2024, 6, 1),
        grid_json='{"stride": 112}',
        crs="EPSG:32617",
        bounds_wgs84=(-78.0, 37.0, -77.9, 37.1),
    )
    return replace(made, **changes)


def rows_of(scene: SceneRecord, count: int = 50) -> tuple[I64, F32, F32]:
    """Positions (with gaps), valid fractions and unit vectors that only this scene and fingerprint have."""
    rng = np.random.default_rng(zlib.crc32(f"{scene.name}/{scene.fingerprint}".encode()))
    vectors = rng.standard_normal((count, SPEC.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.arange(count) * 3 + 1, rng.random(count).astype(np.float32), vectors


def index(store: IndexStore, scene: SceneRecord, count: int = 50, pause: float = 0.0) -> SceneRecord:
    """Index the scene in small batches, going on where an earlier run stopped."""
    position, valid, vectors = rows_of(scene, count)
    with store.writer(scene) as writer:
        missing = np.flatnonzero(~np.isin(position, list(writer.done)))
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            writer.add(position[batch], valid[batch], vectors[batch])
            time.sleep(pause)
        return writer.commit()


def assert_holds(store: IndexStore, scene: SceneRecord, count: int = 50) -> None:
    """The newest snapshot has exactly the rows of this scene and fingerprint under its name."""
    snapshot = store.snapshot()
    position, valid, vectors = rows_of(scene, count)
    rows = snapshot.rows(scene.name)
    assert snapshot.record(scene.name).fingerprint == scene.fingerprint
    np.testing.assert_array_equal(snapshot.position[rows], position)
    np.testing.assert_array_equal(snapshot.valid[rows], valid)
    np.testing.assert_array_equal(snapshot.matrix[rows], vectors.astype(np.float16))


def processes() -> ForkServerContext:
    """Where the tests' processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["indexed_scenes"])
    return context


def start(target: Any, *arguments: Any) -> ForkServerProcess:
    """Start a process that pytest's end would not wait for."""
    process = processes().Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def index_and_acknowledge(root: Path, scenes: list[SceneRecord], acknowledged: Path, ready: Any) -> None:
    """Index one scene after the other; each is acknowledged by a line once its commit has returned."""
    ready.send("ready")
    with acknowledged.open("a") as file:
        for scene in scenes:
            index(IndexStore(root, SPEC), scene, pause=0.001)
            file.write(f"{scene.name} {scene.fingerprint}\n")
            file.flush()


def index_constant_scenes(root: Path, values: list[int]) -> None:
    """Index scene "a" again and again: for value v, v rows of nothing but v."""
    store = IndexStore(root, SPEC)
    for value in values:
        with store.writer(record(fingerprint=str(value))) as writer:
            ones = np.ones(value, np.float32)
            writer.add(np.arange(value), ones, np.full((value, SPEC.dim), value, np.float32))
            writer.commit()


def hold_the_lock(path: Path, ready: Any, *, fork: bool) -> None:
    """Take the lock and keep it; with ``fork``, beside a child that lives on when this process is killed."""
    with writer_lock(path, "known"):
        child = os.fork() if fork else 0
        if fork and not child:
            time.sleep(20)
            os._exit(0)
        ready.send(child)
        time.sleep(20)


def commit_with_file_limit(root: Path, scene: SceneRecord, limit: int, answer: Any) -> None:
    """Commit what is staged while no file may grow beyond ``limit`` bytes, as on a disk that is full."""
    with IndexStore(root, SPEC).writer(scene) as writer:
        try:
            with largest_file(limit):
                writer.commit()
        except IndexStoreError as error:
            answer.send(str(error))
        else:
            answer.send("committed")
