"""The lattice decides which pixels an encoder sees: it must cover the scene and never depend on its extent."""

import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from graft_core.errors import GraftError
from graft_core.geo.grid import TileGrid, tile_grid, working_geobox

CRS = "EPSG:26911"


def box(width: int, height: int, *, left: float = 435_000.0, top: float = 3_778_000.0, gsd: float = 1.0) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, left, 0, -gsd, top), CRS)


sides = st.integers(1, 700)
tiles_and_strides = st.integers(1, 300).flatmap(lambda tile: st.tuples(st.just(tile), st.integers(1, tile)))


def axis_cover(grid: TileGrid, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each column and each row of the working grid lies in a lattice column or row."""
    across, down = np.zeros(width, int), np.zeros(height, int)
    for col in range(grid.cols):
        left = grid.tile(col).left
        across[max(left, 0) : max(left + grid.tile_px, 0)] += 1
    for row in range(grid.rows):
        top = grid.tile(row * grid.cols).top
        down[max(top, 0) : max(top + grid.tile_px, 0)] += 1
    return across, down


@given(width=sides, height=sides, tile_stride=tiles_and_strides, col=st.integers(-9999, 9999), row=st.integers(0, 9999))
def test_every_pixel_lies_in_a_tile_and_every_tile_touches_the_scene(
    width: int, height: int, tile_stride: tuple[int, int], col: int, row: int
) -> None:
    tile_px, stride_px = tile_stride
    scene = box(width, height, left=float(col), top=float(row))
    grid = tile_grid(scene, gsd=1, tile_px=tile_px, stride_px=stride_px)
    across, down = axis_cover(grid, width, height)
    assert across.min() >= 1
    assert down.min() >= 1
    for i in {0, len(grid) - 1}:
        tile = grid.tile(i)
        assert -tile_px < tile.left < width
        assert -tile_px < tile.top < height


@given(
    size=st.tuples(st.integers(300, 900), st.integers(300, 900)),
    cut=st.tuples(st.integers(0, 250), st.integers(0, 250)),
    gsd=st.sampled_from([0.6, 1.0, 10.0, 0.3, 1 / 3]),
    phase=st.sampled_from([0.0, 0.5, 1 / 3, 0.25]),
    noise=st.floats(-1e-8, 1e-8),
)
def test_two_crops_of_one_raster_share_their_windows(
    size: tuple[int, int], cut: tuple[int, int], gsd: float, phase: float, noise: float
) -> None:
    left, top = (700_000 + phase) * gsd, (6_000_000 + phase) * gsd
    whole = box(*size, left=left, top=top, gsd=gsd)
    crop_left, crop_top = left + cut[0] * gsd + noise, top - cut[1] * gsd - noise
    crop = box(size[0] - cut[0], size[1] - cut[1], left=crop_left, top=crop_top, gsd=gsd)
    grids = [tile_grid(scene, gsd=gsd, tile_px=64, stride_px=48) for scene in (whole, crop)]
    corners = []
    for grid in grids:
        tiles = (grid.tile(i) for i in range(len(grid)))
        corners.append({(tile.row, tile.col): grid.geobox.affine @ (tile.left, tile.top) for tile in tiles})
    assert corners[1].keys() <= corners[0].keys()
    for place, corner in corners[1].items():
        assert corner == pytest.approx(corners[0][place], abs=1e-6)


def test_lattice_counts_from_the_origin_of_the_crs() -> None:
    grid = tile_grid(box(100, 80, left=1000.0, top=-500.0), gsd=1, tile_px=64, stride_px=32)
    first = grid.tile(0)
    assert (first.row, first.col) == (14, 30)  # [448, 512) holds row 500, [960, 1024) holds column 1000
    assert (first.top, first.left) == (14 * 32 - 500, 30 * 32 - 1000)
    assert grid.bounds(0) == (960.0, -512.0, 1024.0, -448.0)
    assert grid.tile(grid.cols).row == 15


def test_centers_are_the_middles_of_the_bounds() -> None:
    grid = tile_grid(box(300, 200), gsd=1, tile_px=64, stride_px=40)
    for i in (0, 5, len(grid) - 1):
        left, bottom, right, top = grid.bounds(i)
        assert grid.centers[i] == pytest.approx(((left + right) / 2, (bottom + top) / 2))
    assert grid.centers.shape == (len(grid), 2)


@pytest.mark.parametrize("own", [0.981, 1.0, 1.0199])
def test_a_scene_within_two_percent_keeps_its_own_pixels(own: float) -> None:
    scene = box(500, 400, left=435_000.3, gsd=own)
    assert working_geobox(scene, 1.0) == scene


@given(
    gsd=st.sampled_from([0.15, 0.3, 0.5, 0.6, 2.0]),
    left=st.floats(1e5, 9e5),
    top=st.floats(-9e6, 9e6),
    size=st.tuples(st.integers(20, 900), st.integers(20, 900)),
)
def test_another_gsd_gets_whole_multiples_that_cover_the_scene(
    gsd: float, left: float, top: float, size: tuple[int, int]
) -> None:
    scene = box(*size, left=left, top=top, gsd=gsd)
    work = working_geobox(scene, 1.0)
    assert work.affine.c == round(work.affine.c)
    assert work.affine.f == round(work.affine.f)
    assert (work.affine.a, work.affine.e) == (1.0, -1.0)
    outer, inner = work.boundingbox, scene.boundingbox
    assert outer.left <= inner.left + 1e-5
    assert outer.top >= inner.top - 1e-5
    assert inner.left - outer.left < 1
    assert outer.right >= inner.right - 1e-5
    assert outer.bottom <= inner.bottom + 1e-5


def test_float_noise_of_a_geotransform_adds_no_pixel() -> None:
    noisy = GeoBox(
        (100, 100), Affine(0.6000000000000106, 0, 435416.40000000363, 0, -0.6000000000000106, 3778375.8), CRS
    )
    clean = GeoBox((100, 100), Affine(0.6, 0, 435416.4, 0, -0.6, 3778375.8), CRS)
    assert working_geobox(noisy, 0.2).shape == working_geobox(clean, 0.2).shape == (300, 300)


def test_a_grid_survives_json_exactly() -> None:
    scene = box(597, 510, left=435416.40000000363, gsd=0.6000000000000106)
    for crs in (CRS, "+proj=tmerc +lat_0=0 +lon_0=0 +k=1 +units=m +datum=WGS84"):
        grid = tile_grid(GeoBox(scene.shape, scene.affine, crs), gsd=0.6, tile_px=224, stride_px=112)
        again = TileGrid.from_json(grid.to_json())
        assert again == grid
        assert again.tile(7) == grid.tile(7)


@pytest.mark.parametrize("text", ["", "{}", '{"shape": 3}', "[1]"])
def test_text_that_is_no_grid_is_a_graft_error(text: str) -> None:
    with pytest.raises(GraftError, match="not a tile grid"):
        TileGrid.from_json(text)


@pytest.mark.parametrize("stride", [0, -1, 225])
def test_a_stride_that_would_leave_gaps_is_refused(stride: int) -> None:
    with pytest.raises(GraftError, match="stride"):
        tile_grid(box(500, 500), gsd=1, tile_px=224, stride_px=stride)


@pytest.mark.parametrize("gsd", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_gsd_is_refused(gsd: float) -> None:
    with pytest.raises(GraftError, match="ground sampling distance"):
        working_geobox(box(10, 10), gsd)


@pytest.mark.parametrize(
    "scene",
    [
        GeoBox((10, 10), Affine(1e-5, 0, 10, 0, -1e-5, 50), "EPSG:4326"),
        GeoBox((10, 10), Affine.rotation(15) @ Affine(1, 0, 4e5, 0, -1, 4e6), CRS),
        GeoBox((10, 10), Affine(1, 0, 4e5, 0, 1, 4e6), CRS),
    ],
)
def test_degrees_rotation_and_south_up_need_a_scene_first(scene: GeoBox) -> None:
    with pytest.raises(GraftError, match="north-up"):
        working_geobox(scene, 1.0)


def test_positions_outside_the_grid_raise() -> None:
    grid = tile_grid(box(100, 100), gsd=1, tile_px=64, stride_px=64)
    for i in (-1, len(grid)):
        with pytest.raises(IndexError, match="outside"):
            grid.tile(i)
