"""What the maps of the pages share: as high as the window leaves room for, and telling what was drawn and clicked."""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from graft_core.geo.masks import area_from_text, text_of_area
from graft_core.ui import cached
from graft_core.ui.address import base_path
from graft_core.ui.imagery import bounds_of, common_bounds, imagery
from graft_core.ui.land import Land
from graft_core.ui.maps import Pane, TileLayer, area_outline, base_map, drawn_area, wiped
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.shared_view import ViewInAddress
from graft_core.ui.state import OnMap, Place
from graft_core.ui.swipe import LEFT_IMAGERY, RIGHT_IMAGERY

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


def show_frame(
    page: str,
    scenes: Sequence[str],
    area: str | None,
    overlays: Sequence[folium.FeatureGroup],
    state: OnMap,
    *,
    sides: bool = False,
) -> dict[str, Any]:
    """Draw the imagery of scenes with what lies over it; what the map tells, for `taken_click`.

    Args:
        page: whose map it is.
        scenes: names; another choice makes another map.
        area: area of interest as typed (`area_from_text`), outlined above everything; None for none.
        overlays: the first lowest; they change without the map being made anew.
        state: this session's.
        sides: the scenes are two, the second on the other side of a line among the overlays; else all lie together.
    """
    use_vendored_assets(base_path())
    outline = [] if area is None else [area_outline(area_from_text(area))]
    with st.container(key=f"{page}-map"):
        told = st_folium(
            base_map(
                common_bounds(scenes) if sides else bounds_of(tuple(scenes)),
                _on_sides(scenes) if sides else [imagery(name) for name in scenes],
                parts=[Land(), ViewInAddress(), FillsFrame()],
            ),
            key=f"{page}-{hash((tuple(scenes), sides))}",
            height=HEIGHT,
            use_container_width=True,
            feature_group_to_add=[*overlays, *outline, wiped(state.cleared)],
            center=state.view.center,
            zoom=state.view.zoom,
            returned_objects=RETURNED,
        )
    return told or {}


def _on_sides(scenes: Sequence[str]) -> list[TileLayer]:
    """Imagery of two scenes in panes of their own, the finer above the other where no line parts them."""
    finest = min(cached.scene(name).gsd for name in scenes)
    heights = [202 if cached.scene(name).gsd == finest else 201 for name in scenes]
    panes = zip((LEFT_IMAGERY, RIGHT_IMAGERY), heights, strict=True)
    return [imagery(name, Pane(*pane)) for name, pane in zip(scenes, panes, strict=True)]


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
