"""How sure a value computed from other values is.

What the language computes with is independent as far as it knows; counts, areas and shares are spread normally around
their value.
"""

import math
from collections.abc import Iterable

from graft_core.ask.nouns import with_article
from graft_core.ask.values import Number, Region, Text, Truth, Unknown
from graft_core.errors import QuestionError

TOO_LIKELY = 0.7
"""Match probability from which "nothing was found" says nothing: something was seen, but no object came of it."""
LEAST_SURE_NO = 0.5
"""Where nothing was found and nothing that likely was seen, no is the better bet."""
MISSED = 0.2
"""How probable it is that a relation left none though there is one: one that was not found, say."""
CLOSE = 0.1
"""A count or an area counts as right within this part of its value."""


def sure_of_none(region: Region) -> float | Unknown:
    """How probable it is that an empty region really is empty."""
    if math.isnan(region.best):
        return Unknown("There is no imagery to look at.")
    if region.best >= TOO_LIKELY:
        return Unknown(f"Something looks like {with_article(region.what)}, but no object could be made out.")
    return max(1 - region.best, LEAST_SURE_NO) * region.sure


def likely(truth: Truth) -> float:
    """Probability of yes."""
    return truth.sure if truth.value else 1 - truth.sure


def decided(value: bool, probability_of_yes: float) -> Truth:
    """A yes or no with how sure it is."""
    return Truth(value, probability_of_yes if value else 1 - probability_of_yes)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Whether all are so."""
    every = list(truths)
    return decided(all(each.value for each in every), math.prod(likely(each) for each in every))


def any_of(truths: Iterable[Truth]) -> Truth:
    """Whether one is so."""
    every = list(truths)
    return decided(any(each.value for each in every), 1 - math.prod(1 - likely(each) for each in every))


def within_probability(value: float, spread: float, least: float) -> float:
    """Probability that what is spread around a value lies within a tenth of it, or within ``least``."""
    reach = max(least, CLOSE * abs(value))
    return 1.0 if spread == 0 else math.erf(reach / (spread * math.sqrt(2)))


def more(a: Number, b: Number, *, or_equal: bool = False) -> Truth | Unknown:
    """Whether a > b, or a >= b.

    Raises:
        QuestionError: their units differ.
    """
    _check_comparable(a, b)
    if _both_unseen(a, b):
        return Unknown("Neither was seen clearly enough to compare them.")
    value = a.value >= b.value if or_equal else a.value > b.value
    spread = math.hypot(a.spread, b.spread)
    if spread == 0:
        return Truth(value, a.sure * b.sure)
    ahead = a.value - b.value + (_step(a, b) if or_equal else -_step(a, b))
    seen = decided(value, 0.5 * (1 + math.erf(ahead / (spread * math.sqrt(2)))))
    return Truth(value, seen.sure * _sure_beside_spread(a, b))


def same(a: Number, b: Number) -> Truth | Unknown:
    """Whether a == b.

    Raises:
        QuestionError: their units differ.
    """
    _check_comparable(a, b)
    if _both_unseen(a, b):
        return Unknown("Neither was seen clearly enough to compare them.")
    value = math.isclose(a.value, b.value, rel_tol=1e-9)
    spread, apart = math.hypot(a.spread, b.spread), abs(a.value - b.value)
    if spread == 0 or a.value == b.value == 0:
        return Truth(value, a.sure * b.sure)
    scale, step = spread * math.sqrt(2), _step(a, b) or max(CLOSE * abs(a.value), spread)
    seen = decided(value, 0.5 * (math.erf((apart + step) / scale) - math.erf((apart - step) / scale)))
    return Truth(value, seen.sure * _sure_beside_spread(a, b))


def same_text(a: Text, b: Text) -> Truth:
    """Whether two texts are the same words."""
    if a.value.casefold().split() == b.value.casefold().split():
        return Truth(True, a.sure * b.sure)
    return Truth(False, max(a.sure * b.sure, LEAST_SURE_NO))


def _check_comparable(a: Number, b: Number) -> None:
    if a.unit and b.unit and a.unit != b.unit:
        raise QuestionError(f"A number in {a.unit} cannot be compared with one in {b.unit}; compare like with like.")


def _both_unseen(a: Number, b: Number) -> bool:
    """Nothing was found of either, and both may be there all the same."""
    return a.value == b.value == 0 and max(a.sure, b.sure) < 1 and a.sure * b.sure < LEAST_SURE_NO


def _sure_beside_spread(a: Number, b: Number) -> float:
    """How sure that is which has no spread to show it."""
    return math.prod(each.sure for each in (a, b) if each.spread == 0)


def _step(a: Number, b: Number) -> float:
    """Half of what lies between one count and the next; 0 for what is no count."""
    return 0.5 if not (a.unit or b.unit) and a.value.is_integer() and b.value.is_integer() else 0.0
