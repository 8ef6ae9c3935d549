"""Highway and airport from above: long straight pavements for things that move."""

import numpy as np

from graft_core.world.land import RIVER
from graft_core.world.lines import JUNCTION_RADIUS
from graft_core.world.noise import F32, Bool, Floats
from graft_core.world.sheet import Cells, Ink, Sheet, between, comb, dead, grown, leafy, toned
from graft_core.world.things import aircraft, flat_roof, parked, traffic

_MARK: Ink = (0.90, 0.90, 0.87, 0.88)
_YELLOW: Ink = (0.86, 0.72, 0.32, 0.84)
LANES = (7.2, 10.8, 14.4, 18.0)
"""Middle of each lane of one carriageway, metres from the corridor's centre."""
SIDE_LANES = (29.5, 33.0)
"""Lanes of the service road beside it."""


def highway(s: Sheet) -> None:
    """Two carriageways with service roads on an embankment, and loops where highways cross; or a field of junctions."""
    verge = between(grown(s.one(s.style.grasses)), dead(s.one(s.style.soils)), s.between(0, 0.5))
    asphalt = dead(s.one(s.style.asphalts))
    s.fill(verge)
    s.mottle(n0=0.08, n1=0.08, n2=0.06)
    inks = [leafy(s.one(s.style.foliage)) for _ in range(2)]
    if s.patch.size > 0:
        _knot(s, asphalt, inks)
        return
    along_a, across_a, along_b, across_b = s.place
    s.trees(
        inks,
        9.0,
        np.clip(0.25 + 0.5 * s.field(3), 0, 0.7),
        (1.3, 3.2),
        (2.0, 5.0),
        "shrub",
        np.minimum(np.abs(across_a), np.abs(across_b)) > 39,
    )
    near = np.sqrt(across_a * across_a + across_b * across_b) < JUNCTION_RADIUS
    with s.part(near) as p:
        _loops(p, across_a[near], across_b[near], asphalt)
    _carriageway(s, along_a, across_a, asphalt, "a", 0.0)
    _carriageway(s, along_b, across_b, toned(asphalt, 1.06), "b", 7.0 * np.clip(1.6 - np.abs(across_a) / 90, 0, 1))
    water = (s.other == RIVER) & (s.edge < 2)
    s.lay(water, (0.70, 0.69, 0.66, 0.68), 1.2)


def _carriageway(s: Sheet, along: F32, across: F32, asphalt: Ink, name: str, height: Floats | float) -> None:
    side = np.abs(across)
    main = np.minimum(side - 4.2, 21.8 - side)
    road = np.maximum(main, np.minimum(side - 27.2, 35.4 - side))
    wear = 1 + np.float32(0.05) * s.field(1) + np.float32(0.04) * s.field(2)
    top = np.broadcast_to(np.asarray(height, np.float32), side.shape)
    deck = side < 23.5
    s.lay(deck & (top > 1), dead((0.64, 0.63, 0.60)), top)
    s.lay(s.soft(road), np.array(asphalt, np.float32)[:, None] * wear, top)
    s.lay((side < 0.5) * np.float32(0.9), (0.66, 0.66, 0.64, 0.64), top + 0.8)
    solid = (
        (np.abs(side - 5.3) < 0.3)
        | (np.abs(side - 19.9) < 0.3)
        | (np.abs(side - 27.8) < 0.25)
        | (np.abs(side - 34.8) < 0.25)
    )
    s.lay(solid * np.float32(0.85 * s.fine(2.0)), _MARK)
    dash = (comb(side, 3.6, 5.4) < 0.28) & (main > 1.5) & (comb(along, 12.0) < 2.2)
    s.lay((dash & (side > 7.5) & (side < 18)) * np.float32(0.85 * s.fine(2.0)), _MARK)
    both = tuple(-x for x in LANES) + LANES
    traffic(s, along, np.where(main > -1, across, np.float32(999)), both, 34.0, name)
    traffic(s, along, across, tuple(-x for x in SIDE_LANES) + SIDE_LANES, 48.0, name + " side")


