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
    state = Exploring(area="POLYGON ((0 0, 1 0, 1 1, 0 0))")
    before = state.drawings
    state.clear_area()
    assert state.area is None
    assert state.drawings == before + 1, "the map begins anew"


def test_upload_is_kept_once_by_its_content() -> None:
    first, again = (keep_upload(b"pixels", name) for name in ("a.JPG", "b.jpg"))
    other = keep_upload(b"more pixels", "a.jpg")
    assert first == again != other
    assert first.read_bytes() == b"pixels"
    assert first.suffix == ".jpg"
