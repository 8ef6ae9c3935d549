"""Things that stand in more than one kind of scene: people, vehicles, animals, poles, fences, small houses."""

import math

from graft_core.world.ground_palette import CLOTHES, PAINTS, SKINS, WALLS, Palette, near
from graft_core.world.ground_shot import Colour, Shot, scaled
from graft_core.world.ground_sprites import tree

GLASS: Colour = (70, 88, 104)
DARK: Colour = (38, 38, 42)
STEEL: Colour = (150, 154, 158)
WHITE: Colour = (236, 236, 232)
TIMBER: Colour = (124, 96, 68)


def person(shot: Shot, x: float, z: float, *, height: float = 1.72, shirt: Colour | None = None) -> None:
    """A standing or walking figure."""
    rng = shot.rng
    skin, shirt, trousers = rng.choice(SKINS), shirt or rng.choice(CLOTHES), rng.choice(CLOTHES[1:6])
    step, h = rng.uniform(0.02, 0.13) * height, height
    if z < 40:
        shot.shadow(x, z, 0.45)
    for side in (-1, 1):
        shot.upright(
            x, z, ((side * step - 0.09, 0), (side * step + 0.09, 0), (0.1, h * 0.5), (-0.1, h * 0.5)), trousers, 0.9
        )
    shot.upright(
        x,
        z,
        ((-0.19, h * 0.47), (0.19, h * 0.47), (0.24, h * 0.8), (0.1, h * 0.85), (-0.1, h * 0.85), (-0.24, h * 0.8)),
        shirt,
    )
    for side in (-1, 1):
        reach = rng.uniform(0.22, 0.36)
        shot.line((x + side * 0.22, h * 0.79, z), (x + side * reach, h * 0.5, z), scaled(shirt, 0.85), 0.1)
    shot.disc(x, h * 0.925, z, h * 0.068, skin)
    shot.upright(
        x,
        z,
        ((-0.11, h * 0.94), (0.11, h * 0.94), (0.08, h), (-0.08, h)),
        rng.choice(((50, 36, 28), (28, 24, 22), (150, 120, 80))),
    )


def crowd(shot: Shot, count: int, z0: float, z1: float) -> None:
    """A few people somewhere between two distances, far ones first."""
    for z in sorted((shot.rng.uniform(z0, z1) for _ in range(count)), reverse=True):
        person(shot, shot.rng.uniform(-0.8, 0.8) * shot.spread(z), z)


def car(shot: Shot, x: float, z: float, paint: Colour | None = None, *, rear: bool = True, long: float = 4.2) -> None:
    """A car that points along the view, seen from behind or from the front; z is its near end."""
    rng = shot.rng
    paint = paint or near(rng, rng.choice(PAINTS), 0.08)
    tall = rng.uniform(1.4, 1.75)
    if shot.scale(z) < 5:
        shot.panel(x - 0.85, x + 0.85, 0.1, 0.9, z, paint, 0.9)
        shot.panel(x - 0.7, x + 0.7, 0.85, 1.25, z + 1, GLASS)
        shot.panel(x - 0.65, x + 0.65, 1.2, 1.55, z + 1.5, paint, 1.08)
        return
    if z < 60:
        shot.flat(x - 1.0, x + 1.0, z - 0.15, z + long, (30, 30, 32))
    for side in (-0.62, 0.62):
        shot.panel(x + side - 0.14, x + side + 0.14, 0, 0.42, z, DARK)
    shot.box(x - 0.88, x + 0.88, z, z + long, 0.62, paint, base=0.26)
    _cabin(shot, x, z + long * 0.22, long * 0.52, tall, paint)
    if shot.scale(z) > 7:
        lamp: Colour = (190, 36, 30) if rear else (246, 244, 220)
        for side in (-0.7, 0.7):
            shot.panel(x + side - 0.13, x + side + 0.13, 0.6, 0.76, z, lamp)
        shot.panel(x - 0.26, x + 0.26, 0.44, 0.56, z, (226, 226, 216))


def _cabin(shot: Shot, x: float, z: float, long: float, tall: float, paint: Colour) -> None:
    """Windows and roof of a car, narrower at the top."""
    w0, w1, low, z1 = 0.82, 0.62, 0.86, z + long
    if x > 0.8:
        shot.poly(((x - w0, low, z), (x - w1, tall, z + 0.3), (x - w1, tall, z1 - 0.3), (x - w0, low, z1)), GLASS, 0.8)
    if x < -0.8:
        shot.poly(((x + w0, low, z), (x + w1, tall, z + 0.3), (x + w1, tall, z1 - 0.3), (x + w0, low, z1)), GLASS, 0.8)
    shot.poly(((x - w0, low, z), (x + w0, low, z), (x + w1, tall, z + 0.3), (x - w1, tall, z + 0.3)), GLASS, 0.95)
    if shot.eye > tall:
        shot.poly(
            ((x - w1, tall, z + 0.3), (x + w1, tall, z + 0.3), (x + w1, tall, z1 - 0.3), (x - w1, tall, z1 - 0.3)),
            paint,
            1.12,
        )
    else:
        shot.panel(x - w1, x + w1, tall - 0.07, tall, z + 0.3, paint, 1.05)


