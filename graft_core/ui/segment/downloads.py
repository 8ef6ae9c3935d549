"""Polygons as files, with every correction in them."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from graft_core.tasks.segment import Segmentation
from graft_core.tasks.write_segments import write_object_raster, write_segmentation
from graft_core.ui import cached
from graft_core.ui.figures import size_text
from graft_core.ui.following import followed
from graft_core.ui.segment.cached import Wanted
from graft_core.ui.segment.edits import Corrected

POLYGONS = {
    ".gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
    ".geojson": ("GeoJSON", "application/geo+json"),
    ".parquet": ("GeoParquet", "application/vnd.apache.parquet"),
}
"""What polygons can be taken away as: the name, and the media type."""
RASTER = {".tif": ("Label raster, GeoTIFF", "image/tiff"), ".qml": ("Its colours, QGIS style", "application/xml")}


def offer_downloads(wanted: Wanted, shown: Corrected, version: str) -> None:
    """One button a format; polygons are written when they are asked for, the raster after a click more.

    Args:
        wanted: what was asked.
        shown: the polygons, corrections included.
        version: changes with every correction.
    """
    for suffix, (says, mime) in POLYGONS.items():
        _button(f"Polygons, {says}", _Polygons(shown.found, suffix), wanted.file_name(suffix), mime)
    raster = wanted.raster(version)
    written = [path for suffix in RASTER if (path := raster.with_suffix(suffix)).is_file()]
    if not written and st.button("Write the label raster", icon=":material/save:", width="stretch"):
        _write_raster(raster, wanted, shown.found)
        st.rerun()
    for path in written:
        says, mime = RASTER[path.suffix]
        _button(f"{says} ({size_text(path.stat().st_size)})", path.read_bytes, wanted.file_name(path.suffix), mime)
    st.caption("Every polygon with its area, match and score, who drew it, and the query, encoder and scene.")


class _Polygons:
    """A file that is made when it is asked for."""

    def __init__(self, found: Segmentation, suffix: str) -> None:
        self._found, self._suffix = found, suffix

    def __call__(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"polygons{self._suffix}"
            write_segmentation(path, self._found)
            return path.read_bytes()


def _button(says: str, data: bytes | Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(
        says, data=data, file_name=name, mime=mime, icon=":material/download:", width="stretch", on_click="ignore"
    )  # fmt: skip


def _write_raster(path: Path, wanted: Wanted, found: Segmentation) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    followed(write_object_raster(path, found, cached.scene(wanted.looking.scene)), "Writing the label raster")
