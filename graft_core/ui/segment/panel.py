"""Beside the map of the Segment page: what was found, what is missing, the chosen polygon, the table."""

import math

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from graft_core.models.registry import DEFAULT_SEGMENTER, segmenter_present
from graft_core.serve.jobs import start_job
from graft_core.tasks.density import crs_of
from graft_core.tasks.measure import Segment
from graft_core.tasks.patch_scores import level_notice
from graft_core.tasks.segment import Segmentation
from graft_core.ui import cached
from graft_core.ui.errors import told
from graft_core.ui.figures import area_text
from graft_core.ui.job_panel import at_work
from graft_core.ui.segment import cached as segment_cached
from graft_core.ui.segment.cached import Refine, Wanted
from graft_core.ui.segment.clicks import remove
from graft_core.ui.segment.edits import Corrected
from graft_core.ui.segment.overlay import bounds_of_shape
from graft_core.ui.segment.state import Segmenting

ROW_PX = 35
"""Height of a row of the table."""


def offer_segmenter() -> None:
    """Say that SAM is missing, and fetch it with a click."""
    if segmenter_present() or at_work("fetch", name=DEFAULT_SEGMENTER):
        return
    with st.container(border=True, key="no-sam"):
        st.markdown(
            ":material/info: **SAM is not on this machine**: outlines follow the match layer, patch by patch, and "
            f"cannot be corrected by clicks. `python -m graft_core fetch {DEFAULT_SEGMENTER}` gets it (41 MB)."
        )
        if st.button("Fetch it now", icon=":material/download:", type="primary"):
            with told():
                start_job("fetch", f"Fetch {DEFAULT_SEGMENTER}", {"name": DEFAULT_SEGMENTER})
                st.rerun()


def offer_search(wanted: Wanted) -> None:
    """A large scene is searched in a job; start it with a click.

    Raises:
        JobError: no process can be started.
    """
    if at_work("segment", out=str(wanted.result("none"))):
        st.info("The polygons are being drawn; they appear here by themselves.", icon=":material/polyline:")
        return
    st.info("This is a large area: its polygons are drawn in the background.", icon=":material/polyline:")
    if st.button(f"Find {wanted.words}", type="primary", icon=":material/polyline:"):
        _start(wanted, "none")


def show_summary(wanted: Wanted, shown: Corrected) -> None:
    """How many, how much, and SAM."""
    found = shown.found
    total = sum(each.area_m2 for each in found.segments)
    count = len(found.segments)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        by_hand = f" · {len(shown.edits)} by hand" if shown.edits else ""
        st.markdown(f"**{count:,} polygon{'' if count == 1 else 's'}** · {area_text(total)}{by_hand}", width="content")
        _offer_refining(wanted, found)
    if notice := level_notice(segment_cached.encoder(wanted.looking).spec):
        st.caption(notice)
    if not count:
        recipe, in_area = found.recipe, wanted.looking.area is not None
        st.warning(what_hides(recipe.best, recipe.threshold, recipe.min_area_m2, in_area=in_area))
    elif not found.confident:
        st.warning(f"Low confidence: nothing here matches better than {found.recipe.best:.0%}. It may not occur here.")


def _offer_refining(wanted: Wanted, found: Segmentation) -> None:
    if segment_cached.written(wanted, "sam") is not None:
        st.toggle("Refined by SAM", value=True, key="refined", persist_state="session")
        return
    if not segmenter_present() or not found.segments:
        return
    if at_work("segment", out=str(wanted.result("sam"))):
        st.button("Refining", icon=":material/hourglass_empty:", disabled=True)
    elif st.button("Refine with SAM", icon=":material/auto_fix_high:", type="primary"):
        with told():
            st.session_state.refined = True
            _start(wanted, "sam")


def _start(wanted: Wanted, refine: Refine) -> None:
    """Start the job that finds the objects, and look at it."""
    options, looking = wanted.options, wanted.looking
    stated = {"threshold": options.threshold, "min_area_m2": options.min_area_m2, "tolerance_m": options.tolerance_m}
    by = " with SAM" if refine == "sam" else ""
    start_job(
        "segment",
        f"Outline {wanted.words} in {cached.scene(looking.scene).name}{by}",
        {
            "scene": looking.scene, "encoder": looking.encoder, "area": looking.area, "query": wanted.query,
            "options": stated, "refine": refine, "out": str(wanted.result(refine)),
        },
    )  # fmt: skip
    st.rerun()


def what_hides(best: float, threshold: float, least_m2: float, *, in_area: bool) -> str:
    """The filter that leaves nothing to be seen, and what to do about it.

    Args:
        best: highest match probability there is; NaN where there is no imagery.
        threshold: match probability from which a place counts.
        least_m2: area from which an object counts.
        in_area: whether an area of interest is set.
    """
    where = "in the area of interest" if in_area else "in this scene"
    if math.isnan(best):
        return f"There is no imagery {where}; draw another area, or clear it in the sidebar."
    if best < threshold:
        wider = ", or clear the area of interest" if in_area else ""
        return (
            f"Nothing {where} matches {threshold:.0%} or more, the best {best:.0%}: lower "
            f'"Match from" in the sidebar{wider}.'
        )
    return (
        f'What matches {where} is smaller than {area_text(least_m2)} everywhere: lower "Least area" in the sidebar, or '
        '"Match from".'
    )


