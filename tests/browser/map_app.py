"""A page with nothing but the map, as the pages call it."""

import numpy as np
import streamlit as st
from streamlit_folium import st_folium

from graft_core.io.qml import RAMPS
from graft_core.tasks.map_picture import painted
from graft_core.tasks.retrieve import Hit
from graft_core.ui.address import base_path
from graft_core.ui.legend import legend_html
from graft_core.ui.maps import (
    TileLayer,
    View,
    base_map,
    density_overlay,
    drawn_area,
    view_on,
)
from graft_core.ui.offline_maps import use_vendored_assets
from graft_core.ui.outlines import hit_bounds, tile_outlines

LEFT, BOTTOM, GSD = 500_000.0, 4_900_000.0, 224.0
BOUNDS = (9.0, 44.2527, 9.1, 44.325)


def hits(step: int) -> list[Hit]:
    places = np.random.default_rng(step).permutation(30 * 30)[:12]
    found = []
    for rank, place in enumerate(places.tolist(), start=1):
        left, bottom = LEFT + 224 * (place % 30) + 300, BOTTOM + 224 * (place // 30) + 300
        box = (left, bottom, left + 224, bottom + 224)
        found.append(Hit(rank, "scene", 0, 0, 0, 0.31 - rank / 100, 0.95 - rank / 40, 9, 44, box, "EPSG:32632"))
    return found


def density(step: int) -> np.ndarray:
    y, x = np.mgrid[0:1:300j, 0:1:300j]
    centers = np.random.default_rng(step).random((6, 2))
    hills = sum(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.008) for cx, cy in centers)
    return painted(np.clip(hills, 0, 1).astype(np.float32), "viridis")


use_vendored_assets(base_path())
state = st.session_state
state.setdefault("step", 0)
state.setdefault("view", View())
st.set_page_config(page_title="Map", page_icon="🛰️", layout="wide")
first, second, third = st.columns(3)
if first.button("Another query"):
    state.step += 1
if second.button("Go to tile 2"):
    state.asked = state.get("asked", 0) + 1
    state.view = view_on(hit_bounds(hits(state.step)[1]), state.asked)
opacity = third.slider("Opacity", 0.0, 1.0, 0.6)
imagery = TileLayer(f"{base_path()}/app/static/tile.png?{{z}}/{{x}}/{{y}}", "Scene <1>", BOUNDS, "Demo imagery")
seen = st_folium(
    base_map(BOUNDS, [imagery]),
    key="map",
    height=520,
    use_container_width=True,
    feature_group_to_add=[density_overlay(density(state.step), BOUNDS, opacity), tile_outlines(hits(state.step), 3)],
    returned_objects=["all_drawings", "last_clicked"],
    center=state.view.center,
    zoom=state.view.zoom,
)
st.html(legend_html('Density of "solar farm"', next(iter(RAMPS)), 0, 0.8, "expected share of the neighbourhood"))
area = drawn_area(seen["all_drawings"])
st.write("Nothing drawn" if area is None else "Drawn: " + " ".join(f"{each:.4f}" for each in area.boundingbox.bbox))
click = seen["last_clicked"]
st.write(f"Query {state.step}, clicked {click['lat']:.4f} {click['lng']:.4f}" if click else f"Query {state.step}, none")
