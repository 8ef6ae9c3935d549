"""Residential area, downtown, industrial area, parking lot and cemetery from above."""

import numpy as np

from graft_core.world.noise import F32, Bool
from graft_core.world.sheet import Cells, Sheet, between, box, comb, dead, disc, grown, leafy, toned, wave, wet
from graft_core.world.things import CAR_INKS, canopy, flat_roof, parked, tank, traffic


def residential(s: Sheet) -> None:
    """Houses with pitched roofs in gardens along curving streets."""
    look = s.style
    bend = s.between(0, 22)
    u, v = s.u + bend * s.field(4) + 4 * s.field(3), s.v + bend * s.field(5) + 5 * s.field(3)
    lot, depth = s.between(15, 25), s.between(29, 38)
    street = s.between(6.0, 8.5)
    block = Cells(u, v, lot * round(s.between(7, 13)) + street, 2 * depth + street, s.salt("block"))
    lawn, other = grown(s.one(look.grasses, 0.2)), grown(s.one(look.grasses, 0.2))
    plot = Cells(u - np.float32(0.5 * lot), block.v + block.j * np.float32(1000 * depth), lot, depth, s.salt("plot"))
    s.fill(lawn)
    earth = dead(s.one(look.soils))
    s.lay(np.ones_like(s.edge, bool), s.pick((lawn, other, between(lawn, earth, 0.35), lawn), plot.chance(0)))
    s.shade(plot.chance(1, 0.88, 1.12))
    s.mottle(n0=0.07, n1=0.06, n2=0.05)
    inks = [leafy(s.one(look.foliage)) for _ in range(3)]
    s.trees(inks, s.between(9, 13), s.between(0.2, 0.6), (1.6, 4.2), (3.0, 8.0), "garden")
    _houses(s, plot, lot, depth)
    rim = np.minimum(np.float32(block.size[0] / 2) - np.abs(block.u), np.float32(block.size[1] / 2) - np.abs(block.v))
    asphalt = dead(s.one(look.asphalts))
    s.lay(s.soft(np.float32(street / 2 + 1.6) - rim), dead(s.one(look.concretes)), 0.0)
    s.lay(s.soft(np.float32(street / 2) - rim), asphalt, 0.0)
    kerb = Cells(u, v, 7.0, block.size[1], s.salt("kerb"))
    side = np.float32(block.size[1] / 2) - np.abs(block.v) - np.float32(street / 2 - 1.3)
    parked(s, kerb.u, side, kerb, 0.16, rim < street / 2 + 1)


def _houses(s: Sheet, plot: Cells, lot: float, depth: float) -> None:
    look = s.style
    more = plot.again()
    toward = np.where(plot.j % 2 == 0, np.float32(1), np.float32(-1))
    half_u, half_v = more.chance(0, 0.28, 0.40) * np.float32(lot), more.chance(1, 4.2, 6.4)
    du, dv = (
        plot.u - more.chance(2, -0.06, 0.06) * np.float32(lot),
        plot.v * toward + more.chance(3, 0, 0.16) * np.float32(depth),
    )
    wing = plot.chance(2) < 0.35
    main = box(du, dv, half_u, half_v)
    annex = np.where(
        wing, box(du - half_u * np.float32(0.45), dv + half_v, half_u * np.float32(0.45), half_v * np.float32(0.8)), -9
    )
    roofs = [dead(c) for c in look.roofs] + [dead(s.one(look.roofs, 0.25))]
    drive = box(du + half_u * np.float32(0.7), dv - np.float32(depth / 2 - 5), 1.7, depth / 2)
    s.lay(s.soft(drive) * (drive > -1), dead(s.one(look.concretes)))
    parked(s, dv - half_v - 4, du + half_u * np.float32(0.7), plot, 0.6)
    pool = np.minimum(box(du - 2, dv + half_v + 7, 3.6, 2.0), np.float32(9))
    s.lay((pool > 0) & (plot.again().chance(3) < 0.12), (0.36, 0.60, 0.66, 0.12), 0.0)
    shed = box(du + np.float32(0.32 * lot), dv + np.float32(0.36 * depth), 2.0, 1.6)
    s.lay((shed > 0) & (plot.chance(1) < 0.4), toned(dead(s.one(look.roofs)), 0.9), 2.4)
    wide = half_u > half_v
    ridge = np.where(wide, half_v - np.abs(dv), half_u - np.abs(du))
    roof = s.pick(roofs, plot.chance(3))
    built = plot.chance(0) < 0.95
    s.lay(s.soft(main) * built, roof, 3.2 + np.float32(0.55) * ridge)
    s.lay(s.soft(annex) * built, roof * np.float32(0.95), 3.0 + np.float32(0.4) * np.clip(annex, 0, 4))
    s.lay(built & (ridge > np.minimum(half_u, half_v) - 0.5) & (main > 1), roof * np.float32(1.12), 5.6)


