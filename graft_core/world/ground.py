"""What a camera sees at a place of the demo world: the thing that stands there, and what lies behind it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from graft_core.types import U8
from graft_core.world import (
    ground_farm,
    ground_glass,
    ground_harbour,
    ground_nature,
    ground_roads,
    ground_sites,
    ground_sports,
    ground_town,
    ground_waters,
)
from graft_core.world.ground_backdrop import SHOWN_BEHIND, backdrop
from graft_core.world.ground_camera import develop, rain
from graft_core.world.ground_distractors import DISTRACTORS, distractor
from graft_core.world.ground_palette import Palette, palette_of
from graft_core.world.ground_shot import Shot
from graft_core.world.ground_sky import draw_light, paint_sky
from graft_core.world.land import CLASSES, class_at, style

__all__ = [
    "DISTRACTORS",
    "PhotoFacts",
    "View",
    "look",
    "photo_facts",
    "render_distractor",
    "render_photo",
    "render_scene",
]

Scene = Callable[[Shot, Palette], None]
Range = tuple[float, float]

LOOK_M = (80.0, 120.0, 180.0, 270.0, 400.0)
"""Distances at which the land ahead is asked what lies behind the scene."""

WALLED = ("forest", "downtown", "residential area", "industrial area", "quarry", "greenhouse", "orchard")
"""Scenes that hide what lies behind them."""


@dataclass(frozen=True)
class Framing:
    """How people hold the camera at one kind of place."""

    scene: Scene
    """Paints it."""
    eye: Range
    """Height of the camera over the ground, metres."""
    horizon: Range
    """Where the horizon lies, as a share of the picture from its top."""
    focal: Range
    """Focal length as a share of the picture's width."""


FRAMINGS: dict[str, Framing] = {
    "forest": Framing(ground_nature.forest, (1.4, 2.0), (0.52, 0.66), (0.75, 1.05)),
    "lake": Framing(ground_waters.lake, (1.5, 4.0), (0.34, 0.52), (0.75, 1.2)),
    "river": Framing(ground_waters.river, (2.0, 4.5), (0.34, 0.48), (0.7, 1.0)),
    "crop field": Framing(ground_farm.crop_field, (1.6, 3.2), (0.34, 0.5), (0.75, 1.1)),
    "orchard": Framing(ground_farm.orchard, (1.6, 2.8), (0.4, 0.55), (0.75, 1.05)),
    "meadow": Framing(ground_nature.meadow, (1.3, 2.2), (0.36, 0.55), (0.75, 1.2)),
    "residential area": Framing(ground_town.residential, (1.6, 2.6), (0.5, 0.62), (0.7, 1.0)),
    "downtown": Framing(ground_town.downtown, (1.6, 4.0), (0.62, 0.78), (0.6, 0.9)),
    "industrial area": Framing(ground_town.industrial, (1.7, 4.0), (0.6, 0.74), (0.75, 1.1)),
    "highway": Framing(ground_roads.highway, (1.5, 7.0), (0.36, 0.52), (0.75, 1.2)),
    "parking lot": Framing(ground_roads.parking_lot, (2.0, 6.5), (0.3, 0.46), (0.7, 1.05)),
    "airport": Framing(ground_roads.airport, (1.7, 5.0), (0.46, 0.62), (0.8, 1.2)),
    "solar farm": Framing(ground_glass.solar_farm, (2.4, 5.0), (0.3, 0.46), (0.75, 1.1)),
    "beach": Framing(ground_waters.beach, (1.6, 3.4), (0.3, 0.45), (0.7, 1.05)),
    "desert": Framing(ground_nature.desert, (1.5, 3.0), (0.4, 0.54), (0.75, 1.1)),
    "wetland": Framing(ground_waters.wetland, (1.8, 3.4), (0.3, 0.46), (0.75, 1.05)),
    "baseball field": Framing(ground_sports.baseball, (2.2, 6.5), (0.3, 0.44), (0.7, 1.0)),
    "golf course": Framing(ground_sports.golf, (2.0, 4.5), (0.36, 0.48), (0.8, 1.1)),
    "quarry": Framing(ground_sites.quarry, (1.8, 4.5), (0.48, 0.6), (0.75, 1.1)),
    "cemetery": Framing(ground_sites.cemetery, (1.6, 2.6), (0.36, 0.5), (0.75, 1.05)),
    "greenhouse": Framing(ground_glass.greenhouse, (1.7, 3.8), (0.5, 0.64), (0.7, 1.0)),
    "harbour": Framing(ground_harbour.harbour, (2.0, 5.0), (0.46, 0.6), (0.8, 1.15)),
}


