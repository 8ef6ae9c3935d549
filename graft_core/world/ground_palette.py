"""Surface colours of one photo: those of its world, and a little of its own."""

import random
from dataclasses import dataclass

from graft_core.world.ground_shot import Colour, blend, scaled
from graft_core.world.land import WorldStyle

WALLS: tuple[Colour, ...] = (
    (222, 214, 198), (196, 176, 150), (168, 96, 76), (236, 232, 224), (186, 190, 192), (214, 190, 138), (150, 128, 112),
    (178, 196, 204), (206, 164, 140),
)  # fmt: skip
PAINTS: tuple[Colour, ...] = (
    (222, 222, 222), (36, 38, 44), (150, 154, 160), (160, 36, 36), (40, 70, 134), (92, 98, 106), (196, 190, 176),
    (30, 84, 62), (206, 150, 40), (238, 238, 236),
)  # fmt: skip
CLOTHES: tuple[Colour, ...] = (
    (186, 52, 52), (46, 76, 146), (230, 226, 216), (44, 44, 52), (224, 176, 52), (72, 124, 84), (142, 84, 134),
    (214, 116, 60), (104, 112, 124),
)  # fmt: skip
SKINS: tuple[Colour, ...] = ((224, 178, 150), (182, 130, 98), (116, 80, 60), (236, 196, 172))
FRESH_GRASS: Colour = (94, 136, 54)
DRY_GRASS: Colour = (190, 170, 112)
PALE_SAND: Colour = (230, 214, 180)
FRESH_LAWN: Colour = (96, 140, 62)
NEEDLES: Colour = (52, 82, 56)


@dataclass(frozen=True)
class Palette:
    """What grass, leaves, soil and water look like here and today."""

    season: str
    """``spring``, ``summer``, ``autumn`` or ``dry season``."""
    grass: Colour
    """Uncut grass."""
    lawn: Colour
    """Cut and watered grass."""
    leaves: tuple[Colour, ...]
    """Crowns of broadleaved trees."""
    conifer: Colour
    """Needles."""
    bare: float
    """Share of broadleaved trees without leaves."""
    soil: Colour
    """Bare earth."""
    sand: Colour
    """Beach, dune, bunker."""
    rock: Colour
    """Cliffs and gravel."""
    water: Colour
    """Body colour of water, under its reflections."""
    asphalt: Colour
    """Roads and yards."""
    concrete: Colour
    """Quays, runways, pavements."""
    crops: tuple[Colour, ...]
    """What grows on the fields."""
    fallow: float
    """Share of fields that are bare."""
    roofs: tuple[Colour, ...]
    """Roofs of houses."""
    halls: tuple[Colour, ...]
    """Sheds, terminals and ships."""


def near(rng: random.Random, colour: Colour, spread: float = 0.1) -> Colour:
    """The colour with lightness and each channel moved a little."""
    gain = rng.uniform(1 - spread, 1 + spread)
    tilt = spread * 0.3
    return (
        colour[0] * gain * rng.uniform(1 - tilt, 1 + tilt),
        colour[1] * gain * rng.uniform(1 - tilt, 1 + tilt),
        colour[2] * gain * rng.uniform(1 - tilt, 1 + tilt),
    )


def _vivid(colours: tuple[Colour, ...], gain: float, saturation: float) -> tuple[Colour, ...]:
    """Colours of the style as a camera on the ground sees them: stronger, since no air lies between."""
    out = []
    for red, green, blue in colours:
        grey = (red + green + blue) / 3
        out.append(scaled(tuple(grey + (value - grey) * saturation for value in (red, green, blue)), 255 * gain))  # type: ignore[arg-type]
    return tuple(out)


def palette_of(style: WorldStyle, rng: random.Random) -> Palette:
    """The colours of one photo in a world of this style."""
    grasses, leaves = _vivid(style.grasses, 1.05, 1.5), _vivid(style.foliage, 1.3, 1.45)
    straw = blend(rng.choice(grasses), DRY_GRASS, 0.4 * (1 - style.lushness))
    grass = near(rng, blend(straw, FRESH_GRASS, style.lushness * rng.uniform(0.2, 0.75)), 0.08)
    return Palette(
        season=style.season,
        grass=grass,
        lawn=near(rng, blend(FRESH_LAWN, grass, rng.uniform(0.25, 0.75) * (1.2 - style.lushness)), 0.07),
        leaves=tuple(near(rng, leaf, 0.12) for leaf in leaves),
        conifer=near(rng, NEEDLES, 0.18),
        bare={"spring": 0.06, "summer": 0.0, "autumn": 0.1 + 0.25 * style.autumn, "dry season": 0.12}[style.season],
        soil=near(rng, rng.choice(_vivid(style.soils, 0.95, 1.2))),
        sand=near(rng, blend(rng.choice(_vivid(style.sands, 1.1, 1.15)), PALE_SAND, rng.uniform(0, 0.5)), 0.06),
        rock=near(rng, rng.choice(_vivid(style.rocks, 1.0, 1.2))),
        water=near(rng, rng.choice(_vivid(style.waters, 1.15, 1.3)), 0.12),
        asphalt=near(rng, rng.choice(_vivid(style.asphalts, 0.9, 1.0))),
        concrete=near(rng, rng.choice(_vivid(style.concretes, 1.0, 1.0)), 0.06),
        crops=_vivid(style.crops, 1.1, 1.4),
        fallow=style.bare,
        roofs=_vivid(style.roofs, 0.95, 1.3),
        halls=_vivid(style.halls, 1.0, 1.2),
    )
