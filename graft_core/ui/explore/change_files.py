"""The difference of two scenes as files."""

import hashlib
import re
from dataclasses import astuple
from pathlib import Path

import streamlit as st

from graft_core.serve.known import layers_dir
from graft_core.tasks.write_change import write_change
from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.figures import size_text

FILES = {
    ".tif": ("Change map, GeoTIFF", "image/tiff"),
    ".qml": ("Its colours, QGIS style", "application/xml"),
    ".json": ("Its STAC item", "application/json"),
}


def offer_change(before: Question, after: Question) -> None:
    """Write the change when asked to, then offer its files."""
    stem = _stem(before, after)
    if not stem.with_suffix(".json").is_file():
        st.write("The difference of the two densities, with both of them, its recipe, QGIS style and STAC item.")
        if st.button("Write the change", icon=":material/difference:", type="primary"):
            _write(stem, before, after)
            st.rerun()
        return
    for suffix, (says, mime) in FILES.items():
        path = stem.with_suffix(suffix)
        st.download_button(
            f"{says} ({size_text(path.stat().st_size)})",
            data=path.read_bytes,
            file_name=path.name,
            mime=mime,
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
        )


def _write(stem: Path, before: Question, after: Question) -> None:
    layers_dir().mkdir(parents=True, exist_ok=True)
    bar = st.progress(0.0, "Writing the change")
    for step in write_change(stem.with_suffix(".tif"), cached.change(before, after)):
        bar.progress(min(step.done / max(step.total, 1), 1.0), f"Writing {stem.name}.tif")
    bar.empty()


def _stem(before: Question, after: Question) -> Path:
    """A name that says what it is and belongs to these two questions alone."""
    words = re.sub(r"[^a-z0-9]+", "-", cached.words(after).lower()).strip("-")[:40] or "query"
    key = hashlib.sha256(repr((astuple(before), astuple(after))).encode()).hexdigest()[:8]
    return layers_dir() / f"change-{words}-{key}"
