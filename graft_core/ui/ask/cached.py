"""What the Ask page computes, once for all sessions: scenes as programs see them."""

import streamlit as st

from graft_core import settings
from graft_core.ask.scene_eyes import SceneEyes
from graft_core.geo.masks import area_from_text
from graft_core.tasks.segment import Refiner
from graft_core.ui import cached
from graft_core.ui.patch_controls import Looking
from graft_core.ui.segment import cached as segment_cached


def eyes(looking: Looking, *, refined: bool) -> SceneEyes:
    """A scene, or an area of it; what was seen once is remembered. One question at a time (`cached.inference`).

    Raises:
        GraftError: as `SceneEyes` does, and where the encoder or SAM cannot be loaded.
    """
    scene, spec = cached.scene(looking.scene), segment_cached.encoder(looking).spec
    return _eyes(looking, refined, scene.fingerprint, spec.key)


@st.cache_resource(max_entries=4, show_spinner=False)
def _eyes(looking: Looking, refined: bool, fingerprint: str, key: str) -> SceneEyes:
    del fingerprint, key
    return SceneEyes(
        cached.scene(looking.scene),
        segment_cached.encoder(looking),
        settings.patches_dir(),
        area=None if looking.area is None else area_from_text(looking.area),
        refiner=Refiner(segment_cached.segmenter(), "") if refined else None,
        looks=segment_cached.looks() if refined else None,
    )
