"""Scenes of glass in rows: solar farms and greenhouses."""

import math

import numpy as np

from graft_core.world.ground_nature import open_grass, tufts
from graft_core.world.ground_palette import Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import tree_line
from graft_core.world.ground_sprites import paste_crown
from graft_core.world.ground_things import STEEL, WHITE, any_tree, car_side, fence, person


def solar_farm(shot: Shot, land: Palette) -> None:
    """Tables of tilted panels, row behind row, or running away beside the camera."""
    rng = shot.rng
    plane = open_grass(shot, land)
    if rng.random() < 0.3:
        plane.fill(land.soil, scaled(land.soil, 1.1), patch=6)
    tree_line(shot, rng.choice(land.leaves), z=rng.uniform(180, 400), height=10)
    plane.show()
    cells = near(rng, rng.choice(((36, 52, 96), (28, 34, 56), (44, 62, 100))))
    if rng.random() < 0.55:
        _rows_across(shot, cells)
    else:
        _rows_along(shot, cells)
    if rng.random() < 0.3:
        fence(shot, 4.5, height=1.9, step=2.2, colour=STEEL, rails=3)
    if rng.random() < 0.25:
        person(shot, rng.uniform(-1.5, 1.5), rng.uniform(5, 9), shirt=(232, 140, 40))
    tufts(shot, land.grass, 25, z0=2, z1=8)


def _sheen(shot: Shot, cells: Colour) -> Colour:
    """Panels mirror part of the sky."""
    return blend(cells, scaled(shot.light.zenith, 0.9), shot.rng.uniform(0.02, 0.22))


def _table(shot: Shot, corners: tuple[tuple[float, float, float], ...], cells: Colour, across: int, up: int) -> None:
    """One panel table: four corners low-left, low-right, high-right, high-left, with its frame grid."""
    shot.poly(corners, _sheen(shot, cells))
    (ll, lr, hr, hl), frame = corners, (196, 202, 208)

    def between(a: tuple[float, float, float], b: tuple[float, float, float], t: float) -> tuple[float, float, float]:
        return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)

    if shot.scale(ll[2]) < 4:
        across, up = 1, 1
    for i in range(across + 1):
        shot.line(between(ll, lr, i / across), between(hl, hr, i / across), frame, 0.035)
    for j in range(up + 1):
        shot.line(between(ll, hl, j / up), between(lr, hr, j / up), frame, 0.035 if 0 < j < up else 0.06)


def _rows_across(shot: Shot, cells: Colour) -> None:
    """Rows parallel to the picture, all tilted towards the camera."""
    rng = shot.rng
    pitch, low, rise, deep = rng.uniform(4.5, 6.5), rng.uniform(0.5, 0.8), rng.uniform(1.0, 1.8), rng.uniform(1.6, 2.4)
    skew = rng.uniform(-0.22, 0.22)
    z = rng.uniform(4.5, 7) + pitch * 9
    while z > 4.2:
        table, shift = 6.4, rng.uniform(0, 6.4)
        x = -shot.spread(z) * 1.15 - shift
        while x < shot.spread(z) * 1.15:
            za, zb = max(z + skew * x, 3.2), max(z + skew * (x + table - 0.4), 3.2)
            shot.flat(x, x + table, za, za + deep, (40, 44, 36), 0.9)
            for leg in (0.8, table - 1.2):
                shot.line((x + leg, 0, za + deep * 0.6), (x + leg, low + rise * 0.6, za + deep * 0.6), STEEL, 0.1)
            _table(
                shot,
                (
                    (x, low, za),
                    (x + table - 0.4, low, zb),
                    (x + table - 0.4, low + rise, zb + deep),
                    (x, low + rise, za + deep),
                ),
                cells,
                6,
                2,
            )
            x += table
        z -= pitch


def _rows_along(shot: Shot, cells: Colour) -> None:
    """Rows that run away from the camera; it looks along the aisle."""
    rng = shot.rng
    pitch, low, rise, wide = rng.uniform(5, 7), rng.uniform(0.6, 0.9), rng.uniform(0.9, 1.5), rng.uniform(2.2, 3.2)
    lean = rng.choice((-1, 1))
    table = 6.0
    for row in sorted(range(-5, 6), key=lambda r: -abs(r)):
        x0 = (row - 0.5) * pitch + (1.2 if lean > 0 else -0.2)
        z = 90.0
        while z > 2.4:
            z0, z1 = max(z - table + 0.35, 2.4), z
            if abs(x0) < shot.spread(z1) + pitch:
                xa, xb = (x0, x0 + wide) if lean > 0 else (x0 + wide, x0)
                shot.flat(x0, x0 + wide, z0, z1, (40, 44, 36), 0.9)
                for leg in (z1 - 0.6, z0 + 0.6):
                    shot.line((x0 + wide / 2, 0, leg), (x0 + wide / 2, low + rise / 2, leg), STEEL, 0.1)
                _table(shot, ((xa, low, z0), (xa, low, z1), (xb, low + rise, z1), (xb, low + rise, z0)), cells, 5, 3)
            z -= table


