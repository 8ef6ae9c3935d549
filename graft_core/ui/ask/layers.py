"""The layers of an answer: what its steps stand on, each layer with the step that brought it up and a colour."""

from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import shape

from graft_core.tasks.retrieve import Bounds
from graft_core.ui.ask.history import Entry

COLORS = ("#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00")
"""Told apart without colour vision (Okabe and Ito, 2008); the seventh layer is the first colour, dashed."""
WHOLE = "scene"
"""What the region of everything is called."""

Features = Sequence[Mapping[str, Any]]
"""GeoJSON in degrees."""


def layer_color(layer: int) -> str:
    """Colour of a layer, counted from 1."""
    return COLORS[(layer - 1) % len(COLORS)]


def is_dashed(layer: int) -> bool:
    """Whether its lines are: there are more layers than colours."""
    return layer > len(COLORS)


def features_of(entry: Entry, layer: int) -> Features:
    """The things of a layer; none where nothing was found."""
    return [each for each in entry.features if each["properties"]["layer"] == layer]


def layers_by_step(entry: Entry) -> dict[int, list[int]]:
    """The layers that each step is the first to stand on, both counted from 1; steps without one are left out."""
    owned: dict[int, list[int]] = {}
    seen: set[int] = set()
    for step in entry.answer["steps"]:
        new = [layer for layer in step["evidence"] if layer not in seen and features_of(entry, layer)]
        seen.update(new)
        if new:
            owned[int(step["step"])] = new
    return owned


def shown_at_first(entry: Entry) -> set[int]:
    """Layers that are on the map before anybody chooses: all but the outline of the whole scene, which says little."""
    layers = {int(each["properties"]["layer"]): each["properties"]["what"] for each in entry.features}
    return {layer for layer, what in layers.items() if what != WHOLE} or set(layers)


def bounds_of_features(features: Features) -> Bounds:
    """West, south, east, north in degrees."""
    west, south, east, north = shapely.total_bounds([shape(each["geometry"]) for each in features])
    return float(west), float(south), float(east), float(north)
