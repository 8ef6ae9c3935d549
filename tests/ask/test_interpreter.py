"""Programs run expression by expression: every call leaves a step, the unknown spreads, limits hold."""

from collections import deque
from collections.abc import Generator
from itertools import count

import pytest
from long_work import finish
from paper_eyes import PaperEyes, square

from graft_core.ask.interpreter import Limits, Outcome, run
from graft_core.ask.language import parse
from graft_core.ask.values import Number, Region, Text, Thing, Truth, Unknown, Value
from graft_core.errors import QueryError, QuestionError
from graft_core.types import Progress


def paper(reports: int = 1) -> PaperEyes:
    lakes = [square(100, 100, 60), square(500, 500, 80)]
    houses = [square(110 + 40 * i, 170) for i in range(6)]
    maybe = [Thing(square(900, 900), 0.8)]
    shapes = {"lake": lakes, "house": houses, "forest": [square(300, 800, 400)], "barn": maybe, "shed": maybe}
    return PaperEyes(shapes, {"church": 0.9, "river": 0.2}, reports=reports)


def outcome(text: str, eyes: PaperEyes | None = None, limits: Limits | None = None) -> Outcome:
    found: Outcome = finish(run(parse(text), eyes or paper(), limits or Limits()))
    return found


def value(text: str, eyes: PaperEyes | None = None) -> Value:
    return outcome(text, eyes).value


UNKNOWN = 'exists(find(scene, "church"))'
YES, NO = 'exists(find(scene, "lake"))', 'exists(find(scene, "river"))'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", Number(7.0)),
        ("(1 + 2) * 3 / 2", Number(4.5)),
        ("-2 - +3", Number(-5.0)),
        ("1 < 2 <= 2 != 3", Truth(True)),
        ("1 < 2 < 2", Truth(False)),
        ("1 == 1 and not 2 > 3", Truth(True)),
        ("False or 1 >= 2", Truth(False)),
        ('"a" if 1 > 2 else "b"', Text("b")),
        ('"Lake " == "lake"', Truth(True)),
        ('"a" != "b"', Truth(True)),
        ("True == False", Truth(False)),
        ("x = 2\ny = x * x\ny - x", Number(2.0)),
        ("area(scene)", Number(1e6, "m2")),
        ("area(scene) / area(scene)", Number(1.0, "share")),
        ("area(scene) / 2 + area(scene)", Number(1.5e6, "m2")),
        ('count(find(scene, "house"))', Number(6.0)),
        ('count(find(largest(find(scene, "forest")), "house"))', Number(0.0, "", 0.8, pytest.approx(0.594, abs=0.01))),
        ('compare(count(find(scene, "lake")), count(find(scene, "house")))', Text("less")),
        ('classify(scene, ["lake", "forest"])', Text("forest", pytest.approx(0.98, abs=0.02))),
        ('best_match(find(scene, "lake"), ["house", "lake"])', Text("lake", pytest.approx(1.0))),
        ('count(near(find(text="house", region=scene), b=find(scene, "lake"), metres=70))', Number(3.0)),
    ],
)
def test_program_comes_to_its_value(text: str, wanted: Value) -> None:
    assert value(text) == wanted


def test_share_of_an_area_is_an_area() -> None:
    found = value('share(scene, "forest") * area(scene)')
    assert isinstance(found, Number)
    assert (found.value, found.unit) == (pytest.approx(160_000), "m2")
    assert found.spread == pytest.approx(50_000)


@pytest.mark.parametrize(
    "text",
    [
        UNKNOWN,
        f"not {UNKNOWN}",
        f"{UNKNOWN} and {YES}",
        f"{NO} or {UNKNOWN}",
        f"{UNKNOWN} == {YES}",
        f"1 if {UNKNOWN} else 2",
        f"{UNKNOWN} if {YES} else 2",
        'count(find(scene, "church")) + 1',
        '-area(find(scene, "church"))',
        'count(find(scene, "church")) > 5',
        'compare(1, count(find(scene, "church")))',
        "1 / 0",
        'near(scene, scene, count(find(scene, "church")))',
        'share(find(scene, "church"), "lake")',
        f'classify(scene, ["lake", "a" if {UNKNOWN} else "b"])',
        "density(scene) / (1 - 1)",
    ],
)
def test_what_is_computed_from_the_unknown_is_unknown(text: str) -> None:
    found = value(text)
    assert isinstance(found, Unknown)
    assert found.why[0].isupper()
    assert found.why.endswith(".")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(f"{UNKNOWN} and {NO}", False), (f"{NO} and {UNKNOWN}", False), (f"{UNKNOWN} or {YES}", True)],
)
def test_what_decides_by_itself_decides_beside_the_unknown_too(text: str, wanted: bool) -> None:
    found = value(text)
    assert isinstance(found, Truth)
    assert found.value is wanted


def test_nothing_is_looked_for_once_the_answer_is_decided() -> None:
    eyes = paper()
    value(f'{NO} and {YES} or {YES} or exists(find(scene, "house")) or {UNKNOWN}', eyes)
    assert eyes.asked == ["river", "lake"]
    eyes.asked.clear()
    value('count(find(scene, "house")) if 1 > 2 else 3', eyes)
    assert eyes.asked == []