def greenhouse(shot: Shot, land: Palette) -> None:
    """Glass houses or plastic tunnels side by side, or the inside of one."""
    pick = shot.rng.random()
    if pick < 0.38:
        _inside_glass(shot, land)
    elif pick < 0.72:
        _tunnels(shot, land)
    else:
        _glass_houses(shot, land)


def _arch(half: float, tall: float, wall: float, steps: int = 10, *, pointed: bool) -> list[tuple[float, float]]:
    """Outline of a tunnel or a pitched glass house from foot to foot."""
    if pointed:
        return [(-half, 0), (-half, wall), (0, tall), (half, wall), (half, 0)]
    bow = [
        (-half * math.cos(math.pi * i / steps), wall + (tall - wall) * math.sin(math.pi * i / steps))
        for i in range(steps + 1)
    ]
    return [(-half, 0), *bow, (half, 0)]


def _inside_glass(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    pointed = rng.random() < 0.5
    half, tall, wall = rng.uniform(3.6, 5.5), rng.uniform(3.6, 4.8), rng.uniform(1.4, 2.4)
    plane = Plane(shot)
    plane.fill(blend(land.soil, (170, 166, 156), rng.random()), land.soil, patch=3, grain=0.15)
    plane.show()
    pane = blend(shot.light.haze, (226, 236, 232), 0.5)
    outline, far = _arch(half, tall, wall, pointed=pointed), rng.uniform(34, 60)
    shell = [shot.at(x, 0.8, y) for x, y in outline]
    hole = [shot.at(x, far, y) for x, y in outline]
    for i in range(len(outline) - 1):
        facing = 0.82 + 0.2 * (outline[i][1] + outline[i + 1][1]) / (2 * tall)
        shot.draw.polygon((shell[i], shell[i + 1], hole[i + 1], hole[i]), fill=shot.tone(pane, 14, facing))
        shot.draw.line((shell[i], hole[i]), fill=shot.tone((206, 212, 212), 5), width=2)
    shot.draw.polygon(hole, fill=shot.tone(pane, far, 0.95))
    z = far
    while z > 1.2:
        rib = [shot.at(x, z, y) for x, y in outline]
        shot.draw.line(rib, fill=shot.tone((218, 222, 222), z * 2, 0.9), width=max(1, round(0.07 * shot.scale(z))))
        z *= 0.86
    _beds(shot, land, half, far)


def _beds(shot: Shot, land: Palette, half: float, far: float) -> None:
    """Rows of plants under the glass."""
    rng = shot.rng
    tall = rng.choice((0.5, 0.6, 1.7, 2.0))
    green = near(rng, rng.choice(((86, 136, 58), (70, 118, 52), (110, 148, 76))))
    dots: Colour | None = rng.choice((None, (206, 50, 40), (240, 200, 70), (226, 110, 160)))
    rows = [s * half * k for k in (0.8, 0.32) for s in (-1, 1)]
    z = far
    while z > 2.0:
        for x in rows:
            u, v = shot.at(x, z, tall)
            pixels = shot.scale(z)
            shot.panel(x - 0.5, x + 0.5, 0, 0.25, z, (150, 140, 128) if tall < 1 else land.soil, 0.9)
            paste_crown(shot, "bush", u, v, 1.3 * pixels, (tall - 0.1) * pixels, near(rng, green, 0.12), z)
            if dots and pixels > 12:
                for _ in range(4):
                    shot.disc(x + rng.uniform(-0.4, 0.4), rng.uniform(0.3, 0.95) * tall, z, 0.06, dots)
        z *= 0.88


def _yard(shot: Shot, land: Palette) -> None:
    """Grass with a gravelled lane, or bare earth."""
    plane = open_grass(shot, land)
    if shot.rng.random() < 0.4:
        plane.fill(land.soil, scaled(land.soil, 1.15), patch=4, grain=0.12)
    middle, wide = shot.rng.uniform(-3, 3), shot.rng.uniform(1.2, 2.2)
    plane.paint(np.abs(plane.x - middle) < wide, blend(land.concrete, land.soil, shot.rng.random()))
    plane.show()


def _tunnels(shot: Shot, land: Palette) -> None:
    """Several arched tunnels in a row, their ends towards the camera."""
    rng = shot.rng
    _yard(shot, land)
    tree_line(shot, rng.choice(land.leaves), z=220, height=10)
    half, tall = rng.uniform(3.2, 4.4), rng.uniform(3.0, 4.0)
    film = near(rng, blend((226, 232, 230), shot.light.haze, 0.3), 0.04)
    pitch, z, deep, aim = half * 2.25, rng.uniform(7.5, 12), rng.uniform(30, 60), rng.uniform(-0.5, 0.5)
    places = [(i + 0.5 + aim) * pitch for i in range(-4, 4)]
    for x in sorted(places, key=lambda value: -abs(value)):
        outline = _arch(half, tall, 0.9, pointed=False)
        front = [shot.at(x + a, z, b) for a, b in outline]
        back = [shot.at(x + a, z + deep, b) for a, b in outline]
        for i in range(len(outline) - 1):
            a = (outline[i][0] + outline[i + 1][0]) / 2 / half
            shot.draw.polygon(
                (front[i], front[i + 1], back[i + 1], back[i]),
                fill=shot.tone(film, z + 6, shot.side_shade(a) * (0.92 + 0.1 * (1 - abs(a)))),
            )
        for k in range(1, 7):
            rib = [shot.at(x + a, z + deep * (k / 7) ** 1.6, b) for a, b in outline]
            shot.draw.line(rib, fill=shot.tone((176, 182, 182), z, 0.95), width=1)
        shot.draw.polygon(front, fill=shot.tone(blend(film, land.leaves[0], 0.25), z, 0.86))
        _seen_through(shot, x, z, half, film)
        shot.draw.line(front, fill=shot.tone((236, 238, 238), z), width=max(2, round(0.09 * shot.scale(z))))
        shot.panel(x - 1.1, x + 1.1, 0, 2.2, z, scaled(film, 0.5))
        shot.line((x - half, 1.0, z), (x + half, 1.0, z), (206, 210, 210), 0.06)
    if rng.random() < 0.4:
        person(shot, rng.uniform(-4, 4), z - 3)


def _seen_through(shot: Shot, x: float, z: float, half: float, pane: Colour) -> None:
    """Plants behind a front of film or glass."""
    green = blend((76, 122, 60), pane, shot.rng.uniform(0.3, 0.6))
    tall = shot.rng.uniform(0.9, 1.7)
    for k in range(6):
        u, v = shot.at(x - half + (k + 0.5) * half / 3, z, tall)
        paste_crown(shot, "bush", u, v, half * 0.45 * shot.scale(z), tall * shot.scale(z), green, z)


def _glass_houses(shot: Shot, land: Palette) -> None:
    """Pitched glass, panes between white glazing bars, plants showing through."""
    rng = shot.rng
    _yard(shot, land)
    glass = blend((170, 198, 200), shot.light.haze, 0.35)
    z, half, wall = rng.uniform(7.5, 12), rng.uniform(3.2, 4.2), rng.uniform(2.2, 3.0)
    tall, aim = wall + half * 0.55, rng.uniform(-0.5, 0.5)
    for i in sorted(range(-4, 4), key=lambda k: -abs(k + 0.5)):
        x = (i + 0.5 + aim) * half * 2
        for side in (-1, 1):
            edge = x + side * half
            shot.poly(
                ((edge, wall, z), (x, tall, z), (x, tall, z + 40), (edge, wall, z + 40)),
                glass,
                shot.side_shade(side) * 1.05,
            )
        shot.upright(x, z, _arch(half, tall, wall, pointed=True), blend(glass, land.leaves[0], 0.12), 0.95)
        _seen_through(shot, x, z, half, glass)
        for k in range(9):
            a = -half + k * half / 4
            shot.line((x + a, 0, z), (x + a, wall + (tall - wall) * (1 - abs(a) / half), z), WHITE, 0.06)
        for y in (0.5, wall):
            shot.line((x - half, y, z), (x + half, y, z), WHITE, 0.1)
        for side in (-1, 1):
            shot.line((x + side * half, wall, z), (x, tall, z), WHITE, 0.14)
    if rng.random() < 0.4:
        car_side(shot, rng.uniform(-4, 4), z - 2.5, (230, 230, 228))
    if rng.random() < 0.4:
        any_tree(shot, land, rng.choice((-1, 1)) * 9, z + 1, 7)
