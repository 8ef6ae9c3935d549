"""Where to search, and where the images lie that were found."""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import shapely
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from shapely.geometry.base import BaseGeometry
from streamlit_folium import st_folium

from graft_core import settings
from graft_core.geo.masks import area_from_text
from graft_core.index.store import list_indexes
from graft_core.io.imagery.item import ImageryItem
from graft_core.tasks.find_imagery import coverage
from graft_core.tasks.inventory import Holding, inventory
from graft_core.ui.address import base_path
from graft_core.ui.find.state import Finding
from graft_core.ui.land import Land
from graft_core.ui.library.map import GONE, PLAIN, extent
from graft_core.ui.map_frame import RETURNED, FillsFrame, taken_click
from graft_core.ui.maps import CHOSEN, Overlay, area_outline, base_map, named_by_place, view_on, wiped
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.state import Place

HEIGHT = 320
"""Screen pixels, for a browser without the page's style."""
CLICKS = "last_object_clicked_count"
"""What the map calls the number of clicks on outlines."""
Ring = list[list[float]]
"""Latitude and longitude of its corners."""


def show_search_map(area: str | None, state: Finding) -> None:
    """Draw an area on it; a click on an outline ticks that image, or takes its tick away."""
    use_vendored_assets(base_path())
    held = [scene for scene in inventory(list_indexes(settings.indexes_dir()), lambda _: None) if scene.imagery]
    if held and not state.visits:
        state.visits, state.view = 1, view_on(extent(held))
    outline = [] if area is None else [area_outline(area_from_text(area))]
    with st.container(key="find-map"):
        told = st_folium(
            base_map(None, [], parts=[Land(), FillsFrame()]),
            key="find",
            height=HEIGHT,
            use_container_width=True,
            feature_group_to_add=[*_outlines(held, state), *outline, wiped(state.cleared)],
            center=state.view.center,
            zoom=state.view.zoom,
            returned_objects=[*RETURNED, CLICKS],
        )
    clicked = _clicked(told or {}, state)
    image = None if clicked is None else image_at(state.rows if state.found else (), state.chosen, *clicked)
    if image is not None:
        state.toggle(image)
        st.rerun()


def _clicked(told: Mapping[str, Any], state: Finding) -> Place | None:
    """Where the map was clicked just now; the same place again counts where an outline lies, to take a tick back."""
    before, state.clicks = state.clicks, int(told.get(CLICKS) or 0)
    new = taken_click(told, state)
    return state.clicked if new is None and state.clicks not in (0, before) else new


def image_at(items: Sequence[ImageryItem], chosen: Sequence[str], lon: float, lat: float) -> str | None:
    """The image that lies on top at a place: one that is ticked, else the first of the table; None beside all."""
    point = shapely.Point(lon, lat)
    under = [item.id for item in items if item.footprint.intersects(point)]
    return next((each for each in under if each in chosen), next(iter(under), None))


def found_outlines(items: Sequence[ImageryItem], chosen: Sequence[str], area: BaseGeometry) -> folium.FeatureGroup:
    """Outlines of images: those that are ticked are full, thick and on top, the others dashed."""
    drawn = sorted(items, key=lambda item: item.id in chosen)
    return _group("Found", [_outline(item, item.id in chosen, area) for item in drawn])


def library_outlines(scenes: Sequence[Holding]) -> folium.FeatureGroup:
    """What is in the library already, faint."""
    return _group("Library", [_held(scene) for scene in scenes])


def rings(shape: BaseGeometry) -> list[Ring]:
    """Outer borders of the polygons of a shape, to a tenth of a metre."""
    outer = [shapely.get_exterior_ring(part) for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return [shapely.get_coordinates(ring)[:, ::-1].round(6).tolist() for ring in outer]


class _Outlines(MacroElement):
    """Outlines with a word on each, in one loop."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {{ this.outlines|tojson }}.forEach(each => {
                const label = document.createElement("span");
                label.textContent = each.text;
                const drawn = L.polygon(each.rings.map(ring => [ring]), each.look);
                if (each.look.interactive) drawn.bindTooltip(label.outerHTML, { sticky: true });
                drawn.addTo({{ this._parent.get_name() }});
            });
        {% endmacro %}
    """)

    def __init__(self, outlines: Sequence[dict[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Outlines"
        self.outlines = outlines


def _group(name: str, outlines: Sequence[dict[str, object]]) -> folium.FeatureGroup:
    group = Overlay(name)
    group.add_child(_Outlines(outlines))
    return named_by_place(group, name.lower())


def _outlines(held: Sequence[Holding], state: Finding) -> list[folium.FeatureGroup]:
    found = [] if state.found is None else [found_outlines(state.rows, state.chosen, state.shape)]
    return [library_outlines(held), *found]


def _outline(item: ImageryItem, chosen: bool, area: BaseGeometry) -> dict[str, object]:
    clouds = "" if item.cloud is None else f", {item.cloud:.0f} % clouds"
    does = "click to leave it out" if chosen else "click to take it"
    return {
        "text": f"{item.acquired:%Y-%m-%d}{clouds}, covers {coverage(item, area):.0%}: {does}",
        "rings": rings(item.footprint),
        "look": {
            "color": CHOSEN if chosen else PLAIN,
            "weight": 3 if chosen else 1.5,
            "dashArray": None if chosen else "4 5",
            "fillOpacity": 0.08 if chosen else 0,
            "interactive": True,
            "className": "graft-found graft-chosen" if chosen else "graft-found",
        },
    }


def _held(scene: Holding) -> dict[str, object]:
    west, south, east, north = extent([scene])
    return {
        "text": scene.label,
        "rings": [[[south, west], [south, east], [north, east], [north, west]]],
        "look": {"color": GONE, "weight": 1, "fillOpacity": 0.12, "interactive": False, "className": "graft-held"},
    }
