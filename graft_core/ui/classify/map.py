"""The map of the Classify page: imagery, label map and legend; a click tells what the place looks like."""

import html

import numpy as np
import shapely
import streamlit as st
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.geo.place import WGS84, reprojected
from graft_core.tasks.classify import LabelMap
from graft_core.tasks.density import crs_of
from graft_core.ui.classify import cached as classify_cached
from graft_core.ui.classify.cached import Labelling
from graft_core.ui.classify.controls import LabelLook
from graft_core.ui.map_frame import show_frame, taken_click
from graft_core.ui.maps import density_overlay
from graft_core.ui.patch_controls import Looking
from graft_core.ui.state import OnMap, Place
from graft_core.ui.swipe import LEFT, divider

LIKELIEST = 3
"""Classes that are told of a place."""


def show_map(looking: Looking, asked: Labelling | None, state: OnMap, look: LabelLook) -> Place | None:
    """Draw the map; the place that was clicked just now, None where there was none.

    Args:
        looking: scene and area of interest.
        asked: the label map to show; None where it is not there yet.
        state: this session's.
        look: how it is drawn.
    """
    overlays = []
    if asked is not None:
        drawn = classify_cached.picture(asked, asked.key)
        if look.beside:
            overlays.append(divider("classes", "imagery"))
        pane = LEFT if look.beside else "overlayPane"
        overlays.append(density_overlay(drawn.rgba, drawn.bounds, look.opacity, name=f"classes {pane}", pane=pane))
    told = show_frame("classify", (looking.scene,), looking.area, overlays, state)
    if asked is not None:
        st.html(label_legend(classify_cached.labels(asked)))
    return taken_click(told, state)


def label_legend(made: LabelMap) -> str:
    """Colours and names of the classes, for ``st.html``."""
    items = "".join(
        f'<span style="white-space:nowrap">{swatch(made.colors[value])}{html.escape(name)}</span>'
        for value, name in made.names.items()
    )
    return (
        f'<div class="graft-legend" style="display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem">{items}</div>'
    )


def swatch(color: tuple[int, int, int]) -> str:
    """A square of a colour, seen in both themes."""
    return (
        f'<span style="display:inline-block;width:.85rem;height:.85rem;border-radius:.2rem;vertical-align:-.1rem;'
        f'margin-right:.4rem;border:1px solid rgba(128,128,128,.55);background:rgb{color}"></span>'
    )


def said_of(place: Place, made: LabelMap) -> str:
    """What a place looks like, the likeliest classes first."""
    crs = crs_of(made.scene)
    point = reprojected(Geometry(shapely.Point(place), WGS84), crs).geom
    size = abs(made.geobox.resolution.x)
    pixel = GeoBox.from_bbox(
        (point.x - size / 2, point.y - size / 2, point.x + size / 2, point.y + size / 2), crs, shape=(1, 1), tight=True
    )
    probability = made.asked.probability(made.field.window(pixel))[:, 0, 0]
    if np.isnan(probability[0]):
        return "nothing is known of this place"
    order = np.argsort(-probability)[:LIKELIEST].tolist()
    return " · ".join(f"{made.classes[i].name} {probability[i]:.0%}" for i in order)
