"""Scenes at the water: lakes, rivers, beaches, wetlands."""

import math
from dataclasses import dataclass

import numpy as np

from graft_core.types import F32, Bool
from graft_core.world.ground_nature import open_grass
from graft_core.world.ground_palette import CLOTHES, PAINTS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import hills, tree_line
from graft_core.world.ground_sprites import tree
from graft_core.world.ground_things import TIMBER, any_tree, birds, bush, person, umbrella


def lake(shot: Shot, land: Palette) -> None:
    """Open water from its shore: far bank, sails, a jetty, reeds."""
    rng = shot.rng
    far = rng.uniform(250, 700)
    hills(shot, blend(land.conifer, land.grass, rng.random()), top=rng.uniform(0.03, 0.14), z=far * 3)
    if rng.random() < 0.8:
        tree_line(shot, rng.choice((land.conifer, *land.leaves)), z=far, height=rng.uniform(12, 24))
    for _ in range(rng.choice((0, 0, 2, 4))):
        z = far * 0.9
        shot.panel(a := rng.uniform(-0.9, 0.9) * shot.spread(z), a + 9, 2, 9, z, (226, 220, 208))
    plane = Plane(shot)
    plane.water(land.water, ripple=rng.uniform(0.4, 1.5), mirror=rng.uniform(0.55, 0.9))
    for z in sorted((rng.uniform(35, 200) for _ in range(rng.choice((0, 1, 2, 3, 4)))), reverse=True):
        sailboat(shot, rng.uniform(-0.8, 0.8) * shot.spread(z), z)
    near_shore = rng.random()
    if near_shore < 0.3:
        _jetty(shot, rng.uniform(-1.6, 1.6))
    elif near_shore < 0.6:
        reeds(shot, land, rng.randrange(20, 50), z0=2.2, z1=5, height=rng.uniform(0.8, 1.5))
    elif near_shore < 0.8:
        _stones(shot, land, 26)
    if rng.random() < 0.35:
        _rowing_boat(shot, rng.uniform(-3, 3), rng.uniform(8, 20))
    if rng.random() < 0.4:
        _ducks(shot, rng.randrange(2, 6))


def sailboat(shot: Shot, x: float, z: float) -> None:
    """Hull, mast, two sails and their broken image in the water."""
    rng = shot.rng
    lean, tall = rng.uniform(-0.6, 0.6), rng.uniform(7, 11)
    sail: Colour = rng.choice(((244, 242, 236), (244, 242, 236), (226, 224, 214), (206, 84, 70)))
    hull = near(rng, rng.choice(PAINTS))
    pixels = shot.scale(z)
    u, v = shot.at(x, z)
    shade = shot.tone(blend(sail, (60, 80, 90), 0.5), z)
    for i in range(7):
        offset = i / 7 * min(tall * 0.5 * pixels, shot.width * 0.14)
        half = pixels * 1.6 * (1 - i / 8)
        shot.draw.line((u - half, v + offset, u + half * 0.8, v + offset), fill=shade, width=max(1, int(offset / 7)))
    shot.upright(x, z, ((-2.8, 0.9), (3.2, 0.9), (2.2, 0), (-2.2, 0)), hull)
    shot.upright(x, z, ((0.1, 1.2), (lean + 0.1, tall), (-2.6, 1.4)), sail)
    shot.upright(x, z, ((0.4, 1.2), (lean + 0.3, tall * 0.86), (3.0, 1.2)), sail, 0.85)
    shot.line((x + 0.2, 0.8, z), (x + lean + 0.2, tall, z), (110, 100, 90), 0.1)


def _jetty(shot: Shot, x: float) -> None:
    long = shot.rng.uniform(9, 22)
    half = shot.rng.uniform(0.5, 0.9)
    post = scaled(TIMBER, 0.7)
    for z in (long, long * 0.7, long * 0.45):
        for side in (-half, half):
            shot.line((x + side, -0.6, z), (x + side, 0.8, z), post, 0.14)
    shot.box(x - half, x + half, 1.2, long, 0.2, near(shot.rng, TIMBER), base=0.2)
    z = 1.4
    while z < long:
        shot.line((x - half, 0.4, z), (x + half, 0.4, z), scaled(TIMBER, 0.72), 0.03)
        z *= 1.09
    if shot.rng.random() < 0.4:
        person(shot, x, long * 0.8)


