"""Scenes of games: baseball fields and golf courses."""

import math
from dataclasses import dataclass

import numpy as np

from graft_core.types import F32
from graft_core.world.ground_nature import open_grass, tufts
from graft_core.world.ground_palette import CLOTHES, Palette
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import hills, tree_line
from graft_core.world.ground_things import (
    DARK,
    WHITE,
    any_tree,
    bush,
    person,
)

SIDE = 27.4
"""Metres from base to base."""


@dataclass(frozen=True)
class Diamond:
    """Where the field lies before the camera; a runs from the plate along the right foul line, b along the left."""

    x: float
    """Home plate, metres right of the camera."""
    z: float
    """Home plate, metres ahead."""
    turn: float
    """How far the field is turned against the view, radians."""

    def spot(self, a: float, b: float) -> tuple[float, float]:
        """(x, z) of a point of the field."""
        east, north = (a - b) / math.sqrt(2), (a + b) / math.sqrt(2)
        sine, cosine = math.sin(self.turn), math.cos(self.turn)
        return self.x + east * cosine + north * sine, self.z - east * sine + north * cosine

    def lines(self, plane: Plane) -> tuple[F32, F32]:
        """(h, w) a and b of every pixel of the ground."""
        sine, cosine = np.float32(math.sin(self.turn)), np.float32(math.cos(self.turn))
        right, ahead = plane.x - np.float32(self.x), plane.z - np.float32(self.z)
        east, north = right * cosine - ahead * sine, right * sine + ahead * cosine
        half = np.float32(math.sqrt(0.5))
        return (north + east) * half, (north - east) * half


def baseball(shot: Shot, land: Palette) -> None:
    """The infield from behind the plate, or from the stands; bases, mound, players, fence and lights."""
    rng = shot.rng
    diamond = Diamond(rng.uniform(-3.5, 3.5), rng.uniform(4.2, 9.0), rng.uniform(-0.3, 0.3))
    _infield(shot, land, diamond)
    _outfield(shot, land, diamond.z)
    for a, b in ((SIDE, 0.0), (0.0, SIDE), (SIDE, SIDE)):
        x, z = diamond.spot(a, b)
        shot.pool(x, z, 0.75, 0.75, WHITE)
    shot.pool(diamond.x, diamond.z, 0.45, 0.45, WHITE)
    _players(shot, diamond)
    if rng.random() < 0.45:
        _backstop(shot)


def _infield(shot: Shot, land: Palette, diamond: Diamond) -> None:
    """Mown grass, the clay of the infield, foul lines."""
    rng, plane = shot.rng, Plane(shot)
    plane.fill(land.lawn, scaled(land.lawn, 0.94), patch=7, grain=0.1, cell=0.08)
    if rng.random() < 0.6:
        plane.shade *= 1 + 0.09 * np.sign(plane.stripes(rng.uniform(7, 10), rng.choice((0.0, 0.78, -0.78))))
    clay = blend(land.soil, (182, 112, 74), rng.uniform(0.4, 0.95))
    a, b = diamond.lines(plane)
    skin = (a > -1) & (b > -1) & (np.hypot(a - SIDE * 0.42, b - SIDE * 0.42) < 25)
    skin &= ~((a > 3) & (b > 3) & (a < SIDE - 2.2) & (b < SIDE - 2.2))
    skin |= (np.hypot(a, b) < 4.2) | (np.hypot(a - 13, b - 13) < 2.8)
    plane.paint(skin, clay)
    plane.smooth(skin, 0.35)
    for line, along in ((a, b), (b, a)):
        plane.paint((np.abs(line) < 0.09 + 0.0035 * plane.z) & (along > 0) & (along < 100), (240, 240, 236))
    plane.paint(np.hypot(a, b) > 112, blend(clay, land.grass, 0.2))
    plane.show()


