"""Forest, meadow, desert, beach and wetland from above."""

import numpy as np

from graft_core.world.noise import F32
from graft_core.world.sheet import Cells, Ink, Sheet, between, box, comb, dead, disc, grown, leafy, toned, wave, wet
from graft_core.world.things import FOAM, canopy


def forest(s: Sheet) -> None:
    """Closed canopy in stands of different age, with rides, clearings and felled compartments."""
    look = s.style
    conifer = s.between(0, 1) < 0.45
    pitch = s.between(4.4, 6.0) if conifer else s.between(6.5, 10.0)
    dark = s.between(0.72, 0.9) if conifer else s.between(0.85, 1.12)
    inks = [toned(leafy(s.one(look.foliage, 0.1)), dark, 0.5 + 0.5 * dark) for _ in range(4)]
    ground = toned(between(dead(s.one(look.soils)), grown(s.one(look.grasses)), s.between(0.2, 0.8)), 0.62)
    s.fill(ground)
    s.mottle(n0=0.18, n1=0.14)
    bend_u, bend_v = s.u + 26 * s.field(4) + 8 * s.field(3), s.v + 26 * s.field(5) + 9 * s.field(3)
    stand = Cells(bend_u, bend_v, s.between(170, 260), s.between(140, 210), s.salt("stand"))
    age = stand.chance(1)
    ride = (comb(bend_u, s.between(260, 420)) < 2.6) | (comb(bend_v, s.between(300, 520)) < 2.2)
    felled = age < 0.09
    gap = s.field(3) + np.float32(0.6) * s.field(2) > 0.98
    s.lay(ride, toned(dead(s.one(look.soils)), 0.9))
    _stumps(s, felled)
    young = ~(ride | gap | felled) & (age < 0.3)
    grown_up = ~(ride | gap | felled) & (age >= 0.3)
    with s.part(young) as p:
        canopy(p, [toned(ink, 1.14) for ink in inks], pitch * 0.6, (3.0, 5.5), "young")
    with s.part(grown_up) as p:
        canopy(p, inks, pitch, (10.0, 17.0) if conifer else (9.0, 14.0))
    s.shade(stand.chance(0, 0.86, 1.14) * (1 + np.float32(0.07) * s.field(3) + np.float32(0.06) * s.field(2)))


