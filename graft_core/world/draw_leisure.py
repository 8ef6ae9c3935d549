"""Baseball field, golf course and quarry from above: ground that was shaped on purpose."""

import numpy as np

from graft_core.world.noise import F32, Bool
from graft_core.world.sheet import Cells, Ink, Sheet, between, box, comb, dead, disc, grown, leafy, toned, wet
from graft_core.world.style import blend
from graft_core.world.things import canopy, parked


def baseball(s: Sheet) -> None:
    """Diamonds in clusters of four, home plates towards the middle of each cluster."""
    look = s.style
    side = s.between(112, 132)
    lane = s.between(14, 34)
    cluster = Cells(s.u, s.v, 2 * side + lane, 2 * side + lane, s.salt("cluster"))
    x, y = np.abs(cluster.u) - 9, np.abs(cluster.v) - 9  # a quarter: home plate near (0, 0), outfield towards (+, +)
    quarter = Cells(s.u, s.v, side + lane / 2, side + lane / 2, s.salt("quarter"))
    turned = quarter.chance(0) < 0.2  # some face the other way
    x, y = np.where(turned, np.float32(side - 10) - x, x), np.where(turned, np.float32(side - 10) - y, y)
    rough = grown(s.one(look.grasses))
    s.fill(between(rough, dead(s.one(look.soils)), s.between(0, 0.3)))
    s.mottle(n0=0.06, n1=0.06, n2=0.06)
    reach = np.sqrt(x * x + y * y)
    fence = np.float32(side - 16) - quarter.chance(1, 0, 7)
    inside = np.minimum(np.minimum(fence - reach, x + 9), y + 9)
    grass = grown(s.one(look.grasses))
    stripe = np.where(quarter.chance(2) < 0.5, comb(x, 9.0) - 2.25, comb(x + y, 13.0) - 3.25)
    mown = 1 + np.float32(s.between(0.03, 0.09)) * np.clip(stripe * 2, -1, 1)
    s.lay(s.soft(inside), np.array(grass, np.float32)[:, None] * mown * (1 + np.float32(0.06) * s.field(1)))
    _infield(s, x, y, reach, inside, grass)
    _grounds(s, cluster, x, y, inside, lane)


def _infield(s: Sheet, x: F32, y: F32, reach: F32, inside: F32, grass: Ink) -> None:
    clay = dead(s.one((*s.style.soils, *s.style.sands)))
    s.lay(((inside > 0) & (inside < 4.2) & (reach > 40)) * np.float32(0.95), clay)
    mound = np.sqrt(np.square(x - 13.0) + np.square(y - 13.0))
    skin = np.minimum(29.0 - mound, np.minimum(x + 3.5, y + 3.5))
    s.lay(s.soft(skin), clay)
    diamond = np.minimum(np.minimum(x, y) - 1.6, 26.0 - np.maximum(x, y))
    if s.between(0, 1) < 0.75:
        s.lay(s.soft(diamond), grass)
    s.lay(s.soft(4.2 - reach), clay)
    s.lay(s.soft(2.9 - mound), clay, 0.3)
    for base_x, base_y in ((27.4, 0.0), (0.0, 27.4), (27.4, 27.4)):
        s.lay(s.soft(3.4 - np.sqrt(np.square(x - base_x) + np.square(y - base_y))), clay)
        s.lay(box(x - base_x, y - base_y, 0.7, 0.7) > 0, (0.93, 0.93, 0.92, 0.9))
    foul = (np.minimum(np.abs(x), np.abs(y)) < 0.5) & (inside > 0) & (np.minimum(x, y) > -0.6)
    s.lay(foul * np.float32(0.85 * s.fine(2.0)), (0.93, 0.93, 0.91, 0.9))
    s.lay(s.soft(2.6 - mound) * (mound < 0.7), (0.9, 0.9, 0.9, 0.9))


