"""Scenes of farming: crops and orchards."""

import math

import numpy as np

from graft_core.world.ground_nature import open_grass
from graft_core.world.ground_palette import Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import hills, tree_line
from graft_core.world.ground_sprites import paste_crown, tree
from graft_core.world.ground_things import DARK, GLASS, STEEL, person


def crop_field(shot: Shot, land: Palette) -> None:
    """Furrows, young rows or a standing crop, with what farmers leave in it."""
    rng = shot.rng
    if rng.random() < 0.5:
        hills(shot, blend(land.grass, land.conifer, rng.random()), top=rng.uniform(0.02, 0.09), z=900)
    tree_line(shot, rng.choice(land.leaves), z=rng.uniform(160, 420), height=rng.uniform(7, 14))
    crop = near(rng, rng.choice(land.crops))
    bare = rng.random() < land.fallow
    kind = rng.choice(("furrows", "furrows", "stubble") if bare else ("rows", "standing", "standing"))
    plane = Plane(shot)
    angle = rng.choice((0.0, rng.uniform(-0.5, 0.5), rng.uniform(-1.0, 1.0)))
    if kind == "furrows":
        plane.fill(land.soil, scaled(land.soil, 0.88), patch=9, grain=0.24, cell=0.12)
        plane.shade *= 1 + 0.3 * plane.stripes(rng.uniform(0.7, 1.1), angle)
    elif kind == "stubble":
        plane.fill(blend((196, 172, 112), land.soil, 0.25), (176, 150, 98), patch=10, grain=0.26, cell=0.07)
        plane.shade *= 1 + 0.16 * plane.stripes(rng.uniform(0.6, 1.0), angle)
    else:
        period = rng.uniform(0.8, 1.4) if kind == "rows" else rng.uniform(0.5, 0.8)
        plane.fill(crop, scaled(crop, 0.9), patch=12, grain=0.24, cell=0.08)
        wave = plane.stripes(period, angle)
        plane.paint(np.clip(-wave * 1.8 - (0.2 if kind == "rows" else 0.7), 0, 0.9), scaled(land.soil, 0.8))
        plane.shade *= 1 + 0.14 * wave
    for track in (rng.uniform(-2, 2),) if kind == "standing" else ():
        for wheel in (-0.9, 0.9):
            plane.paint(np.abs(plane.x - track - wheel) < 0.2, scaled(land.soil, 0.85))
    plane.show()
    _field_things(shot, land, kind)
    if kind == "standing":
        _standing_crop(shot, crop)


def _field_things(shot: Shot, land: Palette, kind: str) -> None:
    rng = shot.rng
    pick = rng.random()
    if kind == "stubble" or pick < 0.12:
        for z in sorted((rng.uniform(9, 70) for _ in range(rng.randrange(4, 11))), reverse=True):
            hay_bale(shot, rng.uniform(-0.9, 0.9) * shot.spread(z), z)
    elif pick < 0.45:
        z = rng.uniform(14, 42)
        tractor(shot, rng.uniform(-0.6, 0.6) * shot.spread(z), z, facing=rng.choice((-1, 1)))
    if rng.random() < 0.2:
        z = rng.uniform(60, 140)
        barn(shot, land, rng.uniform(-0.7, 0.7) * shot.spread(z), z)
    if rng.random() < 0.15:
        for z in (150.0, 90.0, 54.0, 32.0):
            x = rng.uniform(0.4, 0.5) * shot.spread(54)
            shot.line((x, 0, z), (x, 8, z), (104, 88, 72), 0.25)
            shot.line((x - 1, 7.2, z), (x + 1, 7.2, z), (104, 88, 72), 0.18)


def _standing_crop(shot: Shot, crop: Colour) -> None:
    """Stalks close to the camera: ears of corn or maize leaves."""
    rng = shot.rng
    tall = rng.choice((0.8, 0.9, 1.5))
    for z in sorted((1.9 * 5 ** rng.random() for _ in range(95)), reverse=True):
        x = rng.uniform(-1, 1) * shot.spread(z)
        up, lean, shade = tall * rng.uniform(0.75, 1.1) * 0.75, rng.uniform(-0.12, 0.12), rng.uniform(0.62, 1.15)
        shot.line((x, 0, z), (x + lean, up, z), scaled(crop, shade), 0.02)
        if tall > 1:
            for y in (0.4, 0.7):
                way = rng.choice((-1, 1)) * rng.uniform(0.2, 0.4)
                shot.line(
                    (x + lean * y, up * y, z), (x + lean * y + way, up * y + 0.14, z), scaled(crop, shade * 0.95), 0.05
                )
        else:
            shot.line(
                (x + lean * 0.85, up * 0.85, z),
                (x + lean * 1.1, up * 1.06, z),
                scaled(blend(crop, (222, 190, 110), 0.4), shade * 1.1),
                0.05,
            )


def hay_bale(shot: Shot, x: float, z: float) -> None:
    """A round bale, seen from its end."""
    straw = near(shot.rng, (204, 176, 110))
    shot.shadow(x, z, 0.9)
    shot.disc(x + 0.25, 0.74, z + 0.8, 0.72, straw, 0.8)
    shot.disc(x, 0.74, z, 0.74, straw, 1.0)
    for r in (0.5, 0.26):
        shot.disc(x, 0.74, z, r, straw, 0.88 if r > 0.4 else 1.02)


