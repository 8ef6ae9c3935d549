"""Verb that trains: from a configuration to encoders with cards."""

from pathlib import Path
from typing import Annotated

import typer

from graft_core import cli_options as options
from graft_core import settings
from graft_core.cli_output import print_json, say


def train(
    config: Annotated[Path, typer.Argument(help="TOML; graft_core/train/configs/demo.toml makes the demo encoders.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the weights and cards; GRAFT_WEIGHTS unless given.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of the drawn training worlds, kept for the next run.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes that draw.", min=1)] = 2,
    device: options.DeviceName = "auto",
) -> None:
    """Train the encoders of a configuration; each is saved with its card when it is ready."""
    from graft_core.evaluate.demo_encoders import make_demo_encoders, read_config
    from graft_core.models.device import pick_device
    from graft_core.train.loop import StepMetrics

    wanted = read_config(config)
    target = out or settings.weights_dir()
    drawn = cache or settings.weights_dir() / "drawn"
    figures = {}
    for name, made in make_demo_encoders(wanted, target, drawn, pick_device(device), workers):
        if isinstance(made, StepMetrics):
            say(f"{name}: step {made.step}, loss {made.loss:.4f}, {made.seconds:.0f} s")
        else:
            figures[name] = made
    print_json(figures)
