"""Maps that ask no other host: scripts, styles and images come from static/vendor/ through Streamlit.

st_folium loads the scripts one after the other before it draws; one that cannot be had leaves the map blank without
a word. Its own frontend asks nobody. Streamlit serves the folder ``static`` beside the script it was started with.
"""

from collections.abc import Mapping
from typing import ClassVar

import folium
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.plugins import Draw, Fullscreen, MousePosition
from folium.template import Template

VENDOR = "app/static/vendor"
"""Where Streamlit serves the assets, below its base path."""

_Links = tuple[tuple[str, str], ...]
_MAP_JS = (
    ("leaflet", "leaflet/dist/leaflet.js"),
    ("jquery", "jquery/dist/jquery.min.js"),
    ("bootstrap", "bootstrap/dist/js/bootstrap.bundle.min.js"),
    ("awesome_markers", "leaflet-awesome-markers/dist/leaflet.awesome-markers.min.js"),
)
_MAP_CSS = (
    ("leaflet_css", "leaflet/dist/leaflet.css"),
    ("bootstrap_css", "bootstrap/dist/css/bootstrap.min.css"),
    ("awesome_markers_font_css", "fontawesome/css/all.min.css"),
    ("awesome_markers_css", "leaflet-awesome-markers/dist/leaflet.awesome-markers.css"),
)
_ASSETS: Mapping[type[JSCSSMixin], tuple[_Links, _Links]] = {
    folium.Map: (_MAP_JS, _MAP_CSS),
    Draw: (
        (("leaflet_draw_js", "leaflet-draw/dist/leaflet.draw.js"),),
        (("leaflet_draw_css", "leaflet-draw/dist/leaflet.draw.css"),),
    ),
    Fullscreen: (
        (("Control.Fullscreen.js", "leaflet-fullscreen/Control.FullScreen.js"),),
        (("Control.FullScreen.css", "leaflet-fullscreen/Control.FullScreen.css"),),
    ),
    MousePosition: (
        (("Control_MousePosition_js", "leaflet-mouse-position/src/L.Control.MousePosition.js"),),
        (("Control_MousePosition_css", "leaflet-mouse-position/src/L.Control.MousePosition.css"),),
    ),
}