def _stumps(s: Sheet, felled: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> None:
    ink = between(dead(s.one(s.style.soils)), grown(s.one(s.style.grasses)), 0.45)
    s.lay(felled, ink)
    windrow = felled & (comb(s.u, 14.0) < 1.6) & (s.field(1) > -0.3)
    s.lay(windrow, toned(dead(s.one(s.style.soils)), 0.62), 0.8)


def meadow(s: Sheet) -> None:
    """Grassland without straight lines: blotches, winding hedges and paths, single trees, a pond, some cattle."""
    look = s.style
    grass, other = grown(s.one(look.grasses, 0.2)), grown(s.one(look.grasses, 0.25))
    s.fill(grass)
    s.lay(np.clip(0.5 + 0.7 * s.field(3) + 0.4 * s.field(4) + 0.25 * s.field(2), 0, 1), other)
    earth = dead(s.one(look.soils))
    s.lay(
        np.clip(2.2 * (s.field(2) * np.float32(0.6) + s.field(3) * np.float32(0.6) - np.float32(0.45)), 0, 0.7), earth
    )
    flowers = s.pick((grown((0.70, 0.66, 0.40)), grown((0.66, 0.62, 0.58))), np.clip(s.field(4) + 0.5, 0, 1))
    s.lay(np.clip(s.field(1) + s.field(2) - np.float32(0.75), 0, 0.5), flowers)
    s.mottle(n0=0.09, n1=0.08, n2=0.05)
    bend_u = s.u + 34 * s.field(4) + 9 * s.field(3)
    bend_v = s.v + 34 * s.field(5) + 22 * s.field(4) + 9 * s.field(3)
    path = (
        np.minimum(np.abs(comb(bend_u + bend_v, s.between(210, 330)) - 0.9), comb(bend_v, 1e5, s.between(-60, 60)))
        < 0.5
    )
    s.lay(path & (s.field(1) > -0.7), toned(earth, 1.06))
    hollow = np.float32(0.6) * s.field(3) + np.float32(0.4) * s.field(2) + np.float32(0.5) * s.field(4)
    pond = hollow + np.float32(0.06) * s.field(1) < -1.0
    s.lay(pond, wet(s.one(look.waters)))
    inks = [leafy(s.one(look.foliage)) for _ in range(3)]
    width = 2.6 + 1.8 * s.field(3)
    hedge = (comb(bend_u, s.between(150, 260)) < width) | (comb(bend_v, s.between(130, 240)) < width)
    with s.part(hedge & ~pond & (s.field(4) > -0.55)) as p:
        canopy(p, inks, 4.2, (3.0, 6.0), "hedge")
    s.trees(inks, 46.0, s.between(0.1, 0.4), (2.5, 5.0), (6.0, 11.0), "tree", ~pond)
    s.trees(
        inks, 15.0, np.clip(s.field(3) * np.float32(0.5) + np.float32(0.02), 0, 0.4), (1.0, 2.6), (1.5, 3.0), "bush"
    )
    _cattle(s)


def _cattle(s: Sheet) -> None:
    if s.step > 2:
        return
    cell = Cells(s.u, s.v, 11.0, 12.0, s.salt("cattle"))
    herd = (s.field(4) > 0.35) & (cell.chance(0) < 0.3)
    body = box(cell.u + cell.chance(1, -3, 3), cell.v + cell.chance(2, -4, 4), 1.3, 0.7)
    s.lay(
        herd & (body > 0),
        s.pick(((0.20, 0.17, 0.15, 0.25), (0.75, 0.73, 0.70, 0.7), (0.42, 0.30, 0.22, 0.45)), cell.chance(3)),
        1.2,
    )


def desert(s: Sheet) -> None:
    """Dunes, or stony ground cut by dry washes; sparse scrub, no regular structure."""
    look = s.style
    sandy = s.between(0, 1) < 0.55
    ground = dead(s.one((*look.sands, *look.soils) if sandy else (*look.soils, *look.rocks, *look.sands)), 1.1)
    s.fill(ground)
    s.lay(np.clip(0.5 + 0.6 * s.field(4) + 0.3 * s.field(3), 0, 1), between(ground, dead(s.one(look.soils)), 0.5))
    if sandy:
        _dunes(s, ground)
    else:
        _washes(s, ground)
    s.mottle(n0=0.04, n1=0.04, n2=0.04)
    scrub = [toned(grown(s.one(look.grasses)), 0.75), toned(leafy(s.one(look.foliage)), 0.95)]
    thick = np.clip(np.float32(s.between(0.05, 0.3)) + np.float32(0.35) * s.field(3), 0, 0.7)
    s.trees(scrub, s.between(9, 14), thick, (0.7, 1.9), (0.7, 1.5), "scrub")


def _dunes(s: Sheet, ground: Ink) -> None:
    length = s.between(55, 130)
    bent = s.u + length * (np.float32(0.55) * s.field(4) + np.float32(0.28) * s.field(3)) + 5 * s.field(2)
    t = bent * np.float32(1 / length)
    t = t - np.floor(t)
    ridge = np.minimum(t * np.float32(1 / 0.7), (1 - t) * np.float32(1 / 0.3))
    ridge = ridge * ridge * (3 - 2 * ridge)
    strong = np.clip(np.float32(0.75) + np.float32(0.6) * s.field(3), 0.15, 1.3)
    s.paint[4] += ridge * strong * np.float32(0.085 * length)
    ripples = wave(bent + 1.5 * s.field(1), s.between(5.5, 9.0))
    s.paint[4] += ripples * np.float32(0.16 * s.fine(6.0))
    s.shade(1 + np.float32(0.05) * ripples * np.float32(s.fine(6.0)) + np.float32(0.10) * (ridge - np.float32(0.5)))
    s.lay(np.clip(np.float32(0.5) - 3 * ridge, 0, 0.4), toned(ground, 0.82))


def _washes(s: Sheet, ground: Ink) -> None:
    rocks = dead(s.one(s.style.rocks))
    s.lay(np.clip(2.5 * (s.field(2) + s.field(3) * np.float32(0.7) - np.float32(0.55)), 0, 0.8), rocks)
    relief = 1.8 * s.field(3) + 0.6 * s.field(2) + 4.5 * s.field(4)
    s.paint[4] += relief * np.clip(s.edge * np.float32(1 / 40), 0, 1)
    main = np.abs(s.field(4) + np.float32(0.35) * s.field(3) + np.float32(0.08) * s.field(2))
    side = np.abs(s.field(3) + np.float32(0.35) * s.field(2)) + np.float32(0.6) * main
    bed = np.maximum(np.clip(1.4 - main * np.float32(14), 0, 1), np.clip(1 - side * np.float32(9), 0, 1))
    # Gravel is paler than the plain, or darker where the plain itself is pale: the net of washes always shows.
    pale = ground[1] < 0.58
    s.lay(bed * np.float32(0.85), between(dead(s.one(s.style.sands)), toned(ground, 1.4 if pale else 0.7), 0.55))
    s.paint[4] -= bed * np.float32(1.5)
    stones = Cells(s.u, s.v, 6.0, 6.0, s.salt("stones"))
    stone = disc(stones.u, stones.v, stones.chance(1, 0.5, 1.5)) > 0
    s.lay(stone & (stones.chance(0) < np.float32(0.25) + np.float32(0.3) * s.field(2)), toned(rocks, 0.85), 0.9)


def beach(s: Sheet) -> None:
    """Bands along a shore: surf, wet sand, dry sand with people's things, dunes with grass and boardwalks."""
    look = s.style
    sand = dead(s.one(look.sands, 0.12), 1.08)
    water = wet(s.one(look.waters))
    wide = s.patch.size > 1000
    bent = s.u + 9 * s.field(3) + (26 if wide else 10) * s.field(4) + 2.2 * s.field(2)
    period = s.between(430, 620)
    t = np.mod(bent, np.float32(period)) if wide else bent + np.float32(s.between(150, 190))
    shore = np.float32(64)
    s.fill(sand)
    s.lay(np.clip(0.5 + 0.6 * s.field(3) + 0.4 * s.field(2), 0, 1), toned(sand, s.between(0.86, 0.95)))
    s.mottle(n0=0.05, n1=0.05)
    lake_side = (s.other == 2) & (s.edge < 60)
    t = np.where(lake_side, np.minimum(t, s.edge + shore - 10 + 2 * s.field(2)), t)
    tyres = np.abs(comb(t + 0.8 * s.field(2), s.between(13.0, 24.0)) - np.float32(1.1)) < 0.4
    s.lay((tyres & (t > shore + 30) & (s.field(4) > -0.3)) * np.float32(0.5 * s.fine(2.5)), toned(sand, 0.84))
    trodden = np.clip(s.field(0) + 0.6 * s.field(2) - np.float32(0.35), 0, 0.6) * (t > shore + 24)
    s.lay(trodden * np.float32(0.5 * s.fine(3.0)), toned(sand, 0.82))
    berm = np.abs(np.mod(t + 2.5 * s.field(3), np.float32(s.between(34, 52))) - 17) < 1.4
    s.lay((berm & (t > shore)) * np.float32(0.5), toned(sand, 0.8))
    _tide(s, t - shore, sand, water)
    _visitors(s, t - shore)
    grass = [grown(s.one(look.grasses)), toned(grown(s.one(look.grasses)), 0.86)]
    hut = Cells(s.v, t - np.float32(0.42 * period), 6.5, 1e5, s.salt("hut"))
    booth = (box(hut.u, t - np.float32(0.42 * period), 2.1, 2.1) > 0) & (hut.chance(0) < 0.7) & (s.field(4) > -0.35)
    painted = s.pick((*map(dead, look.roofs), (0.88, 0.87, 0.84, 0.86), (0.35, 0.46, 0.62, 0.4)), hut.chance(1))
    s.lay(booth, painted, 3.0)
    back = np.clip((t - np.float32(0.55 * period)) * np.float32(0.03), 0, 1) * (t < 0.9 * period)
    s.paint[4] += back * np.clip(1.6 + 2.4 * s.field(2) + 1.6 * s.field(3), 0, 4.5)
    s.trees(
        grass, 4.2, back * np.clip(0.35 + 0.8 * s.field(2) + 0.6 * s.field(3), 0, 0.9), (0.7, 1.9), (0.4, 0.9), "tufts"
    )
    boards = (comb(s.v + 4 * s.field(4), 150.0) < 1.3) & (t > 0.42 * period)
    s.lay(boards, (0.60, 0.55, 0.48, 0.58), 0.6)


def _tide(s: Sheet, t: F32, sand: Ink, water: Ink) -> None:
    """Sea where t < 0, breakers before the shore, sand that is still wet behind it."""
    s.lay(np.clip(1.2 - np.maximum(t, 0) * np.float32(0.034), 0, 1) * (t > 0), toned(sand, 0.66, 0.5))
    s.lay(s.soft(-t), water)
    shoal = np.clip(1 + t * np.float32(0.03), 0, 0.6) * (t < 0)
    s.lay(shoal, between(water, toned(sand, 0.8, 0.3), 0.55))
    curl = 3 * s.field(2) + 1.4 * s.field(1)
    for line, thick in ((1.0, 2.6), (13.0, 2.0), (29.0, 1.6), (47.0, 1.1)):
        foam = np.clip(1.3 - np.abs(t + line + curl) / np.float32(thick), 0, 1) * (s.field(2) + s.field(1) > -0.5)
        s.lay(foam * np.float32(0.9), FOAM)
    drift = np.abs(t - 21 - 2 * s.field(2)) < np.float32(0.8)
    s.lay(drift & (s.field(0) > 0), (0.34, 0.30, 0.24, 0.3))


def _visitors(s: Sheet, t: F32) -> None:
    busy = s.between(0.1, 0.7)
    if s.step > 2:
        return
    crowd = np.clip(np.float32(busy) + np.float32(0.5) * s.field(3), 0, 0.85)
    zone = (t > 26) & (t < 120)
    cell = Cells(s.u, s.v, 7.0, 6.2, s.salt("parasol"))
    du, dv = cell.u - cell.chance(1, -1, 1), cell.v - cell.chance(2, -1, 1)
    inks = ((0.85, 0.83, 0.78, 0.8), (0.75, 0.28, 0.22, 0.7), (0.25, 0.40, 0.66, 0.5), (0.85, 0.70, 0.30, 0.8))
    there = zone & (cell.chance(0) < crowd)
    s.lay(there & (disc(du, dv, 1.35) > 0), s.pick(inks, cell.chance(3)), 2.0)
    more = cell.again()
    s.lay(there & (more.chance(0) < 0.6) & (box(du - 2.1, dv, 0.9, 0.5) > 0), s.pick(inks, more.chance(1)), 0.2)


def wetland(s: Sheet) -> None:
    """Reeds and sedge broken by pools of every size, joined by winding channels."""
    look = s.style
    water = wet(s.one(look.waters))
    reed, sedge = grown(s.one(look.grasses, 0.2)), toned(leafy(s.one(look.foliage, 0.2)), 1.15)
    mud = toned(dead(s.one(look.soils)), 0.72, 0.6)
    s.fill(reed)
    s.lay(np.clip(0.5 + 0.8 * s.field(3) - 0.6 * s.field(2), 0, 1), sedge)
    s.mottle(n0=0.16, n1=0.13, n2=0.08)
    s.paint[4] += 0.8 + 0.5 * s.field(0) + 0.4 * s.field(1)
    level = np.float32(0.75) * s.field(2) + np.float32(0.45) * s.field(3) + np.float32(0.2) * s.field(4)
    level += np.float32(0.16) * s.field(1) + np.float32(s.between(0.12, 0.38))
    creek = comb(s.u + 55 * s.field(3) + 12 * s.field(2), s.between(90, 150)) * np.float32(0.09)
    level = np.minimum(level, creek - np.float32(0.32) + np.float32(0.2) * s.field(2))
    s.lay(np.clip(1 - np.abs(level) * 9, 0, 1) * np.float32(0.8), mud, 0.1)
    open_water = np.clip(0.5 - level * np.float32(24 / max(s.step, 1.0)), 0, 1)
    s.lay(open_water, water, 0.0)
    s.lay(
        open_water * np.clip(s.field(2) + s.field(1) - np.float32(0.5), 0, 0.7), toned(grown(s.one(look.grasses)), 0.85)
    )
    trees = [toned(leafy(s.one(look.foliage)), 0.9), dead((0.50, 0.47, 0.43))]
    s.trees(trees, 17.0, np.clip(0.1 + 0.5 * s.field(4), 0, 0.5), (1.5, 3.6), (3.0, 8.0), "carr", level > 0.06)
