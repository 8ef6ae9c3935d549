"""Polygons on the map in one loop, whatever they stand for: as folium's own elements hundreds of them would be slow."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from branca.element import MacroElement
from folium.template import Template
from odc.geo.crs import CRS

from graft_core.geo.place import WGS84


@dataclass(frozen=True)
class Drawn:
    """One polygon as it is drawn."""

    rings: list[list[list[list[float]]]]
    """Of each part the outer ring and its holes, latitude and longitude in degrees (`rings_of`)."""
    text: str
    """What is said where the mouse is over it."""
    color: str
    """Of its line and its filling."""
    dashed: bool = False
    """Whether its line is."""
    chosen: bool = False
    """Whether it is emphasised."""
    filled: bool = True
    """Whether it is filled where polygons are."""
    group: int = 0
    """Of what it is part, for whoever looks for all of them."""


class Polygons(MacroElement):
    """Polygons, the last on top, each with a dark casing, so that its line is seen on whatever lies below."""

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
                        ...common, color: row.color, weight: row.chosen ? 3.5 : 2, dashArray: row.dashed ? "6 4" : null,
                        fill: row.filled, fillOpacity: {{ this.fill }} * (row.chosen ? 1.6 : 1),
                        className: `graft-polygon graft-group-${row.group}` + (row.chosen ? " graft-chosen" : "")
                    }).bindTooltip(row.text, { sticky: true }).addTo(group);
                });
            }
        {% endmacro %}
    """)
    most_paths = 400
    """Polygons from which on a canvas is faster than an element each."""

    def __init__(self, rows: Sequence[Drawn], *, filled: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Polygons"
        self.rows: list[Mapping[str, object]] = [asdict(row) for row in rows]
        self.fill = 0.16 if filled else 0.0


def rings_of(shape: Any) -> list[list[list[list[float]]]]:
    """The rings of a shape in degrees, each part with its holes."""
    return [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in shapely.get_parts(shape)]


def in_degrees(shapes: Sequence[Any], crs: CRS) -> Any:
    """Shapes as longitude and latitude, all in one call."""
    if not len(shapes):
        return []
    to_degrees = crs.transformer_to_crs(WGS84, always_xy=True)
    return shapely.transform(np.array(shapes, dtype=object), lambda points: np.column_stack(to_degrees(*points.T)))


def _ring(ring: Any) -> list[list[float]]:
    """Latitude and longitude to a centimetre; Leaflet closes the ring."""
    points: list[list[float]] = shapely.get_coordinates(ring)[:-1, ::-1].round(7).tolist()
    return points
