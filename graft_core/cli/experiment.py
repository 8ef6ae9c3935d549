"""Verb that runs the experiments of docs/experiments.md again."""

from pathlib import Path
from typing import Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_lines, say
from graft_core.cli.progress import show


def experiment(
    name: Annotated[str, typer.Argument(help="Name of an experiment, or `list`.")],
    seeds: Annotated[int, typer.Option("--seeds", help="Seeds; each has worlds of its own.", min=1)] = 3,
    scale: Annotated[
        str, typer.Option("--scale", help="small (a minute or two) or full (about half an hour).")
    ] = "full",
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the results; rows that are there already are kept.")
    ] = Path("docs/experiments"),
    plots: Annotated[
        Path | None, typer.Option("--plots", help="Folder of the plot; docs/img/experiments, or --out if given.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of the drawn worlds, kept for the next run.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes.", min=1)] = 2,
    device: options.DeviceName = "auto",
) -> None:
    """Run an experiment on demo worlds, or what is missing of it, and draw its table and plot."""
    from graft_core.evaluate.experiments import EXPERIMENTS

    if name == "list":
        print_lines(f"{each.name:16} {each.question}" for each in EXPERIMENTS.values())
        return
    from graft_core.evaluate import experiment_report as report
    from graft_core.evaluate.experiment_run import find_experiment, find_scale, read_runs, results_path, run_experiment

    chosen, size = find_experiment(name), find_scale(scale)
    drawn = cache or settings.weights_dir() / "experiments"
    show(run_experiment(chosen, size, seeds, out, drawn, device=device, workers=workers), name)
    target = results_path(out, chosen, size)
    results = read_runs(target)
    usual = out == Path("docs/experiments")
    picture = (plots or (Path("docs/img/experiments") if usual else out)) / target.with_suffix(".svg").name
    report.plot(picture, chosen, results)
    page = out.with_suffix(".md")
    if size.name == "full" and page.is_file():
        report.update_page(page, chosen, results, picture)
        say(f"{page} is up to date.")
    print_lines([report.table(chosen, results), "", report.conditions(results), str(target), str(picture)])
