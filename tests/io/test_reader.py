"""Reading: the same pixels whatever window or extent is asked, each block decoded once, in bounded memory."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.windows import Window

from graft_core.geo.grid import TileGrid, tile_grid
from graft_core.io import reader
from graft_core.io.scene import Scene, TileBatch, fill_invalid, open_scene, read_rgb, read_tiles


def all_tiles(scene: Scene, grid: TileGrid, **options: Any) -> dict[int, tuple[np.ndarray, float]]:
    """Position -> (pixels, valid share)."""
    tiles = {}
    for batch in read_tiles(scene, grid, **options):
        assert len(batch.index) == len(batch.pixels) == len(batch.valid)
        for i, pixels, valid in zip(batch.index, batch.pixels, batch.valid, strict=True):
            tiles[int(i)] = (pixels, float(valid))
    return tiles


def test_tiles_hold_the_pixels_of_the_file(raster: Any, noise: Any) -> None:
    values = noise(4, 300, 400)
    scene = open_scene(raster("a.tif", values))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=48)
    tiles = all_tiles(scene, grid)
    assert sorted(tiles) == list(range(len(grid)))
    for i, (pixels, valid) in tiles.items():
        tile = grid.tile(i)
        rows = slice(max(tile.top, 0), min(tile.top + 64, 300))
        cols = slice(max(tile.left, 0), min(tile.left + 64, 400))
        expected = np.moveaxis(values[:3, rows, cols], 0, -1)
        at_row, at_col = rows.start - tile.top, cols.start - tile.left
        inside = pixels[at_row : at_row + expected.shape[0], at_col : at_col + expected.shape[1]]
        assert np.array_equal(inside, expected)
        assert valid == pytest.approx(expected.shape[0] * expected.shape[1] / 64**2)


def test_batches_have_the_types_and_the_size_that_was_asked(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(3, 200, 200)))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
    batches = list(read_tiles(scene, grid, batch=5))
    assert [len(batch.index) for batch in batches[:-1]] == [5] * (len(batches) - 1)
    first: TileBatch = batches[0]
    assert (first.index.dtype, first.pixels.dtype, first.valid.dtype) == (np.int64, np.uint8, np.float32)
    assert first.pixels.shape == (5, 64, 64, 3)


def test_a_border_tile_is_filled_by_reflection(raster: Any, noise: Any) -> None:
    values = noise(3, 80, 100)
    scene = open_scene(raster("tiny.tif", values, left=448_000.0, top=3_776_000.0))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=128, stride_px=128)
    pixels, valid = all_tiles(scene, grid)[0]
    expected = np.pad(np.moveaxis(values, 0, -1), ((0, 48), (0, 28), (0, 0)), mode="reflect")
    assert np.array_equal(pixels, expected)
    assert valid == pytest.approx(80 * 100 / 128**2)


def test_positions_to_skip_are_left_out_and_cost_no_reading(
    raster: Any, noise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = open_scene(raster("a.tif", noise(3, 1024, 128), left=448_000.0, top=3_776_000.0))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
    everything = all_tiles(scene, grid)
    done = set(range(len(grid) * 3 // 4))
    rows: list[int] = []
    monkeypatch.setattr(reader, "read_window", counting(rows))
    rest = all_tiles(scene, grid, skip=done)
    assert set(rest) == set(everything) - done
    assert all(np.array_equal(rest[i][0], everything[i][0]) for i in rest)
    assert min(rows) >= 768


def counting(rows: list[int]) -> Any:
    real = reader.read_window

    def read(dataset: Any, bands: Any, window: Window, **options: Any) -> Any:
        rows.append(int(window.row_off))
        return real(dataset, bands, window, **options)

    return read


@pytest.mark.parametrize("gsd", [1.0, 0.6, 0.3])
@pytest.mark.parametrize("stride", [224, 50])
@pytest.mark.parametrize("layout", [{}, {"tiled": False, "blockysize": 7, "blockxsize": None}, {"interleave": "band"}])
def test_each_block_is_decoded_once(
    raster: Any, noise: Any, monkeypatch: pytest.MonkeyPatch, gsd: float, stride: int, layout: dict[str, Any]
) -> None:
    layout = {key: value for key, value in layout.items() if value is not None}
    if layout.get("tiled") is False:
        layout |= {"blockxsize": 700}
    scene = open_scene(raster("a.tif", noise(4, 900, 700), gsd=gsd, **layout))
    decoded: dict[tuple[int, int], int] = {}
    real = reader.read_window

    def read(dataset: Any, bands: Any, window: Window, **options: Any) -> Any:
        height, width = dataset.block_shapes[0]
        for row in range(int(window.row_off) // height, -(-int(window.row_off + window.height) // height)):
            for col in range(int(window.col_off) // width, -(-int(window.col_off + window.width) // width)):
                decoded[row, col] = decoded.get((row, col), 0) + 1
        return real(dataset, bands, window, **options)

    monkeypatch.setattr(reader, "read_window", read)
    grid = tile_grid(scene.geobox, gsd=1, tile_px=224, stride_px=stride)
    assert len(all_tiles(scene, grid)) == len(grid)
    assert set(decoded.values()) == {1}


def test_memory_does_not_grow_with_the_height_of_the_scene(raster: Any, noise: Any) -> None:
    def peak(height: int) -> int:
        scene = open_scene(raster(f"{height}.tif", noise(4, height, 256), gsd=0.6))
        grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
        tracemalloc.start()
        for _ in read_tiles(scene, grid, batch=4):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(8192) < 1.1 * peak(1024)


@pytest.fixture(scope="module")
def source_values() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (4, 330, 340)).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(
    cut=st.tuples(st.integers(0, 120), st.integers(0, 120)),
    size=st.tuples(st.integers(150, 200), st.integers(150, 200)),
    gsd=st.sampled_from([1.0, 0.6, 0.3, 0.6000000000000106]),
    nodata=st.sampled_from([None, 0, 17]),
)
def test_two_crops_of_a_raster_give_bit_equal_tiles(
    tmp_path_factory: pytest.TempPathFactory,
    write_raster: Any,
    source_values: np.ndarray,
    cut: tuple[int, int],
    size: tuple[int, int],
    gsd: float,
    nodata: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("crops")
    row, col = cut
    left, top = 725_694 * gsd, 6_297_293 * gsd
    values = source_values.copy()
    if nodata is not None:
        values[:, 60:90, 100:220] = nodata
    crop = values[:, row : row + size[0], col : col + size[1]]
    pair = []
    for name, data, x, y in (("whole", values, left, top), ("crop", crop, left + col * gsd, top - row * gsd)):
        path = write_raster(folder / f"{name}.tif", data, gsd=gsd, left=x, top=y, nodata=nodata)
        scene = open_scene(path)
        grid = tile_grid(scene.geobox, gsd=1, tile_px=24, stride_px=16)
        tiles = all_tiles(scene, grid)
        pair.append({(grid.tile(i).row, grid.tile(i).col): (tile, inside(grid, i)) for i, tile in tiles.items()})
    whole, cropped = pair
    interior = [place for place, (_, within) in cropped.items() if within]
    assert interior
    for place in interior:
        assert np.array_equal(cropped[place][0][0], whole[place][0][0])
        assert cropped[place][0][1] == whole[place][0][1]


def inside(grid: TileGrid, i: int) -> bool:
    """True when the tile keeps one working pixel away from the border, where a crop may cut a source pixel."""
    tile, (height, width) = grid.tile(i), grid.geobox.shape
    low, high = 1, grid.tile_px + 1
    return tile.top >= low and tile.left >= low and tile.top + high <= height and tile.left + high <= width


@settings(max_examples=25, deadline=None)
@given(
    window=st.tuples(st.integers(-20, 150), st.integers(-20, 150), st.integers(1, 90), st.integers(1, 90)),
    gsd=st.sampled_from([1.0, 0.6, 1.5, 0.25]),
)
def test_a_window_shows_the_same_pixels_as_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    write_raster: Any,
    source_values: np.ndarray,
    window: tuple[int, int, int, int],
    gsd: float,
) -> None:
    values = source_values.copy()
    values[:, 40:80, 90:130] = 0
    path = write_raster(tmp_path_factory.mktemp("window") / "a.tif", values, nodata=0)
    scene = open_scene(path)
    whole = GeoBox((500, 500), Affine(gsd, 0, 435_000 - 30 * gsd, 0, -gsd, 3_778_000 + 30 * gsd), scene.geobox.crs)
    top, left, height, width = window
    part = GeoBox((height, width), whole.affine @ Affine.translation(left + 30, top + 30), whole.crs)
    rgb, valid = read_rgb(scene, whole)
    rows, cols = slice(top + 30, top + 30 + height), slice(left + 30, left + 30 + width)
    part_rgb, part_valid = read_rgb(scene, part)
    assert np.array_equal(part_rgb, rgb[rows, cols])
    assert np.array_equal(part_valid, valid[rows, cols])


def test_windows_show_what_the_tiles_show(raster: Any, noise: Any) -> None:
    scene = open_scene(raster("a.tif", noise(4, 500, 450), gsd=0.6))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
    rgb, valid = read_rgb(scene, grid.geobox)
    for i, (pixels, share) in all_tiles(scene, grid).items():
        tile = grid.tile(i)
        if share == 1:
            area = slice(tile.top, tile.top + 64), slice(tile.left, tile.left + 64)
            assert np.array_equal(rgb[area], pixels)
            assert valid[area].all()


def test_half_metre_pixels_become_the_mean_of_four(raster: Any, noise: Any) -> None:
    values = noise(3, 128, 256)
    scene = open_scene(raster("a.tif", values, gsd=0.5))
    rgb, valid = read_rgb(scene, GeoBox((64, 128), Affine(1, 0, 435_000, 0, -1, 3_778_000), scene.geobox.crs))
    mean = values.reshape(3, 64, 2, 128, 2).mean(axis=(2, 4))
    assert np.array_equal(rgb, np.moveaxis(np.rint(mean), 0, -1).astype(np.uint8))
    assert valid.all()


@pytest.mark.parametrize("gsd", [0.6, 0.37, 1.7])
def test_resampling_keeps_place_and_brightness(raster: Any, gsd: float) -> None:
    """A straight brightness ramp stays the same ramp in metres, whatever the pixel size."""
    row, col = np.mgrid[0:200, 0:300]
    ramp = np.stack([col * 0.8, row * 1.2, np.full(row.shape, 77)]).round().astype(np.uint8)
    scene = open_scene(raster("ramp.tif", ramp, gsd=gsd))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64)
    rgb, valid = read_rgb(scene, grid.geobox)
    x = grid.geobox.affine.c - 435_000 + np.arange(rgb.shape[1]) + 0.5
    y = 3_778_000 - grid.geobox.affine.f + np.arange(rgb.shape[0]) + 0.5
    inner = slice(3, -3), slice(3, -3)
    assert valid[inner].all()
    assert np.abs(rgb[..., 0] - (x / gsd - 0.5) * 0.8)[inner].max() < 1.01
    assert np.abs(rgb[..., 1] - ((y / gsd - 0.5) * 1.2)[:, None])[inner].max() < 1.01
    assert (rgb[valid][:, 2] == 77).all()


def test_holes_do_not_darken_their_neighbours(raster: Any) -> None:
    values = np.full((3, 120, 120), 200, np.uint8)
    values[:, 30:60, 30:60] = 0
    scene = open_scene(raster("hole.tif", values, gsd=0.6, nodata=0))
    rgb, valid = read_rgb(scene, tile_grid(scene.geobox, gsd=1, tile_px=64, stride_px=64).geobox)
    assert (rgb[valid] == 200).all()
    assert (rgb[~valid] == 0).all()
    assert np.count_nonzero(~valid[2:-2, 2:-2]) == pytest.approx(18 * 18, abs=40)


def test_one_band_at_the_nodata_value_is_still_a_pixel(raster: Any, noise: Any) -> None:
    values = noise(3, 64, 64)
    values[0, 10, 10] = 0
    values[:, 20, 20] = 0
    scene = open_scene(raster("a.tif", values, nodata=0))
    _, valid = read_rgb(scene, scene.geobox)
    assert valid[10, 10]
    assert np.argwhere(~valid).tolist() == [[20, 20]]


def test_values_that_are_no_numbers_are_missing(raster: Any) -> None:
    values = np.random.default_rng(1).random((3, 64, 64)).astype(np.float32)
    values[0, 3, 4], values[1, 5, 6], values[2, 7, 8] = np.nan, np.inf, -np.inf
    scene = open_scene(raster("float.tif", values))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert np.argwhere(~valid).tolist() == [[3, 4], [5, 6], [7, 8]]
    assert rgb[valid].std() > 50


def test_a_mask_stored_in_the_file_is_used(raster: Any, noise: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_TIFF_INTERNAL_MASK", "YES")
    mask = np.full((64, 64), 255, np.uint8)
    mask[:, :32] = 0
    scene = open_scene(raster("masked.tif", noise(3, 64, 64), mask=mask))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert np.array_equal(valid, mask > 0)
    assert (rgb[:, :32] == 0).all()


def test_a_nodata_value_the_data_type_cannot_hold_is_ignored(raster: Any, noise: Any, tmp_path: Path) -> None:
    raster("a.tif", noise(3, 64, 64))
    vrt = (tmp_path / "a.tif").with_suffix(".vrt")
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><NoDataValue>-9999</NoDataValue><SimpleSource>'
        f'<SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>{band}</SourceBand>'
        "</SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    vrt.write_text(
        '<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:26911</SRS>'
        f"<GeoTransform>435000, 1, 0, 3778000, 0, -1</GeoTransform>{bands}</VRTDataset>"
    )
    scene = open_scene(vrt)
    assert read_rgb(scene, scene.geobox)[1].all()


def test_far_coarser_windows_come_from_the_overviews(
    raster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.repeat(np.repeat(np.random.default_rng(5).integers(0, 256, (3, 32, 32)), 32, 1), 32, 2).astype(np.uint8)
    path = raster("big.tif", values)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], Resampling.average)
    scene = open_scene(path)
    rows: list[int] = []
    monkeypatch.setattr(reader, "read_window", counting(rows))
    small = GeoBox((32, 32), Affine(32, 0, 435_000, 0, -32, 3_778_000), scene.geobox.crs)
    rgb, valid = read_rgb(scene, small)
    assert np.array_equal(rgb, np.moveaxis(values[:, ::32, ::32], 0, -1))
    assert valid.all()
    assert max(rows) < 256


@pytest.mark.parametrize("pad", [(0, 0, 0, 0), (10, 3, 0, 7), (20, 20, 20, 20)])
def test_fill_reflects_the_valid_part(pad: tuple[int, int, int, int]) -> None:
    top, bottom, left, right = pad
    inner = np.random.default_rng(0).integers(0, 256, (64 - top - bottom, 64 - left - right, 3)).astype(np.uint8)
    pixels = np.zeros((64, 64, 3), np.uint8)
    mask = np.zeros((64, 64), bool)
    pixels[top : 64 - bottom, left : 64 - right] = inner
    mask[top : 64 - bottom, left : 64 - right] = True
    expected = np.pad(inner, ((top, bottom), (left, right), (0, 0)), mode="reflect")
    assert np.array_equal(fill_invalid(pixels, mask), expected)


def test_fill_gives_holes_the_mean_colour_and_keeps_the_rest() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    mask = np.ones((8, 8), bool)
    pixels[:4], pixels[4:] = (10, 20, 30), (30, 40, 50)
    mask[2, 2] = mask[5, 5] = False
    filled = fill_invalid(pixels, mask)
    assert filled[2, 2].tolist() == filled[5, 5].tolist() == [20, 30, 40]
    assert np.array_equal(filled[mask], pixels[mask])


def test_a_single_valid_pixel_fills_its_tile() -> None:
    pixels, mask = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), bool)
    pixels[3, 4], mask[3, 4] = (9, 8, 7), True
    assert (fill_invalid(pixels, mask) == (9, 8, 7)).all()
