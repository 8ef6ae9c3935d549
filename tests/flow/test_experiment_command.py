"""The experiment verb: what it prints, what it writes, what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
from commands import command, done, refused

from graft_core.evaluate import experiments
from graft_core.evaluate.experiments import Experiment, Row, Setting

TINY = replace(experiments.SCALES["small"], name="full", places=3, tiles=6, steps=1, batch=2)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Experiment("tiny", "Tiny", "What?", "So.", (Row("teacher", Setting(lengthened=0)),))
    monkeypatch.setitem(experiments.EXPERIMENTS, "tiny", asked)
    monkeypatch.setitem(experiments.SCALES, "full", TINY)


def test_an_experiment_leaves_results_plot_and_page(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("# Ours\n<!-- experiment tiny -->\n<!-- end tiny -->\n")
    words = ("experiment", "tiny", "--seeds", 2, "--out", tmp_path / "results", "--cache", tmp_path / "cache")
    printed = done(*words, "--workers", 1, "--device", "cpu")
    assert "| teacher | 0." in printed
    assert " ± " in printed
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"tiny.json", "tiny.svg"}
    text = page.read_text()
    assert text.startswith("# Ours\n<!-- experiment tiny -->\n**Question.** What?\n")
    assert "![Tiny](results/tiny.svg)" in text
    assert done(*words, "--workers", 1, "--device", "cpu") == printed
    assert page.read_text() == text


def test_plots_go_where_they_are_told_to(tmp_path: Path) -> None:
    words = ("experiment", "tiny", "--seeds", 1, "--out", tmp_path / "results", "--cache", tmp_path / "cache")
    done(*words, "--plots", tmp_path / "img", "--workers", 1, "--device", "cpu")
    assert (tmp_path / "img" / "tiny.svg").is_file()
    assert not (tmp_path / "results" / "tiny.svg").exists()


def test_experiments_are_listed_with_their_questions() -> None:
    printed = done("experiment", "list")
    assert "geotag-error     How far from the truth" in printed
    assert len(printed.splitlines()) == len(experiments.EXPERIMENTS)


def test_an_unknown_experiment_or_scale_is_refused(tmp_path: Path) -> None:
    assert "choose from towers" in refused("experiment", "tower", "--out", tmp_path)
    assert "no scale 'huge'" in refused("experiment", "tiny", "--scale", "huge", "--out", tmp_path)
    assert command("experiment", "tiny", "--seeds", 0).status == 2
