"""An answer leaves as plain JSON, its evidence where it lies on the ground."""

import json

import pytest
from long_work import finish
from odc.geo.crs import CRS
from odc.geo.geom import Geometry
from paper_eyes import PaperEyes, square

from graft_core.ask.answer import run_program
from graft_core.ask.reply_json import reply_json
from graft_core.geo.place import WGS84, reprojected

PROGRAM = 'lake = find(scene, "lake")\ncount(near(find(scene, "house"), lake, 50))'


def paper(side_m: float = 1000.0) -> PaperEyes:
    lakes, houses = [square(100, 100, 60), square(500, 500, 80)], [square(150, 120), square(900, 900)]
    return PaperEyes({"lake": lakes, "house": houses}, {"mill": 0.9}, side_m)


def asked(program: str, eyes: PaperEyes) -> dict[str, object]:
    found = reply_json(finish(run_program(program, eyes, question="How many?", notices=["By hand."])), eyes)
    plain: dict[str, object] = json.loads(json.dumps(found, allow_nan=False))
    assert plain == found
    return plain


def test_answer_holds_program_value_unit_sentence_and_steps() -> None:
    found = asked(PROGRAM, paper())
    steps = found.pop("steps")
    found.pop("evidence")
    assert found == {
        "question": "How many?",
        "program": PROGRAM,
        "planner": "analyst",
        "kind": "number",
        "value": 1.0,
        "unit": "",
        "sentence": "There is 1 house within 50 m of a lake.",
        "sure": 1.0,
        "notices": ["By hand."],
    }
    assert isinstance(steps, list)
    assert [(each["step"], each["line"], each["call"], each["kind"], each["value"]) for each in steps] == [
        (1, 1, 'find(scene, "lake")', "region", 2),
        (2, 2, 'find(scene, "house")', "region", 2),
        (3, 2, 'near(find(scene, "house"), lake, 50)', "region", 1),
        (4, 2, 'count(near(find(scene, "house"), lake, 50))', "number", 1.0),
    ]
    assert [each["evidence"] for each in steps] == [[1], [2], [3], [3]]


def test_evidence_lies_where_the_shapes_are() -> None:
    eyes = paper()
    found = reply_json(finish(run_program(PROGRAM, eyes)), eyes)
    features = found["evidence"]["features"]
    assert [(each["properties"]["layer"], each["properties"]["what"]) for each in features] == [
        (1, "lake"), (1, "lake"), (2, "house"), (2, "house"), (3, "house within 50 m of a lake"),
    ]  # fmt: skip
    assert features[0]["properties"] | {"layer": 0} == {"layer": 0, "what": "lake", "match": 1.0, "area_m2": 3600.0}
    ground = reprojected(Geometry(features[0]["geometry"], WGS84), CRS("EPSG:32632"))
    assert ground.boundingbox.bbox == pytest.approx((500_070, 5_000_070, 500_130, 5_000_130), abs=0.05)
    assert features[0]["geometry"]["coordinates"][0][0][0] == pytest.approx(9.0009, abs=1e-3)  # longitude first


@pytest.mark.parametrize(
    ("program", "kind", "value", "unit"),
    [
        ('exists(find(scene, "lake"))', "truth", True, ""),
        ('classify(scene, ["lake", "house"])', "text", "lake", ""),
        ('find(scene, "lake")', "region", 2, ""),
        ('area(find(scene, "lake"))', "number", 10_000.0, "m2"),
        ('exists(find(scene, "mill"))', "unknown", None, ""),
    ],
)
def test_each_kind_of_value_has_its_form(program: str, kind: str, value: object, unit: str) -> None:
    found = asked(program, paper())
    assert (found["kind"], found["value"], found["unit"]) == (kind, value, unit)


def test_step_that_is_unknown_says_why() -> None:
    steps = asked('exists(find(scene, "mill"))', paper())["steps"]
    assert isinstance(steps, list)
    assert steps[-1]["why"] == "Something looks like a mill, but no object could be made out."
    assert steps[-1]["sure"] == 0


def test_scene_without_imagery_leaves_no_evidence_and_no_nan() -> None:
    found = asked('exists(find(scene, "lake"))', PaperEyes({"lake": []}, side_m=0))
    assert found["evidence"] == {"type": "FeatureCollection", "features": []}
    assert found["sure"] == 0
