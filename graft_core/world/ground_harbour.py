"""Scenes of ships: cargo harbours and marinas."""

import numpy as np

from graft_core.world.ground_palette import CLOTHES, PAINTS, WALLS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, scaled
from graft_core.world.ground_sky import tree_line
from graft_core.world.ground_things import (
    DARK,
    GLASS,
    STEEL,
    WHITE,
    birds,
    person,
)

CONTAINERS: tuple[Colour, ...] = (
    (176, 62, 48),
    (42, 92, 144),
    (60, 122, 84),
    (214, 140, 50),
    (150, 150, 150),
    (112, 72, 60),
)


def harbour(shot: Shot, land: Palette) -> None:
    """Cargo ships under cranes, or a marina full of masts, seen from the quay."""
    rng = shot.rng
    far = rng.uniform(120, 220)
    tree_line(shot, rng.choice(land.leaves), z=far * 2.5, height=12)
    marina = rng.random() < 0.45
    if not marina:
        _container_yard(shot, far)
        for _ in range(rng.randrange(1, 4)):
            _crane(shot, rng.uniform(-0.8, 0.8) * shot.spread(far), far - rng.uniform(2, 12))
        z = far * rng.uniform(0.38, 0.7)
        _cargo_ship(shot, rng.uniform(-0.3, 0.3) * shot.spread(z), z, facing=rng.choice((-1, 1)))
    else:
        for _ in range(6):
            z = far
            x = rng.uniform(-1, 1) * shot.spread(z)
            shot.box(x, x + 14, z, z + 10, rng.uniform(5, 10), near(rng, rng.choice(WALLS)))
        for z in (90.0, 62.0, 44.0, 32.0):
            _moored_row(shot, z)
    plane = Plane(shot)
    quay = shot.reach(rng.uniform(0.6, 0.85))
    plane.water(
        near(rng, land.water),
        np.broadcast_to(plane.z > quay, plane.x.shape),
        ripple=rng.uniform(0.5, 1.3),
        mirror=0.75,
    )
    if marina:
        z = max(rng.uniform(14, 22), quay + 4)
        _pontoon(shot, land, quay)
        for x in sorted(rng.uniform(-0.9, 0.9) * shot.spread(z) for _ in range(rng.randrange(1, 4))):
            _yacht(shot, x, z)
    elif rng.random() < 0.5:
        z = max(rng.uniform(14, 28), quay + 4)
        _fishing_boat(shot, rng.uniform(-0.6, 0.6) * shot.spread(z), z, facing=rng.choice((-1, 1)))
    _quay(shot, land, quay)
    if rng.random() < 0.5:
        birds(shot, rng.randrange(2, 6))


def _quay(shot: Shot, land: Palette, edge: float) -> None:
    """The stone edge the camera stands on, with bollards."""
    rng = shot.rng
    reach = shot.spread(edge) * 1.2
    shot.flat(-reach, reach, 0.7, edge, land.concrete, 0.95)
    for _ in range(9):
        z = edge * rng.uniform(0.4, 0.95)
        shot.line((-reach, 0, z), (reach, 0, z), scaled(land.concrete, 0.86), 0.03)
    shot.flat(-reach, reach, edge - 0.35, edge, scaled(land.concrete, 0.72))
    for x in np.arange(-reach + rng.uniform(0, 2), reach, rng.uniform(2.2, 3.4)):
        shot.box(float(x) - 0.14, float(x) + 0.14, edge - 0.7, edge - 0.45, 0.4, (44, 44, 48))
        shot.disc(float(x), 0.42, edge - 0.7, 0.2, (52, 52, 56))
    if rng.random() < 0.4:
        person(shot, rng.uniform(-0.7, 0.7) * shot.spread(edge), edge - 0.4)


def _container_yard(shot: Shot, z: float) -> None:
    """Stacks of containers along the far quay."""
    rng = shot.rng
    x = -shot.spread(z) * 1.05
    while x < shot.spread(z):
        for level in range(rng.randrange(0, 5)):
            shot.panel(
                x,
                x + 6.0,
                level * 2.6,
                level * 2.6 + 2.5,
                z,
                near(rng, rng.choice(CONTAINERS)),
                rng.uniform(0.85, 1.05),
            )
        x += 6.2
    shot.panel(-shot.spread(z) * 1.1, shot.spread(z) * 1.1, -1.2, 0.4, z, (130, 126, 120))


