import math

import pytest

from graft_core.ui.segment.panel import what_hides


@pytest.mark.parametrize(
    ("best", "in_area", "named"),
    [
        (0.31, False, "Match from"),
        (0.31, True, "clear the area of interest"),
        (0.9, False, "Least area"),
        (math.nan, True, "no imagery in the area of interest"),
    ],
)
def test_filter_that_hides_everything_is_named(best: float, in_area: bool, named: str) -> None:
    assert named in what_hides(best, 0.5, 256.0, in_area=in_area)


def test_how_near_the_best_came_is_said() -> None:
    assert "50% or more, the best 31%" in what_hides(0.31, 0.5, 256.0, in_area=False)