def _grounds(s: Sheet, cluster: Cells, x: F32, y: F32, inside: F32, lane: float) -> None:
    """Stands, dugouts, fences, lamps, and between the clusters paths, cars and trees."""
    look = s.style
    s.lay((np.abs(inside) < 0.5) & (s.step < 2), (0.45, 0.46, 0.46, 0.44), 1.6)
    stand = np.maximum(box(x - 16, y + 7.4, 9.0, 2.0), box(x + 7.4, y - 16, 2.0, 9.0))
    s.lay(stand > 0, s.pick(((0.78, 0.78, 0.77, 0.76), dead(look.roofs[0])), cluster.chance(1)), 3.0)
    plaza = disc(cluster.u, cluster.v, 15.0)
    s.lay(s.soft(plaza), dead(s.one(look.concretes)), 0.0)
    s.lay(disc(cluster.u, cluster.v, 5.5) > 0, dead(s.one(look.roofs)), 5.0)
    border = np.minimum(
        np.float32(cluster.size[0] / 2) - np.abs(cluster.u), np.float32(cluster.size[1] / 2) - np.abs(cluster.v)
    )
    path = comb(np.minimum(np.abs(cluster.u), np.abs(cluster.v)), 1e5) < 2.0
    s.lay(path, dead(s.one(look.concretes)), 0.0)
    outside: Bool = (inside < -3) & ~path & (plaza < 0)
    s.trees(
        [leafy(s.one(look.foliage)) for _ in range(2)],
        12.0,
        s.between(0.15, 0.5),
        (2.0, 4.4),
        (4.0, 9.0),
        "tree",
        outside,
    )
    road = border < lane / 2 - 2
    with s.part(road & (lane > 20)) as p:
        p.lay(p.edge >= 0, dead(p.one(look.asphalts)), 0.0)
        near = border[road & (lane > 20)]
        car = Cells(np.where(np.abs(p.u) >= 0, p.u + p.v, p.u), near, 2.8, 6.0, p.salt("car"))
        parked(p, near - np.float32(lane / 2 - 6), car.u, car, 0.5)
    lamp = np.maximum(disc(x - 30, y + 6, 0.9), disc(x + 6, y - 30, 0.9))
    s.lay(lamp > 0, (0.75, 0.75, 0.75, 0.7), 18.0)


def golf(s: Sheet) -> None:
    """Ribbons of mown fairway in rough with trees, each with tees, a green and bunkers; ponds and a cart path."""
    look = s.style
    deep, long = s.between(68, 92), s.between(310, 430)
    v0 = s.v + 9 * s.field(4)
    lane = Cells(v0, s.u, deep, 1e6, s.salt("lane"))
    hole = Cells(s.u + lane.chance(0, 0, 300), v0, long, deep, s.salt("hole"))
    along = np.where(hole.chance(0) < 0.5, hole.u, -hole.u)
    bend = np.float32(0.16 * deep) * np.sin(along * np.float32(5.2 / long) + hole.chance(1, 0, 6.28))
    across = hole.v - bend + 2.5 * s.field(3)
    base = s.one(look.grasses)
    lush: Ink = between(grown(base), (0.36, 0.49, 0.27, 0.68), s.between(0.2, 0.8))
    rough = between(grown(s.one(look.grasses)), dead(s.one(look.soils)), s.between(0.0, 0.45))
    s.fill(toned(rough, s.between(0.8, 1.0)))
    s.mottle(n0=0.10, n1=0.09, n2=0.08)
    inks = [leafy(s.one(look.foliage)) for _ in range(3)]
    half = hole.chance(2, 0.17, 0.25) * np.float32(deep) + 2.5 * s.field(2)
    fairway = np.minimum(half - np.abs(across), np.float32(0.42 * long) - np.abs(along + 4))
    trees = (fairway < -6) & (np.abs(hole.u) < long / 2)
    thick = np.clip(np.float32(s.between(0.3, 0.65)) + np.float32(0.5) * s.field(3), 0.02, 0.95)
    s.trees(inks, 9.5, thick, (2.0, 4.5), (5.0, 10.0), "trees", trees)
    s.lay(s.soft(fairway + 4), between(lush, rough, 0.45), 0.0)
    stripes = np.clip((comb(along * np.float32(0.7) + across * np.float32(0.7), 15.0) - np.float32(3.75)) * 2, -1, 1)
    s.lay(
        s.soft(fairway),
        np.array(lush, np.float32)[:, None] * (1 + np.float32(0.045) * stripes * np.float32(s.fine(8.0))),
        0.0,
    )
    _hazards(s, hole, along, across, fairway)
    _green(s, hole, along, across, long, lush)


