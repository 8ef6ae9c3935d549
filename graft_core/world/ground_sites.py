"""Scenes of stone: quarries and cemeteries."""

import math

import numpy as np

from graft_core.world.ground_nature import open_grass
from graft_core.world.ground_palette import WALLS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import tree_line
from graft_core.world.ground_sprites import tree
from graft_core.world.ground_things import (
    DARK,
    GLASS,
    STEEL,
    any_tree,
    fence,
    person,
)

BLOSSOMS: tuple[Colour, ...] = ((206, 60, 60), (236, 206, 80), (226, 130, 180), (240, 240, 236))


def quarry(shot: Shot, land: Palette) -> None:
    """Benches of cut rock, heaps of gravel, the machines that dig."""
    rng = shot.rng
    rock = land.rock
    _benches(shot, land, rock)
    plane = Plane(shot)
    floor = blend(rock, land.soil, rng.uniform(0.1, 0.5))
    plane.fill(floor, scaled(floor, 0.86), patch=5, grain=0.18, cell=0.12)
    track = abs(plane.x - rng.uniform(-3, 3) - 0.12 * plane.z) % 2.2
    plane.shade *= np.where((track < 0.35) & (plane.z < 60), 0.88, 1.0)
    plane.show()
    if rng.random() < 0.3:
        pool = (plane.soft(14) > 0.5) & (plane.z > 12) & (plane.z < 60)
        plane.water((84, 138, 138), pool, ripple=0.5, mirror=0.5)
    for _ in range(rng.randrange(1, 4)):
        z = rng.uniform(24, 50)
        _heap(shot, rng.uniform(-0.9, 0.9) * shot.spread(z), z, rng.uniform(3, 6), near(rng, rock))
    machine = rng.random()
    z = rng.uniform(15, 28)
    x = rng.uniform(-0.5, 0.5) * shot.spread(z)
    if machine < 0.55:
        _excavator(shot, x, z, facing=rng.choice((-1, 1)))
    if machine > 0.4:
        z2 = rng.uniform(18, 34)
        _dump_truck(shot, -x * 1.2, z2, near(rng, rock), facing=rng.choice((-1, 1)))
    if rng.random() < 0.25:
        _conveyor(shot, rng.uniform(-14, 4), rng.uniform(32, 44))
    for z in sorted((2.6 * 6 ** rng.random() for _ in range(30)), reverse=True):
        x, r = rng.uniform(-1, 1) * shot.spread(z), rng.uniform(0.08, 0.45)
        shot.upright(
            x, z, ((-r, 0), (r, 0), (r * 0.7, r * 0.55), (0, r * 0.85), (-r * 0.7, r * 0.5)), near(rng, rock, 0.2), 0.92
        )


