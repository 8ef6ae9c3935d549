"""Earlier questions: ask again, or lay them over the map."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.state import Exploring


def show_history(state: Exploring) -> None:
    """The questions of this session, the newest first: ask again, lay over the map, or take away from the newest."""

    def again(text: str) -> None:
        st.session_state.query = text

    def subtract(question: Question) -> None:
        state.minus = None if state.minus == question else question

    for number, question in enumerate(state.history):
        text = cached.query_of(question).text
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(text, key=f"again-{number}", on_click=again, args=(text,), type="tertiary", help="Ask again")
            if number == 0:
                st.caption("on the map")
                continue
            st.checkbox("show", key=_layer_key(question))
            st.button(
                "subtract",
                key=f"minus-{number}",
                on_click=subtract,
                args=(question,),
                type="primary" if state.minus == question else "tertiary",
                disabled=question.scenes != state.history[0].scenes,
                help="Where the newest query is denser than this one, and where less",
            )


def _layer_key(question: Question) -> str:
    return f"layer-{hash(question)}"


def shown_layers(state: Exploring) -> list[Question]:
    """Earlier questions that are ticked."""
    return [each for each in state.history[1:] if st.session_state.get(_layer_key(each))]
