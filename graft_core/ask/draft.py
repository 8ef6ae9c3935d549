"""Pieces of a program while it is being written; words of a question enter only through `text_literal`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WORDS = re.compile(r"[a-z0-9]+(?:[- ][a-z0-9]+)*(?: \+ [a-z0-9]+(?:[- ][a-z0-9]+)*)*")
"""All that a text literal of a planned program can hold: words, and a plus between names of a union."""


@dataclass(frozen=True)
class Draft:
    """A program, or the expression for one part of it."""

    code: str
    """In the language."""
    notices: tuple[str, ...] = ()
    """What must be said beside the answer."""


@dataclass(frozen=True)
class Sizes:
    """What small and large mean when no number is given."""

    small_m2: float = 3000.0
    """Small is less than this; RSVQA's low-resolution set says 3000, its high-resolution set 100."""
    large_m2: float = 10000.0
    """Large is more than this; RSVQA's low-resolution set says 10000, its high-resolution set 500."""


Groups = dict[str, str]
"""What the named groups of a pattern matched."""
Builder = Callable[[Groups, Sizes], Draft | None]
"""Writes a program from what a pattern matched; None where the words in it are no names of things."""


@dataclass(frozen=True)
class Sentence:
    """One way to ask."""

    pattern: re.Pattern[str]
    """Of the whole question, as `plain_question` gives it."""
    build: Builder


def sentence(pattern: str, build: Builder) -> Sentence:
    """A way to ask."""
    return Sentence(re.compile(pattern), build)


def text_literal(words: str) -> str:
    """Words as a text of the language. Nothing else of a question ever gets into a program."""
    if not WORDS.fullmatch(words):
        raise ValueError(f"{words!r} is more than words")
    return json.dumps(words)


def drafted(template: str, *parts: Draft) -> Draft:
    """A draft of several: each ``{}`` in the template takes the code of one part, their notices are joined."""
    notices = dict.fromkeys(notice for part in parts for notice in part.notices)
    return Draft(template.format(*(part.code for part in parts)), tuple(notices))


def halves(text: str, separator: str) -> Iterator[tuple[str, str]]:
    """Each way to cut a text in two at a separator."""
    start = text.find(separator)
    while start >= 0:
        yield text[:start], text[start + len(separator) :]
        start = text.find(separator, start + 1)