def show_chosen(wanted: Wanted, shown: Corrected, state: Segmenting) -> None:
    """The chosen polygon, and what can be done with it."""
    segment = next((each for each in shown.found.segments if each.number == state.chosen), None)
    if segment is None:
        return
    with st.container(border=True, key="chosen"):
        words, actions = st.columns([4, 1], vertical_alignment="center")
        words.markdown(_said(segment, shown))
        with actions, st.container(horizontal=True, gap=None, horizontal_alignment="right"):
            bounds = bounds_of_shape(segment.shape, crs_of(cached.scene(wanted.looking.scene)))
            for icon, says, do, args in (
                ("my_location", "Show it", state.go_to_bounds, (bounds,)),
                ("delete", "Remove this polygon", remove, (segment.number, wanted, shown, state)),
                ("close", "Close", state.choose, (None,)),
            ):
                st.button(
                    "",
                    icon=f":material/{icon}:",
                    key=f"chosen-{icon}",
                    help=says,
                    type="tertiary",
                    on_click=do,
                    args=args,
                )


def _said(segment: Segment, shown: Corrected) -> str:
    match = "" if math.isnan(segment.mean_match) else (
        f"match {segment.mean_match:.0%} on average, {segment.max_match:.0%} at best · score {segment.mean_score:.3f}, "
        f"{segment.max_score:.3f} at best"
    )  # fmt: skip
    return f"**Polygon {segment.number}** · {area_text(segment.area_m2)}  \n:gray[{match}  \n{_origin(segment, shown)}]"


def _origin(segment: Segment, shown: Corrected) -> str:
    """Who drew it, or why SAM did not."""
    edit = shown.edits.get(segment.number)
    if edit is not None:
        clicks = f"{len(edit.clicks)} click{'' if len(edit.clicks) == 1 else 's'}"
        return f"Drawn by SAM from {clicks}" if edit.before is None else f"Corrected by {clicks}"
    if segment.refined:
        return f"Outlined by SAM{f': {segment.note}' if segment.note else ''}"
    return f"From the match layer: {segment.note}" if segment.note else "From the match layer, not refined"


def show_table(shown: Corrected, state: Segmenting, crs_scene: str) -> None:
    """Every polygon in a row; a row chooses it and goes there."""
    segments = shown.found.segments
    if not segments:
        return
    rows = [each.number for each in segments]
    chosen = [rows.index(state.chosen)] if state.chosen in rows else []
    key = f"polygons-{state.base}-{state.table}-{len(rows)}"
    told_rows = st.dataframe(
        _table(shown),
        hide_index=True,
        height=min(ROW_PX * (len(rows) + 1) + 3, 380),
        column_config=_columns(),
        selection_mode="single-row",
        on_select="rerun",
        selection_default={"selection": {"rows": chosen, "columns": [], "cells": []}},
        key=key,
    ).selection.rows
    number = rows[told_rows[0]] if told_rows else None
    if number != state.chosen:
        state.chosen = number
        if number is not None:
            crs = crs_of(cached.scene(crs_scene))
            state.go_to_bounds(bounds_of_shape(segments[told_rows[0]].shape, crs))
        st.rerun()


def _table(shown: Corrected) -> pd.DataFrame:
    segments = shown.found.segments
    return pd.DataFrame(
        {
            "#": [each.number for each in segments],
            "area": [each.area_m2 for each in segments],
            "match": [100 * each.mean_match for each in segments],
            "best": [100 * each.max_match for each in segments],
            "outline": [_outline(each, shown) for each in segments],
            "score": [each.mean_score for each in segments],
            "top": [each.max_score for each in segments],
        }
    ).replace({np.nan: None})


def _outline(segment: Segment, shown: Corrected) -> str:
    if segment.number in shown.edits:
        return "by hand"
    return "SAM" if segment.refined else "match layer"


def _columns() -> dict[str, ColumnConfig | str | None]:
    column = st.column_config
    return {
        "#": column.NumberColumn(width=40),
        "area": column.NumberColumn("Area, m²", format="%,.0f", width=75, help="In the projection of the scene."),
        "match": column.NumberColumn(
            "Match", format="%.0f%%", width=60, help="Match probability, mean over the polygon."
        ),
        "best": column.NumberColumn("Best", format="%.0f%%", width=55, help="The highest match probability in it."),
        "outline": column.TextColumn("Outline", width=85, help="By the match layer, by SAM, or by hand with SAM."),
        "score": column.NumberColumn("Score", format="%.3f", help="Cosine with the query, mean over the polygon."),
        "top": column.NumberColumn("Best score", format="%.3f", help="The highest cosine in it."),
    }
