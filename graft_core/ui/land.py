"""Where land is: something to find one's way by at small scale, without asking another host."""

from branca.element import MacroElement
from folium.template import Template

from graft_core.ui.address import base_path


class Land(MacroElement):
    """Natural Earth's land beneath everything else; gone from the zoom at which it would be seen to be coarse."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            fetch({{ this.address|tojson }}).then(answer => answer.json()).then(rings => {
                const map = {{ this._parent.get_name() }};
                map.createPane("land").style.zIndex = 150;
                const land = L.polygon(rings.map(ring => [ring]), {
                    pane: "land", stroke: false, fillColor: "#7d8a80", fillOpacity: 0.4, interactive: false
                });
                const fit = () => map.getZoom() < {{ this.coarse_from }} ? land.addTo(map) : land.remove();
                map.on("zoomend", fit);
                fit();
            }).catch(() => null);  // the page was left meanwhile; the map does without
        {% endmacro %}
    """)

    coarse_from = 8
    """Zoom level from which the outline is farther off than it helps."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Land"
        self.address = f"{base_path()}/app/static/land.json"
