"""The map and what is laid over it. leafmap builds, st_folium shows; nothing here calls Streamlit.

How st_folium 0.27 is to be called, so that the map neither jumps nor is built anew::

    shown = st_folium(
        base_map(bounds, layers),              # built in every run: st_folium adds the overlays to what it is given
        key="map", height=600, use_container_width=True,
        feature_group_to_add=[density_overlay(...), tile_outlines(hits)],
        returned_objects=["all_drawings", "last_clicked", "last_object_clicked_tooltip"],
        center=view.center, zoom=view.zoom,    # None, None until the map is to go somewhere
    )

- The map lives as long as ``key`` and the base map's script stay the same. Everything that changes is an overlay: those
  are all taken off and put on again when any of them differs, and stay as they are when none does.
- Overlays are always shown, ``show=False`` or not, and are in no layer control: a page leaves out what it does not
  want. Given an empty list, none stay.
- ``returned_objects`` counts when the map is first drawn; without "bounds", "center" and "zoom" a pan reruns nothing.
  "last_object_clicked_count" reruns the page once at the start.
- ``center`` and ``zoom`` each move the map when they differ from those given last, wherever the analyst has gone
  since. So a second click on the same tile needs both to differ by a hair: ``view_on(bounds, nth=...)``.
- A map in a closed expander or a hidden tab has no size and fits its bounds to nothing: draw it where it is seen.
"""

import base64
import html
import io
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import numpy as np
from branca.element import Element, MacroElement
from folium.plugins import Draw, MousePosition
from folium.template import Template
from leafmap.foliumap import Map
from odc.geo.crs import CRS
from odc.geo.geom import Geometry, unary_union
from PIL import Image
from shapely.geometry.base import BaseGeometry

from graft_core.geo.place import WGS84, lon_lat, reprojected
from graft_core.tasks.retrieve import Bounds, Hit
from graft_core.types import U8
from graft_core.ui.offline_maps import MapSetup

OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
OSM_CREDIT = '&copy; <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors'
OSM_NAME = "OpenStreetMap (needs the internet)"
MOST_ZOOM = 24
"""Zoom levels of the map; a pixel of 1 cm fills the screen's at 23."""
ON_SCREEN = 256
"""Pixels of the screen that a tile fills at most after a jump to it: it is seen with its neighbourhood."""
OUTLINE = "#ffffff"
CHOSEN = "#d55e00"
AREA = "#56b4e9"
"""Colours that keep apart without colour vision; the chosen tile is also thicker and its rank filled."""
WORLD: Bounds = (-180.0, -40.0, 180.0, 70.0)
"""What a map without bounds is centred on."""
EDGE_STEPS = 2
"""Points of each edge of a tile's outline."""


@dataclass(frozen=True)
class TileLayer:
    """Imagery of a scene, as our own tile service serves it."""

    url: str
    """Template with {z}, {x} and {y}, beginning with the server's base path."""
    name: str
    """In the layer control; each layer has its own."""
    bounds: Bounds | None = None
    """West, south, east, north in degrees, outside which no tile is asked for."""
    attribution: str = ""
    """Plain text."""
    min_zoom: int = 0
    """Zoom level from which it is drawn."""
    native_zoom: int = 18
    """Last zoom level that is asked for; beyond it the browser enlarges."""
    shown: bool = True
    """Whether it is on at first."""


@dataclass(frozen=True)
class View:
    """Where the map is to go."""

    center: tuple[float, float] | None = None
    """Latitude, longitude, as st_folium takes it; None stays where it is."""
    zoom: float | None = None
    """Zoom level, which Leaflet rounds; None stays."""


