"""Absolute pixels: the same numbers for the same ground, whatever part of a scene is open."""

import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from graft_core.geo.pixels import PixelBox, PixelFrame, box_around, cells

GSD = 0.6


def frame(top: int, left: int, height: int = 40, width: int = 60) -> PixelFrame:
    """A raster whose first pixel is that many pixels from the origin of its CRS, as a file would say it."""
    return PixelFrame(GeoBox((height, width), Affine(GSD, 0, left * GSD, 0, -GSD, -top * GSD), "EPSG:32631"))


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**6))
def test_pixels_are_counted_from_the_origin_of_the_crs(top: int, left: int) -> None:
    assert frame(top, left).box == (top, left, top + 40, left + 60)


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**6))
def test_two_crops_of_one_raster_place_a_shape_alike(top: int, left: int) -> None:
    whole, crop = frame(top, left), frame(top + 7, left + 13, 20, 20)
    shape = shapely.box(left + 20, top + 10, left + 25, top + 16)
    assert whole.to_crs(shape).bounds == pytest.approx(crop.to_crs(shape).bounds, abs=1e-6)
    assert whole.to_pixels(crop.to_crs(shape)).bounds == pytest.approx(shape.bounds, abs=1e-6)
    assert box_around(whole.to_pixels(whole.to_crs(shape))) == (top + 10, left + 20, top + 16, left + 25)


def test_window_of_the_frame_is_the_grid_of_those_pixels() -> None:
    window = frame(100, 200).window(PixelBox(98, 205, 103, 215))
    assert window.shape == (5, 10)
    assert window.affine.c == pytest.approx(205 * GSD)
    assert window.affine.f == pytest.approx(-98 * GSD)


@given(
    st.integers(-500, 500), st.integers(-500, 500), st.integers(1, 90), st.integers(1, 90),
    st.integers(1, 40), st.integers(0, 60),
)  # fmt: skip
def test_cells_cover_every_pixel_once_and_lie_on_one_lattice(
    top: int, left: int, height: int, width: int, side: int, offset: int
) -> None:
    box = PixelBox(top, left, top + height, left + width)
    found = list(cells(box, side, offset))
    pieces = [cell.overlap(box) for cell in found]
    assert not any(piece.empty for piece in pieces)
    assert sum(piece.shape[0] * piece.shape[1] for piece in pieces) == height * width
    assert len(set(found)) == len(found)
    assert all((cell.top - offset) % side == (cell.left - offset) % side == 0 for cell in found)


def test_rectangles_without_common_pixels_share_nothing() -> None:
    assert PixelBox(0, 0, 5, 5).overlap(PixelBox(5, 0, 9, 5)).empty
    assert not PixelBox(0, 0, 5, 5).overlap(PixelBox(4, 4, 9, 5)).empty
