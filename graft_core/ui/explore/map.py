"""The map of the Explore page: imagery that stays, and what lies over it."""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import streamlit as st

from graft_core.search.query import Query
from graft_core.tasks.retrieve import CONFIDENT, Hit
from graft_core.ui import cached
from graft_core.ui.cached import Answer, Question
from graft_core.ui.controls import Look, Search
from graft_core.ui.explore.history import TINTS, shown_layers
from graft_core.ui.explore.two_scenes import Sides
from graft_core.ui.explore.two_scenes_map import side_legend, side_overlays
from graft_core.ui.legend import change_legend_html, legend_html
from graft_core.ui.map_frame import show_frame, taken_click
from graft_core.ui.maps import density_overlay
from graft_core.ui.outlines import tile_outlines
from graft_core.ui.state import Exploring, sent
from graft_core.ui.swipe import LEFT, RIGHT, divider

Groups = list[folium.FeatureGroup]


def show_map(
    search: Search,
    question: Question | None,
    answer: Answer | None,
    seen: Hit | None,
    state: Exploring,
    look: Look,
    sides: Sides | None = None,
) -> None:
    """Imagery, density, outlines; what is drawn or clicked comes back into the state.

    Args:
        search: scenes and area of interest.
        question: what was asked; with ``answer``.
        answer: None where nothing was asked, or the answer is not there yet.
        seen: the tile that is looked into.
        state: this session's.
        look: how it is drawn.
        sides: the two scenes, where they are compared.
    """
    overlays = [] if sides is None else side_overlays(sides, question if answer else None, look)
    if question and answer:
        overlays += [] if sides else _overlays(question, state, look)
        overlays += _outlines(answer, state, look, chosen_only=sides is not None and sides.other.how == "less")
    if seen is not None and (answer is None or seen not in answer.found.hits):
        overlays.append(tile_outlines([seen], seen.rank, name="Place"))
    shown = search.scenes if sides is None else sides.names
    told = show_frame("explore", shown, search.area, overlays, state, sides=sides is not None)
    if answer is not None and question is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(side_legend(sides, question, look) if sides else _legend(question, answer, state, look))
            _offer_polygons(question)
    _take(told, state)


def _offer_polygons(question: Question) -> None:
    """The same words on the Segment page, which takes one scene."""
    query = Query.from_json(question.query)
    against = "\n".join(query.background) or None
    st.page_link(
        "pages/2_Segment.py",
        label="As polygons",
        icon=":material/polyline:",
        help="The same query on the Segment page: every place that matches as a polygon with its area.",
        query_params=sent(scene=question.scenes[0], query=query.text, area=question.area, background=against),
    )


def _overlays(question: Question, state: Exploring, look: Look) -> Groups:
    """Earlier questions lowest, then this one or how it differs from another."""
    less, beside = state.compared(question, "less"), state.compared(question, "beside")
    groups: Groups = []
    for number, earlier in enumerate(shown_layers(state)):
        groups += _densities(earlier, look, tint=number)
    if less is not None:
        groups += _changes(question, less, look)
    elif beside is not None:
        highest = _brightest(question, beside)
        groups.append(divider(cached.words(beside), cached.words(question)))
        groups += _densities(beside, look, pane=LEFT, maximum=highest)
        groups += _densities(question, look, pane=RIGHT, maximum=highest)
    else:
        groups += _densities(question, look)
    return groups


def _outlines(answer: Answer, state: Exploring, look: Look, *, chosen_only: bool) -> Groups:
    """The best tiles; over a difference, which is small beside them, the chosen one alone."""
    worth = _worth_outlining(answer, state) if look.outlines else []
    shown = [hit for hit in worth if hit.tile == state.chosen or not chosen_only]
    return [tile_outlines(shown, _rank(answer.found.hits, state.chosen))] if shown else []


def _densities(
    question: Question,
    look: Look,
    *,
    pane: str = "overlayPane",
    maximum: float | None = None,
    tint: int | None = None,
) -> Groups:
    color = None if tint is None else TINTS[tint % len(TINTS)]
    groups = []
    for which in range(len(question.scenes)):
        drawn = cached.picture(question, which, look.ramp, maximum, color)
        name = f"{cached.words(question)} {which} {pane}"
        groups.append(density_overlay(drawn.rgba, drawn.bounds, look.opacity, name=name, pane=pane))
    return groups


def _changes(question: Question, less: Question, look: Look) -> Groups:
    pictures = [cached.difference(question, less, which) for which in range(len(question.scenes))]
    return [
        density_overlay(each.rgba, each.bounds, look.opacity, name=f"difference {which}")
        for which, each in enumerate(pictures)
    ]


def _brightest(*questions: Question) -> float:
    return max(made.brightest for question in questions for made in cached.answer(question).maps)


def _worth_outlining(answer: Answer, state: Exploring) -> list[Hit]:
    """The hits that probably match, and the chosen one."""
    return [hit for hit in answer.found.hits if not hit.probability < CONFIDENT or hit.tile == state.chosen]


def _rank(hits: Sequence[Hit], tile: str | None) -> int | None:
    return next((hit.rank for hit in hits if hit.tile == tile), None)


def _legend(question: Question, answer: Answer, state: Exploring, look: Look) -> str:
    title = f"Density of {cached.words(question)}"
    less, beside = state.compared(question, "less"), state.compared(question, "beside")
    if less is not None:
        highest = max(cached.difference(question, less, which).maximum for which in range(len(question.scenes)))
        return change_legend_html(f"{title}, less {cached.words(less)}", highest)
    what = "expected share of the neighbourhood" if question.threshold is None else "share of tiles that match"
    if beside is not None:
        both = f"{title}, beside {cached.words(beside)}"
        return legend_html(both, look.ramp, 0.0, _brightest(question, beside), what)
    return legend_html(title, look.ramp, 0.0, max(made.brightest for made in answer.maps), what)


def _take(told: Mapping[str, Any], state: Exploring) -> None:
    """A drawing becomes the area of interest, a click the place that is looked into; a click that draws is none."""
    clicked = taken_click(told, state)
    if clicked is not None:
        state.place = clicked
        st.rerun()
