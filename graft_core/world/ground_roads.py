"""Scenes of wheels: motorways, car parks and airfields."""

from graft_core.world.ground_nature import open_grass
from graft_core.world.ground_palette import PAINTS, WALLS, Palette, near
from graft_core.world.ground_plane import Plane
from graft_core.world.ground_shot import Colour, Shot, blend, scaled
from graft_core.world.ground_sky import hills, tree_line
from graft_core.world.ground_things import (
    DARK,
    GLASS,
    STEEL,
    WHITE,
    any_tree,
    bush,
    car,
    crowd,
    lamp_post,
    lorry,
    person,
)
from graft_core.world.ground_town import dashes


def highway(shot: Shot, land: Palette) -> None:
    """Two carriageways from the verge, from a bridge or from the lane itself."""
    rng = shot.rng
    if rng.random() < 0.5:
        hills(shot, blend(land.grass, land.conifer, rng.random()), top=rng.uniform(0.02, 0.1), z=900)
    tree_line(shot, rng.choice(land.leaves), z=rng.uniform(200, 400), height=11)
    plane = open_grass(shot, land)
    lanes, lane, gap = rng.choice((2, 2, 3)), 3.6, rng.uniform(2.5, 4.5)
    aim = rng.uniform(-0.5, 0.5) * lane * lanes
    own0, own1 = -aim, -aim + lanes * lane
    opp1 = own0 - gap
    opp0 = opp1 - lanes * lane
    for a, b in ((own0, own1), (opp0, opp1)):
        paved = (plane.x > a - 0.9) & (plane.x < b + 1.8)
        plane.paint(paved, land.asphalt)
        plane.smooth(paved)
    plane.show()
    for a, b in ((own0, own1), (opp0, opp1)):
        for edge in (a - 0.2, b + 0.2):
            shot.flat(edge - 0.1, edge + 0.1, 1.2, 260, WHITE)
        for k in range(1, lanes):
            dashes(shot, a + k * lane, long=4.5, gap=8, wide=0.18, far=170)
    _roadside(shot, land, opp0 - 3.5, own1 + 4.5)
    _barrier(shot, (own0 + opp1) / 2)
    if rng.random() < 0.6:
        _gantry(shot, rng.uniform(24, 60), own0 - 0.5, own1 + 2)
    _traffic(shot, own0, opp0, lanes, lane)
    _barrier(shot, own1 + 2.4)


def _traffic(shot: Shot, own0: float, opp0: float, lanes: int, lane: float) -> None:
    rng = shot.rng
    places = [(rng.uniform(9, 150), rng.random() < 0.5, rng.randrange(lanes)) for _ in range(rng.randrange(4, 15))]
    for z, own, k in sorted(places, reverse=True):
        x = (own0 if own else opp0) + (k + 0.5) * lane
        if z < 14 and abs(x) < 1.6:
            continue
        if rng.random() < 0.22 and z > 14:
            lorry(shot, x, z, near(rng, rng.choice((*PAINTS, *WALLS))), rear=own)
        else:
            car(shot, x, z, rear=own)


def _barrier(shot: Shot, x: float) -> None:
    """A crash barrier along the road."""
    shot.poly(((x, 0.45, 1.5), (x, 0.8, 1.5), (x, 0.8, 200), (x, 0.45, 200)), (184, 188, 190), 0.92)
    z = 2.0
    while z < 60:
        shot.line((x, 0, z), (x, 0.78, z), (120, 124, 126), 0.1)
        z += 4


def _roadside(shot: Shot, land: Palette, left: float, right: float) -> None:
    rng = shot.rng
    wooded = rng.random()
    for z in sorted((8 * 16 ** rng.random() for _ in range(22)), reverse=True):
        side = rng.choice((-1, 1))
        x = (right + rng.uniform(1, 14)) if side > 0 else (left - rng.uniform(1, 14))
        if rng.random() < wooded:
            any_tree(shot, land, x, z, rng.uniform(4, 10))
        else:
            bush(shot, land, x, z, rng.uniform(0.8, 2.0))
    if rng.random() < 0.4:
        for z in (120.0, 80.0, 40.0):
            lamp_post(shot, left, z, 11, arm=3)


