"""The photos of a harvest as one GeoParquet table, with the columns that `pairs` reads and those that credit needs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graft_core.io.harvest.files import photo_name
from graft_core.io.harvest.found import FoundPhoto
from graft_core.io.harvest.journal import Outcome
from graft_core.io.vector import write_points


def write_photo_table(
    path: Path, folder: Path, service: str, photos: Sequence[FoundPhoto], outcomes: Mapping[str, Outcome]
) -> None:
    """Write one row a photo, whole or not at all; paths are relative to the table's folder.

    Raises:
        ExportError: it cannot be written.
    """
    inside = os.path.relpath(folder, path.parent)
    columns: dict[str, Any] = {
        "path": [os.path.join(inside, photo_name(photo.id)) for photo in photos],
        "time": np.array([photo.taken or "NaT" for photo in photos], "datetime64[s]"),
        "time_zone": [photo.zone for photo in photos],
        "accuracy_m": np.array([photo.accuracy_m for photo in photos], np.float64),
        "position": [photo.position for photo in photos],
        "heading": np.array([photo.heading for photo in photos], np.float64),
        "author": [photo.author for photo in photos],
        "licence": [photo.licence for photo in photos],
        "licence_url": [photo.licence_url for photo in photos],
        "page": [photo.page for photo in photos],
        "title": [photo.title for photo in photos],
        "service": [service] * len(photos),
        "id": [photo.id for photo in photos],
        "sha256": [outcomes[photo.id].sha256 for photo in photos],
    }
    write_points(path, [photo.lon for photo in photos], [photo.lat for photo in photos], columns)
