"""The land: every class in its place, the same land whoever asks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.world import land
from graft_core.world.lines import courses
from graft_core.world.noise import Grid, bits, lattice, noise, unit
from graft_core.world.plan import CLASSES, ID, mosaic, region

AREA = [name for name in CLASSES if name not in ("river", "highway")]

places = st.integers(-11_000, 11_000)


def shares(class_ids: np.ndarray) -> dict[str, float]:
    counts = np.bincount(class_ids.ravel(), minlength=len(CLASSES) + 1)
    assert counts[0] == 0, "id 0 means nothing and is never drawn"
    return dict(zip(CLASSES, counts[1:] / class_ids.size, strict=True))


def test_class_ids_are_positions_in_the_list_of_names() -> None:
    assert len(CLASSES) == len(set(CLASSES)) == 22
    assert [ID[name] for name in CLASSES] == list(range(1, 23))


@pytest.mark.parametrize("seed", [0, 7, 123456789])
def test_every_class_has_a_useful_share_of_the_default_aerial_scene(seed: int) -> None:
    found = shares(land.class_map(seed, -2048, 2048, 256, 256, 16.0))
    assert min(found.values()) > 0.015, found
    assert max(found.values()) < 0.11, found


@pytest.mark.parametrize("seed", [0, 7])
def test_every_class_dominates_some_place_of_kilometres(seed: int) -> None:
    ids = land.class_map(seed, -10_240, 10_240, 256, 256, 80.0)
    tiles = ids.reshape(32, 8, 32, 8).transpose(0, 2, 1, 3).reshape(-1, 64)  # 640 m tiles
    dominant = {int(tile[0]) for tile in tiles if (tile == tile[0]).mean() > 0.8}
    missing = {CLASSES[c - 1] for c in set(range(1, 23)) - dominant}
    assert not missing
    assert min(shares(ids).values()) > 0.01


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**40), x=places, y=places)
def test_a_window_tells_the_same_as_its_points(seed: int, x: int, y: int) -> None:
    ids = land.class_map(seed % 3, x, y, 24, 18, 7.0)
    columns, rows = np.meshgrid(x + (np.arange(24) + 0.5) * 7.0, y - (np.arange(18) + 0.5) * 7.0)
    points = land.class_at(seed % 3, columns, rows)
    assert points.dtype == np.uint8
    np.testing.assert_array_equal(ids, points)


@settings(max_examples=15, deadline=None)
@given(x=places, y=places, dx=st.integers(0, 60), dy=st.integers(0, 60))
def test_a_survey_equals_the_same_part_of_a_larger_one(x: int, y: int, dx: int, dy: int) -> None:
    large = land.survey(5, Grid(x, y, 100, 90))
    small = land.survey(5, Grid(x + dx, y - dy, 40, 30))
    part = (slice(dy, dy + 30), slice(dx, dx + 40))
    np.testing.assert_array_equal(large.class_id[part], small.class_id)
    np.testing.assert_array_equal(large.edge[part], small.edge)
    np.testing.assert_array_equal(large.other[part], small.other)
    keys = [np.array([patch.key for patch in found.patches]) for found in (large, small)]
    np.testing.assert_array_equal(keys[0][large.slot][part], keys[1][small.slot])


def test_points_may_be_scalars_lists_or_empty() -> None:
    assert land.class_at(3, 10.5, -20.5).shape == ()
    assert land.class_at(3, [0, 1], [0, 1]).shape == (2,)
    assert land.class_at(3, np.zeros((2, 3), np.float32), 0.0).shape == (2, 3)
    assert land.class_at(3, [], []).size == 0


def test_seeds_make_different_lands() -> None:
    one, two = (land.class_map(seed, -1000, 1000, 50, 50, 40.0) for seed in (1, 2))
    assert (one == two).mean() < 0.2


def test_highways_and_the_river_cross_the_mosaic_as_lines() -> None:
    for seed in range(4):
        river, road, _ = courses(seed)
        for course, name in ((river, "river"), (road, "highway")):
            t = np.linspace(-1500, 1500, 301)
            x, y = t * np.cos(course.angle), t * np.sin(course.angle)
            for _ in range(6):  # walk sideways onto the line
                across = course.locate(x.astype(np.float32), y.astype(np.float32)).across
                x, y = x + across * np.sin(course.angle), y - across * np.cos(course.angle)
            on_line = land.class_at(seed, x, y)
            assert np.isin(on_line, [ID[name], ID["highway"]]).mean() > 0.95


def test_the_river_is_narrow_in_the_mosaic_and_wide_far_out() -> None:
    ids = land.class_map(11, -10_240, 10_240, 256, 256, 80.0) == ID["river"]
    assert ids.mean() > 3 * ids[104:152, 104:152].mean() * 0.5
    runs = max(len(run) for row in ids for run in "".join("x" if v else " " for v in row).split())
    assert runs * 80 > 500


def test_neighbours_make_sense() -> None:
    """Harbours and beaches touch water far more often than chance would have it."""
    touching = chances = 0.0
    for seed in range(6):
        plan = mosaic(seed)
        wet = plan == ID["lake"]
        near = np.zeros_like(wet)
        near[1:], near[:-1] = wet[:-1], wet[1:]
        near[:, 1:] |= wet[:, :-1]
        near[:, :-1] |= wet[:, 1:]
        shore = (plan == ID["harbour"]) | (plan == ID["beach"])
        touching += near[shore].mean()
        chances += near[~wet].mean()
    assert touching > 1.8 * chances


def test_every_class_has_a_quota_in_every_planning_square() -> None:
    for north, east in ((0, 0), (3, -2)):
        present = set(np.unique(region(4, north, east)).tolist())
        assert present == {ID[name] for name in [*AREA, "highway"]}


@settings(max_examples=50, deadline=None)
@given(salt=st.integers(-(2**63), 2**63), i=st.integers(-(2**31), 2**31 - 1), j=st.integers(-(2**31), 2**31 - 1))
def test_hashes_wrap_without_complaint_anywhere(salt: int, i: int, j: int) -> None:
    a, b = np.array([i], np.int32), np.array([j], np.int32)
    assert bits(salt, a, b).dtype == np.uint32
    assert 0 <= unit(salt, a, b)[0] < 1


def test_hashes_are_even_and_neighbours_independent() -> None:
    i, j = np.meshgrid(np.arange(-150, 150, dtype=np.int32), np.arange(-150, 150, dtype=np.int32))
    values = unit(99, i, j)
    counts, _ = np.histogram(values, bins=10, range=(0, 1))
    assert counts.min() > 0.93 * values.size / 10
    for shift in ((0, 1), (1, 0), (1, 1)):
        moved = np.roll(values, shift, axis=(0, 1))
        assert abs(np.corrcoef(values.ravel(), moved.ravel())[0, 1]) < 0.02


@settings(max_examples=30, deadline=None)
@given(x=st.floats(-50_000, 50_000), y=st.floats(-50_000, 50_000), wavelength=st.floats(2, 900))
def test_noise_of_an_image_equals_noise_of_its_points(x: float, y: float, wavelength: float) -> None:
    grid = Grid(x, y, 9, 7, 3.0)
    image = noise(17, grid.x, grid.y, wavelength)
    columns, rows = np.meshgrid(grid.x[0], grid.y[:, 0])
    np.testing.assert_array_equal(image, noise(17, columns, rows, wavelength))
    assert np.abs(image).max() <= 1


def test_lattice_positions_are_right_left_of_the_origin() -> None:
    cell, inside = lattice(np.array([-0.25, 0.25, -3.0]))
    assert cell.tolist() == [-1, 0, -3]
    assert inside.tolist() == [0.75, 0.25, 0.0]
