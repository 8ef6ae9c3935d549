"""Families of questions about a window of a demo world, and which questions of each are too near to call to be asked.

Every family is a function of the window's truth, dice, and the answer that is wanted: yes or no, urban or rural, a
larger or a smaller number. It gives None where the window has no such question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeVar

import numpy as np

from graft_core.evaluate.answer_scores import BAND, EXACT, Answer, Scoring
from graft_core.evaluate.class_objects import COUNTABLE, WindowTruth
from graft_core.evaluate.question_words import a, land, plural
from graft_core.world.land import CLASSES

Item = TypeVar("Item")

MANY = 2
"""A count from which it is among the larger ones."""
COUNT_RATIO = 2.0
"""Counts are compared where one is at least so many times the other: two against three is nearly equal."""
AREA_RATIO, AREA_LEAD = 1.5, 0.05
"""Areas are compared where one is so many times the other, and ahead by this share of the window."""
LEAST_SHARE, LARGE_SHARE = 0.05, 0.25
"""Share of the window from which a class's area is asked for, and from which it is among the larger ones."""
SHARE_ERROR = 0.1
"""Difference of two shares that is still right."""
AREA_ERROR = Scoring("within", relative=0.25)
"""Areas may be wrong by a quarter: outlines on patches of 16 m, or 160 m, cannot do much better."""
URBAN, RURAL = 0.5, 0.2
"""Built-up share of the window from which it is urban, and up to which it is rural; what lies between may be either."""
DISTANCES_M = (30, 50, 100, 500, 1000)
"""Distances that are asked for; 30 m is "next to"."""
LEAST_PATCHES = 1.5
"""A distance of fewer patches than that is finer than what the encoder sees."""
CLEAR_DISTANCE = 2.0
"""What lies nearer than a distance by this factor is near, what lies further by it is not."""
CLEAR_PATCHES = 2.0
"""One thing lies north of another if it does by this many patches."""


@dataclass(frozen=True)
class Drawn:
    """A question of a family."""

    text: str
    """As a person asks it."""
    truth: Answer
    """What is true."""
    scoring: Scoring = EXACT
    """When an answer is right."""


Family = Callable[[WindowTruth, np.random.Generator, bool], Drawn | None]


