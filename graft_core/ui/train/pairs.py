"""Step one: photos and scenes to a table of pairs."""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from graft_core import settings
from graft_core.errors import PhotoError
from graft_core.io.atomic import replacing
from graft_core.serve.jobs import start_job
from graft_core.tasks.catalog import KnownScene
from graft_core.ui import cached
from graft_core.ui.errors import told
from graft_core.ui.first_start import offer_demo
from graft_core.ui.library.add_scene import check_room
from graft_core.ui.train.photos import from_services, photos_dir
from graft_core.ui.train.tables import table_path

PHOTOS = ["jpg", "jpeg", "png", "tif", "tiff", "heic"]
TABLES = ["csv", "parquet", "geoparquet"]
DEMO = ("demo/photos.parquet", "demo/naip.tif")
"""Photos and aerial scene of the demo world, in the folder of scenes."""
_WHAT_HAPPENS = """
**Teach an encoder from photos and scenes of your own**

1. **Pairs**: each photo is placed on the tile it was taken in. Its position is all that is asked for, no words.
2. **Training**: the encoder learns to put a tile where the teacher puts the photos taken there, so that the teacher's
   words find tiles from then on.
3. **Before and after**: the same query, asked with the encoder you began with and with the one you made.
"""


def make_pairs(teacher: str, device: str) -> None:
    """Where the photos are, where the scenes are, what is left out, and a button.

    Args:
        teacher: the photos are embedded with it, and its input size is the tiles'.
        device: where it runs.
    """
    with st.container(border=True, key="make-pairs"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Make pairs**")
            way = st.segmented_control(
                "Photos from",
                ["Path", "Upload", "Services"],
                default="Path",
                required=True,
                label_visibility="collapsed",
            )
        above = st.container()  # which photos depends on which scenes
        scenes = _scenes()
        uploads: list[Any] = []
        with above, told():
            if way == "Upload":
                uploads = _uploads()
            typed = _typed() if way == "Path" else from_services(scenes) if way == "Services" else []
        suggested = _suggestion(scenes)
        name = st.text_input("Name of the pairs", key="pairs-name", placeholder=suggested).strip() or suggested
        options = _options()
        if st.button("Make pairs", type="primary", icon=":material/join_inner:"):
            with told():
                photos = keep_photos(name, uploads) if uploads else typed
                start_pairs(name, photos, scenes, {"teacher": teacher, **options}, device)
                st.rerun()


def start_pairs(
    name: str, photos: Sequence[str], scenes: Sequence[str], options: Mapping[str, Any], device: str
) -> None:
    """Start the job.

    Raises:
        PhotoError: something is missing that a person has to say.
        JobError: no process can be started.
    """
    if not photos:
        raise PhotoError("There are no photos yet: give the path of a folder or a table, or upload some.")
    if not scenes:
        raise PhotoError("Choose at least one scene that the photos may lie on.")
    out = table_path(_checked(name))
    if out.exists():  # a report that came to nothing may be replaced
        raise PhotoError(f"There are pairs '{name}' already; give the new ones another name.")
    asked = {"photos": photos, "scenes": scenes, "options": options, "out": str(out.absolute()), "device": device}
    start_job("pairs", f"Make pairs {name}", asked)


def keep_photos(name: str, uploads: Sequence[Any]) -> list[str]:
    """Write uploads to a folder of their own, and say what to read: the tables among them, else the folder.

    Raises:
        PhotoError: the name cannot name a folder, or there is one.
        ExportError: the disk has not enough room.
    """
    folder = photos_dir() / _checked(name)
    if folder.exists():
        raise PhotoError(f"There are photos '{name}' already in {folder}; give the new ones another name.")
    check_room(f"What you upload for '{name}'", sum(upload.size for upload in uploads))
    folder.mkdir(parents=True)
    paths = [folder / Path(upload.name).name for upload in uploads]
    for path, upload in zip(paths, uploads, strict=True):
        with replacing(path) as draft:
            draft.write_bytes(upload.getbuffer())
    tables = [str(path) for path in paths if path.suffix.lower().lstrip(".") in TABLES]
    return tables or [str(folder)]


def offer_first_pairs(teacher: str, device: str) -> None:
    """What happens on this page, and one click to something to learn from."""
    st.markdown(_WHAT_HAPPENS)
    photos, scene = (settings.tiles_dir() / path for path in DEMO)
    if not photos.exists() or not scene.exists():
        offer_demo("No pairs yet: make some on the left, or begin with the demo world, which has photos of its own.")
        return
    st.info("No pairs yet: make some on the left, or take those of the demo world.", icon=":material/join_inner:")
    if st.button("Make demo pairs", icon=":material/landscape:"):
        with told():
            start_pairs("demo", [str(photos.absolute())], [str(scene.absolute())], {"teacher": teacher}, device)
            st.rerun()


def _typed() -> list[str]:
    text = st.text_area(
        "Photos",
        key="photo-paths",
        height=68,
        placeholder="/data/photos or /data/photos.csv, one a line",
        help="Folders of photos with GPS positions (EXIF), or tables (CSV, Parquet, GeoParquet) with path or address, "
        "lon and lat, and where known time and accuracy.",
    )
    return [line.strip() for line in text.splitlines() if line.strip()]


def _uploads() -> list[Any]:
    return st.file_uploader(
        "Photos with GPS positions, or a table and its photos",
        type=PHOTOS + TABLES,
        accept_multiple_files=True,
        key="photo-uploads",
    )


def _scenes() -> list[str]:
    """Paths and addresses of what is chosen among the known scenes, or typed."""
    sources = {_label(scene): scene.source for scene in cached.scenes()}
    chosen = st.multiselect(
        "Scenes",
        list(sources),
        key="pair-scenes",
        placeholder="Choose, or type a path" if sources else "Type a path",
        accept_new_options=True,
        help="Photos that lie on none of them are counted and left out. Type the path or address of imagery that is "
        "not in the library.",
    )
    return [sources.get(each, each) for each in chosen]


def _label(scene: KnownScene) -> str:
    return Path(scene.source).name if scene.name == scene.source else scene.name


def _suggestion(scenes: Sequence[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", Path(scenes[0]).stem if scenes else "").strip("-")[-40:].strip("-") or "pairs"
    names = (stem if number == 1 else f"{stem}-{number}" for number in itertools.count(1))
    return next(name for name in names if not table_path(name).exists())


def _options() -> dict[str, Any]:
    """Only what differs from what `train.make_pairs.PairOptions` does by itself is worth a look."""
    with st.expander("What is left out, and what is for validation"):
        places = st.toggle(
            "Photos that show no place",
            value=True,
            key="places-only",
            help="Rooms, faces, food: the teacher itself tells them apart.",
        )
        left, right = st.columns(2)
        cap = left.number_input("Photos a tile, at most", 1, 1000, 25, key="cap", help="25 in the paper.")
        share = right.number_input(
            "Tiles to check with, %",
            0,
            90,
            10,
            step=5,
            key="share",
            help="Whole blocks of the map, never learned from.",
        )
        left, right = st.columns(2)
        accuracy = left.number_input(
            "Position worse than, m", 0.0, 10_000.0, 0.0, step=10.0, key="accuracy", help="0: none is left out."
        )
        days = right.number_input(
            "Days from the scene", 0.0, 10_000.0, 0.0, step=30.0, key="days", help="0: time does not matter."
        )
    return {
        "places_only": places, "cap": int(cap), "accuracy_m": accuracy or None, "days": days or None,
        "validation_share": share / 100,
    }  # fmt: skip


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise PhotoError(f"'{name}' cannot name pairs: use up to 80 letters, digits, dots, dashes and underscores.")
    return name