def _hazards(s: Sheet, hole: Cells, along: F32, across: F32, fairway: F32) -> None:
    """Bunkers beside the fairway, a pond on some holes, the path that the carts take."""
    sand = dead(s.one(s.style.sands), 1.06)
    cell = Cells(
        along + hole.i * np.float32(40 * 31) + hole.j * np.float32(40 * 77),
        hole.v,
        40.0,
        hole.size[1],
        s.salt("bunker"),
    )
    out = np.where(cell.chance(0) < 0.5, across, -across) - hole.chance(2, 0.17, 0.25) * np.float32(hole.size[1]) - 1
    blob = cell.chance(1, 3.0, 6.5) - np.sqrt(np.square(cell.u * np.float32(0.6)) + np.square(out)) + 1.8 * s.field(1)
    s.lay(s.soft(blob) * (cell.chance(2) < 0.42), sand, 0.0)
    pond = np.float32(17) - np.hypot((along - hole.chance(3, -60, 60)) * np.float32(0.55), across) + 5 * s.field(2)
    there = (hole.again().chance(0) < 0.25) & (pond > -2)
    s.lay(there, dead(s.one(s.style.sands)), 0.0)
    s.lay(there & (pond > 0), wet(s.one(s.style.waters)), 0.0)
    path = np.abs(fairway + 9 + 3 * s.field(3)) < 1.3
    s.lay(path & (hole.v > 0), dead(s.one(s.style.concretes)), 0.0)


def _green(s: Sheet, hole: Cells, along: F32, across: F32, long: float, lush: Ink) -> None:
    more = hole.again()
    end = along - np.float32(0.41 * long)
    radius = np.sqrt(np.square(end * more.chance(1, 0.75, 1.1)) + np.square(across)) + 1.6 * s.field(2)
    sand = dead(s.one(s.style.sands), 1.06)
    ring = np.abs(radius - 19) < 4.0
    arc = np.abs(end * np.float32(0.8) - across * np.float32(0.6)) > 11
    s.lay(s.soft(26 - radius), toned(lush, 0.96), 0.0)
    s.lay(ring & arc, sand, 0.0)
    s.lay(s.soft(13.5 - radius), toned(lush, 1.14), 0.0)
    s.lay(disc(end - 3, across - 2, 0.8) > 0, (0.95, 0.95, 0.93, 0.9), 2.0)
    for tee in (0.0, 14.0):
        pad = box(along + np.float32(0.45 * long) - np.float32(tee), across, 4.5, 3.6)
        s.lay(s.soft(pad), toned(lush, 1.08), 0.5)


def quarry(s: Sheet) -> None:
    """Pits cut down in benches, haul roads, heaps of sorted stone, a plant, sometimes water at the bottom."""
    look = s.style
    rock = dead(s.one((*look.rocks, *look.soils, *look.sands)), 1.04)
    other = dead(s.one((*look.rocks, *look.soils)))
    size = s.between(430, 640) if s.patch.size > 1000 else 380.0
    depth, steps = _pit_depth(s, size)
    s.fill(rock)
    s.lay(np.clip(0.5 + 0.6 * s.field(3) + 0.4 * s.field(2), 0, 1), other)
    s.mottle(n0=0.05, n1=0.07, n2=0.06)
    bench = np.clip(depth, 0, None) * np.float32(steps)
    level = np.floor(bench)
    within = bench - level
    face = np.clip((np.float32(0.24) - within) * 12, 0, 1) * (bench > 1)
    s.paint[4] -= 6.5 * np.minimum(level + np.clip(within * np.float32(1 / 0.24), 0, 1), steps)
    s.lay(face * np.float32(0.75), toned(rock, 0.62))
    s.lay(((within > 0.25) & (within < 0.34) & (bench > 1)) * np.float32(0.5), toned(rock, 1.16))
    s.shade(np.where(np.mod(level, 2) == 0, np.float32(1.04), np.float32(0.95)))
    road = np.abs(s.field(4) + np.float32(0.3) * s.field(3) - np.float32(0.1)) < 0.045
    s.lay(road, toned(other, 1.18))
    floor = bench > steps * s.between(0.72, 0.9)
    if s.between(0, 1) < 0.6:
        s.lay(floor, wet(blend(s.one(look.waters), (0.36, 0.54, 0.54), s.between(0, 0.7))), 0.0)
    _heaps(s, bench, rock, other)
    _machines(s, bench, floor)


