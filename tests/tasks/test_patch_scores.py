"""Scores of patches: right, the same whatever area is asked, encoded once, and unknown where nothing is."""

from pathlib import Path

import numpy as np
import pytest
from four_colors import HEIGHT, LEFT, TOP, WIDTH, geobox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_encoder import COLORS, KnownEncoder, unit_vector
from long_work import finish, followed
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry, polygon

from graft_core.errors import ExportError, ModelError, QueryError, SceneError
from graft_core.geo.place import WGS84, pixel_window, reprojected
from graft_core.io.scene import Scene, open_scene
from graft_core.models.registry import load_encoder
from graft_core.tasks.patch_scores import PatchField, level_notice, patch_encoder, patch_field, patches_missing
from graft_core.types import F32

NAMES = ("red", "green", "blue", "white")
VECTORS = unit_vector(np.array([COLORS[name] for name in NAMES]))
QUADRANTS = {
    "red": (slice(0, 72), slice(0, 104)),
    "green": (slice(0, 72), slice(120, WIDTH)),
    "blue": (slice(88, HEIGHT), slice(0, 104)),
    "white": (slice(88, HEIGHT), slice(120, WIDTH)),
}


@pytest.fixture
def encoder() -> KnownEncoder:
    return KnownEncoder(level="patch")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "patches"


@pytest.fixture
def noise(write_scene) -> Scene:
    """Every pixel of its own colour, the grid off whole metres, at a GSD that has to be resampled."""
    pixels = np.random.default_rng(3).integers(0, 256, (3, 150, 190), dtype=np.uint8)
    return open_scene(write_scene("noise.tif", pixels, geobox(150, 190, left=LEFT + 0.4, top=TOP - 0.2, gsd=0.6)))


