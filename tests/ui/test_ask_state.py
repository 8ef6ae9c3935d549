from ask_entry import lakes
from streamlit.testing.v1 import AppTest

from graft_core.ui.ask.state import Asking
from graft_core.ui.patch_controls import Looking

TOWN, SHORE = Looking("town", None, None), Looking("shore", None, None)


def test_question_is_wanted_until_it_is_answered_refused_or_cancelled() -> None:
    state = Asking()
    state.asks("  Is there a lake? ")
    assert state.wish is not None
    assert state.wish.question == "Is there a lake?"
    state.ends("No program.")
    assert (state.wish, state.problem) == (None, "No program.")
    state.asks("Is there a lake?")
    assert state.problem == "", "an old refusal says nothing of a new question"
    state.cancel()
    assert (state.wish, state.stopped) == (None, True)


def test_nothing_typed_is_no_question_but_a_program_needs_none() -> None:
    state = Asking()
    state.asks("   ")
    assert state.wish is None
    state.asks("", "count(scene)")
    assert state.wish is not None
    assert state.wish.program == "count(scene)"


def test_question_of_the_address_is_asked_once() -> None:
    state = Asking()
    state.arrives("Is there a lake?", TOWN, [])
    assert state.wish is not None
    state.cancel()
    state.arrives("Is there a lake?", TOWN, [])
    assert state.wish is None


def test_question_of_the_address_that_was_answered_here_is_not_asked_again() -> None:
    answered = lakes()
    for looking, again in ((TOWN, False), (SHORE, True)):
        state = Asking()
        state.arrives(answered.question, looking, [answered])
        assert (state.wish is not None) == again


def two_sessions() -> None:
    import streamlit as st

    from graft_core.ui.session_key import session_key

    st.write(session_key("answers", new=False) or "none")
    if st.button("begin"):
        st.write(session_key("answers", new=True))


def test_session_gets_a_key_when_it_has_something_to_keep_and_the_address_holds_it() -> None:
    page = AppTest.from_function(two_sessions, default_timeout=30).run()
    assert page.markdown[0].value == "none"
    page.button[0].click().run()
    key = page.markdown[1].value
    assert page.query_params["answers"] == key
    again = AppTest.from_function(two_sessions, default_timeout=30)
    again.query_params["answers"] = key
    assert again.run().markdown[0].value == key


def test_key_of_the_address_that_is_none_is_not_taken() -> None:
    page = AppTest.from_function(two_sessions, default_timeout=30)
    page.query_params["answers"] = "../../etc"
    assert page.run().markdown[0].value == "none"
