"""Scenes of towns and work: houses, towers, halls."""

import numpy as np

from graft_core.world.ground_nature import open_grass
from graft_core.world.ground_palette import PAINTS, WALLS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import tree_line
from graft_core.world.ground_things import (
    DARK,
    GLASS,
    STEEL,
    WHITE,
    any_tree,
    bush,
    car,
    car_side,
    crowd,
    fence,
    lamp_post,
    lorry,
    lorry_side,
    person,
    random_house,
)

CRATES: tuple[Colour, ...] = ((150, 110, 70), (60, 100, 140), (170, 70, 50))


def street(shot: Shot, land: Palette, half: float, *, kerb: float, beyond: Colour) -> Plane:
    """A road straight ahead, pavements ``kerb`` metres wide, and what lies beyond them; not yet shown."""
    plane = Plane(shot)
    plane.fill(beyond, scaled(beyond, 0.9), patch=6, grain=0.14)
    across = abs(plane.x)
    plane.paint(across < half + kerb, scaled(land.concrete, 0.95))
    plane.smooth(across < half + kerb)
    plane.paint(across < half, land.asphalt)
    plane.paint((across > half) & (across < half + 0.18), scaled(land.concrete, 1.12))
    return plane


def dashes(
    shot: Shot,
    x: float,
    *,
    long: float = 3.0,
    gap: float = 5.0,
    wide: float = 0.14,
    far: float = 110,
    colour: Colour = WHITE,
) -> None:
    """A broken line along the road."""
    z = 1.8 + shot.rng.uniform(0, long)
    while z < far:
        shot.flat(x - wide / 2, x + wide / 2, z, z + long, colour)
        z += long + gap


def residential(shot: Shot, land: Palette) -> None:
    """Family houses with gardens along a street, or one across the view."""
    if shot.rng.random() < 0.55:
        _street_of_houses(shot, land)
    else:
        _houses_across(shot, land)


def _street_of_houses(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    half, kerb = rng.uniform(2.1, 2.9), rng.uniform(1.0, 1.6)
    plane = street(shot, land, half, kerb=kerb, beyond=land.lawn)
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=160, height=9)
    z = rng.uniform(100, 115)
    front = half + kerb + rng.uniform(2.2, 4.2)
    while z > 9:
        for side in (-1, 1):
            wide = rng.uniform(8, 11)
            random_house(shot, land, side * (front + wide / 2), z + rng.uniform(-1, 1), wide=wide)
            if rng.random() < 0.7:
                any_tree(shot, land, side * (front - rng.uniform(0.5, 2.5)), z - 2, rng.uniform(3.5, 8))
            for _ in range(3):
                bush(shot, land, side * (half + kerb + 0.5), z - rng.uniform(0, 10), rng.uniform(0.6, 1.1))
            if rng.random() < 0.45 and z > 12:
                car(shot, side * (half - 1.0), z - 3, rear=side > 0)
        z -= rng.uniform(14, 17)
    if rng.random() < 0.35:
        dashes(shot, 0.0, gap=4)
    if rng.random() < 0.4:
        crowd(shot, 1, 9, 30)


