"""Whether a result can go where it is wanted, asked before any work is done for it."""

from collections.abc import Sequence
from pathlib import Path

from graft_core.errors import ExportError

RASTERS = (".tif", ".tiff")
"""Suffixes of a density map."""
OUTLINES = (".gpkg", ".geojson", ".parquet", ".geoparquet")
"""Suffixes of retrieved tiles."""


def check_target(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file of another type, and a folder that does not exist (ExportError)."""
    if path.suffix.lower() not in suffixes:
        known = " or ".join(suffixes)
        raise ExportError(
            f"'{path}' does not end in one of {known}; name the file {path.stem}{suffixes[0]}, for example."
        )
    if not path.absolute().parent.is_dir():
        raise ExportError(
            f"The folder {path.parent} of '{path.name}' does not exist; make it, or choose another place."
        )
