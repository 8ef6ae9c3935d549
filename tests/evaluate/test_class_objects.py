"""What is true of a window: things and their number, and where it is too near to call."""

import numpy as np
import pytest

from graft_core.evaluate.class_objects import Objects, WindowTruth
from graft_core.world.land import ID

PATCH = 4
"""Pixels; things have 64 pixels or more, and what has fewer than 4 is nothing."""


def ground(side: int = 80) -> np.ndarray:
    return np.full((side, side), ID["meadow"], np.uint8)


def draw(classes: np.ndarray, name: str, top: int, left: int, height: int, width: int) -> None:
    classes[top : top + height, left : left + width] = ID[name]


def truth_of(classes: np.ndarray, gsd: float = 1.0) -> WindowTruth:
    return WindowTruth(classes, gsd, PATCH)


def lakes(*boxes: tuple[int, int, int, int]) -> Objects:
    classes = ground()
    for box in boxes:
        draw(classes, "lake", *box)
    return truth_of(classes).objects("lake")


def test_shares_are_of_the_windows_pixels() -> None:
    classes = ground()
    draw(classes, "lake", 0, 0, 40, 80)
    draw(classes, "downtown", 40, 0, 20, 40)
    draw(classes, "parking lot", 60, 0, 20, 40)
    truth = truth_of(classes, gsd=10.0)
    assert truth.shares["lake"] == 0.5
    assert truth.shares["quarry"] == 0
    assert sum(truth.shares.values()) == pytest.approx(1)
    assert truth.built_up == 0.25
    assert truth.m2 == 800 * 800


def test_things_are_counted_and_have_their_place() -> None:
    found = lakes((0, 0, 10, 10), (40, 50, 10, 20))
    assert (found.count, found.clear, found.separate) == (2, True, True)
    assert found.centers.tolist() == [[4.5, 4.5], [44.5, 59.5]]
    assert found.mask.sum() == 300


def test_class_that_is_not_there_is_clearly_not_there() -> None:
    found = lakes()
    assert (found.count, found.clear, found.separate) == (0, True, True)
    assert found.centers.shape == (0, 2)


def test_piece_that_one_may_see_or_overlook_makes_it_unclear() -> None:
    found = lakes((0, 0, 10, 10), (40, 40, 5, 5))
    assert (found.count, found.clear, found.separate) == (1, False, False)
    assert lakes((0, 0, 10, 10), (40, 40, 1, 3)).clear


def test_two_things_a_road_apart_may_be_one() -> None:
    assert not lakes((0, 0, 10, 10), (0, 13, 10, 10)).separate
    assert lakes((0, 0, 10, 10), (0, 18, 10, 10)).separate


def test_thing_with_a_neck_may_be_two() -> None:
    necked = lakes((0, 0, 12, 12), (5, 12, 2, 8), (0, 20, 12, 12))
    assert (necked.count, necked.clear, necked.separate) == (1, True, False)
    assert lakes((0, 0, 12, 12), (0, 12, 12, 8), (0, 20, 12, 12)).separate


def test_distance_is_from_edge_to_edge_in_metres() -> None:
    classes = ground()
    draw(classes, "lake", 0, 0, 10, 10)
    draw(classes, "quarry", 0, 15, 10, 10)
    draw(classes, "harbour", 10, 0, 10, 10)
    truth = truth_of(classes, gsd=2.0)
    assert truth.distance_m("lake", "quarry") == 10
    assert truth.distance_m("lake", "harbour") == 0
    assert truth.distance_m("lake", "cemetery") == float("inf")