def _rowing_boat(shot: Shot, x: float, z: float) -> None:
    hull = near(shot.rng, shot.rng.choice(CLOTHES))
    shot.upright(x, z, ((-1.9, 0.55), (1.9, 0.6), (1.3, -0.05), (-1.4, -0.05)), hull)
    shot.upright(x, z, ((-1.9, 0.55), (1.9, 0.6), (1.5, 0.46), (-1.6, 0.42)), scaled(hull, 0.5))
    if shot.rng.random() < 0.6:
        person(shot, x - 0.2, z, height=1.15)


def _ducks(shot: Shot, count: int) -> None:
    for _ in range(count):
        z = shot.rng.uniform(5, 16)
        x = shot.rng.uniform(-0.7, 0.7) * shot.spread(z)
        shot.upright(x, z, ((-0.3, 0.15), (-0.1, 0), (0.2, 0), (0.3, 0.2)), (110, 90, 70))
        shot.disc(x + 0.25, 0.33, z, 0.08, (40, 84, 60))


def reeds(
    shot: Shot, land: Palette, count: int, *, z0: float, z1: float, height: float, left: float = -1, right: float = 1
) -> None:
    """Upright stalks, some with brown heads."""
    rng = shot.rng
    stalk = blend(land.grass, (150, 134, 84), rng.uniform(0.1, 0.6))
    for z in sorted((rng.uniform(z0, z1) for _ in range(count)), reverse=True):
        x = rng.uniform(left, right) * shot.spread(z)
        up, lean = height * rng.uniform(0.6, 1.2), rng.uniform(-0.15, 0.15)
        colour = scaled(stalk, rng.uniform(0.65, 1.15))
        shot.line((x, 0, z), (x + lean, up, z), colour, 0.025)
        shot.line((x, 0, z), (x - lean * 2.2, up * 0.8, z), scaled(colour, 0.9), 0.025)
        if rng.random() < 0.3:
            shot.line((x + lean * 0.9, up * 0.9, z), (x + lean * 1.05, up * 1.1, z), (84, 56, 38), 0.07)


def _stones(shot: Shot, land: Palette, count: int) -> None:
    rng = shot.rng
    for z in sorted((rng.uniform(1.9, 4.2) for _ in range(count)), reverse=True):
        x, r = rng.uniform(-1, 1) * shot.spread(z), rng.uniform(0.06, 0.3)
        shot.upright(x, z, ((-r, 0), (r, 0), (r * 0.7, r * 0.6), (-r * 0.4, r * 0.8)), near(rng, land.rock, 0.2), 0.9)


@dataclass(frozen=True)
class Course:
    """The winding middle line of a stream that runs away from the camera."""

    middle: float
    """Metres right of the camera where it begins."""
    wide: float
    """Half its width, metres."""
    bend: float
    """How strongly it winds, and to which side."""
    long: float
    """Length of a bend divided by 2 pi, metres."""

    def across(self, z: float) -> float:
        """Metres right of the camera at distance z."""
        return self.middle + self.bend * (6 * math.sin(z / self.long) + z * z / 320)

    def bank(self, z: float, side: int, out: float) -> float:
        """Metres right of the camera, ``out`` beyond the bank on one side."""
        return self.across(z) + side * (self.wide * 1.3 + out)


def river(shot: Shot, land: Palette) -> None:
    """A stream that winds away between two banks with trees."""
    rng = shot.rng
    plane = open_grass(shot, land)
    bend = rng.uniform(0.6, 1.3) * rng.choice((-1, 1))
    course = Course(rng.uniform(-1.5, 1.5), rng.uniform(3.0, 6.5), bend, rng.uniform(14, 30))
    middle = np.asarray([course.across(float(z)) for z in plane.z[:, 0]], np.float32)[:, None]
    side = np.abs(plane.x - middle) - np.float32(0.35) * plane.soft(4.0)
    bank = (side < course.wide * 1.22) & (plane.z < 150)
    plane.paint(bank, near(rng, rng.choice((land.soil, land.rock, land.sand))))
    plane.shade *= np.where(bank & ((plane.x > middle) != (shot.light.sun > 0)), np.float32(0.8), np.float32(1))
    plane.show()
    tree_line(shot, rng.choice(land.leaves), z=140, height=12)
    for z in sorted((14 * (120 / 14) ** rng.random() for _ in range(26)), reverse=True):
        any_tree(shot, land, course.bank(z, rng.choice((-1, 1)), rng.uniform(0.6, 9)), z, rng.uniform(5, 11))
    wet = (side < course.wide) & (plane.z < 160)
    plane.water(near(rng, land.water), wet, ripple=rng.uniform(0.8, 1.7), mirror=rng.uniform(0.5, 0.8))
    if rng.random() < 0.3:
        _bridge(shot, rng.uniform(34, 60))
    if rng.random() < 0.5:
        _boulders(shot, land, course)
    for z in sorted((rng.uniform(3.5, 14) for _ in range(14)), reverse=True):
        x = course.bank(z, rng.choice((-1, 1)), rng.uniform(-0.3, 2.5))
        if rng.random() < 0.5:
            bush(shot, land, x, z, rng.uniform(0.4, 1.1))
        else:
            shot.disc(x, 0.08, z, rng.uniform(0.1, 0.3), near(rng, land.rock))


