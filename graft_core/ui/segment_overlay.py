"""Polygons and clicks on the map, in one loop each: as folium's own elements hundreds of them would be slow."""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from folium.template import Template
from odc.geo.crs import CRS

from graft_core.geo.place import WGS84
from graft_core.tasks.clicks import Click
from graft_core.tasks.measure import Segment
from graft_core.tasks.retrieve import Bounds
from graft_core.ui.figures import area_text
from graft_core.ui.maps import CHOSEN, OUTLINE, Overlay, named_by_place


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
    shapes = _in_degrees([each.shape for each in segments], crs)
    rows = [_row(segment, shape, chosen) for segment, shape in zip(segments, shapes, strict=True)]
    rows.sort(key=lambda row: bool(row["chosen"]))
    group.add_child(_Polygons(rows, filled))
    return named_by_place(group, "polygons")


def clicks_overlay(clicks: Sequence[Click], crs: CRS) -> folium.FeatureGroup:
    """Points that somebody marked as belonging to an object, and as not."""
    group = Overlay("Clicks")
    shapes = _in_degrees([shapely.Point(click.x, click.y) for click in clicks], crs)
    marks = [
        {"at": [round(point.y, 7), round(point.x, 7)], "positive": click.positive}
        for point, click in zip(shapes, clicks, strict=True)
    ]
    group.add_child(_Clicks(marks))
    return named_by_place(group, "clicks")


def bounds_of_shape(shape: Any, crs: CRS) -> Bounds:
    """West, south, east, north in degrees."""
    west, south, east, north = _in_degrees([shape], crs)[0].bounds
    return float(west), float(south), float(east), float(north)


class _Polygons(MacroElement):
    """Each with a dark casing, so that its line is seen on whatever lies below."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {
                const group = {{ this._parent.get_name() }}, rows = {{ this.rows|tojson }};
                const renderer = rows.length > {{ this.most_paths }} ? L.canvas({ padding: 0.3 }) : undefined;
                const common = { smoothFactor: 0, renderer };
                rows.forEach(row => {
                    L.polygon(row.rings, { ...common, color: "#14181b", opacity: 0.55, weight: row.chosen ? 7 : 4,
                                           fill: false, interactive: false }).addTo(group);
                    L.polygon(row.rings, {
                        ...common, color: row.chosen ? {{ this.chosen|tojson }} : {{ this.plain|tojson }},
                        weight: row.chosen ? 3.5 : 2, dashArray: row.refined ? null : "6 4",
                        fillOpacity: {{ this.fill }} * (row.chosen ? 1.6 : 1),
                        className: "graft-polygon" + (row.chosen ? " graft-chosen" : "")
                    }).bindTooltip(row.text, { sticky: true }).addTo(group);
                });
            }
        {% endmacro %}
    """)
    plain, chosen = OUTLINE, CHOSEN
    most_paths = 400
    """Polygons from which on a canvas is faster than an element each."""

    def __init__(self, rows: Sequence[Mapping[str, object]], filled: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Polygons"
        self.rows = rows
        self.fill = 0.16 if filled else 0.0


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


def _row(segment: Segment, shape: Any, chosen: int | None) -> dict[str, object]:
    match = "" if np.isnan(segment.mean_match) else f" · match {segment.mean_match:.0%}"
    return {
        "rings": [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in shapely.get_parts(shape)],
        "text": f"#{segment.number} · {area_text(segment.area_m2)}{match}",
        "refined": segment.refined,
        "chosen": segment.number == chosen,
    }


def _ring(ring: Any) -> list[list[float]]:
    """Latitude and longitude to a centimetre; Leaflet closes the ring."""
    points: list[list[float]] = shapely.get_coordinates(ring)[:-1, ::-1].round(7).tolist()
    return points


def _in_degrees(shapes: Sequence[Any], crs: CRS) -> Any:
    """Shapes as longitude and latitude, all in one call."""
    if not len(shapes):
        return []
    to_degrees = crs.transformer_to_crs(WGS84, always_xy=True)
    return shapely.transform(np.array(shapes, dtype=object), lambda points: np.column_stack(to_degrees(*points.T)))