def car_side(shot: Shot, x: float, z: float, paint: Colour | None = None, *, facing: int = 1) -> None:
    """A car seen from its side, 4.3 m long."""
    rng = shot.rng
    paint = paint or near(rng, rng.choice(PAINTS), 0.08)
    f = facing
    shot.shadow(x, z, 2.3, long=0.3)
    shot.upright(
        x,
        z,
        [(f * a, b) for a, b in ((-2.1, 0.3), (2.1, 0.3), (2.12, 0.72), (1.2, 0.92), (-2.05, 0.95))],
        paint,
        shot.side_shade(0),
    )
    roof = [(f * a, b) for a, b in ((-1.7, 0.92), (1.15, 0.92), (0.5, 1.42), (-1.2, 1.45))]
    shot.upright(x, z, roof, paint)
    shot.upright(x, z, [(f * a, b) for a, b in ((-1.5, 0.94), (-0.35, 0.94), (-0.35, 1.35), (-1.12, 1.36))], GLASS)
    shot.upright(x, z, [(f * a, b) for a, b in ((-0.22, 0.94), (0.92, 0.94), (0.42, 1.34), (-0.22, 1.35))], GLASS)
    for wheel in (-1.35, 1.3):
        shot.disc(x + f * wheel, 0.33, z, 0.34, (26, 26, 28))
        shot.disc(x + f * wheel, 0.33, z, 0.17, STEEL)


def lorry(shot: Shot, x: float, z: float, paint: Colour, *, rear: bool = True) -> None:
    """A lorry with a box body along the view."""
    shot.flat(x - 1.35, x + 1.35, z - 0.2, z + 9, (30, 30, 32))
    for side in (-0.9, 0.9):
        shot.panel(x + side - 0.25, x + side + 0.25, 0, 0.9, z, DARK)
    if rear:
        shot.box(x - 1.25, x + 1.25, z, z + 9, 2.9, paint, base=0.7)
        shot.panel(x - 0.03, x + 0.03, 0.8, 3.4, z, scaled(paint, 0.7))
        return
    shot.box(x - 1.25, x + 1.25, z + 2.2, z + 9, 3.0, WHITE, base=0.7)
    shot.box(x - 1.2, x + 1.2, z, z + 2, 2.2, paint, base=0.6)
    shot.panel(x - 1.05, x + 1.05, 1.7, 2.6, z, GLASS)


def lorry_side(shot: Shot, x: float, z: float, cab: Colour, load: Colour, *, facing: int = 1) -> None:
    """A lorry seen from its side, about 9 m long."""
    f = facing
    shot.shadow(x, z, 4.6, long=0.3)
    shot.upright(x, z, ((-4.6 * f, 0.9), (2.0 * f, 0.9), (2.0 * f, 3.5), (-4.6 * f, 3.5)), load, shot.side_shade(0))
    shot.upright(x, z, ((2.2 * f, 0.6), (4.2 * f, 0.6), (4.2 * f, 1.6), (3.7 * f, 2.8), (2.2 * f, 2.8)), cab)
    shot.upright(x, z, ((3.0 * f, 1.6), (4.0 * f, 1.6), (3.6 * f, 2.6), (3.0 * f, 2.6)), GLASS)
    for wheel in (-3.9, -2.9, 3.1):
        shot.disc(x + wheel * f, 0.5, z, 0.5, (26, 26, 28))


def lamp_post(shot: Shot, x: float, z: float, height: float = 8.0, *, arm: float = 1.4) -> None:
    """A street light with an arm towards the road."""
    shot.line((x, 0, z), (x, height, z), (96, 98, 100), 0.14)
    shot.line((x, height, z), (x + arm, height + 0.2, z), (96, 98, 100), 0.12)
    shot.line((x + arm * 0.8, height + 0.15, z), (x + arm * 1.2, height + 0.2, z), (220, 220, 210), 0.2)


