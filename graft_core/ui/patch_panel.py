"""What is said, and offered, where an encoder has not looked at the patches of a place yet."""

import math
from collections.abc import Mapping

import streamlit as st

from graft_core.geo.masks import area_from_text
from graft_core.geo.place import reprojected
from graft_core.index.patch_cache import TRIM_TO, bytes_needed, cache_limit
from graft_core.serve.jobs import start_job
from graft_core.tasks.density import crs_of, cut_to
from graft_core.types import EncoderSpec
from graft_core.ui import cached
from graft_core.ui.job_panel import at_work
from graft_core.ui.patch_controls import Looking

AT_ONCE = 64
"""Windows that are encoded while one waits; for more there is a job."""

LIVE_PX = 25_000_000
"""Pixels of the scene that are looked at while one waits, some ten seconds' worth; for more there is a job."""


def takes_long(looking: Looking) -> bool:
    """Whether looking at every pixel, and not only at every patch, takes longer than one wants to wait.

    Raises:
        GraftError: the scene cannot be opened, or the area does not meet it.
    """
    scene = cached.scene(looking.scene)
    area = None if looking.area is None else reprojected(area_from_text(looking.area), crs_of(scene))
    height, width = (scene.geobox if area is None else cut_to(scene.geobox, area, scene.name)).shape
    return bool(height * width > LIVE_PX)


def patches_known(looking: Looking, spec: EncoderSpec, missing: int, total: int, margin_px: int = 0) -> bool:
    """Whether there can be an answer now; where not, the page says what has to be looked at, and offers to.

    What a job is about to look at is left to the job: two at once are slower than one.

    Args:
        looking: scene, encoder and area.
        spec: of the encoder.
        missing: windows that were not looked at.
        total: of how many.
        margin_px: pixels around the area that are looked at too.

    Raises:
        IndexStoreError: GRAFT_PATCH_CACHE_GB is no number.
        JobError: no process can be started.
    """
    arguments = {
        "scene": looking.scene, "encoder": looking.encoder, "area": looking.area, "margin_px": margin_px,
    }  # fmt: skip
    if missing and at_work("patches", **arguments):
        st.info("The scene is being looked at; the map fills by itself when that is done.", icon=":material/grid_on:")
        return False
    if missing > AT_ONCE:
        _offer_patches(looking, spec, missing, total, arguments)
    return missing <= AT_ONCE


def _offer_patches(
    looking: Looking, spec: EncoderSpec, missing: int, total: int, arguments: Mapping[str, object]
) -> None:
    """Start to look with a click, or say that there is no room for what would be seen."""
    where = "this area" if looking.area else "this scene"
    needed, kept = bytes_needed(spec, total), cache_limit()
    if needed > TRIM_TO * kept:
        st.warning(
            f"What {spec.name} sees in {where} takes {needed / 2**30:.2g} GiB, and {kept / 2**30:.2g} GiB are kept. "
            "Draw a smaller area of interest on the map, or start the app with "
            f"GRAFT_PATCH_CACHE_GB={_enough(needed)}. "
            "On the command line, `segment` and `classify` need no room for the whole.",
            icon=":material/grid_on:",
        )
        return
    st.info(
        f"{spec.name} has not looked at {where} closely yet: {missing:,} of {total:,} windows are missing. It does so "
        "once, for every question. Or draw a small area of interest on the map: that is done at once.",
        icon=":material/grid_on:",
    )
    if st.button(f"Look at {where}", type="primary", icon=":material/visibility:"):
        start_job("patches", f"Look closely at {cached.scene(looking.scene).name} with {spec.name}", arguments)
        st.rerun()


def _enough(needed: int) -> int:
    """Gibibytes of a cache that keeps as many bytes."""
    return math.ceil(needed / TRIM_TO / 2**30)
