"""Verb that trains: from a configuration to an encoder with a card."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, say
from graft_core.cli.progress import show
from graft_core.errors import TrainError
from graft_core.types import Progress


def train(
    config: Annotated[Path, typer.Argument(help="TOML of a run, or of the demo encoders (with [worlds]).")],
    pairs: Annotated[
        list[Path] | None, typer.Option("--pairs", help="Table of pairs, instead of the file's; repeat it for more.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the encoder, instead of the file's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint of the run.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Demo encoders: folder of the weights; GRAFT_WEIGHTS unless given.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Demo encoders: folder of the drawn worlds, kept for the next run.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Demo encoders: processes that draw; 2 unless given.", min=1)
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Demo encoders: make this one; repeat it for more.")
    ] = None,
    device: options.DeviceName = "auto",
) -> None:
    """Train an encoder on pairs; it is listed by `models` when it is ready. Under torchrun, on several devices."""
    from graft_core.train.config import read_toml

    if "worlds" in read_toml(config):
        _refuse(f"{config} makes the demo encoders", {"--pairs": pairs, "--name": name, "--resume": resume})
        _demo_encoders(config, out or settings.weights_dir(), cache, workers or 2, only or [], device)
        return
    of_worlds = {"--out": out, "--cache": cache, "--workers": workers, "--only": only}
    _refuse(f"{config} has no [worlds]: it is a run on pairs", of_worlds)
    from graft_core.models.card import read_card
    from graft_core.train.config import read_train_config
    from graft_core.train.distributed import leads_here
    from graft_core.train.run import run_folder
    from graft_core.train.run import train as train_encoder

    wanted = read_train_config(config, name=name, pairs=[str(table) for table in pairs or ()])
    work = train_encoder(wanted, device=device, resume=resume)
    if not leads_here():  # of processes that train together, one speaks
        for _ in work:
            pass
        return
    show(_telling(work, run_folder(wanted.name)), wanted.name)
    card = read_card(settings.weights_dir() / wanted.name)
    figures = {name: card.provenance[name] for name in ("step", "before", "validation", "seconds")}
    print_json({"name": wanted.name, "run": str(run_folder(wanted.name)), **figures})


def _refuse(why: str, options: Mapping[str, object]) -> None:
    """Say so where an option was given that would do nothing."""
    given = [option for option, value in options.items() if value]
    if given:
        raise TrainError(f"{why}, which takes no {' and no '.join(given)}: leave that out.")


def _telling(work: Iterator[Progress], run: Path) -> Iterator[Progress]:
    """The same work, with a sentence for each validation and whatever else the run finds worth saying."""
    told = set(_news(run))
    for step in work:
        if step.unit == "steps":
            for sentence in _news(run):
                if sentence not in told:
                    say(sentence)
                    told.add(sentence)
        yield step


def _news(run: Path) -> list[str]:
    from graft_core.train.metrics import read_metrics

    rows = read_metrics(run)
    events = [f"step {row.step:,}: {row.text}" for row in rows.events]
    return events + [
        f"step {row.step:,}: validation loss {row.loss:.3f}, {row.top1:.0%} find a photo of their own first"
        for row in rows.validations
    ]


def _demo_encoders(config: Path, out: Path, cache: Path | None, workers: int, only: list[str], device: str) -> None:
    from graft_core.evaluate.demo_encoders import make_demo_encoders
    from graft_core.evaluate.demo_recipe import read_config
    from graft_core.models.device import pick_device
    from graft_core.train.loop import StepMetrics

    figures = {}
    drawn = cache or settings.weights_dir() / "drawn"
    for name, made in make_demo_encoders(read_config(config), out, drawn, pick_device(device), workers, only):
        if isinstance(made, StepMetrics):
            say(f"{name}: step {made.step}, loss {made.loss:.4f}, {made.seconds:.1f} s since the last line")
        else:
            figures[name] = made
    print_json(figures)
