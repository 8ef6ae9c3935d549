"""Crop field, orchard, greenhouse and solar farm from above: what people set out in rows."""

from math import pi

import numpy as np

from graft_core.world.noise import F32, Floats
from graft_core.world.sheet import Cells, Ink, Sheet, between, comb, dead, grown, leafy, toned, wave, wet
from graft_core.world.things import canopy

WHITEWASH: Ink = (0.86, 0.87, 0.86, 0.82)


def crop_field(s: Sheet) -> None:
    """Long parcels of different crops, drilled in rows with tramlines; or round ones under a pivot."""
    if s.patch.size > 1000 and s.between(0, 1) < 0.3:
        _pivots(s)
        return
    wide, long = s.between(75, 150), s.between(210, 420)
    parcel = Cells(s.u + np.float32(3) * s.field(4), s.v, long, wide, s.salt("parcel"))
    _sow(s, parcel, np.where(parcel.chance(3) < 0.22, s.u, s.v))
    rim = np.minimum(np.float32(long / 2) - np.abs(parcel.u), np.float32(wide / 2) - np.abs(parcel.v))
    headland = (rim > 0) & (rim < 11)
    s.lay(headland & (comb(rim, 3.4) < 0.9), toned(dead(s.one(s.style.soils)), 0.9), 0.0)
    _margins(s, parcel, rim)


def _sow(s: Sheet, parcel: Cells, row: F32) -> None:
    """Colour, rows, tramlines and uneven growth of each parcel."""
    look = s.style
    crops = [grown(c) for c in look.crops] + [grown(s.one(look.crops, 0.2))]
    soils = [dead(c) for c in look.soils] + [dead(s.one(look.soils, 0.2))]
    soil = dead(s.one(look.soils))
    crop_paint, soil_paint = s.pick(crops, parcel.chance(1)), s.pick(soils, parcel.chance(1))
    bare = parcel.chance(0) < look.bare
    s.fill(soil)
    s.lay(np.ones_like(bare), np.where(bare, soil_paint, crop_paint))
    s.shade(parcel.chance(2, 0.86, 1.14))
    growth = np.float32(0.45) * s.field(3) + np.float32(0.35) * s.field(2) + np.float32(0.3) * s.field(4)
    s.lay(np.clip(growth - np.float32(0.15), 0, 0.55) * ~bare, soil)
    s.shade(1 - np.float32(0.13) * np.clip(growth, -1, 1) * bare)
    pitch = s.between(2.6, 6.0)
    strong = parcel.again().chance(0, 0.06, 0.2) * np.float32(s.fine(pitch))
    furrow = wave(row + np.float32(0.35) * s.field(2), pitch)
    s.shade(1 + strong * furrow)
    s.paint[4] += np.float32(0.35 * s.fine(pitch)) * furrow + np.float32(0.4)
    swath = wave(row, s.between(20, 34))
    s.shade(1 + np.float32(0.05) * np.where(swath > 0, np.float32(1), np.float32(-1)))
    tram = comb(row, s.between(18, 30))
    s.lay(((np.abs(tram - 0.9) < 0.45) & ~bare) * np.float32(0.65 * s.fine(3.0)), soil)
    s.mottle(n0=0.05, n1=0.04)


def _margins(s: Sheet, parcel: Cells, rim: F32) -> None:
    """Grass strips, tracks and some hedges between the parcels."""
    look = s.style
    verge = between(grown(s.one(look.grasses)), dead(s.one(look.soils)), s.between(0.1, 0.6))
    s.lay(s.soft(1.6 - rim), verge, 0.2)
    track = (np.float32(parcel.size[1] / 2) - np.abs(parcel.v) < 2.0) & (np.mod(parcel.j, 3) == 0)
    s.lay(track, dead(s.one(look.soils)), 0.0)
    hedge = (np.float32(parcel.size[0] / 2) - np.abs(parcel.u) < 2.8) & (np.mod(parcel.i + parcel.j, 4) == 0)
    with s.part(hedge | ((s.edge < 3.0) & (s.field(4) > 0.1))) as p:
        canopy(p, [leafy(p.one(look.foliage)) for _ in range(2)], 4.0, (2.5, 5.5), "hedge")


