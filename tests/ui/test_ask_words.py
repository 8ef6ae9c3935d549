import json

import pytest
from ask_entry import PROGRAM, lakes

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.ask.language import parse
from graft_core.ui.ask.box import COARSE, FINE, suggestions
from graft_core.ui.ask.entries import sure_html
from graft_core.ui.ask.files import answer_json, answer_text, evidence_json


@pytest.mark.parametrize("question", [*FINE, *COARSE])
def test_every_suggestion_is_a_question_that_gets_a_program(question: str) -> None:
    assert parse(GrammarPlanner().plan(question).program)


def test_scene_of_ten_metres_is_not_asked_for_houses() -> None:
    assert not any("house" in question for question in suggestions("sentinel2"))
    assert any("house" in question for question in suggestions("naip"))


@pytest.mark.parametrize(("sure", "words", "full"), [(0.97, "very sure · 97%", 5), (0.55, "unsure · 55%", 3)])
def test_how_sure_an_answer_is_stands_in_words_numbers_and_boxes(sure: float, words: str, full: int) -> None:
    said = sure_html(sure)
    assert words in said
    assert said.count("graft-full") == full


def test_answer_that_cannot_be_told_has_no_number() -> None:
    assert "cannot tell" in sure_html(0.0)
    assert "%" not in sure_html(0.0)


def test_text_to_paste_has_question_answer_how_sure_and_program() -> None:
    text = answer_text(lakes())
    for part in ("Are there more lakes than forest?", "Yes: <2> lakes. (fairly sure, 83%)", "town", PROGRAM):
        assert part in text


def test_changed_program_does_not_pass_for_the_answer_to_the_question() -> None:
    assert lakes().title == "Are there more lakes than forest?"
    assert lakes(planner="analyst").title == "Your program, after: Are there more lakes than forest?"
    assert lakes(planner="analyst", question="").title == "Your program"
    assert answer_text(lakes(planner="analyst")).startswith("Your program, after: ")


def test_export_tells_where_it_was_asked_and_holds_the_evidence() -> None:
    told = json.loads(answer_json(lakes()))
    assert (told["scene"], told["refined"], told["program"]) == ("town", False, PROGRAM)
    assert told["evidence"] == json.loads(evidence_json(lakes()))
    assert len(told["evidence"]["features"]) == 3
