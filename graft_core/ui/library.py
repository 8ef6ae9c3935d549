"""The Library page: scenes, additions, encoders."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO, get_args

import streamlit as st
from streamlit_folium import st_folium

from graft_core import settings
from graft_core.errors import ExportError
from graft_core.index.store import list_indexes
from graft_core.io.atomic import replacing
from graft_core.io.sensors import SensorOption
from graft_core.models.registry import list_models
from graft_core.serve.jobs import start_job
from graft_core.tasks.catalog import KnownScene, find_scene, remove_scene
from graft_core.ui.address import base_path
from graft_core.ui.errors import told
from graft_core.ui.maps import base_map, footprint
from graft_core.ui.offline_maps import use_vendored_assets

RASTERS = ["tif", "tiff", "jp2"]


def show_scenes(known: Sequence[KnownScene]) -> None:
    """A table of scenes and what can be done with the ones that are ticked."""
    if not known:
        st.info("No scene is known yet: add one below, or open Explore, which makes the demo world.")
        return
    sizes = _sizes()
    rows = [
        {
            "scene": each.name,
            "encoders": ", ".join(each.encoders) or "not indexed",
            "tiles": each.tiles,
            "index, MB": round(sizes.get(each.name, 0) / 1e6, 1),
            "imagery": each.source,
        }
        for each in known
    ]
    picked = st.dataframe(rows, hide_index=True, on_select="rerun", selection_mode="multi-row", key="picked-scenes")
    chosen = [known[row] for row in picked["selection"]["rows"]]
    with st.container(horizontal=True):
        indexed = [each for each in chosen if each.encoders]
        if st.button("Index", icon=":material/memory:", disabled=not chosen):
            for each in chosen:
                _index(each.name, None)
            st.rerun()
        if st.button("Remove from the index", icon=":material/delete:", disabled=not indexed):
            with told():
                for each in indexed:
                    remove_scene(each.name, settings.indexes_dir())
                st.session_state.removed = [each.source for each in indexed]
                st.rerun()
        removed = st.session_state.get("removed")
        if removed and st.button("Undo the removal", icon=":material/undo:"):
            for source in removed:
                _index(source, None)
            st.session_state.removed = None
            st.rerun()


def show_footprints() -> None:
    """Where the indexed scenes lie."""
    records = {record.name: record for index in list_indexes(settings.indexes_dir()) for record in index.scenes}
    if not records:
        return
    use_vendored_assets(base_path())
    west, south, east, north = zip(*(record.bounds_wgs84 for record in records.values()), strict=True)
    st_folium(
        base_map((min(west), min(south), max(east), max(north)), [], draw=False),
        key="footprints",
        height=260,
        use_container_width=True,
        feature_group_to_add=[footprint(record.bounds_wgs84, name) for name, record in records.items()],
        returned_objects=[],
    )


def add_scene() -> None:
    """By path, address or upload; opened first, so that what is wrong is said at once."""
    source = st.text_input("Path, folder or address", placeholder="/data/m_4007322.tif, https://..., s3://...")
    upload = st.file_uploader("Or upload a raster", type=RASTERS)
    sensor = st.selectbox("Sensor", ["as the file says", *get_args(SensorOption)])
    wanted = st.button("Add and index", icon=":material/add:", type="primary")
    text = source.strip() or (str(_keep(upload.name, upload)) if wanted and upload is not None else "")
    if not wanted or not text:
        return
    stated = None if sensor == "as the file says" else sensor
    scene = find_scene(text, settings.indexes_dir(), sensor=stated)
    _index(text, stated)
    st.toast(f"{scene.name}: {scene.geobox.shape[1]:,} x {scene.geobox.shape[0]:,} pixels of {scene.gsd:g} m")
    st.rerun()


def show_encoders() -> None:
    """Encoders on this machine and those that can be fetched."""
    st.info(
        "The shipped demo encoders speak for the demo world only. For real imagery fetch real weights, or put a file "
        f"into {settings.weights_dir()}.",
        icon=":material/info:",
    )
    for model in list_models():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{model.name}** · {model.what} · {model.licence}")
            if model.present:
                st.badge("present", color="green", icon=":material/check:")
            elif st.button("Fetch", key=f"fetch-{model.name}", icon=":material/download:"):
                start_job("fetch", f"Fetch {model.name}", {"name": model.name})
                st.rerun()


def _index(scene: str, sensor: str | None) -> None:
    arguments = {"scene": scene, "encoder": None, "stride": None, "sensor": sensor, "gsd": None, "bands": None}
    start_job("index", f"Index {Path(scene).name}", arguments)


def _sizes() -> dict[str, int]:
    found: dict[str, int] = {}
    for index in list_indexes(settings.indexes_dir()):
        for record in index.scenes:
            found[record.name] = found.get(record.name, 0) + record.bytes
    return found


def _keep(name: str, upload: IO[bytes]) -> Path:
    """Write an upload to the folder of scenes, whole or not at all; a scene that is there stays as it is."""
    target = settings.tiles_dir() / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ExportError(f"There is a {target.name} in {target.parent} already; give the upload another name.")
    with replacing(target) as draft, draft.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return target
