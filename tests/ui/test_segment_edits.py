from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geom import Geometry

from graft_core.errors import ExportError
from graft_core.search.query import parse_query
from graft_core.tasks.clicks import Click
from graft_core.tasks.measure import Segment
from graft_core.tasks.segment import Segmentation
from graft_core.tasks.segment_recipe import SegmentRecipe
from graft_core.ui.segment.edits import Edit, Edits, corrected, load_edits, save_edits

RECIPE = SegmentRecipe(
    query=parse_query("forest"),
    segmenter=None,
    segmenter_sha256=None,
    threshold=0.5,
    min_area_m2=1.0,
    tolerance_m=0.0,
    window_px=1024,
    patch_px=16,
    best=0.9,
    notice="",
    encoder="known",
    encoder_source="known",
    encoder_key="0" * 16,
    weights_sha256="0" * 64,
    aoi=None,
    aoi_crs=None,
    scene="scene",
    source="scene.tif",
    sensor="rgb",
    bands=(1, 2, 3),
    scene_gsd=1.0,
    fingerprint="0" * 16,
)


def segment(number: int, left: float, top: float = 0.0, side: float = 10.0) -> Segment:
    shape = shapely.box(left, top, left + side, top + side)
    return Segment(number, shape, shape.area, 0.3, 0.4, 0.6, 0.9, refined=False)


def found(*segments: Segment, area: Any = None) -> Segmentation:
    aoi = None if area is None else Geometry(area, "EPSG:32631")
    return Segmentation(segments, cast("Any", None), aoi, RECIPE)


def moved(segment: Segment, right: float) -> Segment:
    return replace(segment, shape=shapely.affinity.translate(segment.shape, right), refined=True, note="1 clicks")


CLICK = Click(1.0, 2.0, True)
ONE, TWO = segment(1, 0), segment(2, 100)


def test_correction_takes_place_and_number_of_what_it_corrects() -> None:
    after = moved(TWO, 3)
    shown = corrected(found(ONE, TWO), Edits([Edit(0, TWO, (CLICK,), after)]))
    assert [each.number for each in shown.found.segments] == [1, 2]
    assert shown.found.segments[1].shape.equals(after.shape)
    assert list(shown.edits) == [2]


def test_correction_stays_when_other_outlines_are_found_in_its_place() -> None:
    """As after another threshold, or once SAM has refined the rest."""
    after = moved(TWO, 3)
    edits = Edits([Edit(0, TWO, (CLICK,), after)])
    elsewhere, nearly = segment(1, 101), segment(2, 0)
    shown = corrected(found(elsewhere, nearly), edits)
    assert [each.number for each in shown.found.segments] == [1, 2]
    assert shown.found.segments[0].shape.equals(after.shape), "the number of what it replaces"
    gone = corrected(found(nearly), edits)
    assert [each.number for each in gone.found.segments] == [2, 3], "nothing is found there now, and it stays"


def test_new_object_gets_the_next_number_and_removed_one_is_gone() -> None:
    edits = Edits([Edit(0, None, (CLICK,), segment(0, 200)), Edit(1, ONE, (), None)])
    shown = corrected(found(ONE, TWO), edits)
    assert [each.number for each in shown.found.segments] == [2, 3]
    assert shown.number(0) == 3
    assert shown.number(1) is None
    assert shown.found.recipe.by_hand == 2, "who gets the file is told"


def test_object_that_grew_over_its_neighbour_leaves_no_ground_counted_twice() -> None:
    grown = replace(ONE, shape=shapely.box(0, 0, 120, 10))
    shown = corrected(found(ONE, TWO), Edits([Edit(0, ONE, (CLICK,), grown)]))
    assert [each.number for each in shown.found.segments] == [1]


def test_correction_beyond_the_area_of_interest_waits_until_it_is_asked_for() -> None:
    edits = Edits([Edit(0, TWO, (CLICK,), moved(TWO, 3))])
    assert not corrected(found(ONE, area=shapely.box(-5, -5, 50, 50)), edits).edits
    assert corrected(found(ONE), edits).edits


@given(st.lists(st.sampled_from(["add", "undo", "redo", "undo_all"]), max_size=30))
def test_undo_and_redo_never_lose_a_step_but_to_a_new_one(actions: list[str]) -> None:
    edits = Edits()
    for action in actions:
        before = len(edits.steps) + len(edits.undone)
        if action == "add":
            edits.add(Edit(edits.next_thing, ONE, (CLICK,), TWO))
            assert not edits.undone
            continue
        if action == "undo_all" or (edits.steps if action == "undo" else edits.undone):
            getattr(edits, action)()
        assert len(edits.steps) + len(edits.undone) == before
    assert len({edit.thing for edit in edits.steps}) == len(edits.steps)


def test_steps_survive_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a" / "edits.json"
    assert load_edits(path) == Edits()
    nothing_asked = replace(ONE, mean_score=float("nan"))
    edits = Edits([Edit(0, ONE, (CLICK,), moved(ONE, 1 / 3)), Edit(1, None, (CLICK,), nothing_asked)], [])
    edits.add(Edit(2, TWO, (), None))
    edits.undo()
    save_edits(path, edits)
    again = load_edits(path)
    assert again.version == edits.version
    assert again.undone[0].after is None
    assert again.steps[0].after is not None
    assert again.steps[0].after.shape.equals(moved(ONE, 1 / 3).shape)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"version": 9, "steps": [], "undone": []}', '{"version": 1, "steps": [1]}']
)
def test_damaged_file_is_said_to_be_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edits.json"
    path.write_text(text)
    with pytest.raises(ExportError, match=r"edits\.json"):
        load_edits(path)
