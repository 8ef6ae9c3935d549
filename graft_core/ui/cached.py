"""What all sessions share: scenes, encoders, searchers and the answers to questions somebody asked before."""

import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from graft_core import settings
from graft_core.geo.grid import TileGrid
from graft_core.geo.masks import area_from_text
from graft_core.index.records import share_area
from graft_core.index.store import IndexStore, list_indexes
from graft_core.io.scene import Scene
from graft_core.search.query import Query
from graft_core.tasks.catalog import KnownScene, encoder_for_all, find_scene, known_scenes
from graft_core.tasks.change import ChangeMap, change_of
from graft_core.tasks.change_picture import change_picture
from graft_core.tasks.density import DensityMap, density_map
from graft_core.tasks.examples import read_photo
from graft_core.tasks.map_picture import RGB, MapPicture, density_picture, difference_picture
from graft_core.tasks.patch_scores import patch_encoder as encoder_for_patches
from graft_core.tasks.retrieve import Hit, Retrieval, retrieve
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_hits import thumbnails
from graft_core.types import Encoder, Progress
from graft_core.ui.data_uri import jpeg_uri
from graft_core.ui.words import words_of

HITS = 24
"""Tiles in the gallery."""

EXAMPLE_PX = 216
"""Longer side of a query's example picture."""

Result = TypeVar("Result")

inference = threading.Lock()
"""One question at a time: two at once are no faster, and take twice the memory."""


@dataclass(frozen=True)
class Question:
    """Everything an answer depends on, so that equal questions are answered once."""

    scenes: tuple[str, ...]
    """Names of indexed scenes."""
    encoder: str | None
    """Its name; None for the one that suits the scenes."""
    query: str
    """As JSON (`Query.to_json`)."""
    threshold: float | None
    """Match probability from which a tile counts; None maps the expected share."""
    bandwidth: float | None
    """Metres; None for the encoder's own."""
    area: str | None
    """Area of interest as typed (`area_from_text`)."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A query on every scene that was asked."""

    maps: tuple[DensityMap, ...]
    """One a scene, in the order asked."""
    found: Retrieval
    """The best tiles of all of them."""
    pictures: tuple[str, ...]
    """Thumbnail of each hit, as a data URI."""


def scenes() -> list[KnownScene]:
    """Scenes that are known now."""
    return known_scenes(settings.indexes_dir())


def overlapping(name: str) -> list[str]:
    """Other indexed scenes that share area with one, by name."""
    records = {record.name: record for index in list_indexes(settings.indexes_dir()) for record in index.scenes}
    own = records.pop(name, None)
    if own is None:
        return []
    return sorted(each.name for each in records.values() if share_area(own.bounds_wgs84, each.bounds_wgs84))


@st.cache_resource(max_entries=64, show_spinner=False, ttl="10m")
def scene(name: str) -> Scene:
    """An opened scene."""
    return find_scene(name, settings.indexes_dir())


def encoder(scenes: tuple[str, ...], name: str | None) -> Encoder:
    """The encoder of a name, or the one that suits the scenes; its towers are loaded once for all sessions.

    Raises:
        SceneError: the scenes need encoders of their own.
        ModelError: unknown, or its weights are missing.
    """
    found = encoder_for_all([scene(each) for each in scenes], name)
    return shared(found)


def patch_encoder(scene_name: str, name: str | None) -> Encoder:
    """The encoder of a name at patch level, or the pixel-level one that suits a scene, its towers loaded once.

    Raises:
        ModelError: unknown, or its weights are missing.
    """
    found = encoder_for_patches(scene(scene_name), name)
    return shared(found)


def shared(encoder: Encoder) -> Encoder:
    """The encoder of this key that was made first, for all sessions."""
    return _shared(encoder.spec.key, encoder)


def finished(work: Generator[Progress, None, Result]) -> Result:
    """What a task returns, for whoever has no bar to draw."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result


@st.cache_resource(max_entries=4, show_spinner=False)
def _shared(key: str, _encoder: Encoder) -> Encoder:
    del key
    return _encoder


def answer(question: Question) -> Answer:
    """Ask, or take the answer somebody got before on the same index.

    Raises:
        GraftError: as `density_map` and `retrieve` do.
    """
    spec = encoder(question.scenes, question.encoder).spec
    return _answer(question, IndexStore(settings.indexes_dir(), spec).version())


@st.cache_resource(max_entries=2, show_spinner=False)
def _searcher(key: str, version: int, _encoder: Encoder) -> Searcher:
    del key, version
    return Searcher(IndexStore(settings.indexes_dir(), _encoder.spec).snapshot(), _encoder)


@st.cache_resource(max_entries=32, show_spinner=False)
def _answer(question: Question, version: int) -> Answer:
    tower = encoder(question.scenes, question.encoder)
    opened = {name: scene(name) for name in question.scenes}
    query = Query.from_json(question.query)
    area = None if question.area is None else area_from_text(question.area)
    with inference:
        searcher = _searcher(tower.spec.key, version, tower)
        maps = [
            density_map(each, searcher, query, threshold=question.threshold, bandwidth=question.bandwidth, area=area)
            for each in opened.values()
        ]
        found = retrieve(searcher, question.scenes, query, HITS, area=area)
    pictures = thumbnails(found.hits, opened, found.grids)
    return Answer(tuple(maps), found, tuple(map(jpeg_uri, pictures)))


def grids(scenes: tuple[str, ...], encoder_name: str | None) -> dict[str, TileGrid]:
    """Where the tiles of each scene lie under an encoder; a scene it has not indexed is left out."""
    store = IndexStore(settings.indexes_dir(), encoder(scenes, encoder_name).spec)
    records = (store.find(name) for name in scenes)
    return {record.name: TileGrid.from_json(record.grid_json) for record in records if record}


@st.cache_resource(max_entries=256, show_spinner=False, ttl="10m")
def thumbnail(hit: Hit, _grid: TileGrid) -> str:
    """Picture of one tile, as a data URI."""
    return jpeg_uri(thumbnails([hit], {hit.scene: scene(hit.scene)}, {hit.scene: _grid})[0])


@st.cache_resource(max_entries=16, show_spinner=False)
def example(path: str) -> str:
    """An example picture of a query, small, as a data URI; PhotoError where the file is none."""
    picture = Image.fromarray(read_photo(Path(path)))
    picture.thumbnail((EXAMPLE_PX, EXAMPLE_PX))
    return jpeg_uri(np.asarray(picture))


@st.cache_resource(max_entries=64, show_spinner=False)
def picture(question: Question, which: int, ramp: str, maximum: float | None, tint: RGB | None) -> MapPicture:
    """The density of one of an answer's maps, drawn for the web map (`density_picture`)."""
    return density_picture(answer(question).maps[which], ramp=ramp, maximum=maximum, tint=tint)


@st.cache_resource(max_entries=16, show_spinner=False)
def difference(question: Question, minus: Question, which: int) -> MapPicture:
    """One answer's density less another's."""
    return difference_picture(answer(question).maps[which], answer(minus).maps[which])


def change(before: Question, after: Question) -> ChangeMap:
    """Density of a question to one scene less that of the same question to another.

    Raises:
        GraftError: as `answer` does; the scenes do not overlap.
    """
    return change_of(answer(before).maps[0], answer(after).maps[0])


@st.cache_resource(max_entries=16, show_spinner=False)
def change_drawn(before: Question, after: Question) -> MapPicture:
    """The change, drawn for the web map."""
    return change_picture(change(before, after))


def words(question: Question) -> str:
    """What was asked, for a heading."""
    return words_of(Query.from_json(question.query))