def base_map(bounds: Bounds | None, layers: Sequence[TileLayer], *, basemap: bool = True, draw: bool = True) -> Map:
    """The map without its overlays: the same arguments give the same map, letter by letter.

    Args:
        bounds: what it shows at first, west, south, east, north in degrees; the world unless given.
        layers: scenes' imagery, the first lowest.
        basemap: whether OpenStreetMap can be switched on; it is asked for nothing before.
        draw: whether areas of interest can be drawn; they come back as "all_drawings".

    Raises:
        RuntimeError: ``use_vendored_assets`` was not called before.
    """
    # leafmap hands its own keywords on to Leaflet, which adds a second toolbar for draw_control; so Draw is added here.
    built = Map(center=_middle(bounds or WORLD), zoom=2, tiles=None, scale_control=False)
    built.options |= {"min_zoom": 1, "max_zoom": MOST_ZOOM}  # or the layers' own would bound the map's
    built.add_child(MapSetup(), index=0)
    if basemap:
        _basemap().add_to(built)
    for layer in layers:
        _imagery(layer).add_to(built)
    if draw:
        _area_tool().add_to(built)
    _coordinates().add_to(built)
    if basemap or layers:
        folium.LayerControl().add_to(built)
    if bounds is not None:
        built.fit_bounds(_corners(bounds), padding=(12, 12))
    _name_by_place(built.get_root(), "map")
    return built


def density_overlay(rgba: U8, bounds: Bounds, opacity: float, *, name: str = "Density") -> folium.FeatureGroup:
    """A picture laid over the map as it is.

    Args:
        rgba: (h, w, 4) colours on a grid of EPSG:3857, north up; folium's own warping would shift it.
        bounds: west, south, east, north of the picture's edges in degrees.
        opacity: in [0, 1], times the picture's own.
        name: of the group.
    """
    group = _Overlay(name)
    folium.raster_layers.ImageOverlay(_png(rgba), _corners(bounds), pixelated=False, opacity=opacity, alt=name).add_to(
        group
    )
    _name_by_place(group, name)
    return group


def tile_outlines(hits: Sequence[Hit], chosen: int | None = None, *, name: str = "Tiles") -> folium.FeatureGroup:
    """Outlines of retrieved tiles with their ranks; the best lie on top, the chosen one above all.

    A click on one comes back as "last_object_clicked_tooltip", to be read by ``clicked_rank``.

    Args:
        hits: as retrieved.
        chosen: rank of the one to emphasise.
        name: of the group.
    """
    group = _Overlay(name)
    group.add_child(_Outlines([_outline(hit, hit.rank == chosen) for hit in _drawing_order(hits, chosen)]))
    _name_by_place(group, name)
    return group


def clicked_rank(tooltip: str | None) -> int | None:
    """Rank of the tile whose outline was clicked, from what st_folium returns; None for anything else."""
    rank = (tooltip or "").partition(" ")[0]
    return int(rank[1:]) if rank.startswith("#") and rank[1:].isdigit() else None


def area_outline(area: Geometry | BaseGeometry, *, name: str = "Area of interest") -> folium.FeatureGroup:
    """Outline of an area of interest; it lets clicks through to what lies below.

    Args:
        area: in whatever CRS it names; one that names none is in longitude and latitude.
        name: of the group.
    """
    degrees = reprojected(area, WGS84) if isinstance(area, Geometry) else area
    group = _Overlay(name)
    folium.GeoJson(
        degrees.__geo_interface__,
        style_function=lambda _: {"color": AREA, "weight": 3, "fill": False, "dashArray": "8 5"},
        interactive=False,
        smooth_factor=0,
    ).add_to(group)
    _name_by_place(group, name)
    return group


def footprint(bounds: Bounds, name: str) -> folium.FeatureGroup:
    """Outline of a scene, its name beside the mouse; west, south, east, north in degrees."""
    group = _Overlay(name)
    folium.Rectangle(_corners(bounds), color=CHOSEN, weight=2, fill_opacity=0.15, tooltip=html.escape(name)).add_to(
        group
    )
    _name_by_place(group, name)
    return group


def drawn_area(drawings: Sequence[Mapping[str, Any]] | None) -> Geometry | None:
    """Everything drawn on the map as one area in EPSG:4326, from "all_drawings"; None where nothing is drawn."""
    shapes = [Geometry(dict(each["geometry"]), WGS84) for each in drawings or ()]
    return unary_union(shapes) if shapes else None


def view_on(bounds: Bounds, nth: int = 0) -> View:
    """Go to a place and show it with its neighbourhood.

    Args:
        bounds: west, south, east, north in degrees.
        nth: how often the analyst has asked for it; st_folium does not move to where it was told to go last.
    """
    lat, lon = _middle(bounds)
    (south, west), (north, east) = _corners(bounds)
    widest = max(east - west, _mercator(north) - _mercator(south), 1e-9)
    zoom = math.floor(math.log2(ON_SCREEN / 256 * 360 / widest))
    hair = nth % 2 * 1e-9
    return View((lat, lon + hair), min(max(zoom, 1), MOST_ZOOM) + hair)


