from datetime import date

import pytest

from graft_core.tasks.inventory import Holding, Imagery
from graft_core.tasks.retrieve import Bounds
from graft_core.ui.library.map import CHOSEN, GONE, PLAIN, extent, footprints

VIRGINIA: Bounds = (-78.9, 37.9, -78.8, 38.0)
FIJI: Bounds = (179.5, -18.0, -179.5, -17.0)


def holding(name: str, bounds: Bounds, state: str = "not indexed") -> Holding:
    imagery = Imagery("naip", 1.0, (100, 100), (100.0, 100.0), bounds, date(2024, 6, 1))
    return Holding(name, f"/scenes/{name}", state, "", imagery, (), 10)


def drawn(group: object) -> list[dict[str, object]]:
    (part,) = group._children.values()
    return part.scenes


def test_extent_goes_on_beyond_the_antimeridian() -> None:
    assert extent([holding("fiji", FIJI)]) == (179.5, -18.0, 180.5, -17.0)
    assert extent([holding("fiji", FIJI), holding("virginia", VIRGINIA)]) == (-78.9, -18.0, 180.5, 38.0)


def test_ticked_scenes_lie_on_top_and_a_missing_file_is_marked() -> None:
    scenes = [holding("a", VIRGINIA), holding("b", FIJI), holding("c", FIJI, "file gone")]
    found = drawn(footprints(scenes, ["a"]))
    assert [(each["label"], each["color"]) for each in found] == [("b", PLAIN), ("c", GONE), ("a", CHOSEN)]
    assert found[1]["dash"]
    assert found[2]["corners"] == [[37.9, -78.9], [38.0, -78.8]]


def test_equal_scenes_give_equal_text() -> None:
    scenes = [holding("a", VIRGINIA), holding("b<script>", FIJI)]
    one, other = (footprints(scenes, ["a"]) for _ in range(2))
    assert one._id == other._id
    assert drawn(one) == drawn(other)


@pytest.mark.parametrize("state", ["indexed", "not indexed"])
def test_scene_that_can_be_shown_is_no_missing_one(state: str) -> None:
    (found,) = drawn(footprints([holding("a", VIRGINIA, state)], []))
    assert (found["color"], found["dash"], found["fill"]) == (PLAIN, None, 0.0)