def downtown(s: Sheet) -> None:
    """Blocks of tall flat-roofed buildings with deep shadows, straight streets, plazas."""
    look = s.style
    long, deep, street = s.between(78, 122), s.between(64, 92), s.between(13, 19)
    block = Cells(s.u, s.v, long, deep, s.salt("block"))
    inside = np.minimum(np.float32(long / 2) - np.abs(block.u), np.float32(deep / 2) - np.abs(block.v)) - np.float32(
        street / 2
    )
    asphalt, paving = dead(s.one(look.asphalts)), dead(s.one(look.concretes))
    s.fill(asphalt)
    s.mottle(n1=0.05, n2=0.05)
    _streets(s, block, street, inside)
    s.lay(s.soft(inside), paving, 0.2)
    park = block.chance(0) < 0.09
    _square(s, block, park, inside)
    _towers(s, block, inside, park, street)


def _streets(s: Sheet, block: Cells, street: float, inside: F32) -> None:
    along_u = np.float32(block.size[1] / 2) - np.abs(block.v)
    along_v = np.float32(block.size[0] / 2) - np.abs(block.u)
    line = ((along_u < 0.35) & (comb(s.u, 9.0) < 2.4)) | ((along_v < 0.35) & (comb(s.v, 9.0) < 2.4))
    s.lay((line & (inside < -1)) * np.float32(0.8 * s.fine(2.0)), (0.86, 0.84, 0.72, 0.8))
    crossing = (np.maximum(along_u, along_v) < street / 2 + 5) & (np.maximum(along_u, along_v) > street / 2 + 1)
    s.lay(
        (crossing & (inside < 0) & (comb(np.where(along_u < along_v, s.v, s.u), 1.6) < 0.5))
        * np.float32(0.8 * s.fine(2.0)),
        (0.88, 0.88, 0.86, 0.85),
    )
    v_side, u_side = np.where(block.v > 0, along_u, -along_u), np.where(block.u > 0, along_v, -along_v)
    lanes = (-street / 2 + 2.0, -2.2, 2.2, street / 2 - 2.0)
    traffic(s, s.u, np.where(along_v > street / 2, v_side, np.float32(99)), lanes, 12.0, "street")
    traffic(s, s.v, np.where(along_u > street / 2, u_side, np.float32(99)), lanes, 13.0, "avenue")


def _square(s: Sheet, block: Cells, park: Bool, inside: F32) -> None:
    look = s.style
    lawn = grown(s.one(look.grasses))
    s.lay(park & (inside > 5), lawn, 0.0)
    s.lay(park & (inside > 2) & (np.abs(np.abs(block.u) - np.abs(block.v)) < 2.2), dead(s.one(look.sands)))
    s.lay(park & (disc(block.u, block.v, 7.0) > 0), wet(s.one(look.waters)))
    s.trees(
        [leafy(s.one(look.foliage)) for _ in range(2)], 9.0, 0.7, (2.0, 4.2), (5.0, 9.0), "square", park & (inside > 3)
    )
    kerb = (inside > 0) & (inside < 3.6) & ~park
    s.trees([leafy(s.one(look.foliage))], 11.0, 0.35, (1.2, 2.2), (4.0, 6.0), "kerb", kerb)


