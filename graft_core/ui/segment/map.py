"""The map of the Segment page: imagery, match layer, polygons; a click chooses one or corrects it."""

import streamlit as st

from graft_core.tasks.density import crs_of
from graft_core.ui import cached
from graft_core.ui.legend import legend_html
from graft_core.ui.map_frame import show_frame, taken_click
from graft_core.ui.maps import CHOSEN, density_overlay
from graft_core.ui.patch_controls import Looking
from graft_core.ui.segment import cached as segment_cached
from graft_core.ui.segment.cached import Wanted
from graft_core.ui.segment.controls import ObjectsLook
from graft_core.ui.segment.edits import Corrected
from graft_core.ui.segment.overlay import clicks_overlay, polygons_overlay
from graft_core.ui.segment.state import Segmenting
from graft_core.ui.state import Place


def show_map(
    looking: Looking, wanted: Wanted | None, shown: Corrected | None, state: Segmenting, look: ObjectsLook
) -> Place | None:
    """Draw the map; the place that was clicked just now, None where there was none.

    Args:
        looking: scene and area of interest.
        wanted: what was asked; None where nothing was.
        shown: the objects; None where they are not there yet.
        state: this session's.
        look: how it is drawn.
    """
    overlays = []
    if wanted is not None and shown is not None:
        if look.opacity:
            drawn = segment_cached.picture(wanted, look.ramp)
            overlays.append(density_overlay(drawn.rgba, drawn.bounds, look.opacity, name=f"match {wanted.words}"))
        crs = crs_of(cached.scene(looking.scene))
        overlays.append(polygons_overlay(shown.found.segments, crs, state.chosen, filled=look.filled))
        edit = None if state.chosen is None else shown.edits.get(state.chosen)
        if edit is not None:
            overlays.append(clicks_overlay(edit.clicks, crs))
    told = show_frame("segment", (looking.scene,), looking.area, overlays, state)
    if wanted is not None and shown is not None:
        _show_legend(wanted, look)
    return taken_click(told, state)


def _show_legend(wanted: Wanted, look: ObjectsLook) -> None:
    bar = legend_html(f"Match with {wanted.words}", look.ramp, 0.0, 1.0) if look.opacity else ""
    lines = "".join(
        f'<span style="white-space:nowrap">{_line(kind, color)}{says}</span> '
        for kind, color, says in (
            ("dashed", "#fff", "match layer"),
            ("solid", "#fff", "SAM"),
            ("solid", CHOSEN, "chosen"),
        )
    )
    st.html(
        '<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;align-items:center">'
        f'<div style="flex:1 1 14rem">{bar}</div><div style="font-size:.8rem;line-height:1.7">{lines}</div></div>'
    )


def _line(kind: str, color: str) -> str:
    return (
        '<span style="display:inline-block;width:1.6rem;height:.55rem;border-radius:.15rem;background:#5b646a;'
        'vertical-align:.02rem;margin:0 .35rem 0 .7rem"><span style="display:block;margin-top:.2rem;'
        f'border-top:2px {kind} {color}"></span></span>'
    )
