"""Tables and plots of experiments, drawn from their results: no figure in docs/experiments.md is typed by hand."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graft_core.errors import TrainError
from graft_core.evaluate.experiments import Experiment
from graft_core.io.atomic import replacing, write_text

FIGURE_NAMES = {"top1": "top-1", "map_at_20": "mAP@20", "miou": "patch mIoU"}
SENSOR_NAMES = {"naip": "1 m", "sentinel2": "10 m"}
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
"""Okabe and Ito's colours, told apart by every kind of eye."""
MARKERS = ("o", "s", "^", "D")


@dataclass(frozen=True)
class Line:
    """One figure of one row over the seeds."""

    mean: float
    """Mean; NaN where nothing was measured."""
    spread: float
    """Standard deviation; NaN for fewer than two seeds."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Line":
        """Mean and sample standard deviation."""
        mean = float(np.mean(values)) if values else float("nan")
        return cls(mean, float(np.std(values, ddof=1)) if len(values) > 1 else float("nan"))

    def __str__(self) -> str:
        if np.isnan(self.mean):
            return ""
        return f"{self.mean:.3f}" if np.isnan(self.spread) else f"{self.mean:.3f} ± {self.spread:.3f}"


def columns(experiment: Experiment) -> dict[str, str]:
    """Key of each figure in the results -> what the table calls it."""
    if len(experiment.measured) == 1:
        return {name: FIGURE_NAMES[name] for name in experiment.figures}
    return {
        f"{sensor}_{name}": f"{FIGURE_NAMES[name]}, {SENSOR_NAMES[sensor]}"
        for name in experiment.figures
        for sensor in experiment.measured
    }


def lines(experiment: Experiment, results: Mapping[str, Any]) -> dict[str, dict[str, Line]]:
    """Row label -> figure -> mean and spread, in the experiment's order; rows that were not run are left out."""
    found = {}
    for row in experiment.rows:
        runs = [run["figures"] for run in results["runs"] if run["row"] == row.label]
        if runs:
            found[row.label] = {key: Line.of([r[key] for r in runs if key in r]) for key in columns(experiment)}
    return found


def table(experiment: Experiment, results: Mapping[str, Any]) -> str:
    """Markdown: one line a row, mean ± standard deviation over the seeds."""
    names = columns(experiment)
    text = [f"| | {' | '.join(names.values())} |", f"|---|{'---|' * len(names)}"]
    for label, figures in lines(experiment, results).items():
        text.append(f"| {label} | {' | '.join(str(figures[key]) for key in names)} |")
    return "\n".join(text)


def conditions(results: Mapping[str, Any]) -> str:
    """One sentence: how much was drawn and trained, and on what."""
    scale, runs = results["scale"], results["runs"]
    seeds = len({run["seed"] for run in runs})
    tiles, targets = (round(float(np.mean([run[key] for run in runs]))) for key in ("tiles", "targets"))
    return (
        f"{seeds} seed{'s' * (seeds > 1)}, each with {scale['worlds']} training and {scale['held_out']} held-out "
        f"worlds of its own; on average {tiles:,} tiles with {targets:,} targets; {scale['steps']} steps of "
        f"{scale['batch']} tiles; {results['hardware']}."
    )


def plot(path: Path, experiment: Experiment, results: Mapping[str, Any]) -> None:
    """Write an SVG with one panel a figure; the same results give the same file."""
    names, found = columns(experiment), lines(experiment, results)
    with mpl.rc_context({"svg.hashsalt": experiment.name, "font.size": 9, "axes.spines.top": False}):
        height = 2.6 if experiment.axis else 0.7 + 0.32 * len(found)
        figure = Figure(figsize=(3.0 * len(names) + 0.8 * (not experiment.axis), height), layout="constrained")
        panels: Iterable[Axes] = figure.subplots(1, len(names), squeeze=False, sharey=not experiment.axis)[0]
        for panel, (key, name) in zip(panels, names.items(), strict=True):
            (_curves if experiment.axis else _dots)(panel, experiment, {k: v[key] for k, v in found.items()})
            panel.set_title(name, fontsize=9)
            panel.grid(alpha=0.25)
            panel.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            figure.savefig(draft, format="svg", metadata={"Date": None})


def _curves(panel: Axes, experiment: Experiment, values: Mapping[str, Line]) -> None:
    """Rows along the axis, one curve a series."""
    rows = [row for row in experiment.rows if row.label in values]
    series = list(dict.fromkeys(row.series for row in rows))
    for name, color, marker in zip(series, PALETTE, MARKERS, strict=False):
        points = [(row.x, values[row.label]) for row in rows if row.series == name and row.x is not None]
        x, mean, spread = ([p[0] for p in points], [p[1].mean for p in points], [p[1].spread for p in points])
        panel.errorbar(x, mean, np.nan_to_num(spread), color=color, marker=marker, ms=4, capsize=2, label=name)
    panel.set_xscale(experiment.axis_scale, **({"linthresh": 5} if experiment.axis_scale == "symlog" else {}))
    ticks = sorted({row.x for row in rows if row.x is not None})
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=7)
    panel.minorticks_off()
    panel.set_xlabel(experiment.axis)
    panel.set_ylim(bottom=0)
    if len(series) > 1:
        panel.legend(frameon=False, fontsize=8)


def _dots(panel: Axes, experiment: Experiment, values: Mapping[str, Line]) -> None:
    """One dot a row, the first row on top."""
    places = -np.arange(len(values))
    mean, spread = [line.mean for line in values.values()], [line.spread for line in values.values()]
    panel.errorbar(mean, places, xerr=np.nan_to_num(spread), fmt="o", color=PALETTE[0], ms=5, capsize=2)
    panel.set_yticks(places, list(values))
    panel.set_ylim(places[-1] - 0.6, 0.6)
    panel.set_xlim(left=0)


def section(experiment: Experiment, results: Mapping[str, Any], picture: str) -> str:
    """What stands between the markers of docs/experiments.md."""
    return "\n".join(
        [
            f"**Question.** {experiment.question}",
            "",
            f"**Method.** {experiment.method}",
            "",
            table(experiment, results),
            "",
            f"![{experiment.title}]({picture})",
            "",
            f"<sub>{conditions(results)}</sub>",
        ]
    )


def update_page(page: Path, experiment: Experiment, results: Mapping[str, Any], picture: Path) -> None:
    """Put the section between its markers, and leave the rest of the page alone.

    Raises:
        TrainError: the page has no markers for the experiment.
    """
    start, end = f"<!-- experiment {experiment.name} -->", f"<!-- end {experiment.name} -->"
    text = page.read_text(encoding="utf-8")
    where = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not where.search(text):
        raise TrainError(f"{page} lacks the lines '{start}' and '{end}': add them where the results shall stand.")
    link = os.path.relpath(picture, page.parent).replace(os.sep, "/")
    new = f"{start}\n{section(experiment, results, link)}\n{end}"
    write_text(page, where.sub(lambda _: new, text))
