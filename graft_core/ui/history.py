"""Earlier questions: ask again, or lay them over the map."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.state import Exploring


def show_history(state: Exploring) -> None:
    """The questions of this session, the newest first."""

    def again(text: str) -> None:
        st.session_state.query = text

    for number, question in enumerate(state.history):
        text = cached.query_of(question).text
        with st.container(horizontal=True, vertical_alignment="center"):
            st.checkbox(
                "show",
                key=f"layer-{number}-{hash(question)}",
                value=False,
                label_visibility="collapsed",
                disabled=number == 0,
            )
            st.button(
                text,
                key=f"again-{number}",
                on_click=again,
                args=(text,),
                type="tertiary",
                help=", ".join(question.scenes),
            )


def shown_layers(state: Exploring) -> list[Question]:
    """Earlier questions that are ticked."""
    return [
        question
        for number, question in enumerate(state.history)
        if number and st.session_state.get(f"layer-{number}-{hash(question)}")
    ]
