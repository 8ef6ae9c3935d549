"""What became of the photos: how many were kept, why others were not, and where they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
import streamlit as st

from graft_core.ui.train.map import show_places
from graft_core.ui.train.tables import page_path, read_report

if TYPE_CHECKING:
    from graft_core.train.pairs.report import PairReport

NAMED = 500
"""Photos that are listed by name; a folder may have a hundred thousand without a position."""


def show_report(names: Sequence[str]) -> None:
    """One of the reports, the newest unless another is chosen.

    Raises:
        TrainError: it cannot be read.
    """
    name = names[0]
    if len(names) > 1:
        name = str(st.selectbox("Report of", names, key=f"report-{hash(tuple(names))}"))
    report, table = read_report(name)
    _counts(report)
    (st.markdown if report.kept else st.warning)(report.outcome)
    for warning in report.warnings:
        st.warning(warning, icon=":material/warning:")
    show_places(report, table)
    left, right = st.columns(2, gap="medium")
    with left:
        _reasons(report)
    with right:
        if report.photos_per_tile:
            _histogram(report)
    _named(report)
    if page_path(name).exists():
        st.download_button(
            "Report as a page",
            data=page_path(name).read_bytes,
            file_name=page_path(name).name,
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )


def _counts(report: "PairReport") -> None:
    figures = {
        "Photos": report.asked, "Kept": report.kept, "Tiles": report.tiles, "To check with": report.validation_tiles,
    }  # fmt: skip
    for column, (name, value) in zip(st.columns(4), figures.items(), strict=True):
        column.metric(name, f"{value:,}")


def _reasons(report: "PairReport") -> None:
    st.markdown("**Left out**")
    if not report.left_out:
        st.caption("Nothing: every photo was kept.")
        return
    reasons = sorted(report.left_out.items(), key=lambda item: -item[1])
    st.dataframe(
        pd.DataFrame(reasons, columns=["Reason", "Photos"]),
        hide_index=True,
        height=min(215, 38 + 35 * len(reasons)),
        column_config={"Photos": st.column_config.NumberColumn(format="localized", width=80)},
        alt="Photos that were left out, by reason",
    )


def _histogram(report: "PairReport") -> None:
    st.markdown("**Photos a tile**")
    table = pd.DataFrame(sorted(report.photos_per_tile.items()), columns=["photos", "tiles"])
    bars = (
        alt.Chart(table)
        .mark_bar(color="#2a788e")
        .encode(
            x=alt.X("photos:O", title="photos", axis=alt.Axis(labelAngle=0)), y="tiles:Q", tooltip=["photos", "tiles"]
        )
        .properties(height=190)
    )
    st.altair_chart(bars, width="stretch", alt="Tiles by how many photos they have")


def _named(report: "PairReport") -> None:
    if not report.named:
        return
    with st.expander(f"Photos that were left out, by name ({len(report.named):,})", icon=":material/broken_image:"):
        rows = [(Path(each.photo).name, each.reason, each.detail, each.photo) for each in report.named[:NAMED]]
        st.dataframe(
            pd.DataFrame(rows, columns=["Photo", "Reason", "Detail", "Path"]),
            hide_index=True,
            alt="Photos that were left out, by name",
        )
        if len(report.named) > NAMED:
            st.caption(f"The first {NAMED} of them.")
