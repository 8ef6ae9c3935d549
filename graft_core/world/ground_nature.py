"""Scenes on land that nobody built on: woods, meadows, deserts."""

import math

import numpy as np

from graft_core.world.ground_palette import DRY_GRASS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import hills, tree_line
from graft_core.world.ground_sprites import paste_crown, tree
from graft_core.world.ground_things import any_tree, bush, cow, crowd, fence, sheep


def open_grass(shot: Shot, land: Palette, *, grain: float = 0.13) -> Plane:
    """A plane of uncut grass, not yet shown."""
    plane = Plane(shot)
    first, second = land.grass, blend(land.grass, DRY_GRASS, shot.rng.uniform(0.05, 0.35))
    plane.fill(first, near(shot.rng, second), patch=shot.rng.uniform(5, 14), grain=grain, cell=0.09)
    return plane


def tufts(shot: Shot, colour: Colour, count: int, *, z0: float = 2.0, z1: float = 14.0, height: float = 0.35) -> None:
    """Blades of grass in the foreground."""
    rng = shot.rng
    for z in sorted((z0 * (z1 / z0) ** rng.random() for _ in range(count)), reverse=True):
        x = rng.uniform(-1, 1) * shot.spread(z)
        shade = rng.uniform(0.65, 1.2)
        for _ in range(3):
            lean, up = rng.uniform(-0.5, 0.5) * height, height * rng.uniform(0.5, 1.2)
            shot.line((x, 0, z), (x + lean, up, z), scaled(colour, shade), 0.02)


def forest(shot: Shot, land: Palette) -> None:
    """Under the trees among trunks, or at the edge of the wood."""
    pick = shot.rng.random()
    if pick < 0.42:
        _among_trunks(shot, land)
    elif pick < 0.74:
        _forest_track(shot, land)
    else:
        _wood_edge(shot, land)


def _forest_track(shot: Shot, land: Palette) -> None:
    """A track between trees of all sizes that close over it."""
    rng = shot.rng
    plane = Plane(shot)
    litter = blend(land.soil, rng.choice(land.leaves), rng.uniform(0.2, 0.6))
    plane.fill(scaled(litter, 0.85), scaled(blend(litter, land.grass, 0.6), 0.9), patch=3, grain=0.22, cell=0.1)
    middle, bend = rng.uniform(-1, 1), rng.uniform(-0.02, 0.02)
    track = np.abs(plane.x - middle - bend * plane.z**2) < 1.6 + 0.2 * plane.soft(3)
    plane.paint(track, blend(land.soil, land.sand, rng.random() * 0.6))
    tree_line(shot, scaled(rng.choice(land.leaves), 0.7), z=110, height=16)
    plane.show()
    conifers = rng.choice((0.0, 0.1, 0.4, 1.0))
    for z in sorted((7 * 13 ** rng.random() for _ in range(40)), reverse=True):
        side = rng.choice((-1, 1))
        x = middle + bend * z * z + side * (2.6 + rng.expovariate(0.28))
        if rng.random() < 0.2:
            bush(shot, land, x, z, rng.uniform(0.7, 2.0))
        else:
            any_tree(shot, land, x, z, rng.uniform(8, 17), conifers=conifers)
    tufts(shot, land.grass, 30, z0=2.2, z1=9, height=0.3)


