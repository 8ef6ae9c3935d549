"""What an analyst sets in the sidebar; the address holds it, so that it can be shared."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from odc.geo.geom import Geometry

from graft_core.geo.masks import area_from_text, text_of_area
from graft_core.geo.place import WGS84, reprojected
from graft_core.io.vector import read_area
from graft_core.tasks.catalog import KnownScene
from graft_core.ui.errors import told
from graft_core.ui.explore.two_scenes import Other, choose_other
from graft_core.ui.state import Exploring, OnMap, keep_upload

SUITS = "suits the scene"
OWN = "encoder's own"
BANDWIDTHS = (OWN, "0 m", "20 m", "50 m", "100 m", "200 m", "500 m", "1000 m", "2000 m")
MISSING = "missing-scenes"
"""Session state: names of the address that are no scenes here."""


@dataclass(frozen=True)
class Look:
    """How the answer is drawn; nothing of it is exported."""

    ramp: str
    """Colour ramp of the density."""
    opacity: float
    """Of the density layer, in [0, 1]."""
    outlines: bool
    """Whether the best tiles are outlined."""


@dataclass(frozen=True)
class Search:
    """Where to search, and what counts as a match."""

    scenes: tuple[str, ...]
    """Names of indexed scenes."""
    encoder: str | None
    """Its name; None for the one that suits the scenes."""
    area: str | None
    """Area of interest as typed; None for everywhere."""
    threshold: float | None
    """Match probability from which a tile counts; None maps the expected share."""
    bandwidth: float | None
    """Metres; None for the encoder's own."""
    background: tuple[str, ...]
    """Prompts the query competes with; empty for the encoder's own."""
    other: Other | None = None
    """Scene that the only one of ``scenes`` is compared with."""


def choose_search(known: Sequence[KnownScene], state: Exploring) -> Search:
    """The sidebar's upper part."""
    section("Where")
    names = [scene.name for scene in known]
    tell_missing("scenes", names)
    scenes = st.multiselect(
        "Scenes", names, default=names[:1], key="scenes", bind="query-params", on_change=forget_missing
    )
    encoder = _encoder([scene for scene in known if scene.name in scenes])
    other = choose_other(known, scenes, encoder)
    area = choose_area(state)
    section("What counts")
    threshold, bandwidth = _scale()
    return Search(tuple(scenes), encoder, area, threshold, bandwidth, choose_background(), other)


def tell_missing(parameter: str, known: Sequence[str]) -> None:
    """Say which scenes of the address are not in this library: Streamlit silently shows others in their place."""
    asked = [name for name in st.query_params.get_all(parameter) if name not in known]
    if asked:
        st.session_state[MISSING] = asked
    if missing := st.session_state.get(MISSING):
        st.warning(
            f"The address asks for {', '.join(missing)}, which is not in the Library, so it is not shown here. Add it "
            "on the Library page, then open the address again.",
            icon=":material/link_off:",
        )


def forget_missing() -> None:
    """A scene was chosen by hand; what the address asked for is settled."""
    st.session_state.pop(MISSING, None)


def choose_look(ramps: Sequence[str]) -> Look:
    """The sidebar's lower part: how the density is drawn."""
    section("How it looks")
    left, right = st.columns(2, gap="medium")
    ramp = left.selectbox("Colours", ramps, key="colours", bind="query-params")
    opacity = right.slider("Opacity", 0.0, 1.0, 0.7, 0.05, format="percent")
    return Look(str(ramp), float(opacity), st.toggle("Outline the best tiles", value=True))


def section(title: str) -> None:
    """A heading in the sidebar."""
    with st.container(key=f"section-{title.lower().replace(' ', '-')}"):
        st.markdown(title)


def _encoder(scenes: Sequence[KnownScene]) -> str | None:
    """None for the one that suits the scenes."""
    chosen = st.selectbox(
        "Encoder",
        [SUITS, *sorted({encoder for scene in scenes for encoder in scene.encoders})],
        key="encoder",
        bind="query-params",
        help="Only encoders the scenes are indexed with.",
    )
    return None if chosen == SUITS else str(chosen)


def choose_area(state: OnMap) -> str | None:
    """The area of interest, typed, drawn on the map, or out of a file; None for everywhere."""
    if state.new_area is not None:
        st.session_state.area, state.new_area = state.new_area, None
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = st.text_input(
            "Area of interest",
            key="area",
            bind="query-params",
            placeholder="anywhere",
            help="Draw it on the map, type west, south, east, north in degrees, or paste a polygon as WKT or GeoJSON.",
        ).strip()
        if text:
            st.button("", icon=":material/ink_eraser:", on_click=state.clear_area, help="Clear the area of interest")
        with st.popover("", icon=":material/upload_file:", help="Take the area of interest from a file"):
            _area_file(state)
    with told():
        if text:
            area_from_text(text)
            return text
    return None


def _area_file(state: OnMap) -> None:
    """Polygons of a file, in any CRS."""
    file = st.file_uploader("GeoJSON, GeoPackage or zipped Shapefile", type=["geojson", "json", "gpkg", "zip"])

    def take(content: bytes, name: str) -> None:
        with told():
            shape, crs = read_area(keep_upload(content, name))
            state.new_area = text_of_area(reprojected(Geometry(shape, crs), WGS84))

    if file is not None:
        st.button("Keep to it", on_click=take, args=(file.getvalue(), file.name), type="primary", width="stretch")


def _scale() -> tuple[float | None, float | None]:
    """Threshold and bandwidth; None for an expected share and for the encoder's own kernel."""
    threshold = st.slider(
        "Match from",
        0.0,
        0.95,
        0.0,
        0.05,
        format="percent",
        key="threshold",
        bind="query-params",
        help="The map shows the share of tiles that match so well; at 0 % the expected share of matching area.",
    )
    bandwidth = st.select_slider(
        "Bandwidth",
        BANDWIDTHS,
        key="bandwidth",
        bind="query-params",
        help="How far around each place its neighbourhood reaches.",
    )
    metres = None if bandwidth == OWN else float(str(bandwidth).removesuffix(" m"))
    return threshold or None, metres


def choose_background() -> tuple[str, ...]:
    """Prompts the query competes with; empty for the encoder's own."""
    with st.expander("What else may lie there"):
        lines = st.text_area(
            "One a line",
            key="background",
            bind="query-params",
            help="The query competes with these. Empty: the encoder's own.",
        )
    return tuple(line.strip() for line in str(lines).splitlines() if line.strip())
