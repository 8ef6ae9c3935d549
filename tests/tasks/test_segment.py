"""Objects of a query: the right ones, in the right place, the same whatever area is asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from color_segmenter import ColorSegmenter
from four_colors import CRS, LEFT, TOP, geobox
from green_things import DISCS, GREEN, RIVER, SIDE, WINDOW, green_pixels, iou, outlined
from known_encoder import KnownEncoder
from long_work import finish, followed
from odc.geo.geom import Geometry

from graft_core.errors import ExportError, ModelError, QueryError
from graft_core.io.scene import Scene, open_scene
from graft_core.models.sam import Prompts, SamMasks, SeenWindow
from graft_core.search.query import parse_query
from graft_core.tasks.segment import Refiner, Segmentation, SegmentOptions, segment, segmenter_for

PLAIN = Refiner(None, "")


@pytest.fixture
def patches() -> KnownEncoder:
    return KnownEncoder(level="patch", tile_px=32)


@pytest.fixture
def scene(write_scene: Callable[..., Path]) -> Scene:
    return open_scene(write_scene("green.tif", green_pixels(), geobox(SIDE, SIDE)))


@pytest.fixture
def find(scene: Scene, patches: KnownEncoder, tmp_path: Path) -> Callable[..., Segmentation]:
    def run(query: str = "green", refiner: Refiner = PLAIN, where: Scene = scene, **options: Any) -> Segmentation:
        area = options.pop("area", None)
        wanted = SegmentOptions(**({"window_px": WINDOW} | options))
        work = segment(
            where, patches, parse_query(query), tmp_path / "patches", refiner=refiner, options=wanted, area=area
        )
        return finish(work)

    return run


def colors() -> Refiner:
    return Refiner(ColorSegmenter(), "")


def union(found: Segmentation) -> Any:
    return shapely.union_all([each.shape for each in found.segments])


def quarters() -> list[Geometry]:
    """Four areas that overlap by a fifth of the scene."""
    low, high = 0.4 * SIDE, 0.6 * SIDE
    spans = [(0.0, high), (low, float(SIDE))]
    return [
        Geometry(shapely.box(LEFT + left, TOP - bottom, LEFT + right, TOP - top), CRS)
        for top, bottom in spans
        for left, right in spans
    ]


def test_each_thing_is_one_object_in_its_place(find: Callable[..., Segmentation]) -> None:
    found = find()
    assert len(found.segments) == len(GREEN)
    for shape in GREEN:
        wanted = outlined(shape)
        (here,) = [each for each in found.segments if each.shape.intersects(wanted)]
        assert iou(here.shape, wanted) > 0.8
        assert here.area_m2 == pytest.approx(here.shape.area)
    assert [each.number for each in found.segments] == list(range(1, len(GREEN) + 1))


def test_objects_say_how_well_they_match(find: Callable[..., Segmentation]) -> None:
    for each in find().segments:
        assert 0.5 < each.mean_match <= each.max_match <= 1
        assert 0.5 < each.mean_score <= each.max_score <= 1
        assert (each.refined, each.note) == (False, "")
    best = [each.mean_match for each in find().segments]
    assert best == sorted(best, reverse=True)


def test_refined_outlines_follow_the_things_themselves(find: Callable[..., Segmentation]) -> None:
    plain, refined = find(tolerance_m=0), find(refiner=colors(), tolerance_m=0)
    assert len(refined.segments) == len(GREEN)
    for shape in DISCS:
        wanted = outlined(shape)
        before, after = (max(iou(each.shape, wanted) for each in found.segments) for found in (plain, refined))
        assert after > 0.99 > before
    assert all(each.refined for each in refined.segments)


@pytest.mark.parametrize("refiner", [PLAIN, colors()], ids=["plain", "refined"])
def test_whole_scene_and_overlapping_quarters_give_the_same_polygons(
    find: Callable[..., Segmentation], refiner: Refiner
) -> None:
    whole = find(refiner=refiner)
    for area in quarters():
        part = find(refiner=refiner, area=area)
        assert part.segments
        assert iou(union(part), union(whole) & area.geom) > 0.99
        for each in part.segments:
            same = max(whole.segments, key=lambda other: iou(other.shape & area.geom, each.shape))
            assert iou(same.shape & area.geom, each.shape) > 0.99
            assert same.refined == each.refined
        assert len(part.segments) == sum(each.shape.intersection(area.geom).area > 0 for each in whole.segments)


def test_crop_of_the_scene_gives_the_same_polygons_away_from_its_border(
    find: Callable[..., Segmentation], write_scene: Callable[..., Path]
) -> None:
    """What lies on the lattice does not move when another file begins elsewhere."""
    top, left, height, width = 37, 53, 560, 560
    part = green_pixels()[:, top : top + height, left : left + width]
    crop = open_scene(write_scene("crop.tif", part, geobox(height, width, left=LEFT + left, top=TOP - top)))
    inner = shapely.box(*crop.geobox.extent.geom.buffer(-64).bounds)
    assert iou(union(find()) & inner, union(find(where=crop)) & inner) > 0.999


def test_large_object_in_many_windows_has_no_seam(find: Callable[..., Segmentation]) -> None:
    found = find(refiner=colors(), tolerance_m=0)
    wanted = outlined(RIVER)
    (stream,) = [each for each in found.segments if each.shape.intersects(wanted)]
    assert iou(stream.shape, wanted) > 0.97
    assert stream.shape.geom_type == "Polygon"


class StraySegmenter(ColorSegmenter):
    """What it outlines has an arm that leaves the window's core and comes back elsewhere."""

    def outline(self, seen: SeenWindow, prompts: Prompts) -> SamMasks:
        found = super().outline(seen, prompts)
        (rows,) = np.nonzero(found.masks[0][:, 30])
        if len(rows):
            top = max(int(rows[0]) - 44, 0)
            found.masks[:, top : int(rows[0]) + 1, 26:34] = True
            found.masks[:, top : top + 12, 26:110] = True
        return found