def test_same_words_are_looked_for_once() -> None:
    eyes = paper()
    value('a = find(scene, "lake")\ncount(a) + count(find(a, "lake")) + count(find(scene, " lake  "))', eyes)
    assert eyes.asked == ["lake"]


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('exists(find(scene, "barn"))', 0.8),
        ('not exists(find(scene, "barn"))', 0.8),
        ('exists(find(scene, "barn")) and exists(find(scene, "shed"))', 0.64),
        ('exists(find(scene, "barn")) or exists(find(scene, "shed"))', 0.8),  # the first decides
        ('not exists(find(scene, "barn")) or exists(find(scene, "shed"))', 1 - 0.8 * 0.2),
        ('exists(find(scene, "barn")) == exists(find(scene, "shed"))', 0.68),
        (f"1 if {NO} else 2", 0.8),
        (f'count(find(scene, "lake")) if {NO} else count(find(scene, "river"))', 0.64),
    ],
)
def test_doubt_is_carried_through(text: str, sure: float) -> None:
    found = value(text)
    assert isinstance(found, Truth | Number)
    assert found.sure == pytest.approx(sure)


def test_every_call_leaves_a_step_with_what_it_was_read_off() -> None:
    found = outcome('lake = find(scene,  "lake")\n\ncount(\n  near(find(scene, "house"), lake, 70)) > 2')
    assert [(step.line, step.call) for step in found.steps] == [
        (1, 'find(scene,  "lake")'),
        (4, 'find(scene, "house")'),
        (4, 'near(find(scene, "house"), lake, 70)'),
        (3, 'count( near(find(scene, "house"), lake, 70))'),
    ]
    lake, _, near, counted = found.steps
    assert isinstance(near.value, Region)
    assert lake.evidence == (lake.value,)
    assert counted.evidence == (near.value,)
    assert counted.value == Number(3.0)
    assert all(step.seconds >= 0 for step in found.steps)


def test_thing_belongs_to_a_region_with_at_least_half_of_its_area() -> None:
    eyes = PaperEyes(
        {"park": [square(100, 100, 100)], "tree": [square(100, 100), square(148, 50, 10), square(156, 100)]}
    )
    found = value('find(find(scene, "park"), "tree")', eyes)
    assert isinstance(found, Region)
    assert [each.shape.centroid.x for each in found.things] == [100.0]


@pytest.mark.parametrize("text", ['share(scene, "lake")', 'score(scene, "lake")', 'classify(scene, ["lake", "sea"])'])
@pytest.mark.parametrize("function", ["{}", 'exists(find(scene, "lake"))', 'density(find(scene, "lake"))'])
def test_scene_without_imagery_tells_nothing(text: str, function: str) -> None:
    assert isinstance(value(function.format(text), PaperEyes({"lake": []}, side_m=0)), Unknown)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('1\nshare(scene, "lake")'.replace("1\n", "a = 1\n") + " + area(scene)", "Line 2: A number in share"),
        ('area(scene) > share(scene, "lake")', "like with like"),
        ("near(scene, scene, -1)", "Line 1: near() takes 0 metres or more"),
        ("x = 999999999999\nx * x", "Line 2: A result goes beyond"),
        ("x = 999999999\ny = x * x * 1\ny * y", "Line 3: A result goes beyond"),
    ],
)
def test_senseless_calculation_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        value(text)
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


def test_query_that_the_eyes_refuse_is_their_refusal() -> None:
    class BlindEyes(PaperEyes):
        def find(self, text: str) -> Generator[Progress, None, Region]:
            yield Progress(0, 1, "cells", 0.0)
            raise QueryError("Nothing looks like that.")

    with pytest.raises(QueryError, match="Nothing looks like that"):
        value('find(scene, "lake")', BlindEyes({}))


def test_progress_of_the_eyes_comes_through() -> None:
    seen = list(run(parse('exists(find(scene, "lake"))'), paper(reports=5)))
    assert [each.done for each in seen] == [1, 2, 3, 4, 5]


def test_program_whose_time_is_over_stops_between_two_reports() -> None:
    eyes = paper(reports=1000)
    running = run(parse('exists(find(scene, "lake"))'), eyes, Limits(seconds=30, clock=count(step=2).__next__))
    seen: list[Progress] = []
    with pytest.raises(QuestionError, match="Line 1 was reached when the 30 s of a program were over"):
        deque(map(seen.append, running))
    assert 5 < len(seen) < 20


def test_program_with_more_calls_than_allowed_stops() -> None:
    with pytest.raises(QuestionError, match="Line 2 makes more than 2 calls"):
        outcome('a = count(find(scene, "lake"))\na + count(scene)', limits=Limits(calls=2))


def test_region_with_more_things_than_memory_is_meant_for_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"Line 1: find\(\) found 6 things like 'house', more than the 5"):
        outcome('count(find(scene, "house"))', limits=Limits(things=5))


def test_relation_of_many_things_to_many_needs_no_table_of_all_pairs() -> None:
    many = [square(5.0 * (i % 140), 5.0 * (i // 140), 2.0) for i in range(19_600)]
    eyes = PaperEyes({"tree": many})
    assert value('count(near(find(scene, "tree"), find(scene, "tree"), 1000000))', eyes) == Number(19_600.0)
