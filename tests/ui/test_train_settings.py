"""What the sidebar of the Train page makes of itself is what the training reads."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from graft_core.models.registry import find_model
from graft_core.train.config import train_config
from graft_core.ui.train.settings import pace_of, steps_of, teachers


def sidebar() -> None:
    """The page of this test: two tables, as if they were on disk."""
    from pathlib import Path

    import streamlit as st

    from graft_core.ui.train.settings import choose_training
    from graft_core.ui.train.tables import Table

    tables = [
        Table(Path("/data/town.parquet"), "naip", 100, 12),
        Table(Path("/data/land.parquet"), "sentinel2", 7000, 800),
    ]
    st.session_state.chosen = choose_training(tables if "empty" not in st.session_state else [])


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(sidebar, default_timeout=30).run()


def test_defaults_are_a_valid_training(page: AppTest) -> None:
    chosen = page.session_state.chosen
    config = train_config(chosen.config, where="the sidebar")
    assert (config.name, config.pairs, config.teacher) == ("my-encoder", ("/data/town.parquet",), "demo-teacher")
    assert (config.level, chosen.device, chosen.tiles) == ("tile", "auto", 100)
    assert config.optimizer.steps == math.ceil(30 * 100 / 32)
    assert config.optimizer.warmup == int(config.optimizer.steps * 0.05)
    assert config.loss.kind == "softmax"


def test_what_is_set_is_what_is_trained(page: AppTest) -> None:
    by_label = {each.label: each for each in page.number_input}
    by_label["Epochs"].set_value(7)
    by_label["Batch"].set_value(20)
    by_label["Leave out neighbours within, m"].set_value(150.0)
    by_label["Stop after validations without gain"].set_value(3)
    page.toggle(key="sigmoid").set_value(True)
    page.toggle(key="both-directions").set_value(True)
    page.selectbox(key="device").set_value("cpu")
    page.run()
    chosen = page.session_state.chosen
    config = train_config(chosen.config, where="the sidebar")
    assert (config.optimizer.steps, config.optimizer.batch) == (35, 20)
    assert (config.loss.kind, config.loss.both_directions) == ("sigmoid", False), "a sigmoid has no direction"
    assert (config.loss.mask_radius_m, config.run.patience, chosen.device) == (150.0, 3, "cpu")


def test_nothing_can_be_trained_without_pairs() -> None:
    page = AppTest.from_function(sidebar, default_timeout=30)
    page.session_state.empty = True
    page.run()
    assert (page.session_state.chosen.tiles, page.session_state.chosen.config["pairs"]) == (0, [])


def test_small_teacher_learns_faster_than_a_large_one() -> None:
    large = find_model("clip-vit-b-16")
    assert (pace_of(large, "tile").learning_rate, pace_of(large, "patch").learning_rate) == (1e-5, 5e-5)
    assert pace_of(find_model("demo-teacher"), "tile").learning_rate == 5e-4


@pytest.mark.parametrize(("epochs", "tiles", "batch", "steps"), [(1, 100, 100, 1), (2, 101, 100, 3), (5, 0, 32, 1)])
def test_epochs_are_counted_in_steps(epochs: int, tiles: int, batch: int, steps: int) -> None:
    assert steps_of(epochs, tiles, batch) == steps


def test_teachers_read_photos_and_words() -> None:
    names = [model.name for model in teachers()]
    assert "demo-teacher" in names
    assert "graft-demo-naip" not in names, "a satellite tower has no photo tower"
