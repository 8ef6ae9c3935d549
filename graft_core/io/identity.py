"""Which scene is it: a safe name, the day it was taken, and a fingerprint of everything that decides its pixels."""

import datetime
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.windows import Window

from graft_core.io.source import is_remote, read_window

NAME_TAG = "GRAFT_SCENE_NAME"
"""Metadata of a collection's VRT: the name the scene got when the collection was first opened."""

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_:]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_DATE_AND_TIME = re.compile(r"(?<!\d)((?:19|20)\d\d)()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:T?\d{6})(?!\d)")


def scene_name(source: str) -> str:
    """File or folder name without suffix, plus six hex digits of its full path, so that two scenes never collide."""
    place = source if is_remote(source) else str(Path(source).resolve())
    path = urlsplit(source).path if "://" in source else source
    stem = safe_name(PurePosixPath(path).stem)
    return f"{stem}-{hashlib.sha256(place.encode()).hexdigest()[:6]}"


def safe_name(text: str) -> str:
    """Letters, digits, dot, dash and underscore; fit for a file name on any system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._-")[:80] or "scene"


def acquired_date(source: str, tags: Mapping[str, str]) -> datetime.date | None:
    """The day in SENSING or ACQUISITION metadata, else in the file's name, else in TIFFTAG_DATETIME, else None."""
    sensing = [value for key, value in sorted(tags.items()) if re.search("SENSING|ACQUISITION", key, re.IGNORECASE)]
    name = PurePosixPath(urlsplit(source).path if "://" in source else source).name
    for text in (*sensing, name, tags.get("TIFFTAG_DATETIME", "")):
        found = _date_in(text)
        if found is not None:
            return found
    return None


def fingerprint(dataset: DatasetReader, source: str, geobox: GeoBox, decisions: Any) -> str:
    """Sixteen hex digits over the identity of the source, its grid and ``decisions`` (anything with a stable repr).

    A local file is known by name, size and time of change (each member of a VRT too), so moving it keeps the
    fingerprint; a remote one by its address, header and a few decoded blocks.
    """
    facts = [_identity(dataset, source), str(geobox.crs), list(geobox.affine[:6]), list(geobox.shape), repr(decisions)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _identity(dataset: DatasetReader, source: str) -> list[Any]:
    files = sorted(path for path in dataset.files if os.path.isfile(path))
    identity: list[Any] = []
    for path in files:
        if path.endswith(".vrt"):
            identity.append(hashlib.sha256(Path(path).read_bytes()).hexdigest())
        else:
            stat = os.stat(path)
            identity.append([os.path.basename(path), stat.st_size, stat.st_mtime_ns])
    if files == [path for path in files if path.endswith(".vrt")]:
        # Nothing local holds pixels: the source is remote.
        identity += [source, dataset.width, dataset.height, dataset.count, dataset.dtypes[0]]
        identity += [sorted(dataset.tags().items()), _block_sample(dataset)]
    return identity


def _block_sample(dataset: DatasetReader) -> str:
    """Hash of the four corner blocks and the middle one: a new version of a file seldom keeps them all."""
    block_rows, block_cols = dataset.block_shapes[0]
    last_row, last_col = (dataset.height - 1) // block_rows, (dataset.width - 1) // block_cols
    digest = hashlib.sha256()
    corners = {(0, 0), (0, last_col), (last_row, 0), (last_row, last_col)}
    for row, col in sorted(corners | {(last_row // 2, last_col // 2)}):
        top, left = row * block_rows, col * block_cols
        height, width = min(block_rows, dataset.height - top), min(block_cols, dataset.width - left)
        digest.update(read_window(dataset, [1], Window(left, top, width, height)).tobytes())
    return digest.hexdigest()


def _date_in(text: str) -> datetime.date | None:
    match = _DATE_AND_TIME.search(text) or _DATE.search(text)
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None
