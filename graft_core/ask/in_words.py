"""What a step came to, and how sure an answer is, in the few words of a table."""

import shapely

from graft_core.ask.nouns import counted
from graft_core.ask.quantity_words import area_words, number_words
from graft_core.ask.values import Number, Region, Text, Truth, Unknown, Value

SURE = ((0.9, "very sure"), (0.75, "fairly sure"), (0.5, "unsure"), (0.0, "hardly more than a guess"))
"""From which probability an answer is called what."""


def value_in_words(value: Value) -> str:
    """``3 lakes, 4.2 ha``, ``12``, ``27 %``, ``yes``, the text itself, or why it is unknown."""
    match value:
        case Unknown():
            return f"unknown: {value.why}"
        case Region():
            return _region(value)
        case Number():
            return number_words(value)
        case Truth():
            return "yes" if value.value else "no"
        case Text():
            return value.value


def sure_in_words(sure: float) -> str:
    """How sure an answer is; ``cannot tell`` at 0.

    Args:
        sure: probability that it is right, [0, 1].
    """
    return next(words for least, words in SURE if sure >= least) if sure > 0 else "cannot tell"


def _region(region: Region) -> str:
    area = area_words(shapely.union_all([each.shape for each in region.things]).area)
    if region.what == "scene":
        return f"the scene, {area}"
    number = counted(len(region.things), region.what)
    return f"{number}, {area}" if region.things else number