def test_what_hung_on_an_object_by_ground_of_another_window_is_no_object(find: Callable[..., Segmentation]) -> None:
    found = find(refiner=Refiner(StraySegmenter(), ""))
    green = shapely.union_all([outlined(shape) for shape in GREEN])
    assert all(each.refined and each.shape.intersects(green) for each in found.segments)


def test_every_window_is_looked_at_once(find: Callable[..., Segmentation]) -> None:
    refiner = colors()
    find(refiner=refiner)
    assert isinstance(refiner.segmenter, ColorSegmenter)
    assert refiner.segmenter.looked <= (2 * SIDE // WINDOW + 1) ** 2
    assert all(prompts.positive.any() for prompts in refiner.segmenter.asked)


def test_small_things_and_small_holes_are_left_out(find: Callable[..., Segmentation]) -> None:
    assert len(find(min_area_m2=1500).segments) == len(GREEN) - 1
    assert find(min_area_m2=10**6).segments == ()


def test_nothing_found_says_how_near_it_came(find: Callable[..., Segmentation]) -> None:
    found = find("magenta")
    assert found.segments == ()
    assert not found.confident
    assert 0 <= found.recipe.best < 0.5
    assert find().confident


def test_best_match_is_that_of_the_area_asked(find: Callable[..., Segmentation]) -> None:
    empty = Geometry(shapely.box(LEFT + 330, TOP - 60, LEFT + 460, TOP - 10), CRS)
    found = find(area=empty)
    assert found.segments == ()
    assert not found.confident


def test_objects_are_cut_at_the_border_of_the_area(find: Callable[..., Segmentation]) -> None:
    area = Geometry(
        shapely.Point(LEFT + 110, TOP - 90).buffer(40).difference(shapely.Point(LEFT + 110, TOP - 90).buffer(8)), CRS
    )
    (one,) = find(area=area).segments
    assert one.shape.within(area.geom.buffer(1e-6))
    assert one.area_m2 == pytest.approx(one.shape.area)


def test_area_beside_the_scene_is_refused(find: Callable[..., Segmentation]) -> None:
    with pytest.raises(ExportError, match="does not meet scene green"):
        find(area=Geometry(shapely.box(LEFT - 5000, TOP, LEFT - 4000, TOP + 100), CRS))


def test_ground_without_imagery_is_no_object(
    write_scene: Callable[..., Path], find: Callable[..., Segmentation]
) -> None:
    holed = green_pixels()
    holed[:, 60:120, 60:160] = 0
    scene = open_scene(write_scene("holed.tif", holed, geobox(SIDE, SIDE), nodata=0))
    for refiner in (PLAIN, colors()):
        found = union(find(where=scene, refiner=refiner))
        hole = shapely.box(LEFT + 60, TOP - 120, LEFT + 160, TOP - 60)
        assert found.intersection(hole).area == 0


def test_progress_covers_every_part_of_the_work(scene: Scene, patches: KnownEncoder, tmp_path: Path) -> None:
    work = segment(scene, patches, parse_query("green"), tmp_path / "patches", refiner=colors())
    steps = followed(work)[1]
    units = [step.unit for step in steps]
    assert list(dict.fromkeys(units)) == ["windows", "cells", "SAM windows"]
    last = {step.unit: step for step in steps}
    assert all(step.done == step.total for step in last.values())


def test_second_query_encodes_nothing(find: Callable[..., Segmentation], patches: KnownEncoder) -> None:
    find()
    encoded = patches.tiles_encoded
    find("white")
    assert patches.tiles_encoded == encoded


def test_without_sam_the_notice_names_the_command_that_fetches_it() -> None:
    refiner = segmenter_for(None)
    assert refiner.segmenter is None
    assert "python -m graft_core fetch mobile-sam" in refiner.notice
    assert segmenter_for("none").notice == ""


def test_sam_asked_for_and_missing_is_an_error() -> None:
    with pytest.raises(ModelError, match="fetch mobile-sam"):
        segmenter_for("sam")
    with pytest.raises(ModelError, match="'maybe'; choose sam or none"):
        segmenter_for("maybe")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threshold": 0.0}, "Threshold 0"),
        ({"threshold": 1.5}, "Threshold 1.5"),
        ({"min_area_m2": -1.0}, "minimum area of -1"),
        ({"tolerance_m": float("nan")}, "tolerance of nan"),
        ({"window_px": 1026}, "1026 px"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        SegmentOptions(**options)
