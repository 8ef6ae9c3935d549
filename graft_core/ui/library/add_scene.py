"""New scenes for the library: by path or address, as an upload, a sample to begin with, or published embeddings."""

import shutil
from pathlib import Path
from typing import IO

import streamlit as st

from graft_core import settings
from graft_core.errors import ExportError, SceneError
from graft_core.io.atomic import replacing
from graft_core.io.scene import Scene, open_scene
from graft_core.io.sensors import SensorOption
from graft_core.models.registry import find_model
from graft_core.serve.jobs import start_job
from graft_core.tasks.catalog import find_scene
from graft_core.ui.errors import told
from graft_core.ui.figures import free_bytes, size_text
from graft_core.ui.indexing import choose_encoder, choose_sensor, start_indexing
from graft_core.ui.library.add_embeddings import by_embeddings
from graft_core.ui.library.second_date import offer_second_date

RASTERS = ["tif", "tiff", "jp2"]
"""Rasters that are one file; a VRT refers to others."""
SPARE = 200 * 10**6
"""Bytes that an upload has to leave free: what the index and the jobs write besides."""
SAMPLE = "sample-sentinel2"


def add_scene() -> None:
    """Whatever is added is opened first, so that what is wrong is said at once; then a job indexes it."""
    ways = {"Path": _by_path, "Upload": _by_upload, "Embeddings": by_embeddings, "Sample": _sample}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Add a scene**")
            way = st.segmented_control(
                "From",
                list(ways),
                default=next(iter(ways)),
                key="way-to-add",
                required=True,
                label_visibility="collapsed",
            )
        with told():
            ways[str(way)]()


def keep_upload(name: str, upload: IO[bytes], size: int, sensor: SensorOption | None) -> Path:
    """Write an upload to the folder of scenes, if it is one; a scene that is there stays as it is.

    Raises:
        ExportError: there is a file of that name, or the disk has not enough room.
        SceneError: it cannot be opened as a scene; nothing of it is kept.
    """
    target = settings.tiles_dir() / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ExportError(f"There is a {target.name} in {target.parent} already; give the upload another name.")
    check_room(target.name, size)
    with replacing(target) as draft:
        with draft.open("wb") as file:
            shutil.copyfileobj(upload, file)
        try:
            open_scene(draft, sensor=sensor)
        except SceneError as error:
            raise SceneError(f"The upload was not kept. {str(error).replace(str(draft), target.name)}") from error
    return target


def check_room(name: str, size: int) -> None:
    """Refuse what the disk of the folder of scenes has no room for (ExportError)."""
    free = free_bytes(settings.tiles_dir())
    if size + SPARE > free:
        raise ExportError(
            f"{name} has {size_text(size)}, and {size_text(free)} are free for {settings.tiles_dir()}; free some "
            "space, or give the path of the file where it lies."
        )


def _by_path() -> None:
    added = st.session_state.get("paths-added", 0)  # what was added is cleared, what was refused stays to be mended
    with st.form("by-path", border=False):
        source = st.text_input(
            "Path, folder or address",
            key=f"path-{added}",
            placeholder="Path, folder or address: /data/m_4007322.tif, https://..., s3://...",
            label_visibility="collapsed",
        ).strip()
        sensor, encoder = _options()
        wanted = st.form_submit_button("Add and index", icon=":material/add:", type="primary")
    if wanted and source:
        with st.spinner("Opening it"):
            scene = find_scene(source, settings.indexes_dir(), sensor=sensor)
        start_indexing(source, scene.name, encoder=encoder, sensor=sensor)
        st.session_state["paths-added"] = added + 1
        _say(scene)
    elif wanted:
        st.info("Type or paste where the imagery is.", icon=":material/edit:")


def _by_upload() -> None:
    added = st.session_state.get("uploads-added", 0)
    limit = int(st.get_option("server.maxUploadSize")) * 10**6
    upload = st.file_uploader("Raster", type=RASTERS, key=f"upload-{added}", label_visibility="collapsed")
    st.caption(
        f"GeoTIFF or JPEG 2000 up to {size_text(limit)}, {size_text(free_bytes(settings.tiles_dir()))} free. "
        "Larger files: copy them to this machine and give their path."
    )
    sensor, encoder = _options()
    if upload is not None:
        check_room(upload.name, upload.size)
    size = "" if upload is None else f" ({size_text(upload.size)})"
    if st.button(f"Add and index{size}", icon=":material/add:", type="primary", disabled=upload is None):
        assert upload is not None  # the button is off until then
        with st.spinner("Writing it to disk"):
            path = keep_upload(upload.name, upload, upload.size, sensor)
        scene = find_scene(str(path), settings.indexes_dir(), sensor=sensor)
        start_indexing(str(path), scene.name, encoder=encoder, sensor=sensor)
        st.session_state["uploads-added"] = added + 1
        _say(scene)


def _sample() -> None:
    """A real scene for those who have none at hand, and a second date of the demo world."""
    sample = find_model(SAMPLE)
    st.markdown(f"{sample.what}.")
    st.caption(sample.licence)
    sensor, encoder = _options()
    if sample.present:
        if st.button("Add and index", icon=":material/add:", type="primary"):
            scene = find_scene(str(sample.folder), settings.indexes_dir(), sensor=sensor)
            start_indexing(str(sample.folder), scene.name, encoder=encoder, sensor=sensor)
            _say(scene)
    elif st.button(f"Fetch it ({size_text(sample.size_bytes or 0)})", icon=":material/download:", type="primary"):
        start_job("fetch", f"Fetch {SAMPLE}", {"name": SAMPLE})
        st.rerun()
    offer_second_date()


def _options() -> tuple[SensorOption | None, str | None]:
    left, right = st.columns(2)
    with left:
        sensor = choose_sensor("sensor-to-add")
    with right:
        return sensor, choose_encoder("encoder-to-add")


def _say(scene: Scene) -> None:
    rows, cols = scene.geobox.shape
    st.toast(f"{scene.name}: {cols:,} x {rows:,} pixels of {scene.gsd:g} m. It is being indexed.")
    st.rerun()
