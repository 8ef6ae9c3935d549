"""Objects are matched one to one, and what is too small to ask for counts neither way."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.evaluate.objects import Counts, count_objects

GEOBOX = GeoBox((60, 80), Affine(2, 0, 500_000, 0, -2, 4_000_000), "EPSG:32633")


def box(left: int, top: int, right: int, bottom: int) -> shapely.Polygon:
    """A rectangle of pixels, in metres."""
    return shapely.box(500_000 + 2 * left, 4_000_000 - 2 * bottom, 500_000 + 2 * right, 4_000_000 - 2 * top)


@pytest.fixture
def truth() -> np.ndarray:
    """Two squares of 20 px, and one of 3 px."""
    classes = np.zeros(GEOBOX.shape, bool)
    classes[10:30, 10:30] = classes[35:55, 50:70] = classes[2:5, 70:73] = True
    return classes


def counts(truth: np.ndarray, *shapes: shapely.Polygon, smallest_px: float = 50) -> tuple[int, int, int]:
    found = count_objects(truth, GEOBOX, shapes, smallest_px)
    return found.found, found.false, found.missed


def test_a_segment_that_fits_well_enough_is_the_object(truth: np.ndarray) -> None:
    assert counts(truth, box(10, 10, 30, 30), box(50, 35, 70, 50)) == (2, 0, 0)
    assert counts(truth, box(10, 10, 30, 20)) == (1, 0, 1)  # exactly a half
    assert counts(truth, box(10, 10, 30, 19)) == (0, 1, 2)
    assert counts(truth) == (0, 0, 2)


def test_an_object_is_found_once_and_by_the_better_segment(truth: np.ndarray) -> None:
    assert counts(truth, box(10, 10, 30, 24), box(10, 10, 30, 28)) == (1, 1, 1)


def test_one_segment_over_two_objects_finds_neither(truth: np.ndarray) -> None:
    assert counts(truth, box(10, 10, 70, 55)) == (0, 1, 2)


def test_what_is_too_small_counts_neither_way(truth: np.ndarray) -> None:
    assert counts(truth, box(70, 2, 73, 5)) == (0, 0, 2)
    assert counts(truth, box(40, 2, 44, 6)) == (0, 0, 2)  # a small mistake
    assert counts(truth, box(70, 2, 73, 5), smallest_px=4) == (1, 0, 2)


def test_a_large_segment_of_a_small_object_is_no_mistake_if_it_fits(truth: np.ndarray) -> None:
    assert counts(truth, box(70, 2, 73, 7), smallest_px=12) == (0, 0, 2)


@pytest.mark.parametrize("shape", [box(-100, -100, -80, -80), box(70, -30, 120, 0)])
def test_a_segment_beyond_the_truth_is_a_mistake(truth: np.ndarray, shape: shapely.Polygon) -> None:
    assert counts(truth, shape) == (0, 1, 2)


def test_a_segment_that_reaches_beyond_the_truth_is_measured_whole() -> None:
    truth = np.zeros(GEOBOX.shape, bool)
    truth[:10, :10] = True
    assert counts(truth, box(-8, 0, 10, 10)) == (1, 0, 0)
    assert counts(truth, box(-12, 0, 10, 10)) == (0, 1, 1)


def test_holes_do_not_count_as_found(truth: np.ndarray) -> None:
    ring = box(10, 10, 30, 30) - box(12, 12, 28, 28)
    assert counts(truth, ring) == (0, 1, 2)


@pytest.mark.parametrize(
    ("made", "f1"),
    [
        (lambda: Counts(3, 1, 2), 6 / 9),
        (lambda: Counts(0, 0, 2), 0.0),
        (lambda: Counts(1, 0, 0) + Counts(0, 1, 1), 0.5),
        (lambda: Counts(0, 0, 0), math.nan),
    ],
)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(made: Callable[[], Counts], f1: float) -> None:
    assert made().f1 == pytest.approx(f1, nan_ok=True)