def _gantry(shot: Shot, z: float, x0: float, x1: float) -> None:
    """Direction signs over the lanes, or on two legs beside them."""
    rng = shot.rng
    board: Colour = rng.choice(((34, 104, 72), (36, 80, 156), (34, 104, 72)))
    if rng.random() < 0.6:
        for x in (x0, x1):
            shot.line((x, 0, z), (x, 7.6, z), STEEL, 0.35)
        shot.line((x0, 7.0, z), (x1, 7.0, z), STEEL, 0.3)
        shot.line((x0, 7.6, z), (x1, 7.6, z), STEEL, 0.2)
        panels = [(x0 + 0.6, (x0 + x1) / 2 - 0.3), ((x0 + x1) / 2 + 0.3, x1 - 0.6)]
        low, high = 5.4, 8.0
    else:
        panels, low, high = [(x1 + 0.8, x1 + 5.2)], 2.6, 5.4
        for x in (x1 + 1.6, x1 + 4.4):
            shot.line((x, 0, z), (x, 3, z), STEEL, 0.2)
    for a, b in panels:
        shot.panel(a, b, low, high, z, WHITE)
        shot.panel(a + 0.1, b - 0.1, low + 0.1, high - 0.1, z, board)
        for row in range(2):
            y = low + 0.6 + row * 0.95
            shot.panel(a + 0.5, a + 0.5 + (b - a - 1.2) * rng.uniform(0.5, 1), y, y + 0.4, z, WHITE)


def parking_lot(shot: Shot, land: Palette) -> None:
    """Row behind row of parked cars between painted bays."""
    rng = shot.rng
    plane = Plane(shot)
    plane.fill(land.asphalt, scaled(land.asphalt, 0.88), patch=5, grain=0.04, cell=0.06)
    plane.shade *= 1 - 0.12 * (plane.soft(3) > 1.4)
    plane.show()
    if rng.random() < 0.5:
        _store(shot, land, rng.uniform(75, 100))
    else:
        tree_line(shot, rng.choice(land.leaves), z=110, height=10)
        for _ in range(5):
            any_tree(shot, land, rng.uniform(-1, 1) * shot.spread(95), 95, rng.uniform(6, 10))
    bay, full = 2.6, rng.uniform(0.6, 0.95)
    first, aisle = rng.uniform(4.5, 8.5), rng.uniform(6.0, 7.5)
    rows = []
    z = first
    while z < 78:
        rows += [z, z + 5.2]
        z += 10.4 + aisle
    shift = rng.uniform(0, bay)
    for index, z in enumerate(reversed(rows)):
        _parked_row(shot, z, bay, shift, full, rear=index % 2 == 0)
        if rng.random() < 0.3 and index % 2:
            lamp_post(shot, rng.uniform(-0.8, 0.8) * shot.spread(z), z - 0.1, 7, arm=1.6)
            any_tree(shot, land, rng.uniform(-0.9, 0.9) * shot.spread(z), z - 0.2, rng.uniform(3, 4.5), conifers=0)
    if rng.random() < 0.5:
        crowd(shot, rng.randrange(1, 3), 4, 12)


def _parked_row(shot: Shot, z: float, bay: float, shift: float, full: float, *, rear: bool) -> None:
    """One line of bays across the view: outermost cars first, so that nearer sides cover them."""
    rng = shot.rng
    reach = int(shot.spread(z + 5) / bay) + 2
    for i in range(-reach, reach + 1):
        x = i * bay + shift - bay / 2
        shot.flat(x - 0.06, x + 0.06, z, z + 5.0, WHITE, 0.95)
    for i in sorted(range(-reach, reach + 1), key=lambda k: -abs(k * bay + shift)):
        if rng.random() < full:
            car(shot, i * bay + shift, z + rng.uniform(0.2, 0.7), rear=rear, long=rng.uniform(3.8, 4.4))


