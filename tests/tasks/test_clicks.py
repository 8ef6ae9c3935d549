"""A click says what belongs to an object; taking it back is asking without it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from color_segmenter import ColorSegmenter
from four_colors import LEFT, TOP, geobox
from green_things import DISCS, SIDE, green_pixels, iou, outlined

from graft_core.errors import QueryError
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.clicks import Click, outline_at, refine_segment
from graft_core.tasks.measure import Segment
from graft_core.tasks.sam_windows import WindowLooks


@pytest.fixture
def scene(write_scene: Callable[..., Path]) -> Scene:
    return open_scene(write_scene("green.tif", green_pixels(), geobox(SIDE, SIDE)))


@pytest.fixture
def sam() -> ColorSegmenter:
    return ColorSegmenter()


@pytest.fixture
def looks() -> WindowLooks:
    return WindowLooks()


def at(row: float, col: float, *, positive: bool = True) -> Click:
    return Click(LEFT + col + 0.5, TOP - row - 0.5, positive)


def square(row: int, col: int, half: int) -> Segment:
    shape = shapely.box(LEFT + col - half, TOP - row - half, LEFT + col + half, TOP - row + half)
    return Segment(7, shape, shape.area, 0.3, 0.4, 0.8, 0.9, refined=False, note="as the map has it")


def test_one_click_on_a_thing_outlines_it(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    found = outline_at(scene, [at(520, 140)], sam, looks)
    assert iou(found.shape, outlined(DISCS[2])) > 0.98
    assert found.area_m2 == pytest.approx(found.shape.area)
    assert found.refined
    assert math.isnan(found.mean_score)


def test_new_object_needs_a_click_that_is_in_it(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    for clicks in ([], [at(520, 140, positive=False)]):
        with pytest.raises(QueryError, match="click on it once"):
            outline_at(scene, clicks, sam, looks)


def test_clicks_too_far_apart_are_refused_with_how_far(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    with pytest.raises(QueryError, match=r"601 m apart.*at most 512 m"):
        outline_at(scene, [at(10, 10), at(20, 610)], sam, looks)


def test_click_beside_the_scene_is_refused(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    with pytest.raises(QueryError, match="no imagery where you clicked"):
        outline_at(scene, [Click(LEFT - 9000, TOP, True)], sam, looks)


def test_polygon_is_outlined_anew_with_the_clicks(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    rough = square(520, 150, 45)
    found = refine_segment(scene, rough, [at(520, 100)], sam, looks)
    assert iou(found.shape, outlined(DISCS[2])) > 0.98
    assert (found.number, found.refined) == (7, True)


def test_no_click_leaves_the_polygon_as_it_was(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    rough = square(520, 150, 45)
    assert refine_segment(scene, rough, [], sam, looks) is rough
    assert sam.looked == 0


def test_same_clicks_give_the_same_outline_whatever_was_clicked_before(
    scene: Scene, sam: ColorSegmenter, looks: WindowLooks
) -> None:
    rough, clicks = square(520, 150, 45), [at(520, 100), at(440, 140, positive=False)]
    first = refine_segment(scene, rough, clicks[:1], sam, looks)
    refine_segment(scene, rough, clicks, sam, looks)
    assert refine_segment(scene, rough, clicks[:1], sam, looks).shape.equals(first.shape)
    assert refine_segment(scene, rough, clicks[:1], sam, WindowLooks()).shape.equals(first.shape)


def test_window_is_looked_at_once_for_all_clicks_in_it(scene: Scene, sam: ColorSegmenter, looks: WindowLooks) -> None:
    for clicks in ([at(520, 140)], [at(520, 140), at(500, 130)], [at(520, 140)]):
        outline_at(scene, clicks, sam, looks)
    assert sam.looked == 1


def test_cache_of_windows_is_bounded(scene: Scene) -> None:
    sam, looks = ColorSegmenter(rim=0), WindowLooks(limit=1)
    for row, col in [(90, 110), (500, 512), (90, 110)]:
        outline_at(scene, [at(row, col)], sam, looks)
    assert sam.looked == 3


def test_what_runs_out_of_a_small_window_is_looked_at_in_a_larger_one(scene: Scene, looks: WindowLooks) -> None:
    sam = ColorSegmenter(rim=0)
    small = outline_at(scene, [at(210, 300)], sam, looks)
    assert sam.looked == 1
    large = outline_at(scene, [at(320, 220)], sam, looks)
    assert sam.looked > 2
    assert iou(small.shape, outlined(DISCS[4])) > 0.97
    assert large.shape.bounds[2] - large.shape.bounds[0] > 200


def test_two_segmenters_do_not_share_what_they_saw(scene: Scene, looks: WindowLooks) -> None:
    one, other = ColorSegmenter(sha256="a" * 64), ColorSegmenter(sha256="b" * 64)
    for sam in (one, other):
        outline_at(scene, [at(520, 140)], sam, looks)
    assert (one.looked, other.looked) == (1, 1)


def test_click_beside_a_large_polygon_adds_what_lies_there_and_one_in_it_takes_away(
    scene: Scene, sam: ColorSegmenter, looks: WindowLooks
) -> None:
    strip = shapely.box(LEFT, TOP - 560, LEFT + SIDE, TOP - 480)
    large = Segment(1, strip, strip.area, 0.3, 0.4, 0.8, 0.9, refined=False)
    more = refine_segment(scene, large, [at(90, 110)], sam, looks)
    assert iou(more.shape, strip | outlined(DISCS[0])) > 0.99
    less = refine_segment(scene, large, [at(520, 140, positive=False)], sam, looks)
    assert iou(less.shape, strip - outlined(DISCS[2])) > 0.99
    both = refine_segment(scene, large, [at(90, 110), at(90, 110, positive=False)], sam, looks)
    assert iou(both.shape, strip) > 0.99


def test_clicks_that_leave_nothing_are_refused(scene: Scene, looks: WindowLooks) -> None:
    here, there = (shapely.box(LEFT + x, TOP - y, LEFT + x + 8, TOP - y + 8) for x, y in [(90, 90), (606, 620)])
    large = Segment(1, here | there, 128.0, 0.3, 0.4, 0.8, 0.9, refined=False)
    clicks = [at(86, 94, positive=False), at(616, 610, positive=False)]
    with pytest.raises(QueryError, match="leave nothing"):
        refine_segment(scene, large, clicks, ColorSegmenter(rim=0), looks)