def _crane(shot: Shot, x: float, z: float) -> None:
    """A gantry crane with its boom over the water."""
    rng = shot.rng
    paint: Colour = rng.choice(((196, 60, 48), (52, 96, 150), (226, 168, 50), (206, 206, 204)))
    tall, way = rng.uniform(26, 36), rng.choice((-1, 1))
    for a in (-6, 6):
        shot.line((x + a, 0, z), (x + a, tall, z), paint, 1.1)
    for y in (tall * 0.35, tall):
        shot.line((x - 6, y, z), (x + 6, y, z), paint, 0.9)
    shot.line((x - 6, tall * 0.35, z), (x + 6, tall, z), paint, 0.5)
    up = rng.random() < 0.3
    tip = (x + way * 14, tall + 26, z) if up else (x + way * 32, tall + 1, z)
    shot.line((x - way * 14, tall + 1, z), (x + way * 6, tall + 1, z), paint, 1.3)
    shot.line((x + way * 6, tall + 1, z), tip, paint, 1.3)
    shot.line((x, tall, z), (x + way * 2, tall + 12, z), paint, 0.8)
    shot.line((x + way * 2, tall + 12, z), tip, scaled(paint, 0.8), 0.3)
    shot.line((x + way * 2, tall + 12, z), (x - way * 14, tall + 1, z), scaled(paint, 0.8), 0.3)
    if not up:
        shot.line((x + way * 20, tall, z), (x + way * 20, tall - 12, z), DARK, 0.25)
        shot.panel(x + way * 20 - 3, x + way * 20 + 3, tall - 14.5, tall - 12, z, rng.choice(CONTAINERS))


def _cargo_ship(shot: Shot, x: float, z: float, *, facing: int) -> None:
    """Hull, bridge, funnel, deck cargo."""
    rng, f = shot.rng, facing
    hull = near(rng, rng.choice(((44, 48, 56), (146, 44, 40), (40, 70, 110), (36, 84, 70))))
    half = shot.spread(z) * rng.uniform(0.45, 0.8)
    deep = rng.uniform(5, 8)

    def part(outline: list[tuple[float, float]], colour: Colour, shade: float = 1.0) -> None:
        shot.upright(x, z, [(f * a, b) for a, b in outline], colour, shade)

    part([(-half, 0), (-half * 1.02, deep), (half * 1.04, deep * 1.3), (half * 0.94, 0)], hull)
    part([(-half, 0), (-half, deep * 0.2), (half * 0.955, deep * 0.2), (half * 0.94, 0)], (140, 46, 42), 0.85)
    a = -half * 0.62
    while a < half * 0.85 - 6:
        for level in range(rng.randrange(0, 4)):
            part(
                [
                    (a, deep + level * 2.5),
                    (a + 5.8, deep + level * 2.5),
                    (a + 5.8, deep + 2.4 + level * 2.5),
                    (a, deep + 2.4 + level * 2.5),
                ],
                near(rng, rng.choice(CONTAINERS)),
            )
        a += 6.1
    part([(-half * 0.98, deep), (-half * 0.98, deep + 11), (-half * 0.72, deep + 11), (-half * 0.7, deep)], WHITE, 0.96)
    for level in range(3):
        b = deep + 2.5 + level * 3
        part([(-half * 0.96, b), (-half * 0.73, b), (-half * 0.73, b + 1.1), (-half * 0.96, b + 1.1)], GLASS)
    part(
        [(-half * 0.95, deep + 11), (-half * 0.86, deep + 11), (-half * 0.86, deep + 15), (-half * 0.95, deep + 15)],
        rng.choice(PAINTS),
    )
    shot.line((x + f * half * 0.8, deep, z), (x + f * half * 0.8, deep + 10, z), STEEL, 0.4)