def _store(shot: Shot, land: Palette, z: float) -> None:
    """A shop at the far side of the car park."""
    rng = shot.rng
    wall = near(rng, rng.choice((*WALLS, *land.halls)))
    left, right = -shot.spread(z) * rng.uniform(0.3, 0.95), shot.spread(z) * rng.uniform(0.3, 0.95)
    shot.box(left, right, z, z + 30, 8, wall)
    shot.panel(left, right, 6.6, 8.0, z, rng.choice(PAINTS))
    shot.panel(left + 6, left + 24, 0.3, 4.0, z, GLASS)
    shot.panel(left + 8, left + 20, 5.0, 6.4, z, WHITE)


def airport(shot: Shot, land: Palette) -> None:
    """A runway straight ahead, or aircraft on the apron with tower and terminal."""
    if shot.rng.random() < 0.45:
        _runway(shot, land)
    else:
        _apron(shot, land)


def _runway(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    tree_line(shot, rng.choice(land.leaves), z=600, height=13)
    half, aim = rng.uniform(8, 12), rng.uniform(-3, 3)
    plane = open_grass(shot, land)
    paved = abs(plane.x - aim) < half
    plane.paint(paved, rng.choice((land.asphalt, land.concrete)))
    plane.smooth(paved)
    dark = abs(plane.x - aim) < half * 0.5
    plane.shade *= 1 - 0.16 * dark * (plane.soft(5) > -0.3)
    plane.show()
    for edge in (-half + 0.6, half - 0.6):
        shot.flat(aim + edge - 0.25, aim + edge + 0.25, 1.5, 700, WHITE)
    dashes(shot, aim, long=9, gap=8, wide=0.5, far=300)
    if rng.random() < 0.75:
        z, x = rng.uniform(7, 12), -half + 1.3
        while x < half - 1.2:
            if abs(x) > 0.8:
                shot.flat(aim + x, aim + x + 0.8, z, z + 14, WHITE)
            x += 1.7
    for z in (80.0, 40.0, 20.0, 10.0):
        for side in (-1, 1):
            x = aim + side * (half + 0.8)
            shot.line((x, 0, z), (x, 0.35, z), (230, 200, 90), 0.16)
    side = rng.choice((-1, 1))
    if rng.random() < 0.8:
        _control_tower(shot, side * rng.uniform(45, 70), rng.uniform(110, 170))
        _terminal(shot, side * 70, 180)
    if rng.random() < 0.5:
        airliner_front(shot, aim, rng.uniform(45, 110), air=rng.choice((0.0, rng.uniform(4, 22))))
    else:
        airliner(shot, -side * rng.uniform(22, 34), rng.uniform(55, 80), facing=side)
    if rng.random() < 0.4:
        _windsock(shot, -side * (half + 3), rng.uniform(16, 30))


def _apron(shot: Shot, land: Palette) -> None:
    rng = shot.rng
    tree_line(shot, rng.choice(land.leaves), z=500, height=12)
    plane = Plane(shot)
    plane.fill(land.concrete, scaled(land.concrete, 0.92), patch=8, grain=0.05)
    for angle in (0.0, 1.5708):
        plane.shade *= 1 - 0.2 * (plane.stripes(6.0, angle + 0.3) > 0.985)
    far = rng.uniform(80, 160)
    plane.paint(plane.z > far, land.grass)
    plane.show()
    yellow: Colour = (222, 184, 60)
    shot.poly(((-3, 0, 2), (-2.5, 0, 2), (14.5, 0, 90), (13, 0, 90)), yellow)
    terminal = rng.random() < 0.65
    if terminal:
        _terminal(shot, rng.uniform(-10, 10), far * 0.9 + 40)
    if rng.random() < 0.7:
        _control_tower(shot, rng.uniform(-0.8, 0.8) * shot.spread(120), 140)
    if rng.random() < 0.3:
        _hangar(shot, land, rng.choice((-1, 1)) * 40, 95)
    for z in sorted((rng.uniform(38, 85) for _ in range(rng.randrange(1, 4))), reverse=True):
        airliner(shot, rng.uniform(-0.5, 0.5) * shot.spread(z), z, facing=rng.choice((-1, 1)))
    if rng.random() < 0.35:
        airliner(shot, rng.uniform(-12, 12), rng.uniform(60, 90), facing=rng.choice((-1, 1)), air=rng.uniform(16, 30))
    for _ in range(rng.choice((0, 1, 2, 3))):
        z = rng.uniform(14, 30)
        x = rng.uniform(-0.8, 0.8) * shot.spread(z)
        shot.box(x, x + 2.6, z, z + 1.6, 1.1, rng.choice(((236, 236, 232), (232, 180, 50), (60, 90, 140))), base=0.3)
    if rng.random() < 0.4:
        person(shot, rng.uniform(-3, 3), rng.uniform(9, 18), shirt=(232, 200, 50))


def airliner(shot: Shot, x: float, z: float, *, facing: int, air: float = 0.0) -> None:
    """A jet from its side, some 33 m long; ``air`` metres above the ground."""
    rng, f = shot.rng, facing
    paint: Colour = rng.choice(
        ((200, 44, 40), (38, 78, 150), (30, 110, 96), (226, 140, 40), (90, 60, 130), (60, 64, 72))
    )
    hull = near(rng, (238, 240, 242), 0.04)
    y = 2.1 + air

    def part(outline: list[tuple[float, float]], colour: Colour, shade: float = 1.0) -> None:
        shot.upright(x, z, [(f * a, y + b) for a, b in outline], colour, shade)

    if air == 0:
        shot.shadow(x, z, 13, long=0.1)
        for a in (-1.5, 0.4, 12.5):
            shot.line((x + f * a, 0, z), (x + f * a, y, z), DARK, 0.35)
            shot.disc(x + f * a, 0.5, z, 0.55, DARK)
    part([(-12.5, 3.2), (-17.2, 10.2), (-14.2, 10.2), (-8.5, 3.7)], paint)
    part([(-17, 2.9), (-10, 3.9), (13, 3.9), (15.6, 3.0), (16.8, 1.7), (15.5, 0.6), (12, 0), (-9, 0)], hull)
    part([(-15, 2.1), (-9, 0), (12, 0), (15.5, 0.6), (16.4, 1.2), (-13, 1.3)], hull, 0.78)
    part([(-12, 1.25), (15.8, 1.5), (16.5, 1.2), (-13, 0.95)], paint)
    for i in range(24):
        part(
            [(-8.5 + i * 0.9, 2.4), (-8.1 + i * 0.9, 2.4), (-8.1 + i * 0.9, 2.95), (-8.5 + i * 0.9, 2.95)], (60, 70, 84)
        )
    part([(14.1, 2.6), (15.6, 2.5), (15.0, 3.2), (14.1, 3.3)], (50, 58, 70))
    part([(3.5, 1.0), (-1.0, 0.9), (-8.5, -0.5), (-6.6, -0.6)], (180, 184, 190), 0.9)
    part([(-12.8, 3.0), (-16.5, 4.2), (-18.2, 4.2), (-16.0, 2.8)], (190, 194, 200))
    part([(2.6, -0.2), (-1.4, -0.3), (-1.2, -1.6), (2.5, -1.7)], paint, 0.85)
    part([(2.6, -0.2), (2.2, -0.2), (2.2, -1.7), (2.5, -1.7)], (60, 62, 66))


def airliner_front(shot: Shot, x: float, z: float, *, air: float) -> None:
    """A jet that comes towards the camera."""
    hull, y = near(shot.rng, (232, 234, 238), 0.04), 2.4 + air
    if air == 0:
        shot.shadow(x, z, 9, long=0.1)
        for a in (-2.6, 0, 2.6):
            shot.line((x + a, 0, z), (x + a, y, z), DARK, 0.4)
    for side in (-1, 1):
        shot.upright(
            x,
            z,
            ((side * 1.4, y + 0.6), (side * 16, y + 2.2), (side * 16, y + 2.5), (side * 1.4, y + 1.5)),
            (186, 190, 196),
        )
        shot.upright(
            x,
            z,
            ((side * 0.4, y + 3.4), (side * 5.6, y + 4.1), (side * 5.6, y + 4.3), (side * 0.4, y + 3.9)),
            (186, 190, 196),
        )
        shot.disc(x + side * 5.2, y + 0.1, z, 1.05, (120, 124, 130))
        shot.disc(x + side * 5.2, y + 0.1, z, 0.75, (40, 42, 46))
    shot.upright(x, z, ((-0.25, y + 3), (0.25, y + 3), (0.16, y + 8.4), (-0.16, y + 8.4)), shot.rng.choice(PAINTS))
    shot.disc(x, y + 1.9, z, 2.0, hull)
    shot.disc(x, y + 1.5, z, 1.5, hull, 0.9)
    shot.panel(x - 1.0, x + 1.0, y + 2.4, y + 2.9, z, (44, 50, 60))


def _control_tower(shot: Shot, x: float, z: float) -> None:
    tall, shaft = shot.rng.uniform(20, 34), near(shot.rng, (206, 202, 194))
    shot.upright(x, z, ((-2.6, 0), (2.6, 0), (2.0, tall), (-2.0, tall)), shaft, 0.92)
    shot.upright(x, z, ((-2.0, tall), (2.0, tall), (5.0, tall + 2.0), (-5.0, tall + 2.0)), shaft, 0.85)
    shot.upright(x, z, ((-5.0, tall + 2.0), (5.0, tall + 2.0), (5.8, tall + 5.4), (-5.8, tall + 5.4)), (62, 84, 96))
    for a in (-3, 0, 3):
        shot.line((x + a, tall + 2, z), (x + a * 1.15, tall + 5.4, z), WHITE, 0.2)
    shot.panel(x - 6.1, x + 6.1, tall + 5.4, tall + 6.4, z, WHITE)
    shot.line((x, tall + 6, z), (x, tall + 11, z), (170, 60, 50), 0.25)


def _terminal(shot: Shot, x: float, z: float) -> None:
    rng = shot.rng
    long, tall = rng.uniform(40, 80), rng.uniform(9, 13)
    shot.panel(x - long, x + long, 0, tall, z, near(rng, (200, 198, 192)))
    shot.panel(x - long + 3, x + long - 3, tall * 0.3, tall * 0.82, z, (84, 112, 128))
    a = x - long
    while a < x + long:
        shot.line((a, 0, z), (a, tall, z), WHITE, 0.5)
        a += 6
    shot.upright(
        x,
        z,
        ((-long - 3, tall), (long + 3, tall), (long * 0.5, tall + 3.2), (-long * 0.5, tall + 3.2)),
        (222, 222, 220),
        0.95,
    )


def _hangar(shot: Shot, land: Palette, x: float, z: float) -> None:
    wall = near(shot.rng, shot.rng.choice(land.halls))
    shot.upright(x, z, ((-18, 0), (-18, 9), (-10, 14), (10, 14), (18, 9), (18, 0)), wall)
    shot.panel(x - 14, x + 14, 0, 9, z, scaled(wall, 0.5))


def _windsock(shot: Shot, x: float, z: float) -> None:
    way = shot.rng.choice((-1, 1))
    shot.line((x, 0, z), (x, 5.4, z), WHITE, 0.12)
    for i in range(5):
        a, b = i * 0.55, (i + 1) * 0.55
        colour: Colour = (232, 110, 40) if i % 2 == 0 else WHITE
        shot.upright(
            x,
            z,
            (
                (way * a, 5.4 - 0.05 * i),
                (way * b, 5.3 - 0.06 * i),
                (way * b, 4.85 - 0.02 * i),
                (way * a, 4.7 + 0.02 * i),
            ),
            colour,
        )
