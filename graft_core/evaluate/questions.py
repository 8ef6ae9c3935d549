"""Questions with true answers about windows of a demo world: made of its truth raster, the same for the same seed.

Only questions with one answer are asked; each family (`graft_core.evaluate.question_families`) says what it leaves out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.evaluate.answer_scores import Answer, Scoring
from graft_core.evaluate.class_objects import WindowTruth
from graft_core.evaluate.question_families import FAMILIES
from graft_core.geo.place import pixel_window
from graft_core.types import U8

SIDES_PX = (512, 1024)
"""Sides of the windows that questions are about: 0.5 and 1 km at 1 m, 5 and 10 km at 10 m."""
PER_FAMILY = 20
"""Questions of each family about a scene, at most: half of them with yes for an answer, or the larger numbers."""


@dataclass(frozen=True)
class Question:
    """A question and what is true."""

    text: str
    """As a person asks it."""
    family: str
    """What kind of question it is."""
    truth: Answer
    """Yes or no, a number, or a word."""
    scoring: Scoring
    """When an answer is right."""


@dataclass(frozen=True, eq=False)
class AskedArea:
    """Questions about one place."""

    area: Geometry | None
    """Area of interest; None: the whole scene."""
    questions: tuple[Question, ...]
    """At least one."""


def world_questions(
    classes: U8, geobox: GeoBox, patch_px: float, seed: int, per_family: int = PER_FAMILY
) -> list[AskedArea]:
    """Draw questions of every family about windows of a world.

    Args:
        classes: (H, W) ids of land.CLASSES.
        geobox: their grid; north-up, metres.
        patch_px: side of the encoder's patches, pixels of the grid: what is smaller than a few cannot be asked about.
        seed: of the drawing.
        per_family: how many of each family, at most; a small scene may not have them.

    Returns:
        Windows with their questions, in the order they were drawn.
    """
    dice = np.random.default_rng([seed, *classes.shape])
    left = {(family, wanted): per_family // 2 for family in FAMILIES for wanted in (True, False)}
    areas = []
    for top, first, side in _windows(classes.shape, dice):
        truth = WindowTruth(classes[top : top + side, first : first + side], float(geobox.resolution.x), patch_px)
        questions = []
        for (family, wanted), wished in left.items():
            drawn = FAMILIES[family](truth, dice, wanted) if wished else None
            if drawn is not None:
                questions.append(Question(drawn.text, family, drawn.truth, drawn.scoring))
                left[family, wanted] -= 1
        if questions:
            area = pixel_window(geobox, top, first, side, side).extent
            areas.append(AskedArea(area, tuple(questions)))
    return areas


def _windows(shape: tuple[int, ...], dice: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """Top, left and side of every window, those of a side half a window apart, in a random order."""
    windows = [
        (top, left, side)
        for side in SIDES_PX
        for top in range(0, shape[0] - side + 1, side // 2)
        for left in range(0, shape[1] - side + 1, side // 2)
    ]
    for i in dice.permutation(len(windows)):
        yield windows[i]
