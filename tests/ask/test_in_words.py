import pytest
import shapely

from graft_core.ask.in_words import sure_in_words, value_in_words
from graft_core.ask.values import Number, Region, Text, Thing, Truth, Unknown, Value


def region(what: str, *lefts: float) -> Region:
    return Region(tuple(Thing(shapely.box(left, 0, left + 100, 100), 0.9) for left in lefts), what)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (region("lake", 0), "1 lake, 1.0 ha"),
        (region("lake", 0, 500), "2 lakes, 2.0 ha"),
        (region("lake", 0, 50), "2 lakes, 1.5 ha"),
        (region("lake"), "0 lakes"),
        (region("scene", 0), "the scene, 1.0 ha"),
        (Number(3.0), "3"),
        (Number(0.271, "share"), "27 %"),
        (Truth(True), "yes"),
        (Truth(False), "no"),
        (Text("forest"), "forest"),
        (Unknown("There is no imagery to look at."), "unknown: There is no imagery to look at."),
    ],
)
def test_value_is_said_in_the_few_words_of_a_table(value: Value, said: str) -> None:
    assert value_in_words(value) == said


@pytest.mark.parametrize(
    ("sure", "said"),
    [
        (1.0, "very sure"),
        (0.8, "fairly sure"),
        (0.5, "unsure"),
        (0.2, "hardly more than a guess"),
        (0.0, "cannot tell"),
    ],
)
def test_probability_has_its_words(sure: float, said: str) -> None:
    assert sure_in_words(sure) == said
