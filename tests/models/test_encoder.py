"""The encoder the rest of the house sees: shapes, laziness, threads."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from small_specs import DEFAULTS, spec

from graft_core.errors import ModelError
from graft_core.models.encoder import LazyEncoder
from graft_core.types import F32, U8, Level


class FakeTowers:
    """Stands for loaded towers; counts how often they were loaded."""

    def __init__(self, dim: int = 128) -> None:
        self.loads, self.dim = 0, dim
        self.slow = threading.Event()

    def load(self) -> Any:
        self.loads += 1
        self.slow.wait(0.05)
        return self

    def __call__(self, tiles: U8) -> F32:
        return np.ones((len(tiles), self.dim), np.float32)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        return np.ones((len(texts), self.dim), np.float32)

    encode_photos = encode_texts


def encoder(towers: FakeTowers, level: Level = "tile") -> LazyEncoder:
    return LazyEncoder(spec("fake", level=level), DEFAULTS, load_tiles=towers.load, load_space=towers.load)


@pytest.mark.parametrize(
    "tiles",
    [
        np.zeros((2, 64, 128, 3), np.uint8),
        np.zeros((2, 128, 128, 4), np.uint8),
        np.zeros((128, 128, 3), np.uint8),
        np.zeros((2, 128, 128, 3), np.float32),
    ],
)
def test_tiles_of_another_shape_or_type_are_refused_before_anything_loads(tiles: Any) -> None:
    towers = FakeTowers()
    with pytest.raises(ModelError, match=r"'fake' takes \(B, 128, 128, 3\) uint8 tiles and got"):
        encoder(towers).encode_tiles(tiles)
    assert towers.loads == 0


def test_nothing_in_gives_nothing_out_and_loads_nothing() -> None:
    towers = FakeTowers()
    none = np.zeros((0, 128, 128, 3), np.uint8)
    assert encoder(towers).encode_tiles(none).shape == (0, 128)
    assert encoder(towers, "patch").encode_tiles(none).shape == (0, 8, 8, 128)
    assert encoder(towers).encode_texts([]).shape == (0, 128)
    assert encoder(towers).encode_photos([]).shape == (0, 128)
    assert towers.loads == 0


def test_a_tower_is_loaded_once_however_many_threads_ask() -> None:
    towers = FakeTowers()
    shared = encoder(towers)
    threads = [threading.Thread(target=shared.encode_texts, args=(["a"],)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert towers.loads == 1


def test_towers_load_separately() -> None:
    towers = FakeTowers()
    shared = encoder(towers)
    shared.encode_tiles(np.zeros((1, 128, 128, 3), np.uint8))
    assert towers.loads == 1
    shared.encode_texts(["a"])
    assert towers.loads == 2


def test_a_space_of_another_length_is_refused() -> None:
    with pytest.raises(ModelError, match="they are not one space"):
        encoder(FakeTowers(dim=64)).encode_texts(["a"])
