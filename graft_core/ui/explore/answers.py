"""From what is typed and set to an answer, and the answer beside the map."""

import streamlit as st

from graft_core.ui import cached
from graft_core.ui.cached import Answer, Question
from graft_core.ui.controls import Look, Search
from graft_core.ui.explore.change_files import offer_change
from graft_core.ui.explore.downloads import offer_downloads
from graft_core.ui.explore.gallery import show_gallery
from graft_core.ui.explore.histogram import show_histogram
from graft_core.ui.explore.history import show_history
from graft_core.ui.explore.relief import show_relief
from graft_core.ui.explore.two_scenes import Sides
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.query_box import show_examples
from graft_core.ui.state import Exploring


def what_is_asked(text: str, search: Search, state: Exploring) -> Question | None:
    """The question of what is typed, set and marked; None where something is still missing, which the page says.

    Raises:
        QueryError: the text cannot be understood.
    """
    if not search.scenes:
        st.info("Choose a scene in the sidebar.")
        return None
    if not text:
        st.info(
            "Type what to look for, or pick a suggestion: the map shows where it is, and the best places stand here. "
            "A click on the map shows the tile there, and finds more like it."
        )
        return None
    query = state.query(text, search.background)
    show_examples(query)
    return Question(search.scenes, search.encoder, query.to_json(), search.threshold, search.bandwidth, search.area)


def ask(question: Question, state: Exploring, sides: Sides | None = None) -> Answer:
    """The answer, with a line that says how long it takes; where two scenes are compared, theirs are got ready too.

    Raises:
        GraftError: as `cached.answer` does.
    """
    says = "Looking at every tile" if state.history else "Loading the encoder, then looking at every tile"
    with st.spinner(says, show_time=True):
        finish(ENCODERS)
        answer = cached.answer(question)
        for each in sides.asked(question) if sides else ():
            cached.answer(each)
    state.remember(question)
    return answer


def show_answer(question: Question, answer: Answer, state: Exploring, look: Look, sides: Sides | None = None) -> None:
    """Gallery, histogram, history, 3-D view and files, each computed when its tab is open."""
    _warn(question, answer)
    tiles, matches, layers, relief, files = st.tabs(
        ["Best tiles", "Matches", "History", "3-D", "Files"], on_change="rerun", key="answer-tab"
    )
    if tiles.open:
        with tiles, st.container(height=600, border=False, key="gallery"):
            show_gallery(answer, state)
    if matches.open:
        with matches:
            show_histogram(answer, question.threshold)
    if layers.open:
        with layers:
            show_history(state, alone=sides is None)
    if relief.open:
        with relief:
            show_relief(answer.maps, look.ramp)
    if files.open:
        with files:
            if sides is not None and sides.other.how == "less":
                offer_change(*sides.asked(question))
            offer_downloads(answer, question)


def _warn(question: Question, answer: Answer) -> None:
    """Say what hides everything, or that the best there is may be nothing."""
    best, threshold = answer.found.best, question.threshold
    if threshold is not None and best < threshold:
        st.warning(f'No tile matches {threshold:.0%} or more, the best {best:.0%}: lower "Match from" in the sidebar.')
    elif not answer.found.confident:
        st.warning(f"Low confidence: no tile matches better than {best:.0%}. It may not occur here.")