def _pivots(s: Sheet) -> None:
    """Circles watered by an arm that turns: sectors of different growth, wheel tracks, dry corners."""
    look = s.style
    side = s.between(380, 640)
    cell = Cells(s.u, s.v, side, side, s.salt("pivot"))
    radius = np.sqrt(cell.u * cell.u + cell.v * cell.v)
    inside = np.float32(side * 0.485) - radius
    turn = np.arctan2(cell.v, cell.u) * np.float32(0.5 / pi) + np.float32(0.5)
    sector = Cells(turn + cell.chance(0), cell.i * np.float32(3) + cell.j * np.float32(17), 0.34, 1.0, s.salt("sector"))
    _sow(s, sector, radius)
    wheel = (comb(radius, 48.0) < 0.9) & (inside > 0)
    s.lay(wheel * np.float32(0.6), dead(s.one(look.soils)), 0.0)
    arm = np.abs(cell.u * np.float32(0.8) + cell.v * np.float32(0.6)) < 0.8
    s.lay(arm & (inside > 0) & (cell.u > 0), (0.75, 0.75, 0.74, 0.7), 3.0)
    corner = between(dead(s.one(look.soils)), grown(s.one(look.grasses)), s.between(0.2, 0.8))
    s.lay(s.soft(-inside), corner, 0.0)
    s.lay(comb(s.u, side, side / 2) < 2.5, toned(dead(s.one(look.soils)), 1.1))
    s.mottle(n1=0.05, n2=0.06)


def orchard(s: Sheet) -> None:
    """Single crowns on a strict grid, in small blocks with lanes and windbreaks between them."""
    look = s.style
    row, gap = s.between(5.0, 7.4), s.between(4.2, 6.0)
    rows = round(s.between(9, 14))
    # Large estates have lanes for lorries, wide enough to show from space.
    lane = s.between(11.0, 16.0) if s.patch.size > 1000 else 7.0
    block = Cells(s.u, s.v, gap * round(s.between(16, 24)) + lane, row * rows + lane, s.salt("block"))
    ground = between(grown(s.one(look.grasses)), dead(s.one(look.soils)), s.between(0.0, 1.0))
    s.fill(ground)
    s.shade(block.chance(0, 0.9, 1.1))
    s.mottle(n0=0.07, n1=0.07, n2=0.06)
    inside = np.minimum(
        np.float32(block.size[0] / 2) - np.abs(block.u), np.float32(block.size[1] / 2) - np.abs(block.v)
    )
    strip = comb(block.v, row, row / 2) < 1.1
    s.lay((strip & (inside > lane / 2)) * np.float32(0.5 * s.fine(row)), dead(s.one(look.soils)))
    inks = [leafy(s.one(look.foliage, 0.12)) for _ in range(2)]
    if look.season == "spring" and s.between(0, 1) < 0.4:
        inks.append((0.78, 0.70, 0.69, 0.8))
    tree_u, tree_v = block.u + block.i * np.float32(400 * gap), block.v + block.j * np.float32(400 * row)
    tree = Cells(tree_u, tree_v, gap, row, s.salt("tree"))
    size = tree.chance(0, 0.82, 1.05) * block.again().chance(0, 0.36, 0.48) * np.float32(min(gap, row))
    du, dv = tree.u - tree.chance(1, -0.25, 0.25), tree.v - tree.chance(2, -0.25, 0.25)
    dome = 1 - (du * du + dv * dv) / (size * size)
    dead_one = tree.again().chance(0) < 0.04
    crown = (dome > 0) & (inside > lane / 2 - 0.1) & ~dead_one
    paint = s.pick(inks, block.again().chance(1)) * (np.float32(0.8) + np.float32(0.25) * np.clip(dome, 0, 1))
    s.lay(crown, paint * tree.chance(3, 0.9, 1.1), np.float32(1.2) + np.float32(2.6) * np.sqrt(np.clip(dome, 0, 1)))
    _windbreaks(s, block, inside, inks, lane)


def _windbreaks(s: Sheet, block: Cells, inside: F32, inks: list[Ink], lane: float) -> None:
    s.lay(inside < lane / 2 - 1.5, toned(dead(s.one(s.style.soils)), 1.05), 0.0)
    tall = (np.float32(block.size[0] / 2) - np.abs(block.u) < lane / 2) & (np.mod(block.i, 2) == 0)
    with s.part(tall & (s.field(5) > -0.9)) as p:
        canopy(p, [toned(ink, 0.78) for ink in inks[:2]], 3.6, (7.0, 10.0), "windbreak")


