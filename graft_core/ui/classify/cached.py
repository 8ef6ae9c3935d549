"""What the Classify page computes, once for all sessions: label maps, their pictures and areas."""

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from graft_core import settings
from graft_core.geo.masks import area_from_text
from graft_core.geo.web_mercator import web_view
from graft_core.index.store import IndexStore
from graft_core.serve.results import classes_dir
from graft_core.tasks.class_areas import AreaTable, class_areas
from graft_core.tasks.class_list import ClassName
from graft_core.tasks.classify import LabelMap, class_encoder, label_map
from graft_core.tasks.map_picture import MapPicture, coarser
from graft_core.tasks.patch_scores import patches_missing
from graft_core.types import U8, Encoder, Level
from graft_core.ui import cached
from graft_core.ui.patch_controls import Looking

LONGEST = 1024
"""Pixels of a picture's longer side: classes have edges, densities have not."""


@dataclass(frozen=True)
class Labelling:
    """Everything that a label map depends on, so that it is made once."""

    looking: Looking
    """Scene, encoder, area of interest."""
    classes: tuple[ClassName, ...]
    """Names, words and colours."""
    level: Level
    """Whether patches are told apart, or whole tiles."""
    margin: float
    """Difference of the two highest class probabilities below which a pixel is unsure."""

    @property
    def key(self) -> str:
        """Changes with whatever the map depends on."""
        parts = (*astuple(self), cached.scene(self.looking.scene).fingerprint, encoder(self).spec.key)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    def result(self) -> Path:
        """Where the map is written."""
        return classes_dir() / f"classes-{cached.scene(self.looking.scene).name}-{self.key}.tif"


def encoder(asked: Labelling) -> Encoder:
    """The encoder that looks, its towers loaded once for all sessions.

    Raises:
        ModelError: unknown, its weights are missing, or a pixel-level one is to give tiles.
    """
    looking = asked.looking
    if asked.level == "patch":
        return cached.patch_encoder(looking.scene, looking.encoder)
    return cached.shared(class_encoder(cached.scene(looking.scene), looking.encoder, level="tile"))


def missing(asked: Labelling) -> tuple[int, int]:
    """Windows of patches that would have to be encoded first, and of how many."""
    looking = asked.looking
    area = None if looking.area is None else area_from_text(looking.area)
    return patches_missing(cached.scene(looking.scene), encoder(asked), settings.patches_dir(), area=area)


def indexed(asked: Labelling) -> bool:
    """Whether the tiles of the scene are in the index of the encoder."""
    store = IndexStore(settings.indexes_dir(), encoder(asked).spec)
    return store.find(cached.scene(asked.looking.scene).name) is not None


def labels(asked: Labelling) -> LabelMap:
    """The label map; what is not encoded yet is encoded here and now.

    Raises:
        GraftError: as `label_map` does.
    """
    return _labels(asked, asked.key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _labels(asked: Labelling, key: str) -> LabelMap:
    del key
    looking = asked.looking
    area = None if looking.area is None else area_from_text(looking.area)
    store = settings.patches_dir() if asked.level == "patch" else settings.indexes_dir()
    scene, tower = cached.scene(looking.scene), encoder(asked)
    with cached.inference:
        return cached.finished(label_map(scene, tower, asked.classes, store, margin=asked.margin, area=area))


@st.cache_resource(max_entries=16, show_spinner=False)
def picture(asked: Labelling, key: str) -> MapPicture:
    """The map in its colours, drawn for the web map."""
    del key
    made = labels(asked)
    step = max(1, -(-max(made.geobox.shape) // LONGEST))
    view = web_view(made.geobox, LONGEST)
    seen = _nearest(made.window(coarser(made.geobox, step)), view.row / step, view.col / step)
    colors = np.zeros((256, 4), np.uint8)
    for value, color in made.colors.items():
        colors[value] = (*color, 255)
    return MapPicture(colors[seen], view.bounds, 1.0)


@st.cache_resource(max_entries=16, show_spinner=False)
def areas(asked: Labelling, key: str) -> AreaTable:
    """How much land each class covers."""
    del key
    return cached.finished(class_areas(labels(asked)))


def _nearest(values: U8, row: np.ndarray, col: np.ndarray) -> U8:
    """The value that each place lies in; 0 beyond the grid."""
    height, width = values.shape
    down, right = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
    inside = (down >= 0) & (down < height) & (right >= 0) & (right < width)
    seen: U8 = np.where(inside, values[np.clip(down, 0, height - 1), np.clip(right, 0, width - 1)], np.uint8(0))
    return seen
