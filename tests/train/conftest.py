"""One small table of pairs, drawn and made once by the real code, for every test that needs something to learn from."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from long_work import finish
from pyproj import Transformer

from graft_core.io.photo import PhotoTags, write_photo
from graft_core.train.config import TrainConfig, train_config
from graft_core.train.pairs.make import PairOptions, make_pairs
from graft_core.train.pairs.table import write_pairs
from graft_core.world.album import take_photos
from graft_core.world.scenes import WORLD_CRS, write_scene

SIDE_M = 1024
PHOTOS = 110
SEED = 5


@pytest.fixture(scope="session")
def drawn_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``naip.tif``, ``photos/`` and the ``pairs.parquet`` made of them."""
    folder = tmp_path_factory.mktemp("place")
    write_scene(folder, "naip", SEED, SIDE_M)
    (folder / "photos").mkdir()
    rng = np.random.default_rng(SEED)
    positions = rng.uniform(-SIDE_M / 2, SIDE_M / 2, (PHOTOS, 2))
    lon, lat = Transformer.from_crs(WORLD_CRS, "EPSG:4326", always_xy=True).transform(*positions.T)
    for i, photo in enumerate(take_photos(SEED, positions, rng, 64)):
        tags = PhotoTags(float(lon[i]), float(lat[i]), photo.heading, 4.0, datetime(2024, 7, 1, 12))
        write_photo(folder / "photos" / f"{i:03}.jpg", photo.pixels, tags)
    options = PairOptions(places_only=False, validation_share=0.3, block_tiles=1)
    write_pairs(folder / "pairs.parquet", finish(make_pairs([folder / "photos"], [str(folder / "naip.tif")], options)))
    return folder


@pytest.fixture
def place(drawn_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with weights of its own; photos are embedded and tiles cut once for all tests."""
    shared = drawn_place / "weights"
    for cache in ("photo-rows", "tiles"):
        (shared / cache).mkdir(parents=True, exist_ok=True)
    weights = tmp_path / "weights"
    weights.mkdir()
    for cache in ("photo-rows", "tiles"):
        (weights / cache).symlink_to(shared / cache)
    monkeypatch.setenv("GRAFT_WEIGHTS", str(weights))
    return drawn_place


@pytest.fixture
def configured(place: Path) -> Callable[..., TrainConfig]:
    """A small configuration, some of its keys changed."""

    def build(**changes: Any) -> TrainConfig:
        table: dict[str, Any] = {
            "name": "small",
            "pairs": [str(place / "pairs.parquet")],
            "optimizer": {
                "steps": 8,
                "batch": 6,
                "learning_rate": 1e-3,
                "warmup": 2,
                "log_every": 2,
                "patch_dropout": 0.5,
            },
            "run": {"checkpoint_every": 4, "validate_every": 4},
        }
        for key, value in changes.items():
            table[key] = {**table.get(key, {}), **value} if isinstance(value, dict) else value
        return train_config(table, where="the test")

    return build


@pytest.fixture(scope="session")
def copied(drawn_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A copy of the place that a test may change."""

    def copy() -> Path:
        target = tmp_path_factory.mktemp("copy")
        shutil.copytree(drawn_place, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("weights"))
        return target

    return copy
