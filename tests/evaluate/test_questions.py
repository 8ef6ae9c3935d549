"""Questions about a demo world: their answers are true, and what is too near to call is not asked."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from test_class_objects import draw, ground, truth_of

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.evaluate.answer_scores import is_right
from graft_core.evaluate.class_objects import WindowTruth
from graft_core.evaluate.question_families import FAMILIES, Drawn
from graft_core.evaluate.question_words import a, land, plural
from graft_core.evaluate.questions import AskedArea, world_questions
from graft_core.geo.pixels import PixelFrame
from graft_core.world.land import CLASSES, class_map

TRIES = 400


def drawn(family: str, truth: WindowTruth, wanted: bool) -> list[Drawn]:
    """Every question that some dice draw of a window."""
    dice = np.random.default_rng(0)
    found = [FAMILIES[family](truth, dice, wanted) for _ in range(TRIES)]
    return [each for each in found if each is not None]


def about(questions: list[Drawn], *words: str) -> list[Drawn]:
    return [each for each in questions if all(word in each.text for word in words)]


def land_of_lakes() -> np.ndarray:
    """Two lakes in the west, one quarry in the south-east."""
    classes = ground()
    draw(classes, "lake", 5, 5, 12, 12)
    draw(classes, "lake", 60, 5, 12, 12)
    draw(classes, "quarry", 60, 60, 10, 10)
    return classes


def test_presence_is_yes_for_what_is_there_and_no_for_what_is_not() -> None:
    truth = truth_of(land_of_lakes())
    yes, no = drawn("presence", truth, True), drawn("presence", truth, False)
    assert {each.truth for each in yes} == {True}
    assert {each.truth for each in no} == {False}
    assert all(about(yes, name) for name in ("meadow", "lake", "quarr"))
    assert about(no, "airport")
    assert not about(no, "lake")
    assert not about(yes, "airport")


def test_presence_of_what_one_may_overlook_is_not_asked() -> None:
    classes = ground()
    draw(classes, "lake", 5, 5, 5, 5)
    for wanted in (True, False):
        assert not about(drawn("presence", truth_of(classes), wanted), "lake")


def test_counts_are_those_of_the_things() -> None:
    truth = truth_of(land_of_lakes())
    assert {each.truth for each in about(drawn("count", truth, True), "lakes")} == {2.0}
    assert {each.truth for each in about(drawn("count", truth, False), "quarries")} == {1.0}
    assert {each.truth for each in about(drawn("count", truth, False), "airports")} == {0.0}
    assert not about(drawn("count", truth, True), "meadow")  # land without separate things


def test_count_is_not_asked_where_two_things_may_be_one() -> None:
    classes = ground()
    draw(classes, "lake", 5, 5, 12, 12)
    draw(classes, "lake", 5, 19, 12, 12)
    for family in ("count", "density"):
        assert not about(drawn(family, truth_of(classes), True), "lake")
    assert not about(drawn("comparison_of_counts", truth_of(classes), True), "lake")


def test_density_is_the_count_over_the_area_of_the_window() -> None:
    (one, *_) = about(drawn("density", truth_of(land_of_lakes(), gsd=10.0), True), "lakes")
    assert one.truth == pytest.approx(2 / 0.64)
    assert is_right(one.truth, one.scoring, 2.4 / 0.64)
    assert not is_right(one.truth, one.scoring, 3 / 0.64)


def test_more_and_fewer_compare_counts_that_differ_clearly() -> None:
    truth = truth_of(land_of_lakes())
    for wanted in (True, False):
        for each in drawn("comparison_of_counts", truth, wanted):
            assert each.truth is wanted
            if "lakes" in each.text and "quarries" in each.text:
                assert (each.text.index("lakes") < each.text.index("quarries")) is (wanted is ("more" in each.text))


def test_counts_that_are_nearly_equal_are_not_compared() -> None:
    classes = land_of_lakes()
    draw(classes, "quarry", 5, 60, 10, 10)
    draw(classes, "quarry", 30, 60, 10, 10)
    assert not about(drawn("comparison_of_counts", truth_of(classes), True), "lakes", "quarries")  # two and three


def test_areas_are_compared_where_they_differ_clearly() -> None:
    classes = ground()
    draw(classes, "forest", 0, 0, 40, 80)
    draw(classes, "lake", 40, 0, 10, 80)
    yes, no = (drawn("comparison_of_areas", truth_of(classes), wanted) for wanted in (True, False))
    assert about(yes, "forest", "lakes")
    assert all(each.text.index("forest") < each.text.index("lake") for each in about(yes, "forest", "lakes"))
    assert all(each.text.index("lake") < each.text.index("forest") for each in about(no, "forest", "lakes"))
    draw(classes, "lake", 40, 0, 35, 80)
    for wanted in (True, False):  # 0.5 and 0.44 of the window
        assert not about(drawn("comparison_of_areas", truth_of(classes), wanted), "forest", "lakes")


def test_area_and_share_are_those_of_the_class() -> None:
    classes = ground()
    draw(classes, "lake", 0, 0, 40, 80)
    draw(classes, "quarry", 40, 0, 8, 80)
    draw(classes, "harbour", 50, 0, 3, 80)
    truth = truth_of(classes, gsd=2.0)
    assert {each.truth for each in about(drawn("area", truth, True), "lakes")} == {40 * 80 * 4.0}
    assert {each.truth for each in about(drawn("area", truth, False), "quarries")} == {8 * 80 * 4.0}
    (one, *_) = about(drawn("share", truth, True), "lake")
    assert is_right(0.5, one.scoring, 0.59)
    assert not is_right(0.5, one.scoring, 0.61)
    for family in ("area", "share"):  # a twentieth of the window is the least that is asked for
        assert not about(drawn(family, truth, False), "harbour")


def test_rural_and_urban_are_not_asked_where_it_is_half_and_half() -> None:
    classes = ground()
    assert {each.truth for each in drawn("rural_urban", truth_of(classes), False)} == {"rural"}
    draw(classes, "residential area", 0, 0, 28, 80)
    assert not drawn("rural_urban", truth_of(classes), True) + drawn("rural_urban", truth_of(classes), False)
    draw(classes, "downtown", 28, 0, 28, 80)
    assert {each.truth for each in drawn("rural_urban", truth_of(classes), True)} == {"urban"}
    assert not drawn("rural_urban", truth_of(classes), False)


def test_near_things_are_near_and_far_ones_are_not() -> None:
    classes = ground(400)
    draw(classes, "lake", 0, 0, 40, 40)
    draw(classes, "quarry", 0, 50, 40, 40)
    draw(classes, "harbour", 340, 0, 40, 40)
    yes, no = (drawn("relation", truth_of(classes), wanted) for wanted in (True, False))
    assert about(yes, "lake", "next to", "quarry")
    assert about(no, "lake", "within 100 m of", "harbour")
    assert not about(yes, "lake", "within 100 m of", "harbour")
    draw(classes, "quarry", 0, 0, 400, 400)
    draw(classes, "lake", 0, 0, 40, 40)
    for top in (65, 80):  # 25 and 40 m away: nobody asks whether that is next to it
        beside = classes.copy()
        draw(beside, "harbour", top, 0, 40, 40)
        for wanted in (True, False):
            assert not about(drawn("relation", truth_of(beside), wanted), "lake", "next to", "harbour")


def test_distance_that_the_encoder_cannot_see_is_not_asked() -> None:
    classes = land_of_lakes()
    texts = [each.text for wanted in (True, False) for each in drawn("relation", truth_of(classes, gsd=100.0), wanted)]
    assert texts
    assert not [text for text in texts if "next to" in text or "within 100 m" in text]


def test_north_is_up() -> None:
    classes = ground()
    draw(classes, "lake", 2, 30, 12, 12)
    draw(classes, "quarry", 60, 30, 12, 12)
    truth = truth_of(classes)
    yes, no = drawn("relation", truth, True), drawn("relation", truth, False)
    assert about(yes, "a lake north of a quarry")
    assert about(yes, "a quarry south of a lake")
    assert about(no, "a quarry north of a lake")
    for word in ("east", "west"):  # as far east as the other
        assert not about(yes + no, "lake", word, "quarry")


def grid(classes: np.ndarray, gsd: float = 1.0) -> GeoBox:
    height, width = classes.shape
    return GeoBox.from_bbox((0, 0, width * gsd, height * gsd), "EPSG:3395", resolution=gsd)


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    return class_map(2000, -512.0, 512.0, 1024, 1024, 1.0)


@pytest.fixture(scope="module")
def asked(world: np.ndarray) -> list[AskedArea]:
    return world_questions(world, grid(world), 16, seed=5, per_family=6)


def test_every_family_is_asked_of_a_world_yes_as_often_as_no(asked: list[AskedArea]) -> None:
    questions = [each for area in asked for each in area.questions]
    counts = Counter(each.family for each in questions)
    assert set(counts) <= set(FAMILIES)
    assert len(counts) >= 8
    assert max(counts.values()) == 6
    presence = Counter(each.truth for each in questions if each.family == "presence")
    assert presence == {True: 3, False: 3}


def test_answers_are_true_of_the_window_that_is_asked_about(world: np.ndarray, asked: list[AskedArea]) -> None:
    frame = PixelFrame(grid(world))
    shares = 0
    for each in asked:
        assert each.area is not None
        left, top, right, bottom = (round(edge) for edge in frame.to_pixels(each.area.geom).bounds)
        own = frame.box
        window = world[top - own.top : bottom - own.top, left - own.left : right - own.left]
        assert window.shape in ((512, 512), (1024, 1024))
        for question in each.questions:
            if question.family == "share":
                names = [name for name in CLASSES if name in question.text or land(name) in question.text]
                assert question.truth in [pytest.approx((window == CLASSES.index(name) + 1).mean()) for name in names]
                shares += 1
    assert shares


def test_same_seed_asks_the_same(world: np.ndarray, asked: list[AskedArea]) -> None:
    again = world_questions(world, grid(world), 16, seed=5, per_family=6)
    assert [each.questions for each in again] == [each.questions for each in asked]
    assert [each.area for each in again] == [each.area for each in asked]
    other = world_questions(world, grid(world), 16, seed=6, per_family=6)
    assert [each.questions for each in other] != [each.questions for each in asked]


def test_no_question_is_asked_twice_of_one_window(asked: list[AskedArea]) -> None:
    places = [each.area for each in asked]
    assert all(first != second for first, second in pairwise(places))
    for each in asked:
        assert len({question.text for question in each.questions}) == len(each.questions)


@pytest.mark.parametrize(
    ("name", "one", "many"),
    [
        ("lake", "a lake", "lakes"),
        ("quarry", "a quarry", "quarries"),
        ("highway", "a highway", "highways"),
        ("beach", "a beach", "beaches"),
        ("orchard", "an orchard", "orchards"),
    ],
)
def test_classes_read_as_english(name: str, one: str, many: str) -> None:
    assert (a(name), plural(name)) == (one, many)


def test_families_are_understood_by_the_grammar(asked: list[AskedArea]) -> None:
    planner = GrammarPlanner()
    for each in asked:
        for question in each.questions:
            assert planner.plan(question.text).program
