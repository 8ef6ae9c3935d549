"""The functions describe themselves: what planners and people read is what programs run."""

import re

from graft_core.ask.functions import FUNCTIONS, signatures

WANTED = {
    "find": "find(region: Region, text: Text) -> Region",
    "exists": "exists(region: Region) -> Bool",
    "count": "count(region: Region) -> Number",
    "area": "area(region: Region) -> Number",
    "share": "share(region: Region, text: Text) -> Number",
    "density": "density(region: Region) -> Number",
    "score": "score(region: Region, text: Text) -> Number",
    "best_match": "best_match(region: Region, texts: list[Text]) -> Text",
    "classify": "classify(region: Region, texts: list[Text]) -> Text",
    "near": "near(a: Region, b: Region, metres: Number) -> Region",
    "within": "within(a: Region, b: Region) -> Region",
    "outside": "outside(a: Region, b: Region) -> Region",
    "north_of": "north_of(a: Region, b: Region) -> Region",
    "south_of": "south_of(a: Region, b: Region) -> Region",
    "east_of": "east_of(a: Region, b: Region) -> Region",
    "west_of": "west_of(a: Region, b: Region) -> Region",
    "largest": "largest(region: Region) -> Region",
    "smallest": "smallest(region: Region) -> Region",
    "larger_than": "larger_than(region: Region, m2: Number) -> Region",
    "smaller_than": "smaller_than(region: Region, m2: Number) -> Region",
    "compare": "compare(x: Number, y: Number) -> Text",
}


def test_language_has_these_functions_and_no_others() -> None:
    assert {name: each.signature for name, each in FUNCTIONS.items()} == WANTED


def test_each_function_says_what_it_does_and_shows_one_line() -> None:
    for each in FUNCTIONS.values():
        assert each.about[0].isupper(), each.name
        assert each.about.endswith((".", '".')), each.name
        assert f"{each.name}(" in each.example


def test_signatures_make_a_prompt_by_themselves() -> None:
    blocks = signatures().split("\n\n")
    assert [re.match(r"\w+", block)[0] for block in blocks] == list(FUNCTIONS)  # type: ignore[index]
    assert all(len(block.splitlines()) == 3 and "\n    Example: " in block for block in blocks)