def hit_bounds(hit: Hit) -> Bounds:
    """West, south, east, north of a retrieved tile in degrees."""
    lat, lon = np.array(_ring(hit)).T
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


class _Overlay(folium.FeatureGroup):
    """A group that lets go of its predecessors: st_folium keeps every overlay it ever showed in the page's memory."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            window.feature_group = (window.feature_group || []).filter(group => window.map.hasLayer(group));
            var {{ this.get_name() }} = L.featureGroup({{ this.options|tojavascript }});
        {% endmacro %}
    """)

    def __init__(self, name: str) -> None:
        super().__init__(name=name, control=False)


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


def _basemap() -> folium.TileLayer:
    return folium.TileLayer(
        OSM_TILES, attr=OSM_CREDIT, name=OSM_NAME, overlay=True, show=False, max_native_zoom=19, max_zoom=MOST_ZOOM
    )


def _imagery(layer: TileLayer) -> folium.TileLayer:
    return folium.TileLayer(
        layer.url,
        attr=html.escape(layer.attribution or layer.name),
        name=html.escape(layer.name),
        overlay=True,
        show=layer.shown,
        min_zoom=layer.min_zoom,
        max_zoom=MOST_ZOOM,
        max_native_zoom=layer.native_zoom,
        bounds=None if layer.bounds is None else _corners(layer.bounds),
    )


def _area_tool() -> Draw:
    shape = {"color": AREA, "weight": 3, "fillOpacity": 0.08}
    others = dict.fromkeys(("polyline", "circle", "marker", "circlemarker"), False)
    return Draw(  # type: ignore[no-untyped-call]  # folium states no types here
        show_geometry_on_click=False,
        draw_options={
            **others,
            "polygon": {"allowIntersection": False, "shapeOptions": shape},
            "rectangle": {"shapeOptions": shape},
        },
    )


def _coordinates() -> MousePosition:
    return MousePosition(  # type: ignore[no-untyped-call]  # folium states no types here
        separator=", ",
        empty_string="",
        lat_formatter="function(degrees) { return 'lat ' + degrees.toFixed(5); }",
        lng_formatter="function(degrees) { return 'lon ' + degrees.toFixed(5); }",
    )


def _drawing_order(hits: Sequence[Hit], chosen: int | None) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.rank == chosen, -hit.rank))


def _outline(hit: Hit, chosen: bool) -> dict[str, object]:
    return {
        "rank": hit.rank,
        "ring": _ring(hit),
        "text": f"#{hit.rank} · score {hit.score:.3f} · match {hit.probability:.0%}",
        "chosen": chosen,
        "color": CHOSEN if chosen else OUTLINE,
        "weight": 4 if chosen else 2,
    }


def _png(rgba: U8) -> str:
    """As a data URI; Pillow's is many times smaller than folium's own, which filters nothing."""
    packed = io.BytesIO()
    Image.fromarray(rgba).save(packed, "PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"


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


def _corners(bounds: Bounds) -> list[list[float]]:
    """Leaflet's south-west and north-east corners; beyond 180 degrees where they cross the antimeridian."""
    west, south, east, north = bounds
    return [[south, west], [north, east + 360 if east < west else east]]


def _middle(bounds: Bounds) -> tuple[float, float]:
    (south, west), (north, east) = _corners(bounds)
    return (south + north) / 2, (west + east) / 2


def _mercator(lat: float) -> float:
    """Northing in the web map's projection, in degrees of its equator."""
    return math.degrees(math.asinh(math.tan(math.radians(lat))))


def _name_by_place(root: Element, salt: str) -> None:
    """Name all parts by their place in the tree and not by chance, so that equal maps are equal text."""
    parts = [root]
    for number, part in enumerate(parts):  # grows on the way
        part._id = uuid.uuid5(uuid.NAMESPACE_OID, f"{salt}/{number}").hex  # long, for st_folium replaces it as text
        parts.extend(part._children.values())