def _houses_across(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    plane = open_grass(shot, land)
    plane.fill(land.lawn, scaled(land.lawn, 0.92), patch=4, grain=0.14)
    lane = rng.uniform(6.0, 9.0)
    plane.paint(plane.z < lane, land.asphalt)
    plane.paint((plane.z >= lane) & (plane.z < lane + 1.4), land.concrete)
    plane.smooth(np.broadcast_to(plane.z < lane + 1.4, plane.x.shape))
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=70, height=9)
    z, x = rng.uniform(15, 22), -shot.spread(26) * 1.3 + rng.uniform(-6, 0)
    while x < shot.spread(26) * 1.3:
        wide = rng.uniform(8.5, 12.5)
        any_tree(shot, land, x - 2, z + 8, rng.uniform(5, 10))
        random_house(shot, land, x + wide / 2, z + rng.uniform(-1, 3), wide=wide)
        if rng.random() < 0.6:
            drive = x + wide + 1.4
            shot.flat(drive - 1.3, drive + 1.3, lane + 1.4, z + 2, land.concrete)
            if rng.random() < 0.7:
                car(shot, drive, z - 3)
        x += wide + rng.uniform(3, 5)
    step = -shot.spread(z)
    if rng.random() < 0.5:
        fence(shot, lane + 2.0, height=0.9, step=0.5, colour=WHITE, rails=2)
    else:
        while step < shot.spread(z):
            bush(shot, land, step, lane + 2.2 + rng.uniform(0, 0.6), rng.uniform(0.7, 1.3))
            step += rng.uniform(0.9, 2.6)
    if rng.random() < 0.4:
        any_tree(shot, land, rng.uniform(-5, 5), lane + 4, rng.uniform(4, 6))
    if rng.random() < 0.35:
        car_side(shot, rng.uniform(-3, 3), lane - 1.4, facing=rng.choice((-1, 1)))
    if rng.random() < 0.3:
        person(shot, rng.uniform(-3, 3), lane + 0.6)


def tower_front(shot: Shot, x0: float, x1: float, z: float, tall: float, wall: Colour, *, style: int) -> None:
    """Windows on the face of a tower that looks at the camera."""
    glass = blend(GLASS, shot.light.haze, shot.rng.uniform(0.05, 0.4))
    storey = 3.6 if style else 3.2
    floors = min(int(tall / storey), 40)
    pixels = shot.scale(z)
    for floor in range(1, floors):
        y = floor * storey
        if shot.at(0, z, y)[1] < -4:
            break
        if style == 0:
            x = x0 + 0.8
            while x < x1 - 1.4 and pixels > 1.2:
                shot.panel(x, x + 1.3, y, y + 1.7, z, glass, shot.rng.choice((0.75, 0.9, 1.0, 1.3)))
                x += 2.5
        elif style == 1:
            shot.panel(x0 + 0.4, x1 - 0.4, y, y + 1.8, z, glass)
        else:
            shot.line((x0, y, z), (x1, y, z), scaled(wall, 0.7), 0.25)
    if style == 2:
        x = x0
        while x < x1:
            shot.line((x, 0, z), (x, tall, z), scaled(wall, 0.75), 0.2)
            x += 2.2


def _tower_side(shot: Shot, x: float, z0: float, z1: float, tall: float, wall: Colour, *, style: int) -> None:
    """Windows on the street side of a tower."""
    glass = blend(GLASS, shot.light.zenith, shot.rng.uniform(0.05, 0.35))
    shade = shot.side_shade(-1 if x > 0 else 1)
    storey = 3.5
    for floor in range(1, min(int(tall / storey), 36)):
        y = floor * storey
        if shot.at(x, z1, y)[1] < -6:
            break
        if style == 0:
            z = z0 + 1.0
            while z < z1 - 1.2:
                shot.poly(
                    ((x, y, z), (x, y + 1.8, z), (x, y + 1.8, z + 1.6), (x, y, z + 1.6)),
                    glass,
                    shade * shot.rng.choice((0.7, 0.85, 1.1)),
                )
                z += 3.0 if z < 30 else 4.5
        else:
            shot.poly(
                ((x, y, z0 + 0.5), (x, y + 1.9, z0 + 0.5), (x, y + 1.9, z1 - 0.5), (x, y, z1 - 0.5)), glass, shade
            )


def downtown(shot: Shot, land: Palette) -> None:
    """Towers along a street, or a row of them across a square."""
    if shot.rng.random() < 0.62:
        _canyon(shot, land)
    else:
        _square(shot, land)


