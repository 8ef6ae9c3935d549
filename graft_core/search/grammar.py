"""The grammar of a typed query: terms joined by + and -, each with a weight if wanted.

query  = term { ("+" | "-") term }     an operator stands between spaces: a hyphen inside a word is part of the word
term   = [number "*"] [photo: | chip: | tile:] words
words  = everything up to the next operator, or '...' or "..." where the words themselves hold an operator
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from graft_core.errors import QueryError

PieceKind = Literal["text", "photo", "chip", "tile"]
KINDS: dict[str, PieceKind] = {"photo": "photo", "chip": "chip", "tile": "tile"}
"""Prefix of a term that is not words."""

LONGEST = 1000
"""Characters of a whole query; CLIP's text towers read about 300."""
MOST_TERMS = 16
"""Terms of one query."""
HEAVIEST = 100.0
"""Largest weight; beyond it the other terms are lost in rounding."""

_EXAMPLE = "for example 'forest - orchard' or '2*pool + house'"
_TOKEN = re.compile(
    r"""(?P<operator>[+-])(?=\s|$)
      | (?P<weight>\d+\.?\d*|\.\d+)\s*\*\s*
      | (?P<kind>photo|chip|tile):
      | (?P<quoted>"(?P<double>.*?)"(?=\s|$)|'(?P<single>.*?)'(?=\s|$))
      | (?P<word>\S+)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Piece:
    """One term as it was typed."""

    kind: PieceKind
    """Words, or what the prefix named."""
    value: str
    """The words or the path, without quotes."""
    weight: float
    """With the sign of its operator."""


class _Term:
    """The term being read: what has been seen of it so far."""

    def __init__(self, sign: str) -> None:
        self.sign = sign
        self.weight: str | None = None
        self.kind: PieceKind = "text"
        self.parts: list[str] = []

    def piece(self) -> Piece:
        value = " ".join(self.parts).strip()
        if not value:
            seen = f"{self.weight}*" if self.weight else self.sign
            seen = f"{self.kind}:" if self.kind != "text" else seen
            raise QueryError(f"Nothing to look for stands after '{seen}'; put words there, {_EXAMPLE}.")
        if self.kind == "text" and not any(char.isalnum() for char in value):
            raise QueryError(f"'{value}' has no letter in it; write what you look for in words, {_EXAMPLE}.")
        weight = 1.0 if self.weight is None else float(self.weight)
        if not 0 < weight <= HEAVIEST:
            raise QueryError(
                f"Weight {self.weight} of '{value}' is outside 0 to {HEAVIEST:g}; "
                "take the term out, or give it a weight such as 0.5 or 2."
            )
        return Piece(self.kind, value, -weight if self.sign == "-" else weight)


def split_query(text: str) -> list[Piece]:
    """Cut a typed query into its terms, weights signed.

    Raises:
        QueryError: empty, too long, unreadable, or an operator without a term.
    """
    line = _readable(text)
    pieces: list[Piece] = []
    term: _Term | None = None
    for token in _TOKEN.finditer(line):
        if token["operator"]:
            if term is not None:
                pieces.append(term.piece())
            term = _Term(token["operator"])
        else:
            term = term or _Term("+")
            _take(term, token)
    if term is not None:
        pieces.append(term.piece())
    if len(pieces) > MOST_TERMS:
        raise QueryError(f"The query has {len(pieces)} terms; ask with at most {MOST_TERMS}.")
    return pieces


def quoted(words: str) -> str:
    """Words between quotes that do not end inside them."""
    mark = "'" if '"' in words else '"'
    return f"{mark}{words}{mark}"


def _readable(text: str) -> str:
    line = text.strip()
    if not line:
        raise QueryError(f"The query is empty; write what you look for, {_EXAMPLE}.")
    if len(line) > LONGEST:
        raise QueryError(f"The query has {len(line)} characters; ask with at most {LONGEST}.")
    if any(unicodedata.category(char) in ("Cc", "Cs") and not char.isspace() for char in line):
        raise QueryError(f"The query holds characters that are not text; type it again, {_EXAMPLE}.")
    return line


def _take(term: _Term, token: re.Match[str]) -> None:
    untouched = not term.parts and term.kind == "text"
    inside = token["double"] if token["double"] is not None else token["single"]
    if token["weight"] and untouched and term.weight is None:
        term.weight = token["weight"]
    elif token["kind"] and untouched:
        term.kind = KINDS[token["kind"]]
    elif token["kind"] or token["weight"]:
        raise QueryError(f"'{token[0].strip()}' starts a new term; write + or - before it, {_EXAMPLE}.")
    elif term.kind == "text":
        words = _checked_word(token["word"]) if inside is None else inside
        term.parts.append(" ".join(unicodedata.normalize("NFC", words).split()))
    elif term.parts:
        raise QueryError(
            f"'{token[0]}' follows {term.kind}:{term.parts[0]} without an operator; "
            f"write + between them, or quote a path that holds spaces: {term.kind}:'my file.jpg'."
        )
    else:
        term.parts.append(token["word"] if inside is None else inside)


def _checked_word(word: str) -> str:
    """A word of a text term, refused where it was probably meant as something else."""
    if word[0] in "\"'":
        raise QueryError(f"The quote before '{word[1:]}' is not closed; put {word[0]} after the last word too.")
    if len(word) > 1 and (word[0] in "+-" or word[-1] in "+-"):
        raise QueryError(f"In '{word}' the operator lacks a space: write 'forest - orchard', or quote \"{word}\".")
    if "*" in word:
        raise QueryError(f"'{word}' is not a weight and a word; write '2*pool', or put quotes around it.")
    return word
