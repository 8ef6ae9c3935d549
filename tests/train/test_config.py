"""A configuration says what is wrong with it."""

from pathlib import Path

import pytest

from graft_core.errors import TrainError
from graft_core.train.config import optimizer_config, read_toml

GOOD = {"steps": 100, "batch": 8, "learning_rate": 1e-3, "warmup": 10}


def test_a_table_becomes_a_configuration() -> None:
    assert optimizer_config(GOOD, where="[teacher]").warmup == 10


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stpes": 5}, "'stpes' in .teacher."),
        ({"steps": 0}, "steps = 0"),
        ({"warmup": 100}, "warmup = 100"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"batch": -1}, "batch = -1"),
    ],
)
def test_a_bad_table_is_refused_by_name(change: dict[str, float], named: str) -> None:
    with pytest.raises(TrainError, match=named):
        optimizer_config({**GOOD, **change}, where="[teacher]")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(TrainError, match="learning_rate"):
        optimizer_config({"steps": 100, "batch": 8}, where="[teacher]")


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("steps = = 3")
    with pytest.raises(TrainError, match="not TOML"):
        read_toml(tmp_path / "bad.toml")
