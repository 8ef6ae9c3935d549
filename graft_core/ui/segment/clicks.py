"""What a click on the map, and the buttons above it, do to the polygons."""

import shapely
import streamlit as st
from odc.geo.geom import Geometry

from graft_core.errors import GraftError
from graft_core.geo.place import WGS84, reprojected
from graft_core.models.registry import segmenter_present
from graft_core.tasks.clicks import Click, outline_at, refine_segment
from graft_core.tasks.density import crs_of
from graft_core.tasks.measure import Segment
from graft_core.ui import cached
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.segment import cached as segment_cached
from graft_core.ui.segment.cached import Wanted
from graft_core.ui.segment.edits import Corrected, Edit, Edits, corrected
from graft_core.ui.segment.state import Mode, Segmenting, change_edits, edits_of
from graft_core.ui.state import Place

MODES: dict[Mode, str] = {
    "choose": ":material/arrow_selector_tool: Choose", "add": ":material/add_circle: Add",
    "take": ":material/do_not_disturb_on: Take away", "new": ":material/add_location_alt: New object",
}  # fmt: skip
SAYS: dict[Mode, str] = {
    "choose": "Click a polygon to look at it.",
    "add": "Click what belongs to the chosen polygon; SAM draws it anew.",
    "take": "Click what does not belong to the chosen polygon; SAM draws it anew.",
    "new": "Click something that has no polygon yet; SAM outlines it.",
}


def choose_mode(wanted: Wanted | None, shown: Corrected | None, state: Segmenting) -> Mode:
    """The row above the map: what a click does, and undo."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="click-tools"):
        modes: list[Mode] = list(MODES) if segmenter_present() else ["choose"]
        mode: Mode = st.segmented_control(
            "A click on the map", modes, default="choose", required=True, format_func=MODES.__getitem__,
            key="click-mode", label_visibility="collapsed",
        ) or "choose"  # fmt: skip
        if wanted is not None and shown is not None:
            _offer_undo(wanted, state)
    lacks = mode in ("add", "take") and state.chosen is None
    st.caption("Choose a polygon first, on the map or in the table." if lacks else SAYS[mode])
    return mode


def act_on_click(place: Place, mode: Mode, wanted: Wanted, shown: Corrected, state: Segmenting) -> None:
    """Choose what was clicked on, or ask SAM what it is; the page runs again."""
    state.problem = ""
    here = _point(place, wanted)
    try:
        if mode == "choose":
            state.choose(_at(here, shown))
        elif mode == "new":
            _begin(here, wanted, shown, state)
        elif state.chosen is not None:
            _mark(here, mode == "add", wanted, shown, state.chosen)
    except GraftError as error:
        state.problem = str(error)
    st.rerun()


def remove(number: int, wanted: Wanted, shown: Corrected, state: Segmenting) -> None:
    """Take a polygon out; it can be undone."""
    earlier = shown.edits.get(number)

    def change(edits: Edits) -> None:
        if earlier is None:
            edits.add(Edit(edits.next_thing, _segment(number, shown), (), None))
        else:
            edits.add(Edit(earlier.thing, earlier.before, earlier.clicks, None))

    change_edits(wanted, change)
    state.choose(None)


def _offer_undo(wanted: Wanted, state: Segmenting) -> None:
    edits = edits_of(wanted)
    offers = (
        ("undo", "Undo the last correction", Edits.undo, edits.steps),
        ("redo", "Make it again", Edits.redo, edits.undone),
        ("restart_alt", "Undo all corrections", Edits.undo_all, edits.steps),
    )
    for icon, says, change, needed in offers:
        st.button(
            "", icon=f":material/{icon}:", key=icon, help=says, disabled=not needed, type="tertiary",
            on_click=change_edits, args=(wanted, change),
        )  # fmt: skip


def _point(place: Place, wanted: Wanted) -> shapely.Point:
    """In the CRS of the scene."""
    crs = crs_of(cached.scene(wanted.looking.scene))
    point: shapely.Point = reprojected(Geometry(shapely.Point(place), WGS84), crs).geom
    return point


def _at(point: shapely.Point, shown: Corrected) -> int | None:
    """The polygon at a point, the smallest where several are."""
    there = [each for each in shown.found.segments if shapely.intersects(each.shape, point)]
    return min(there, key=lambda each: each.area_m2).number if there else None


def _segment(number: int, shown: Corrected) -> Segment:
    return next(each for each in shown.found.segments if each.number == number)


def _mark(here: shapely.Point, positive: bool, wanted: Wanted, shown: Corrected, number: int) -> None:
    """A point more on a polygon."""
    earlier = shown.edits.get(number)
    before = _segment(number, shown) if earlier is None else earlier.before
    clicks = (*(() if earlier is None else earlier.clicks), Click(here.x, here.y, positive))
    after = _drawn(before, clicks, wanted)
    change_edits(
        wanted,
        lambda edits: edits.add(Edit(edits.next_thing if earlier is None else earlier.thing, before, clicks, after)),
    )


def _begin(here: shapely.Point, wanted: Wanted, shown: Corrected, state: Segmenting) -> None:
    """A new polygon, which is chosen."""
    clicks = (Click(here.x, here.y, True),)
    after = _drawn(None, clicks, wanted)
    things: list[int] = []

    def change(edits: Edits) -> None:
        things.append(edits.next_thing)
        edits.add(Edit(things[0], None, clicks, after))

    change_edits(wanted, change)
    state.choose(corrected(shown.found, edits_of(wanted)).number(things[0]))


def _drawn(before: Segment | None, clicks: tuple[Click, ...], wanted: Wanted) -> Segment:
    """What SAM makes of the clicks."""
    with st.spinner("SAM looks there", show_time=True):
        finish(ENCODERS)
        scene, sam, looks = cached.scene(wanted.looking.scene), segment_cached.segmenter(), segment_cached.looks()
        values = segment_cached.values(wanted)
        with cached.inference:
            if before is None:
                return outline_at(scene, clicks, sam, looks, values=values)
            return refine_segment(scene, before, clicks, sam, looks, values=values)