def _among_trunks(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    needles = rng.random() < 0.35
    leaf = land.conifer if needles else rng.choice(land.leaves)
    bark: Colour = rng.choice(((92, 74, 60), (74, 62, 54), (122, 104, 88), (216, 210, 200)))
    plane = Plane(shot)
    litter = blend(land.soil, leaf, rng.uniform(0.15, 0.6))
    plane.fill(scaled(litter, 0.85), scaled(blend(litter, land.grass, 0.5), 0.8), patch=3.5, grain=0.3, cell=0.12)
    plane.shade *= 0.82 + 0.22 * np.clip(plane.soft(2.5), -1.2, 1.2)
    if rng.random() < 0.35:
        bend, wide = rng.uniform(-0.02, 0.02), rng.uniform(0.8, 1.6)
        plane.paint(np.abs(plane.x - 0.3 - bend * plane.z**2) < wide, scaled(land.soil, 1.1))
    tree_line(shot, scaled(leaf, 0.8), z=70, height=14)
    tree_line(shot, scaled(leaf, 0.6), z=45, height=12)
    plane.show()
    dense = rng.uniform(0.7, 1.4)
    for z in sorted((3.2 * (45 / 3.2) ** rng.random() for _ in range(int(34 * dense))), reverse=True):
        x = rng.uniform(-1.15, 1.15) * shot.spread(z)
        if z < 9 and abs(x) < 0.8:
            continue
        _trunk(shot, x, z, near(rng, bark), needles=needles)
        if rng.random() < 0.3:
            bush(shot, land, x + rng.uniform(-1.5, 1.5), z, rng.uniform(0.5, 1.6))
        _canopy(shot, z, near(rng, leaf), land.bare if not needles else 0.0)
    tufts(shot, blend(land.grass, leaf, 0.3), rng.randrange(8, 34), z0=2.0, z1=9, height=rng.uniform(0.2, 0.5))


def _trunk(shot: Shot, x: float, z: float, bark: Colour, *, needles: bool) -> None:
    """A stem that runs out of the picture, lit from one side."""
    rng, sun = shot.rng, shot.light.sun
    thick = rng.uniform(0.13, 0.34)
    lean = rng.uniform(-0.35, 0.35)
    top = 28.0
    shot.shadow(x, z, thick * 3)
    stem = ((-thick * 1.25, 0), (thick * 1.25, 0), (thick * 0.8 + lean, top), (-thick * 0.8 + lean, top))
    shot.upright(x, z, stem, bark, 0.8)
    lit = 1 if sun > 0 else -1
    shot.upright(
        x,
        z,
        ((lit * thick * 1.25, 0), (0.0, 0), (lean, top), (lit * thick * 0.8 + lean, top)),
        bark,
        0.95 + 0.45 * shot.light.shadow,
    )
    if bark[0] > 190:
        for _ in range(5):
            y = rng.uniform(0.2, 6)
            shot.line((x - thick * 0.8, y, z), (x + thick * rng.uniform(-0.2, 0.8), y, z), (60, 56, 54), 0.06)
    if needles or rng.random() < 0.3:
        for _ in range(3):
            y, way = rng.uniform(1.5, 7), rng.choice((-1, 1))
            shot.line(
                (x, y, z), (x + way * rng.uniform(0.5, 1.6), y + rng.uniform(-0.2, 0.7), z), scaled(bark, 0.8), 0.06
            )


def _canopy(shot: Shot, z: float, leaf: Colour, bare: float) -> None:
    """Leaves overhead, between the trunks of this distance and the sky."""
    rng = shot.rng
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < bare:
            continue
        centre = rng.uniform(0, shot.width)
        size = rng.uniform(5, 9) * shot.scale(z)
        size = min(size, shot.width * 0.55)
        foot = shot.horizon - rng.uniform(4.5, 9.0) * shot.scale(z)
        paste_crown(
            shot,
            "bush" if rng.random() < 0.5 else "round",
            centre,
            foot - size * 0.6,
            size * 1.3,
            size * 0.9,
            scaled(leaf, 0.9),
            z,
        )


def _wood_edge(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    open_grass(shot, land).show()
    conifers = rng.choice((0.0, 0.25, 1.0))
    tree_line(shot, scaled(rng.choice(land.leaves), 0.55), z=60, height=15)
    shot.panel(-60, 60, 0, 5, 55, scaled(land.conifer, 0.45))
    for z in np.linspace(50, rng.uniform(16, 24), 3):
        reach = shot.spread(float(z)) * 1.15
        for i in range(9):
            x = (i / 8 * 2 - 1) * reach + rng.uniform(-1.5, 1.5)
            any_tree(shot, land, x, float(z) + rng.uniform(-2, 2), rng.uniform(9, 16), conifers=conifers)
    for _ in range(8):
        z = rng.uniform(13, 20)
        bush(shot, land, rng.uniform(-1, 1) * shot.spread(z), z, rng.uniform(0.8, 2))
    tufts(shot, land.grass, 40)


def meadow(shot: Shot, land: Palette) -> None:
    """Grassland with flowers or grazing animals, a lone tree, a fence."""
    rng = shot.rng
    if rng.random() < 0.6:
        hills(shot, blend(land.grass, land.conifer, rng.uniform(0.0, 0.7)), top=rng.uniform(0.03, 0.12), z=700)
    plane = open_grass(shot, land, grain=0.15)
    flowers = rng.random() < (0.75 if land.season in ("spring", "summer") else 0.25)
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=rng.uniform(200, 420), height=12)
    for _ in range(rng.choice((0, 1, 1, 2))):
        z = rng.uniform(35, 90)
        any_tree(shot, land, rng.uniform(-0.9, 0.9) * shot.spread(z), z, rng.uniform(7, 13))
    if rng.random() < 0.3:
        fence(shot, rng.uniform(14, 30))
    herd = rng.random()
    animal = cow if herd < 0.35 else sheep
    count = rng.randrange(3, 10) if herd < 0.65 or not flowers else 0
    for z in sorted((9 * 6 ** rng.random() for _ in range(count)), reverse=True):
        animal(shot, rng.uniform(-0.9, 0.9) * shot.spread(z), z, facing=rng.choice((-1, 1)))
    tufts(shot, land.grass, 120, z0=1.9, z1=18, height=rng.uniform(0.25, 0.6))
    if flowers:
        _flowers(shot, land)
    if rng.random() < 0.2:
        crowd(shot, 2, 10, 30)


def _flowers(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    kinds: list[Colour] = rng.sample(
        [(240, 214, 70), (244, 242, 236), (206, 60, 52), (150, 96, 186), (226, 130, 178), (86, 104, 200)], 2
    )
    for z in sorted((2.0 * 18 ** rng.random() for _ in range(150)), reverse=True):
        x, y = rng.uniform(-1, 1) * shot.spread(z), rng.uniform(0.12, 0.4)
        if z < 7:
            shot.line((x, 0, z), (x, y, z), scaled(land.grass, 0.8), 0.012)
        u, v = shot.at(x, z, y)
        r = max(0.03 * shot.scale(z), 0.8)
        shot.draw.ellipse(
            (u - r, v - r * 0.8, u + r, v + r * 0.8), fill=shot.tone(rng.choice(kinds), z, rng.uniform(0.8, 1.1))
        )


def desert(shot: Shot, land: Palette) -> None:
    """Dunes with knife-edge crests, or stony ground with mesas and cactus."""
    if shot.rng.random() < 0.5:
        _dunes(shot, land)
    else:
        _stony_desert(shot, land)


def _dunes(shot: Shot, land: Palette) -> None:
    rng, sun = shot.rng, shot.light.sun
    base = shot.horizon
    plane = Plane(shot)
    plane.fill(land.sand, near(rng, scaled(land.sand, 0.94), 0.04), patch=6, grain=0.06, cell=0.05)
    plane.shade *= (
        1 + 0.1 * plane.stripes(rng.uniform(0.35, 0.6), rng.uniform(0.9, 1.4), offset=0.0) + 0.05 * plane.soft(5)
    )
    plane.show()
    for i in range(rng.randrange(3, 6)):
        z = 420 / (1.7**i)
        peak = shot.width * rng.uniform(0.1, 0.2) * (1 - 0.08 * i)
        centre = rng.uniform(0.05, 0.95) * shot.width
        wide = shot.width * rng.uniform(0.5, 0.9)
        foot = base + shot.eye * shot.scale(z) + i * shot.width * 0.03
        crest = [
            (centre + (t - 0.0) * wide, foot - peak * (1 - abs(t)) ** 1.3 * (1 + 0.12 * math.sin(t * 9 + i)))
            for t in np.linspace(-1, 1, 25)
        ]
        shot.draw.polygon(
            [*crest, (centre + wide, foot + 2), (centre - wide, foot + 2)], fill=shot.tone(land.sand, z, 1.02)
        )
        lee = [p for p in crest if (p[0] - centre) * sun <= 0]
        swing = [
            (centre - sun * wide * 0.16 * math.sin(t * math.pi), foot - peak * (1 - t)) for t in np.linspace(0, 1, 8)
        ]
        ordered = lee if sun > 0 else lee[::-1]
        shot.draw.polygon([*ordered, *swing], fill=shot.tone(land.sand, z, 0.84 - 0.42 * shot.light.shadow))
    if rng.random() < 0.25:
        crowd(shot, 2, 15, 40)
    for _ in range(rng.choice((0, 4, 8))):
        z = rng.uniform(6, 30)
        tufts(shot, (150, 140, 84), 1, z0=z, z1=z + 1, height=0.5)


def _stony_desert(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    rock = blend(land.rock, (186, 112, 78), rng.uniform(0.1, 0.7))
    for _ in range(rng.choice((1, 2, 3))):
        _mesa(shot, rock)
    plane = Plane(shot)
    plane.fill(
        blend(land.sand, land.soil, rng.uniform(0.1, 0.6)), blend(land.sand, rock, 0.5), patch=5, grain=0.16, cell=0.1
    )
    plane.show()
    cactus = rng.random() < 0.75
    for z in sorted((4.0 * 28 ** rng.random() for _ in range(40)), reverse=True):
        x = rng.uniform(-1, 1) * shot.spread(z)
        pick = rng.random()
        if pick < 0.45:
            tree(shot, x, z, rng.uniform(0.3, 0.9), near(rng, (134, 128, 92)), "bush")
        elif pick < 0.6 and cactus and z > 7:
            _cactus(shot, x, z)
        else:
            r = rng.uniform(0.1, 0.5)
            shot.shadow(x, z, r)
            shot.upright(
                x,
                z,
                ((-r, 0), (r, 0), (r * 0.8, r * 0.5), (r * 0.1, r * 0.8), (-r * 0.7, r * 0.5)),
                near(rng, rock, 0.15),
            )


def _mesa(shot: Shot, rock: Colour) -> None:
    rng, base = shot.rng, shot.horizon
    left, wide, tall = (
        rng.uniform(-0.2, 0.9) * shot.width,
        rng.uniform(0.15, 0.5) * shot.width,
        rng.uniform(0.06, 0.17) * shot.width,
    )
    z = rng.uniform(500, 1400)
    shot.draw.polygon(
        (
            (left - tall, base + 2),
            (left, base - tall * 0.45),
            (left + wide, base - tall * 0.45),
            (left + wide + tall, base + 2),
        ),
        fill=shot.tone(rock, z, 1.0),
    )
    shot.draw.polygon(
        (
            (left, base - tall * 0.45),
            (left + tall * 0.1, base - tall),
            (left + wide * 0.95, base - tall * 0.96),
            (left + wide, base - tall * 0.45),
        ),
        fill=shot.tone(rock, z, 0.82),
    )
    for i in range(5):
        u = left + wide * (i + rng.random()) / 5
        shot.draw.line((u, base - tall * 0.9, u + 1, base - tall * 0.45), fill=shot.tone(rock, z, 0.68), width=2)


def _cactus(shot: Shot, x: float, z: float) -> None:
    rng = shot.rng
    tall, green = rng.uniform(1.8, 4.2), near(rng, (92, 112, 72))
    shot.shadow(x, z, 0.6)
    shot.line((x, 0, z), (x, tall, z), green, 0.38)
    shot.disc(x, tall, z, 0.19, green)
    for side in (-1, 1):
        if rng.random() < 0.75:
            low, reach = tall * rng.uniform(0.35, 0.55), rng.uniform(0.5, 0.8)
            shot.line((x, low, z), (x + side * reach, low, z), scaled(green, 0.85), 0.26)
            shot.line(
                (x + side * reach, low - 0.1, z), (x + side * reach, low + tall * 0.3, z), scaled(green, 0.9), 0.27
            )
