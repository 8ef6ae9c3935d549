"""The map's view in the page's address, so that whoever is given the address sees the same place."""

import math

from branca.element import MacroElement
from folium.template import Template

from graft_core.ui.maps import MOST_ZOOM, View


class ViewInAddress(MacroElement):
    """Keeps ``at=LAT_LON_ZOOM`` in the address; the page does not run for it.

    Streamlit writes the address anew whenever a query is set by a button, so it is looked at twice a second.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
            setInterval(() => {
                const map = {{ this._parent.get_name() }}, center = map.getCenter().wrap();
                const at = [center.lat.toFixed(5), center.lng.toFixed(5), map.getZoom()].join("_");
                const page = new URL(window.parent.location);
                if (page.searchParams.get("at") === at) return;
                page.searchParams.set("at", at);
                window.parent.history.replaceState(window.parent.history.state, "", page);
            }, 500);
        {% endmacro %}
    """)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "ViewInAddress"


def view_from_address(at: str) -> View:
    """The view of ``LAT_LON_ZOOM``; one that moves nothing where the text is anything else."""
    try:
        lat, lon, zoom = (float(each) for each in at.split("_"))
    except ValueError:
        return View()
    fits = all(map(math.isfinite, (lat, lon, zoom))) and abs(lat) <= 90 and abs(lon) <= 180 and 1 <= zoom <= MOST_ZOOM
    return View((lat, lon), zoom) if fits else View()