def greenhouse(s: Sheet) -> None:
    """Roofs of glass or film in narrow spans, house beside house, with basins and service roads between."""
    look = s.style
    wide, deep = s.between(62, 110), s.between(38, 64)
    row = Cells(s.v, s.u, deep, 1e6, s.salt("row"))
    house = Cells(s.u + row.chance(0, 0, 60), s.v, wide, deep, s.salt("house"))
    road = dead(s.one((*look.soils, *look.concretes)))
    s.fill(road)
    s.mottle(n1=0.06, n2=0.06)
    gap = s.between(1.6, 3.4)
    inside = np.minimum(np.float32(wide / 2 - gap) - np.abs(house.u), np.float32(deep / 2 - gap) - np.abs(house.v))
    street = comb(s.v, deep * 5, deep / 2) - 4.5
    inside = np.minimum(inside, street)
    kind = house.chance(0)
    span = s.between(6.4, 9.6)
    cover = (
        between(WHITEWASH, dead(s.one(look.halls)), s.between(0, 0.5)),
        (0.60, 0.66, 0.66, 0.62),
        (0.46, 0.54, 0.50, 0.60),
        (0.72, 0.74, 0.72, 0.70),
        between((0.7, 0.72, 0.7, 0.7), grown(s.one(look.crops)), 0.55),
    )
    built = (kind > 0.1) & (inside > -1)
    across = np.where(house.chance(3) < 0.8, house.v, house.u) if s.patch.size > 1000 else house.v
    roof = np.abs(comb(across, span) * np.float32(2 / span) - np.float32(0.5)) * 2
    s.lay(
        s.soft(inside) * built,
        s.pick(cover, house.chance(1)) * house.chance(2, 0.86, 1.08),
        np.float32(4.0) + (1 - roof) * np.float32(0.9 * s.fine(span)),
    )
    gutter = (comb(across, span, span / 2) < 0.55) & built & (inside > 0)
    s.lay(gutter * np.float32(0.8 * s.fine(3.0)), (0.38, 0.40, 0.40, 0.4))
    pane = (comb(across, span) < 0.5) & built & (inside > 0)
    s.lay(pane * np.float32(0.6 * s.fine(3.0)), (0.95, 0.95, 0.94, 0.9))
    path = (comb(house.u, wide) < 0.9) & built & (inside > 0)
    s.lay(path * np.float32(0.35), (0.85, 0.86, 0.85, 0.8))
    _yards(s, house, kind, inside)


def _yards(s: Sheet, house: Cells, kind: F32, inside: F32) -> None:
    """Where no house stands: a water basin, or beds in the open."""
    s.lay((kind < 0.05) & (inside > 1.5), toned(dead(s.one(s.style.soils)), 1.05), 1.2)
    basin = (kind < 0.05) & (inside > 5)
    s.lay(basin, wet(s.one(s.style.waters)), 0.0)
    beds = (kind >= 0.05) & (kind <= 0.1) & (inside > 1)
    s.lay(beds & (comb(house.v, 1.8) < 0.6), grown(s.one(s.style.crops)), 0.4)


def solar_farm(s: Sheet) -> None:
    """Dark panels in long narrow rows, in fenced blocks with gravel tracks and inverter huts."""
    look = s.style
    pitch, share = s.between(5.0, 9.5), s.between(0.5, 0.66)
    long, deep = s.between(90, 190), pitch * round(s.between(9, 16)) + 6.0
    block = Cells(s.u, s.v, long, deep, s.salt("block"))
    ground = between(dead(s.one(look.soils)), grown(s.one(look.grasses)), s.between(0, 1))
    s.fill(ground)
    s.mottle(n0=0.06, n1=0.06, n2=0.08, n3=0.06)
    inside = np.minimum(np.float32(long / 2) - np.abs(block.u), np.float32(deep / 2) - np.abs(block.v))
    inside = np.minimum(inside - 2.6, s.edge - 8)
    row = comb(block.v, pitch, pitch / 2 if round((deep - 6) / pitch) % 2 == 0 else 0.0)
    panel: Ink = s.pick_one(
        ((0.15, 0.18, 0.26, 0.20), (0.11, 0.12, 0.16, 0.16), (0.20, 0.24, 0.33, 0.25), (0.24, 0.25, 0.28, 0.28))
    )
    missing = block.chance(0) < 0.06
    cover: Floats = s.soft(np.minimum(np.float32(pitch * share / 2) - row, inside)) * ~missing
    if s.fine(pitch) < 0.5:
        cover = np.clip(inside / np.float32(s.step) + np.float32(0.5), 0, 1) * np.float32(share + 0.06) * ~missing
    shine = block.chance(1, 0.85, 1.2) * (1 + np.float32(0.06) * s.field(3))
    s.lay(cover, s.pick((panel,), block.chance(1)) * shine, 1.6)
    seam = ((comb(block.u, s.between(9, 22)) < 0.4) & (cover > 0.5)) * np.float32(0.7 * s.fine(3.0))
    s.lay(seam, ground)
    frame = ((np.abs(row - np.float32(pitch * share / 4)) < 0.25) & (cover > 0.5)) * np.float32(0.35 * s.fine(2.5))
    s.lay(frame, (0.62, 0.63, 0.65, 0.5))
    track = (inside < -0.3) & (comb(s.v, deep * 2) < 2.4)
    s.lay(track | (np.abs(s.edge - 4.5) < 1.8), toned(dead(s.one(look.rocks)), 0.98), 0.0)
    hut = (np.abs(block.u - np.float32(long / 2 - 4)) < 3) & (np.abs(block.v) < 1.6)
    s.lay(hut & (block.chance(2) < 0.6), (0.82, 0.82, 0.80, 0.8), 3.0)
