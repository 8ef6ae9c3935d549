"""What the maps of the pages share: as high as the window leaves room for, and telling what was drawn and clicked."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from branca.element import MacroElement
from folium.template import Template

from graft_core.geo.masks import text_of_area
from graft_core.ui.maps import drawn_area
from graft_core.ui.state import OnMap, Place

HEIGHT = 530
"""Screen pixels, for a browser without the page's style."""
RETURNED = ["all_drawings", "last_clicked"]
"""What st_folium is to tell."""


class FillsFrame(MacroElement):
    """Makes the map as high as its frame, which the page's style makes as high as the window leaves room for."""

    _template = Template("""
        {% macro header(this, kwargs) %}<style>#map_div { height: 100vh !important; }</style>{% endmacro %}
    """)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "FillsFrame"


def taken_click(told: Mapping[str, Any], state: OnMap) -> Place | None:
    """The place that was clicked just now; a drawing becomes the area of interest, and a click that draws is none.

    The map goes on telling what was drawn and clicked last.
    """
    click, drawings = told.get("last_clicked"), told.get("all_drawings")
    clicked = (float(click["lng"]), float(click["lat"])) if click else None
    area = drawn_area(drawings)
    drawn = state.drawn if drawings is None else text_of_area(area) if area else None
    new_click, new_drawing = clicked not in (None, state.clicked), drawn != state.drawn
    state.clicked, state.drawn = clicked, drawn
    if new_drawing:
        state.new_area = drawn or ""
        st.rerun()
    return clicked if new_click else None
