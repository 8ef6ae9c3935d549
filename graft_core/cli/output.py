"""What a verb says: results on stdout, sentences for people on stderr."""

import json
from collections.abc import Iterable

import typer

from graft_core.io.atomic import without_nan


def print_json(value: object) -> None:
    """One JSON value on stdout; what is not a number becomes null, for JSON has no NaN."""
    typer.echo(json.dumps(without_nan(value), ensure_ascii=False, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    """Results for people, one a line, on stdout."""
    for line in lines:
        typer.echo(line)


def say(sentence: str) -> None:
    """A sentence on stderr."""
    typer.echo(sentence, err=True)


def bytes_text(count: int) -> str:
    """A size for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
