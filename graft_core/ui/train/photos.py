"""Ground photos out of the services that share them, of the places of the chosen scenes."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
import shapely.geometry
import streamlit as st
from shapely.geometry.base import BaseGeometry

from graft_core import settings
from graft_core.errors import PhotoError
from graft_core.geo.place import bounds_wgs84
from graft_core.io.harvest.services import NAMES, open_service, title_of
from graft_core.serve.jobs import start_job
from graft_core.tasks.catalog import find_scene

FIRST_LIMIT = 2000
"""Photos at most unless said otherwise: minutes of downloads, and enough for a first training."""


@dataclass(frozen=True)
class PhotoTable:
    """Photos that a service gave."""

    path: Path
    """Their table."""
    photos: int
    """Rows."""
    authors: int
    """People to credit."""
    licences: tuple[str, ...]
    """The most frequent first."""


def photos_dir() -> Path:
    """Folder of photos and their tables."""
    return settings.tiles_dir() / "photos"


def from_services(scenes: Sequence[str]) -> list[str]:
    """Which tables of photos are taken, and a way to get those of the chosen scenes' places."""
    tables = {table.path.stem: table for table in photo_tables()}
    chosen: list[str] = []
    if tables:
        chosen = st.multiselect(
            "Photos of services",
            list(tables),
            default=[next(iter(tables))],
            format_func=lambda name: f"{_counted(tables[name].photos, 'photo')}: {name}",
            key=f"service-photos-{len(tables)}",  # what has just come is chosen
        )
        st.caption(_credit([tables[name] for name in chosen]))
    with st.expander("Get more photos") if tables else st.container():
        left, right = st.columns([4, 3], gap="small")
        service = left.selectbox("Service", NAMES, format_func=title_of, index=NAMES.index("commons"))
        limit = right.number_input("At most", 1, 1_000_000, FIRST_LIMIT, step=500, key="photo-limit")
        if st.button("Get photos of these scenes", icon=":material/travel_explore:", width="stretch"):
            start_photos(service, scenes, int(limit))
            st.rerun()
        st.caption("Freely licensed ones of where the chosen scenes lie, with authors and licences in their table.")
    return [str(tables[name].path) for name in chosen]


def photo_tables() -> list[PhotoTable]:
    """Tables that services filled, the newest first."""
    found = [path for path in photos_dir().glob("*.parquet") if path.with_suffix(".report.json").exists()]
    return [_read(path) for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)]


def start_photos(service: str, scenes: Sequence[str], limit: int) -> None:
    """Start the job; the same service, scenes and a larger limit add to what is there.

    Raises:
        PhotoError: no scene is chosen, or the service's key is missing.
        SceneError: a scene cannot be opened.
        JobError: no process can be started.
    """
    if not scenes:
        raise PhotoError("Choose the scenes first: the photos are those of their places.")
    open_service(service)  # a missing key is said here, not by the job
    area = places(scenes)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(scenes[0]).stem).strip("-")[-40:]
    digest = hashlib.sha256(shapely.to_wkb(shapely.normalize(area))).hexdigest()[:6]
    out = photos_dir() / f"{service}-{stem}-{digest}.parquet"
    asked = {"service": service, "area": shapely.geometry.mapping(area), "out": str(out.absolute()), "limit": limit}
    start_job("photos", f"Get photos from {title_of(service)}", asked)


def places(scenes: Sequence[str]) -> BaseGeometry:
    """Where scenes lie, as boxes in degrees; those that cross the antimeridian in two halves.

    Raises:
        SceneError: one cannot be opened.
    """
    boxes = []
    for text in scenes:
        west, south, east, north = bounds_wgs84(find_scene(text, settings.indexes_dir()).geobox)
        halves = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
        boxes += [shapely.box(left, south, right, north) for left, right in halves]
    return shapely.union_all(boxes)


def _read(path: Path) -> PhotoTable:
    report = path.with_suffix(".report.json")
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
        return PhotoTable(path, int(told["kept"]), int(told["authors"]), tuple(map(str, told["licences"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PhotoError(f"{report} is no report of photos ({error}); remove it, and get the photos again.") from error


def _credit(tables: Sequence[PhotoTable]) -> str:
    if not tables:
        return "None is taken."
    authors = sum(table.authors for table in tables)
    licences = ", ".join(dict.fromkeys(name for table in tables for name in table.licences))
    return f"By {_counted(authors, 'author')} ({licences}): whoever shows a photo names its author."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