def presence(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """Is there one? Not asked where the class only shows pieces that one may see or overlook."""
    known = {name: truth.objects(name) for name in CLASSES}
    name = _one(
        dice, [name for name, each in known.items() if (each.count > 0) == wanted and (each.count or each.clear)]
    )
    if name is None:
        return None
    asked = (
        f"Is there {a(name)}?",
        f"Is {a(name)} present?",
        f"Is there {a(name)} in the image?",
        f"Are there any {plural(name)}?",
    )
    return Drawn(_said(dice, asked), wanted)


def count(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """How many? Not asked where pieces may be overlooked, or may be one thing or two; scored by RSVQA's bands."""
    name = _one(dice, _counted(truth, lambda number: (number >= MANY) == wanted))
    if name is None:
        return None
    asked = (
        f"How many {plural(name)} are there?",
        f"What is the number of {plural(name)}?",
        f"What is the amount of {plural(name)}?",
    )
    return Drawn(_said(dice, asked), float(truth.objects(name).count), BAND)


def density(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """How many a square kilometre? Asked as `count`; right where it means the same count, or one within a quarter."""
    name = _one(dice, _counted(truth, lambda number: number > 0 and (number >= MANY) == wanted))
    if name is None:
        return None
    km2 = truth.m2 / 1e6
    asked = f"How many {plural(name)} are there per square kilometre?", f"What is the density of {plural(name)}?"
    scoring = Scoring("within", absolute=0.5 / km2, relative=0.25)
    return Drawn(_said(dice, asked), truth.objects(name).count / km2, scoring)


def comparison_of_counts(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """More of these than of those? Not asked where the counts are nearly equal."""
    counts = {name: truth.objects(name).count for name in _counted(truth, lambda number: True)}
    pairs = [(x, y) for x, y in permutations(counts, 2) if counts[x] and counts[x] >= COUNT_RATIO * counts[y]]
    pair = _one(dice, pairs)
    if pair is None:
        return None
    more, fewer = (plural(name) for name in pair)
    if dice.integers(2):
        first, second = (more, fewer) if wanted else (fewer, more)
        return Drawn(f"Are there more {first} than {second}?", wanted)
    first, second = (fewer, more) if wanted else (more, fewer)
    return Drawn(
        _said(dice, (f"Are there less {first} than {second}?", f"Are there fewer {first} than {second}?")), wanted
    )


def comparison_of_areas(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """Larger than that? Not asked where the areas are nearly equal."""
    shares = truth.shares
    pairs = [
        (x, y)
        for x, y in permutations(CLASSES, 2)
        if shares[x] >= AREA_RATIO * shares[y] and shares[x] >= shares[y] + AREA_LEAD and shares[y] >= AREA_LEAD / 2
    ]
    pair = _one(dice, pairs)
    if pair is None:
        return None
    first, second = (land(name) for name in (pair if wanted else pair[::-1]))
    asked = (
        f"Is the area covered by {first} larger than the area covered by {second}?",
        f"Is more area covered by {first} than by {second}?",
    )
    return Drawn(_said(dice, asked), wanted)


def area(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """How many square metres? Asked of what fills a twentieth of the window or more."""
    name = _one(dice, _covering(truth, wanted))
    if name is None:
        return None
    asked = f"What is the area covered by {land(name)}?", f"How large is the area covered by {land(name)}?"
    return Drawn(_said(dice, asked), truth.shares[name] * truth.m2, AREA_ERROR)


def share(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """What share of the area? Asked as `area`."""
    name = _one(dice, _covering(truth, wanted))
    if name is None:
        return None
    asked = f"What share of the area is {name}?", f"What fraction of the image is covered by {land(name)}?"
    return Drawn(_said(dice, asked), truth.shares[name], Scoring("within", absolute=SHARE_ERROR))


def rural_urban(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """Is it a rural or an urban area? Not asked where it is half and half."""
    if not (truth.built_up >= URBAN if wanted else truth.built_up <= RURAL):
        return None
    asked = "Is it a rural or an urban area", "Is this area rural or urban?"
    return Drawn(_said(dice, asked), "urban" if wanted else "rural")


def relation(truth: WindowTruth, dice: np.random.Generator, wanted: bool) -> Drawn | None:
    """One near another, or north of it? Both are there; not asked where the distance is about the one in question."""
    present = [name for name in CLASSES if truth.objects(name).clear and truth.objects(name).count]
    pair = _one(dice, list(permutations(present, 2)))
    if pair is None:
        return None
    return _nearness(truth, dice, wanted, *pair) if dice.integers(3) else _direction(truth, dice, wanted, *pair)


FAMILIES: Mapping[str, Family] = {
    "presence": presence,
    "count": count,
    "comparison_of_counts": comparison_of_counts,
    "comparison_of_areas": comparison_of_areas,
    "area": area,
    "share": share,
    "density": density,
    "rural_urban": rural_urban,
    "relation": relation,
}
"""By the name that figures are reported under."""


def _nearness(truth: WindowTruth, dice: np.random.Generator, wanted: bool, first: str, second: str) -> Drawn | None:
    known = truth.distance_m(first, second)
    metres = _one(
        dice,
        [
            each
            for each in DISTANCES_M
            if each >= LEAST_PATCHES * truth.patch_m
            and (known <= each / CLEAR_DISTANCE if wanted else known >= each * CLEAR_DISTANCE)
        ],
    )
    if metres is None:
        return None
    where = "next to" if metres == DISTANCES_M[0] else f"within {metres} m of"
    return Drawn(f"Is there {a(first)} {where} {a(second)}?", wanted)


def _direction(truth: WindowTruth, dice: np.random.Generator, wanted: bool, first: str, second: str) -> Drawn | None:
    """North of one means that there is one which it is north of."""
    word, axis, sign = [("north", 0, -1), ("south", 0, 1), ("west", 1, -1), ("east", 1, 1)][dice.integers(4)]
    ahead, behind = (sign * truth.objects(name).centers[:, axis] for name in (first, second))
    lead = float(ahead.max() - behind.min()) / truth.patch_px
    if not (lead >= CLEAR_PATCHES if wanted else lead <= -CLEAR_PATCHES):
        return None
    return Drawn(f"Is there {a(first)} {word} of {a(second)}?", wanted)


def _counted(truth: WindowTruth, wanted: Callable[[int], bool]) -> list[str]:
    """Classes whose count nobody would dispute."""
    known = {name: truth.objects(name) for name in COUNTABLE}
    return [name for name, each in known.items() if each.separate and wanted(each.count)]


def _covering(truth: WindowTruth, large: bool) -> list[str]:
    return [name for name, each in truth.shares.items() if each >= LEAST_SHARE and (each >= LARGE_SHARE) == large]


def _one(dice: np.random.Generator, items: Sequence[Item]) -> Item | None:
    return items[int(dice.integers(len(items)))] if items else None


def _said(dice: np.random.Generator, sentences: Sequence[str]) -> str:
    return sentences[int(dice.integers(len(sentences)))]