@dataclass(frozen=True)
class PhotoFacts:
    """What is true of a photo, for those who write captions."""

    place: str
    """Class under the camera."""
    behind: str | None
    """Another class that shows on the horizon, or None."""
    weather: str
    """``clear``, ``cloudy``, ``overcast`` or ``sunset``."""
    season: str
    """The world's season."""


@dataclass(frozen=True)
class View:
    """What the land offers a camera."""

    place: str
    """Class under the camera."""
    behind: str | None
    """The first other class ahead, or None."""
    distance: float
    """Metres to it; 0 without one."""


def look(seed: int, x: Sequence[float], y: Sequence[float], heading_deg: Sequence[float]) -> list[View]:
    """The views of many cameras; asking the land once for all of them costs little more than asking for one."""
    turn = np.radians(np.asarray(heading_deg, np.float64))[:, None]
    reach = np.asarray((0.0, *LOOK_M))[None, :]
    east = np.asarray(x, np.float64)[:, None] + reach * np.sin(turn)
    north = np.asarray(y, np.float64)[:, None] + reach * np.cos(turn)
    views = []
    for here, *ahead in class_at(seed, east, north).tolist():
        other = next((k for k, number in enumerate(ahead) if number != here), None)
        if other is None:
            views.append(View(CLASSES[here - 1], None, 0.0))
        else:
            views.append(View(CLASSES[here - 1], CLASSES[ahead[other] - 1], LOOK_M[other]))
    return views


@lru_cache(maxsize=4096)
def _look(seed: int, x: float, y: float, heading_deg: float) -> View:
    return look(seed, [x], [y], [heading_deg])[0]


def _key(seed: int, x: float, y: float, heading_deg: float, photo_seed: int) -> str:
    return f"{seed} {x:.3f} {y:.3f} {heading_deg:.3f} {photo_seed}"


def photo_facts(
    seed: int, x: float, y: float, heading_deg: float, photo_seed: int, *, view: View | None = None
) -> PhotoFacts:
    """What ``render_photo`` shows for the same arguments."""
    view = view or _look(seed, x, y, heading_deg)
    rng = random.Random(f"{view.place} {_key(seed, x, y, heading_deg, photo_seed)}")
    visible = view.behind if view.behind in SHOWN_BEHIND and view.place not in WALLED else None
    return PhotoFacts(view.place, visible, draw_light(rng, style(seed)).weather, style(seed).season)


def render_photo(
    seed: int, x: float, y: float, heading_deg: float, photo_seed: int, size: int = 128, *, view: View | None = None
) -> U8:
    """(size, size, 3) RGB: the view from world metres (x, y) towards ``heading_deg`` clockwise from north.

    ``view`` spares asking the land when ``look`` has answered for this camera already.
    """
    view = view or _look(seed, x, y, heading_deg)
    key = _key(seed, x, y, heading_deg, photo_seed)
    return render_scene(view.place, seed, key, beyond=view.behind, distance=view.distance, size=size)


def render_scene(
    place: str, seed: int, key: str, *, beyond: str | None = None, distance: float = 0.0, size: int = 128
) -> U8:
    """(size, size, 3) RGB of a class in the style of world ``seed``; ``key`` makes one photo differ from another."""
    rng = random.Random(f"{place} {key}")
    world = style(seed)
    light = draw_light(rng, world)
    framing = FRAMINGS[place]
    shot = Shot(
        rng,
        light,
        size,
        eye=rng.uniform(*framing.eye),
        horizon=rng.uniform(*framing.horizon),
        focal=rng.uniform(*framing.focal),
    )
    land = palette_of(world, rng)
    paint_sky(shot)
    if beyond is not None:
        backdrop(shot, land, beyond, distance)
    framing.scene(shot, land)
    if light.weather == "overcast" and rng.random() < 0.3:
        rain(shot)
    return develop(shot, rng, size)


def render_distractor(photo_seed: int, size: int = 128) -> tuple[U8, str]:
    """((size, size, 3) RGB, kind): a photo that shows no place, of one of ``DISTRACTORS``."""
    rng = random.Random(f"distractor {photo_seed}")
    shot, kind = distractor(rng, size)
    return develop(shot, rng, size), kind
