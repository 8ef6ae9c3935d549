"""What the columns of a table of photos mean, whatever people call them."""

import math
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas

from graft_core.errors import PhotoError

COLUMNS: dict[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "file_name", "photo", "image"),
    "url": ("url", "link", "href"),
    "lon": ("lon", "longitude", "lng", "long"),
    "lat": ("lat", "latitude"),
    "time": ("time", "taken_at", "taken", "datetime", "date_taken", "timestamp", "captured_at", "date"),
    "accuracy": ("accuracy_m", "accuracy", "error_m", "gps_accuracy", "horizontal_accuracy"),
}
"""What a column may be called, in any case; the first that is there counts."""
_EXIF_DATE = re.compile(r"^(\d{4}):(\d\d):(\d\d)")

PhotoRow = tuple[str, float, float, datetime | None, float]
"""Absolute path or address, longitude, latitude, time, accuracy in metres; empty, NaN and None where it has none."""


def table_rows(frame: Any, path: Path) -> list[PhotoRow]:
    """The rows of a table (a data frame); relative paths start at its folder.

    Raises:
        PhotoError: it has no rows, or no column says which photos.
    """
    names = {str(name).strip().lower(): name for name in frame.columns}
    found = {key: next((names[each] for each in known if each in names), None) for key, known in COLUMNS.items()}
    if found["path"] is None and found["url"] is None:
        raise PhotoError(
            f"{path} has no column that says which photos (path, file or url; it has {', '.join(map(str, names))}); "
            "name one so."
        )
    if not len(frame):
        raise PhotoError(f"{path} has no rows; give a table with one row a photo.")
    columns = (
        _places(frame, found, path.parent),
        _numbers(frame, found["lon"]),
        _numbers(frame, found["lat"]),
        _times(frame, found["time"]),
        _numbers(frame, found["accuracy"]),
    )
    return [
        (place, lon, lat, taken, error if error >= 0 else math.nan)
        for place, lon, lat, taken, error in zip(*columns, strict=True)
    ]


def _places(frame: Any, found: dict[str, Any], folder: Path) -> Iterator[str]:
    """The path of each row where it has one, else its address; empty where it has neither."""
    columns = [frame[found[key]].tolist() for key in ("path", "url") if found[key] is not None]
    for row in zip(*columns, strict=True):
        text = next((each.strip() for each in row if isinstance(each, str) and each.strip()), "")
        yield text if not text or "://" in text else os.path.abspath(folder / os.path.expanduser(text))


def _times(frame: Any, name: Any) -> list[datetime | None]:
    """Moments without a zone; None where there is none or it cannot be understood."""
    if name is None or pandas.api.types.is_numeric_dtype(frame[name]):
        return [None] * len(frame)
    column = frame[name]
    if not pandas.api.types.is_datetime64_any_dtype(column):
        texts = column.map(lambda each: _EXIF_DATE.sub(r"\1-\2-\3", str(each).strip()))
        return [_moment(text) for text in texts]
    return [None if pandas.isna(each) else each.to_pydatetime(warn=False).replace(tzinfo=None) for each in column]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _numbers(frame: Any, name: Any) -> list[float]:
    if name is None:
        return [math.nan] * len(frame)
    numbers: list[float] = pandas.to_numeric(frame[name], errors="coerce").astype(float).tolist()
    return numbers