def _loops(s: Sheet, a: F32, b: F32, asphalt: Ink) -> None:
    """A cloverleaf: four loops in the corners and the curved shortcuts outside them."""
    x, y = np.abs(a), np.abs(b)
    loop = np.abs(np.hypot(x - 88, y - 88) - 62) - 4.6
    reach = np.maximum(x, y)
    bow = np.abs(np.hypot(x - 268, y - 268) - 240) - 4.8
    ramp = np.minimum(loop, np.where(reach < 190, bow, np.float32(99)))
    s.lay(s.soft(-ramp), toned(asphalt, 1.05), 0.4)
    s.lay((np.abs(ramp + 1.0) < 0.35) * np.float32(0.8 * s.fine(2.0)), _MARK)
    pond = np.hypot(x - 88, y - 88) < 22 + 6 * s.field(2)
    s.lay(pond & (a * b > 0), toned(grown(s.one(s.style.grasses)), 0.8), 0.0)


def _knot(s: Sheet, asphalt: Ink, inks: list[Ink]) -> None:
    """Bundles of carriageways that cross at two levels, again and again, joined by loops."""
    wide, deep = s.between(185, 260), s.between(250, 420)
    u, v = s.u + 34 * s.field(5) + 10 * s.field(4), s.v + 34 * s.field(5) - 10 * s.field(4)
    cell = Cells(u, v, wide, deep, s.salt("knot"))
    a, b = cell.u, cell.v
    s.trees(
        inks,
        10.0,
        np.clip(0.1 + 0.6 * s.field(3), 0, 0.7),
        (1.4, 3.6),
        (2.0, 6.0),
        "shrub",
        (np.abs(a) > 40) & (np.abs(b) > 40),
    )
    radius = np.float32(0.17 * wide)
    x, y = np.abs(a), np.abs(b)
    centre = np.float32(26) + radius
    loop = np.abs(np.hypot(x - centre, y - centre) - radius) - np.float32(4.8)
    wide_turn = np.float32(0.5 * wide - 38)
    corner = wide_turn + 31
    bow = np.abs(np.hypot(x - corner, y - corner) - wide_turn) - np.float32(4.6)
    bow = np.where((x < corner) & (y < corner), bow, np.float32(99))
    ramp = np.where(cell.chance(0) < 0.75, loop, np.float32(99))
    ramp = np.minimum(ramp, np.where(cell.chance(1) < 0.6, bow, np.float32(99)))
    s.lay(s.soft(-ramp), toned(asphalt, 1.06), 1.0)
    s.lay((np.abs(ramp + 1.0) < 0.35) * np.float32(0.8 * s.fine(2.0)), _MARK)
    _carriageway(s, v, a, asphalt, "north", 0.0)
    _carriageway(s, u, b, toned(asphalt, 1.08), "east", 6.5 * np.clip(1.6 - np.abs(a) / 50, 0, 1))


def airport(s: Sheet) -> None:
    """Runway, taxiways, apron with aircraft at the stands, terminal or hangars; grass only in narrow strips."""
    look = s.style
    big = s.patch.size > 1000
    period = 440.0 if big else 320.0
    strip = Cells(s.u, s.v + np.float32(60), 1e6, period, s.salt("strip"))
    t = strip.v + np.float32(period / 2)  # metres across, from the near edge of the runway's grass
    grass = grown(s.one(look.grasses))
    concrete, asphalt = dead(s.one(look.concretes)), dead(s.one((*look.asphalts, *look.concretes)))
    s.fill(grass)
    s.mottle(n0=0.06, n1=0.06, n2=0.06)
    apron = np.minimum(t - 128, np.float32(period - 14) - t)
    s.lay(s.soft(apron), concrete)
    slab = (comb(s.u, 7.5) < 0.25) | (comb(t, 7.5) < 0.25)
    s.lay((slab & (apron > 0)) * np.float32(0.35 * s.fine(2.0)), toned(concrete, 0.75))
    stain = np.clip(s.field(2) + s.field(1) - np.float32(0.5), 0, 0.5) * (apron > 0)
    s.lay(stain * np.float32(0.6), toned(concrete, 0.6))
    _runway(s, t - 42, asphalt)
    _taxiways(s, t, asphalt, big)
    _stands(s, strip, t, period, big)


