"""What a question names in the plural is looked for in the singular."""

import pytest

from graft_core.ask.plurals import is_plural, singular


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("lakes", "lake"), ("houses", "house"), ("churches", "church"), ("beaches", "beach"), ("marshes", "marsh"),
        ("quarries", "quarry"), ("bridges", "bridge"), ("buses", "bus"), ("grasses", "grass"), ("leaves", "leaf"),
        ("commercial buildings", "commercial building"), ("places of worship", "place of worship"),
        ("golf courses", "golf course"), ("universitys", "university"), ("pitchs", "pitch"), ("barrackss", "barracks"),
        ("heaths", "heath"), ("wharves", "wharf"), ("people", "person"), ("solar panels", "solar panel"),
        ("greenhouses", "greenhouse"), ("valleys", "valley"), ("pitches", "pitch"), ("warehouses", "warehouse"),
        ("roofs", "roof"), ("islands", "island"), ("airports", "airport"), ("cemeterys", "cemetery"),
    ],
)  # fmt: skip
def test_a_plural_finds_its_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected
    assert is_plural(plural)
    assert singular(expected) == expected


@pytest.mark.parametrize(
    "noun",
    ["grass", "glass", "aircraft", "barracks", "bus", "tennis", "campus", "water", "moss", "gas", "series", "forest"],
)
def test_what_is_no_plural_stays(noun: str) -> None:
    assert singular(noun) == noun
    assert not is_plural(noun)
