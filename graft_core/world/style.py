"""How one world looks: the domain randomisation that its overhead imagery and its ground photos share."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from graft_core.world.noise import rng
from graft_core.world.years import is_later, place_of

Colour = tuple[float, float, float]

SEASONS = ("spring", "summer", "autumn", "dry season")

# Display colours in [0, 1]. Every list runs from ordinary to rarer; a world takes a few of each and shifts them.
_SOILS = (
    (0.56, 0.47, 0.36),
    (0.47, 0.37, 0.28),
    (0.64, 0.58, 0.48),
    (0.53, 0.39, 0.29),
    (0.41, 0.35, 0.29),
    (0.68, 0.60, 0.45),
    (0.60, 0.44, 0.33),
    (0.50, 0.47, 0.42),
)
_SANDS = (
    (0.78, 0.71, 0.57),
    (0.72, 0.64, 0.49),
    (0.83, 0.78, 0.67),
    (0.69, 0.56, 0.41),
    (0.65, 0.61, 0.53),
    (0.75, 0.62, 0.44),
)
_ROCKS = ((0.62, 0.60, 0.56), (0.70, 0.66, 0.58), (0.50, 0.48, 0.46), (0.66, 0.56, 0.45), (0.76, 0.74, 0.69))
_GRASSES = ((0.40, 0.46, 0.27), (0.34, 0.43, 0.22), (0.47, 0.49, 0.30), (0.30, 0.40, 0.24), (0.44, 0.47, 0.33))
_STRAW = ((0.62, 0.56, 0.38), (0.58, 0.50, 0.34), (0.66, 0.61, 0.44), (0.54, 0.48, 0.35))
_FOLIAGE = ((0.24, 0.33, 0.19), (0.19, 0.29, 0.18), (0.29, 0.36, 0.20), (0.22, 0.31, 0.23), (0.32, 0.37, 0.24))
_AUTUMN = ((0.52, 0.38, 0.19), (0.48, 0.30, 0.18), (0.56, 0.46, 0.22), (0.40, 0.32, 0.20))
_CROPS = (
    (0.36, 0.45, 0.23),
    (0.46, 0.50, 0.27),
    (0.64, 0.57, 0.36),
    (0.29, 0.39, 0.22),
    (0.57, 0.53, 0.33),
    (0.70, 0.65, 0.46),
    (0.42, 0.43, 0.30),
    (0.55, 0.55, 0.25),
)
_ROOFS = (
    (0.42, 0.40, 0.39),
    (0.55, 0.36, 0.28),
    (0.63, 0.60, 0.56),
    (0.34, 0.33, 0.34),
    (0.50, 0.43, 0.37),
    (0.61, 0.42, 0.32),
    (0.47, 0.49, 0.52),
    (0.72, 0.69, 0.64),
    (0.40, 0.30, 0.26),
)
_HALLS = (
    (0.82, 0.82, 0.80),
    (0.70, 0.71, 0.71),
    (0.56, 0.58, 0.60),
    (0.76, 0.72, 0.64),
    (0.45, 0.52, 0.58),
    (0.62, 0.40, 0.32),
    (0.90, 0.90, 0.88),
    (0.40, 0.41, 0.42),
)
_ASPHALTS = ((0.42, 0.42, 0.42), (0.50, 0.49, 0.48), (0.36, 0.36, 0.37), (0.57, 0.55, 0.52), (0.46, 0.44, 0.42))
_CONCRETES = ((0.66, 0.65, 0.62), (0.60, 0.58, 0.55), (0.72, 0.70, 0.66), (0.63, 0.59, 0.52))
_WATERS = (
    (0.11, 0.17, 0.21),
    (0.15, 0.21, 0.20),
    (0.18, 0.23, 0.18),
    (0.25, 0.26, 0.21),
    (0.13, 0.25, 0.29),
    (0.30, 0.28, 0.22),
    (0.09, 0.13, 0.16),
    (0.20, 0.30, 0.31),
)
_SKIES = ((0.55, 0.70, 0.88), (0.62, 0.74, 0.86), (0.70, 0.76, 0.82), (0.48, 0.64, 0.86), (0.76, 0.76, 0.75))


@dataclass(frozen=True)
class WorldStyle:
    """Season, light, camera and palettes of one world. Colours are display RGB in [0, 1]."""

    seed: int
    """The world it belongs to."""
    season: str
    """One of ``SEASONS``; it decides the three figures below and is meant for people."""
    lushness: float
    """0: grass and crops are straw; 1: fresh green."""
    autumn: float
    """Share of tree crowns in autumn colour, 0 to 1."""
    bare: float
    """Share of farm parcels without a crop, 0 to 1."""
    sun_azimuth_deg: float
    """Where the sun stands, degrees clockwise from north."""
    sun_elevation_deg: float
    """Height of the sun over the horizon, degrees."""
    haze: float
    """Share of the light that comes from the air, 0 (clear) to about 0.25."""
    haze_colour: Colour
    """Colour of that light."""
    sky: Colour
    """Colour of the sky seen from the ground."""
    brightness: float
    """Exposure: display values are multiplied by it."""
    contrast: float
    """Stretch about middle grey."""
    gamma: float
    """Exponent on display values; above 1 darkens the middle."""
    cast: Colour
    """Colour cast: a factor for each of red, green and blue."""
    saturation: float
    """0 grey, 1 as painted."""
    noise: float
    """Standard deviation of the sensor noise, in units of 8-bit display values."""
    blur_px: float
    """Standard deviation of the optics' blur, in 1 m pixels."""
    soils: tuple[Colour, ...]
    """Bare earth."""
    sands: tuple[Colour, ...]
    """Beaches, dunes, bunkers."""
    rocks: tuple[Colour, ...]
    """Quarry faces, gravel, boulders."""
    grasses: tuple[Colour, ...]
    """Grass, the world's dryness mixed in."""
    foliage: tuple[Colour, ...]
    """Tree crowns, the season mixed in."""
    crops: tuple[Colour, ...]
    """Crops that stand in the fields."""
    roofs: tuple[Colour, ...]
    """Roofs of houses."""
    halls: tuple[Colour, ...]
    """Roofs of halls, terminals and ships."""
    asphalts: tuple[Colour, ...]
    """Roads and car parks."""
    concretes: tuple[Colour, ...]
    """Runways, quays, pavements."""
    waters: tuple[Colour, ...]
    """Lakes, rivers, pools and harbour basins."""


