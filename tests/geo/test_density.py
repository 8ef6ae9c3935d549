"""Density: the share of the neighbourhood's area that matches."""

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from odc.geo.geobox import GeoBox

from graft_core.geo.density import density_lattice, lattice_sigma, smooth_lattice
from graft_core.geo.grid import tile_grid

Lattice = npt.NDArray[np.float32]
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
shares = st.floats(0, 1, width=32)
cells = shares | st.just(float("nan"))


def by_hand(values: Lattice, weight: Lattice, sigma: float) -> npt.NDArray[np.float64]:
    """Normalised convolution, cell by cell in float64."""
    out = np.full(values.shape, np.nan)
    reach = int(4 * sigma)
    for r, c in np.ndindex(values.shape):
        total = share = 0.0
        for i, j in np.ndindex(values.shape):
            near = abs(i - r) <= reach and abs(j - c) <= reach
            if near and weight[i, j] > 0 and not np.isnan(values[i, j]):
                distance = ((i - r) ** 2 + (j - c) ** 2) / (2 * sigma**2) if sigma else 0.0
                kernel = float(weight[i, j]) * np.exp(-distance)
                total, share = total + kernel * float(values[i, j]), share + kernel
        out[r, c] = total / share if share else np.nan
    return out


@settings(max_examples=60, deadline=None)
@given(st.data(), shapes, st.sampled_from([0, 0.3, 0.6, 1.0, 2.2]))
def test_smoothing_equals_the_definition(data: st.DataObject, shape: tuple[int, int], sigma: float) -> None:
    values = data.draw(hnp.arrays(np.float32, shape, elements=cells))
    weight = data.draw(hnp.arrays(np.float32, shape, elements=st.sampled_from([0, 0.25, 0.5, 1])))
    np.testing.assert_allclose(smooth_lattice(values, weight, sigma), by_hand(values, weight, sigma), atol=1e-6)


def test_smoothing_fills_a_gap_from_its_neighbours_and_no_further() -> None:
    values = np.full((1, 12), np.nan, np.float32)
    values[0, 0] = 0.5
    out = smooth_lattice(values, np.ones_like(values), 1.0)
    np.testing.assert_array_equal(out[0, :5], np.float32(0.5))
    assert np.isnan(out[0, 5:]).all()


def test_with_a_threshold_density_is_the_share_of_matching_tiles() -> None:
    probability = np.full((41, 41), 0.4, np.float32)
    probability[:, ::2] = 0.6
    density = density_lattice(probability, np.ones_like(probability), sigma=4, threshold=0.5)
    assert density[20, 20] == pytest.approx(0.5, abs=0.01)
    mean = density_lattice(probability, np.ones_like(probability), sigma=4, threshold=None)
    assert mean[20, 20] == pytest.approx(0.5, abs=0.001)
    strict = density_lattice(probability, np.ones_like(probability), sigma=4, threshold=0.7)
    np.testing.assert_array_equal(strict, np.float32(0))


def test_a_tile_exactly_at_the_threshold_matches() -> None:
    half = np.full((2, 2), 0.5, np.float32)
    np.testing.assert_array_equal(density_lattice(half, np.ones_like(half), sigma=0, threshold=0.5), np.float32(1))


def test_tiles_count_by_the_area_they_show() -> None:
    probability = np.array([[1, 0]], np.float32)
    density = density_lattice(probability, np.array([[1, 0.25]], np.float32), sigma=100, threshold=None)
    np.testing.assert_allclose(density, 0.8, atol=1e-3)


def test_missing_failed_and_empty_tiles_stay_nan_and_count_for_nothing() -> None:
    probability = np.array([[1, np.nan, 0, 1]], np.float32)
    density = density_lattice(probability, np.array([[1, 1, 0, 1]], np.float32), sigma=1, threshold=0.5)
    np.testing.assert_array_equal(density, np.array([[1, np.nan, np.nan, 1]], np.float32))


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, shapes, elements=cells), st.floats(0, 5), st.none() | shares)
def test_density_is_a_share(probability: Lattice, sigma: float, threshold: float | None) -> None:
    density = density_lattice(probability, np.ones_like(probability), sigma=sigma, threshold=threshold)
    np.testing.assert_array_equal(np.isnan(density), np.isnan(probability))
    assert ((density >= 0) & (density <= 1) | np.isnan(density)).all()


def test_a_far_border_changes_no_bit() -> None:
    probability = np.random.default_rng(0).random((60, 60), dtype=np.float32)
    whole = density_lattice(probability, np.ones_like(probability), sigma=2, threshold=0.5)
    crop = probability[10:50, 5:45]
    cut = density_lattice(crop, np.ones_like(crop), sigma=2, threshold=0.5)
    np.testing.assert_array_equal(cut[8:-8, 8:-8], whole[18:42, 13:37])


def test_bandwidth_in_metres_becomes_lattice_steps() -> None:
    box = GeoBox((100, 100), Affine(10, 0, 0, 0, -10, 0), "EPSG:32633")
    grid = tile_grid(box, gsd=10, tile_px=64, stride_px=32)
    assert lattice_sigma(640, grid) == 2


@pytest.mark.parametrize("sigma", [-1, float("nan")])
def test_impossible_kernel_is_refused(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma must be 0 or more"):
        smooth_lattice(np.ones((2, 2), np.float32), np.ones((2, 2), np.float32), sigma)


def test_values_and_weights_must_match() -> None:
    with pytest.raises(ValueError, match="must be one lattice"):
        smooth_lattice(np.ones((2, 2), np.float32), np.ones((2, 3), np.float32), 1)
