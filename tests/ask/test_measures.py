"""Counts and areas with how sure they are, and the honest "I cannot tell"."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_work import finish
from paper_eyes import PaperEyes, square

from graft_core.ask import measures
from graft_core.ask.answer import run_program
from graft_core.ask.values import Number, Region, Text, Thing, Truth, Unknown, Value
from graft_core.errors import QuestionError


def region(*matches: float, best: float = 0.1) -> Region:
    things = tuple(Thing(square(100 * i, 0, 10), match) for i, match in enumerate(matches))
    return Region(things, "lake", max(matches, default=best))


def value(text: str, eyes: PaperEyes) -> Value:
    found: Value = finish(run_program(text, eyes)).value
    return found


def test_presence_is_as_sure_as_the_best_match() -> None:
    assert measures.exists(region(0.6, 0.9)) == Truth(True, 0.9)


def test_absence_is_as_sure_as_the_best_that_was_seen_is_unlikely() -> None:
    assert measures.exists(region(best=0.2)) == Truth(False, 0.8)
    assert measures.exists(region(best=0.6)) == Truth(False, 0.5)


@pytest.mark.parametrize("best", [0.7, 0.95, float("nan")])
@pytest.mark.parametrize("measure", [measures.exists, measures.count, measures.area])
def test_nothing_found_but_much_seen_or_no_imagery_cannot_be_told(measure: object, best: float) -> None:
    assert isinstance(measure(region(best=best)), Unknown)  # type: ignore[operator]


def test_count_is_less_sure_the_more_things_are_near_the_threshold() -> None:
    sure, mixed, unsure = (measures.count(region(*([match] * 4))) for match in (0.99, 0.8, 0.55))
    assert isinstance(sure, Number)
    assert isinstance(mixed, Number)
    assert isinstance(unsure, Number)
    assert sure.value == mixed.value == unsure.value == 4
    assert sure.sure > 0.95 > mixed.sure > 0.4 > unsure.sure > 0
    assert unsure.spread == pytest.approx(math.sqrt(4 * 0.55 * 0.45))


def test_area_of_things_that_overlap_is_counted_once() -> None:
    overlapping = Region((Thing(square(0, 0, 10), 1.0), Thing(square(5, 0, 10), 1.0)), "lake")
    assert measures.area(overlapping) == Number(150.0, "m2", 1.0, 0.0)


@pytest.mark.parametrize(("x", "y", "said"), [(3, 2, "more"), (2, 3, "less"), (2, 2, "equal"), (0, 0, "equal")])
def test_compare_says_more_less_or_equal(x: float, y: float, said: str) -> None:
    assert measures.compare(Number(float(x)), Number(float(y))) == Text(said, 1.0)


def test_comparison_of_counts_is_surer_the_further_they_are_apart() -> None:
    two, three, nine = (measures.count(region(*([0.7] * n))) for n in (2, 3, 9))
    assert isinstance(two, Number)
    assert isinstance(three, Number)
    assert isinstance(nine, Number)
    close, far = measures.compare(three, two), measures.compare(nine, two)
    assert isinstance(close, Text)
    assert isinstance(far, Text)
    assert (close.value, far.value) == ("more", "more")
    assert 0.5 < close.sure < 0.9 < far.sure


def test_two_counts_of_things_half_seen_cannot_be_compared() -> None:
    eyes = PaperEyes({}, {"lake": 0.45, "pond": 0.45, "well": 0.01})
    for text in ("compare({}, {})", "{} > {}", "{} <= {}", "{} == {}"):
        unseen = text.format('count(find(scene, "lake"))', 'count(find(scene, "pond"))')
        assert isinstance(value(unseen, eyes), Unknown)
        assert not isinstance(value(unseen.replace("pond", "well"), eyes), Unknown)


def test_more_than_none_is_as_sure_as_there_is_one() -> None:
    eyes = PaperEyes({}, {"lake": 0.3})
    assert value('count(find(scene, "lake")) > 0', eyes) == Truth(False, pytest.approx(0.7))
    assert value('count(find(scene, "lake")) == 0', eyes) == Truth(True, pytest.approx(0.7))


def test_unlike_units_are_not_compared() -> None:
    with pytest.raises(QuestionError, match="like with like"):
        measures.compare(Number(1.0, "m2"), Number(1.0, "share"))


def test_density_counts_by_the_area_of_the_scene() -> None:
    eyes = PaperEyes({"house": [square(x, 50) for x in (100, 300, 500)]}, side_m=2000.0)
    assert value('density(find(scene, "house"))', eyes) == Number(0.75, "per km2", 1.0, 0.0)


@given(st.lists(st.floats(0.5, 1.0), max_size=30), st.lists(st.floats(0.5, 1.0), max_size=30))
def test_every_sureness_is_a_probability_and_more_mirrors_less(a: list[float], b: list[float]) -> None:
    x, y = measures.count(region(*a)), measures.count(region(*b))
    assert isinstance(x, Number)
    assert isinstance(y, Number)
    there, back = measures.compare(x, y), measures.compare(y, x)
    assert isinstance(there, Text)
    assert isinstance(back, Text)
    assert 0 <= x.sure <= 1
    assert 0 <= there.sure <= 1
    assert {there.value, back.value} in ({"more", "less"}, {"equal"})
    assert there.sure == pytest.approx(back.sure)


def test_surest_name_is_surer_the_further_it_is_ahead() -> None:
    near, far = (measures.surest(("a", "b"), values, 0.05) for values in ((0.32, 0.30), (0.1, 0.9)))
    assert isinstance(near, Text)
    assert isinstance(far, Text)
    assert (near.value, far.value) == ("a", "b")
    assert 0.5 < near.sure < 0.7 < 0.99 < far.sure
    assert isinstance(measures.surest(("a", "b"), (0.0, 0.0), 0.05), Unknown)
    assert isinstance(measures.surest(("a", "b"), (0.2, float("nan")), 0.05), Unknown)
