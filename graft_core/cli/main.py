"""The command line: every verb is the task that the pages run; results to stdout, everything else to stderr."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from graft_core.cli import (
    ask,
    change,
    check,
    embeddings,
    experiment,
    house,
    imagery,
    pairs,
    photos,
    replay,
    search,
    segment,
    train,
)
from graft_core.cli.output import say
from graft_core.errors import GraftError

INTERRUPTED = 130
"""Exit status of a program stopped by Ctrl-C."""

app = typer.Typer(
    help="Search satellite and aerial imagery with words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (
    house.doctor,
    house.world,
    house.models,
    house.fetch,
    house.scenes,
    search.index,
    search.density,
    search.retrieve,
    change.change,
    replay.replay,
    segment.segment,
    segment.classify,
    ask.ask,
    house.evaluate,
    check.check,
    imagery.imagery,
    embeddings.embeddings,
    photos.photos,
    pairs.pairs,
    train.train,
    experiment.experiment,
):
    app.command()(verb)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one verb and exit: 0 done, 1 an expected failure, 2 wrong usage, 130 interrupted."""
    try:
        app(arguments, prog_name="python -m graft_core")
    except GraftError as error:
        say(str(error))
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            say("Stopped. What was finished is kept: run the same command again to go on.")
        raise
    sys.exit(0)