def _players(shot: Shot, diamond: Diamond) -> None:
    """Fielders in one shirt, and a batter at the plate with a bat."""
    rng = shot.rng
    team = rng.choice((WHITE, (196, 196, 200), *CLOTHES[:2]))
    places = [
        (SIDE * 0.48, SIDE * 0.48),
        (SIDE + 2, 4),
        (SIDE * 0.85, SIDE * 1.1),
        (SIDE * 1.15, SIDE * 0.8),
        (4, SIDE + 2),
        (SIDE * 1.7, SIDE * 1.7),
    ]
    for a, b in sorted(places, key=lambda place: -(place[0] + place[1])):
        if rng.random() < 0.75:
            x, z = diamond.spot(a, b)
            if z > 5:
                person(shot, x, z, height=1.85, shirt=team)
    if rng.random() < 0.6:
        x, z = diamond.spot(0.6, -0.6)
        person(shot, x + 0.3, max(z, 4.5), height=1.85, shirt=rng.choice(CLOTHES))
        shot.line((x + 0.5, 1.5, max(z, 4.5)), (x + 0.95, 2.3, max(z, 4.5)), (200, 168, 120), 0.07)


def _outfield(shot: Shot, land: Palette, z0: float) -> None:
    """Fence, scoreboard and light masts beyond the grass."""
    rng = shot.rng
    far = z0 + rng.uniform(95, 120)
    tree_line(shot, rng.choice(land.leaves), z=far * 1.2, height=rng.uniform(8, 15))
    paint = rng.choice(((30, 72, 52), (34, 60, 110), (60, 90, 60)))
    shot.panel(-shot.spread(far) * 1.1, shot.spread(far) * 1.1, 0, 3, far, paint)
    if rng.random() < 0.5:
        x = rng.uniform(-0.6, 0.6) * shot.spread(far)
        shot.panel(x - 8, x + 8, 4, 11, far, (34, 40, 46))
        for i in range(4):
            shot.panel(x - 6.5 + i * 3.5, x - 4.5 + i * 3.5, 6, 8.5, far, (226, 196, 96))
    for _ in range(rng.choice((0, 2, 3, 4))):
        x = rng.uniform(-1, 1) * shot.spread(far)
        shot.line((x, 0, far), (x, 24, far), (150, 152, 156), 0.6)
        shot.panel(x - 3, x + 3, 23, 26, far, (222, 226, 230))


def _backstop(shot: Shot) -> None:
    """Wire mesh right before the camera."""
    rng = shot.rng
    step = shot.width / rng.uniform(16, 26)
    tone = shot.tone((150, 154, 158), 0, 0.85)
    offset = rng.uniform(0, step)
    reach = int(shot.width / step) + 2
    for i in range(-reach, reach):
        u = offset + i * step
        shot.draw.line((u, 0, u + shot.width, shot.width), fill=tone, width=1)
        shot.draw.line((u + shot.width, 0, u, shot.width), fill=tone, width=1)
    for u in (rng.uniform(0.05, 0.3), rng.uniform(0.7, 0.95)):
        shot.draw.rectangle((u * shot.width - 2, 0, u * shot.width + 2, shot.width), fill=shot.tone((120, 124, 128)))


def golf(shot: Shot, land: Palette) -> None:
    """Mown fairway, green with its flag, bunkers, trees, players."""
    rng = shot.rng
    hills(shot, blend(land.conifer, land.leaves[0], 0.4), top=rng.uniform(0.02, 0.07), z=600)
    plane = open_grass(shot, land)
    rough = blend(land.grass, land.lawn, 0.4)
    plane.fill(scaled(rough, 0.88), rough, patch=4, grain=0.2, cell=0.09)
    z_green, x_green, r_green = rng.uniform(17, 34), rng.uniform(-4, 4), rng.uniform(6, 10)
    bend = rng.uniform(-0.15, 0.15)
    fairway = np.abs(plane.x - x_green * plane.z / z_green - bend * (plane.z - z_green)) < 7 + plane.soft(9) * 1.6
    plane.paint(fairway, land.lawn)
    mown = plane.stripes(rng.uniform(3, 5), rng.uniform(-0.5, 0.5))
    plane.shade *= np.where(fairway, 1 + 0.07 * np.sign(mown), 1)
    out = np.hypot(plane.x - x_green, (plane.z - z_green) * 0.9)
    plane.paint(out < r_green + 1.4, scaled(land.lawn, 0.94))
    plane.paint(out < r_green, blend(scaled(land.lawn, 1.16), (140, 184, 104), 0.35))
    plane.shade = np.where(out < r_green, 1.0, plane.shade).astype(np.float32)
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=130, height=12)
    for _ in range(rng.randrange(8, 18)):
        z = rng.uniform(38, 100)
        side = rng.choice((-1, 1))
        any_tree(shot, land, side * rng.uniform(0.25, 1.0) * shot.spread(z), z, rng.uniform(7, 13))
    if rng.random() < 0.3:
        pond = np.hypot(plane.x - rng.choice((-1, 1)) * 9, (plane.z - z_green * 0.62) * 0.9) < 4.5
        plane.water(land.water, pond, ripple=0.4, mirror=0.8)
    _bunkers(shot, land, x_green, z_green, r_green)
    _flag(shot, x_green + rng.uniform(-2, 2), z_green + rng.uniform(-2, 2))
    for _ in range(rng.choice((0, 1, 2, 3))):
        z = rng.uniform(7, z_green)
        _golfer(shot, rng.uniform(-0.7, 0.7) * shot.spread(z), z)
    if rng.random() < 0.3:
        z = rng.uniform(10, 18)
        _buggy(shot, rng.choice((-1, 1)) * 0.6 * shot.spread(z), z)
    if rng.random() < 0.4:
        bush(shot, land, rng.choice((-1, 1)) * 4.5, rng.uniform(6, 8), 1.3)
    tufts(shot, land.grass, 20, z0=2, z1=5, height=0.18)


