"""Ground photos: the same for the same arguments, and each class with a shape of its own."""

import numpy as np
import numpy.typing as npt
import pytest

from graft_core.world import ground
from graft_core.world.land import CLASSES, class_at, style

F32 = npt.NDArray[np.float32]


def shapes(photo: npt.NDArray[np.uint8]) -> F32:
    """Histograms of edge directions in 8 x 8 cells; no colour is left in them."""
    grey = photo.astype(np.float32).mean(2)
    down, across = np.gradient(grey)
    strength = np.hypot(across, down)
    direction = (np.arctan2(down, across) % np.pi / np.pi * 8).astype(int) % 8
    rows, columns = np.indices(grey.shape) // (grey.shape[0] // 8)
    cells = np.zeros((8, 8, 8), np.float32)
    np.add.at(cells, (rows, columns, direction), strength)
    return (cells / (cells.sum(2, keepdims=True) + 60)).ravel()


def colours(photo: npt.NDArray[np.uint8]) -> F32:
    """Mean and spread of R, G, B."""
    flat = photo.reshape(-1, 3).astype(np.float32)
    return np.concatenate([flat.mean(0), flat.std(0)])


@pytest.mark.parametrize("size", [96, 128, 224])
def test_photo_is_rgb_bytes_of_the_wanted_size(size: int) -> None:
    photo = ground.render_photo(5, 120.0, -40.0, 75.0, 3, size)
    assert photo.shape == (size, size, 3)
    assert photo.dtype == np.uint8
    assert photo.std() > 5


@pytest.mark.parametrize("place", CLASSES)
def test_same_arguments_give_the_same_bytes_and_others_do_not(place: str) -> None:
    first = ground.render_scene(place, 11, "a", beyond="forest", distance=120.0)
    ground.render_scene("harbour", 3, "between")
    again = ground.render_scene(place, 11, "a", beyond="forest", distance=120.0)
    other = ground.render_scene(place, 11, "b", beyond="forest", distance=120.0)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_photo_depends_on_place_heading_seed_and_world() -> None:
    views = [(7, 10.0, 20.0, 30.0, 1), (7, 10.0, 20.0, 30.0, 2), (7, 10.0, 20.0, 210.0, 1), (8, 10.0, 20.0, 30.0, 1)]
    assert len({ground.render_photo(*view).tobytes() for view in views}) == len(views)


def test_facts_agree_with_the_land_and_the_photo() -> None:
    for number in range(12):
        x, y = 300.0 * number - 1500, 170.0 * number
        facts = ground.photo_facts(21, x, y, 45.0, number)
        assert facts.place == CLASSES[int(class_at(21, x, y)) - 1]
        assert facts.behind != facts.place
        assert facts.season == style(21).season
        assert facts == ground.photo_facts(21, x, y, 45.0, number)


def test_many_cameras_asked_at_once_see_what_each_sees_alone() -> None:
    x, y, headings = [0.0, 400.0, -900.0, 1500.0], [50.0, -300.0, 700.0, 1200.0], [0.0, 90.0, 200.0, 311.0]
    for number, view in enumerate(ground.look(6, x, y, headings)):
        camera = (6, x[number], y[number], headings[number], number)
        assert ground.render_photo(*camera, view=view).tobytes() == ground.render_photo(*camera).tobytes()
        assert ground.photo_facts(*camera, view=view) == ground.photo_facts(*camera)


def test_classes_differ_by_shape_far_more_than_by_chance() -> None:
    learnt = np.stack(
        [
            np.mean([shapes(ground.render_scene(place, 100 + k, f"learn {k}")) for k in range(6)], axis=0)
            for place in CLASSES
        ]
    )
    hits = [
        int(np.argmin(((learnt - shapes(ground.render_scene(place, 900 + k, f"ask {k}"))) ** 2).sum(1))) == number
        for number, place in enumerate(CLASSES)
        for k in range(3)
    ]
    assert np.mean(hits) > 0.3  # chance is 0.045


def test_colour_alone_does_not_give_the_class_away() -> None:
    learnt = np.stack(
        [
            np.mean([colours(ground.render_scene(place, 100 + k, f"learn {k}")) for k in range(6)], axis=0)
            for place in CLASSES
        ]
    )
    hits = [
        int(np.argmin(((learnt - colours(ground.render_scene(place, 900 + k, f"ask {k}"))) ** 2).sum(1))) == number
        for number, place in enumerate(CLASSES)
        for k in range(3)
    ]
    assert np.mean(hits) < 0.45


def test_every_class_can_lie_behind_another() -> None:
    for beyond in CLASSES:
        assert ground.render_scene("meadow", 2, "k", beyond=beyond, distance=90.0).shape == (128, 128, 3)


def test_distractors_are_deterministic_and_of_every_kind() -> None:
    kinds = set()
    for seed in range(40):
        photo, kind = ground.render_distractor(seed, 64)
        kinds.add(kind)
        assert photo.shape == (64, 64, 3)
        assert photo.dtype == np.uint8
    assert kinds == set(ground.DISTRACTORS)
    assert ground.render_distractor(9)[0].tobytes() == ground.render_distractor(9)[0].tobytes()
