"""Tables and plots come from the results and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.evaluate.experiment_report import columns, conditions, lines, plot, table, update_page
from graft_core.evaluate.experiments import EXPERIMENTS, Experiment


def results_of(experiment: Experiment, seeds: int = 2) -> dict[str, Any]:
    """As `run_experiment` writes them: the figure of row r with seed s is r / 100 + s / 10."""
    runs = [
        {
            "row": row.label,
            "seed": seed,
            "tiles": 1000,
            "targets": 2000,
            "steps": 300,
            "seconds": 60.0,
            "figures": dict.fromkeys(columns(experiment), number / 100 + seed / 10),
        }
        for number, row in enumerate(experiment.rows)
        for seed in range(seeds)
    ]
    scale = {"worlds": 6, "held_out": 3, "steps": 300, "batch": 64}
    return {"runs": runs, "scale": scale, "hardware": "an abacus"}


def test_a_table_has_means_and_spreads() -> None:
    losses = EXPERIMENTS["losses"]
    text = table(losses, results_of(losses)).splitlines()
    assert text[0] == "| | top-1 | mAP@20 | patch mIoU |"
    assert text[3] == "| both directions | 0.060 ± 0.071 | 0.060 ± 0.071 | 0.060 ± 0.071 |"
    assert table(losses, results_of(losses, seeds=1)).splitlines()[3].startswith("| both directions | 0.010 | ")


def test_rows_that_were_not_run_and_figures_that_were_not_measured_are_left_out() -> None:
    losses = EXPERIMENTS["losses"]
    results = results_of(losses)
    results["runs"] = [run for run in results["runs"] if run["row"] != "sigmoid"]
    for run in results["runs"]:
        if run["row"] == "both directions":
            del run["figures"]["miou"]
    assert list(lines(losses, results)) == ["softmax (paper)", "both directions", "neighbours masked"]
    assert table(losses, results).splitlines()[3].endswith("|  |")


def test_several_kinds_of_imagery_have_columns_of_their_own() -> None:
    assert list(columns(EXPERIMENTS["resolutions"]).values()) == [
        "top-1, 1 m",
        "top-1, 10 m",
        "mAP@20, 1 m",
        "mAP@20, 10 m",
    ]


def test_conditions_say_how_much_was_done() -> None:
    losses = EXPERIMENTS["losses"]
    assert conditions(results_of(losses)) == (
        "2 seeds, each with 6 training and 3 held-out worlds of its own; on average 1,000 tiles with 2,000 targets; "
        "300 steps of 64 tiles; an abacus."
    )


@pytest.mark.parametrize(("name", "seeds"), [("losses", 1), ("geotag-error", 2)])
def test_plots_are_the_same_for_the_same_results(name: str, seeds: int, tmp_path: Path) -> None:
    experiment = EXPERIMENTS[name]
    results = results_of(experiment, seeds)
    for folder in ("a", "b"):
        plot(tmp_path / folder / "plot.svg", experiment, results)
    first, second = ((tmp_path / folder / "plot.svg").read_bytes() for folder in ("a", "b"))
    assert first == second
    assert first.startswith(b"<?xml")
    assert len(first) < 200_000


def test_the_page_keeps_what_stands_around_the_markers(tmp_path: Path) -> None:
    losses, page = EXPERIMENTS["losses"], tmp_path / "experiments.md"
    page.write_text("Before \\1.\n<!-- experiment losses -->\nold\n<!-- end losses -->\nAfter.\n")
    for _ in range(2):
        update_page(page, losses, results_of(losses), tmp_path / "img" / "losses.svg")
    text = page.read_text()
    assert text.startswith("Before \\1.\n<!-- experiment losses -->\n**Question.** ")
    assert text.endswith("</sub>\n<!-- end losses -->\nAfter.\n")
    assert "old" not in text
    assert "](img/losses.svg)" in text
    assert text.count("| sigmoid |") == 1


def test_a_page_without_markers_is_named(tmp_path: Path) -> None:
    page = tmp_path / "experiments.md"
    page.write_text("Nothing here.\n")
    losses = EXPERIMENTS["losses"]
    with pytest.raises(TrainError, match="lacks the lines '<!-- experiment losses -->'"):
        update_page(page, losses, results_of(losses), tmp_path / "losses.svg")


def test_the_page_of_the_project_has_a_place_for_every_experiment() -> None:
    page = (settings.PROJECT_ROOT / "docs" / "experiments.md").read_text()
    for experiment in EXPERIMENTS.values():
        assert f"## {experiment.title}\n\n<!-- experiment {experiment.name} -->\n" in page
        assert f"<!-- end {experiment.name} -->" in page