def _bunkers(shot: Shot, land: Palette, x_green: float, z_green: float, r_green: float) -> None:
    """Sand traps around the green, each with its turf lip."""
    rng = shot.rng
    places = [(x_green + s * (r_green + rng.uniform(1, 3)), z_green + rng.uniform(-6, 3)) for s in (-1, 1)]
    if rng.random() < 0.6:
        places.append((rng.uniform(-4, 4), rng.uniform(8.5, 13)))
    for x, z in sorted(places, key=lambda place: -place[1]):
        if rng.random() < 0.12:
            continue
        wide, deep = rng.uniform(2.4, 4.2), rng.uniform(1.2, 2.4)
        for dx, size in ((-0.5 * wide, 0.7), (0.5 * wide, 0.8), (0, 1.0)):
            shot.pool(x + dx, z + 0.25, wide * size + 0.3, deep * size + 0.35, scaled(land.lawn, 0.62))
        for dx, size in ((-0.5 * wide, 0.7), (0.5 * wide, 0.8), (0, 1.0)):
            shot.pool(x + dx, z, wide * size, deep * size, blend(land.sand, (240, 228, 200), 0.5))


def _flag(shot: Shot, x: float, z: float) -> None:
    colour: Colour = shot.rng.choice(((206, 44, 40), (236, 206, 60), (240, 240, 240), (40, 80, 160)))
    way = shot.rng.choice((-1, 1))
    shot.pool(x, z, 0.3, 0.3, (40, 50, 40))
    shot.line((x, 0, z), (x, 3.0, z), (240, 236, 220), 0.06)
    shot.upright(x, z, ((0, 3.0), (way * 1.1, 2.75), (way * 0.95, 2.45), (0, 2.3)), colour)


def _golfer(shot: Shot, x: float, z: float) -> None:
    person(shot, x, z, shirt=shot.rng.choice(CLOTHES))
    if shot.rng.random() < 0.5:
        shot.line((x + 0.2, 0.95, z), (x + 0.75, 0.02, z), (90, 90, 96), 0.04)
    else:
        shot.line((x + 0.2, 1.3, z), (x - 0.5, 2.2, z), (90, 90, 96), 0.04)
    if shot.rng.random() < 0.5:
        shot.box(x - 1.1, x - 0.8, z, z + 0.3, 0.95, shot.rng.choice(CLOTHES))


def _buggy(shot: Shot, x: float, z: float) -> None:
    shot.shadow(x, z, 1.4)
    shot.upright(x, z, ((-1.2, 0.3), (1.3, 0.3), (1.2, 0.8), (0.5, 0.9), (-1.2, 0.95)), WHITE)
    shot.panel(x - 1.1, x + 0.9, 1.85, 1.95, z, WHITE)
    for a in (-1.0, 0.7):
        shot.line((x + a, 0.8, z), (x + a, 1.9, z), (120, 120, 124), 0.06)
    for a in (-0.85, 0.85):
        shot.disc(x + a, 0.27, z, 0.28, DARK)
