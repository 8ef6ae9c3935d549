"""From a list of classes to a label map, and what stands beside the map."""

import streamlit as st

from graft_core.tasks.class_list import ClassName
from graft_core.ui import cached
from graft_core.ui.classify import cached as classify_cached
from graft_core.ui.classify.cached import Labelling
from graft_core.ui.classify.controls import Labelled
from graft_core.ui.indexing import start_indexing
from graft_core.ui.job_panel import at_work
from graft_core.ui.patch_panel import patches_known
from graft_core.ui.preload import ENCODERS, finish


def what_is_asked(classes: tuple[ClassName, ...], labelled: Labelled) -> Labelling | None:
    """The label map of what is listed and set; None where something has to be looked at first, which the page says.

    Raises:
        GraftError: the encoder or the scene cannot be opened.
    """
    asked = Labelling(labelled.looking, classes, labelled.level, labelled.margin)
    if asked.level == "tile":
        if classify_cached.indexed(asked):
            return asked
        _offer_index(asked)
        return None
    missing, total = classify_cached.missing(asked)
    spec = classify_cached.encoder(asked).spec
    return asked if patches_known(asked.looking, spec, missing, total) else None


def label(asked: Labelling) -> None:
    """Make the label map, with a line that says how long it takes.

    Raises:
        GraftError: as `tasks.classify.label_map` does.
    """
    with st.spinner("Looking at every place", show_time=True):
        finish(ENCODERS)
        classify_cached.labels(asked)


def _offer_index(asked: Labelling) -> None:
    scene, spec = cached.scene(asked.looking.scene), classify_cached.encoder(asked).spec
    if at_work("index", scene=asked.looking.scene, encoder=spec.name):
        st.info("The scene is being indexed; the map fills by itself when that is done.", icon=":material/grid_on:")
        return
    st.info(
        f"Whole tiles come from the index, and {scene.name} is not indexed with {spec.name}.", icon=":material/memory:"
    )
    if st.button(f"Index it with {spec.name}", type="primary", icon=":material/memory:"):
        start_indexing(asked.looking.scene, scene.name, encoder=spec.name)
        st.rerun()
