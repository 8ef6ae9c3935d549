"""Outlines of retrieved tiles on the map, with their ranks."""

import math
from collections.abc import Mapping, Sequence

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template
from odc.geo.crs import CRS

from graft_core.geo.place import lon_lat
from graft_core.tasks.retrieve import Bounds, Hit
from graft_core.ui.maps import CHOSEN, OUTLINE, Overlay, named_by_place

EDGE_STEPS = 2
"""Points of each edge of a tile's outline."""


def tile_outlines(hits: Sequence[Hit], chosen: int | None = None, *, name: str = "Tiles") -> folium.FeatureGroup:
    """Outlines of retrieved tiles with their ranks; the best lie on top, the chosen one above all.

    Args:
        hits: as retrieved.
        chosen: rank of the one to emphasise.
        name: of the group.
    """
    group = Overlay(name)
    group.add_child(_Outlines([_outline(hit, hit.rank == chosen) for hit in _drawing_order(hits, chosen)]))
    return named_by_place(group, name)


def hit_bounds(hit: Hit) -> Bounds:
    """West, south, east, north of a retrieved tile in degrees; its east may lie beyond 180."""
    lat, lon = np.array(_ring(hit)).T
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def contains(bounds: Bounds, lon: float, lat: float) -> bool:
    """Whether a place in degrees lies in west, south, east, north, which may cross the antimeridian."""
    west, south, east, north = bounds
    return south <= lat <= north and (lon - west) % 360 <= (east - west) % 360


class _Outlines(MacroElement):
    """Outlines of tiles in one loop: as folium's own elements a hundred of them cost a quarter of a second a run."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {{ this.tiles|tojson }}.forEach(tile => {
                const look = tile.chosen ? " graft-chosen" : "";
                L.polygon(tile.ring, {
                    color: tile.color, weight: tile.weight, fillOpacity: 0, smoothFactor: 0,
                    className: "graft-outline" + look
                }).bindTooltip(tile.text, { sticky: true }).addTo({{ this._parent.get_name() }});
                L.marker(tile.ring[0], {
                    icon: L.divIcon({ html: `<span>${tile.rank}</span>`, iconSize: [0, 0], iconAnchor: [0, 0],
                                      className: "graft-rank" + look }),
                    interactive: false, keyboard: false, zIndexOffset: tile.chosen ? 10000 : -10000 * tile.rank
                }).addTo({{ this._parent.get_name() }});
            });
        {% endmacro %}
    """)

    def __init__(self, tiles: Sequence[Mapping[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Outlines"
        self.tiles = tiles


def _drawing_order(hits: Sequence[Hit], chosen: int | None) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.rank == chosen, -hit.rank))


def _outline(hit: Hit, chosen: bool) -> dict[str, object]:
    return {
        "rank": hit.rank or "here",
        "ring": _ring(hit),
        "text": hit.tile if math.isnan(hit.score) else _said(hit),
        "chosen": chosen,
        "color": CHOSEN if chosen else OUTLINE,
        "weight": 4 if chosen else 2,
    }


def _ring(hit: Hit) -> list[tuple[float, float]]:
    """Latitude and longitude along a tile's edges, which bend on the way out of its CRS; from its top left corner."""
    left, bottom, right, top = hit.bounds
    along = np.linspace(0, 1, EDGE_STEPS, endpoint=False)
    across, down = (right - left) * along, (bottom - top) * along
    x = np.concatenate([left + across, np.full_like(down, right), right - across, np.full_like(down, left)])
    y = np.concatenate([np.full_like(across, top), top + down, np.full_like(across, bottom), bottom - down])
    lon, lat = lon_lat(CRS(hit.crs), x, y)
    lon = np.where(lon - lon[0] > 180, lon - 360, np.where(lon - lon[0] < -180, lon + 360, lon))
    return [(round(float(north), 7), round(float(east), 7)) for north, east in zip(lat, lon, strict=True)]


def _said(hit: Hit) -> str:
    """A ranked tile in a few words."""
    match = "" if math.isnan(hit.probability) else f" · match {hit.probability:.0%}"
    return f"#{hit.rank} · score {hit.score:.3f}{match}"
