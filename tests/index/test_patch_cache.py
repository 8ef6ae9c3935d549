"""A cache may lose anything at any time, and must never give anything that was not put there."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from full_disk import largest_file
from known_encoder import KnownEncoder

from graft_core.errors import IndexStoreError
from graft_core.index.patch_cache import (
    BLOCK,
    PatchBlock,
    PatchCache,
    bytes_needed,
    cache_limit,
    patch_bytes,
    trim_patches,
)

SPEC = KnownEncoder(level="patch").spec
"""4 x 4 patches a window, 4 numbers a patch."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "patches"


def block(seed: int, windows: int = 5) -> PatchBlock:
    rng = np.random.default_rng(seed)
    valid = np.zeros(BLOCK * BLOCK, np.float32)
    valid[rng.choice(len(valid), windows, replace=False)] = rng.uniform(0.1, 1, windows)
    tokens = rng.standard_normal((windows, 4, 4, 4)).astype(np.float16)
    return PatchBlock(valid.reshape(BLOCK, BLOCK), tokens)


def same(one: PatchBlock | None, other: PatchBlock) -> bool:
    assert one is not None
    return np.array_equal(one.valid, other.valid) and np.array_equal(one.tokens, other.tokens)


def cache(root: Path) -> PatchCache:
    return PatchCache(root, SPEC, "f" * 16, 8)


@pytest.mark.parametrize("windows", [0, 1, 16])
def test_what_is_saved_is_what_is_loaded(root: Path, windows: int) -> None:
    cache(root).save(-3, 7, block(1, windows))
    assert cache(root).has(-3, 7)
    assert same(cache(root).load(-3, 7), block(1, windows))


@pytest.mark.parametrize("windows", [1, 16])
def test_room_is_foretold(root: Path, windows: int) -> None:
    cache(root).save(0, 0, block(1, windows))
    assert 0 < patch_bytes(root) - bytes_needed(SPEC, windows) < 500  # shapes, what is valid, the checksum


def test_missing_block_is_none(root: Path) -> None:
    assert not cache(root).has(0, 0)
    assert cache(root).load(0, 0) is None
    assert patch_bytes(root) == 0


def test_another_encoder_scene_or_stride_finds_nothing(root: Path) -> None:
    cache(root).save(0, 0, block(1))
    for other in (
        PatchCache(root, replace(SPEC, weights_sha256="1" * 64), "f" * 16, 8),
        PatchCache(root, SPEC, "e" * 16, 8),
        PatchCache(root, SPEC, "f" * 16, 4),
    ):
        assert not other.has(0, 0)
        assert other.load(0, 0) is None


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "other", "longer"])
def test_damaged_block_counts_as_missing(root: Path, damage: str) -> None:
    cache(root).save(0, 0, block(1))
    (path,) = root.glob("*/*/*/*.npy")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-100:]
    elif damage == "empty":
        content.clear()
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    elif damage == "other":
        content = bytearray(b"not a block at all")
    else:
        content += b"tail"
    path.write_bytes(content)
    assert cache(root).load(0, 0) is None
    cache(root).save(0, 0, block(1))
    assert same(cache(root).load(0, 0), block(1))


def test_block_of_another_shape_counts_as_missing(root: Path) -> None:
    """As an older program may have written it."""
    cache(root).save(0, 0, PatchBlock(block(1).valid, block(1).tokens[:2]))
    assert cache(root).load(0, 0) is None


def test_least_recently_used_blocks_go_first(root: Path) -> None:
    store = cache(root)
    for i in range(10):
        store.save(0, i, block(i))
    files = {int(path.stem.split("_")[1]): path for path in root.glob("*/*/*/*.npy")}
    for i, path in files.items():
        os.utime(path, (1000 + i, 1000 + i))
    store.load(0, 0)  # the oldest is used again
    size = patch_bytes(root) // 10
    trim_patches(root, 6 * size + size // 2)
    left = {i for i, path in files.items() if path.exists()}
    assert 0 in left
    assert left == {0, *range(10 - len(left) + 1, 10)}
    assert 0 < patch_bytes(root) <= 6 * size


def test_cache_never_grows_far_beyond_its_limit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = cache(root)
    store.save(0, 0, block(0))
    size = patch_bytes(root)
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", str(40 * size / 2**30))
    bounded = cache(root)
    for i in range(200):
        bounded.save(1, i, block(i))
        assert patch_bytes(root) <= 42 * size
    assert same(bounded.load(1, 199), block(199))


def test_limit_of_nothing_keeps_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", "0")
    cache(root).save(0, 0, block(1))
    assert patch_bytes(root) == 0


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_limit_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", text)
    with pytest.raises(IndexStoreError, match=f"'{text}'"):
        cache_limit()


def test_leftovers_of_a_killed_writer_are_cleared_once_they_are_old(root: Path) -> None:
    cache(root).save(0, 0, block(1))
    (folder,) = {path.parent for path in root.glob("*/*/*/*.npy")}
    old, young = folder / ".making-old", folder / ".making-young"
    for path in (old, young):
        path.write_bytes(b"half a block")
    os.utime(old, (time.time() - 7200,) * 2)
    trim_patches(root, 2**40)
    assert young.exists()
    assert not old.exists()
    assert cache(root).has(0, 0)


def test_full_disk_is_named_and_leaves_no_half_block(root: Path) -> None:
    cache(root).save(0, 0, block(1, windows=1))
    with largest_file(1000), pytest.raises(IndexStoreError, match="No space left to write patch embeddings"):
        cache(root).save(0, 1, block(2, windows=16))
    assert [path.name for path in root.glob("*/*/*/*")] == ["0_0.npy"]


def _hammer(root: Path, seed: int) -> int:
    store = cache(root)
    wrong = 0
    for i in range(60):
        store.save(0, i % 5, block(i % 5))
        found = store.load(0, (i + seed) % 5)
        wrong += found is not None and not same(found, block((i + seed) % 5))
        if i % 7 == 0:
            trim_patches(root, 3000)
    return wrong


def test_processes_that_write_read_and_trim_at_once_never_see_a_wrong_block(root: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_hammer, [root] * 2, range(2))) == [0, 0]