def fence(
    shot: Shot, z: float, *, height: float = 1.2, step: float = 2.5, colour: Colour = TIMBER, rails: int = 2
) -> None:
    """Posts and rails across the whole view."""
    reach = shot.spread(z) + step
    x = -reach + shot.rng.uniform(0, step)
    while x < reach:
        shot.line((x, 0, z), (x, height, z), colour, 0.12)
        x += step
    for rail in range(rails):
        y = height * (0.9 - 0.45 * rail)
        shot.line((-reach, y, z), (reach, y, z), colour, 0.08)


def cow(shot: Shot, x: float, z: float, *, facing: int = 1) -> None:
    """A grazing or standing cow."""
    rng, f = shot.rng, facing
    coat: Colour = rng.choice(((232, 226, 216), (120, 74, 48), (46, 42, 42), (176, 122, 84)))
    shot.shadow(x, z, 1.1, long=0.4)
    for leg in (-0.75, -0.55, 0.5, 0.7):
        shot.line((x + f * leg, 0, z), (x + f * leg, 0.7, z), scaled(coat, 0.75), 0.13)
    body = ((-0.95, 0.62), (-1.0, 1.32), (-0.2, 1.4), (0.8, 1.38), (0.95, 0.75), (0.2, 0.55))
    shot.upright(x, z, [(f * a, b) for a, b in body], coat)
    low = rng.random() < 0.6
    head = (
        ((0.8, 1.3), (1.15, 0.55), (1.42, 0.3), (1.55, 0.42), (1.3, 1.1))
        if low
        else ((0.8, 1.36), (1.2, 1.66), (1.6, 1.4), (1.5, 1.22), (0.95, 1.0))
    )
    shot.upright(x, z, [(f * a, b) for a, b in head], scaled(coat, 0.92))
    if coat[0] > 200:
        for _ in range(3):
            shot.disc(x + rng.uniform(-0.7, 0.6), rng.uniform(0.85, 1.2), z, rng.uniform(0.12, 0.24), (40, 36, 36))


def sheep(shot: Shot, x: float, z: float, *, facing: int = 1) -> None:
    """A woolly body on short legs."""
    shot.shadow(x, z, 0.6, long=0.4)
    for leg in (-0.3, -0.15, 0.2, 0.32):
        shot.line((x + leg, 0, z), (x + leg, 0.4, z), (60, 54, 50), 0.08)
    for a, b, r in ((-0.28, 0.6, 0.26), (0.0, 0.64, 0.3), (0.28, 0.6, 0.26)):
        shot.disc(x + a, b, z, r, (226, 220, 206), 0.92 + 0.15 * (b - 0.6))
    shot.disc(x + facing * 0.58, 0.62, z, 0.14, (70, 62, 58))


