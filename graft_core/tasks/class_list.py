"""A list of classes as a person writes it: names, what they mean in words, and a colour for each."""

import colorsys
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graft_core.errors import QueryError
from graft_core.search.query import Query, parse_query

Color = tuple[int, int, int]

MOST_CLASSES = 254
"""A label map has 256 values; one means no imagery, one means unsure."""
UNSURE = "unsure"
"""Name of the class of pixels that two classes claim nearly alike."""
UNSURE_COLOR: Color = (205, 205, 205)
COLORS: tuple[Color, ...] = (
    (0, 158, 115), (0, 114, 178), (213, 94, 0), (240, 228, 66), (204, 121, 167), (86, 180, 233), (230, 159, 0),
    (51, 34, 136), (17, 119, 51), (136, 34, 85), (153, 153, 51), (136, 204, 238), (170, 68, 153), (221, 204, 119),
    (68, 170, 153), (204, 102, 119),
)  # fmt: skip
"""The palettes of Okabe and Ito (2008) and of Tol ("muted", 2021): told apart without colour vision."""

_EXAMPLE = "for example 'forest, water = lake + river, fields'"
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_LONGEST_NAME = 60
_GOLDEN_ANGLE = 0.381966


@dataclass(frozen=True)
class ClassName:
    """One class of a map."""

    name: str
    """What the legend says."""
    words: str
    """What to look for, as a query is typed."""
    color: Color
    """Red, green and blue, 0-255."""

    @property
    def query(self) -> Query:
        """The words as a query; QueryError where they are none."""
        return parse_query(self.words)


def parse_classes(text: str | Sequence[str]) -> tuple[ClassName, ...]:
    """Read a list of classes, separated by commas or lines: ``forest, water = lake + river``.

    The words of a class are those after ``=``, a query with its operators; its name unless given. A comma inside double
    quotes is part of the words.

    Raises:
        QueryError: fewer than two classes, an empty one, two of one name or of the same words, or words that are no
            query.
    """
    given = [text] if isinstance(text, str) else text
    items = [item.strip() for each in given for line in each.splitlines() for item in _COMMA.split(line)]
    if not any(items):
        raise QueryError(f"The list of classes is empty; name at least two, {_EXAMPLE}.")
    classes = [_class_of(item, number) for number, item in enumerate(items, start=1)]
    named = [
        ClassName(name, words, color) for (name, words), color in zip(classes, class_colors(len(items)), strict=True)
    ]
    check_classes(named)
    return tuple(named)


def check_classes(classes: Sequence[ClassName]) -> None:
    """Refuse a list that no map can be made of (QueryError)."""
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise QueryError(f"A map needs 2 to {MOST_CLASSES} classes, and there are {len(classes)}; {_EXAMPLE}.")
    for each in classes:
        if each.name.casefold() == UNSURE:
            raise QueryError(
                f"'{each.name}' is what the map calls pixels between two classes; name the class otherwise."
            )
        if not all(isinstance(part, int) and 0 <= part <= 255 for part in each.color) or len(each.color) != 3:
            raise QueryError(f"{each.color} is no colour for '{each.name}'; give red, green and blue from 0 to 255.")
    _require_distinct([each.name for each in classes], "called")
    _require_distinct([each.query.text for each in classes], "looked for as")


def class_colors(count: int) -> tuple[Color, ...]:
    """Colours for so many classes, all different; the first 16 are told apart without colour vision."""
    more = []
    for i in range(max(count - len(COLORS), 0)):
        lightness = (0.42, 0.62, 0.8)[i % 3]
        parts = colorsys.hls_to_rgb(i * _GOLDEN_ANGLE % 1, lightness, 0.65)
        more.append((round(parts[0] * 255), round(parts[1] * 255), round(parts[2] * 255)))
    return (*COLORS, *more)[:count]


def _class_of(item: str, number: int) -> tuple[str, str]:
    name, equals, words = (part.strip() for part in item.partition("="))
    if not name or (equals and not words):
        raise QueryError(f"Class {number} of the list, '{item}', has no name or no words; write it like {_EXAMPLE}.")
    name = " ".join(name.strip('"').split())
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise QueryError(f"Class {number}, '{name[:_LONGEST_NAME]}', needs a name of at most {_LONGEST_NAME} letters.")
    return name, words or item


def _require_distinct(texts: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for text in texts:
        if text.casefold() in seen:
            raise QueryError(f"Two classes are {what} '{text}'; take one out, or tell them apart.")
        seen.add(text.casefold())
