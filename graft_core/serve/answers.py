"""An answer in a file: the same that can be taken away, with where it was asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graft_core.ask.in_words import value_in_words
from graft_core.ask.reply import Reply
from graft_core.ask.reply_json import Places, reply_json
from graft_core.io.atomic import write_json

VERSION = 1
"""Of the file."""


def write_answer(path: Path, reply: Reply, eyes: Places, looking: Mapping[str, str | None], *, refined: bool) -> None:
    """Keep an answer, whole or not at all.

    Args:
        path: of the file; its folder is made.
        reply: the answer.
        eyes: the ones that it was found with.
        looking: ``scene``, ``encoder`` and ``area`` as they were chosen.
        refined: whether SAM outlined what was found.

    Raises:
        ExportError: the disk takes no more.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {
        "version": VERSION,
        "looking": dict(looking),
        "refined": refined,
        "said": [value_in_words(step.value) for step in reply.steps],
        "answer": reply_json(reply, eyes),
    }
    write_json(path, told)
