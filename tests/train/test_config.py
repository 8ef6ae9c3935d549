"""A configuration says what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

import graft_core
from graft_core.errors import TrainError
from graft_core.train.config import config_table, optimizer_config, read_toml, read_train_config, train_config

SMALL = Path(graft_core.__file__).parent / "train" / "configs" / "small.toml"
GOOD = {"steps": 100, "batch": 8, "learning_rate": 1e-3, "warmup": 10}
RUN = {"name": "mine", "pairs": ["a.parquet"], "optimizer": GOOD}


def test_a_table_becomes_a_configuration() -> None:
    assert optimizer_config(GOOD, where="[teacher]").warmup == 10


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stpes": 5}, "'stpes' in .teacher."),
        ({"steps": 0}, "steps = 0"),
        ({"steps": 1.5}, "steps = 1.5 in .teacher.: must be a whole number"),
        ({"steps": True}, "steps = True"),
        ({"learning_rate": "fast"}, "learning_rate = 'fast' in .teacher.: must be a number"),
        ({"warmup": 100}, "warmup = 100"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"batch": -1}, "batch = -1"),
        ({"accumulate": 9}, "accumulate = 9"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_a_bad_table_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainError, match=named):
        optimizer_config({**GOOD, **change}, where="[teacher]")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(TrainError, match="learning_rate"):
        optimizer_config({"steps": 100, "batch": 8}, where="[teacher]")


def test_a_whole_number_will_do_for_a_number() -> None:
    assert optimizer_config({**GOOD, "weight_decay": 0}, where="[teacher]").weight_decay == 0.0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"levl": "tile"}, "'levl' in train.toml"),
        ({"level": "pixel"}, "level = 'pixel' in train.toml: must be 'tile' or 'patch'"),
        ({"name": "../mine"}, "cannot name an encoder"),
        ({"pairs": []}, "names no table"),
        ({"pairs": "a.parquet"}, "must be a list of texts"),
        ({"loss": {"kind": "hinge"}}, "kind = 'hinge'"),
        ({"loss": {"temprature": 1.0}}, r"'temprature' in \[loss\] of train.toml"),
        ({"run": 3}, r"\[run\] of train.toml must be a table"),
        ({"run": {"validate_every": 0}}, "validate_every = 0"),
        ({"optimizer": {"steps": 3}}, r"\[optimizer\] of train.toml lacks 'batch'"),
    ],
)
def test_a_run_that_cannot_be_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainError, match=named):
        train_config({**RUN, **change}, where="train.toml")


def test_what_is_written_is_what_was_read() -> None:
    config = train_config({**RUN, "level": "patch", "loss": {"mask_radius_m": 50}, "run": {"patience": 3}}, where="x")
    assert train_config(config_table(config), where="x") == config


def test_pairs_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text('name = "mine"\npairs = ["a.parquet", "/b.parquet"]\n[optimizer]\nsteps = 9\nbatch = 2\n')
    with pytest.raises(TrainError, match="learning_rate"):
        read_train_config(path)
    path.write_text(path.read_text() + "learning_rate = 1e-3\nwarmup = 0\n")
    assert read_train_config(path).pairs == (str(tmp_path / "a.parquet"), "/b.parquet")


def test_name_and_pairs_can_be_given_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = read_train_config(SMALL, name="other", pairs=["a.parquet"])
    assert (config.name, config.pairs) == ("other", (str(tmp_path / "a.parquet"),))
    with pytest.raises(TrainError, match="lacks 'pairs'"):
        read_train_config(SMALL)


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(TrainError, match="directory"):
        read_toml(tmp_path)
    (tmp_path / "bad.toml").write_text("steps = = 3")
    with pytest.raises(TrainError, match="not TOML"):
        read_toml(tmp_path / "bad.toml")
