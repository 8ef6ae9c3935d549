"""Where the scenes of the library lie, with their imagery beneath the outlines."""

from collections.abc import Sequence
from dataclasses import replace

import folium
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from graft_core.errors import GraftError
from graft_core.tasks.inventory import Holding
from graft_core.tasks.retrieve import Bounds
from graft_core.ui.address import base_path
from graft_core.ui.imagery import imagery
from graft_core.ui.land import Land
from graft_core.ui.maps import CHOSEN, Overlay, TileLayer, View, base_map, named_by_place, view_on
from graft_core.ui.offline_maps import use_vendored_assets

HEIGHT = 340
"""Screen pixels; table, map and the way to add stand on one screen of 1280 x 800."""
LAYERS = 12
"""Scenes whose imagery is on the map at once."""
CREDIT = "imagery of the library"
"""One for all layers, or the map would list them."""
PLAIN, GONE = "#0072b2", "#767676"
"""Outlines of scenes that are not ticked, and of those whose file is gone."""


def show_footprints(scenes: Sequence[Holding], ticked: Sequence[Holding]) -> None:
    """Outlines of all scenes and the imagery of some; ticking rows or clicking an outline brings the map there."""
    placed = [scene for scene in scenes if scene.imagery]
    if not placed:
        st.info("No scene has a place yet: what is added is shown here.", icon=":material/map:")
        return
    use_vendored_assets(base_path())
    names = [scene.name for scene in ticked]
    view = _view(placed, names)
    with_imagery, problems = _layers(placed, names)
    seen = st_folium(
        base_map(extent(placed), with_imagery, draw=False, parts=[Land()]),
        key="footprints",
        height=HEIGHT,
        use_container_width=True,
        feature_group_to_add=[footprints(placed, names)],
        returned_objects=["last_object_clicked_tooltip"],
        center=view.center,
        zoom=view.zoom,
    )
    _caption(placed, len(with_imagery), problems)
    clicked = (seen or {}).get("last_object_clicked_tooltip")
    if clicked != st.session_state.get("footprint-clicked"):
        st.session_state["footprint-clicked"] = clicked
        _go([scene for scene in placed if scene.label == clicked])
        st.rerun()


def extent(scenes: Sequence[Holding]) -> Bounds:
    """West, south, east, north around scenes with a place; the east lies beyond 180 where one crosses it."""
    boxes = [_unwrapped(scene.imagery.bounds) for scene in scenes if scene.imagery]
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def footprints(scenes: Sequence[Holding], ticked: Sequence[str]) -> folium.FeatureGroup:
    """Outlines of scenes, those that are ticked on top; a click comes back as the scene's label."""
    group = Overlay("Scenes")
    drawn = sorted((scene for scene in scenes if scene.imagery), key=lambda scene: scene.name in ticked)
    group.add_child(_Footprints([_footprint(scene, scene.name in ticked) for scene in drawn]))
    return named_by_place(group, "scenes")


class _Footprints(MacroElement):
    """Outlines that are found at every zoom: one of a few screen pixels has a dot in its place."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {
                const group = {{ this._parent.get_name() }}, drawn = [];
                {{ this.scenes|tojson }}.forEach(scene => {
                    const look = { color: scene.color, weight: scene.weight, dashArray: scene.dash,
                                   fillOpacity: scene.fill, className: "graft-footprint" };
                    const label = document.createElement("span");
                    label.textContent = scene.label;
                    const box = L.rectangle(scene.corners, look).bindTooltip(label.outerHTML, { sticky: true });
                    const dot = L.circleMarker(box.getBounds().getCenter(), {
                        radius: 6, color: "#ffffff", weight: 2, fillColor: scene.color, className: "graft-place"
                    }).bindTooltip(label.outerHTML, { sticky: true });
                    group.addLayer(box).addLayer(dot);
                    drawn.push([box, dot]);
                });
                const fit = () => drawn.forEach(([box, dot]) => {
                    const corner = window.map.latLngToLayerPoint(box.getBounds().getNorthEast());
                    const size = corner.subtract(window.map.latLngToLayerPoint(box.getBounds().getSouthWest()));
                    const small = Math.max(Math.abs(size.x), Math.abs(size.y)) < 20;
                    dot.setStyle({ opacity: small ? 1 : 0, fillOpacity: small ? 1 : 0 });
                });
                group.on("add", () => { fit(); window.map.on("zoomend", fit); });
                group.on("remove", () => window.map.off("zoomend", fit));
            }
        {% endmacro %}
    """)

    def __init__(self, scenes: Sequence[dict[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Footprints"
        self.scenes = scenes


def _footprint(scene: Holding, ticked: bool) -> dict[str, object]:
    assert scene.imagery is not None  # asked for only then
    west, south, east, north = _unwrapped(scene.imagery.bounds)
    return {
        "label": scene.label,
        "corners": [[south, west], [north, east]],
        "color": CHOSEN if ticked else PLAIN if scene.there else GONE,
        "weight": 3 if ticked else 2,
        "dash": None if scene.there else "6 5",
        "fill": 0.0 if scene.there else 0.15,
    }


def _unwrapped(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    return west, south, east + 360 if east < west else east, north


def _view(placed: Sequence[Holding], ticked: Sequence[str]) -> View:
    """Where the map is to go: to what was ticked, each time something else is."""
    state = st.session_state
    if ticked != state.get("footprints-ticked", []):
        state["footprints-ticked"] = list(ticked)
        _go([scene for scene in placed if scene.name in ticked])
    view: View = state.get("footprints-view", View())
    return view


def _go(scenes: Sequence[Holding]) -> None:
    if scenes:
        state = st.session_state
        state["footprints-visits"] = state.get("footprints-visits", 0) + 1
        state["footprints-view"] = view_on(extent(scenes), state["footprints-visits"])


def _layers(placed: Sequence[Holding], ticked: Sequence[str]) -> tuple[list[TileLayer], list[str]]:
    """The imagery that is shown and why some is not: all of few scenes; of many the ticked ones, or the first."""
    there = [scene for scene in placed if scene.there]
    if len(there) > LAYERS:
        there = ([scene for scene in there if scene.name in ticked] or there)[:LAYERS]
    layers, problems = [], []
    for scene in there:
        try:
            layers.append(replace(imagery(scene.name), name=scene.label, attribution=CREDIT))
        except GraftError as error:
            problems.append(str(error))
    return layers, problems


def _caption(placed: Sequence[Holding], shown: int, problems: Sequence[str]) -> None:
    there = sum(scene.there for scene in placed)
    with st.container(horizontal=True, vertical_alignment="center"):
        if problems:
            st.caption(f"Without imagery, {len(problems)} of {there:,}: {problems[0]}")
        elif there > LAYERS:
            st.caption(f"Imagery of {shown} of {there:,} scenes is shown; tick others to see theirs.")
        else:
            st.caption("Click an outline to go there.")
        st.button("Show all", icon=":material/zoom_out_map:", type="tertiary", on_click=_go, args=(placed,))
