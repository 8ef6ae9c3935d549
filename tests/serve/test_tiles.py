"""The tile service over HTTP: what a map, a browser cache and a GIS rely on."""

import io
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import numpy as np
import pytest
import rasterio
from affine import Affine
from four_colors import four_colors, geobox
from known_encoder import KnownEncoder
from odc.geo.geobox import GeoBox
from PIL import Image
from pyproj import Transformer
from rasterio.enums import ColorInterp
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from graft_core import settings
from graft_core.io.geotiff import write_raster
from graft_core.io.identity import scene_name
from graft_core.io.scene import Scene, open_scene, read_rgb
from graft_core.serve import known, mercator, pictures
from graft_core.serve.addresses import layer_tiles_url, scene_tiles_url
from graft_core.serve.known import layers_dir
from graft_core.serve.tiles import tile_service
from graft_core.tasks.change_recipe import TAG as CHANGE_TAG
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.map_picture import LESS, MORE

RGB = ("red", "green", "blue")
GRID = "WebMercatorQuad"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[Mount("/rasters", tile_service("/rasters"))])) as client:
        yield client


@pytest.fixture(autouse=True)
def list_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait until the list of scenes is read again."""
    monkeypatch.setattr(known, "_LIST_S", 0.0)


def in_folder(name: str, pixels: np.ndarray, box: GeoBox | None = None, **options: object) -> Scene:
    """Write a raster into the folder of scenes and open it."""
    path = settings.tiles_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_raster(path, pixels, box or geobox(*pixels.shape[1:]), descriptions=RGB, photometric="rgb", **options)
    return open_scene(path)


def layer(name: str, density: np.ndarray, box: GeoBox | None = None) -> Path:
    """Write a density map into the folder of layers."""
    path = layers_dir() / f"{name}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    values = density[None].astype(np.float32)
    write_raster(path, values, box or geobox(*density.shape), descriptions=["density: lake"], nodata=math.nan)
    return path


def noise(height: int, width: int, *, high: int = 256, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(7).integers(1, high, (3, height, width)).astype(dtype)


def mercator_pixel(lon: float, lat: float, z: int) -> tuple[float, float]:
    """Column and row among all pixels of a zoom."""
    side = 256 * 2**z
    return (lon / 360 + 0.5) * side, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side


def decoded(answer: httpx.Response) -> np.ndarray:
    """(h, w, 4) of a PNG."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def tile_at(client: TestClient, template: str, lon: float, lat: float, z: int) -> np.ndarray:
    col, row = mercator_pixel(lon, lat, z)
    return decoded(client.get(address(template, int(col // 256), int(row // 256), z)))


def address(template: str, x: int, y: int, z: int) -> str:
    return template.replace("{x}", str(x)).replace("{y}", str(y)).replace("{z}", str(z))


def mosaic(client: TestClient, template: str, bounds: list[float], z: int) -> tuple[np.ndarray, int, int]:
    """All tiles of a zoom over the bounds and around them as one picture, and its first column and row."""
    west, south, east, north = bounds
    left, top = mercator_pixel(west, north, z)
    right, bottom = mercator_pixel(east, south, z)
    xs = range(int(left // 256) - 1, int(right // 256) + 2)
    ys = range(int(top // 256) - 1, int(bottom // 256) + 2)
    rows = [np.concatenate([decoded(client.get(address(template, x, y, z))) for x in xs], axis=1) for y in ys]
    return np.concatenate(rows, axis=0), xs[0] * 256, ys[0] * 256


def lon_lat(scene_crs: str, affine: Affine, col: float, row: float) -> tuple[float, float]:
    x, y = affine.c + affine.a * col + affine.b * row, affine.f + affine.d * col + affine.e * row
    lon, lat = Transformer.from_crs(scene_crs, "EPSG:4326", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def middle(bounds: list[float]) -> tuple[float, float]:
    return (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2


def info(client: TestClient, scene: Scene | str, kind: str = "scenes") -> dict:
    name = scene if isinstance(scene, str) else scene.name
    answer = client.get(f"/rasters/{kind}/{name}/info")
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(answer: httpx.Response) -> str:
    """The sentence of a 4xx; it names no place on the server."""
    assert 400 <= answer.status_code < 500
    assert list(answer.json()) == ["detail"]
    text = answer.json()["detail"]
    assert text.endswith(".")
    for secret in (str(settings.tiles_dir()), "Traceback", "/work", "site-packages", "Errno"):
        assert secret not in text
    return text


PLACES = {
    "naip": ("EPSG:26911", Affine(0.6, 0, 435_000, 0, -0.6, 3_778_000), "uint8"),
    "sentinel2": ("EPSG:32733", Affine(10, 0, 399_960, 0, -10, 6_800_020), "uint16"),
    "far from the middle of the zone": ("EPSG:32632", Affine(1, 0, 820_000, 0, -1, 6_900_000), "uint8"),
    "rotated": ("EPSG:32631", Affine(2, 0, 500_000, 0, -2, 5_000_000) @ Affine.rotation(25), "uint8"),
    "degrees": ("EPSG:4326", Affine(1e-5, 0, -124.18, 0, -1e-5, 40.77), "uint8"),
    "web mercator": ("EPSG:3857", Affine(1.1, 0, 222_222, 0, -1.1, 333_333), "uint8"),
}


@pytest.mark.parametrize("place", PLACES)
def test_marked_corner_pixels_are_where_the_geotransform_puts_them(client: TestClient, place: str) -> None:
    crs, affine, dtype = PLACES[place]
    height, width = 210, 300
    full = 255 if dtype == "uint8" else 3000
    pixels = np.full((3, height, width), full // 5, dtype)
    pixels[1:, 60:150, 60:240] = full  # bright enough to be shown as it is
    marks = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1), (100, 40)]
    for row, col in marks:
        pixels[0, row, col] = full
    tags = {"GRAFT_SENSOR": "sentinel2", "PROCESSING_LEVEL": "Level-2A"} if dtype == "uint16" else {}
    path = settings.tiles_dir() / "corners.tif"
    path.parent.mkdir(parents=True)
    profile = {"driver": "GTiff", "count": 3, "height": height, "width": width, "dtype": dtype, "photometric": "rgb"}
    with rasterio.open(path, "w", crs=crs, transform=affine, **profile) as out:
        out.update_tags(**tags)
        out.descriptions = RGB
        out.write(pixels)
    scene = open_scene(path)
    facts = info(client, scene)
    z = facts["maxzoom"]
    drawn, first_col, first_row = mosaic(client, scene_tiles_url("/rasters", scene), facts["bounds"], z)
    redness = np.where(drawn[..., 3] > 0, drawn[..., 0].astype(float) - full // 5 * 255 / full - 2, 0).clip(0)
    rows, cols = np.mgrid[: redness.shape[0], : redness.shape[1]] + 0.5
    for row, col in marks:
        expected = mercator_pixel(*lon_lat(crs, affine, col + 0.5, row + 0.5), z)
        x, y = expected[0] - first_col, expected[1] - first_row
        near = redness * (np.hypot(cols - x, rows - y) < 6)
        assert near.sum() > 0
        found = (near * cols).sum() / near.sum(), (near * rows).sum() / near.sum()
        assert math.dist(found, (x, y)) < 1


def test_a_scene_across_the_antimeridian_is_shown_on_both_sides(client: TestClient) -> None:
    left, top = Transformer.from_crs("EPSG:4326", "EPSG:32601", always_xy=True).transform(180.0, 10.0)
    box = GeoBox((512, 512), Affine(10, 0, left - 2560, 0, -10, top), "EPSG:32601")
    scene = in_folder("fiji.tif", np.full((3, 512, 512), 240, np.uint8), box)
    assert info(client, scene)["maxzoom"] == 14
    url = scene_tiles_url("/rasters", scene)
    for lon in (179.99, -179.99):
        tile = tile_at(client, url, lon, 9.98, 12)
        assert 0.05 < (tile[..., 3] == 255).mean() < 0.6
        assert (tile[tile[..., 3] > 0][:, :3] == 240).all()
    assert not tile_at(client, url, 0.0, 9.98, 12).any()


def test_the_scene_ends_on_the_map_where_it_ends_on_the_ground(client: TestClient) -> None:
    scene = in_folder("edge.tif", np.full((3, 128, 192), 240, np.uint8))
    facts = info(client, scene)
    z = facts["maxzoom"] + 1
    drawn, first_col, first_row = mosaic(client, scene_tiles_url("/rasters", scene), facts["bounds"], z)
    rows, cols = np.nonzero(drawn[..., 3])
    outline = [(0, 0), (0, 192), (128, 0), (128, 192)]
    corners = [mercator_pixel(*lon_lat("EPSG:32631", scene.geobox.affine, col, row), z) for row, col in outline]
    assert cols.min() == pytest.approx(min(x for x, _ in corners) - first_col, abs=1)
    assert cols.max() + 1 == pytest.approx(max(x for x, _ in corners) - first_col, abs=1)
    assert rows.min() == pytest.approx(min(y for _, y in corners) - first_row, abs=1)
    assert rows.max() + 1 == pytest.approx(max(y for _, y in corners) - first_row, abs=1)


def pixel_pairs(client: TestClient, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) colours on a magnified tile, and those of ``read_rgb`` under the middles of its pixels."""
    rgb, _ = read_rgb(scene, scene.geobox)
    facts = info(client, scene)
    z = facts["maxzoom"] + 4
    lon, lat = middle(facts["bounds"])
    tile = tile_at(client, scene_tiles_url("/rasters", scene), lon, lat, z)
    assert (tile[..., 3] == 255).all()
    left, top = (int(at // 256) * 256 for at in mercator_pixel(lon, lat, z))
    across, down = np.meshgrid(np.arange(left, left + 256) + 0.5, np.arange(top, top + 256) + 0.5)
    side, half = 256 * 2**z, math.pi * 6378137
    to_scene = Transformer.from_crs("EPSG:3857", str(scene.geobox.crs), always_xy=True)
    x, y = to_scene.transform((across / side * 2 - 1) * half, (1 - down / side * 2) * half)
    inverse = ~scene.geobox.affine
    cols, rows = inverse.a * x + inverse.c, inverse.e * y + inverse.f
    inside = (abs(cols % 1 - 0.5) < 0.4) & (abs(rows % 1 - 0.5) < 0.4)  # not on the line between two pixels
    assert inside.mean() > 0.5
    return tile[inside][:, :3], rgb[rows[inside].astype(int), cols[inside].astype(int)]


def test_a_bright_scene_is_shown_in_exactly_its_own_colours(client: TestClient) -> None:
    scene = in_folder("noise.tif", noise(200, 200))
    assert info(client, scene)["gain"] == 1
    shown, own = pixel_pairs(client, scene)
    np.testing.assert_array_equal(shown, own)


def test_reflectance_is_shown_by_the_stretch_of_the_scene(client: TestClient) -> None:
    tags = {"GRAFT_SENSOR": "sentinel2", "PROCESSING_LEVEL": "Level-2A"}
    box = geobox(200, 200, gsd=10)
    scene = in_folder("s2.tif", noise(200, 200, high=3000, dtype="uint16"), box, tags=tags)
    assert scene.stretch.high == (3000, 3000, 3000)
    assert info(client, scene)["stretch"] == {"kind": "reflectance", "low": [0, 0, 0], "high": [3000, 3000, 3000]}
    shown, own = pixel_pairs(client, scene)
    np.testing.assert_array_equal(shown, own)


@pytest.mark.parametrize(("high", "gain"), [(116, 2.0), (20, 4.0)])
def test_a_dark_scene_is_brightened_as_a_whole(client: TestClient, high: int, gain: float) -> None:
    scene = in_folder("dark.tif", noise(200, 200, high=high))
    told = info(client, scene)["gain"]
    assert told == pytest.approx(gain, rel=0.03)
    shown, own = pixel_pairs(client, scene)
    np.testing.assert_allclose(shown, np.minimum(own * told, 255), atol=1)


def test_bands_are_taken_by_role(client: TestClient) -> None:
    path = settings.tiles_dir() / "bgr.tif"
    path.parent.mkdir(parents=True)
    write_raster(path, noise(100, 100), geobox(100, 100), descriptions=("blue", "green", "red"))
    scene = open_scene(path)
    assert scene.bands == (3, 2, 1)
    shown, own = pixel_pairs(client, scene)
    np.testing.assert_array_equal(shown, own)


def four_bands(fourth: np.ndarray) -> Scene:
    """A scene whose fourth band is tagged alpha, as NAIP's near infrared often is."""
    path = settings.tiles_dir() / "naip.tif"
    path.parent.mkdir(parents=True)
    height, width = fourth.shape
    box = geobox(height, width)
    profile = {"driver": "GTiff", "count": 4, "height": height, "width": width, "dtype": "uint8", "photometric": "rgb"}
    with rasterio.open(path, "w", crs=str(box.crs), transform=box.affine, **profile) as out:
        out.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
        out.write(np.concatenate([np.full((3, height, width), 240, np.uint8), fourth[None]]))
    return open_scene(path)


def test_near_infrared_tagged_alpha_hides_nothing(client: TestClient) -> None:
    scene = four_bands(noise(128, 128)[0] - np.uint8(1))
    assert scene.mask_band is None
    facts = info(client, scene)
    for z in (facts["maxzoom"] - 1, facts["maxzoom"] + 3):
        tile = tile_at(client, scene_tiles_url("/rasters", scene), *middle(facts["bounds"]), z)
        inside = tile[tile[..., 3] > 0]
        assert (inside[:, :3] == 240).all()
    assert (tile[..., 3] == 255).all()


def test_a_real_mask_hides_what_it_marks(client: TestClient) -> None:
    mask = np.full((128, 128), 255, np.uint8)
    mask[:, :64] = 0
    scene = four_bands(mask)
    assert scene.mask_band == 4
    assert_only_the_east_is_shown(client, scene)


def test_nodata_is_transparent(client: TestClient) -> None:
    pixels = np.full((3, 128, 128), 240, np.uint8)
    pixels[:, :, :64] = 0
    pixels[0, :, 64:] = 0  # a red of 0 alone is a colour, not nodata
    assert_only_the_east_is_shown(client, in_folder("half.tif", pixels, nodata=0))


def assert_only_the_east_is_shown(client: TestClient, scene: Scene) -> None:
    facts = info(client, scene)
    z = facts["maxzoom"]
    drawn, left, top = mosaic(client, scene_tiles_url("/rasters", scene), facts["bounds"], z)
    for col, row, opaque in ((32, 64, False), (60, 64, False), (68, 64, True), (100, 20, True), (140, 64, False)):
        x, y = mercator_pixel(*lon_lat("EPSG:32631", scene.geobox.affine, col, row), z)
        assert (drawn[int(y) - top, int(x) - left, 3] == 255) == opaque


def test_low_zooms_show_the_whole_scene_small(client: TestClient) -> None:
    scene = in_folder("large.tif", np.full((3, 2048, 2048), 240, np.uint8))
    facts = info(client, scene)
    for z in (facts["maxzoom"] - 3, facts["maxzoom"] - 8, 3, 0):
        tile = tile_at(client, scene_tiles_url("/rasters", scene), *middle(facts["bounds"]), z)
        shown = tile[tile[..., 3] > 0]
        assert (len(shown) > 0) == (z > 3)  # there the scene is less than a pixel
        assert (abs(shown[:, :3].astype(int) - 240) <= 1).all()


def test_a_tile_drawn_in_quarters_is_the_same_tile(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.repeat(np.repeat(noise(64, 64), 8, axis=1), 8, axis=2)
    scene = in_folder("whole.tif", pixels)
    facts = info(client, scene)
    url = scene_tiles_url("/rasters", scene)
    for z in (facts["maxzoom"] - 1, facts["maxzoom"]):
        whole = tile_at(client, url, *middle(facts["bounds"]), z).astype(int)
        monkeypatch.setattr(mercator, "_PIXELS_AT_ONCE", 4000)
        quarters = tile_at(client, url, *middle(facts["bounds"]), z).astype(int)
        monkeypatch.undo()
        np.testing.assert_array_equal(whole[..., 3], quarters[..., 3])
        assert np.percentile(abs(whole - quarters), 99) <= 2


@pytest.mark.parametrize(("ending", "kind"), [("png", "PNG"), ("webp", "WEBP"), ("jpg", "JPEG"), ("jpeg", "JPEG")])
@pytest.mark.parametrize(("mark", "size"), [("", 256), ("@2x", 512)])
def test_formats_and_sizes(client: TestClient, ending: str, kind: str, mark: str, size: int) -> None:
    scene = in_folder("four.tif", four_colors())
    lon, lat = middle(info(client, scene)["bounds"])
    x, y = (int(at // 256) for at in mercator_pixel(lon, lat, 16))
    answer = client.get(f"/rasters/scenes/{scene.name}/tiles/{GRID}/16/{x}/{y}{mark}.{ending}")
    image = Image.open(io.BytesIO(answer.content))
    assert image.format == kind
    assert image.size == (size, size)
    assert answer.headers["content-type"] == f"image/{'jpeg' if kind == 'JPEG' else ending}"


def test_a_large_tile_shows_the_same_ground_finer(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    url = scene_tiles_url("/rasters", scene)
    lon, lat = middle(info(client, scene)["bounds"])
    small = tile_at(client, url, lon, lat, 17).astype(int)
    large = tile_at(client, url.replace("{y}", "{y}@2x"), lon, lat, 17).astype(int)
    halved = large.reshape(256, 2, 256, 2, 4).mean(axis=(1, 3))
    assert np.median(abs(halved - small)) == 0
    assert (abs(halved - small) > 40).mean() < 0.05


def test_a_tile_beside_the_scene_is_an_empty_picture(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    layer("lakes", np.full((64, 64), 0.5))
    for url in (scene_tiles_url("/rasters", scene), layer_tiles_url("/rasters", "lakes")):
        assert not decoded(client.get(address(url, 3, 5, 4))).any()


def test_scenes_are_found_by_the_name_they_were_indexed_under(client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "bay.tif"
    path.parent.mkdir()
    write_raster(path, four_colors(), geobox(), descriptions=RGB, photometric="rgb")
    scene = open_scene(path, name="The bay")
    for _ in index_scene(scene, KnownEncoder(), settings.indexes_dir()):
        pass
    assert info(client, scene)["version"] == scene.fingerprint
    drawn = tile_at(client, scene_tiles_url("/rasters", scene), *middle(info(client, scene)["bounds"]), 17)
    colors = {tuple(color) for color in drawn[drawn[..., 3] > 0][:, :3]}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)} <= colors
    os.remove(path)
    assert "cannot be shown" in refusal(client.get(f"/rasters/scenes/{scene.name}/info"))


def test_a_file_of_the_working_folder_does_not_stand_in_for_an_indexed_scene(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = in_folder("four.tif", four_colors())
    for _ in index_scene(scene, KnownEncoder(), settings.indexes_dir()):
        pass
    (tmp_path / "here" / scene.name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert info(client, scene)["version"] == scene.fingerprint


def test_layers_are_coloured_and_fade_out_where_nothing_matches(client: TestClient) -> None:
    density = np.zeros((128, 160))
    density[:, 40:80], density[:, 80:120], density[:, 120:] = 0.08, 0.8, math.nan
    layer("lakes", density)
    facts = info(client, "lakes", "layers")
    assert facts["maximum"] == pytest.approx(0.8)
    assert facts["description"] == "density: lake"
    assert probe(client, "lakes") == [(68, 1, 84, 0), (72, 35, 116, 125), (253, 231, 36, 255), (68, 1, 84, 0)]
    low, some, much, _ = probe(client, "lakes", colormap="magma", maximum=0.3)
    assert low[3] == 0
    assert some[3] == 255
    assert much == (251, 252, 191, 255)


def probe(client: TestClient, name: str, **style: object) -> list[tuple[int, ...]]:
    """Colours of a layer in the middles of four columns of 40 pixels."""
    facts = info(client, name, "layers")
    z = facts["maxzoom"] + 1
    drawn, left, top = mosaic(client, layer_tiles_url("/rasters", name, **style), facts["bounds"], z)
    at = [mercator_pixel(*lon_lat("EPSG:32631", geobox().affine, col, 64), z) for col in (20, 60, 100, 140)]
    pixels = [drawn[int(y) - top, int(x) - left] for x, y in at]
    return [tuple(int(value) for value in pixel) for pixel in pixels]


def test_a_change_is_orange_where_there_is_more_purple_where_less_and_nothing_between(client: TestClient) -> None:
    change = np.zeros((1, 128, 160), np.float32)
    change[..., :40], change[..., 80:120], change[..., 120:] = 0.5, -0.8, math.nan
    layers_dir().mkdir(parents=True)
    path = layers_dir() / "gone.tif"
    write_raster(
        path, change, geobox(128, 160), descriptions=["change: lake"], nodata=math.nan, tags={CHANGE_TAG: "{}"}
    )
    assert info(client, "gone", "layers")["maximum"] == pytest.approx(0.8)
    more, same, less, unknown = probe(client, "gone")
    assert more == (*MORE, 255)
    assert less == (*LESS, 255)
    assert same[3] == unknown[3] == 0


def test_an_empty_layer_looks_empty(client: TestClient) -> None:
    density = np.full((128, 160), 0.01)
    layer("nothing", density)
    assert info(client, "nothing", "layers")["maximum"] == 0.25
    assert all(pixel[3] < 60 for pixel in probe(client, "nothing"))


def test_a_layer_without_data_is_transparent(client: TestClient) -> None:
    layer("unknown", np.full((128, 160), math.nan))
    assert all(pixel[3] == 0 for pixel in probe(client, "unknown"))


@pytest.mark.parametrize("colormap", pictures.COLORMAPS)
def test_every_colormap_offered_is_there(client: TestClient, colormap: str) -> None:
    layer("lakes", np.full((128, 160), 0.9))
    assert probe(client, "lakes", colormap=colormap)[0][3] == 255


def test_a_layer_lies_where_its_grid_says(client: TestClient) -> None:
    density = np.zeros((200, 300))
    density[0, 0] = density[-1, -1] = density[70, 200] = 1
    layer("points", density)
    facts = info(client, "points", "layers")
    z = facts["maxzoom"]
    drawn, left, top = mosaic(client, layer_tiles_url("/rasters", "points"), facts["bounds"], z)
    rows, cols = np.mgrid[: drawn.shape[0], : drawn.shape[1]] + 0.5
    for row, col in ((0, 0), (199, 299), (70, 200)):
        x, y = mercator_pixel(*lon_lat("EPSG:32631", geobox().affine, col + 0.5, row + 0.5), z)
        near = drawn[..., 3] * (np.hypot(cols - x + left, rows - y + top) < 6)
        assert near.sum() > 0
        found = (near * cols).sum() / near.sum() + left, (near * rows).sum() / near.sum() + top
        assert math.dist(found, (x, y)) < 1


def test_a_layer_exported_again_is_shown_anew(client: TestClient) -> None:
    layer("lakes", np.full((128, 160), 0.9))
    before = layer_tiles_url("/rasters", "lakes")
    assert probe(client, "lakes", maximum=1)[0][3] == 255
    os.utime(layer("lakes", np.full((128, 160), 0.1)), ns=(1, 1))
    after = layer_tiles_url("/rasters", "lakes")
    assert after != before
    assert probe(client, "lakes", maximum=1)[0][3] < 140


def test_browsers_keep_a_tile_until_the_picture_changes(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    url = address(scene_tiles_url("/rasters", scene), 0, 0, 0)
    first = client.get(url)
    assert first.headers["cache-control"] == "private, max-age=86400"
    plain = client.get(url.split("?")[0])
    assert plain.headers["cache-control"] == "private, no-cache"
    same = client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    assert same.content == b""
    changed = in_folder("four.tif", four_colors()[:, ::-1])
    assert changed.fingerprint != scene.fingerprint
    again = client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.headers["cache-control"] == "private, no-cache"
    assert again.headers["etag"] != first.headers["etag"]


def test_a_changed_scene_is_noticed(client: TestClient) -> None:
    scene = in_folder("a.tif", np.full((3, 128, 128), 240, np.uint8))
    lon, lat = middle(info(client, scene)["bounds"])
    url = scene_tiles_url("/rasters", scene)
    assert (tile_at(client, url, lon, lat, 19)[..., 0] == 240).all()
    pixels = np.full((3, 128, 128), 240, np.uint8)
    pixels[0] = 100
    in_folder("a.tif", pixels)
    assert (tile_at(client, url, lon, lat, 19)[..., 0] == 100).all()
    os.remove(settings.tiles_dir() / "a.tif")
    refusal(client.get(address(url, 0, 0, 0)))


def test_a_scene_is_opened_once_for_many_requests_at_a_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = in_folder("noise.tif", noise(700, 700))
    opened: list[str] = []

    def counted(source: str) -> Scene:
        opened.append(source)
        return open_scene(source)

    monkeypatch.setattr(known, "open_scene", counted)
    layer("lakes", np.full((700, 700), 0.5))
    west, north = lon_lat("EPSG:32631", scene.geobox.affine, 0, 0)
    east, south = lon_lat("EPSG:32631", scene.geobox.affine, 700, 700)
    bounds = [west, south, east, north]
    (left, top), (right, bottom) = mercator_pixel(west, north, 17), mercator_pixel(east, south, 17)
    xs, ys = range(int(left // 256), int(right // 256) + 1), range(int(top // 256), int(bottom // 256) + 1)
    templates = scene_tiles_url("/rasters", scene), layer_tiles_url("/rasters", "lakes")
    asked = [address(template, x, y, 17) for x in xs for y in ys for template in templates]
    with ThreadPoolExecutor(8) as pool:
        together = [answer.content for answer in pool.map(client.get, asked)]
    assert len(opened) == 1
    assert together == [client.get(url).content for url in asked]
    assert info(client, scene)["bounds"] == pytest.approx(bounds, abs=1e-4)


def test_tilejson_and_wmts_lead_to_tiles(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    layer("lakes and ponds", np.full((160, 224), 0.5))
    for kind, name in (("scenes", scene.name), ("layers", "lakes%20and%20ponds")):
        base = f"/rasters/{kind}/{name}"
        tilejson = client.get(f"{base}/tilejson.json").json()
        assert tilejson["tilejson"] == "3.0.0"
        assert tilejson["bounds"] == info(client, name, kind)["bounds"]
        template = tilejson["tiles"][0]
        assert template.startswith(f"http://testserver{base}/tiles/{GRID}/{{z}}/{{x}}/{{y}}.png?")
        z = tilejson["maxzoom"]
        drawn = tile_at(client, template, *middle(tilejson["bounds"]), z)
        assert drawn[..., 3].any()
        answer = client.get(f"{base}/WMTSCapabilities.xml")
        assert answer.headers["content-type"].startswith("application/xml")
        root = ElementTree.fromstring(answer.text)
        wmts, ows = "{http://www.opengis.net/wmts/1.0}", "{http://www.opengis.net/ows/1.1}"
        link = root.find(f".//{wmts}ResourceURL").attrib["template"]
        link = link.replace("{TileMatrix}", "{z}").replace("{TileCol}", "{x}").replace("{TileRow}", "{y}")
        assert link == template
        assert len(root.findall(f".//{wmts}TileMatrix")) == z + 1
        lower = [float(each) for each in root.find(f".//{ows}LowerCorner").text.split()]
        assert lower == pytest.approx(tilejson["bounds"][:2])


@pytest.mark.parametrize("prefix", ["/rasters", "/base/path/rasters"])
def test_links_begin_with_the_prefix_and_the_outermost_host(prefix: str) -> None:
    scene = in_folder("four.tif", four_colors())
    app = Starlette(routes=[Mount(prefix, tile_service(prefix))])
    client = TestClient(app, base_url="http://127.0.0.1:8501")
    path = f"{prefix}/scenes/{scene.name}"
    assert scene_tiles_url(prefix, scene).startswith(f"{path}/tiles/{GRID}/")
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "maps.example.org, inner", "Host": "inner:80"}
    cases = [
        ({}, "http://127.0.0.1:8501"),
        ({"Host": "gis.example.org:8080"}, "http://gis.example.org:8080"),
        (forwarded, "https://maps.example.org"),
        (forwarded | {"X-Forwarded-Prefix": "/tools/"}, "https://maps.example.org/tools"),
        ({"X-Forwarded-Proto": "javascript"}, "http://127.0.0.1:8501"),
    ]
    for headers, origin in cases:
        link = client.get(f"{path}/tilejson.json", headers=headers).json()["tiles"][0]
        assert link == f"{origin}{scene_tiles_url(prefix, scene)}"
        assert link.replace("&", "&amp;") in client.get(f"{path}/WMTSCapabilities.xml", headers=headers).text.replace(
            "{TileMatrix}/{TileCol}/{TileRow}", "{z}/{x}/{y}"
        )


def test_names_are_encoded_in_addresses(client: TestClient) -> None:
    path = layer("a b{z}?#ü", np.full((64, 64), 0.5))
    assert path.is_file()
    url = layer_tiles_url("rasters/", "a b{z}?#ü", colormap="magma", maximum=0.5)
    assert url.startswith(f"/rasters/layers/a%20b%7Bz%7D%3F%23%C3%BC/tiles/{GRID}/{{z}}/{{x}}/{{y}}.png?")
    assert "colormap=magma&max=0.5&v=" in url
    assert client.get(address(url, 0, 0, 0)).status_code == 200


@pytest.mark.parametrize("kind", ["scenes", "layers"])
@pytest.mark.parametrize(
    "name",
    [
        "nobody",
        "..",
        "../lakes",
        "../../etc/passwd",
        "/etc/passwd",
        "~",
        "*",
        "https://example.org/a.tif",
        "s3://bucket/a.tif",
        "/vsicurl/https://example.org/a.tif",
        "<VRTDataset/>",
        "lakes.tif",
        "\0",
        "..\\lakes",
    ],
)
def test_only_known_names_are_opened(client: TestClient, kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder("four.tif", four_colors())
    layer("lakes", np.full((64, 64), 0.5))
    monkeypatch.setattr(known, "open_scene", lambda *_: pytest.fail("an unknown name was opened"))
    for rest in ("info", "tilejson.json", "WMTSCapabilities.xml", f"tiles/{GRID}/0/0/0.png"):
        answer = client.get(f"/rasters/{kind}/{quote(name, safe='')}/{rest}")
        assert answer.status_code == 404
        refusal(answer)


def test_the_path_of_a_known_scene_is_no_name(client: TestClient) -> None:
    in_folder("four.tif", four_colors())
    path = str(settings.tiles_dir() / "four.tif")
    assert client.get(f"/rasters/scenes/{quote(path, safe='')}/info").status_code == 404
    assert client.get("/rasters/scenes/four.tif/info").status_code == 404


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (f"tiles/{GRID}/25/0/0.png", "'z' cannot be '25'"),
        (f"tiles/{GRID}/99999999999999999999/0/0.png", "'z' cannot be"),
        (f"tiles/{GRID}/-1/0/0.png", "'z' cannot be '-1'"),
        (f"tiles/{GRID}/2/4/0.png", "0 to 3"),
        (f"tiles/{GRID}/2/0/4.png", "0 to 3"),
        (f"tiles/{GRID}/2/0/{10**30}.png", "0 to 3"),
        (f"tiles/{GRID}/2/-1/0.png", "'x' cannot be '-1'"),
        (f"tiles/{GRID}/two/0/0.png", "'z' cannot be 'two'"),
        (f"tiles/{GRID}/2/nan/0.png", "'x' cannot be 'nan'"),
        (f"tiles/{GRID}/2/1.5/0.png", "'x' cannot be '1.5'"),
        (f"tiles/{GRID}/2/0/0.gif", "no 'gif' tiles"),
        (f"tiles/{GRID}/2/0/0@3x.png", "'y' cannot be"),
        (f"tiles/{GRID}/2/0/0", "nothing at this address"),
        ("tiles/WorldCRS84Quad/2/0/0.png", "nothing at this address"),
        ("statistics", "nothing at this address"),
        ("", "nothing at this address"),
    ],
)
@pytest.mark.parametrize("kind", ["scenes", "layers"])
def test_bad_tiles_are_refused_in_a_sentence(client: TestClient, kind: str, tail: str, words: str) -> None:
    scene = in_folder("four.tif", four_colors())
    layer("lakes", np.full((64, 64), 0.5))
    name = scene.name if kind == "scenes" else "lakes"
    assert words in refusal(client.get(f"/rasters/{kind}/{name}/{tail}"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colormap=nothing", "Unknown colormap 'nothing'"),
        ("colormap=../../etc/passwd", "Unknown colormap"),
        ("max=0", "'max' cannot be '0'"),
        ("max=-1", "'max' cannot be '-1'"),
        ("max=nan", "'max' cannot be 'nan'"),
        ("max=inf", "'max' cannot be 'inf'"),
        ("max=much", "'max' cannot be 'much'"),
    ],
)
def test_bad_colours_are_refused_in_a_sentence(client: TestClient, query: str, words: str) -> None:
    layer("lakes", np.full((64, 64), 0.5))
    assert words in refusal(client.get(f"/rasters/layers/lakes/tiles/{GRID}/0/0/0.png?{query}"))


def test_other_parameters_change_nothing(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    url = address(scene_tiles_url("/rasters", scene), 0, 0, 0)
    sly = client.get(f"{url}&url=/etc/passwd&nodata=1&tilesize=100000&expression=b1&rescale=0,1")
    assert sly.content == client.get(url).content


def test_nothing_is_written_over_http(client: TestClient) -> None:
    scene = in_folder("four.tif", four_colors())
    answer = client.post(f"/rasters/scenes/{scene.name}/info")
    assert answer.status_code == 405
    refusal(answer)


def test_damaged_files_are_refused_without_naming_them(client: TestClient, shared_data: Path) -> None:
    folder = settings.tiles_dir()
    layers_dir().mkdir(parents=True)
    for name in ("truncated", "no_crs", "one_band", "empty", "all_nodata", "png_renamed"):
        content = (shared_data / "bad" / f"{name}.tif").read_bytes()
        (folder / f"{name}.tif").write_bytes(content)
        refusal(client.get(f"/rasters/scenes/{scene_name(str(folder / f'{name}.tif'))}/tiles/{GRID}/0/0/0.png"))
    for name in ("truncated_header", "no_crs", "empty"):
        (layers_dir() / f"{name}.tif").write_bytes((shared_data / "bad" / f"{name}.tif").read_bytes())
        refusal(client.get(f"/rasters/layers/{name}/tiles/{GRID}/0/0/0.png"))


@pytest.mark.parametrize(
    "source",
    [
        "naip/va_forest_lake.tif",
        "naip/claremont/claremont_2020_87.tif",
        "bad/rotated.tif",
        "bad/epsg4326_degrees.tif",
        "bad/tiny_100x80.tif",
        "bad/float32_nan_inf.tif",
    ],
)
def test_real_scenes_look_on_the_map_as_they_are_read(client: TestClient, shared_data: Path, source: str) -> None:
    """The mean colour over the scene, brightened, is that of the tiles."""
    path = settings.tiles_dir() / Path(source).name
    path.parent.mkdir()
    path.write_bytes((shared_data / source).read_bytes())
    scene = open_scene(path)
    rgb, valid = read_rgb(scene, scene.geobox)
    facts = info(client, scene)
    z = facts["maxzoom"]
    drawn, _, _ = mosaic(client, scene_tiles_url("/rasters", scene), facts["bounds"], z)
    shown = drawn[drawn[..., 3] > 0][:, :3]
    own = np.minimum(rgb[valid] * facts["gain"], 255)
    np.testing.assert_allclose(shown.mean(axis=0), own.mean(axis=0), atol=2)
    assert np.percentile(shown, 99) > 200 or facts["gain"] == 4
    pixel = 40_075_016.686 / 256 / 2**z * math.cos(math.radians(middle(facts["bounds"])[1]))
    assert len(shown) * pixel**2 == pytest.approx(valid.sum() * scene.gsd**2, rel=0.03)


def test_importing_the_service_leaves_torch_alone() -> None:
    code = "import sys, graft_core.serve.tiles; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
