"""What an answer stands on, drawn on the map."""

import html
from collections.abc import Collection, Mapping
from typing import Any

import folium
from shapely.geometry import shape

from graft_core.ui.ask.history import Entry
from graft_core.ui.ask.layers import WHOLE, features_of, is_dashed, layer_color
from graft_core.ui.figures import area_text
from graft_core.ui.maps import Overlay, named_by_place
from graft_core.ui.polygons import Drawn, Polygons, rings_of


def evidence_overlay(entry: Entry, layers: Collection[int], *, filled: bool) -> folium.FeatureGroup:
    """Some layers of an answer, later ones on top.

    Args:
        entry: the answer.
        layers: which, counted from 1.
        filled: whether polygons are filled, and not only outlined.
    """
    group = Overlay("Evidence")
    rows = [_drawn(each) for layer in sorted(layers) for each in features_of(entry, layer)]
    group.add_child(Polygons(rows, filled=filled))
    return named_by_place(group, "evidence")


def _drawn(feature: Mapping[str, Any]) -> Drawn:
    told = feature["properties"]
    layer, match = int(told["layer"]), told["match"]
    said = "" if match is None else f" · match {match:.0%}"
    return Drawn(
        rings_of(shape(feature["geometry"])),
        f"{html.escape(told['what'])} · {area_text(told['area_m2'])}{said}",
        layer_color(layer),
        dashed=is_dashed(layer),
        filled=told["what"] != WHOLE,
        group=layer,
    )
