"""The Library's table of scenes, and what is done with the ones that are ticked."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from graft_core import settings
from graft_core.errors import GraftError
from graft_core.index.patch_cache import patch_bytes
from graft_core.index.store import list_indexes
from graft_core.tasks.catalog import find_scene, remove_scene
from graft_core.tasks.inventory import Holding, Imagery, imagery_of, inventory
from graft_core.ui.errors import told
from graft_core.ui.figures import extent_text, free_bytes, size_text
from graft_core.ui.indexing import again, choose_encoder, start_indexing

SENSORS = {"naip": "NAIP", "sentinel2": "Sentinel-2", "rgb": "RGB"}
LOOKS = 12
"""Files that are opened in one run of the page at most."""
AGAIN_S = 60.0
"""Seconds after which a file that could not be opened is tried again: what it refers to may lie on the network."""
ROWS = 5
"""Rows that are seen without scrolling; more would push the map off the screen."""
ROW_PX = 35


def holdings() -> list[Holding]:
    """Every scene of the library as it is now; a file is opened once, as long as it does not change."""
    left = LOOKS

    def look(name: str) -> Imagery | str | None:
        nonlocal left
        stat = Path(name).stat()
        key = (name, stat.st_size, stat.st_mtime_ns)
        known = _looked_at()
        found, when = known.get(key, (None, 0.0))
        again = isinstance(found, str) and time.monotonic() - when > AGAIN_S
        if (found is None or again) and left:
            left -= 1
            found = _looked(name)
            known[key] = found, time.monotonic()
        return found

    return sorted(inventory(list_indexes(settings.indexes_dir()), look), key=lambda scene: scene.label.casefold())


def show_scenes(scenes: Sequence[Holding]) -> list[Holding]:
    """The table and what can be done; the scenes that are ticked."""
    st.markdown(_summary(scenes))
    picked = st.dataframe(
        [_row(scene) for scene in scenes],
        # Rows are ticked by their number: another list of scenes begins with none ticked.
        key=f"scenes-{hash(tuple(scene.name for scene in scenes))}",
        height=ROW_PX * (min(len(scenes), ROWS) + 1) + 3,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(scenes),
        placeholder="",
        alt="The scenes of the library",
    )
    ticked = [scenes[row] for row in picked["selection"]["rows"] if row < len(scenes)]
    _actions(ticked)
    for scene in ticked:
        if scene.problem:
            st.warning(f"**{scene.label}**: {scene.problem}", icon=":material/warning:")
    return ticked


@st.cache_resource(show_spinner=False)
def _looked_at() -> dict[tuple[str, int, int], tuple[Imagery | str, float]]:
    """What files turned out to be, and when, by path, size and time of change."""
    return {}


def _looked(name: str) -> Imagery | str:
    try:
        return imagery_of(find_scene(name, settings.indexes_dir()))
    except GraftError as error:
        return str(error)


def _summary(scenes: Sequence[Holding]) -> str:
    indexed = sum(bool(scene.indexed) for scene in scenes)
    index = size_text(sum(scene.index_bytes for scene in scenes))
    imagery = size_text(sum(scene.disk or 0 for scene in scenes))
    seen = patch_bytes(settings.patches_dir())
    patches = f" · patches {size_text(seen)}" if seen else ""
    free = size_text(free_bytes(settings.tiles_dir()))
    count = f"{len(scenes):,} scene{'' if len(scenes) == 1 else 's'}"
    waiting = sum(scene.state == "not opened yet" for scene in scenes)
    later = f", {waiting:,} to be opened while you work" if waiting else ""
    sizes = f"indexes {index}{patches} · imagery {imagery} · {free} free"
    return f"**{count}**, {indexed:,} indexed{later} :gray[· {sizes}]"


def _row(scene: Holding) -> dict[str, object]:
    imagery = scene.imagery
    return {
        "scene": scene.label,
        "state": [scene.state],
        "sensor": (SENSORS[imagery.sensor] if scene.pictured else "embeddings") if imagery else None,
        "gsd": round(imagery.gsd, 2) if imagery and imagery.gsd and scene.pictured else None,
        "size": extent_text(*imagery.extent) if imagery else None,
        "pixels": f"{imagery.shape[1]:,} x {imagery.shape[0]:,}"
        if imagery and imagery.shape and scene.pictured
        else None,
        "encoders": ", ".join(spec.name for spec, _ in scene.indexed) or None,
        "tiles": scene.tiles if scene.indexed else None,
        "index": scene.index_bytes if scene.indexed else None,
        "imagery": scene.disk,
        "taken": imagery.acquired if imagery else None,
        "source": scene.source,
        "problem": scene.problem or None,
    }


def _columns(scenes: Sequence[Holding]) -> dict[str, Any]:
    config = st.column_config
    states = {"indexed": "green", "not indexed": "gray", "not opened yet": "gray"}
    bad = {"file gone": "orange", "cannot be opened": "red"}
    shown: dict[str, Any] = {
        "scene": config.TextColumn("Scene", pinned=True, width=220),
        "state": config.MultiselectColumn(
            "State", options=[*states, *bad], color=[*states.values(), *bad.values()], width=140
        ),
        "sensor": config.TextColumn("Sensor", width=85),
        "gsd": config.NumberColumn("GSD", format="%g m", width=62, help="Metres on the ground per pixel."),
        "size": config.TextColumn("Size", width=100),
        "pixels": config.TextColumn("Pixels", width=110),
        "encoders": config.TextColumn("Encoder", width=145),
        "tiles": config.NumberColumn("Tiles", format="localized", width=60),
        "index": config.NumberColumn("Index", format="bytes", width=70, help="What its rows take on disk."),
        "imagery": config.NumberColumn("Imagery", format="bytes", width=75, help="What its local files take on disk."),
        "taken": config.DateColumn("Taken", width=88),
        "source": config.TextColumn("Source", width=320),
        "problem": config.TextColumn("Problem", width=320),
    }
    if not any(scene.problem for scene in scenes):
        shown["problem"] = None
    return shown


def _actions(ticked: Sequence[Holding]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=220):
            encoder = choose_encoder("encoder-of-ticked")
        usable = [scene for scene in ticked if scene.there or scene.state == "not opened yet"]
        if st.button("Index", icon=":material/memory:", disabled=not usable):
            with told():
                for scene in usable:
                    start_indexing(scene.name, scene.label, encoder=encoder)
                st.rerun()
        indexed = [scene for scene in ticked if scene.indexed]
        if st.button("Remove from the index", icon=":material/delete:", disabled=not indexed):
            with told():
                _remove(indexed)
                st.rerun()
        offer_undo()
        if not ticked:
            st.caption("Tick scenes to index or remove them; the map goes there.")
        elif any(scene.indexed and not scene.there for scene in ticked):
            st.caption("The file of a ticked scene is gone: its removal cannot be undone.")


def _remove(scenes: Sequence[Holding]) -> None:
    """Imagery stays where it is; what is needed to index it again is kept for the undo."""
    st.session_state.removed = []
    for scene in scenes:
        remove_scene(scene.name, settings.indexes_dir())
        if scene.there:
            st.session_state.removed.append(scene)


def offer_undo() -> None:
    """Bring back what was removed last, with the encoders it had."""
    removed: list[Holding] = st.session_state.get("removed") or []
    if not removed:
        return
    what = removed[0].label if len(removed) == 1 else f"{len(removed)} scenes"
    if st.button(f"Undo: index {what} again", icon=":material/undo:", type="primary"):
        with told():
            for scene in removed:
                for indexed in scene.indexed:
                    start_indexing(scene.source, scene.label, **again(*indexed))
            st.session_state.removed = []
            st.rerun()
