"""Numbers as people read them."""

import pytest

from graft_core.ask.nouns import counted, plural, stuff, with_article
from graft_core.ask.quantity_words import area_words, number_words, share_words
from graft_core.ask.values import Number


@pytest.mark.parametrize(
    ("m2", "words"),
    [
        (0.0, "0 m²"), (850.4, "850 m²"), (999.0, "999 m²"), (1000.0, "0.1 ha"), (4200.0, "0.42 ha"),
        (42_000.0, "4.2 ha"), (999_000.0, "100 ha"), (1e6, "1.0 km²"), (12.4e6, "12 km²"), (1.234e10, "12,340 km²"),
    ],
)  # fmt: skip
def test_areas_take_the_unit_that_keeps_them_short(m2: float, words: str) -> None:
    assert area_words(m2) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0 %"), (0.0004, "less than 0.1 %"), (0.004, "0.4 %"), (0.27, "27 %"), (1.0, "100 %")]
)
def test_shares_are_percentages(share: float, words: str) -> None:
    assert share_words(share) == words


def test_numbers_carry_their_unit() -> None:
    assert [
        number_words(each) for each in (Number(12.0), Number(1234.0), Number(2.5, "m"), Number(0.5, "per km2"))
    ] == [
        "12",
        "1,234",
        "2.5 m",
        "0.5 per km²",
    ]


@pytest.mark.parametrize(
    ("what", "one", "two", "ground", "a"),
    [
        ("lake", "1 lake", "2 lakes", "lakes", "a lake"),
        ("orchard", "1 orchard", "2 orchards", "orchard", "an orchard"),
        ("forest", "1 forest", "2 forests", "forest", "a forest"),
        ("city", "1 city", "2 cities", "cities", "a city"),
        ("church", "1 church", "2 churches", "churches", "a church"),
        ("bus stop", "1 bus stop", "2 bus stops", "bus stops", "a bus stop"),
        ("place of worship", "1 place of worship", "2 places of worship", "places of worship", "a place of worship"),
        ("water", "1 area of water", "2 areas of water", "water", "water"),
        ("university", "1 university", "2 universities", "universities", "a university"),
        ("aircraft", "1 aircraft", "2 aircraft", "aircraft", "an aircraft"),
        (
            "house within 50 m of a lake",
            "1 house within 50 m of a lake",
            "2 houses within 50 m of a lake",
            "houses within 50 m of a lake",
            "a house within 50 m of a lake",
        ),
    ],
)
def test_nouns_take_their_forms(what: str, one: str, two: str, ground: str, a: str) -> None:
    assert (counted(1, what), counted(2, what), plural(what)) == (one, two, two.removeprefix("2 "))
    assert (stuff(what), with_article(what)) == (ground, a)
