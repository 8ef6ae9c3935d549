"""Beside the map of the Classify page: how much of each class there is, how right it is, and files."""

import csv
import html
import io

import streamlit as st

from graft_core.serve.jobs import start_job
from graft_core.tasks.class_areas import AreaTable, ClassArea
from graft_core.tasks.classify import LabelMap
from graft_core.tasks.write_labels import write_labels
from graft_core.ui import cached
from graft_core.ui.classify import cached as classify_cached
from graft_core.ui.classify.cached import Labelling
from graft_core.ui.classify.map import said_of, swatch
from graft_core.ui.classify.state import Classifying
from graft_core.ui.figures import size_text
from graft_core.ui.following import followed
from graft_core.ui.job_panel import at_work
from graft_core.ui.patch_panel import takes_long

TABS = ("Classes", "Areas", "Accuracy", "Files")
"""What stands beside the map, one at a time."""
FILES = {
    ".tif": ("Label map, GeoTIFF", "image/tiff"), ".qml": ("Its colours, QGIS style", "application/xml"),
    ".csv": ("Areas, CSV", "text/csv"), ".json": ("Its STAC item", "application/json"),
}  # fmt: skip


def areas_html(table: AreaTable) -> str:
    """Areas as a table with a bar a class, for ``st.html``: readable in both themes, and without colour vision."""
    most = max((row.share for row in table.rows), default=0) or 1
    rows = "".join(
        f'<tr><td style="white-space:nowrap">{swatch(row.color)}{html.escape(row.name)}</td>'
        f'<td style="width:45%"><div style="height:.7rem;border-radius:.2rem;background:rgb{row.color};'
        f'width:{100 * row.share / most:.1f}%;min-width:1px"></div></td>'
        f'<td>{row.share:.1%}</td><td title="{row.m2:,.0f} m²">{row.hectares:,.2f}</td></tr>'
        for row in table.rows
    )
    return (
        '<table class="graft-areas"><thead><tr><th>Class</th><th></th><th>Share</th><th>Hectares</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def show_areas(asked: Labelling, state: Classifying) -> None:
    """What was clicked, table and bars."""
    _show_place(asked, state)
    table = _areas(asked)
    if table is None:
        return
    total = sum(row.m2 for row in table.rows)
    if not total:
        st.warning("There is no imagery in the area of interest; draw another one, or clear it in the sidebar.")
        return
    st.html(areas_html(table))
    unsure = table.rows[-1]
    if unsure.share > 0.5:
        st.warning(
            f"{unsure.share:.0%} of the area is unsure: two classes look alike to the encoder. Name them more "
            'differently, put them together, or lower "Unsure below" in the sidebar.'
        )
    st.caption(f"{total / 10_000:,.1f} ha in all, in the projection of the scene.")


def offer_downloads(asked: Labelling, state: Classifying) -> None:
    """Write the files when asked to, then offer each of them.

    Raises:
        ExportError: the disk takes no more.
    """
    path = asked.result()
    written = [each for suffix in FILES if (each := path.with_suffix(suffix)).is_file()]
    if not written and takes_long(asked.looking):
        _offer_job(asked)
        return
    if not written:
        st.write("Label map with colours and names, QGIS style, table of areas, and STAC item.")
        if st.button("Write files", icon=":material/save:", type="primary"):
            path.parent.mkdir(parents=True, exist_ok=True)
            followed(write_labels(path, classify_cached.labels(asked)), "Writing the label map")
            st.rerun()
        return
    for each in written:
        says, mime = FILES[each.suffix]
        st.download_button(
            f"{says} ({size_text(each.stat().st_size)})", data=each.read_bytes, file_name=each.name, mime=mime,
            icon=":material/download:", width="stretch", on_click="ignore",
        )  # fmt: skip
    st.caption(f"The files lie in {path.parent}. Keep .tif and .qml together, and QGIS opens the map in colour.")


def _areas(asked: Labelling) -> AreaTable | None:
    """Measured here, or by the job that wrote the map; None where it is still to be written, which the page says."""
    if not takes_long(asked.looking):
        with st.spinner("Measuring the areas", show_time=True):
            return classify_cached.areas(asked, asked.key)
    written = asked.result().with_suffix(".csv")
    if written.is_file():
        return read_areas(written.read_text(encoding="utf-8"), classify_cached.labels(asked))
    _offer_job(asked)
    return None


def _offer_job(asked: Labelling) -> None:
    """A large map is written and measured in a job; start it with a click."""
    looking, out = asked.looking, str(asked.result())
    if at_work("classify", out=out):
        st.info("The map is being written and measured; its areas appear here by themselves.", icon=":material/save:")
        return
    st.info("This is a large map: it is written and measured in the background.", icon=":material/save:")
    if st.button("Write and measure it", type="primary", icon=":material/save:"):
        classes = [{"name": each.name, "words": each.words, "color": list(each.color)} for each in asked.classes]
        title = f"Classes of {cached.scene(looking.scene).name}"
        start_job(
            "classify",
            title,
            {
                "scene": looking.scene, "encoder": looking.encoder, "area": looking.area, "classes": classes,
                "level": asked.level, "margin": asked.margin, "out": out,
            },
        )  # fmt: skip
        st.rerun()


def read_areas(text: str, made: LabelMap) -> AreaTable:
    """The table that the label map's ``.csv`` holds."""
    rows = csv.DictReader(io.StringIO(text))
    return AreaTable(
        tuple(
            ClassArea(
                int(row["value"]), row["class"], made.colors[int(row["value"])], int(row["pixels"]), float(row["m2"]),
                float(row["share"]),
            )
            for row in rows
        ),
        unknown=0,
    )  # fmt: skip


def _show_place(asked: Labelling, state: Classifying) -> None:
    """What the place that was clicked looks like."""
    made = classify_cached.labels(asked)
    if made.notice:
        st.caption(made.notice)
    if state.place is None:
        st.caption("A click on the map tells what the encoder makes of a place.")
        return
    with st.container(border=True, key="place"):
        st.markdown(f"**Here** · {said_of(state.place, made)}")