def _towers(s: Sheet, block: Cells, inside: F32, park: Bool, street: float) -> None:
    look = s.style
    columns, rows = round(s.between(1.6, 3.4)), round(s.between(1.6, 2.4))
    room_u, room_v = (block.size[0] - street - 6) / columns, (block.size[1] - street - 6) / rows
    lot = Cells(
        block.u + np.float32(room_u * columns / 2) + block.i * np.float32(64 * room_u),
        block.v + np.float32(room_v * rows / 2) + block.j * np.float32(64 * room_v),
        room_u,
        room_v,
        s.salt("lot"),
    )
    more = lot.again()
    half_u = np.float32(room_u / 2) - more.chance(0, 0.2, 4.0)
    half_v = np.float32(room_v / 2) - more.chance(1, 0.2, 4.0)
    body = np.minimum(box(lot.u, lot.v, half_u, half_v), inside - 2.5)
    yard = np.where(
        lot.chance(0) < 0.3, box(lot.u, lot.v, half_u * np.float32(0.36), half_v * np.float32(0.36)), np.float32(-9)
    )
    body = np.minimum(body, -yard)
    tall = lot.chance(1) ** 2 * np.float32(s.between(22, 40)) + np.float32(9)
    inks = [dead(c) for c in (*look.roofs, *look.halls, *look.concretes)]
    roof = s.pick(inks, lot.chance(2)) * lot.chance(3, 0.8, 1.08)
    built = ~park & (more.chance(2) < 0.94)
    body = np.where(built, body, np.float32(-9))
    flat_roof(s, body, roof, tall, lot)
    setback = np.where(lot.chance(3) < 0.4, box(lot.u, lot.v, half_u * np.float32(0.55), half_v * np.float32(0.55)), -9)
    upper = built & (setback > 0) & (body > 0)
    s.lay(upper, roof * np.float32(1.06), np.asarray(tall + 9, np.float32))


def industrial(s: Sheet) -> None:
    """Large halls with ribbed roofs, yards with lorries, tanks, heaps and sidings."""
    look = s.style
    long, deep = s.between(125, 210), s.between(85, 140)
    plot = Cells(s.u, s.v, long, deep, s.salt("plot"))
    yard = dead(s.one((*look.asphalts, *look.concretes, *look.soils)))
    s.fill(yard)
    s.lay(
        np.ones_like(s.edge, bool),
        s.pick(
            (yard, dead(s.one(look.concretes)), dead(s.one(look.asphalts)), yard, dead(s.one(look.soils))),
            plot.chance(0),
        ),
    )
    s.mottle(n0=0.03, n1=0.06, n2=0.08)
    rim = np.minimum(np.float32(long / 2) - np.abs(plot.u), np.float32(deep / 2) - np.abs(plot.v))
    kind = plot.chance(1)
    _tank_farm(s, plot, rim, kind < 0.16)
    _sidings(s, plot, rim, (kind > 0.9))
    _halls(s, plot, (kind >= 0.16) & (kind <= 0.9), long, deep)
    s.lay((rim < 8.5) & (rim > 5), grown(s.one(look.grasses)), 0.1)
    s.trees([leafy(s.one(look.foliage))], 13.0, 0.3, (1.5, 2.8), (4.0, 7.0), "verge", rim < 9)
    s.lay(s.soft(4.5 - rim), dead(s.one(look.asphalts)), 0.0)
    s.lay((rim < 0.3) * np.float32(0.7 * s.fine(2.0)), (0.84, 0.82, 0.70, 0.8))


