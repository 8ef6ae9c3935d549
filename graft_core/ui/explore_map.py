"""The map of the Explore page: imagery that stays, and what lies over it."""

from collections.abc import Mapping
from typing import Any

import folium
import streamlit as st
from odc.geo.geom import Geometry
from streamlit_folium import st_folium

from graft_core.geo.masks import area_from_wkt
from graft_core.ui import cached
from graft_core.ui.address import base_path
from graft_core.ui.cached import Answer, Question
from graft_core.ui.controls import Look
from graft_core.ui.history import shown_layers
from graft_core.ui.imagery import bounds_of, imagery
from graft_core.ui.legend import change_legend_html, legend_html
from graft_core.ui.maps import (
    area_outline,
    base_map,
    clicked_rank,
    density_overlay,
    drawn_area,
    tile_outlines,
)
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.state import Exploring

HEIGHT = 530
"""Screen pixels; map, legend and query box stand on one screen of 1280 x 800."""
RETURNED = ["all_drawings", "last_object_clicked_tooltip"]


def show_map(
    scenes: tuple[str, ...], question: Question | None, answer: Answer | None, state: Exploring, look: Look
) -> None:
    """Imagery, density, outlines; what is drawn or clicked comes back into the state."""
    use_vendored_assets(base_path())
    seen = st_folium(
        base_map(bounds_of(scenes), [imagery(name) for name in scenes]),
        key=f"explore-{hash(scenes)}-{state.drawings}",
        height=HEIGHT,
        use_container_width=True,
        feature_group_to_add=_overlays(question, answer, state, look),
        center=state.view.center,
        zoom=state.view.zoom,
        returned_objects=RETURNED,
    )
    if answer is not None and question is not None:
        st.html(_legend(question, answer, state, look))
    _take(seen or {}, answer, state)


def _overlays(
    question: Question | None, answer: Answer | None, state: Exploring, look: Look
) -> list[folium.FeatureGroup]:
    """Earlier questions lowest, then this one, the outlines, the area of interest."""
    groups = [each for earlier in reversed(shown_layers(state)) for each in _densities(earlier, look)]
    if answer is not None and question is not None:
        groups += _densities(question, look) if minus_of(question, state) is None else _changes(question, state, look)
        if look.outlines:
            groups.append(tile_outlines(answer.found.hits, _rank(answer, state.chosen)))
    if state.area is not None:
        groups.append(area_outline(area_from_wkt(state.area, "EPSG:4326")))
    return groups


def _densities(question: Question, look: Look) -> list[folium.FeatureGroup]:
    text = cached.query_of(question).text
    pictures = [cached.picture(question, which, look.ramp) for which in range(len(question.scenes))]
    return [
        density_overlay(each.rgba, each.bounds, look.opacity, name=f"{text} {which}")
        for which, each in enumerate(pictures)
    ]


def minus_of(question: Question, state: Exploring) -> Question | None:
    """The earlier question that is taken away, where it is of the same scenes."""
    minus = state.minus
    return minus if minus is not None and minus != question and minus.scenes == question.scenes else None


def _changes(question: Question, state: Exploring, look: Look) -> list[folium.FeatureGroup]:
    minus = minus_of(question, state)
    assert minus is not None  # asked for only then
    pictures = [cached.difference(question, minus, which) for which in range(len(question.scenes))]
    return [
        density_overlay(each.rgba, each.bounds, look.opacity, name=f"difference {which}")
        for which, each in enumerate(pictures)
    ]


def _rank(answer: Answer, tile: str | None) -> int | None:
    return next((hit.rank for hit in answer.found.hits if hit.tile == tile), None)


def _legend(question: Question, answer: Answer, state: Exploring, look: Look) -> str:
    title = f"Density of {cached.query_of(question).text}"
    minus = minus_of(question, state)
    if minus is not None:
        highest = max(cached.difference(question, minus, which).maximum for which in range(len(question.scenes)))
        return change_legend_html(f"{title}, less {cached.query_of(minus).text}", highest)
    what = "expected share of the neighbourhood" if question.threshold is None else "share of tiles that match"
    return legend_html(title, look.ramp, 0.0, max(made.brightest for made in answer.maps), what)


def _take(seen: Mapping[str, Any], answer: Answer | None, state: Exploring) -> None:
    """A drawing becomes the area of interest, a clicked outline the chosen tile."""
    area = _wkt(drawn_area(seen.get("all_drawings")))
    rank = clicked_rank(seen.get("last_object_clicked_tooltip"))
    clicked = next((hit.tile for hit in answer.found.hits if hit.rank == rank), None) if answer else None
    if area is not None and area != state.area:
        state.area = area
        st.rerun()
    if clicked is not None and clicked != state.clicked:
        state.clicked = state.chosen = clicked
        st.rerun()


def _wkt(area: Geometry | None) -> str | None:
    return None if area is None else str(area.wkt)
