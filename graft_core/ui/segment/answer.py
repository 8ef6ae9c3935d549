"""From what is typed and set to polygons, and what stands beside the map."""

from dataclasses import replace

import streamlit as st

from graft_core.search.query import parse_query
from graft_core.tasks.examples import check_images
from graft_core.tasks.segment import SegmentOptions
from graft_core.ui.patch_controls import Looking
from graft_core.ui.patch_panel import patches_known, takes_long
from graft_core.ui.preload import ENCODERS, finish
from graft_core.ui.query_box import show_examples
from graft_core.ui.segment import cached as segment_cached
from graft_core.ui.segment.cached import Wanted
from graft_core.ui.segment.downloads import offer_downloads
from graft_core.ui.segment.edits import Corrected, corrected
from graft_core.ui.segment.panel import offer_search, offer_segmenter, show_chosen, show_summary, show_table
from graft_core.ui.segment.state import Segmenting, edits_of


def what_is_wanted(text: str, looking: Looking, options: SegmentOptions, background: tuple[str, ...]) -> Wanted | None:
    """What is asked by what is typed and set; None where nothing is typed, which the page says.

    Raises:
        QueryError: the text cannot be understood.
    """
    offer_segmenter()
    if not text:
        st.info(
            "Type what to outline, or pick a suggestion: every place that matches becomes a polygon with its area. SAM "
            "fits the outlines to what is seen, and clicks on the map correct them.",
            icon=":material/polyline:",
        )
        return None
    query = replace(parse_query(text), background=background)
    check_images(query)
    show_examples(query)
    return Wanted(looking, query.to_json(), options)


def find(wanted: Wanted, state: Segmenting) -> Corrected | None:
    """The polygons with what was corrected; None where patches are missing, which the page says.

    Raises:
        GraftError: as `tasks.segment.segment` does.
    """
    missing, total = segment_cached.missing(wanted.looking, wanted.options)
    spec, around = segment_cached.encoder(wanted.looking).spec, segment_cached.margin(wanted.looking, wanted.options)
    if not patches_known(wanted.looking, spec, missing, total, around):
        return None
    found = segment_cached.written(wanted, "sam") if st.session_state.get("refined", True) else None
    if found is None and takes_long(wanted.looking):
        found = segment_cached.written(wanted, "none")
        if found is None:
            offer_search(wanted)
            return None
    if found is None:
        with st.spinner("Looking at every patch", show_time=True):
            finish(ENCODERS)
            found = segment_cached.objects(wanted)
    state.shows(f"{wanted.key}-{found.recipe.segmenter}")
    return corrected(found, edits_of(wanted))


def show_answer(wanted: Wanted, shown: Corrected, state: Segmenting) -> None:
    """Summary, the chosen polygon, table and files."""
    if state.problem:
        st.error(state.problem, icon=":material/touch_app:")
    show_summary(wanted, shown)
    show_chosen(wanted, shown, state)
    polygons, files = st.tabs(["Polygons", "Files"], on_change="rerun", key="segment-tab")
    if polygons.open:
        with polygons:
            show_table(shown, state, wanted.looking.scene)
    if files.open:
        with files:
            offer_downloads(wanted, shown, f"{shown.found.recipe.segmenter or 'none'}{edits_of(wanted).version}")
