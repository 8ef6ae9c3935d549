"""What SAM is asked, and which of its answers is believed."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from graft_core.models.sam import SamMasks
from graft_core.tasks.sam_prompts import Piece, best_answer, contrast, deep_points, prompts_for, stability

PATCH = 16.0
SIDE = 256
ROWS, COLS = np.ogrid[:SIDE, :SIDE]


def disc(row: float, col: float, radius: float) -> np.ndarray:
    return np.asarray((ROWS - row) ** 2 + (COLS - col) ** 2 <= radius**2)


def seen(truth: np.ndarray) -> np.ndarray:
    """The match map of a thing: blurred over about a patch."""
    return gaussian_filter(truth.astype(np.float32), PATCH * 0.5)


def piece(truth: np.ndarray) -> Piece:
    match = seen(truth)
    return Piece(match, match >= 0.5, PATCH, 0.5)


def told(mask: np.ndarray, truth: np.ndarray) -> float:
    return contrast(mask, piece(truth))


def answer(*masks: np.ndarray, iou: float = 0.9) -> SamMasks:
    while len(masks) < 3:
        masks = (*masks, np.zeros((SIDE, SIDE), np.bool_))
    return SamMasks(np.stack(masks), np.full(3, iou, np.float32), np.full((3, 256, 256), 9, np.float32))


def test_points_lie_on_the_thing_and_well_beside_it() -> None:
    truth = disc(100, 140, 30)
    prompts = prompts_for(piece(truth))
    cols, rows = np.floor(prompts.points).astype(int).T
    assert truth[rows, cols][prompts.positive].all()
    assert not disc(100, 140, 40)[rows, cols][~prompts.positive].any()
    assert prompts.positive.any()
    assert not prompts.positive.all()


def test_best_place_comes_first_and_points_keep_apart() -> None:
    prompts = prompts_for(piece(disc(60, 60, 25) | disc(60, 120, 40)))
    points = prompts.points[prompts.positive]
    assert np.hypot(*(points[0] - [120, 60])) < PATCH
    apart = [np.hypot(*(one - other)) for i, one in enumerate(points) for other in points[:i]]
    assert min(apart) >= 2 * PATCH


def test_box_is_that_of_the_area() -> None:
    area = np.zeros((SIDE, SIDE), np.bool_)
    area[40:80, 100:190] = True
    assert prompts_for(Piece(seen(area), area, PATCH, 0.5)).box == (100.0, 40.0, 190.0, 80.0)


def test_area_that_fills_the_window_has_no_point_beside_it() -> None:
    full = np.ones((SIDE, SIDE), np.bool_)
    assert prompts_for(Piece(full.astype(np.float32), full, PATCH, 0.5)).positive.all()


def test_contrast_is_that_of_the_thing_and_its_surroundings() -> None:
    truth = disc(128, 128, 50)
    assert told(truth, truth) > 0.8
    assert told(disc(60, 60, 30), truth) < 0.2
    assert np.isnan(told(truth & ~truth, truth))


def test_contrast_forgives_the_rim_but_not_a_patch() -> None:
    truth = disc(128, 128, 50)
    exact, one_off, far_off = (told(disc(128, 128, r), truth) for r in (50, 52, 75))
    assert one_off == pytest.approx(exact, abs=0.03)
    assert far_off < exact - 0.15


def test_contrast_leaves_out_what_is_not_known() -> None:
    truth = disc(128, 128, 50)
    holed = seen(truth)
    holed[:, 200:] = np.nan
    assert contrast(truth, Piece(holed, truth, PATCH, 0.5)) == pytest.approx(told(truth, truth), abs=0.05)


def test_mask_that_fits_the_thing_is_taken() -> None:
    truth = disc(128, 128, 60)
    found = best_answer(piece(truth), answer(disc(128, 128, 20), truth, disc(128, 128, 110)))
    assert found.mask is not None
    assert np.array_equal(found.mask, truth)
    assert found.note == ""


def test_area_stays_where_every_mask_is_worse_and_it_is_said_why() -> None:
    found = best_answer(piece(disc(128, 128, 60)), answer(disc(128, 128, 100), disc(140, 175, 60)))
    assert found.mask is None
    assert "worse inside against outside" in found.note


def test_mask_of_something_else_is_no_answer() -> None:
    found = best_answer(piece(disc(60, 60, 40)), answer(disc(200, 200, 40)))
    assert found.mask is None
    assert found.note == "SAM sees no object here"


def test_deep_points_keep_away_from_what_was_said_not_to_belong() -> None:
    area = disc(128, 100, 40) | disc(128, 180, 25)
    (first, *_) = deep_points(area, keep_away=np.zeros((0, 2), np.float32))
    assert np.hypot(*(first - [100.5, 128.5])) < 3
    away = deep_points(area, keep_away=np.array([[100, 128]], np.float32))
    assert (np.hypot(*(away - [100, 128]).T) > 10).all()


def test_mask_without_a_clear_outline_is_not_taken_before_one_that_has_it() -> None:
    truth = disc(128, 128, 60)
    masks = answer(disc(128, 128, 66), truth)
    masks.logits[0, :128] = 0.0
    found = best_answer(piece(truth), masks)
    assert found.mask is not None
    assert np.array_equal(found.mask, truth)


def test_stability_is_the_share_of_sure_pixels() -> None:
    logits = np.full((256, 256), -9, np.float32)
    assert stability(logits) == 0
    logits[:100] = 0
    logits[:50] = 9
    assert stability(logits) == pytest.approx(0.5)


def test_area_thinner_than_what_is_looked_at_is_asked_for_all_the_same() -> None:
    line = np.zeros((SIDE, SIDE), np.bool_)
    line[101, 40:200] = True
    prompts = prompts_for(Piece(line.astype(np.float32), line, PATCH, 0.5))
    assert prompts.positive.any()
