"""The objects of the Segment page on the map, and the clicks that corrected them."""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from folium.template import Template
from odc.geo.crs import CRS

from graft_core.tasks.clicks import Click
from graft_core.tasks.measure import Segment
from graft_core.tasks.retrieve import Bounds
from graft_core.ui.figures import area_text
from graft_core.ui.maps import CHOSEN, OUTLINE, Overlay, named_by_place
from graft_core.ui.polygons import Drawn, Polygons, in_degrees, rings_of


def polygons_overlay(
    segments: Sequence[Segment], crs: CRS, chosen: int | None, *, filled: bool = True
) -> folium.FeatureGroup:
    """Objects on the map, the chosen one above all; those that SAM did not outline are dashed.

    Args:
        segments: in the CRS.
        crs: of their shapes.
        chosen: number of the one to emphasise.
        filled: whether they are filled, and not only outlined.
    """
    group = Overlay("Polygons")
    shapes = in_degrees([each.shape for each in segments], crs)
    rows = [_drawn(segment, shape, chosen) for segment, shape in zip(segments, shapes, strict=True)]
    group.add_child(Polygons(sorted(rows, key=lambda row: row.chosen), filled=filled))
    return named_by_place(group, "polygons")


def clicks_overlay(clicks: Sequence[Click], crs: CRS) -> folium.FeatureGroup:
    """Points that somebody marked as belonging to an object, and as not."""
    group = Overlay("Clicks")
    shapes = in_degrees([shapely.Point(click.x, click.y) for click in clicks], crs)
    marks = [
        {"at": [round(point.y, 7), round(point.x, 7)], "positive": click.positive}
        for point, click in zip(shapes, clicks, strict=True)
    ]
    group.add_child(_Clicks(marks))
    return named_by_place(group, "clicks")


def bounds_of_shape(shape: Any, crs: CRS) -> Bounds:
    """West, south, east, north in degrees."""
    west, south, east, north = in_degrees([shape], crs)[0].bounds
    return float(west), float(south), float(east), float(north)


class _Clicks(MacroElement):
    """Discs with a plus or a minus."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {{ this.marks|tojson }}.forEach(mark => L.marker(mark.at, {
                icon: L.divIcon({ html: mark.positive ? "+" : "\\u2212", iconSize: [20, 20], iconAnchor: [10, 10],
                                  className: "graft-click " + (mark.positive ? "graft-plus" : "graft-minus") }),
                interactive: false, keyboard: false, zIndexOffset: 20000
            }).addTo({{ this._parent.get_name() }}));
        {% endmacro %}
    """)

    def __init__(self, marks: Sequence[Mapping[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Clicks"
        self.marks = marks


def _drawn(segment: Segment, shape: Any, chosen: int | None) -> Drawn:
    match = "" if np.isnan(segment.mean_match) else f" · match {segment.mean_match:.0%}"
    emphasised = segment.number == chosen
    return Drawn(
        rings_of(shape),
        f"#{segment.number} · {area_text(segment.area_m2)}{match}",
        CHOSEN if emphasised else OUTLINE,
        dashed=not segment.refined,
        chosen=emphasised,
    )
