"""The picture made of the tiles' values: seamless, the same in every window, honest where tiles are missing."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from graft_core.geo.blend import LatticeField
from graft_core.geo.grid import TileGrid, tile_grid

UTM = "EPSG:32633"
Array = npt.NDArray[np.float32]


def scene(height: int, width: int, gsd: float = 1.0, left: float = 500_000.0, top: float = 4_999_990.0) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, left, 0, -gsd, top), UTM)


def part(box: GeoBox, top: int, left: int, height: int, width: int) -> GeoBox:
    a = box.affine
    return GeoBox((height, width), Affine(a.a, 0, a.c + left * a.a, 0, a.e, a.f + top * a.e), box.crs)


def random_field(grid: TileGrid, bands: int = 2, seed: int = 0, missing: float = 0.0) -> LatticeField:
    rng = np.random.default_rng(seed)
    values = rng.random((bands, grid.rows, grid.cols), dtype=np.float32)
    values[:, rng.random((grid.rows, grid.cols)) < missing] = np.nan
    return LatticeField(values, grid)


def by_hand(field: LatticeField, target: GeoBox) -> npt.NDArray[np.float64]:
    """The definition, tile by tile in float64."""
    grid, (height, width) = field.grid, target.shape
    x = target.affine.c + target.affine.a * (np.arange(width) + 0.5)
    y = target.affine.f + target.affine.e * (np.arange(height) + 0.5)
    total, weights = np.zeros((len(field.values), height, width)), np.zeros((len(field.values), height, width))
    side = grid.tile_px * grid.gsd
    for i in range(len(grid)):
        left, _, _, top = grid.bounds(i)
        value = field.values[:, i // grid.cols, i % grid.cols].astype(np.float64)[:, None, None]
        weight = _hann(top - y, side, grid.gsd)[:, None] * _hann(x - left, side, grid.gsd)
        total += np.where(np.isnan(value), 0, weight * value)
        weights += np.where(np.isnan(value), 0, weight)
    with np.errstate(invalid="ignore"):
        return total / weights


def _hann(inside: npt.NDArray[np.float64], side: float, gsd: float) -> npt.NDArray[np.float64]:
    over = (inside > -1e-6) & (inside < side - 1e-6)
    return np.where(over, np.sin(np.pi / side * np.clip(inside, gsd / 2, side - gsd / 2)) ** 2, 0)


lattices = st.integers(1, 40).flatmap(lambda tile: st.tuples(st.just(tile), st.integers(1, tile)))
resolutions = st.sampled_from([1.0, 0.6, 0.3, 1.01, 2.5])


@settings(max_examples=60, deadline=None)
@given(lattices, resolutions, st.integers(1, 70), st.integers(1, 70), st.floats(-0.3, 0.6), st.sampled_from([0, 0.3]))
def test_equals_the_definition(
    lattice: tuple[int, int], gsd: float, height: int, width: int, shift: float, missing: float
) -> None:
    tile, stride = lattice
    # A thousandth of a pixel is the finest offset that is told apart.
    box = scene(height, width, gsd, left=(800_000 + round(shift, 3)) * gsd, top=7_000_001 * gsd)
    field = random_field(tile_grid(box, gsd=1, tile_px=tile, stride_px=stride), missing=missing)
    np.testing.assert_allclose(field.window(box), by_hand(field, box), rtol=1e-4, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(lattices, resolutions, st.integers(2, 90), st.integers(2, 90), st.data())
def test_quarters_stitched_are_bit_equal_to_the_whole(
    lattice: tuple[int, int], gsd: float, height: int, width: int, data: st.DataObject
) -> None:
    tile, stride = lattice
    box = scene(height, width, gsd, left=500_000.1, top=4_999_876.7)
    field = random_field(tile_grid(box, gsd=1, tile_px=tile, stride_px=stride), missing=0.2)
    row, col = data.draw(st.integers(1, height - 1)), data.draw(st.integers(1, width - 1))
    upper = [field.window(part(box, 0, 0, row, col)), field.window(part(box, 0, col, row, width - col))]
    lower = [
        field.window(part(box, row, 0, height - row, col)),
        field.window(part(box, row, col, height - row, width - col)),
    ]
    stitched = np.concatenate([np.concatenate(upper, axis=2), np.concatenate(lower, axis=2)], axis=1)
    np.testing.assert_array_equal(stitched, field.window(box))


@settings(max_examples=60, deadline=None)
@given(lattices, resolutions, st.floats(-1, 1, width=32), st.sampled_from([0, 0.4]))
def test_a_constant_field_stays_exactly_constant(
    lattice: tuple[int, int], gsd: float, value: float, missing: float
) -> None:
    """So at every pixel the weights of its tiles sum to one, and no density can exceed 1."""
    tile, stride = lattice
    box = scene(50, 60, gsd)
    grid = tile_grid(box, gsd=1, tile_px=tile, stride_px=stride)
    values = random_field(grid, missing=missing).values
    out = LatticeField(np.where(np.isnan(values), values, np.float32(value)), grid).window(box)
    assert set(np.unique(out[~np.isnan(out)])) <= {np.float32(value)}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), resolutions, st.integers(2, 60), st.integers(2, 60), st.data())
def test_bilinear_quarters_stitched_are_bit_equal_to_the_whole(
    patch: int, gsd: float, height: int, width: int, data: st.DataObject
) -> None:
    box = scene(height, width, gsd, left=500_000.1, top=4_999_876.7)
    whole = random_field(tile_grid(box, gsd=1, tile_px=patch, stride_px=patch), missing=0.2)
    field = LatticeField(whole.values, whole.grid, "bilinear")
    row, col = data.draw(st.integers(1, height - 1)), data.draw(st.integers(1, width - 1))
    upper = [field.window(part(box, 0, 0, row, col)), field.window(part(box, 0, col, row, width - col))]
    lower = [
        field.window(part(box, row, 0, height - row, col)),
        field.window(part(box, row, col, height - row, width - col)),
    ]
    stitched = np.concatenate([np.concatenate(upper, axis=2), np.concatenate(lower, axis=2)], axis=1)
    np.testing.assert_array_equal(stitched, field.window(box))


def test_bilinear_is_exact_for_a_plane_and_for_the_centres_of_patches() -> None:
    box = scene(120, 120, left=0, top=0)
    grid = tile_grid(box, gsd=1, tile_px=8, stride_px=8)
    x, y = grid.centers.T.reshape(2, grid.rows, grid.cols)
    out = LatticeField((0.01 * x - 0.02 * y).astype(np.float32)[None], grid, "bilinear").window(box)[0]
    inner = np.arange(4, 116)
    expected = 0.01 * (inner + 0.5)[None, :] + 0.02 * (inner + 0.5)[:, None]
    np.testing.assert_allclose(out[4:116, 4:116], expected, atol=1e-5)


def test_bilinear_leaves_missing_patches_out_and_is_unknown_far_from_any() -> None:
    box = scene(64, 64, left=0, top=0)
    grid = tile_grid(box, gsd=1, tile_px=8, stride_px=8)
    values = np.full((1, grid.rows, grid.cols), np.nan, np.float32)
    values[0, 3, 3] = 0.5
    out = LatticeField(values, grid, "bilinear").window(box)[0]
    known = np.zeros((64, 64), bool)
    known[20:36, 20:36] = True  # within a patch of its centre
    np.testing.assert_array_equal(~np.isnan(out), known)
    assert set(out[known]) == {np.float32(0.5)}


def test_two_crops_of_one_raster_agree_where_the_same_tiles_exist() -> None:
    whole = scene(600, 700, 0.6, left=500_000.4, top=4_999_999.8)
    crop = part(whole, 130, 210, 400, 450)
    big, small = (tile_grid(box, gsd=1, tile_px=64, stride_px=32) for box in (whole, crop))
    everywhere = np.random.default_rng(5).random((1, big.rows, big.cols), dtype=np.float32)
    top, left = small.row0 - big.row0, small.col0 - big.col0
    inside = everywhere[:, top : top + small.rows, left : left + small.cols]
    wide = LatticeField(everywhere, big).window(crop)
    np.testing.assert_array_equal(LatticeField(inside, small).window(crop), wide)


def test_a_missing_tile_elsewhere_changes_no_bit() -> None:
    box = scene(300, 300)
    grid = tile_grid(box, gsd=1, tile_px=64, stride_px=32)
    whole = random_field(grid)
    holed = whole.values.copy()
    holed[:, -1, -1] = np.nan
    np.testing.assert_array_equal(LatticeField(holed, grid).window(box)[:, :200], whole.window(box)[:, :200])


def test_pixels_under_no_existing_tile_are_nan_and_the_others_are_not() -> None:
    box = scene(96, 96, left=0, top=0)
    grid = tile_grid(box, gsd=1, tile_px=32, stride_px=32)
    values = np.ones((1, grid.rows, grid.cols), np.float32)
    values[0, 1, 2] = np.nan
    out = LatticeField(values, grid).window(part(box, -10, 0, 110, 96))
    expected = np.ones((110, 96), bool)
    expected[:10] = expected[106:] = False
    expected[10 + 32 : 10 + 64, 64:] = False
    np.testing.assert_array_equal(~np.isnan(out[0]), expected)


def test_bands_may_miss_different_tiles() -> None:
    box = scene(64, 64, left=0, top=0)
    grid = tile_grid(box, gsd=1, tile_px=32, stride_px=32)
    values = np.ones((2, grid.rows, grid.cols), np.float32)
    values[1, 0, 0] = np.nan
    out = LatticeField(values, grid).window(box)
    assert not np.isnan(out[0]).any()
    assert np.isnan(out[1, :32, :32]).all()


def test_a_lone_bright_tile_peaks_at_its_centre_and_fades_to_its_rim() -> None:
    box = scene(200, 200, left=0, top=0)
    grid = tile_grid(box, gsd=1, tile_px=40, stride_px=20)
    values = np.zeros((1, grid.rows, grid.cols), np.float32)
    row, col = 3 - grid.row0, 5 - grid.col0
    values[0, row, col] = 1
    out = LatticeField(values, grid).window(box)[0]
    assert np.unravel_index(out.argmax(), out.shape) in {(r, c) for r in (79, 80) for c in (119, 120)}
    assert out[80, 120] == pytest.approx(1, abs=0.01)
    assert out[80, 110] == pytest.approx(math.sin(math.pi * 10.5 / 40) ** 2, abs=1e-3)
    assert (out[:60] == 0).all()
    assert (out[:, 140:] == 0).all()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (GeoBox((9, 9), Affine(1, 0, 0, 0, -1, 0), "EPSG:32634"), "the lattice in EPSG:32633"),
        (GeoBox((9, 9), Affine(1, 0, 0, 0, 1, 0), UTM), "not north-up"),
        (GeoBox((9, 9), Affine(1, 0, 0, 0, -2, 0), UTM), "square pixels"),
    ],
)
def test_a_window_that_cannot_be_filled_is_refused(target: GeoBox, said: str) -> None:
    grid = tile_grid(scene(64, 64), gsd=1, tile_px=32, stride_px=16)
    with pytest.raises(ValueError, match=said):
        random_field(grid).window(target)


def test_values_must_fit_the_lattice() -> None:
    grid = tile_grid(scene(64, 64), gsd=1, tile_px=32, stride_px=16)
    with pytest.raises(ValueError, match="do not fit a lattice"):
        LatticeField(np.zeros((1, grid.rows + 1, grid.cols), np.float32), grid)