def rectangle(scene: Scene, top: int, left: int, height: int, width: int) -> Geometry:
    """Pixels of a scene, a little smaller so that no neighbour is touched."""
    a, s = scene.geobox.affine, 0.01
    x0, x1, y0, y1 = left + s, left + width - s, top + s, top + height - s
    corners = [a * each for each in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
    return polygon(corners, str(scene.geobox.crs))


def test_each_colour_scores_highest_where_it_is(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    field = finish(patch_field(scene, encoder, VECTORS, cache)).window(scene.geobox)
    assert field.shape == (4, HEIGHT, WIDTH)
    for name, place in QUADRANTS.items():
        own = field[NAMES.index(name)][place]
        others = np.delete(field, NAMES.index(name), axis=0)[:, *place]
        assert own.min() > 0.99
        assert (own > others.max(axis=0)).all()


def test_patches_are_told_apart_within_a_tile(write_scene, encoder: KnownEncoder, cache: Path) -> None:
    """A square of two patches, an eighth of a tile's area: at tile level it could not be seen."""
    pixels = np.zeros((3, 96, 96), np.uint8)
    pixels[0] = 255
    pixels[:, 40:48, 52:60] = np.array([0, 0, 255])[:, None, None]
    scene = open_scene(write_scene("square.tif", pixels))
    blue = finish(patch_field(scene, encoder, VECTORS[2:3], cache)).window(scene.geobox)[0]
    assert np.unravel_index(blue.argmax(), blue.shape) in {(r, c) for r in range(41, 47) for c in range(53, 59)}
    far = np.ones_like(blue, dtype=bool)
    far[34:54, 46:66] = False
    assert blue[40:48, 52:60].min() > blue[far].max() + 0.2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_scores_of_an_area_are_those_of_the_whole_scene_to_the_bit(
    noise: Scene, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    encoder = KnownEncoder(level="patch", gsd=data.draw(st.sampled_from([0.6, 1.0])))
    folder = tmp_path_factory.mktemp("areas")
    whole = finish(patch_field(noise, encoder, VECTORS, folder / "whole"))
    height, width = noise.geobox.shape
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rows, cols = data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    area = rectangle(noise, top, left, rows, cols)
    margin = data.draw(st.sampled_from([0, 0, 30]))
    part = finish(patch_field(noise, encoder, VECTORS, folder / "part", area=area, margin_px=margin))
    place = pixel_window(noise.geobox, top, left, rows, cols)
    np.testing.assert_array_equal(part.window(place), whole.window(place))
    assert np.isfinite(part.window(place)).all()


def test_crop_of_a_raster_scores_as_the_raster_away_from_its_border(
    write_scene, encoder: KnownEncoder, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (3, 150, 150), dtype=np.uint8)
    whole = open_scene(write_scene("whole.tif", pixels))
    crop = open_scene(write_scene("crop.tif", pixels[:, 37:121, 25:131], geobox(84, 106, left=LEFT + 25, top=TOP - 37)))
    fields = [finish(patch_field(each, encoder, VECTORS, tmp_path / each.name)) for each in (whole, crop)]
    inner = pixel_window(crop.geobox, 24, 24, 36, 58)
    np.testing.assert_array_equal(fields[0].window(inner), fields[1].window(inner))


def test_beyond_the_area_and_its_margin_nothing_is_known(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    field = finish(patch_field(scene, encoder, VECTORS, cache, area=rectangle(scene, 40, 50, 30, 60), margin_px=7))
    known = np.isfinite(field.window(scene.geobox)[0])
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[33:77, 43:117] = True
    np.testing.assert_array_equal(known, expected)


def test_margin_ends_at_the_scene(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    area = reprojected(rectangle(scene, 0, 200, 20, 24), WGS84)
    field = finish(patch_field(scene, encoder, VECTORS, cache, area=area, margin_px=10_000))
    assert field.region == scene.geobox


@pytest.mark.parametrize("count", [1, 20])
def test_encoder_runs_once_whether_one_class_is_asked_or_twenty(
    scene: Scene, encoder: KnownEncoder, cache: Path, count: int
) -> None:
    vectors = np.tile(VECTORS, (5, 1))[:count]
    finish(patch_field(scene, encoder, vectors, cache))
    once = encoder.tiles_encoded
    assert once == patches_missing(scene, encoder, cache / "other")[1]
    finish(patch_field(scene, encoder, vectors[::-1], cache))
    assert encoder.tiles_encoded == once


def test_area_encodes_only_the_windows_near_it_and_the_rest_later(
    scene: Scene, encoder: KnownEncoder, cache: Path
) -> None:
    area = rectangle(scene, 60, 60, 20, 20)
    missing, total = patches_missing(scene, encoder, cache, area=area)
    assert missing == total < patches_missing(scene, encoder, cache)[1] / 2
    finish(patch_field(scene, encoder, VECTORS, cache, area=area))
    assert encoder.tiles_encoded == total
    assert patches_missing(scene, encoder, cache, area=area) == (0, total)
    rest, everything = patches_missing(scene, encoder, cache)
    assert rest == everything - total
    finish(patch_field(scene, encoder, VECTORS, cache))
    assert encoder.tiles_encoded == everything


def test_scores_from_the_cache_are_those_of_the_first_time(noise: Scene, encoder: KnownEncoder, cache: Path) -> None:
    first, again = (finish(patch_field(noise, encoder, VECTORS, cache)).window(noise.geobox) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_progress_tells_what_was_there_before_and_ends_at_the_total(
    scene: Scene, encoder: KnownEncoder, cache: Path
) -> None:
    finish(patch_field(scene, encoder, VECTORS, cache, area=rectangle(scene, 0, 0, 40, 40)))
    before = encoder.tiles_encoded
    _, steps = followed(patch_field(scene, encoder, VECTORS, cache))
    assert {step.unit for step in steps} == {"windows"}
    assert {step.resumed for step in steps} == {before}
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[0].done, steps[-1].done) == (before, steps[-1].total)


def test_stopped_run_goes_on_where_it_stopped(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    work = patch_field(scene, encoder, VECTORS, cache)
    while next(work).done < 100:
        pass
    work.close()
    stopped = encoder.tiles_encoded
    finish(patch_field(scene, encoder, VECTORS, cache))
    assert stopped < encoder.tiles_encoded == patches_missing(scene, encoder, cache)[1]


def test_damaged_block_is_encoded_again(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    first = finish(patch_field(scene, encoder, VECTORS, cache)).window(scene.geobox)
    damaged, cut = sorted(cache.glob("*/*/*/*.npy"))[3:5]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    cut.write_bytes(b"")
    encoder.tiles_encoded = 0
    again = finish(patch_field(scene, encoder, VECTORS, cache)).window(scene.geobox)
    assert 0 < encoder.tiles_encoded <= 32
    np.testing.assert_array_equal(first, again)


def test_cache_too_small_for_the_scene_changes_no_score(
    scene: Scene, encoder: KnownEncoder, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = finish(patch_field(scene, encoder, VECTORS, tmp_path / "large")).window(scene.geobox)
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", "0.00001")
    for _ in range(2):
        found = finish(patch_field(scene, encoder, VECTORS, cache)).window(scene.geobox)
        np.testing.assert_array_equal(found, expected)
    assert sum(path.stat().st_size for path in cache.rglob("*.npy")) <= 11_000


def test_pixels_without_imagery_are_unknown_not_zero(write_scene, encoder: KnownEncoder, cache: Path) -> None:
    pixels = np.full((3, 96, 96), 255, np.uint8)
    pixels[:, 20:40, 30:64] = 0
    pixels[:, 64:, :] = 0
    scene = open_scene(write_scene("holes.tif", pixels, nodata=0))
    white = finish(patch_field(scene, encoder, VECTORS[3:], cache)).window(scene.geobox)[0]
    missing = (pixels == 0).all(axis=0)
    assert np.array_equal(np.isnan(white), missing)
    assert white[~missing].min() > 0.99


@pytest.mark.parametrize(("height", "width"), [(100, 80), (16, 16), (9, 40), (161, 33), (3, 3), (1, 1)])
def test_scene_of_any_size_is_scored_to_its_last_pixel(
    write_scene, encoder: KnownEncoder, cache: Path, height: int, width: int
) -> None:
    rng = np.random.default_rng(height)
    scene = open_scene(write_scene("any.tif", rng.integers(1, 255, (3, height, width), dtype=np.uint8)))
    assert np.isfinite(finish(patch_field(scene, encoder, VECTORS, cache)).window(scene.geobox)).all()


def test_coarser_window_is_seen_too(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    """As a map draws it."""
    field = finish(patch_field(scene, encoder, VECTORS, cache))
    a = scene.geobox.affine
    coarse = GeoBox((HEIGHT // 8, WIDTH // 8), a * a.scale(8), scene.geobox.crs)
    blocks = field.window(scene.geobox).reshape(4, HEIGHT // 8, 8, WIDTH // 8, 8)
    centres = blocks[:, :, 3:5, :, 3:5].mean(axis=(2, 4))
    np.testing.assert_allclose(field.window(coarse), centres, atol=1e-5)


def test_windows_of_a_field_fit_together(noise: Scene, encoder: KnownEncoder, cache: Path) -> None:
    field = finish(patch_field(noise, encoder, VECTORS, cache))
    whole = field.window(noise.geobox)
    for top, left, height, width in [(0, 0, 40, 40), (31, 77, 64, 50), (120, 150, 30, 40)]:
        part = field.window(pixel_window(noise.geobox, top, left, height, width))
        np.testing.assert_array_equal(part, whole[:, top : top + height, left : left + width])


def test_real_encoder_gives_the_same_for_an_area_encoded_by_itself(shared_data: Path, tmp_path: Path) -> None:
    scene = open_scene(shared_data / "naip" / "claremont" / "claremont_2020_0.tif")
    encoder = patch_encoder(scene, device="cpu")
    vectors = encoder.encode_texts(["trees", "houses"])
    place = pixel_window(scene.geobox, 100, 60, 90, 130)
    area = rectangle(scene, 100, 60, 90, 130)
    whole = finish(patch_field(scene, encoder, vectors, tmp_path / "whole")).window(place)
    part = finish(patch_field(scene, encoder, vectors, tmp_path / "part", area=area)).window(place)
    np.testing.assert_array_equal(part, whole)


def test_shipped_encoder_of_the_sensor_is_taken_unless_one_is_named(shared_data: Path) -> None:
    naip = open_scene(shared_data / "naip" / "va_forest_lake.tif")
    sentinel2 = open_scene(shared_data / "sentinel2" / "ftw_austria_RGBN.tif")
    assert patch_encoder(naip).spec.name == "graft-demo-naip-patch"
    assert patch_encoder(sentinel2).spec.name == "graft-demo-sentinel2-patch"
    assert level_notice(patch_encoder(naip).spec) == ""


def test_image_level_encoder_gives_patches_and_a_warning(shared_data: Path, tmp_path: Path) -> None:
    scene = open_scene(shared_data / "bad" / "tiny_100x80.tif")
    encoder = patch_encoder(scene, "graft-demo-naip")
    assert encoder.spec.level == "patch"
    assert "graft-demo-naip was trained on whole tiles" in level_notice(encoder.spec)
    field = finish(patch_field(scene, encoder, encoder.encode_texts(["trees"]), tmp_path / "patches"))
    assert np.isfinite(field.window(scene.geobox)).all()


def test_encoder_of_tile_level_is_refused(scene: Scene, cache: Path) -> None:
    with pytest.raises(ModelError, match="known gives one vector a tile"):
        finish(patch_field(scene, KnownEncoder(), VECTORS, cache))


def test_imagery_too_coarse_for_the_encoder_is_refused(shared_data: Path, cache: Path) -> None:
    scene = open_scene(shared_data / "sentinel2" / "ftw_austria_RGBN.tif")
    encoder = load_encoder("graft-demo-naip-patch")
    with pytest.raises(SceneError, match="pixels of 10 m"):
        patches_missing(scene, encoder, cache)


def test_area_beside_the_scene_is_refused(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    with pytest.raises(ExportError, match="does not meet"):
        finish(patch_field(scene, encoder, VECTORS, cache, area=rectangle(scene, 4000, 0, 10, 10)))


def test_negative_margin_is_refused(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    with pytest.raises(QueryError, match="-1 px"):
        finish(patch_field(scene, encoder, VECTORS, cache, margin_px=-1))


@pytest.mark.parametrize("vectors", [np.zeros((0, 4)), np.zeros((2, 3)), np.zeros(4)])
def test_vectors_of_another_space_are_refused(scene: Scene, encoder: KnownEncoder, cache: Path, vectors: F32) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        finish(patch_field(scene, encoder, vectors.astype(np.float32), cache))


def test_field_says_how_many_quantities_it_holds(scene: Scene, encoder: KnownEncoder, cache: Path) -> None:
    field: PatchField = finish(patch_field(scene, encoder, VECTORS[:3], cache))
    assert field.count == 3
    assert field.spec == encoder.spec
