"""What the Segment page computes, once for all sessions: scores of patches, objects, and what SAM saw."""

import hashlib
import re
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st
from odc.geo.geobox import GeoBox

from graft_core import settings
from graft_core.geo.masks import area_from_text, inside
from graft_core.geo.place import reprojected
from graft_core.geo.web_mercator import web_view
from graft_core.models.sam import Segmenter, load_segmenter
from graft_core.search.query import Query
from graft_core.serve.results import segments_dir
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.map_picture import LONGEST, MapPicture, coarser, painted
from graft_core.tasks.matching import MATCH, Values
from graft_core.tasks.patch_scores import patch_field, patch_query, patches_missing
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.tasks.segment import (
    Refiner,
    Segmentation,
    SegmentOptions,
    margin_px,
    match_values,
    segment,
)
from graft_core.tasks.write_segments import read_segmentation
from graft_core.types import Encoder
from graft_core.ui import cached
from graft_core.ui.patch_controls import Looking
from graft_core.ui.words import words_of

Refine = Literal["sam", "none"]
"""Whether SAM outlines the objects."""


@dataclass(frozen=True)
class Wanted:
    """Everything that the objects depend on, so that they are found once."""

    looking: Looking
    """Scene, encoder, area of interest."""
    query: str
    """As JSON (`Query.to_json`)."""
    options: SegmentOptions
    """What counts as an object."""

    @property
    def words(self) -> str:
        """What was asked, for a heading."""
        return words_of(Query.from_json(self.query))

    @property
    def key(self) -> str:
        """Changes with whatever the objects depend on."""
        return _hashed(*astuple(self), cached.scene(self.looking.scene).fingerprint, encoder(self.looking).spec.key)

    @property
    def edits_key(self) -> str:
        """The same for every threshold, area and outline: what a person corrected stays corrected."""
        return _hashed(self.query, cached.scene(self.looking.scene).fingerprint, encoder(self.looking).spec.key)

    def result(self, refine: Refine) -> Path:
        """Where a job writes the objects, outlined by SAM or not."""
        return self.raster(refine).with_suffix(".gpkg")

    def raster(self, version: str) -> Path:
        """Where the page writes the label raster of a version of them."""
        return segments_dir() / f"{self._stem}-{self.key}-{version}.tif"

    def file_name(self, suffix: str) -> str:
        """What a download is called."""
        return f"{self._stem}{suffix}"

    @property
    def _stem(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", self.words.lower()).strip("-")[:40] or "query"
        return f"{words}-{cached.scene(self.looking.scene).name}"


def encoder(looking: Looking) -> Encoder:
    """The encoder that looks at the patches; its towers are loaded once for all sessions.

    Raises:
        ModelError: unknown, or its weights are missing.
    """
    return cached.patch_encoder(looking.scene, looking.encoder)


def missing(looking: Looking, options: SegmentOptions) -> tuple[int, int]:
    """Windows that would have to be encoded first, and of how many.

    Raises:
        GraftError: as `patches_missing` does.
    """
    scene, tower = cached.scene(looking.scene), encoder(looking)
    area = None if looking.area is None else area_from_text(looking.area)
    return patches_missing(scene, tower, settings.patches_dir(), area=area, margin_px=margin(looking, options))


def margin(looking: Looking, options: SegmentOptions) -> int:
    """Pixels around the area of interest on which the objects in it may depend."""
    return margin_px(cached.scene(looking.scene), encoder(looking).spec, options, refined=False)


def objects(wanted: Wanted) -> Segmentation:
    """The objects as the match map has them; what is not encoded yet is encoded here and now.

    Raises:
        GraftError: as `segment` does.
    """
    return _objects(wanted, wanted.key)


def written(wanted: Wanted, refine: Refine) -> Segmentation | None:
    """The objects as a job found them, outlined by SAM or not; None where that was not done."""
    path = wanted.result(refine)
    if not path.is_file():
        return None
    return _written(str(path), path.stat().st_mtime_ns, wanted.looking.scene)


def values(wanted: Wanted) -> Values:
    """Match probability and cosine of every pixel of the area and its surroundings."""
    looking = wanted.looking
    return _values(looking, wanted.query, margin(looking, wanted.options), wanted.edits_key)


@st.cache_resource(max_entries=32, show_spinner=False)
def picture(wanted: Wanted, ramp: str) -> MapPicture:
    """The match probability of the area, drawn for the web map; its brightest colour is always 1."""
    scene = cached.scene(wanted.looking.scene)
    area = None if wanted.looking.area is None else reprojected(area_from_text(wanted.looking.area), crs_of(scene))
    geobox = scene.geobox if area is None else cut_to(scene.geobox, area, scene.name)
    step = max(1, -(-max(geobox.shape) // LONGEST))
    coarse: GeoBox = coarser(geobox, step)
    match = values(wanted)(coarse)[MATCH].copy()
    within = None if area is None else inside(area, coarse)
    if within is not None:
        match[~within] = np.nan
    view = web_view(geobox, LONGEST)
    return MapPicture(painted(view.sample(match, step), ramp), view.bounds, 1.0)


@st.cache_resource(max_entries=1, show_spinner=False)
def segmenter() -> Segmenter:
    """SAM, loaded once for all sessions; ModelError where its weights are missing."""
    return load_segmenter()


@st.cache_resource(max_entries=1, show_spinner=False)
def looks() -> WindowLooks:
    """What SAM saw, for all sessions."""
    return WindowLooks()


@st.cache_resource(max_entries=32, show_spinner=False)
def _objects(wanted: Wanted, key: str) -> Segmentation:
    del key
    looking = wanted.looking
    area = None if looking.area is None else area_from_text(looking.area)
    with cached.inference:
        return cached.finished(
            segment(
                cached.scene(looking.scene), encoder(looking), Query.from_json(wanted.query), settings.patches_dir(),
                refiner=Refiner(None, ""), options=wanted.options, area=area,
            )
        )  # fmt: skip


@st.cache_resource(max_entries=32, show_spinner=False)
def _written(path: str, changed: int, scene: str) -> Segmentation:
    del changed
    return read_segmentation(Path(path), cached.scene(scene))


@st.cache_resource(max_entries=8, show_spinner=False)
def _values(looking: Looking, query: str, around: int, key: str) -> Values:
    del key
    scene, tower = cached.scene(looking.scene), encoder(looking)
    area = None if looking.area is None else area_from_text(looking.area)
    with cached.inference:
        asked = patch_query(Query.from_json(query), scene, tower)
        field = cached.finished(
            patch_field(scene, tower, asked.vectors, settings.patches_dir(), area=area, margin_px=around)
        )
    return match_values(field, asked)


def _hashed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
