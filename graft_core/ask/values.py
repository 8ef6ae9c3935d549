"""What a program computes with: regions, numbers, truths, texts, and the honest "I cannot tell".

Places are in metres on the plane of the scene: x grows eastwards, y northwards, from the origin of its pixel lattice.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Thing:
    """One object, or one connected piece of an area."""

    shape: Any
    """Shapely polygon, metres."""
    match: float
    """Mean match probability inside it, [0, 1]."""


@dataclass(frozen=True, eq=False)
class Region:
    """A set of things: what a query found, or the area that a program looks at."""

    things: tuple[Thing, ...]
    """Best match first."""
    what: str
    """The words it was found by, as an answer says them: "lake"; "scene" for the whole."""
    best: float = 1.0
    """Highest match probability that was seen where it was looked for, found or not, [0, 1]; NaN without imagery."""
    sure: float = 1.0
    """How probable it is that what its things were chosen by is right, such as the lake that they are near, [0, 1]."""


@dataclass(frozen=True)
class Number:
    """A count, an area, a share."""

    value: float
    unit: str = ""
    """``m2``, ``m``, ``per km2``, ``share``; empty for plain numbers and counts."""
    sure: float = 1.0
    """How probable it is that the value is right, [0, 1]."""
    spread: float = 0.0
    """Standard deviation of what it may be instead, in its unit; 0 for what is known, such as a typed number."""


@dataclass(frozen=True)
class Truth:
    """Yes or no."""

    value: bool
    sure: float = 1.0
    """As in `Number`."""


@dataclass(frozen=True)
class Text:
    """Words, such as the name of a class."""

    value: str
    sure: float = 1.0
    """As in `Number`."""


@dataclass(frozen=True)
class Unknown:
    """There is nothing to stand on; whatever is computed from it is unknown too."""

    why: str
    """A sentence."""


Value = Region | Number | Truth | Text | Unknown
