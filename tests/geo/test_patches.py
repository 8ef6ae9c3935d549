"""Windows that overlap, patches that do not: each place gets every window over it, in one weighted mean."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from graft_core.geo.grid import TileGrid
from graft_core.geo.patches import (
    PatchMean,
    part_of,
    patch_lattice,
    patches_around,
    window_lattice,
    window_stride,
    windows_over,
)

UTM = "EPSG:32633"
shapes = st.tuples(st.integers(1, 8), st.integers(1, 7))  # patches along a window, pixels along a patch


def scene(height: int, width: int, gsd: float = 1.0) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, 500_003.4, 0, -gsd, 4_999_990.7), UTM)


def lattices(box: GeoBox, side: int, patch: int, gsd: float = 1.0) -> tuple[TileGrid, TileGrid]:
    windows = window_lattice(box, gsd=gsd, tile_px=side * patch, patch_px=patch)
    return windows, patch_lattice(box, gsd=gsd, patch_px=patch)


@pytest.mark.parametrize(("tile", "patch", "stride"), [(128, 16, 64), (224, 16, 112), (224, 32, 96), (14, 14, 14)])
def test_windows_step_by_half_a_tile_in_whole_patches(tile: int, patch: int, stride: int) -> None:
    assert window_stride(tile, patch) == stride


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(1, 60), st.integers(1, 60))
def test_every_patch_of_a_scene_lies_in_a_window(shape: tuple[int, int], height: int, width: int) -> None:
    side, patch = shape
    windows, patches = lattices(scene(height, width), side, patch)
    mean = PatchMean(patches, 1, side)
    step = windows.stride_px // patch
    for i in range(len(windows)):
        tile = windows.tile(i)
        mean.add(tile.row * step, tile.col * step, np.full((1, side, side), 0.25, np.float32))
    np.testing.assert_allclose(mean.mean(), 0.25, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(shapes, st.data())
def test_windows_for_a_region_are_all_that_the_scene_has_over_its_patches(
    shape: tuple[int, int], data: st.DataObject
) -> None:
    side, patch = shape
    box = scene(50, 60)
    windows, patches = lattices(box, side, patch)
    top, left = data.draw(st.integers(0, 49)), data.draw(st.integers(0, 59))
    height, width = data.draw(st.integers(1, 50 - top)), data.draw(st.integers(1, 60 - left))
    a = box.affine
    region = GeoBox((height, width), Affine(a.a, 0, a.c + left, 0, a.e, a.f - top), UTM)
    around = patches_around(patches, region)
    asked = windows_over(windows, around)
    step = windows.stride_px // patch
    for i in range(len(windows)):
        row, col = windows.tile(i).row, windows.tile(i).col
        meets_rows = row * step < around.row0 + around.rows and row * step + side > around.row0
        meets_cols = col * step < around.col0 + around.cols and col * step + side > around.col0
        asked_for = 0 <= row - asked.row0 < asked.rows and 0 <= col - asked.col0 < asked.cols
        assert asked_for == (meets_rows and meets_cols)


def test_patches_around_a_region_reach_half_a_patch_further() -> None:
    box = GeoBox((64, 64), Affine(1, 0, 0, 0, -1, 0), UTM)
    patches = patch_lattice(box, gsd=1, patch_px=8)
    inner = patches_around(patches, GeoBox((8, 8), Affine(1, 0, 16, 0, -1, -24), UTM))
    assert (inner.row0, inner.rows, inner.col0, inner.cols) == (2, 3, 1, 3)
    whole = patches_around(patches, box)
    assert (whole.row0, whole.rows, whole.col0, whole.cols) == (0, 8, 0, 8)


def test_middle_of_a_window_counts_more_than_its_rim() -> None:
    box = GeoBox((6, 6), Affine(1, 0, 0, 0, -1, 0), UTM)
    _, patches = lattices(box, 4, 1)
    mean = PatchMean(patches, 1, 4)
    mean.add(0, 0, np.zeros((1, 4, 4), np.float32))
    mean.add(0, 2, np.ones((1, 4, 4), np.float32))
    hann = np.sin(np.pi * (np.arange(4) + 0.5) / 4) ** 2
    found = mean.mean()[0]
    np.testing.assert_allclose(found[0], [0, 0, hann[0] / (hann[0] + hann[2]), hann[1] / (hann[1] + hann[3]), 1, 1])
    assert np.isnan(found[4:]).all(), "no window lies there"


def test_windows_beyond_the_lattice_are_cut() -> None:
    box = GeoBox((2, 3), Affine(1, 0, 0, 0, -1, 0), UTM)
    _, patches = lattices(box, 4, 1)
    mean = PatchMean(patches, 1, 4)
    window = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    mean.add(-1, -2, window)
    mean.add(40, 40, window)
    found = mean.mean()[0]
    np.testing.assert_allclose(found[:, :2], window[0, 1:3, 2:])
    assert np.isnan(found[:, 2]).all()


def test_part_without_a_tile_is_refused() -> None:
    windows, _ = lattices(scene(20, 20), 4, 2)
    with pytest.raises(ValueError, match="hold no tile"):
        part_of(windows, range(windows.row0 - 5, windows.row0), range(windows.col0, windows.col0 + 1))