def _halls(s: Sheet, plot: Cells, here: Bool, long: float, deep: float) -> None:
    look = s.style
    more = plot.again()
    half_u, half_v = more.chance(0, 0.27, 0.41) * np.float32(long), more.chance(1, 0.2, 0.33) * np.float32(deep)
    du, dv = plot.u - more.chance(2, -0.05, 0.05) * np.float32(long), plot.v + np.float32(0.1 * deep)
    inside = np.where(here, box(du, dv, half_u, half_v), np.float32(-99))
    roof = s.pick([dead(c) for c in look.halls] + [dead(s.one(look.halls))], plot.chance(2)) * plot.chance(
        3, 0.82, 1.06
    )
    rib = s.between(3.2, 7.0)
    across = np.where(more.chance(3) < 0.5, du, dv)
    ridges = np.abs(comb(across, rib * 3) * np.float32(2 / (rib * 3)) - np.float32(0.5)) * 2
    s.lay(
        s.soft(inside),
        roof * (1 - np.float32(0.10 * s.fine(rib)) * (comb(across, rib) < 0.6)),
        np.float32(9) + (1 - ridges) * np.float32(1.6 * s.fine(rib)),
    )
    light = (inside > 4) & (comb(du, 12.5) < 1.0) & (comb(dv, 8.0) < 2.2)
    s.lay(light * np.float32(0.75 * s.fine(3.0)), (0.80, 0.84, 0.86, 0.7))
    vent = (inside > 5) & (disc(*_middle(du, dv, 19.0, 15.0), 1.3) > 0)
    s.lay(vent, (0.42, 0.43, 0.44, 0.42), 11.5)
    dock = Cells(du, dv - half_v - 9, 4.6, 1e5, s.salt("dock"))
    trailer = here & (box(dock.u, dv - half_v - 8, 1.35, 6.8) > 0) & (np.abs(du) < half_u - 3) & (dock.chance(0) < 0.45)
    s.lay(trailer, s.pick((*CAR_INKS[:4], (0.92, 0.92, 0.92, 0.9)), dock.chance(1)), 3.8)
    stall = Cells(du, dv + half_v + 12, 2.8, 1e5, s.salt("staff"))
    parked(s, dv + half_v + 12, stall.u, stall, 0.55, here & (np.abs(du) < half_u) & (np.abs(dv + half_v + 12) < 3))


def _middle(u: F32, v: F32, pitch_u: float, pitch_v: float) -> tuple[F32, F32]:
    cell = Cells(u, v, pitch_u, pitch_v, 0)
    return cell.u, cell.v


def _tank_farm(s: Sheet, plot: Cells, rim: F32, here: Bool) -> None:
    pitch = s.between(26, 42)
    cell = Cells(
        plot.u + np.float32(1.5 * pitch), plot.v + plot.j * np.float32(9 * pitch), pitch, pitch, s.salt("tank")
    )
    size = cell.chance(1, 0.24, 0.42) * np.float32(pitch)
    near = here & (rim > 10 + 0.0)
    centre_u, centre_v = np.abs(plot.u - cell.u), np.abs(plot.v - cell.v)
    whole = (centre_u + size < plot.size[0] / 2 - 9) & (centre_v + size < plot.size[1] / 2 - 9)
    inks = ((0.88, 0.88, 0.86, 0.86), (0.72, 0.73, 0.72, 0.7), (0.58, 0.50, 0.42, 0.56), (0.80, 0.78, 0.70, 0.78))
    with s.part(near & whole) as p:
        picked = near & whole
        tank(p, cell.u[picked], cell.v[picked], size[picked], p.pick(inks, cell.chance(2)[picked]), 9.0)
    bund = here & (np.abs(box(cell.u, cell.v, pitch / 2 - 1.0, pitch / 2 - 1.0)) < 0.6) & (rim > 9)
    s.lay(bund, dead(s.one(s.style.concretes)), 1.0)


def _sidings(s: Sheet, plot: Cells, rim: F32, here: Bool) -> None:
    """Tracks with waggons, and heaps of bulk goods."""
    bed = here & (rim > 9)
    s.lay(bed, toned(dead(s.one(s.style.rocks)), 0.8))
    rail = bed & (plot.v > 0) & (np.abs(comb(plot.v, 5.0) - 0.75) < 0.3)
    s.lay(rail * np.float32(0.7 * s.fine(2.5)), (0.30, 0.27, 0.25, 0.3))
    car = Cells(s.u, plot.v, 15.0, 5.0, s.salt("waggon"))
    s.lay(
        bed
        & (plot.v > 0)
        & (box(car.u, car.v, 6.9, 1.5) > 0)
        & (Cells(s.u, plot.v, 90.0, 5.0, s.salt("train")).chance(0) < 0.4),
        s.pick(((0.40, 0.28, 0.22, 0.4), (0.30, 0.31, 0.32, 0.3), (0.55, 0.52, 0.47, 0.5)), car.chance(1)),
        3.5,
    )
    heap = Cells(plot.u, plot.v, 34.0, 30.0, s.salt("heap"))
    rise = heap.chance(1, 8, 13) - np.sqrt(heap.u * heap.u * np.float32(0.6) + heap.v * heap.v)
    s.lay(
        bed & (plot.v < -6) & (rise > 0),
        s.pick([dead(c) for c in s.style.soils + s.style.rocks] + [(0.2, 0.2, 0.2, 0.2)], heap.chance(2)),
        0.6 * rise,
    )


