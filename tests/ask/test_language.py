"""Programs are read whole, and refused with a sentence that says what to write instead."""

import ast

import pytest
from refusals import refusal

from graft_core.ask.checking import MOST_CALLS
from graft_core.ask.functions import FUNCTIONS
from graft_core.ask.language import MOST_LINES, parse
from graft_core.ask.tokens import LONGEST, LONGEST_TEXT

HOUSES = """
# Houses at the water.
lake = find(scene, "lake + river")
house = find(region=scene, text='house')

count(near(house, lake, metres=100)) >= 3 and not exists(lake) or area(lake) / area(scene) < 0.5
"""
GOOD = (
    HOUSES,
    'exists(find(scene, "lake"))',
    '"rural" if share(scene, "field + forest") > 0.5 else "urban"',
    'classify(scene, ["forest", "town"]) == "town"',
    "-1.5 + 2 * (3 - .5e1) / 4",
    "True != False",
    "scene",
    "1 <= count(scene) < 5",
    'names = ["a", "b"]\nbest_match(scene, names)',
    'count(\n    find(scene, "lake")\n)\r\n',
)


@pytest.mark.parametrize("text", GOOD)
def test_program_read_again_from_its_own_tree_is_the_same_program(text: str) -> None:
    program = parse(text)
    again = parse(ast.unparse(program.tree))
    assert ast.dump(again.tree) == ast.dump(program.tree)
    assert parse(program.text) == program


def test_lines_count_from_the_text_as_it_was_typed() -> None:
    program = parse(HOUSES)
    assert program.text == HOUSES.rstrip()
    assert program.answer.lineno == 6


def test_part_of_a_program_reads_as_it_was_written_in_one_line() -> None:
    program = parse('n = count(\n    find(scene,  "lake")\n)\nn')
    assert program.source(program.assigned["n"]) == 'count( find(scene,  "lake") )'


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda each: each.name)
def test_example_of_every_function_is_in_the_language(function: object) -> None:
    example = FUNCTIONS[getattr(function, "name")].example  # noqa: B009
    given = "".join(f'{name} = find(scene, "{name}")\n' for name in ("house", "village") if name in example)
    lake = "" if example.startswith("lake =") else 'lake = find(scene, "lake")\n'
    parse(f"{lake}{given}{example}" + ("\nlake" if example.startswith("lake =") else ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("# only this", "only comments"),
        ("x = 1", "Line 1 is the last and only gives a name"),
        ("1\n2", "Line 1 gives its value no name"),
        ("x = 1\nx = 2\nx", "Line 2 gives 'x' another value"),
        ("scene = 1\nscene", "Line 1 gives 'scene' another value"),
        ("count = 1\ncount", "Line 1 takes the name of the function count()"),
        ("x = y = 1\nx", "two names"),
        ("a, b = 1, 2\na", "name = expression"),
        ("x = 1\n  x", "Line 2 begins with a space"),
        ("exist(scene)", "did you mean 'exists'?"),
        (
            'lake = find(scene, "lake")\ncount(lakes)',
            "Line 2 has 'lakes', which no line above it gives a value (did you",
        ),
        ("count(x)\n", "known are scene"),
        ("count", "count without brackets"),
        ("count()", "without region; write count("),
        ("count(scene, scene)", "it takes region"),
        ("near(scene, scene, meters=3)", "did you mean 'metres'?"),
        ("count(scene, region=scene)", "'region' twice"),
        ("count(*scene)", "star"),
        ("count(**scene)", "only"),
        ("near(3, scene, 2)", "Line 1 gives near() a number first; it takes a region there"),
        ("near(scene, scene, scene)", "a region third"),
        ("find(scene, 3)", "a number second"),
        ('classify(scene, "forest")', "a text second; it takes a list of texts there"),
        ("classify(scene, [])", "a list of 0 texts"),
        ("classify(scene, [1])", "texts only"),
        ('["a"]', "a list of texts, which answers nothing"),
        ("scene > 3", "compares a region with a number"),
        ("scene == scene", "compares a region with a region"),
        ('"a" < "b"', "compares a text with a text"),
        ("1 and True", "a number where a yes or no belongs"),
        ("not scene", "a region where a yes or no belongs"),
        ("1 if scene else 2", "a region where a yes or no belongs"),
        ("scene + 1", "calculates with a region"),
        ("count(scene if exists(scene) else 1)", "a number first"),
        ('""', "empty text"),
        ('count(find(scene, "lake)', "Line 1 is not closed".replace("Line 1", "A text in line 1")),
        ("count(scene", "never closed"),
        ("1 +", "Line 1 cannot be read"),
        ("1 2", "cannot be read"),
        ("x = if\nx", "Line 1 cannot be read"),
        ("1e999", "beyond 1e+12"),
        ("2000000000000", "beyond 1e+12"),
        ('find(scene, "2*")', "Nothing to look for"),
        ('find(scene, "lake - ")', "Nothing to look for"),
        ('find(scene, "?!")', "no letter"),
    ],
)
def test_refusal_names_what_was_found_and_what_to_write(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1" + " " * LONGEST, f"keep it to {LONGEST}"),
        ("1 +" * 500 + "1", "words and signs"),
        ("1 + " * 30 + "1", "nested too deeply"),
        ("not " * 30 + "True", "nested too deeply"),
        ("(" * 13 + "1" + ")" * 13, "12 brackets"),
        (f'find(scene, "{"a" * (LONGEST_TEXT + 1)}")', f"keep it to {LONGEST_TEXT}"),
        (f"{'a' * 41} = 1\n1", "keep it to 40"),
        ("".join(f"a{i} = 1\n" for i in range(MOST_LINES)) + "1", f"keep it to {MOST_LINES}"),
        (
            "".join(f"a{i} = count(scene)\n" for i in range(MOST_CALLS)) + "count(scene)",
            f"more than {MOST_CALLS} calls",
        ),
        ("classify(scene, [" + ", ".join(["'a'"] * 17) + "])", "1 to 16"),
    ],
)
def test_program_beyond_a_bound_is_refused(text: str, said: str) -> None:
    assert said in refusal(text)


def test_choice_between_kinds_may_be_an_answer_but_no_argument() -> None:
    parse('count(scene) if exists(scene) else "none"')
    assert "a text first" in refusal('count("none" if exists(scene) else scene)')