def blend(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def _choose(dice: np.random.Generator, colours: tuple[Colour, ...], count: int, spread: float) -> tuple[Colour, ...]:
    """A few colours of a list, each made lighter or darker and a little warmer or colder."""
    chosen = []
    for position in dice.permutation(len(colours))[:count]:
        light = 1 + spread * float(dice.uniform(-1, 1))
        warm = 0.25 * spread * float(dice.uniform(-1, 1))
        red, green, blue = colours[position]
        chosen.append(
            (min(red * light * (1 + warm), 1.0), min(green * light, 1.0), min(blue * light * (1 - warm), 1.0))
        )
    return tuple(chosen)


def _seasonal(dice: np.random.Generator) -> tuple[str, float, float, float]:
    season = SEASONS[int(dice.integers(len(SEASONS)))]
    lush, autumn, bare = {
        "spring": ((0.65, 1.0), (0.0, 0.08), (0.25, 0.5)),
        "summer": ((0.35, 0.95), (0.0, 0.05), (0.05, 0.3)),
        "autumn": ((0.25, 0.8), (0.3, 0.85), (0.3, 0.65)),
        "dry season": ((0.0, 0.35), (0.0, 0.25), (0.3, 0.7)),
    }[season]
    return season, float(dice.uniform(*lush)), float(dice.uniform(*autumn)), float(dice.uniform(*bare))


def _grasses(dice: np.random.Generator, lushness: float) -> tuple[Colour, ...]:
    green, straw = _choose(dice, _GRASSES, 4, 0.14), _choose(dice, _STRAW, 4, 0.12)
    dryness = [min(max(1 - lushness + float(dice.uniform(-0.25, 0.25)), 0.0), 1.0) for _ in green]
    return tuple(blend(a, b, share) for a, b, share in zip(green, straw, dryness, strict=True))


def _crops(dice: np.random.Generator, lushness: float) -> tuple[Colour, ...]:
    straw = _choose(dice, _STRAW, 4, 0.1)
    return tuple(
        blend(colour, straw[k % 4], float(dice.uniform(0, 0.9)) * (1 - lushness))
        for k, colour in enumerate(_choose(dice, _CROPS, 5, 0.12))
    )


def _foliage(dice: np.random.Generator, lushness: float, autumn: float) -> tuple[Colour, ...]:
    dry = 0.35 * (1 - lushness)
    green = [blend(colour, (0.45, 0.42, 0.30), dry) for colour in _choose(dice, _FOLIAGE, 4, 0.16)]
    turned = _choose(dice, _AUTUMN, 4, 0.12)
    return tuple(blend(a, b, autumn * float(dice.uniform(0, 1))) for a, b in zip(green, turned, strict=True))


def _cast(dice: np.random.Generator) -> Colour:
    """Warm or cold, sometimes a little green; never towards magenta, which no film of the land shows."""
    warm, green = float(dice.uniform(-0.06, 0.06)), float(dice.uniform(-0.005, 0.035))
    return 1 + warm, 1 + green, 1 - warm


_OF_A_DAY = (
    "season", "lushness", "autumn", "bare", "sun_azimuth_deg", "sun_elevation_deg", "haze", "haze_colour", "sky",
    "brightness", "contrast", "gamma", "cast", "noise", "grasses", "foliage", "crops",
)  # fmt: skip
"""What differs between two dates of one world; its soils, roofs, roads and waters keep their colours."""


@lru_cache(maxsize=256)
def style(seed: int) -> WorldStyle:
    """The look of world ``seed``: the same for every caller, different for every seed."""
    if is_later(seed):
        day = _drawn(seed, rng(seed, "style", "later"))
        return replace(style(place_of(seed)), seed=seed, **{name: getattr(day, name) for name in _OF_A_DAY})
    return _drawn(seed, rng(seed, "style"))


def _drawn(seed: int, dice: np.random.Generator) -> WorldStyle:
    season, lushness, autumn, bare = _seasonal(dice)
    return WorldStyle(
        seed=seed,
        season=season,
        lushness=lushness,
        autumn=autumn,
        bare=bare,
        sun_azimuth_deg=float(dice.uniform(0, 360)),
        sun_elevation_deg=float(dice.uniform(30, 66)),
        haze=float(dice.beta(1.2, 3.0)) * 0.28,
        haze_colour=(0.63 + float(dice.uniform(0, 0.06)), 0.70, 0.72 + float(dice.uniform(0, 0.08))),
        sky=_SKIES[int(dice.integers(len(_SKIES)))],
        brightness=float(dice.uniform(0.78, 1.18)),
        contrast=float(dice.uniform(0.78, 1.2)),
        gamma=float(dice.uniform(0.82, 1.22)),
        cast=_cast(dice),
        saturation=float(dice.uniform(0.7, 1.15)),
        noise=float(dice.uniform(0.8, 4.5)),
        blur_px=float(dice.uniform(0.35, 0.85)),
        soils=_choose(dice, _SOILS, 3, 0.15),
        sands=_choose(dice, _SANDS, 3, 0.10),
        rocks=_choose(dice, _ROCKS, 3, 0.15),
        grasses=_grasses(dice, lushness),
        foliage=_foliage(dice, lushness, autumn),
        crops=_crops(dice, lushness),
        roofs=_choose(dice, _ROOFS, 4, 0.15),
        halls=_choose(dice, _HALLS, 4, 0.10),
        asphalts=_choose(dice, _ASPHALTS, 3, 0.12),
        concretes=_choose(dice, _CONCRETES, 3, 0.10),
        waters=_choose(dice, _WATERS, 4, 0.18),
    )
