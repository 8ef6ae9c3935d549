import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.errors import QueryError
from graft_core.tasks.class_list import (
    MOST_CLASSES,
    UNSURE_COLOR,
    ClassName,
    check_classes,
    class_colors,
    parse_classes,
)


def test_names_words_and_operators_are_read() -> None:
    classes = parse_classes('forest, water = lake + 2*river ,  old houses = "houses, old" - ruin')
    assert [(each.name, each.words) for each in classes] == [
        ("forest", "forest"),
        ("water", "lake + 2*river"),
        ("old houses", '"houses, old" - ruin'),
    ]
    assert [len(each.query.terms) for each in classes] == [1, 2, 2]
    assert classes[2].query.terms[0].value == "houses, old"


def test_lines_and_several_lists_make_one() -> None:
    assert [each.name for each in parse_classes("forest\nwater = lake\r\nroad")] == ["forest", "water", "road"]
    assert [each.name for each in parse_classes(["forest, water", "road"])] == ["forest", "water", "road"]


def test_quotes_around_a_name_are_no_part_of_it() -> None:
    assert parse_classes('"corn, wheat", water')[0].name == "corn, wheat"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "list of classes is empty"),
        ("  \n ", "list of classes is empty"),
        ("forest", "2 to 254 classes, and there are 1"),
        ("forest, , water", "Class 2 of the list"),
        ("forest, water,", "Class 3 of the list"),
        ("forest, = lake", "Class 2 of the list, '= lake'"),
        ("forest, water =", "Class 2 of the list, 'water ='"),
        ("forest, Forest = trees", "called 'Forest'"),
        ("forest, woods = forest", "looked for as 'forest'"),
        ("forest, ?!", "no letter"),
        ("forest, water = - lake", "only says what is not wanted"),
        ("forest, water = lake +", "Nothing to look for"),
        ("forest, Unsure = fog", "'Unsure' is what the map calls"),
        ("forest, " + "x" * 61, "at most 60 letters"),
        ("forest, a\x07b", "at most 60 letters"),
        (", ".join(f"class {i}" for i in range(255)), "there are 255"),
    ],
)
def test_list_that_makes_no_map_is_refused(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says.replace("?", r"\?")):
        parse_classes(text)


def test_colours_are_all_different_for_as_many_classes_as_there_may_be() -> None:
    colors = class_colors(MOST_CLASSES)
    assert len({*colors, UNSURE_COLOR, (0, 0, 0)}) == MOST_CLASSES + 2
    assert all(0 <= part <= 255 for color in colors for part in color)


def test_a_colour_stays_a_classs_own_when_another_class_is_added() -> None:
    assert class_colors(30)[:9] == class_colors(9)


@pytest.mark.parametrize("color", [(0, 0, 256), (0, -1, 0), (1, 2)])
def test_colour_that_is_none_is_refused(color: tuple[int, int, int]) -> None:
    with pytest.raises(QueryError, match="no colour for 'b'"):
        check_classes([ClassName("a", "a", (0, 0, 0)), ClassName("b", "b", color)])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        classes = parse_classes(text)
    except QueryError:
        return
    assert len(classes) >= 2
    assert all(each.query.terms for each in classes)
