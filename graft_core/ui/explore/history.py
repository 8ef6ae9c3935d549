"""Earlier questions: ask again, lay them over the map, or compare the newest with one of them."""

import streamlit as st

from graft_core.search.query import Query
from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.state import Comparison, Exploring

TINTS = ((230, 159, 0), (204, 121, 167), (0, 114, 178), (213, 94, 0))
"""Colours of earlier questions' layers, told apart without colour vision (Okabe and Ito, 2008)."""

COMPARISONS: tuple[tuple[Comparison, str, str], ...] = (
    ("beside", "compare", "Side by side with the newest query, with a line to move"),
    ("less", "difference", "Where the newest query is denser than this one, and where less"),
)


def show_history(state: Exploring, *, alone: bool = True) -> None:
    """The questions of this session, the newest first.

    Args:
        state: this session's.
        alone: one scene is on the map; over two that are compared no other question can be laid.
    """
    newest, *earlier = state.history
    st.markdown(f"**{cached.words(newest)}** :gray[· on the map]")
    if not earlier:
        st.caption("Ask something else: what was asked before stays here, to be shown with it or compared.")
    if not alone:
        st.caption("Two scenes are compared: earlier queries can be asked again, and laid over one scene alone.")
    for question in earlier:
        with st.container(horizontal=True, vertical_alignment="center", key=f"earlier-{hash(question)}"):
            _earlier(question, state, alone)


def _earlier(question: Question, state: Exploring, alone: bool) -> None:
    def again(text: str) -> None:
        st.session_state.query = text

    text, key = Query.from_json(question.query).text, hash(question)
    st.button(
        cached.words(question),
        key=f"again-{key}",
        on_click=again,
        args=(text,),
        type="tertiary",
        help=f"Ask again: {text}",
        width="stretch",
    )
    st.html(_swatch(question, state), width="content")  # always, so that the toggle stays where it is being clicked
    st.toggle(
        "Show on the map",
        key=_layer_key(question),
        label_visibility="collapsed",
        width="content",
        disabled=not alone,
    )
    for comparison, icon, says in COMPARISONS:
        on = state.compared(state.history[0], comparison) == question
        st.button(
            "",
            icon=f":material/{icon}:",
            key=f"{comparison}-{key}",
            on_click=state.compare,
            args=(question, comparison),
            type="primary" if on else "tertiary",
            disabled=not alone or question.scenes != state.history[0].scenes,
            help="Back to the newest query alone" if on else says,
        )


def _swatch(question: Question, state: Exploring) -> str:
    """The colour its layer has on the map; room for it while there is none."""
    shown = shown_layers(state)
    color = f"rgb{TINTS[shown.index(question) % len(TINTS)]}" if question in shown else "transparent"
    return f'<div style="width:1rem;height:1rem;border-radius:.2rem;background:{color}"></div>'


def _layer_key(question: Question) -> str:
    return f"layer-{hash(question)}"


def shown_layers(state: Exploring) -> list[Question]:
    """Earlier questions that are to be shown, the oldest first."""
    return [each for each in reversed(state.history[1:]) if st.session_state.get(_layer_key(each))]
