"""How far a label map agrees with what is known about the ground."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

from graft_core.errors import ExportError
from graft_core.io.reference import open_reference
from graft_core.tasks.accuracy import Accuracy, accuracy
from graft_core.tasks.class_list import UNSURE, ClassName
from graft_core.ui import cached
from graft_core.ui.classify import cached as classify_cached
from graft_core.ui.classify.cached import Labelling
from graft_core.ui.classify.state import Classifying
from graft_core.ui.state import keep_upload


def show_accuracy(asked: Labelling, state: Classifying) -> None:
    """Compare with what is known about the ground.

    Raises:
        ExportError: the reference cannot be read, lies elsewhere, or has other classes.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        typed = st.text_input(
            "Reference", key="reference", placeholder="a class raster, or polygons",
            help="Path of a raster with class names, or of polygons with a column of classes. A class there is the "
            "one here that has its name, or is looked for by it.",
        ).strip()  # fmt: skip
        with st.popover("", icon=":material/upload_file:", help="Take it from a file"):
            _take_file()
    left, right = st.columns(2, gap="small")
    column = left.text_input("Column of the polygons", key="reference-column", placeholder="the only text").strip()
    same = right.text_input(
        "Called differently", key="reference-same", placeholder="woodland = trees, lake = water",
        help="Class of the reference = class of the map, with commas between.",
    )  # fmt: skip
    if not typed:
        st.caption("Overall accuracy, mean IoU and the confusion of the classes stand here once a reference is given.")
        return
    found = _measured(
        asked, asked.key, typed, Path(typed).stat().st_mtime_ns if Path(typed).is_file() else 0, column, same
    )
    whole, mean, unsure = st.columns(3)
    whole.metric("OA", f"{found.overall:.1%}", help="Overall accuracy: the share of the pixels that agree.")
    mean.metric("Mean IoU", f"{found.mean_iou:.3f}", help="Mean over the classes that the reference shows.")
    unsure.metric("Unsure", f"{found.unsure:.1%}", help="It counts as wrong.")
    st.altair_chart(_confusion(found), width="stretch")
    st.dataframe(_per_class(found), hide_index=True)
    left_out = f" Left out, for the map has no such class: {', '.join(found.left_out)}." if found.left_out else ""
    st.caption(f"{found.pixels:,} pixels compared.{left_out}")


def _take_file() -> None:
    file = st.file_uploader("GeoTIFF, GeoJSON or GeoPackage", type=["tif", "tiff", "geojson", "gpkg", "parquet"])

    def take(content: bytes, name: str) -> None:
        st.session_state.reference = str(keep_upload(content, name))

    if file is not None:
        st.button("Compare with it", on_click=take, args=(file.getvalue(), file.name), type="primary", width="stretch")


@st.cache_resource(max_entries=16, show_spinner="Comparing pixel by pixel")
def _measured(asked: Labelling, key: str, path: str, changed: int, column: str, same: str) -> Accuracy:
    del key, changed
    reference = open_reference(path, column or None)
    pairs = same_by_words(asked.classes, reference.names) | _same_as_typed(same)
    return cached.finished(accuracy(classify_cached.labels(asked), reference, pairs))


def same_by_words(classes: Sequence[ClassName], theirs: Sequence[str]) -> dict[str, str]:
    """Reference class -> class that is looked for by its name: forest is trees where trees are forest + orchard."""
    own = {each.name.casefold() for each in classes}
    asked = {
        term.value.casefold(): each.name
        for each in classes
        for term in each.query.terms
        if term.kind == "text" and term.weight > 0
    }
    return {name: asked[name.casefold()] for name in theirs if name.casefold() in asked and name.casefold() not in own}


def _same_as_typed(text: str) -> dict[str, str]:
    pairs = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        theirs, equals, own = (part.strip() for part in each.partition("="))
        if not (theirs and equals and own):
            raise ExportError(f"'{each}' does not say which two classes are one; write it like lake = water.")
        pairs[theirs] = own
    return pairs


def _confusion(found: Accuracy) -> alt.LayerChart | alt.FacetChart:
    """Truth by row, map by column; a cell is as dark as its share of the row."""
    said = [*found.names, UNSURE]
    rows = [
        {"truth": name, "map": said[j], "pixels": int(pixels), "share": pixels / max(counts.sum(), 1)}
        for name, counts in zip(found.names, found.confusion, strict=True)
        if counts.sum()
        for j, pixels in enumerate(counts)
    ]
    axes = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("map:N", sort=said, title="the map says"), y=alt.Y("truth:N", sort=said, title="the reference says")
    )
    cells = axes.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="viridis", domain=(0, 1)), legend=None),
        tooltip=["truth", "map", "pixels", alt.Tooltip("share:Q", format=".1%")],
    )
    texts = axes.mark_text(fontSize=11).encode(
        text=alt.Text("share:Q", format=".0%"),
        color=alt.condition("datum.share > 0.6", alt.value("black"), alt.value("white")),
    )
    return alt.layer(cells, texts, height=alt.Step(24))


def _per_class(found: Accuracy) -> pd.DataFrame:
    shown = [each for each in found.classes if each.truth]
    return pd.DataFrame(
        {
            "Class": [each.name for each in shown],
            "IoU": [round(each.iou, 3) for each in shown],
            "Precision": [round(each.precision, 3) for each in shown],
            "Recall": [round(each.recall, 3) for each in shown],
        }
    )
