"""What can be read off regions without looking again: presence, counts, areas."""

import math
from statistics import NormalDist

import shapely

from graft_core.ask.chances import LEAST_SURE_NO, more, same, sure_of_none, within_probability
from graft_core.ask.quantity_words import KM2
from graft_core.ask.values import Number, Region, Text, Truth, Unknown

LEAST_SURE_ZERO, MOST_SURE_ZERO = 0.6, 0.9999
"""Between these the spread of a count of 0 is chosen so that "more than 0" is as sure as "there is one"."""


def exists(region: Region) -> Truth | Unknown:
    """Whether there is anything in a region.

    Example: exists(find(scene, "lake"))
    """
    if region.things:
        return Truth(True, max(each.match for each in region.things) * region.sure)
    none = sure_of_none(region)
    return none if isinstance(none, Unknown) else Truth(False, none)


def count(region: Region) -> Number | Unknown:
    """How many things a region has.

    Example: count(find(scene, "house"))
    """
    none = None if region.things else sure_of_none(region)
    if isinstance(none, Unknown):
        return none
    number = float(len(region.things))
    spread = math.sqrt(sum(each.match * (1 - each.match) for each in region.things))
    if none is not None:
        return Number(0.0, "", none, 0.5 / NormalDist().inv_cdf(min(max(none, LEAST_SURE_ZERO), MOST_SURE_ZERO)))
    return Number(number, "", within_probability(number, spread, 0.5) * region.sure, spread)


def area(region: Region) -> Number | Unknown:
    """Ground that the things of a region cover, in square metres; a hectare has 10000.

    Example: area(find(scene, "forest"))
    """
    none = None if region.things else sure_of_none(region)
    if isinstance(none, Unknown):
        return none
    if none is not None:
        return Number(0.0, "m2", none)
    value = float(shapely.union_all([each.shape for each in region.things]).area)
    spread = math.sqrt(sum(each.shape.area**2 * each.match * (1 - each.match) for each in region.things))
    return Number(value, "m2", within_probability(value, spread, 0.0) * region.sure, spread)


def compare(x: Number, y: Number) -> Text | Unknown:
    """Whether x is more than y: the text "more", "less" or "equal".

    Example: compare(count(house), count(lake))
    """
    equal = same(x, y)
    if isinstance(equal, Unknown):
        return equal
    if equal.value:
        return Text("equal", equal.sure)
    ahead = more(x, y) if x.value > y.value else more(y, x)
    return ahead if isinstance(ahead, Unknown) else Text("more" if x.value > y.value else "less", ahead.sure)


def scene_km2(scene: Region) -> float:
    """Area of the imagery in square kilometres."""
    return float(sum(each.shape.area for each in scene.things)) / KM2


def per_km2(counted: Number, km2: float) -> Number | Unknown:
    """A count by area."""
    if km2 <= 0:
        return Unknown("There is no imagery to look at.")
    return Number(counted.value / km2, "per km2", counted.sure, counted.spread / km2)


def surest(names: tuple[str, ...], values: tuple[float, ...], error: float) -> Text | Unknown:
    """The name with the highest value, as sure as it is ahead of the next.

    Args:
        names: at least one.
        values: one for each name, NaN where there is no imagery.
        error: standard deviation of each value.
    """
    if any(math.isnan(value) for value in values):
        return Unknown("There is no imagery to look at.")
    ranked = sorted(zip(values, names, strict=True), key=lambda pair: -pair[0])
    if ranked[0][0] <= 0:
        return Unknown(f"Nothing there looks like {' or '.join(names)}.")
    if len(ranked) == 1:
        return Text(ranked[0][1], max(LEAST_SURE_NO, ranked[0][0]))
    ahead = (ranked[0][0] - ranked[1][0]) / (2 * error)
    return Text(ranked[0][1], 0.5 * (1 + math.erf(ahead)))