def parking_lot(s: Sheet) -> None:
    """Rows of stalls on asphalt, more or less full, with lanes, islands and light poles."""
    look = s.style
    stall, aisle = s.between(2.5, 2.9), s.between(6.0, 7.2)
    module = 2 * 5.1 + aisle
    long, deep = stall * round(s.between(20, 34)) + 8.0, module * round(s.between(5, 8)) + 7.0
    lot = Cells(s.u, s.v, long, deep, s.salt("lot"))
    shop = (lot.chance(0) < 0.13) & (s.patch.size > 1000)
    asphalt = dead(s.one(look.asphalts, 0.2))
    s.fill(asphalt)
    s.shade(lot.chance(1, 0.92, 1.08))
    s.mottle(n0=0.025, n1=0.035, n2=0.06, n3=0.04)
    rim = np.minimum(np.float32(long / 2) - np.abs(lot.u), np.float32(deep / 2) - np.abs(lot.v)) - np.float32(3.7)
    row = comb(lot.v, module, module / 2)
    cell = Cells(
        lot.u + lot.i * np.float32(100 * stall),
        lot.v + lot.j * np.float32(100 * module),
        stall,
        module / 2,
        s.salt("stall"),
    )
    inside = (rim > 0) & (row < 5.1) & ~shop & (s.edge > 5)
    line = inside & (np.abs(comb(cell.u, stall, stall / 2)) < 0.22)
    s.lay(line * np.float32(0.55 * s.fine(2.0)), (0.86, 0.86, 0.83, 0.84))
    island = (rim > 0) & (rim < 3.2) & (row < 5.1) & ~shop
    green = island & (np.float32(long / 2) - np.abs(lot.u) < 8)
    full = np.clip(
        np.float32(s.between(0.35, 0.95)) + np.float32(0.3) * s.field(3) + lot.chance(2, -0.3, 0.3), 0.03, 0.98
    )
    parked(s, row - np.float32(2.55), cell.u, cell, full, inside & ~green)
    if s.step > 2:
        s.lay(inside * (full * np.float32(0.42)), s.pick(CAR_INKS[:6], cell.chance(2)))
    _islands(s, green)
    _lot_lanes(s, lot, rim)
    _shops(s, lot, rim, shop)


def _islands(s: Sheet, green: Bool) -> None:
    """Planted beds at the ends of the rows."""
    look = s.style
    s.lay(green, between(grown(s.one(look.grasses)), dead(s.one(look.concretes)), 0.35), 0.2)
    s.trees(
        [leafy(s.one(look.foliage)) for _ in range(2)],
        7.0,
        s.between(0.2, 0.8),
        (1.2, 2.6),
        (3.0, 6.0),
        "island",
        green,
    )


def _lot_lanes(s: Sheet, lot: Cells, rim: F32) -> None:
    lane = rim < 0
    s.lay(lane * np.float32(0.5), dead(s.one(s.style.asphalts)))
    arrow = lane & (np.abs(rim + 3.2) < 0.3) & (comb(s.u + s.v, 12.0) < 2.0)
    s.lay(arrow * np.float32(0.7 * s.fine(2.0)), (0.86, 0.85, 0.80, 0.84))
    traffic(
        s,
        s.u,
        np.where(
            np.abs(lot.u) < lot.size[0] / 2 - 6, (np.float32(lot.size[1] / 2) - np.abs(lot.v)) * np.sign(lot.v), 99
        ),
        (-1.8, 1.8),
        30.0,
        "lane",
    )
    pole = Cells(lot.u, lot.v, 34.0, 34.0, s.salt("pole"))
    s.lay(disc(pole.u, pole.v, 0.8) > 0, (0.7, 0.7, 0.7, 0.7), 9.0)


def _shops(s: Sheet, lot: Cells, rim: F32, shop: Bool) -> None:
    roof = s.pick([dead(c) for c in s.style.halls], lot.chance(3))
    flat_roof(s, np.where(shop, rim - 12, np.float32(-9)), roof, 8.0, lot)


