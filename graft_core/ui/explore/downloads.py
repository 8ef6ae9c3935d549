"""Everything an answer can be taken away as."""

import hashlib
import re
from dataclasses import astuple
from pathlib import Path

import streamlit as st

from graft_core.serve.known import layers_dir
from graft_core.tasks.write_density import write_density
from graft_core.tasks.write_hits import write_retrieval
from graft_core.ui import cached
from graft_core.ui.cached import Answer, Question
from graft_core.ui.figures import size_text

MIME = {
    ".tif": "image/tiff", ".qml": "application/xml", ".json": "application/json", ".png": "image/png",
    ".gpkg": "application/geopackage+sqlite3", ".geojson": "application/geo+json",
}  # fmt: skip
SAYS = {
    ".tif": "Density map, GeoTIFF", ".qml": "Its colours, QGIS style", ".json": "Its STAC item",
    ".gpkg": "Best tiles, GeoPackage", ".geojson": "Best tiles, GeoJSON", ".png": "Contact sheet",
}  # fmt: skip


def offer_downloads(answer: Answer, question: Question) -> None:
    """Write the files when asked to, then offer each of them; they stay on disk and can be added to QGIS as tiles."""
    stems = [_stem(question, made.scores.record.name) for made in answer.maps]
    written = [path for stem in stems for path in _files(stem)]
    if not written:
        st.write("Density map with its recipe, QGIS style and STAC item, the best tiles, and a contact sheet.")
        if st.button("Write files", icon=":material/save:", type="primary"):
            _write(answer, question, stems)
            st.rerun()
        return
    for path in written:
        st.download_button(
            f"{SAYS[path.suffix]} ({size_text(path.stat().st_size)})",
            data=path.read_bytes,
            file_name=path.name,
            mime=MIME[path.suffix],
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
        )
    st.caption(f"The files lie in {layers_dir()}. Keep .tif and .qml together, and QGIS opens the map in colour.")


def _write(answer: Answer, question: Question, stems: list[Path]) -> None:
    layers_dir().mkdir(parents=True, exist_ok=True)
    bar = st.progress(0.0, "Writing the density map")
    for stem, made in zip(stems, answer.maps, strict=True):
        for step in write_density(stem.with_suffix(".tif"), made):
            bar.progress(min(step.done / max(step.total, 1), 1.0), f"Writing {stem.name}.tif")
    bar.progress(1.0, "Writing the best tiles")
    scenes = {name: cached.scene(name) for name in question.scenes}
    spec = cached.encoder(question.scenes, question.encoder).spec
    for suffix in (".gpkg", ".geojson"):
        write_retrieval(stems[0].with_suffix(suffix), answer.found, scenes, spec)
    bar.empty()


def _stem(question: Question, scene: str) -> Path:
    """A name that says what it is and belongs to this question alone."""
    words = re.sub(r"[^a-z0-9]+", "-", cached.words(question).lower()).strip("-")[:40] or "query"
    key = hashlib.sha256(repr(astuple(question)).encode()).hexdigest()[:8]
    return layers_dir() / f"{words}-{scene}-{key}"


def _files(stem: Path) -> list[Path]:
    return [path for suffix in SAYS if (path := stem.with_suffix(suffix)).is_file()]