def _fishing_boat(shot: Shot, x: float, z: float, *, facing: int) -> None:
    rng, f = shot.rng, facing
    hull = near(rng, rng.choice(((40, 84, 140), (176, 52, 44), (46, 110, 84), (232, 230, 222))))
    shot.upright(x, z, [(f * a, b) for a, b in ((-5, 1.6), (5.6, 2.5), (4.4, 0), (-4.6, 0))], hull)
    shot.upright(x, z, [(f * a, b) for a, b in ((-5, 1.6), (5.6, 2.5), (5.4, 2.1), (-4.9, 1.3))], WHITE)
    shot.upright(x, z, [(f * a, b) for a, b in ((-0.5, 1.7), (2.4, 1.9), (2.2, 4.4), (-0.3, 4.4))], WHITE, 0.95)
    shot.upright(x, z, [(f * a, b) for a, b in ((0.2, 3.2), (2.1, 3.2), (2.0, 4.0), (0.3, 4.0))], GLASS)
    shot.line((x - f * 2, 1.5, z), (x - f * 2, 7.5, z), (120, 100, 80), 0.16)
    shot.line((x - f * 2, 7.3, z), (x + f * 4.8, 2.4, z), DARK, 0.05)
    shot.line((x - f * 2, 3, z), (x - f * 4.8, 6, z), (120, 100, 80), 0.12)


def _moored_row(shot: Shot, z: float) -> None:
    """A row of yachts, masts close together."""
    rng, x = shot.rng, -shot.spread(z) * 1.05
    while x < shot.spread(z):
        wide, tall = rng.uniform(2.6, 4), rng.uniform(8, 14)
        hull = near(rng, rng.choice((WHITE, WHITE, WHITE, (44, 66, 104), (150, 50, 46))), 0.06)
        shot.upright(x, z, ((0, 1.2), (wide, 1.3), (wide * 0.85, 0), (wide * 0.15, 0)), hull)
        shot.panel(x + wide * 0.3, x + wide * 0.7, 1.2, 1.9, z, WHITE, 0.9)
        if rng.random() < 0.82:
            shot.line((x + wide / 2, 1.2, z), (x + wide / 2, tall, z), (190, 192, 194), 0.16)
            shot.line((x + wide / 2, tall * 0.96, z), (x + wide, 1.2, z), (150, 152, 156), 0.05)
            shot.line((x + wide * 0.36, tall * 0.6, z), (x + wide * 0.64, tall * 0.6, z), (190, 192, 194), 0.1)
        x += wide + rng.uniform(0.4, 1.8)


def _yacht(shot: Shot, x: float, z: float) -> None:
    """One yacht, nearer, its sail furled along the boom."""
    rng, way = shot.rng, shot.rng.choice((-1, 1))
    tall = rng.uniform(10, 13)
    hull = near(rng, rng.choice((WHITE, WHITE, (40, 62, 104))), 0.05)
    shot.upright(x, z, [(way * a, b) for a, b in ((-4.5, 1.1), (5.2, 1.5), (4.0, 0), (-4.0, 0))], hull)
    shot.upright(
        x, z, [(way * a, b) for a, b in ((-4.5, 0.95), (5.0, 1.3), (4.9, 1.15), (-4.45, 0.8))], rng.choice(CLOTHES)
    )
    shot.upright(x, z, [(way * a, b) for a, b in ((-2, 1.2), (2, 1.3), (1.4, 1.9), (-1.8, 1.9))], WHITE, 0.94)
    shot.line((x + way * 0.6, 1.2, z), (x + way * 0.6, tall, z), (206, 208, 210), 0.15)
    shot.line((x + way * 0.6, 2.5, z), (x - way * 3.8, 2.4, z), (44, 78, 134), 0.3)
    for end in (5.2, -4.4):
        shot.line((x + way * 0.6, tall, z), (x + way * end, 1.2, z), (140, 144, 148), 0.03)


def _pontoon(shot: Shot, land: Palette, quay: float) -> None:
    x = shot.rng.uniform(-3, 3)
    shot.box(x - 0.8, x + 0.8, quay, 44, 0.35, (166, 146, 118))
    for z in (30.0, 20.0, 13.0):
        for side in (-0.9, 0.9):
            shot.line((x + side, 0, z), (x + side, 1.8, z), (110, 96, 84), 0.22)