def _tower_wall(shot: Shot) -> Colour:
    rng = shot.rng
    return near(rng, rng.choice((*WALLS, (96, 116, 134), (120, 136, 146), (84, 92, 100), (134, 120, 108))))


def _canyon(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    half, kerb = rng.uniform(4.5, 7.5), rng.uniform(2.5, 4.5)
    street(shot, land, half, kerb=kerb, beyond=land.concrete).show()
    shot.box(-8 + rng.uniform(-6, 6), 8, 190, 200, rng.uniform(30, 90), _tower_wall(shot))
    face, z = half + kerb, 150.0
    while z > 2:
        deep = min(rng.uniform(14, 24), z - 0.7)
        for side in (-1, 1):
            tall, wall, style = rng.uniform(22, 95), _tower_wall(shot), rng.choice((0, 0, 1))
            x0, x1 = (face, face + 22) if side > 0 else (-face - 22, -face)
            near_z = max(z - deep + 0.6, 1.2)
            shot.box(x0, x1, near_z, z, tall, wall)
            _tower_side(shot, side * face, near_z, z, tall, wall, style=style)
            if near_z > 12:
                tower_front(shot, x0, x1, near_z, tall, wall, style=style)
            sign = rng.choice(PAINTS)
            shot.poly(
                ((side * face, 0.3, near_z), (side * face, 3.0, near_z), (side * face, 3.0, z), (side * face, 0.3, z)),
                scaled(sign, 0.7),
                0.9,
            )
        z -= deep
    dashes(shot, 0, colour=(226, 206, 130) if rng.random() < 0.3 else WHITE)
    if rng.random() < 0.45:
        _crosswalk(shot, half)
    _street_life(shot, half, kerb)


def _crosswalk(shot: Shot, half: float) -> None:
    z, x = shot.rng.uniform(4.5, 8), -half + 0.4
    while x < half - 0.4:
        shot.flat(x, x + 0.55, z, z + 2.8, WHITE)
        x += 1.1


def _street_life(shot: Shot, half: float, kerb: float) -> None:
    """Traffic, lamps and passers-by between the towers, far ones first."""
    rng = shot.rng
    things = [
        (rng.uniform(9, 70), rng.choice(("car", "car", "person", "person", "lamp", "bus")))
        for _ in range(rng.randrange(7, 14))
    ]
    for z, what in sorted(things, reverse=True):
        side = rng.choice((-1, 1))
        if what == "car":
            car(shot, side * half * 0.5, z, rear=side > 0)
        elif what == "bus":
            lorry(shot, side * half * 0.5, z + 6, near(rng, rng.choice(PAINTS)))
        elif what == "lamp":
            lamp_post(shot, side * (half + 0.4), z, 7, arm=-side * 1.6)
        else:
            person(shot, side * (half + rng.uniform(0.5, kerb - 0.4)), z)


def _square(shot: Shot, land: Palette) -> None:
    """A skyline across an open place."""
    rng = shot.rng
    plane = Plane(shot)
    plane.fill(land.concrete, scaled(land.concrete, 0.9), patch=5, grain=0.05)
    plane.shade *= 1 + 0.05 * (plane.stripes(1.6, 0.0) > 0.92) - 0.08 * (plane.stripes(1.6, 1.5708) > 0.92)
    road = rng.uniform(14, 24)
    plane.paint((plane.z > road) & (plane.z < road + 7), land.asphalt)
    plane.show()
    for z, count in ((150.0, 9), (95.0, 7), (55.0, 5)):
        reach = shot.spread(z)
        for i in range(count):
            x0 = -reach * 1.1 + 2.2 * reach * (i + rng.uniform(-0.2, 0.2)) / count
            wide = 2.2 * reach / count * rng.uniform(0.6, 0.98)
            tall, wall = rng.uniform(0.25, 0.75) * z * rng.uniform(0.5, 1), _tower_wall(shot)
            shot.box(x0, x0 + wide, z, z + 14, max(tall, 12), wall)
            tower_front(shot, x0, x0 + wide, z, max(tall, 12), wall, style=rng.choice((0, 0, 1, 2)))
    for z in sorted((rng.uniform(road + 8, 48) for _ in range(5)), reverse=True):
        any_tree(shot, land, rng.uniform(-1, 1) * shot.spread(z), z, rng.uniform(4, 6), conifers=0)
    for _ in range(rng.randrange(1, 4)):
        car_side(
            shot, rng.uniform(-0.8, 0.8) * shot.spread(road), road + rng.uniform(1.5, 5), facing=rng.choice((-1, 1))
        )
    crowd(shot, rng.randrange(2, 8), 6, road)


def industrial(shot: Shot, land: Palette) -> None:
    """Halls, chimneys, tanks and pipes behind a yard."""
    rng = shot.rng
    plane = Plane(shot)
    yard = rng.choice((land.asphalt, land.concrete, blend(land.soil, land.concrete, 0.6)))
    plane.fill(yard, scaled(yard, 0.85), patch=5, grain=0.06, cell=0.08)
    plane.show()
    for _ in range(rng.choice((0, 1, 2, 3))):
        _chimney(shot, rng.uniform(-0.8, 0.8) * shot.spread(80), rng.uniform(65, 100))
    for z in (rng.uniform(50, 62), rng.uniform(24, 36)):
        x = -shot.spread(z) * 1.1 + rng.uniform(-8, 4)
        while x < shot.spread(z):
            wide = rng.uniform(16, 32)
            pick = rng.random()
            if pick < 0.66:
                _hall(shot, land, x, x + wide, z + rng.uniform(0, 5))
            elif pick < 0.88:
                wide = _tanks(shot, x, z)
            x += wide + rng.uniform(1, 5)
    if rng.random() < 0.4:
        _pipes(shot, rng.uniform(20, 27))
    _yard_things(shot)


def _yard_things(shot: Shot) -> None:
    """Lorries, crates, a fence, a worker."""
    rng = shot.rng
    for _ in range(rng.choice((0, 1, 1, 2))):
        z = rng.uniform(14, 24)
        x = rng.uniform(-0.6, 0.6) * shot.spread(z)
        lorry_side(shot, x, z, rng.choice(PAINTS), near(rng, rng.choice(WALLS)), facing=rng.choice((-1, 1)))
    for _ in range(rng.choice((0, 2, 4))):
        z = rng.uniform(9, 18)
        x = rng.uniform(-0.9, 0.9) * shot.spread(z)
        shot.box(x, x + rng.uniform(0.8, 2), z, z + 1, rng.uniform(0.6, 1.6), rng.choice(CRATES))
    if rng.random() < 0.3:
        fence(shot, 6, height=2.0, step=2.4, colour=STEEL, rails=3)
    if rng.random() < 0.35:
        person(shot, rng.uniform(-2, 2), rng.uniform(8, 14), shirt=(232, 150, 40))


def _hall(shot: Shot, land: Palette, x0: float, x1: float, z: float) -> None:
    """A corrugated hall with a low pitched or saw-tooth roof and roller doors."""
    rng = shot.rng
    wall = near(rng, rng.choice((*land.halls, (150, 80, 66))), 0.08)
    tall = rng.uniform(6, 11)
    shot.box(x0, x1, z, z + 24, tall, wall)
    step, x = max(0.6, 3.2 / shot.scale(z)), x0
    while x < x1:
        shot.line((x, 0, z), (x, tall, z), scaled(wall, 0.84), 0.12)
        x += step
    roof = scaled(rng.choice(land.halls), 0.8)
    if rng.random() < 0.4:
        teeth = max(2, int((x1 - x0) / 6))
        pitch = (x1 - x0) / teeth
        for i in range(teeth):
            a = x0 + i * pitch
            shot.upright(a, z, ((0, tall), (0, tall + 2.2), (pitch, tall)), roof)
            shot.upright(a, z, ((0, tall), (0, tall + 2.2), (pitch * 0.14, tall + 1.8), (pitch * 0.14, tall)), GLASS)
    else:
        middle = (x1 - x0) / 2
        shot.upright(x0, z, ((-0.3, tall), (middle, tall + (x1 - x0) * 0.09), (x1 - x0 + 0.3, tall)), roof)
    for i in range(int((x1 - x0) / 7)):
        a = x0 + 2 + i * 7
        if rng.random() < 0.7:
            shot.panel(a, a + 3.8, 0, 4.0, z, rng.choice((scaled(wall, 0.6), (196, 200, 204), (92, 100, 110))))
            for y in (1.0, 2.0, 3.0):
                shot.line((a, y, z), (a + 3.8, y, z), scaled(wall, 0.55), 0.06)
        else:
            shot.panel(a, a + 4, tall * 0.65, tall * 0.8, z, GLASS)


def _chimney(shot: Shot, x: float, z: float) -> None:
    rng = shot.rng
    tall, brick = rng.uniform(26, 48), rng.choice(((150, 86, 70), (190, 184, 174), (176, 170, 166)))
    shot.upright(x, z, ((-1.8, 0), (1.8, 0), (1.1, tall), (-1.1, tall)), brick, 0.92)
    shot.upright(x, z, ((-1.8, 0), (-0.6, 0), (-0.4, tall), (-1.1, tall)), brick, 0.75 if shot.light.sun > 0 else 1.08)
    for i in range(2):
        shot.panel(x - 1.25, x + 1.25, tall * (0.84 + 0.09 * i), tall * (0.88 + 0.09 * i), z, (190, 60, 50))
    if rng.random() < 0.6:
        drift = rng.choice((-1, 1))
        for i in range(9):
            shot.disc(
                x + drift * i * 2.2,
                tall + 1 + i * 1.5 + rng.uniform(-0.8, 0.8),
                z,
                1.3 + i * 0.42,
                (222, 222, 222),
                1.0 - 0.015 * i,
            )


def _tanks(shot: Shot, x: float, z: float) -> float:
    """A group of upright tanks; its width comes back."""
    rng = shot.rng
    radius, tall = rng.uniform(3, 5), rng.uniform(6, 13)
    shell = rng.choice((WHITE, (206, 206, 200), (170, 174, 176)))
    count = rng.randrange(1, 4)
    for i in range(count):
        middle = x + radius + i * radius * 2.2
        shot.panel(middle - radius, middle + radius, 0, tall, z, shell, 0.92)
        for k in range(6):
            a = -1 + k / 3
            light = shot.side_shade(a + 0.16) * (0.98 if shot.light.shadow > 0.15 else 1.0)
            shot.panel(middle + radius * a, middle + radius * (a + 1 / 3), 0, tall, z, shell, light)
        u, v = shot.at(middle, z, tall)
        r = radius * shot.scale(z)
        shot.draw.ellipse((u - r, v - r * 0.16, u + r, v + r * 0.16), fill=shot.tone(shell, z, 0.82))
        for y in (tall * 0.33, tall * 0.66):
            shot.line((middle - radius, y, z), (middle + radius, y, z), scaled(shell, 0.75), 0.08)
        shot.line((middle + radius * 0.5, 0, z), (middle + radius * 0.5, tall, z), DARK, 0.12)
    return radius * 2.2 * count


def _pipes(shot: Shot, z: float) -> None:
    reach = shot.spread(z) * 1.1
    for i in range(3):
        shot.line((-reach, 4.6 + i * 0.7, z), (reach, 4.6 + i * 0.7, z), scaled(STEEL, 1.1 - 0.15 * i), 0.42)
    x = -reach
    while x < reach:
        shot.line((x, 0, z), (x, 6.4, z), (110, 90, 80), 0.25)
        x += reach / 3