def _benches(shot: Shot, land: Palette, rock: Colour) -> None:
    """Terraces of rock that step back as they rise and close round the sides."""
    rng, width = shot.rng, shot.width
    steps, base = rng.randrange(2, 5), shot.horizon + shot.eye * shot.scale(60)
    total = rng.uniform(0.24, 0.4) * width
    left, right = rng.uniform(0.05, 0.35) * width, width - rng.uniform(0.05, 0.35) * width
    rise, walls = rng.uniform(0.5, 1.1), [near(rng, rock, 0.07) for _ in range(steps)]
    for step in reversed(range(steps)):
        z, wall = 60.0 + 22 * step, walls[step]
        top, low = base - total * (step + 1) / steps, base - total * step / steps + 2
        edge: list[tuple[float, float]] = []
        for i in range(17):
            u = i / 16 * width
            near_side = max(left - u, u - right, 0) / max(left, width - right)
            lift = near_side * rise * (base - top) + rng.uniform(-0.05, 0.05) * total / steps
            edge.append((u, top - lift))
        foot = [
            (u, low - max(left - u, u - right, 0) / max(left, width - right) * rise * (base - low)) for u, _ in edge
        ]
        shot.draw.polygon([*edge, *reversed(foot)], fill=shot.tone(wall, z, 0.86))
        _face_marks(shot, edge, foot, wall, z, (left, right))
        shot.draw.line(edge, fill=shot.tone(wall, z, 1.22), width=max(2, width // 80))
        if step == steps - 1:
            for u, v in edge[1:-1]:
                if rng.random() < 0.5:
                    r = width * rng.uniform(0.008, 0.022)
                    shot.draw.ellipse((u - r, v - r * 1.4, u + r, v), fill=shot.tone(rng.choice(land.leaves), z))


def _face_marks(
    shot: Shot,
    edge: list[tuple[float, float]],
    foot: list[tuple[float, float]],
    wall: Colour,
    z: float,
    corners: tuple[float, float],
) -> None:
    """Light and dark slabs, cracks and strata on one bench's face; the side walls take the sun differently."""
    rng = shot.rng
    for (u0, v0), (u1, v1), (_, w0), (_, w1) in zip(edge[:-1], edge[1:], foot[:-1], foot[1:], strict=True):
        facing = 1 if u1 <= corners[0] else -1 if u0 >= corners[1] else 0
        shade = shot.side_shade(facing) * rng.uniform(0.8, 1.0)
        shot.draw.polygon(((u0, v0), (u1, v1), (u1, w1), (u0, w0)), fill=shot.tone(wall, z, shade))
        for _ in range(3):
            t = rng.random()
            u, top, low = u0 + (u1 - u0) * t, v0 + (v1 - v0) * t, w0 + (w1 - w0) * t
            start = top + (low - top) * rng.uniform(0, 0.4)
            tone = shot.tone(wall, z, shade * rng.choice((0.72, 0.82, 1.14)))
            shot.draw.line((u, start, u + rng.uniform(-3, 3), low), fill=tone, width=rng.choice((1, 1, 2)))
    for _ in range(rng.randrange(1, 4)):
        share = rng.uniform(0.2, 0.85)
        points = [(u, v + (w - v) * share + rng.uniform(-1, 1)) for (u, v), (_, w) in zip(edge, foot, strict=True)]
        shot.draw.line(points, fill=shot.tone(wall, z, 0.7), width=1)


def _heap(shot: Shot, x: float, z: float, tall: float, stone: Colour) -> None:
    half = tall * 1.5
    shot.shadow(x, z, half * 0.9)
    shot.upright(x, z, ((-half, 0), (-half * 0.12, tall), (half * 0.1, tall * 0.98), (half, 0)), stone, 1.05)
    dark = (
        ((half * 0.1, tall * 0.98), (half, 0), (half * 0.1, 0))
        if shot.light.sun < 0
        else ((-half * 0.12, tall), (-half, 0), (-half * 0.1, 0))
    )
    shot.upright(x, z, dark, stone, 0.96 - 0.45 * shot.light.shadow)


def _excavator(shot: Shot, x: float, z: float, *, facing: int) -> None:
    f, paint = facing, near(shot.rng, shot.rng.choice(((226, 170, 40), (226, 170, 40), (214, 110, 40))))
    shot.shadow(x, z, 3.0)
    shot.upright(
        x,
        z,
        ((-2.2, 0.2), (-1.9, 0), (1.9, 0), (2.2, 0.2), (2.2, 0.8), (1.9, 1.0), (-1.9, 1.0), (-2.2, 0.8)),
        (46, 44, 44),
    )
    for a in (-1.5, -0.5, 0.5, 1.5):
        shot.disc(x + a, 0.5, z, 0.3, (90, 86, 80))
    shot.upright(x, z, [(f * a, b) for a, b in ((-2.6, 1.1), (1.0, 1.1), (1.0, 2.3), (-2.6, 2.5))], paint)
    shot.upright(x, z, [(f * a, b) for a, b in ((-0.2, 1.3), (1.5, 1.3), (1.3, 3.5), (-0.2, 3.5))], paint, 0.85)
    shot.upright(x, z, [(f * a, b) for a, b in ((0.1, 2.0), (1.4, 2.0), (1.2, 3.3), (0.1, 3.3))], GLASS)
    elbow, wrist = (x + f * 4.2, 5.6, z), (x + f * 6.6, shot.rng.uniform(1.6, 3.4), z)
    shot.line((x + f * 1.0, 2.0, z), elbow, paint, 0.6)
    shot.line(elbow, wrist, paint, 0.45)
    a, b = wrist[0] - x, wrist[1]
    shot.upright(
        x, z, ((a - f * 0.2, b), (a + f * 0.7, b - 0.3), (a + f * 0.2, b - 1.5), (a - f * 1.0, b - 0.9)), (66, 62, 60)
    )


def _dump_truck(shot: Shot, x: float, z: float, load: Colour, *, facing: int) -> None:
    f, paint = facing, near(shot.rng, shot.rng.choice(((226, 176, 46), (222, 140, 44), (222, 222, 216))))
    shot.shadow(x, z, 3.8)
    shot.upright(x, z, [(f * a, b) for a, b in ((-3.4, 3.3), (-2.4, 4.1), (-0.4, 4.3), (1.2, 3.5))], load)
    shot.upright(x, z, [(f * a, b) for a, b in ((-4.2, 3.6), (1.5, 3.5), (1.2, 1.5), (-3.0, 1.5))], paint)
    shot.upright(
        x, z, [(f * a, b) for a, b in ((1.4, 1.2), (3.6, 1.2), (3.5, 2.2), (2.9, 3.4), (1.4, 3.6))], paint, 0.9
    )
    shot.upright(x, z, [(f * a, b) for a, b in ((2.0, 2.3), (3.3, 2.3), (2.8, 3.2), (2.0, 3.2))], GLASS)
    shot.panel(x - 3.2, x + 3.4, 0.9, 1.6, z, DARK)
    for a in (-2.1, 2.4):
        shot.disc(x + f * a, 0.95, z, 0.98, (34, 34, 36))
        shot.disc(x + f * a, 0.95, z, 0.45, paint, 0.8)


def _conveyor(shot: Shot, x: float, z: float) -> None:
    shot.line((x, 0.5, z), (x + 16, 9, z), (120, 110, 100), 0.8)
    for a in (5, 11):
        shot.line((x + a, 0, z), (x + a, a * 0.53 + 0.5, z), STEEL, 0.3)
    _heap(shot, x + 17, z, 5, (170, 160, 146))


def cemetery(shot: Shot, land: Palette) -> None:
    """Rows of stones and crosses on grass, cypresses, a path, sometimes a chapel."""
    rng = shot.rng
    plane = open_grass(shot, land)
    ground = blend(land.lawn, land.grass, rng.random())
    plane.fill(ground, scaled(ground, 0.9), patch=5, grain=0.16, cell=0.09)
    path = rng.random() < 0.6
    middle = rng.uniform(-0.5, 0.5)
    if path:
        plane.paint(abs(plane.x - middle) < 1.1, blend(land.concrete, land.soil, rng.random()))
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=90, height=9)
    if rng.random() < 0.35:
        _chapel(shot, rng.uniform(-12, 12), 62)
    for _ in range(rng.randrange(2, 9)):
        z = rng.uniform(28, 60)
        if rng.random() < 0.6:
            tree(shot, rng.uniform(-1, 1) * shot.spread(z), z, rng.uniform(7, 11), land.conifer, "poplar")
        else:
            any_tree(shot, land, rng.uniform(-1, 1) * shot.spread(z), z, rng.uniform(6, 10))
    kinds = rng.sample(("round", "square", "cross", "obelisk", "round", "cross"), 3)
    stone = rng.choice(((196, 194, 188), (150, 150, 152), (226, 224, 218), (110, 108, 110)))
    pitch, step, z = rng.uniform(1.7, 2.3), rng.uniform(2.6, 3.6), 44.0
    uniform_rows = rng.random() < 0.4
    while z > 3.6:
        count = int(shot.spread(z) / pitch) + 1
        for i in range(-count, count + 1):
            x = i * pitch + 0.3 * pitch + (0 if uniform_rows else rng.uniform(-0.25, 0.25))
            if (path and abs(x - middle) < 1.5) or (not uniform_rows and rng.random() < 0.12):
                continue
            _grave(shot, x, z, kinds[0] if uniform_rows else rng.choice(kinds), near(rng, stone, 0.12))
        z -= step
    if rng.random() < 0.3:
        fence(shot, 2.8, height=1.1, step=0.24, colour=(40, 40, 44), rails=2)
    if rng.random() < 0.25:
        person(shot, middle, rng.uniform(9, 24), shirt=(44, 44, 52))


def _grave(shot: Shot, x: float, z: float, kind: str, stone: Colour) -> None:
    """One headstone or cross, with a kerb or flowers before it; far away only its outline counts."""
    rng = shot.rng
    if shot.scale(z) < 8:
        shot.panel(x - 0.3, x + 0.3, 0, rng.uniform(0.8, 1.2), z, stone, shot.side_shade(0))
        if kind == "cross":
            shot.panel(x - 0.08, x + 0.08, 0.8, 1.5, z, stone, shot.side_shade(0))
        return
    shade, tall = shot.side_shade(0), rng.uniform(0.85, 1.25)
    shot.shadow(x, z, 0.42)
    if kind == "cross":
        shot.panel(x - 0.1, x + 0.1, 0, tall * 1.25, z, stone, shade)
        shot.panel(x - 0.38, x + 0.38, tall * 0.75, tall * 0.95, z, stone, shade)
        shot.panel(x - 0.28, x + 0.28, 0, 0.2, z, stone, 0.85)
    elif kind == "obelisk":
        shot.upright(x, z, ((-0.3, 0), (0.3, 0), (0.3, 0.3), (-0.3, 0.3)), stone, 0.9)
        shot.upright(
            x, z, ((-0.2, 0.3), (0.2, 0.3), (0.12, tall * 1.7), (0, tall * 1.85), (-0.12, tall * 1.7)), stone, shade
        )
    else:
        _headstone(shot, x, z, tall, stone, arched=kind == "round")
    if z < 16 and rng.random() < 0.35:
        for _ in range(4):
            shot.disc(x + rng.uniform(-0.3, 0.3), 0.12, z - 0.25, 0.09, rng.choice(BLOSSOMS))


def _headstone(shot: Shot, x: float, z: float, tall: float, stone: Colour, *, arched: bool) -> None:
    """An upright slab with its side and, near the camera, lines of writing."""
    edge = -0.4 if x > 0 else 0.4
    high = tall * 0.8
    shot.poly(((x + edge, 0, z), (x + edge, high, z), (x + edge, high, z + 0.22), (x + edge, 0, z + 0.22)), stone, 0.68)
    bow = [(0.4 * math.cos(a), tall * 0.62 + 0.38 * tall * math.sin(a)) for a in np.linspace(0, math.pi, 7)]
    top = bow if arched else [(0.4, tall), (-0.4, tall)]
    shot.upright(x, z, [(-0.4, 0), (0.4, 0), *top], stone, shot.side_shade(0))
    for row in range(3 if shot.scale(z) > 16 else 0):
        y = tall * (0.72 - 0.14 * row)
        shot.line((x - 0.22, y, z), (x + 0.22, y, z), scaled(stone, 0.62), 0.03)


def _chapel(shot: Shot, x: float, z: float) -> None:
    wall = near(shot.rng, shot.rng.choice(WALLS[:5]))
    shot.panel(x - 5, x + 5, 0, 6, z, wall)
    shot.upright(x, z, ((-5.4, 6), (0, 10), (5.4, 6)), (110, 76, 66))
    shot.panel(x - 1.6, x + 1.6, 0, 12, z - 0.5, wall, 0.95)
    shot.upright(x, z - 0.5, ((-1.9, 12), (0, 16.5), (1.9, 12)), (96, 70, 64))
    shot.panel(x - 0.7, x + 0.7, 0, 2.4, z - 0.5, (70, 54, 44))
    shot.line((x, 16.5, z), (x, 18, z), DARK, 0.16)
    shot.line((x - 0.5, 17.4, z), (x + 0.5, 17.4, z), DARK, 0.16)
