"""The map and what is laid over it. leafmap builds, st_folium shows; nothing here calls Streamlit.

How st_folium 0.27 is to be called, so that the map neither jumps nor is built anew::

    shown = st_folium(
        base_map(bounds, layers),              # built in every run: st_folium adds the overlays to what it is given
        key="map", height=600, use_container_width=True,
        feature_group_to_add=[density_overlay(...), tile_outlines(hits)],
        returned_objects=["all_drawings", "last_clicked"],
        center=view.center, zoom=view.zoom,    # None, None until the map is to go somewhere
    )

- The map lives as long as ``key`` and the base map's script stay the same. Everything that changes is an overlay: those
  are all taken off and put on again when any of them differs, and stay as they are when none does.
- Overlays are always shown, ``show=False`` or not, and are in no layer control: a page leaves out what it does not
  want. Given an empty list, none stay.
- ``returned_objects`` counts when the map is first drawn; without "bounds", "center" and "zoom" a pan reruns nothing.
  "last_object_clicked_count" reruns the page once at the start. What was clicked or drawn last goes on being returned.
- ``center`` and ``zoom`` each move the map when they differ from those given last, wherever the analyst has gone
  since. So a second click on the same tile needs both to differ by a hair: ``view_on(bounds, nth=...)``.
- A map in a closed expander or a hidden tab has no size and fits its bounds to nothing: draw it where it is seen.
"""

import html
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import folium
from branca.element import Element, MacroElement
from folium.plugins import Draw, MousePosition
from folium.template import Template
from leafmap.foliumap import Map
from odc.geo.geom import Geometry, unary_union
from shapely.geometry.base import BaseGeometry

from graft_core.geo.place import WGS84, reprojected
from graft_core.tasks.retrieve import Bounds
from graft_core.types import U8
from graft_core.ui.data_uri import png_uri
from graft_core.ui.offline_maps import MapSetup

OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
OSM_CREDIT = '&copy; <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors'
OSM_NAME = "OpenStreetMap (needs the internet)"
MOST_ZOOM = 24
"""Zoom levels of the map; a pixel of 1 cm fills the screen's at 23."""
ON_SCREEN = 256
"""Pixels of the screen that a tile fills at most after a jump to it: it is seen with its neighbourhood."""
OUTLINE, CHOSEN, AREA = "#ffffff", "#d55e00", "#56b4e9"
"""Colours that keep apart without colour vision: tiles, the one chosen, the area of interest."""
WORLD: Bounds = (-180.0, -40.0, 180.0, 70.0)
"""What a map without bounds is centred on."""

Named = TypeVar("Named", bound=Element)


@dataclass(frozen=True)
class Pane:
    """A level of the map of its own."""

    name: str
    """Layers name it."""
    z_index: int
    """Height; Leaflet's tiles lie at 200, its overlays at 400."""


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
    pane: Pane | None = None
    """Pane of the map that it lies in; None for the one of all tiles."""


@dataclass(frozen=True)
class View:
    """Where the map is to go."""

    center: tuple[float, float] | None = None
    """Latitude, longitude, as st_folium takes it; None stays where it is."""
    zoom: float | None = None
    """Zoom level, which Leaflet rounds; None stays."""


