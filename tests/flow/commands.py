"""Commands as a person gives them, inside this process: quicker than a new program each time, and the same code."""

import contextlib
import io
import json
from pathlib import Path
from typing import NamedTuple

from graft_core.cli.main import main


class Said(NamedTuple):
    """How a command ended."""

    status: int
    """0 done, 1 a failure that was to be expected, 2 wrong usage."""
    out: str
    """Results, on stdout."""
    err: str
    """Sentences for people, on stderr."""


def command(*words: object) -> Said:
    """Run ``python -m graft_core WORDS``; an exception that would have been a traceback is raised."""
    out, err = io.StringIO(), io.StringIO()
    status: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
    assert status is None or isinstance(status, int), status
    return Said(status or 0, out.getvalue(), err.getvalue())


def done(*words: object) -> str:
    """Run a command that must succeed; its results."""
    said = command(*words)
    assert said.status == 0, said.err
    return said.out


def refused(*words: object) -> str:
    """Run a command that must fail as it should; its one sentence on stderr, with status 1 and nothing on stdout."""
    said = command(*words)
    assert (said.status, said.out) == (1, ""), said
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    sentence = said.err.strip()
    assert sentence.endswith("."), sentence
    assert 30 < len(sentence) < 500, sentence
    return sentence


def tiles_of(scene: Path) -> int:
    """Tiles of a scene in the only index there is, which must be sound."""
    (index,) = json.loads(done("index", "list", "--json"))
    assert index["problem"] is None
    return sum(each["tiles"] for each in index["scenes"] if each["source"] == str(scene))
