from dataclasses import replace

import pytest

from graft_core.errors import QueryError
from graft_core.search.query import parse_query
from graft_core.ui.cached import Question
from graft_core.ui.state import HISTORY, Exploring, keep_upload


def question(text: str) -> Question:
    return Question(("scene",), None, parse_query(text).to_json(), None, None, None)


def test_thumb_is_taken_back_by_the_same_thumb_and_turned_by_the_other() -> None:
    state = Exploring()
    state.mark("a/1/2", right=True)
    state.mark("a/3/4", right=False)
    assert (state.likes, state.dislikes) == (["a/1/2"], ["a/3/4"])
    state.mark("a/1/2", right=False)
    assert (state.likes, state.dislikes) == ([], ["a/3/4", "a/1/2"])
    state.mark("a/1/2", right=False)
    assert (state.likes, state.dislikes) == ([], ["a/3/4"])


def test_other_words_forget_the_marks() -> None:
    state = Exploring()
    state.query("forest", ())
    state.mark("a/1/2", right=True)
    marked = state.query("forest", ("sea",))
    assert [ref.name for ref in marked.likes] == ["a/1/2"]
    assert marked.background == ("sea",)
    assert state.query("lake", ()).likes == ()
    assert state.likes == []


def test_what_cannot_be_understood_is_a_sentence() -> None:
    with pytest.raises(QueryError):
        Exploring().query("forest -", ())


def test_history_holds_each_question_once_the_newest_first() -> None:
    state = Exploring()
    for text in ("a", "b", "a"):
        state.remember(question(text))
    assert state.history == [question("a"), question("b")]
    for number in range(HISTORY):
        state.remember(question(f"word {number}"))
    assert len(state.history) == HISTORY
    assert question("a") not in state.history


def test_area_is_cleared_with_the_drawing_of_it() -> None:
    state = Exploring(new_area=None, cleared=1)
    state.clear_area()
    assert state.new_area == ""
    assert state.cleared == 2, "the map wipes the drawing off"


def test_comparison_ends_by_the_same_button_and_turns_into_the_other_by_the_other() -> None:
    state, newest, earlier = Exploring(), question("new"), question("old")
    state.compare(earlier, "beside")
    assert state.compared(newest, "beside") == earlier
    assert state.compared(newest, "less") is None
    state.compare(earlier, "less")
    assert state.compared(newest, "less") == earlier
    state.compare(earlier, "less")
    assert state.compared(newest, "less") is None


def test_question_is_compared_with_others_of_its_scenes_only() -> None:
    state, earlier = Exploring(), question("old")
    state.compare(earlier, "less")
    assert state.compared(earlier, "less") is None, "not with itself"
    assert state.compared(replace(question("new"), scenes=("elsewhere",)), "less") is None


def test_upload_is_kept_once_by_its_content() -> None:
    first, again = (keep_upload(b"pixels", name) for name in ("a.JPG", "b.jpg"))
    other = keep_upload(b"more pixels", "a.jpg")
    assert first == again != other
    assert first.read_bytes() == b"pixels"
    assert first.suffix == ".jpg"
