"""When an answer is right, and what always giving the same answer would score."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from graft_core.ask.values import Number, Text, Truth, Value

BANDS = (0, 10, 100, 1000)
"""Upper ends of the answers "0", "between 1 and 10", "between 11 and 100", "between 101 and 1000" and "more than 1000"
of RSVQA (Lobry et al. 2020, section III)."""


@dataclass(frozen=True)
class Scoring:
    """How far from the truth an answer may be."""

    kind: Literal["exact", "band", "within"]
    """``exact``: yes or no, a word, a whole number. ``band``: the same of RSVQA's bands. ``within``: a tolerance."""
    absolute: float = 0.0
    """Difference that is still right, in the unit of the truth."""
    relative: float = 0.0
    """The same as a share of the truth; the wider of the two holds."""


EXACT = Scoring("exact")
BAND = Scoring("band")

Answer = bool | float | str


def answer_of(value: Value) -> Answer | None:
    """What a program's value says; None for "I cannot tell", and for regions, which answer no question."""
    if isinstance(value, Truth | Number):
        return value.value
    return " ".join(value.value.casefold().split()) if isinstance(value, Text) else None


def is_right(truth: Answer, scoring: Scoring, answer: Answer | None) -> bool:
    """Whether an answer counts as right; one of another kind, a number for yes or no, never does."""
    if isinstance(truth, bool) or isinstance(answer, bool) or isinstance(truth, str) or isinstance(answer, str):
        return type(truth) is type(answer) and truth == answer
    if answer is None or answer != answer:
        return False
    if scoring.kind == "within":
        return abs(answer - truth) <= max(scoring.absolute, scoring.relative * abs(truth))
    if scoring.kind == "band":
        return band(answer) == band(truth)
    return round(answer) == truth


def band(number: float) -> int:
    """Which of RSVQA's bands a number lies in, from 0; numbers are rounded to whole ones first."""
    whole = round(number)
    return sum(whole > upper for upper in BANDS)


def commonest_answer(asked: Sequence[tuple[Answer, Scoring]]) -> int:
    """How many of some questions are right when all get the one true answer that is right most often.

    For exact answers that is the most frequent one; where there is a tolerance it is the number that the most truths
    lie around, so the baseline gains by the tolerance as the answers do.
    """
    answers = [answer for answer, _ in Counter(truth for truth, _ in asked).most_common()]
    return max((sum(is_right(truth, scoring, answer) for truth, scoring in asked) for answer in answers), default=0)