def birds(shot: Shot, count: int) -> None:
    """Birds in the air, small dark strokes."""
    rng = shot.rng
    for _ in range(count):
        u, v = rng.uniform(0, shot.width), rng.uniform(0.08, 0.85) * shot.horizon
        wing = rng.uniform(2, 5) * shot.width / 256
        shade = shot.tone((60, 60, 66), 60)
        shot.draw.line(
            (u - wing, v - wing * 0.5, u, v, u + wing, v - wing * 0.5), fill=shade, width=max(1, shot.width // 256)
        )


def gable_house(
    shot: Shot, x: float, z: float, wide: float, deep: float, *, walls: Colour, roof: Colour, floors: int = 1
) -> None:
    """A house with a pitched roof: ridge across the view or towards it."""
    rng, wall_top = shot.rng, 2.7 * floors + 0.3
    x0, x1, z1 = x - wide / 2, x + wide / 2, z + deep
    shot.box(x0, x1, z, z1, wall_top, walls)
    rise = rng.uniform(1.6, 2.8)
    over = 0.4
    if rng.random() < 0.5:
        _side_gable(shot, (x0, x1), (z, z1), wall_top, rise, roof, walls)
    else:
        beside = x0 if x > 0 else -x1
        if shot.eye > wall_top - beside * rise / (wide / 2):  # else the slope is hidden behind its own eaves
            edge, low, high = (x0 - over if x > 0 else x1 + over), wall_top - 0.1, wall_top + rise
            slope = ((edge, low, z - over), (x, high, z - over), (x, high, z1), (edge, low, z1))
            shot.poly(slope, roof, shot.side_shade(-1 if x > 0 else 1))
        shot.poly(((x0, wall_top, z), (x1, wall_top, z), (x, wall_top + rise, z)), walls, shot.side_shade(0))
        for a in (x0 - over, x1 + over):
            shot.line((a, wall_top - 0.15, z - 0.2), (x, wall_top + rise + 0.05, z - 0.2), scaled(roof, 0.85), 0.28)
    if rng.random() < 0.5:
        shot.panel(
            x + wide * 0.2,
            x + wide * 0.2 + 0.6,
            wall_top + rise * 0.4,
            wall_top + rise + 0.6,
            z + deep / 2,
            (140, 84, 68),
            0.9,
        )
    _openings(shot, x0, wide, z, floors)


def _side_gable(
    shot: Shot,
    xs: tuple[float, float],
    zs: tuple[float, float],
    wall_top: float,
    rise: float,
    roof: Colour,
    walls: Colour,
) -> None:
    """A roof whose ridge runs across the view; its gable end shows on the side."""
    over, middle = 0.4, (zs[0] + zs[1]) / 2
    end = xs[0] if xs[0] > 0 else xs[1] if xs[1] < 0 else None
    if end is not None:
        facing = -1 if end > 0 else 1
        shot.poly(
            ((end, wall_top, zs[0]), (end, wall_top, zs[1]), (end, wall_top + rise, middle)),
            walls,
            shot.side_shade(facing),
        )
    a, b, low = xs[0] - over, xs[1] + over, wall_top - 0.15
    shot.poly(
        ((a, low, zs[0] - over), (b, low, zs[0] - over), (b, wall_top + rise, middle), (a, wall_top + rise, middle)),
        roof,
        1.05,
    )
    shot.line((a, low, zs[0] - over), (b, low, zs[0] - over), scaled(roof, 0.7), 0.18)


def _openings(shot: Shot, x0: float, wide: float, z: float, floors: int) -> None:
    """Windows with frames, and a door."""
    rng, bays = shot.rng, max(2, int(wide / 2.6))
    door, pitch = rng.randrange(bays), wide / bays
    paint = rng.choice(PAINTS)
    for floor in range(floors):
        for bay in range(bays):
            middle = x0 + pitch * (bay + 0.5)
            if floor == 0 and bay == door:
                shot.panel(middle - 0.52, middle + 0.52, 0, 2.15, z, paint, 0.8)
                continue
            low = 2.7 * floor + 0.95
            shot.panel(middle - 0.72, middle + 0.72, low - 0.1, low + 1.35, z, WHITE, 0.95)
            shot.panel(middle - 0.6, middle + 0.6, low, low + 1.25, z, GLASS, 0.9)
            shot.panel(middle - 0.04, middle + 0.04, low, low + 1.25, z, WHITE)


def random_house(shot: Shot, land: Palette, x: float, z: float, *, wide: float | None = None) -> None:
    """A house of any colour and one or two floors."""
    rng = shot.rng
    gable_house(
        shot, x, z, wide or rng.uniform(8, 13), rng.uniform(7, 11),
        walls=near(rng, rng.choice(WALLS)), roof=near(rng, rng.choice(land.roofs)), floors=rng.choice((1, 1, 2)),
    )  # fmt: skip


def any_tree(shot: Shot, land: Palette, x: float, z: float, height: float, *, conifers: float = 0.2) -> None:
    """A tree of this place and season."""
    rng = shot.rng
    if rng.random() < conifers:
        tree(shot, x, z, height * 1.15, near(rng, land.conifer), "conifer")
    elif rng.random() < land.bare:
        tree(shot, x, z, height, (0, 0, 0), "bare", bark=near(rng, (98, 84, 72)))
    else:
        tree(shot, x, z, height, near(rng, rng.choice(land.leaves)), rng.choice(("broad", "broad", "round")))


def bush(shot: Shot, land: Palette, x: float, z: float, height: float) -> None:
    """A shrub, green for longer than trees are."""
    colour = near(shot.rng, shot.rng.choice((land.conifer, land.grass, *land.leaves[:2])))
    tree(shot, x, z, height, scaled(colour, 0.85), "bush")


def umbrella(shot: Shot, x: float, z: float, colour: Colour) -> None:
    """A sunshade on a leaning pole, two colours in segments."""
    shot.shadow(x, z, 0.85, long=1.3)
    shot.line((x, 0, z), (x + 0.1, 2.1, z), (220, 214, 200), 0.07)
    rim = [(-1.3 + 0.52 * i, 1.75 + 0.1 * math.sin(i * 3.1)) for i in range(6)]
    top = (0.12, 2.45)
    for i in range(5):
        bow = (rim[i][0] * 0.62, 2.26 - 0.06 * abs(i - 2))
        bow2 = (rim[i + 1][0] * 0.62, 2.26 - 0.06 * abs(i - 1))
        shot.upright(x, z, (rim[i], bow, top, bow2, rim[i + 1]), colour if i % 2 else WHITE)