def base_map(
    bounds: Bounds | None,
    layers: Sequence[TileLayer],
    *,
    basemap: bool = True,
    draw: bool = True,
    parts: Sequence[MacroElement] = (),
) -> Map:
    """The map without its overlays: the same arguments give the same map, letter by letter.

    Args:
        bounds: what it shows at first, west, south, east, north in degrees; the world unless given.
        layers: scenes' imagery, the first lowest.
        basemap: whether OpenStreetMap can be switched on; it is asked for nothing before.
        draw: whether areas of interest can be drawn; they come back as "all_drawings".
        parts: what else belongs to this map.

    Raises:
        RuntimeError: ``use_vendored_assets`` was not called before.
    """
    # leafmap hands its own keywords on to Leaflet, which adds a second toolbar for draw_control; so Draw is added here.
    built = Map(center=_middle(bounds or WORLD), zoom=2, tiles=None, scale_control=False)
    built.options |= {"min_zoom": 1, "max_zoom": MOST_ZOOM}  # or the layers' own would bound the map's
    built.add_child(MapSetup(), index=0)
    if basemap:
        _basemap().add_to(built)
    for pane in {layer.pane: None for layer in layers if layer.pane}:
        built.add_child(folium.map.CustomPane(pane.name, pane.z_index))
    for layer in layers:
        _imagery(layer).add_to(built)
    if draw:
        _area_tool().add_to(built)
    _coordinates().add_to(built)
    if basemap or layers:
        folium.LayerControl().add_to(built)
    if bounds is not None:
        built.fit_bounds(_corners(bounds), padding=(8, 8))
    for part in parts:
        built.add_child(part)
    named_by_place(built.get_root(), "map")
    return built


def density_overlay(
    rgba: U8, bounds: Bounds, opacity: float, *, name: str = "Density", pane: str = "overlayPane"
) -> folium.FeatureGroup:
    """A picture laid over the map as it is.

    Args:
        rgba: (h, w, 4) colours on a grid of EPSG:3857, north up; folium's own warping would shift it.
        bounds: west, south, east, north of the picture's edges in degrees.
        opacity: in [0, 1], times the picture's own.
        name: of the group.
        pane: of the map that it lies in.
    """
    group = Overlay(name)
    folium.raster_layers.ImageOverlay(
        png_uri(rgba), _corners(bounds), pixelated=False, opacity=opacity, alt=name, pane=pane
    ).add_to(group)
    return named_by_place(group, name)


def area_outline(area: Geometry | BaseGeometry, *, name: str = "Area of interest") -> folium.FeatureGroup:
    """Outline of an area of interest; it lets clicks through to what lies below.

    Args:
        area: in whatever CRS it names; one that names none is in longitude and latitude.
        name: of the group.
    """
    degrees = reprojected(area, WGS84) if isinstance(area, Geometry) else area
    group = Overlay(name)
    folium.GeoJson(
        degrees.__geo_interface__,
        style_function=lambda _: {"color": AREA, "weight": 3, "fill": False, "dashArray": "8 5"},
        interactive=False,
        smooth_factor=0,
    ).add_to(group)
    return named_by_place(group, name)


def wiped(times: int) -> folium.FeatureGroup:
    """Takes what was drawn off the map whenever ``times`` has grown."""
    group = Overlay("Wipe")
    group.add_child(_Wipe(times))
    return named_by_place(group, "wipe")


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


class Overlay(folium.FeatureGroup):
    """A group that lets go of its predecessors: st_folium keeps every overlay it ever showed in the page's memory."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            window.feature_group = (window.feature_group || []).filter(group => window.map.hasLayer(group));
            var {{ this.get_name() }} = L.featureGroup({{ this.options|tojavascript }});
        {% endmacro %}
    """)

    def __init__(self, name: str) -> None:
        super().__init__(name=name, control=False)


class _Wipe(MacroElement):
    """Takes what was drawn off the map, once for each number: overlays are put on the map again and again."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            if ((window.graftWiped || 0) < {{ this.times }}) {
                window.graftWiped = {{ this.times }};
                drawnItems.clearLayers();
            }
        {% endmacro %}
    """)

    def __init__(self, times: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Wipe"
        self.times = times


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
        pane="tilePane" if layer.pane is None else layer.pane.name,
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


def named_by_place(root: Named, salt: str) -> Named:
    """Name all parts by their place in the tree and not by chance, so that equal maps are equal text."""
    parts: list[Element] = [root]
    for number, part in enumerate(parts):  # grows on the way
        part._id = uuid.uuid5(uuid.NAMESPACE_OID, f"{salt}/{number}").hex  # long, for st_folium replaces it as text
        parts.extend(part._children.values())
    return root
