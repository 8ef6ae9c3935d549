"""Imagery of the demo world: any window by itself, plausible radiometry, patterns rather than colours."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.world import land, overhead
from graft_core.world.draw import DRAW
from graft_core.world.light import illuminate
from graft_core.world.plan import CLASSES, ID
from graft_core.world.style import SEASONS, style

SEEDS = (2, 5)


@lru_cache(maxsize=4)
def satellite(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """About 15 km across at 10 m: every class at kilometre scale."""
    return overhead.render_sentinel2(seed, -10_240, 7_680, 1024, 640)


@settings(max_examples=8, deadline=None)
@given(x=st.integers(-6000, 6000), y=st.integers(-6000, 6000), dx=st.integers(0, 90), dy=st.integers(0, 90),
       width=st.integers(1, 70), height=st.integers(1, 70))  # fmt: skip
def test_an_aerial_window_equals_the_same_part_of_a_larger_one(
    x: int, y: int, dx: int, dy: int, width: int, height: int
) -> None:
    image, ids = overhead.render_naip(9, x, y, 160, 160)
    part, part_ids = overhead.render_naip(9, x + dx, y - dy, width, height)
    np.testing.assert_array_equal(part, image[dy : dy + height, dx : dx + width])
    np.testing.assert_array_equal(part_ids, ids[dy : dy + height, dx : dx + width])


@settings(max_examples=5, deadline=None)
@given(x=st.integers(-900, 900), y=st.integers(-900, 900), dx=st.integers(0, 30), dy=st.integers(0, 30))
def test_a_satellite_window_equals_the_same_part_of_a_larger_one(x: int, y: int, dx: int, dy: int) -> None:
    image, ids = overhead.render_sentinel2(9, 10 * x, 10 * y, 60, 60)
    part, part_ids = overhead.render_sentinel2(9, 10 * (x + dx), 10 * (y - dy), 30, 30)
    np.testing.assert_array_equal(part, image[dy : dy + 30, dx : dx + 30])
    np.testing.assert_array_equal(part_ids, ids[dy : dy + 30, dx : dx + 30])


def test_a_window_wider_than_one_block_has_no_seam() -> None:
    image, _ = overhead.render_sentinel2(4, 3000, 3000, 270, 8)
    part, _ = overhead.render_sentinel2(4, 3000 + 2500, 3000, 12, 8)
    np.testing.assert_array_equal(image[:, 250:262], part)


def test_shapes_and_kinds_of_numbers() -> None:
    image, ids = overhead.render_naip(1, 0, 0, 33, 21)
    assert (image.shape, image.dtype, ids.shape, ids.dtype) == ((21, 33, 4), np.uint8, (21, 33), np.uint8)
    image, ids = overhead.render_sentinel2(1, 0, 0, 33, 21)
    assert (image.shape, image.dtype, ids.shape, ids.dtype) == ((21, 33, 4), np.uint16, (21, 33), np.uint8)


def test_labels_are_the_land_below() -> None:
    _, ids = overhead.render_naip(6, -400, 300, 200, 150)
    np.testing.assert_array_equal(ids, land.class_map(6, -400, 300, 200, 150, 1.0))
    _, ids = overhead.render_sentinel2(6, -4000, 3000, 40, 30)
    fine = land.class_map(6, -4000, 3000, 400, 300, 1.0).reshape(30, 10, 40, 10).transpose(0, 2, 1, 3)
    share = (fine == ids[:, :, None, None]).mean(axis=(2, 3))
    assert (share >= 0.5).mean() > 0.97, "a pixel carries the class that fills most of it"


def test_every_class_is_drawn() -> None:
    assert set(DRAW) == set(range(1, len(CLASSES) + 1))


def median(seed: int, name: str) -> np.ndarray:
    image, ids = satellite(seed)
    here = image[ids == ID[name]]
    assert len(here) > 200
    return np.median(here, axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_reflectance_is_what_such_land_has(seed: int) -> None:
    red, green, blue, nir = median(seed, "forest")
    assert 150 < red < 750
    assert 1700 < nir < 5000
    red, green, blue, nir = median(seed, "river")
    assert nir < 450
    assert max(red, green, blue) < 1300
    red, green, blue, nir = median(seed, "desert")
    assert 900 < red < 3600
    assert red > blue
    ids = satellite(seed)[1]
    built = [
        name for name in ("downtown", "industrial area", "parking lot", "airport") if (ids == ID[name]).sum() > 200
    ]
    assert built
    for name in built:
        assert 500 < median(seed, name)[:3].mean() < 2700


@pytest.mark.parametrize("seed", SEEDS)
def test_an_eight_bit_stretch_of_reflectance_is_a_natural_picture(seed: int) -> None:
    shown = np.clip(satellite(seed)[0][..., :3] / 3000, 0, 1)
    assert 0.15 < shown.mean() < 0.6
    assert (shown >= 1).mean() < 0.08
    assert abs(float(shown[..., 0].mean() - shown[..., 1].mean())) < 0.15, "neither red nor green overall"


@pytest.mark.parametrize("seed", [3, 8])
def test_plants_shine_and_water_is_dark_in_the_near_infrared(seed: int) -> None:
    image, ids = overhead.render_naip(seed, -900, 900, 700, 700)
    nir = image[..., 3].astype(float)
    names = [name for name in ("forest", "meadow", "crop field", "golf course") if (ids == ID[name]).sum() > 2000]
    wet = np.isin(ids, [ID["lake"], ID["river"]])
    assert names
    plants = np.isin(ids, [ID[name] for name in names])
    ndvi = (nir - image[..., 0]) / np.maximum(nir + image[..., 0], 1)
    assert np.median(ndvi[plants]) > 0.08
    if wet.sum() > 2000:
        assert np.median(nir[wet]) < 0.5 * np.median(nir[plants])


def test_no_number_runs_over() -> None:
    """Neighbouring pixels never jump between black and white as wrapped bytes would; the extremes are rare."""
    for seed in range(20, 24):
        image, _ = overhead.render_naip(seed, -300, 200, 300, 200)
        assert (image[..., :3] == 0).mean() < 0.1
        assert (image[..., :3] == 255).mean() < 0.05
        jump = np.abs(np.diff(image[..., :3].astype(int), axis=1))
        assert (jump > 200).mean() < 1e-3


def test_far_places_and_odd_seeds_can_be_drawn() -> None:
    for seed in (0, 2**63 - 1, 10**30):
        image, ids = overhead.render_naip(seed, -93_001, 88_007, 16, 16)
        assert ids.min() > 0
        assert image.std() >= 0


def test_worlds_differ_in_season_sun_and_camera() -> None:
    looks = [style(seed) for seed in range(40)]
    assert {look.season for look in looks} == set(SEASONS)
    spreads = {"sun_azimuth_deg": 60, "sun_elevation_deg": 5, "haze": 0.02, "brightness": 0.05, "contrast": 0.05}
    spreads |= {"gamma": 0.05, "noise": 0.5, "lushness": 0.15, "blur_px": 0.08}
    for name, least in spreads.items():
        assert np.std([getattr(look, name) for look in looks]) > least, name
    assert len({look.roofs for look in looks}) == len({look.soils for look in looks}) == 40
    assert style(3) is style(3)


def test_colours_stay_in_range_and_no_cast_is_magenta() -> None:
    for seed in range(60):
        look = style(seed)
        red, green, blue = look.cast
        assert green > 0.99 * (red + blue) / 2
        for palette in (look.soils, look.sands, look.rocks, look.grasses, look.foliage, look.crops, look.roofs,
                        look.halls, look.asphalts, look.concretes, look.waters):  # fmt: skip
            assert len(palette) >= 3
            assert all(0 < value <= 1 for colour in palette for value in colour)


@pytest.mark.parametrize("seed", range(6))
def test_a_tower_shades_the_ground_away_from_the_sun(seed: int) -> None:
    look = style(seed)
    paint = np.full((5, 200, 200), 0.5, np.float32)
    paint[4] = 0
    paint[4, 96:104, 96:104] = 20.0
    lit = illuminate(look, paint, 1.0, (slice(60, 140), slice(60, 140)))[0]
    right, up = np.sin(np.radians(look.sun_azimuth_deg)), np.cos(np.radians(look.sun_azimuth_deg))
    shaded, sunny = lit[round(40 + 12 * up), round(40 - 12 * right)], lit[round(40 - 12 * up), round(40 + 12 * right)]
    assert shaded < 0.6 * sunny
    assert sunny == pytest.approx(0.5, abs=0.05)


def test_a_pit_does_not_shade_its_rim() -> None:
    paint = np.full((5, 200, 200), 0.5, np.float32)
    paint[4] = 0
    paint[4, 90:110, 90:110] = -30.0
    lit = illuminate(style(1), paint, 1.0, (slice(60, 140), slice(60, 140)))[0]
    assert lit[:20].min() == pytest.approx(0.5, abs=0.05)
    assert lit[40, 40] < lit[5, 5]


def test_mean_colour_does_not_give_the_class_away() -> None:
    """Nearest neighbours by mean and spread of RGB, taught on other worlds, must stay far from the truth."""
    features, labels, worlds = [], [], []
    for seed in range(60, 68):
        ids = land.class_map(seed, -2048, 2048, 256, 256, 16.0)
        for class_id in range(1, 23):
            rows, columns = np.nonzero(ids[4:-4, 4:-4] == class_id)
            pick = len(rows) // 2
            left, top = -2048 + 16 * (int(columns[pick]) + 4), 2048 - 16 * (int(rows[pick]) + 4)
            tile = overhead.render_naip(seed, left - 24, top + 24, 48, 48)[0][..., :3].reshape(-1, 3)
            features.append(np.concatenate([tile.mean(axis=0), tile.std(axis=0)]))
            labels.append(class_id)
            worlds.append(seed)
    f, label, world = np.array(features), np.array(labels), np.array(worlds)
    f = (f - f.mean(axis=0)) / f.std(axis=0)
    distance = np.linalg.norm(f[:, None] - f[None], axis=2)
    distance[world[:, None] == world[None]] = np.inf
    nearest = label[np.argsort(distance, axis=1)[:, :7]]
    guess = np.array([np.bincount(row, minlength=23).argmax() for row in nearest])
    assert (guess == label).mean() < 0.5
