"""An estimate comes from the run's own data and grows with what makes a run longer or larger."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.models.device import hardware_name
from graft_core.train.config import TrainConfig
from graft_core.train.estimate import estimate
from graft_core.train.pairs.table import read_pairs
from graft_core.train.run import run_folder, train

Configured = Callable[..., TrainConfig]


def test_it_counts_what_will_be_learned_from(configured: Configured, place: Path) -> None:
    table, found = read_pairs(place / "pairs.parquet"), estimate(configured(), device="cpu")
    assert found.tiles + found.validation_tiles == len(table.scene)
    assert found.validation_tiles == int(table.validation.sum())
    assert 0 < found.photos < len(table.photos)
    assert found.steps == 8
    assert found.device == hardware_name(torch.device("cpu"))
    assert not run_folder("small").exists()  # nothing was started


def test_larger_batches_need_more_memory_and_parts_less(configured: Configured) -> None:
    small, large = (estimate(configured(optimizer={"batch": n}), device="cpu") for n in (4, 16))
    parts = estimate(configured(optimizer={"batch": 16, "accumulate": 4}), device="cpu")
    assert small.memory_bytes < large.memory_bytes
    assert parts.memory_bytes < large.memory_bytes
    patches = estimate(configured(optimizer={"batch": 16, "patch_dropout": 0.0}), device="cpu")
    assert patches.memory_bytes > large.memory_bytes


def test_disk_is_what_the_run_will_write(configured: Configured) -> None:
    (settings.weights_dir() / "tiles").unlink()  # as before the first run
    expected = estimate(configured(), device="cpu").disk_bytes
    for _ in train(configured(), device="cpu"):
        pass
    written = sum(file.stat().st_size for file in settings.weights_dir().rglob("*") if not file.name.endswith("sqlite"))
    assert expected == pytest.approx(written, rel=0.25)


def test_pairs_that_are_missing_are_named(configured: Configured) -> None:
    with pytest.raises(TrainError, match=r"none\.parquet"):
        estimate(configured(pairs=["/none.parquet"]), device="cpu")