def _boulders(shot: Shot, land: Palette, course: Course) -> None:
    """Stones in the stream, each with a rim of white water."""
    rng, foam = shot.rng, blend(land.water, (214, 224, 226), 0.5)
    for z in sorted((rng.uniform(5, 22) for _ in range(8)), reverse=True):
        x, r = course.across(z) + rng.uniform(-0.8, 0.8) * course.wide, rng.uniform(0.15, 0.5)
        shot.upright(x, z, ((-r * 1.5, -0.02), (r * 1.5, -0.02), (r * 1.8, 0.03), (-r * 1.8, 0.03)), foam)
        shot.upright(x, z, ((-r, 0), (r, 0), (r * 0.7, r * 0.6), (-r * 0.4, r * 0.8)), near(rng, land.rock, 0.2))


def _bridge(shot: Shot, z: float) -> None:
    """A bridge of arches across the view."""
    stone = near(shot.rng, (168, 156, 140))
    reach = shot.spread(z) * 1.1
    shot.panel(-reach, reach, 3.0, 4.6, z, stone)
    shot.panel(-reach, reach, 4.5, 4.8, z, scaled(stone, 1.15))
    pitch = reach / 2.5
    x = -reach
    while x < reach:
        shot.upright(x, z, ((-0.8, -0.6), (0.8, -0.6), (1.3, 3.1), (-1.3, 3.1)), stone, 0.85)
        x += pitch


def beach(shot: Shot, land: Palette) -> None:
    """Sand, the line of the surf running away or straight ahead, the sea, bathers and sunshades."""
    rng = shot.rng
    plane = Plane(shot)
    plane.fill(land.sand, near(rng, scaled(land.sand, 0.93)), patch=2.5, grain=0.1, cell=0.07)
    plane.shade *= 1 + 0.05 * plane.soft(0.8)
    oblique = rng.random() < 0.55
    side = rng.choice((-1, 1))
    wobble = plane.soft(9.0)
    if oblique:
        off = plane.x * side - rng.uniform(2.5, 4.5) - 0.09 * plane.z * rng.uniform(-0.6, 0.8) + wobble * 0.5
    else:
        off = plane.z - rng.uniform(16, 30) + wobble * 1.0 + plane.x * rng.uniform(-0.12, 0.12)
    _shore(shot, land, plane, off.astype(np.float32))
    if rng.random() < 0.35:
        hills(shot, blend(land.rock, land.grass, 0.5), top=rng.uniform(0.02, 0.06), z=900)
    if oblique and rng.random() < 0.6:
        for z in sorted((rng.uniform(24, 110) for _ in range(12)), reverse=True):
            x = -side * (rng.uniform(7, 16) + 0.25 * z)
            tree(shot, x, z, rng.uniform(5, 9), near(rng, (84, 112, 56)), "palm") if rng.random() < 0.6 else bush(
                shot, land, x, z, 2
            )
    _bathers(shot, -side if oblique else 0)
    if rng.random() < 0.5:
        birds(shot, rng.randrange(2, 6))