def tractor(shot: Shot, x: float, z: float, *, facing: int) -> None:
    """A tractor seen from its side."""
    f, paint = facing, near(shot.rng, shot.rng.choice(((44, 110, 52), (186, 44, 36), (40, 84, 150), (214, 150, 40))))
    shot.shadow(x, z, 2.0)
    shot.upright(x, z, [(f * a, b) for a, b in ((-0.2, 0.8), (2.0, 0.8), (2.0, 1.6), (-0.2, 1.75))], paint)
    shot.upright(x, z, [(f * a, b) for a, b in ((-1.3, 1.2), (0.1, 1.2), (0.0, 2.7), (-1.1, 2.7))], GLASS)
    shot.upright(x, z, [(f * a, b) for a, b in ((-1.35, 2.65), (0.15, 2.65), (0.05, 2.85), (-1.25, 2.85))], paint)
    for a, r in ((-0.8, 0.88), (1.55, 0.55)):
        shot.disc(x + f * a, r, z, r, (32, 32, 34))
        shot.disc(x + f * a, r, z, r * 0.5, (214, 190, 90))
    shot.line((x + f * 1.2, 1.6, z), (x + f * 1.2, 2.4, z), DARK, 0.1)


def barn(shot: Shot, land: Palette, x: float, z: float) -> None:
    """A farm shed and its silo."""
    walls = near(shot.rng, shot.rng.choice(((148, 52, 44), (190, 180, 160), (120, 96, 76))))
    shot.box(x, x + 14, z, z + 10, 5, walls)
    shot.upright(x, z, ((0, 5), (3, 8.2), (11, 8.2), (14, 5)), scaled(walls, 0.7))
    shot.panel(x + 5, x + 9, 0, 4, z, scaled(walls, 0.6))
    shot.panel(x - 4.5, x - 1, 0, 11, z, STEEL)
    shot.disc(x - 2.75, 11, z, 1.75, STEEL)


def orchard(shot: Shot, land: Palette) -> None:
    """Fruit trees in straight rows, the camera in a lane between two of them."""
    rng = shot.rng
    plane = open_grass(shot, land)
    lane, spacing = rng.uniform(4.2, 6.0), rng.uniform(3.0, 4.6)
    strip = plane.stripes(lane, 0.0, offset=lane * 0.25)
    plane.paint(np.clip(-strip * 2 - 0.9, 0, 0.75), land.soil)
    if rng.random() < 0.6:
        hills(shot, blend(land.grass, land.conifer, 0.6), top=rng.uniform(0.02, 0.08), z=800)
    plane.show()
    blossom = land.season == "spring" and rng.random() < 0.7
    fruit: Colour | None = None
    if land.season in ("summer", "autumn", "dry season") and rng.random() < 0.8:
        fruit = rng.choice(((196, 44, 36), (226, 140, 44), (214, 196, 70), (120, 60, 110)))
    crown: Colour = (
        rng.choice(((248, 232, 236), (240, 200, 214)))
        if blossom
        else rng.choice(((74, 108, 46), (96, 122, 66), (62, 96, 50)))
    )
    crown = near(rng, blend(crown, rng.choice(land.leaves), 0.15 if blossom else 0.25))
    bare = rng.random() < land.bare * 1.5
    tall = rng.uniform(2.6, 4.2)
    z = 3.2 + spacing * int(52 / spacing)
    while z > 3.0:
        for row in (-2.5, 2.5, -1.5, 1.5, -0.5, 0.5):
            x = row * lane
            if abs(x) < shot.spread(z) + 3:
                _fruit_tree(shot, x, z + rng.uniform(-0.2, 0.2), tall * rng.uniform(0.9, 1.1), crown, fruit, bare=bare)
        z -= spacing
    if rng.random() < 0.3:
        z = rng.uniform(8, 16)
        person(shot, rng.uniform(-0.8, 0.8), z)
        shot.box(1.1, 1.7, z, z + 0.4, 0.4, (170, 130, 80))


def _fruit_tree(
    shot: Shot, x: float, z: float, tall: float, crown: Colour, fruit: Colour | None, *, bare: bool
) -> None:
    rng = shot.rng
    if bare:
        tree(shot, x, z, tall, crown, "bare", bark=(96, 82, 70))
        return
    colour = near(rng, crown, 0.08)
    u, foot = shot.at(x, z)
    pixels = shot.scale(z)
    shot.shadow(x, z, tall * 0.4)
    shot.line((x, 0, z), (x, tall * 0.5, z), (92, 74, 58), 0.16)
    wide = tall * 0.98
    paste_crown(shot, "round", u, foot - tall * pixels, wide * pixels, tall * 0.72 * pixels, colour, z)
    if fruit is None or pixels * tall < 24:
        return
    for _ in range(min(22, int(pixels * 0.4) + 4)):
        angle, reach = rng.uniform(0, 2 * math.pi), math.sqrt(rng.random()) * 0.42
        y = tall * (0.63 + 0.36 * 0.82 * reach / 0.42 * math.sin(angle))
        a = x + wide * reach * math.cos(angle)
        fu, fv = shot.at(a, z, y)
        r = max(0.062 * pixels, 0.9)
        shot.draw.ellipse((fu - r, fv - r, fu + r, fv + r), fill=shot.tone(fruit, z, rng.uniform(0.75, 1.1)))
