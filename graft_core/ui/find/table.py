"""The images that a search found, with previews; those that are ticked are the ones to get."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import streamlit as st
from shapely.geometry.base import BaseGeometry

from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.preview import fetch_preview
from graft_core.tasks.find_imagery import coverage, uncovered
from graft_core.ui.data_uri import jpeg_uri
from graft_core.ui.find.state import Finding

ROWS, ROW_PX, HEAD_PX = 4, 52, 38
"""Rows that are seen without scrolling."""
PREVIEW_PX = 160
"""Longer side of a preview."""
SMALL = 0.005
"""Share of the area that may be in no image without a word."""
LOOK_S = 1.0
"""Seconds between two looks for previews that have arrived."""

_fetching = ThreadPoolExecutor(6, "preview")


def show_table(state: Finding) -> None:
    """The table, which gets its previews while one looks at it; ticks go into the state."""
    st.markdown(summary(state))
    rows = state.rows
    waiting = _waiting(rows)

    @st.fragment(run_every=LOOK_S if waiting else None)
    def table() -> None:
        picked = st.dataframe(
            [row(item, state.shape, _picture(item)) for item in rows],
            # Rows are ticked by their number: other rows, and ticks that the page has set, make another table.
            key=f"found-{state.searches}-{state.ticked}-{len(rows)}",
            height=ROW_PX * min(len(rows), ROWS) + HEAD_PX,
            row_height=ROW_PX,
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={
                "selection": {"rows": [place for place, item in enumerate(rows) if item.id in state.chosen]}
            },
            column_config=_columns(rows),
            placeholder="",
            alt="The images that were found",
        )
        chosen = tuple(rows[place].id for place in sorted(picked["selection"]["rows"]) if place < len(rows))
        if chosen != state.chosen or len(_waiting(rows)) < len(waiting):
            state.chosen = chosen
            st.rerun()

    table()
    _remarks(state)


def row(item: ImageryItem, area: BaseGeometry, picture: str | None) -> dict[str, object]:
    """What the table says of an image."""
    return {
        "preview": picture,
        "taken": item.acquired.date(),
        "clouds": item.cloud,
        "covers": round(coverage(item, area), 2),
        "id": item.id,
    }


def summary(state: Finding) -> str:
    """How many there are, how many are ticked, and what they leave out."""
    count, images = len(state.items), state.images
    found = f"**{count:,} image{'' if count == 1 else 's'}**, {len(images):,} ticked"
    if not images:
        return f"{found} :gray[· tick those you want]"
    missing = uncovered(images, state.shape)
    if missing > SMALL:
        return f"{found} :orange[· {missing:.0%} of the area is in none of them]"
    return f"{found} :gray[· they cover the whole area]"


def remarks(state: Finding) -> list[str]:
    """What else is to be known of the search, a sentence each."""
    if state.found is None or state.asked is None:
        return []
    told = []
    if state.found.more:
        told.append(f"There are more than {state.asked.wanted.limit}: narrow the dates or the area to see the others.")
    unusable = state.found.unusable
    if unusable:
        others = f" (and {len(unusable) - 1:,} more)" if len(unusable) > 1 else ""
        told.append(f"Left out: {unusable[0]}{others}")
    product = state.items[0].product
    credit = " · ".join(filter(None, (product.credit, product.licence)))
    return [*told, f"Credit: {credit}"] if credit else told


def _remarks(state: Finding) -> None:
    if len(state.rows) < len(state.items):
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(f"Show all {len(state.items):,}", icon=":material/expand_more:", type="tertiary"):
                state.all_rows = True
                st.rerun()
    for sentence in remarks(state):
        st.caption(sentence)


def _picture(item: ImageryItem) -> str | None:
    if not item.thumbnail:
        return None
    found = _preview(item.thumbnail)
    return found.result() if found.done() else None


def _waiting(items: Sequence[ImageryItem]) -> list[str]:
    """Images whose previews are still to arrive."""
    return [item.id for item in items if item.thumbnail and not _preview(item.thumbnail).done()]


@st.cache_resource(max_entries=512, show_spinner=False, ttl="1h")
def _preview(address: str) -> "Future[str | None]":
    """In a thread: a catalogue may take seconds to draw a preview, and nobody has to wait for it."""

    def fetch() -> str | None:
        pixels = fetch_preview(address, PREVIEW_PX)
        return None if pixels is None else jpeg_uri(pixels)

    return _fetching.submit(fetch)


def _columns(items: Sequence[ImageryItem]) -> dict[str, Any]:
    config = st.column_config
    return {
        "preview": config.ImageColumn("Preview", width=84) if any(item.thumbnail for item in items) else None,
        "taken": config.DateColumn("Taken", width=96, format="YYYY-MM-DD"),
        "clouds": None
        if all(item.cloud is None for item in items)
        else config.NumberColumn("Clouds", format="%.0f %%", width=72, help="Of the whole image."),
        "covers": config.ProgressColumn("Covers", format="percent", min_value=0, max_value=1, width=110),
        "id": config.TextColumn("Id", width=420),
    }
