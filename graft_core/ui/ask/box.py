"""The question box above the map, with questions that a scene of its resolution can answer."""

import streamlit as st

from graft_core.types import SensorName
from graft_core.ui.ask.state import Asking

FINE = (
    "Is there a golf course?",
    "How many lakes are there?",
    "What share is forest?",
    "Are there houses near a lake?",
    "Is it rural or urban?",
)
"""Where a pixel is a metre or so, and houses are seen."""
COARSE = (
    "Is there a lake?",
    "What share is forest?",
    "Is there more forest than water?",
    "How large is the largest lake?",
    "Is it rural or urban?",
)
"""Where a pixel is ten metres."""
LONGEST = 500
"""Characters of a question."""


def suggestions(sensor: SensorName) -> tuple[str, ...]:
    """Questions that suit imagery of a sensor."""
    return COARSE if sensor == "sentinel2" else FINE


def ask_for_question(sensor: SensorName, state: Asking) -> str:
    """What is typed; it stays until another is typed, and stands in the address."""

    def ask() -> None:
        state.asks(st.session_state.question)

    def take() -> None:
        if st.session_state.suggested:
            st.session_state.question, st.session_state.suggested = st.session_state.suggested, None
            ask()

    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Question",
            key="question",
            placeholder="Ask about the scene: how many houses are there within 100 m of a lake?",
            label_visibility="collapsed",
            icon=":material/contact_support:",
            max_chars=LONGEST,
            bind="query-params",
        )
        st.form_submit_button("Ask", type="primary", icon=":material/send:", on_click=ask)
    st.pills("Suggestions", suggestions(sensor), key="suggested", on_change=take, label_visibility="collapsed")
    return str(text).strip()