def cemetery(s: Sheet) -> None:
    """Small stones in rows on grass, in sections between winding and straight paths, with old trees and a chapel."""
    look = s.style
    u, v = s.u + 9 * s.field(3) + 14 * s.field(4), s.v + 9 * s.field(4) + 8 * s.field(3)
    section = Cells(u, v, s.between(42, 66), s.between(34, 52), s.salt("section"))
    grass, other = grown(s.one(look.grasses)), grown(s.one(look.grasses))
    s.fill(grass)
    s.lay(
        np.ones_like(s.edge, bool),
        s.pick((grass, other, between(grass, dead(s.one(look.soils)), 0.3)), section.chance(0)),
    )
    s.mottle(n0=0.08, n1=0.07, n2=0.06)
    rim = np.minimum(
        np.float32(section.size[0] / 2) - np.abs(section.u), np.float32(section.size[1] / 2) - np.abs(section.v)
    )
    _graves(s, section, rim)
    inks = [toned(leafy(s.one(look.foliage)), 0.9) for _ in range(3)]
    s.trees(inks, 17.0, s.between(0.15, 0.45), (2.2, 5.0), (5.0, 11.0), "old tree", rim > 3)
    path = dead(s.one((*look.sands, *look.concretes, *look.asphalts)))
    s.lay(s.soft(1.9 - rim), path, 0.0)
    avenue = np.minimum(comb(u, section.size[0] * 4), comb(v, section.size[1] * 5))
    s.lay(s.soft(3.2 - avenue), path, 0.0)
    with s.part((avenue > 3.4) & (avenue < 9.5)) as p:
        p.trees(inks, 8.0, 0.85, (2.6, 3.9), (7.0, 10.0), "avenue")
    ring = Cells(u, v, section.size[0] * 4, section.size[1] * 5, s.salt("ring"))
    chapel = np.maximum(box(ring.u, ring.v, 5.0, 11.0), box(ring.u, ring.v - 3, 9.0, 4.0))
    there = (ring.chance(0) < 0.6) | (np.float32(s.patch.size) < 1000)
    s.lay(there & (disc(ring.u, ring.v, 21) > 0), path, 0.0)
    s.lay(there & (chapel > 0), dead(s.one(look.roofs)), 5.0 + 0.9 * np.clip(chapel, 0, 5))
    with s.part((s.edge < 3.2) & (s.edge > 0.8)) as p:
        canopy(p, inks, 3.6, (2.0, 3.5), "hedge")


def _graves(s: Sheet, section: Cells, rim: F32) -> None:
    row, pitch = s.between(3.4, 5.0), s.between(1.9, 2.6)
    flip = section.chance(1) < 0.3
    along, across = np.where(flip, section.v, section.u), np.where(flip, section.u, section.v)
    place = section.i * np.float32(64 * pitch) + section.j * np.float32(640 * pitch)
    stone = Cells(along + place, across + section.j * np.float32(64 * row), pitch, row, s.salt("stone"))
    size = stone.chance(0, 0.45, 0.85)
    slab = stone.chance(1) < 0.5
    inside = np.where(slab, box(stone.u, stone.v, size, 1.15), box(stone.u, stone.v + 0.7, size, 0.42))
    inks = (
        (0.76, 0.75, 0.72, 0.74),
        (0.62, 0.61, 0.59, 0.6),
        (0.86, 0.85, 0.83, 0.84),
        (0.32, 0.32, 0.33, 0.3),
        (0.56, 0.50, 0.44, 0.54),
    )
    used = (rim > 3.4) & (stone.chance(2) < section.chance(2, 0.55, 0.98))
    cover = np.clip(inside * np.float32(1.4) + np.float32(0.75), 0, 1) * used if s.step < 2 else used * np.float32(0.24)
    s.lay(cover, s.pick(inks, stone.chance(3)), 0.8 if s.step < 2 else None)
    s.lay(
        used * np.float32(0.16) * np.clip(wave(across, row) + np.float32(0.3), 0, 1) * np.float32(s.fine(row)),
        (0.6, 0.58, 0.54, 0.58),
    )
