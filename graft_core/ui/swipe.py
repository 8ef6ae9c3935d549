"""Two densities on either side of a line that can be moved: the map stays one, and so does its view."""

from branca.element import MacroElement
from folium import FeatureGroup
from folium.template import Template

from graft_core.ui.maps import Overlay, named_by_place

LEFT, RIGHT = "graft-left", "graft-right"
"""Panes of the map that are cut at the line, for overlays."""
LEFT_IMAGERY, RIGHT_IMAGERY = "graft-left-imagery", "graft-right-imagery"
"""Panes that a base map may have below them, which are cut too."""


class _Divider(MacroElement):
    """The line, what lies on its sides, and a slider that moves it, with the mouse or with the arrow keys."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            [{{ this.panes[0][0]|tojson }}, {{ this.panes[1][0]|tojson }}].forEach(name => {
                (window.map.getPane(name) || window.map.createPane(name)).style.zIndex = 390;
            });
            new (L.Layer.extend({
                onAdd(map) {
                    this.box = L.DomUtil.create("div", "graft-swipe", map.getContainer());
                    this.line = L.DomUtil.create("div", "graft-swipe-line", this.box);
                    {{ this.texts|tojson }}.forEach((text, side) => {
                        L.DomUtil.create("span", ["graft-swipe-left", "graft-swipe-right"][side], this.line)
                            .textContent = text;
                    });
                    this.slider = L.DomUtil.create("input", "", this.box);
                    Object.assign(this.slider, { type: "range", min: 0, max: 100, step: 0.5,
                                                 value: window.graftSwipe ?? 50 });
                    this.slider.setAttribute("aria-label", {{ this.texts|join(" | ")|tojson }});
                    L.DomEvent.disableClickPropagation(this.slider);
                    L.DomEvent.on(this.slider, "keydown pointerdown", L.DomEvent.stopPropagation);
                    L.DomEvent.on(this.slider, "input", this.cut, this);
                    map.on("move zoomend resize viewreset", this.cut, this);
                    this.cut();
                },
                onRemove(map) {
                    map.off("move zoomend resize viewreset", this.cut, this);
                    this.box.remove();
                    this.show(["", ""]);
                },
                cut() {
                    window.graftSwipe = this.slider.value;
                    const size = window.map.getSize(), at = size.x * this.slider.value / 100;
                    const from = window.map.containerPointToLayerPoint([0, 0]), to = from.add(size);
                    const clip = (left, right) => `rect(${from.y}px, ${right}px, ${to.y}px, ${left}px)`;
                    this.line.style.left = `${at}px`;
                    this.show([clip(from.x, from.x + at), clip(from.x + at, to.x)]);
                },
                show(clips) {
                    {{ this.panes|tojson }}.forEach((names, side) => names.forEach(name => {
                        const pane = window.map.getPane(name);
                        if (pane) pane.style.clip = clips[side];
                    }));
                }
            }))().addTo({{ this._parent.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, left: str, right: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Divider"
        self.texts = [left, right]
        self.panes = [[LEFT, LEFT_IMAGERY], [RIGHT, RIGHT_IMAGERY]]


def divider(left: str, right: str) -> FeatureGroup:
    """The line between what is laid into the panes ``LEFT`` and ``RIGHT``; it comes before them among the overlays.

    Args:
        left: what lies on its left, for people; may have several lines.
        right: what lies on its right.
    """
    group = Overlay("Divider")
    group.add_child(_Divider(left, right))
    return named_by_place(group, f"{left} | {right}")