def _pit_depth(s: Sheet, size: float) -> tuple[F32, int]:
    """0 on untouched ground to 1 in the pit's bottom, and the number of benches."""
    steps = round(s.between(4, 8))
    ragged = np.float32(0.10) * s.field(3) + np.float32(0.17) * s.field(4) + np.float32(0.03) * s.field(2)
    if s.patch.size < 1000:
        far = np.sqrt(np.square(s.u) + np.square(s.v * np.float32(1.2))) * np.float32(1 / 165)
        depth = np.minimum(np.float32(1.0) - far + ragged, (s.edge - 9) * np.float32(1 / 40))
        return np.asarray(np.minimum(depth, 1), np.float32), steps
    cell = Cells(s.u, s.v, size, size * 0.84, s.salt("pit"))
    far = np.sqrt(np.square(cell.u / np.float32(size * 0.47)) + np.square(cell.v / np.float32(size * 0.4)))
    return np.asarray(cell.chance(0, 0.85, 1.1) * (np.float32(1.02) - far) + ragged, np.float32), steps


def _heaps(s: Sheet, bench: F32, rock: Ink, other: Ink) -> None:
    cell = Cells(s.u, s.v, 27.0, 27.0, s.salt("heap"))
    radius = cell.chance(1, 6, 12)
    rise = radius - np.sqrt(np.square(cell.u) + np.square(cell.v)) + 0.8 * s.field(1)
    flat = (bench < 0.9) & (s.edge > 10)
    there = flat & (rise > 0) & (cell.chance(0) < np.clip(0.45 + 0.5 * s.field(3), 0, 0.9))
    inks = (toned(rock, 1.15), toned(other, 0.85), rock, toned(rock, 0.7))
    top = s.paint[4] + np.float32(0.62) * np.maximum(rise, 0)
    s.lay(there, s.pick(inks, cell.chance(2)), top)
    scrub = (s.edge < 9) | ((bench < 0.2) & (s.field(3) > 0.35))
    with s.part(scrub) as p:
        p.lay(p.field(2) > -0.4, toned(grown(p.one(s.style.grasses)), 0.9))
        p.trees([leafy(p.one(s.style.foliage))], 7.0, 0.4, (1.0, 2.8), (2.0, 5.0), "scrub")
    belt = flat & (np.abs(cell.v) < 1.0) & (Cells(s.u, s.v, 81.0, 27.0, s.salt("belt")).chance(0) < 0.12)
    s.lay(belt, (0.35, 0.36, 0.37, 0.35), 5.0)


def _machines(s: Sheet, bench: F32, floor: Bool) -> None:
    cell = Cells(s.u, s.v, 38.0, 35.0, s.salt("machine"))
    body = box(cell.u - cell.chance(1, -9, 9), cell.v - cell.chance(2, -9, 9), 4.2, 2.2)
    there = (body > 0) & (cell.chance(0) < 0.25) & ~floor & (s.edge > 8)
    s.lay(there, (0.80, 0.64, 0.24, 0.78), s.paint[4] + np.float32(3.4))
    plant = Cells(s.u, s.v, 190.0, 170.0, s.salt("plant"))
    shed = np.maximum(box(plant.u, plant.v, 13, 7), box(plant.u - 16, plant.v - 9, 6, 6))
    s.lay((shed > 0) & (bench < 1) & (plant.chance(0) < 0.6), dead(s.one(s.style.halls)), s.paint[4] + np.float32(9))
    with s.part((bench < 0.05) & (s.edge < 5)) as p:
        canopy(p, [leafy(p.one(s.style.foliage))], 4.5, (3.0, 6.0), "screen")
