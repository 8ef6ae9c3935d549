"""Where photos and tiles of a table of pairs lie, over the imagery they were placed on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import folium
import numpy as np
import numpy.typing as npt
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from graft_core.errors import GraftError
from graft_core.tasks.retrieve import Bounds
from graft_core.ui.address import base_path
from graft_core.ui.imagery import imagery
from graft_core.ui.land import Land
from graft_core.ui.maps import Overlay, TileLayer, base_map, named_by_place
from graft_core.ui.offline_maps import use_vendored_assets

if TYPE_CHECKING:
    from graft_core.train.pairs.report import PairReport
    from graft_core.train.pairs.table import PairTable

HEIGHT = 360
"""Screen pixels."""
MOST = 4000
"""Tiles, and photos, that are drawn; of more, every so manieth is."""
COLORS = {"learn": "#56b4e9", "check": "#e69f00", "kept": "#ffffff", "elsewhere": "#cc79a7", "scene": "#767676"}
"""Tiles to learn from, tiles to check with, photos: apart without colour vision (Okabe and Ito, 2008)."""

F64 = npt.NDArray[np.float64]
Ring = list[list[float]]


def show_places(report: "PairReport", table: "PairTable | None") -> None:
    """The map, and what its colours mean; nothing where no photo has a place and no scene was opened."""
    rings = [] if table is None else _rings(table)
    kept = np.empty((0, 2)) if table is None else _thinned(table.lonlat)
    elsewhere = _thinned(np.array(report.left_out_at).reshape(-1, 2))
    outlines = [np.array(ring) for ring in report.outlines.values()]
    around = np.concatenate([*outlines, kept] if len(kept) else [*outlines, elsewhere])
    if not len(around):
        return
    use_vendored_assets(base_path())
    st_folium(
        base_map(_around(around), _layers(table, report), draw=False, parts=[Land()]),
        key=f"pairs-map-{hash((report.outcome, len(kept)))}",
        height=HEIGHT,
        use_container_width=True,
        feature_group_to_add=[pairs_overlay(rings, outlines, kept, elsewhere)],
        returned_objects=[],
    )
    st.html(_LEGEND)


def pairs_overlay(
    rings: Sequence[tuple[bool, Ring]], outlines: Sequence[F64], kept: F64, elsewhere: F64
) -> folium.FeatureGroup:
    """Outlines of tiles and scenes, and dots of photos.

    Args:
        rings: whether a tile is for validation, and its corners as longitude and latitude.
        outlines: (N, 2) longitude and latitude along the border of each scene.
        kept: (N, 2) photos on tiles.
        elsewhere: (N, 2) photos that were left out.
    """
    group = Overlay("Pairs")
    borders = [_rounded(outline) for outline in outlines]
    group.add_child(_Pairs(rings, borders, _rounded(kept), _rounded(elsewhere)))
    return named_by_place(group, "pairs")


class _Pairs(MacroElement):
    """Thousands of outlines and dots, on one canvas."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            {
                const group = {{ this._parent.get_name() }}, renderer = L.canvas({ padding: 0.3 });
                const flipped = ring => ring.map(([lon, lat]) => [lat, lon]);
                const common = { renderer, interactive: false, smoothFactor: 0 };
                {{ this.borders|tojson }}.forEach(ring => L.polygon(flipped(ring), {
                    ...common, weight: 1.5, fill: false, color: {{ this.colors.scene|tojson }}
                }).addTo(group));
                {{ this.rings|tojson }}.forEach(([check, ring]) => L.polygon(flipped(ring), {
                    ...common, weight: 1.5, fillOpacity: 0.12, dashArray: check ? "5 4" : null,
                    color: check ? {{ this.colors.check|tojson }} : {{ this.colors.learn|tojson }}
                }).addTo(group));
                const dots = (photos, color, radius) => photos.forEach(([lon, lat]) => L.circleMarker([lat, lon], {
                    ...common, radius, weight: 1, color: "#1f2429", fillColor: color, fillOpacity: 0.95
                }).addTo(group));
                dots({{ this.elsewhere|tojson }}, {{ this.colors.elsewhere|tojson }}, 1.5);
                dots({{ this.kept|tojson }}, {{ this.colors.kept|tojson }}, 2);
            }
        {% endmacro %}
    """)
    colors = COLORS

    def __init__(
        self,
        rings: Sequence[tuple[bool, Ring]],
        borders: Sequence[Ring],
        kept: Sequence[Sequence[float]],
        elsewhere: Sequence[Sequence[float]],
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium states no types here
        self._name = "Pairs"
        self.rings, self.borders, self.kept, self.elsewhere = rings, borders, kept, elsewhere


def _rings(table: "PairTable") -> list[tuple[bool, Ring]]:
    """Whether each tile is for validation, and its corners."""
    tiles = _thinned(np.arange(len(table.scene)))
    corners = table.tile_outlines()[tiles]
    return [(bool(table.validation[tile]), _rounded(ring)) for tile, ring in zip(tiles, corners, strict=True)]


def _layers(table: "PairTable | None", report: "PairReport") -> list[TileLayer]:
    """Imagery of the scenes that are known here and can still be opened."""
    layers = []
    names = list(report.outlines) if table is None else [scene.name for scene in table.scenes]
    for name in names:
        try:
            layers.append(imagery(name))
        except GraftError:
            continue
    return layers


def _rounded(points: F64) -> Ring:
    """Coordinates to a decimetre."""
    ring: Ring = points.round(6).tolist()
    return ring


def _around(points: F64) -> Bounds:
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _thinned(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return rows[:: max(1, -(-len(rows) // MOST))]


def _box(line: str, color: str, round_: bool = False) -> str:
    shape = "width:.55rem;height:.55rem;border-radius:50%" if round_ else "width:.9rem;height:.7rem"
    look = f"background:{color};border:1px solid #1f2429" if round_ else f"border:2px {line} {color}"
    return f'<span style="display:inline-block;{shape};{look};vertical-align:-.05rem;margin:0 .25rem 0 .8rem"></span>'


_LEGEND = (
    '<div style="font-size:.8rem;margin-left:-.8rem">'
    f"{_box('solid', COLORS['learn'])}tiles to learn from {_box('dashed', COLORS['check'])}tiles to check with "
    f"{_box('', COLORS['kept'], True)}photos {_box('', COLORS['elsewhere'], True)}photos left out</div>"
)
