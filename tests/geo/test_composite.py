"""Several dates made one: numbers worked out by hand, and the offset of newer processing baselines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from graft_core.geo.composite import carries_offset, clear_pixels, harmonised, median


def dates(*values: int) -> np.ndarray:
    """(N, 1, 1, 1) one pixel of one band on several dates."""
    return np.array(values, np.uint16).reshape(-1, 1, 1, 1)


def all_clear(count: int) -> np.ndarray:
    return np.ones((count, 1, 1), np.bool_)


def test_clouds_their_shadows_and_missing_data_are_not_clear_and_snow_is() -> None:
    scl = np.arange(12, dtype=np.uint8).reshape(1, 12)
    assert clear_pixels(scl)[0].tolist() == [
        False,  # no data
        False,  # saturated or defective
        True,  # dark area
        False,  # cloud shadow
        True,  # vegetation
        True,  # not vegetated
        True,  # water
        True,  # unclassified
        False,  # cloud, medium probability
        False,  # cloud, high probability
        False,  # thin cirrus
        True,  # snow or ice
    ]


def test_the_offset_of_newer_baselines_is_taken_away_and_no_data_stays_no_data() -> None:
    stored = np.array([0, 1, 999, 1000, 1001, 3500, 65535], np.uint16)
    assert harmonised(stored, -1000).tolist() == [0, 1, 1, 1, 1, 2500, 64535]
    assert harmonised(stored, 0).tolist() == [0, 1, 999, 1000, 1001, 3500, 65534]


def test_the_same_ground_before_and_after_the_change_of_baseline_is_the_same() -> None:
    before = np.array([300, 1200, 4000], np.uint16)
    assert harmonised(before + np.uint16(1000), -1000).tolist() == harmonised(before, 0).tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [((500,), 500), ((300, 500), 400), ((300, 301), 300), ((900, 100, 500), 500), ((100, 200, 400, 9000), 300)],
)
def test_the_median_of_clear_dates(values: tuple[int, ...], expected: int) -> None:
    assert median(dates(*values), all_clear(len(values))).tolist() == [[[expected]]]


def test_a_cloudy_date_and_one_without_data_do_not_count() -> None:
    clear = np.array([True, False, True, True]).reshape(4, 1, 1)
    assert median(dates(200, 9000, 400, 0), clear).item() == 300


def test_ground_that_is_never_clear_has_no_data() -> None:
    assert median(dates(200, 300), np.zeros((2, 1, 1), np.bool_)).item() == 0


@given(
    values=arrays(np.uint16, (5, 2, 3, 4), elements=st.integers(1, 20_000)),
    clear=arrays(np.bool_, (5, 3, 4)),
)
def test_the_median_is_that_of_numpy_for_every_pixel_and_band(values: np.ndarray, clear: np.ndarray) -> None:
    found = median(values, clear)
    for row in range(3):
        for col in range(4):
            seen = values[clear[:, row, col], :, row, col]
            expected = np.rint(np.median(seen, axis=0)) if len(seen) else np.zeros(2)
            assert found[:, row, col].tolist() == expected.tolist()


def test_values_tell_whether_the_offset_is_in_them() -> None:
    ground = np.random.default_rng(7).integers(200, 3000, 10_000).astype(np.uint16)
    assert not carries_offset(ground)
    assert carries_offset(ground + np.uint16(1000))
    assert carries_offset(np.zeros(100, np.uint16))
    assert not carries_offset(np.concatenate([np.zeros(10_000, np.uint16), ground]))