def _runway(s: Sheet, across: F32, asphalt: Ink) -> None:
    """Pavement with shoulders, centre line, edge lines, threshold and touchdown marks, rubber."""
    side = np.abs(across)
    s.lay(s.soft(36 - side), toned(asphalt, 1.12), 0.0)
    s.lay(s.soft(27 - side), toned(asphalt, 0.94), 0.0)
    s.lay((side < 11) * np.clip(0.25 + 0.3 * s.field(4), 0, 0.5), toned(asphalt, 0.6))
    s.lay(((side < 0.6) & (comb(s.u, 50.0) < 15)) * np.float32(0.9), _MARK)
    s.lay((np.abs(side - 25.5) < 0.6) * np.float32(0.9 * s.fine(2.0)), _MARK)
    place = comb(s.u, 620.0 if s.patch.size > 1000 else 300.0, 90.0)
    s.lay((place < 15) & (comb(across, 3.6) < 0.9) & (side < 24) & (side > 2), _MARK)
    s.lay((np.abs(place - 60) < 22) & (np.abs(side - 9) < 2.2), _MARK)
    s.lay((np.abs(place - 105) < 11) & (np.abs(side - 8) < 1.5), _MARK)


def _taxiways(s: Sheet, t: F32, asphalt: Ink, big: bool) -> None:
    parallel = np.abs(t - 104)
    slanted = comb(s.u + np.float32(0.7) * (t - 42), 210.0 if big else 150.0)
    link = np.where((t > 70) & (t < 130), slanted, np.float32(99))
    s.lay(s.soft(np.maximum(15 - parallel, 11 - link)), toned(asphalt, 1.04))
    line = (parallel < 0.5) | (link < 0.45)
    s.lay(line * np.float32(0.9 * s.fine(2.5)), _YELLOW)
    s.lay((np.abs(parallel - 13.5) < 0.35) * np.float32(0.6 * s.fine(2.5)), _YELLOW)


def _stands(s: Sheet, strip: Cells, t: F32, period: float, big: bool) -> None:
    """Aircraft nose-in at the terminal, hangars where the field is small, vehicles between them."""
    look = s.style
    pitch = 54.0 if big else 42.0
    hall_at = 292.0 if big else 236.0
    stand = Cells(s.u, strip.j * np.float32(3) + np.float32(0.5), pitch, 1.0, s.salt("stand"))
    size = stand.chance(1, 0.55, 0.84) * np.float32(pitch)
    lead = (np.abs(stand.u) < 0.4) & (t > 122) & (t < hall_at - 10)
    s.lay(lead * np.float32(0.8 * s.fine(2.0)), _YELLOW)
    there = stand.chance(0) < s.between(0.6, 0.9)
    for side, offset in ((1, hall_at - 34.0), (-1, hall_at + 96.0)):
        if side < 0 and not big:
            continue
        aircraft(s, np.where(there, (t - np.float32(offset)) * side, np.float32(1e4)), stand.u, size)
    moving = Cells(s.u, strip.j * np.float32(5) + np.float32(0.5), 420.0, 1.0, s.salt("moving"))
    taxiing = (moving.chance(0) < 0.5) & (np.abs(t - 104) < 26)
    aircraft(s, np.where(taxiing, moving.u - moving.chance(1, -120, 120), np.float32(1e4)), t - 104, 36.0)
    _terminal(s, t - np.float32(hall_at), period, big, look.halls)
    truck = Cells(s.u, t, 15.0, 13.0, s.salt("truck"))
    around = (t > hall_at - 26) & (t < hall_at - 8)
    parked(s, truck.u - truck.chance(1, -3, 3), truck.v, truck, 0.35, around)


def _terminal(s: Sheet, t: F32, period: float, big: bool, halls: tuple[tuple[float, float, float], ...]) -> None:
    roof = dead(s.one(halls))
    row = Cells(s.u, t * 0 + np.float32(0.5), 210.0 if big else 74.0, 1.0, s.salt("hall"))
    deep = 62.0 if big else 44.0
    inside = np.minimum(np.float32(row.size[0] / 2 - (12 if big else 7)) - np.abs(row.u), np.minimum(t, deep - t))
    paint = s.pick((roof, toned(roof, 0.85), dead(s.one(halls))), row.chance(0))
    if big:
        flat_roof(s, inside, paint, 13.0, Cells(s.u, t, 60.0, 60.0, s.salt("roof")))
        s.lay((inside > 2) & (np.abs(t - 31) < 5), (0.42, 0.50, 0.56, 0.4), 15.0)
        return
    arch = np.abs(row.u) * np.float32(1 / 30)
    s.lay(s.soft(inside), paint, 13 - 6 * arch * arch)
    s.lay((inside > 0) & (comb(row.u, 6.0) < 0.5), toned(roof, 0.8))
    car = Cells(s.u, t, 2.7, 16.0, s.salt("car"))
    here: Bool = (t > deep + 3) & (t < deep + 30)
    parked(s, car.v - 2.6, car.u, car, 0.6, here)