def _shore(shot: Shot, land: Palette, plane: Plane, off: F32) -> None:
    """Wet sand, foam and sea; ``off`` is metres out to sea of every pixel."""
    rng = shot.rng
    plane.paint(np.clip(off * np.float32(0.5) + np.float32(1.4), 0, 1), scaled(land.sand, 0.72))
    sea = blend(land.water, (60, 120, 140), rng.uniform(0.1, 0.7))
    depth: F32 = np.clip(off / np.float32(35), 0, 1)
    wet = off > 0
    plane.paint(wet, sea)
    plane.paint((0.5 * wet * (1 - depth) ** 2).astype(np.float32), (150, 176, 160))
    plane.shade = np.where(wet, 1 + 0.06 * plane.fine(0.5), plane.shade)
    torn = plane.fine(0.3) * 0.5 + plane.soft(3.0) * 0.7
    foam: F32 = np.zeros_like(off)
    for line, wide in ((0.2, 0.55), (rng.uniform(3, 5), 0.8), (rng.uniform(8, 12), 1.1), (rng.uniform(17, 24), 1.6)):
        foam = np.maximum(foam, np.clip(1.3 - np.abs(off - line - torn * wide * 0.7) / wide, 0, 1))
    plane.paint(foam * 0.92, (246, 248, 248))
    plane.show()


def _bathers(shot: Shot, side: int) -> None:
    """Umbrellas, towels and people on the dry side (0: both)."""
    rng = shot.rng
    for z in sorted(
        (rng.uniform(5.5, 15 if side == 0 else 40) for _ in range(rng.choice((0, 2, 3, 5, 7)))), reverse=True
    ):
        spot = rng.uniform(0.05, 0.95) * side if side else rng.uniform(-0.9, 0.9)
        x = spot * shot.spread(z)
        colour = rng.choice(CLOTHES)
        if rng.random() < 0.6:
            shot.flat(x - 0.9, x - 0.2, z - 0.7, z + 0.8, rng.choice(CLOTHES))
            umbrella(shot, x, z, colour)
        else:
            person(shot, x, z, shirt=rng.choice((colour, (214, 168, 138))))


def wetland(shot: Shot, land: Palette) -> None:
    """Pools between reeds and sedge, dead trees, waders."""
    rng = shot.rng
    tree_line(shot, rng.choice(land.leaves), z=rng.uniform(160, 350), height=11)
    plane = Plane(shot)
    sedge = blend(land.grass, (146, 132, 80), rng.uniform(0.2, 0.7))
    plane.fill(sedge, blend(sedge, land.soil, 0.5), patch=3, grain=0.3, cell=0.1)
    plane.show()
    for _ in range(rng.choice((0, 1, 3, 5))):
        z = rng.uniform(25, 90)
        tree(
            shot,
            rng.uniform(-1, 1) * shot.spread(z),
            z,
            rng.uniform(4, 9),
            sedge,
            "dead",
            bark=near(rng, (120, 112, 104)),
        )
    pools = plane.soft(rng.uniform(7, 11)) + 0.25 * plane.soft(2.0) > rng.uniform(-0.2, 0.35)
    plane.water(near(rng, land.water), pools & (plane.z < 120), ripple=0.35, mirror=0.85)
    _clumps(shot, land, plane, pools)
    if rng.random() < 0.45:
        z = rng.uniform(8, 16)
        _heron(shot, rng.uniform(-0.6, 0.6) * shot.spread(z), z)
    if rng.random() < 0.3:
        birds(shot, rng.randrange(2, 7))


def _clumps(shot: Shot, land: Palette, plane: Plane, pools: Bool) -> None:
    """Reeds where there is no open water."""
    rng = shot.rng
    for z in sorted((2.4 * 16 ** rng.random() for _ in range(75)), reverse=True):
        x = rng.uniform(-1, 1) * shot.spread(z)
        u, v = shot.at(x, z)
        row, column = int(v) - plane.top, int(u)
        if 0 <= row < pools.shape[0] and 0 <= column < pools.shape[1] and pools[row, column]:
            continue
        half = 0.5 / max(shot.spread(z), 0.5)
        middle = x / shot.spread(z)
        reeds(shot, land, 5, z0=z, z1=z + 0.3, height=rng.uniform(0.9, 1.7), left=middle - half, right=middle + half)


def _heron(shot: Shot, x: float, z: float) -> None:
    grey: Colour = shot.rng.choice(((168, 174, 182), (236, 236, 236)))
    for leg in (-0.06, 0.08):
        shot.line((x + leg, 0, z), (x + leg, 0.5, z), (90, 80, 70), 0.03)
    shot.upright(x, z, ((-0.5, 0.5), (0.0, 0.45), (0.22, 0.75), (-0.1, 0.8)), grey)
    shot.line((x + 0.15, 0.7, z), (x + 0.22, 1.15, z), grey, 0.07)
    shot.line((x + 0.2, 1.15, z), (x + 0.5, 1.1, z), (206, 160, 70), 0.05)
