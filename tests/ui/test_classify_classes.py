"""The editor of the list of classes, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from graft_core.tasks.class_list import class_colors, parse_classes
from graft_core.ui.classify.classes import COARSE, FINE


def editor() -> None:
    """The page of this test."""
    import streamlit as st

    from graft_core.ui.classify.classes import edit_classes, listed_classes
    from graft_core.ui.errors import told

    edit_classes("naip")
    with told():
        st.session_state.listed = listed_classes("naip")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(editor, default_timeout=30)


def names(page: AppTest) -> list[str]:
    return [each.name for each in page.session_state.listed]


def button(page: AppTest, label: str) -> None:
    next(each for each in page.button if each.label == label).click().run()


@pytest.mark.parametrize("suggested", [FINE, COARSE])
def test_suggested_lists_are_maps_with_a_colour_for_each_class(suggested: tuple[str, str]) -> None:
    words, colors = suggested
    assert len(parse_classes(words)) == len(colors.split("-")) == len(set(colors.split("-")))


def test_suggestion_is_what_is_listed_at_first(page: AppTest) -> None:
    page.run()
    assert names(page) == [each.name for each in parse_classes(FINE[0])]
    assert page.session_state.listed[0].words == "forest + orchard"


def test_list_of_the_address_comes_before_the_suggestion_with_its_colours(page: AppTest) -> None:
    page.query_params["classes"] = "trees = forest + orchard, lake"
    page.query_params["colors"] = "112233-zzzzzz"
    page.run()
    first, second = page.session_state.listed
    assert (first.name, first.words, first.color) == ("trees", "forest + orchard", (0x11, 0x22, 0x33))
    assert (second.name, second.color) == ("lake", class_colors(2)[1]), "no colour is no reason to lose the class"


def test_address_without_a_list_is_told_and_the_suggestion_taken(page: AppTest) -> None:
    page.query_params["classes"] = "forest"
    page.run()
    assert "no list of classes" in page.warning[0].value
    assert len(names(page)) > 2


def test_classes_are_added_renamed_and_removed_and_the_address_follows(page: AppTest) -> None:
    page.query_params["classes"] = "forest, lake"
    page.run()
    button(page, "Add a class")
    assert names(page) == ["forest", "lake"], "an empty line is no class yet"
    page.text_input[4].input("quarry").run()
    assert names(page) == ["forest", "lake", "quarry"]
    assert len({each.color for each in page.session_state.listed}) == 3
    page.text_input[1].input("forest + orchard").run()
    assert page.query_params["classes"] == "forest = forest + orchard, lake, quarry"
    next(each for each in page.button if each.key and each.key.startswith("drop-")).click().run()
    assert names(page) == ["lake", "quarry"]


def test_two_classes_of_one_name_are_told(page: AppTest) -> None:
    page.query_params["classes"] = "forest, lake"
    page.run()
    page.text_input[2].input("forest").run()
    assert "Two classes are called" in page.error[0].value


def test_start_over_brings_the_suggestion_back(page: AppTest) -> None:
    page.query_params["classes"] = "forest, lake"
    page.run()
    button(page, "Start over")
    assert names(page) == [each.name for each in parse_classes(FINE[0])]