class MapSetup(MacroElement):
    """What the map needs before anything is put on it: icons, scale, words and looks. Its first child."""

    images: ClassVar[str] = ""
    """Address of Leaflet's images, which it would look for before its style has come; empty until assets are set."""

    # The style of an overlay's parts stands here, for st_folium hands on no header of a group it adds later.
    _template = Template("""
        {% macro header(this, kwargs) %}
            <style>
                body { overflow: hidden; background: transparent; }
                .leaflet-container.leaflet-container {
                    background: rgba(125, 135, 140, .25);
                    font: 12px/1.4 "Source Sans", system-ui, -apple-system, "Segoe UI", sans-serif;
                }
                .leaflet-container .leaflet-control-attribution, .leaflet-container .leaflet-control-mouseposition,
                .leaflet-container .leaflet-control-scale-line {
                    background: rgba(255, 255, 255, .82); color: #1f2429; font-size: 11px; padding: 1px 6px;
                    text-shadow: none;
                }
                .leaflet-container .leaflet-control-mouseposition { font-variant-numeric: tabular-nums; margin: 0; }
                .leaflet-container .leaflet-control-mouseposition:empty { display: none; }
                .leaflet-container .leaflet-control-layers-expanded { padding: 8px 12px; font-size: 13px; }
                .leaflet-container .leaflet-control-layers label { display: block; margin: 2px 0; }
                .leaflet-container .leaflet-tooltip { font-size: 12px; color: #1f2429; }
                .leaflet-container:focus-visible, .leaflet-container :focus-visible {
                    outline: 3px solid #1d6b78; outline-offset: -3px;
                }
                .graft-outline { filter: drop-shadow(0 0 1px #000) drop-shadow(0 0 1px #000); }
                .graft-outline.graft-chosen { filter: drop-shadow(0 0 1px #fff) drop-shadow(0 0 1px #fff); }
                .graft-rank span {
                    position: absolute; bottom: 0; left: -1px; min-width: 18px; padding: 0 4px; text-align: center;
                    border-radius: 4px 4px 4px 0;
                    background: rgba(20, 24, 27, .82); color: #fff; font: 600 11px/18px system-ui, sans-serif;
                }
                .graft-rank.graft-chosen span { background: #d55e00; }
                .graft-polygon:focus { outline: none; }
                .graft-click {
                    border-radius: 50%; border: 2px solid #fff; box-shadow: 0 0 3px #000; color: #fff;
                    font: 700 15px/16px system-ui, sans-serif; text-align: center;
                }
                .graft-plus { background: #0072b2; }
                .graft-minus { background: #d55e00; }
                .graft-swipe { position: absolute; inset: 0; pointer-events: none; z-index: 900; }
                .graft-swipe-line {
                    position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff;
                    box-shadow: 0 0 3px #000;
                }
                .graft-swipe-line span {
                    position: absolute; bottom: 44px; max-width: 190px; padding: 2px 8px; border-radius: 4px;
                    overflow: hidden; text-overflow: ellipsis; white-space: pre;
                    background: rgba(20, 24, 27, .82); color: #fff; font-size: 12px; font-weight: 600;
                }
                .graft-swipe-left { right: 10px; }
                .graft-swipe-right { left: 10px; }
                .graft-swipe input {
                    position: absolute; left: -9px; bottom: 14px; width: calc(100% + 18px); margin: 0;
                    appearance: none; background: none; outline: none !important; pointer-events: none;
                }
                .graft-swipe input:focus-visible::-webkit-slider-thumb { outline: 3px solid #1d6b78; }
                .graft-swipe input::-webkit-slider-thumb {
                    appearance: none; width: 18px; height: 26px; border-radius: 6px; border: 2px solid #1d6b78;
                    background: #fff; box-shadow: 0 0 3px #000; cursor: ew-resize; pointer-events: auto;
                }
                .graft-swipe input::-moz-range-thumb {
                    width: 14px; height: 22px; border-radius: 6px; border: 2px solid #1d6b78;
                    background: #fff; cursor: ew-resize; pointer-events: auto;
                }
            </style>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            L.Icon.Default.imagePath = {{ this.images|tojson }};
            if (L.drawLocal) {
                L.drawLocal.draw.toolbar.buttons.polygon = "Draw an area of interest, point by point";
                L.drawLocal.draw.toolbar.buttons.rectangle = "Draw an area of interest, a rectangle";
            }
            {{ this._parent.get_name() }}.attributionControl.setPrefix("Leaflet");
            {{ this._parent.get_name() }}.getContainer().setAttribute("role", "region");
            {{ this._parent.get_name() }}.getContainer().setAttribute("aria-label", "Map");
            L.control.scale({ imperial: false }).addTo({{ this._parent.get_name() }});
            {
                // Of ranks that would lie on one another only the best is shown.
                const map = {{ this._parent.get_name() }}, height = mark => Number(mark.style.zIndex);
                const thinOut = () => {
                    const shown = [];
                    const marks = [...map.getContainer().querySelectorAll(".graft-rank")];
                    marks.sort((one, other) => height(other) - height(one)).forEach(mark => {
                        const box = mark.firstElementChild.getBoundingClientRect();
                        const free = shown.every(other => box.right <= other.left || box.left >= other.right
                                                          || box.bottom <= other.top || box.top >= other.bottom);
                        mark.style.visibility = free ? "" : "hidden";
                        if (free) shown.push(box);
                    });
                };
                let asked;
                map.on("zoomend layeradd", () => {
                    cancelAnimationFrame(asked);
                    asked = requestAnimationFrame(thinOut);
                });
            }
        {% endmacro %}
    """)

    def __init__(self) -> None:
        if not self.images:
            raise RuntimeError("a map would ask other hosts for its scripts: call use_vendored_assets first")
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "MapSetup"


def use_vendored_assets(base: str) -> None:
    """Have every map of this process take its assets from this server; may be called again and again.

    Args:
        base: Streamlit's ``server.baseUrlPath``, "" or like "/some/path".
    """
    root = f"{base.rstrip('/')}/{VENDOR}"
    for element, (scripts, styles) in _ASSETS.items():
        element.default_js = [(name, f"{root}/{path}") for name, path in scripts]
        element.default_css = [(name, f"{root}/{path}") for name, path in styles]
    MapSetup.images = f"{root}/leaflet/dist/images/"
