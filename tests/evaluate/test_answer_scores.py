"""When an answer counts as right: to the letter, by RSVQA's bands, or within a tolerance."""

import pytest
import shapely

from graft_core.ask.values import Number, Region, Text, Thing, Truth, Unknown, Value
from graft_core.evaluate.answer_scores import BAND, EXACT, Answer, Scoring, answer_of, band, commonest_answer, is_right


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (Truth(True), True),
        (Number(4.0), 4.0),
        (Text(" Urban "), "urban"),
        (Unknown("there is nothing to stand on"), None),
        (Region((Thing(shapely.box(0, 0, 1, 1), 1.0),), "lake"), None),
    ],
)
def test_value_of_a_program_becomes_an_answer(value: Value, answer: Answer | None) -> None:
    assert answer_of(value) == answer
    assert type(answer_of(value)) is type(answer)


def test_yes_and_no_and_words_are_right_to_the_letter() -> None:
    assert is_right(True, EXACT, True)
    assert not is_right(True, EXACT, False)
    assert is_right("urban", EXACT, "urban")
    assert not is_right("urban", EXACT, "rural")


@pytest.mark.parametrize(("truth", "answer"), [(True, 1.0), (1.0, True), ("yes", True), (0.0, False), (3.0, "3")])
def test_answer_of_another_kind_is_wrong(truth: Answer, answer: Answer) -> None:
    assert not is_right(truth, EXACT, answer)
    assert not is_right(truth, BAND, answer)


def test_no_answer_is_wrong() -> None:
    assert not is_right(False, EXACT, None)
    assert not is_right(0.0, BAND, None)
    assert not is_right(0.0, Scoring("within", absolute=1.0), float("nan"))


def test_exact_number_is_a_whole_one() -> None:
    assert is_right(7.0, EXACT, 7.0)
    assert not is_right(7.0, EXACT, 8.0)


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(0, 0), (0.4, 0), (1, 1), (10, 1), (11, 2), (100, 2), (101, 3), (1000, 3), (1001, 4), (9e9, 4)],
)
def test_bands_are_those_of_rsvqa(number: float, wanted: int) -> None:
    assert band(number) == wanted


def test_counts_in_one_band_are_the_same_answer() -> None:
    assert is_right(3.0, BAND, 9.0)
    assert not is_right(0.0, BAND, 1.0)
    assert not is_right(10.0, BAND, 11.0)


def test_tolerance_is_the_wider_of_its_two() -> None:
    scoring = Scoring("within", absolute=0.1, relative=0.25)
    assert is_right(0.2, scoring, 0.29)
    assert not is_right(0.2, scoring, 0.31)
    assert is_right(1000.0, scoring, 750.0)
    assert not is_right(1000.0, scoring, 740.0)


def test_commonest_answer_is_right_as_often_as_it_occurs() -> None:
    assert commonest_answer([(True, EXACT), (True, EXACT), (False, EXACT)]) == 2
    assert commonest_answer([("rural", EXACT)]) == 1
    assert commonest_answer([]) == 0


def test_commonest_answer_gains_by_the_tolerance_too() -> None:
    shares = [(share, Scoring("within", absolute=0.1)) for share in (0.1, 0.19, 0.28, 0.9, 0.9)]
    assert commonest_answer(shares) == 3  # 0.19 is right three times, and 0.9 only twice
    assert commonest_answer([(2.0, BAND), (5.0, BAND), (0.0, BAND), (0.0, BAND), (9.0, BAND)]) == 3
