"""Things chosen by where they lie and how large they are.

A relation to a region means a relation to at least one of its things: a house is near a lake, or north of one, when
there is a lake for which this is so. What is chosen keeps its outline and its match.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import shapely

from graft_core.ask.chances import MISSED
from graft_core.ask.nouns import with_article
from graft_core.ask.values import Number, Region, Thing
from graft_core.errors import QuestionError

MOSTLY = 0.5
"""Part of a thing's area from which it lies within something."""
TOUCHING = 1e-6
"""Metres that count as none."""


def near(a: Region, b: Region, metres: Number) -> Region:
    """Things of a whose outline is at most so many metres from the outline of a thing of b; no thing is near itself.

    Example: near(house, lake, 100)
    """
    reach = _length("near", metres)
    chosen: dict[int, int] = {}
    if a.things and b.things:
        tree = shapely.STRtree([each.shape for each in b.things])
        shapes = np.array([each.shape for each in a.things], dtype=object)
        pairs = tree.query_nearest(shapes, max_distance=max(reach, TOUCHING), exclusive=True, all_matches=False)
        chosen = dict(pairs.T.tolist())
    kept = [thing for i, thing in enumerate(a.things) if i in chosen]
    others = [b.things[j] for j in chosen.values()]
    return _chosen(a, b, kept, others, f"within {reach:g} m of")


def within(a: Region, b: Region) -> Region:
    """Things of a that lie inside b with at least half of their area.

    Example: within(house, village)
    """
    parts = _parts_inside(a, b)
    kept = [thing for thing, part in zip(a.things, parts, strict=True) if part >= MOSTLY]
    return _chosen(a, b, kept, _meeting(kept, b), "in")


def outside(a: Region, b: Region) -> Region:
    """Things of a that do not lie inside b: the rest of within(a, b).

    Example: outside(house, village)
    """
    parts = _parts_inside(a, b)
    kept = tuple(thing for thing, part in zip(a.things, parts, strict=True) if part < MOSTLY)
    what = f"{a.what} outside {with_article(b.what)}"
    if not a.things or kept:
        return replace(a, things=kept, what=what)
    return Region((), what, MISSED, a.sure * _surest(b.things))


def north_of(a: Region, b: Region) -> Region:
    """Things of a whose centre lies further north than the centre of a thing of b.

    Example: north_of(house, lake)
    """
    return _beyond(a, b, "north of", lambda thing: float(thing.shape.centroid.y))


def south_of(a: Region, b: Region) -> Region:
    """Things of a whose centre lies further south than the centre of a thing of b.

    Example: south_of(house, lake)
    """
    return _beyond(a, b, "south of", lambda thing: -float(thing.shape.centroid.y))


def east_of(a: Region, b: Region) -> Region:
    """Things of a whose centre lies further east than the centre of a thing of b.

    Example: east_of(house, lake)
    """
    return _beyond(a, b, "east of", lambda thing: float(thing.shape.centroid.x))


def west_of(a: Region, b: Region) -> Region:
    """Things of a whose centre lies further west than the centre of a thing of b.

    Example: west_of(house, lake)
    """
    return _beyond(a, b, "west of", lambda thing: -float(thing.shape.centroid.x))


def largest(region: Region) -> Region:
    """The thing with the largest area.

    Example: largest(find(scene, "lake"))
    """
    kept = (max(region.things, key=lambda thing: thing.shape.area),) if region.things else ()
    return replace(region, things=kept, what=f"largest {region.what}")


def smallest(region: Region) -> Region:
    """The thing with the smallest area.

    Example: smallest(find(scene, "lake"))
    """
    kept = (min(region.things, key=lambda thing: thing.shape.area),) if region.things else ()
    return replace(region, things=kept, what=f"smallest {region.what}")


def larger_than(region: Region, m2: Number) -> Region:
    """Things with an area of more than so many square metres; a hectare has 10000.

    Example: larger_than(find(scene, "lake"), 5000)
    """
    least = _size("larger_than", m2)
    return _sized(region, [each for each in region.things if each.shape.area > least], f"larger than {least:,.10g} m²")


def smaller_than(region: Region, m2: Number) -> Region:
    """Things with an area of less than so many square metres; a hectare has 10000.

    Example: smaller_than(find(scene, "lake"), 5000)
    """
    most = _size("smaller_than", m2)
    return _sized(region, [each for each in region.things if each.shape.area < most], f"smaller than {most:,.10g} m²")


def _beyond(a: Region, b: Region, words: str, coordinate: Callable[[Thing], float]) -> Region:
    if not b.things:
        return _chosen(a, b, [], [], words)
    first = min(map(coordinate, b.things))
    kept = [each for each in a.things if coordinate(each) > first]
    last = max(map(coordinate, kept), default=first)
    return _chosen(a, b, kept, [each for each in b.things if coordinate(each) < last], words)


def _chosen(a: Region, b: Region, kept: Sequence[Thing], others: Iterable[Thing], words: str) -> Region:
    """What a relation leaves of a, with how sure that is."""
    what = f"{a.what} {words} {with_article(b.what)}"
    if kept:
        return Region(tuple(kept), what, a.best, a.sure * b.sure * _surest(others))
    if math.isnan(a.best) or math.isnan(b.best):
        return Region((), what, math.nan)
    unseen = [each.best for each in (a, b) if not each.things]
    return Region((), what, math.prod(unseen) if unseen else MISSED)


def _sized(region: Region, kept: Sequence[Thing], words: str) -> Region:
    best = MISSED if region.things and not kept else region.best
    return replace(region, things=tuple(kept), what=f"{region.what} {words}", best=best)


def _surest(things: Iterable[Thing]) -> float:
    return max((each.match for each in things), default=1.0)


def _parts_inside(a: Region, b: Region) -> list[float]:
    """Part of each thing of a that lies in b."""
    if not a.things or not b.things:
        return [0.0] * len(a.things)
    shapes = np.array([each.shape for each in b.things], dtype=object)
    tree = shapely.STRtree(shapes)
    parts = []
    for thing in a.things:
        around = tree.query(thing.shape, predicate="intersects")
        cover = shapely.intersection(thing.shape, shapely.union_all(shapes[around])).area if len(around) else 0.0
        parts.append(cover / thing.shape.area if thing.shape.area > 0 else float(len(around) > 0))
    return parts


def _meeting(kept: Sequence[Thing], b: Region) -> list[Thing]:
    """Things of b that what was kept meets."""
    if not kept:
        return []
    tree = shapely.STRtree([each.shape for each in kept])
    return [each for each in b.things if len(tree.query(each.shape, predicate="intersects"))]


def _length(name: str, metres: Number) -> float:
    if metres.unit not in ("", "m"):
        raise QuestionError(
            f"{name}() takes a length in metres, not a number in {metres.unit}; write {name}(a, b, 100)."
        )
    if metres.value < 0:
        raise QuestionError(f"{name}() takes 0 metres or more, not {metres.value:g}; write {name}(a, b, 100).")
    return metres.value


def _size(name: str, m2: Number) -> float:
    if m2.unit not in ("", "m2"):
        raise QuestionError(f"{name}() takes an area in m2, not a number in {m2.unit}; write {name}(lake, 5000).")
    if m2.value < 0:
        raise QuestionError(f"{name}() takes 0 m2 or more, not {m2.value:g}; write {name}(lake, 5000).")
    return m2.value
