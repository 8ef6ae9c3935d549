"""Lake, river and harbour from above: one palette of water, three ways it lies."""

import numpy as np

from graft_core.world.noise import F32, Bool, noise
from graft_core.world.plan import ID
from graft_core.world.sheet import Cells, Ink, Sheet, between, box, comb, dead, grown, leafy, toned, wave, wet
from graft_core.world.things import CONTAINER_INKS, FOAM, boats, canopy, hull, ships

BEACH = ID["beach"]


def lake(s: Sheet) -> None:
    """Still water: ripples, calm patches, reeds along the shore, wooded islands, jetties and boats."""
    look = s.style
    water = wet(s.one(look.waters, 0.22))
    shallow = between(water, toned(dead(s.one(look.soils)), 0.7, 0.25), s.between(0.2, 0.6))
    s.fill(water)
    s.shade(1 + np.float32(0.08) * s.field(4) + np.float32(0.08) * s.field(5))
    s.lay(np.clip(1 - (s.edge + 8 * s.field(2)) * np.float32(1 / 42), 0, 0.9), shallow)
    bloom = np.clip(s.field(4) * np.float32(0.7) + s.field(3) * np.float32(0.7) - np.float32(0.55), 0, 0.45)
    s.lay(bloom, between(water, toned(grown(s.one(look.grasses)), 0.7, 0.5), 0.5))
    calm = np.clip(0.55 + 0.9 * s.field(3) + 0.6 * s.field(4), 0, 1)
    ripple = wave(s.u + 2.5 * s.field(1) + 5 * s.field(2), s.between(6.5, 9.5))
    cross = wave(s.v + np.float32(0.4) * s.u + 2.5 * s.field(1), s.between(8, 13))
    s.shade(1 + (ripple + np.float32(0.6) * cross) * calm * np.float32(0.06 * s.fine(7.0)) + calm * np.float32(0.09))
    height = np.float32(0.62) * s.field(4) + np.float32(0.42) * s.field(3) + np.float32(0.12) * s.field(2)
    island = np.where(s.edge > 45, height - np.float32(0.66 if s.patch.size > 1000 else 0.5), np.float32(-1))
    s.lay(np.clip(1 - np.abs(island) * 12, 0, 0.8), shallow)
    s.lay(island > 0, dead(s.one(look.sands)), 0.3)
    inks = [leafy(s.one(look.foliage)) for _ in range(3)]
    with s.part(island > 0.035) as p:
        canopy(p, inks, 6.5, (5.0, 9.0), "island")
    _reeds(s, inks)
    _jetties(s)
    open_water = (s.edge > 14) & (island < -0.12)
    boats(s, 34.0, np.where(s.edge < 70, np.float32(0.16), np.float32(0.05)), (6.0, 11.0), "moored", open_water)
    boats(s, 130.0, 0.3, (7.0, 10.0), "sailing", (s.edge > 35) & (island < -0.2), wake=0.7)


def _reeds(s: Sheet, inks: list[Ink]) -> None:
    depth = 5 + 6 * s.field(3) + 4 * s.field(2)
    reeds = (s.edge < np.maximum(depth, 0)) & (s.other != BEACH)
    s.lay(reeds, between(grown(s.one(s.style.grasses)), dead(s.one(s.style.soils)), 0.25), 1.2)
    sandy = ~reeds & (s.edge < 4)
    s.lay(sandy, dead(s.one(s.style.sands)))
    s.trees(
        inks,
        9.0,
        np.clip(0.25 + 0.5 * s.field(3), 0, 0.6),
        (1.6, 3.6),
        (4.0, 8.0),
        "shore",
        (s.edge < 5) & (s.other != BEACH),
    )


def _jetties(s: Sheet) -> None:
    cell = Cells(s.u, s.v, 1000.0, 64.0, s.salt("jetty"))
    plank = (np.abs(cell.v) < 1.0) & (s.edge < cell.chance(1, 16, 34)) & (cell.chance(0) < 0.55)
    s.lay(plank, (0.55, 0.51, 0.46, 0.55), 0.8)


def river(s: Sheet) -> None:
    """Moving water: streaks along the current, bars of gravel drawn out by it, two banks, barges in midstream."""
    look = s.style
    along, across = s.u, s.v
    water = wet(s.one(look.waters, 0.22))
    silt = between(water, toned(dead(s.one(look.soils)), 0.8, 0.35), s.between(0.25, 0.6))
    s.fill(water)
    lane = _stretched(s, along, across, 210.0, 15.0, "lane")
    thread = _stretched(s, along, across, 75.0, 5.0, "thread")
    broad = _stretched(s, along, across, 900.0, 120.0, "broad")
    s.lay(np.clip(0.35 + 0.45 * lane + 0.4 * broad, 0, 1), silt)
    s.shade(1 + np.float32(0.13) * lane + np.float32(0.10 * s.fine(5.0)) * thread)
    foam = np.clip(thread + np.float32(0.5) * lane - np.float32(0.75), 0, 0.6) * np.float32(s.fine(5.0))
    s.lay(foam, between(water, FOAM, 0.6))
    bar = np.float32(0.75) * _stretched(s, along, across, 420.0, 60.0, "bar") + np.float32(0.35) * lane
    bar += np.float32(0.22) * broad - np.float32(s.between(0.58, 0.74))
    bar = np.where(s.edge < 16, np.float32(-1), bar)
    gravel = dead(s.one((*look.sands, *look.rocks)))
    s.lay(np.clip(1 + bar * 9, 0, 0.75), toned(silt, 1.1))
    s.lay(np.clip(0.5 + bar * np.float32(30 / max(s.step, 1)), 0, 1), gravel, 0.6)
    inks = [leafy(s.one(look.foliage)) for _ in range(3)]
    with s.part(bar > 0.16) as p:
        p.lay(p.edge > 0, toned(grown(p.one(look.grasses)), 0.9), 0.8)
        p.trees(inks, 7.0, 0.55, (1.2, 3.3), (2.0, 6.0), "willow")
    _banks(s, gravel, inks)
    cell = Cells(along, across, 330.0, 60.0, s.salt("barge"))
    here = (cell.chance(0) < 0.22) & (bar < -0.35) & (s.edge > 26)
    with s.part(here) as p:
        c = Cells(along[here], across[here], 330.0, 60.0, p.salt("barge"))
        _barge(p, c.u - c.chance(1, -60, 60), c.v, c)


def _stretched(s: Sheet, along: F32, across: F32, length: float, width: float, name: str) -> F32:
    """Noise drawn out along the current, bent a little so that no lattice shows."""
    swing = across + np.float32(0.25 * width) * s.field(3)
    return noise(s.salt(name), along * np.float32(width / length), swing, width)


def _banks(s: Sheet, gravel: Ink, inks: list[Ink]) -> None:
    ragged = 9 + 4 * s.field(2) + 3 * s.field(3)
    s.lay(s.soft(ragged - s.edge), gravel)
    s.lay(s.edge < ragged - 5, toned(grown(s.one(s.style.grasses)), 0.92), 0.4)
    s.trees(inks, 8.0, np.clip(0.55 + 0.4 * s.field(3), 0, 0.85), (1.8, 3.9), (4.0, 9.0), "bank", s.edge < ragged - 3)
    cell = Cells(s.u, s.v, 90.0, 1e5, s.salt("groyne"))
    groyne = (
        (np.abs(cell.u - cell.chance(1, -25, 25)) < 1.7) & (s.edge < cell.chance(2, 16, 28)) & (cell.chance(0) < 0.4)
    )
    s.lay(groyne, toned(dead(s.one(s.style.rocks)), 0.85), 0.7)


def _barge(s: Sheet, du: F32, dv: F32, cell: Cells) -> None:
    length = cell.chance(3, 50, 85)
    behind = -du - length * np.float32(0.45)
    width = 4 + np.maximum(behind, 0) * np.float32(0.05)
    churn = np.clip(1 - np.abs(dv) / width, 0, 1) * np.clip(1 - behind / 70, 0, 1) * (behind > 0)
    s.lay(churn * np.float32(0.6), FOAM)
    ships(s, du, dv, length, 9.5, cell)


def harbour(s: Sheet) -> None:
    """Quays and basins side by side: a port with containers, cranes and ships, or a marina with pontoons."""
    if s.between(0, 1) < (0.15 if s.patch.size > 1000 else 0.5):
        _marina(s)
    else:
        _port(s)


def _port(s: Sheet) -> None:
    look = s.style
    water = wet(s.one(look.waters, 0.2))
    s.fill(water)
    s.mottle(n1=0.05, n2=0.05, n3=0.05)
    basin, quay = s.between(62, 95), s.between(80, 125)
    period = basin + quay
    pier = Cells(s.u, s.v, s.between(420, 620), period, s.salt("pier"))
    # Fingers stand on a strip of land and end at a channel, behind which the next strip lies.
    root = pier.u + np.float32(0.5 * pier.size[0])
    inside = np.minimum(np.float32(quay / 2) - np.abs(pier.v), np.float32(pier.size[0] - 58) - root)
    inside = np.maximum(inside, np.minimum(np.float32(52) - root, root))
    landed = np.maximum(inside, 22 - s.edge) if s.patch.size < 1000 else inside
    concrete = dead(s.one(look.concretes))
    s.lay(s.soft(landed), concrete, 2.0)
    s.lay((landed > 0) & (landed < 2.2), toned(concrete, 1.12), 2.2)
    with s.part(inside > 0) as p:
        p.mottle(n1=0.04, n2=0.06)
        _stacks(p, inside[inside > 0], Cells(p.u, p.v, *pier.size, p.salt("pier")))
    _berths(s, pier, quay, inside)


def _stacks(s: Sheet, inside: F32, pier: Cells) -> None:
    """Containers in blocks, sheds, and gantry cranes on the quay's edge."""
    block = Cells(pier.u, pier.v, 76.0, 34.0, s.salt("block"))
    room = (inside > 17) & (np.abs(block.u) < 32) & (np.abs(block.v) < 14)
    kind = block.chance(0)
    box_cell = Cells(block.u, block.v, 12.9, 2.75, s.salt("box"))
    tall = np.floor(box_cell.chance(1) * np.float32(3.99)) * np.float32(2.6)
    inked = s.pick(CONTAINER_INKS, box_cell.chance(2))
    seam = (np.abs(box_cell.u) < 6.1) & (np.abs(box_cell.v) < 1.25)
    s.lay(room & (kind < 0.62) & seam & (tall > 0), inked, 2.0 + tall)
    hall = s.pick([dead(c) for c in s.style.halls], block.chance(1))
    s.lay(room & (kind > 0.8), hall, 10.0)
    s.lay(room & (kind > 0.8) & (comb(block.u, 6.0) < 0.6), toned((0.5, 0.5, 0.5, 0.5), 1.0), 10.0)
    crane = Cells(pier.u, pier.v, 88.0, 1000.0, s.salt("crane"))
    leg = (np.abs(crane.u) < 1.5) & (inside < 15) & (crane.chance(0) < 0.7)
    s.lay(leg, (0.62, 0.40, 0.22, 0.6), 18.0)
    rail = (np.abs(inside - 4) < 0.5) | (np.abs(inside - 14) < 0.5)
    s.lay(rail & ~leg, (0.40, 0.38, 0.36, 0.4), 2.0)


def _berths(s: Sheet, pier: Cells, quay: float, inside: F32) -> None:
    """Ships along the quays, crane booms reaching over them, and a tug or two in the basins."""
    side = np.abs(pier.v) - np.float32(quay / 2)
    beside = (inside < 0) & (side < 26) & (side > 0)
    with s.part(beside) as p:
        v = pier.v[beside]
        quayside = np.where(v > 0, np.float32(500), np.float32(0)) + 1000 * (pier.j[beside] + 40 * pier.i[beside])
        cell = Cells(pier.u[beside] + quayside * 7, quayside, 165.0, 250.0, p.salt("berth"))
        length, beam = cell.chance(1, 80, 150), cell.chance(2, 13, 20)
        # A ship lies wholly along its finger: neither in the strip it grows from nor out in the channel.
        stern = pier.u[beside] + np.float32(0.5 * pier.size[0]) - cell.u - np.float32(0.5) * length
        there = (cell.chance(0) < 0.8) & (stern > 54) & (stern + length < pier.size[0] - 50)
        du = np.where(there, cell.u, np.float32(1e4))
        ships(p, du, side[beside] - 2 - beam * np.float32(0.5), length, beam, cell.again())
    boats(s, 48.0, 0.25, (9.0, 16.0), "tug", (inside < -24) & (s.edge > 24), wake=0.5)


def _marina(s: Sheet) -> None:
    """Pontoons with a boat in every berth, a mole around, car park and lawn on shore."""
    look = s.style
    s.fill(wet(s.one(look.waters, 0.2)))
    s.mottle(n1=0.05, n2=0.06, n3=0.05)
    berth, gap = s.between(8, 15), s.between(13, 20)
    row = 2 * berth + gap
    lane = Cells(s.u, s.v, s.between(120, 190), row, s.salt("pontoon"))
    ground = _mole(s, lane)
    free = ~ground
    plank: Ink = (0.66, 0.63, 0.58, 0.62)
    reach = np.float32(lane.size[0] / 2 - 11)
    walkway = (np.abs(lane.v) < 1.3) & (np.abs(lane.u) < reach)
    finger = (comb(lane.u, 9.0) < 0.45) & (np.abs(lane.v) < berth * 0.8) & (np.abs(lane.u) < reach)
    slip = Cells(
        lane.u + np.float32(4.5),
        np.where(lane.v > 0, np.float32(1), np.float32(-1)) + lane.j * np.float32(7),
        4.5,
        1.0,
        s.salt("slip"),
    )
    size = slip.chance(1, 0.62, 0.98) * np.float32(berth)
    body = hull(np.abs(lane.v) - 2 - np.float32(0.5) * size, slip.u, size, np.minimum(size * np.float32(0.32), 3.6))
    there = free & (np.abs(lane.u) < reach) & (slip.chance(0) < s.between(0.6, 0.95))
    inks = ((0.93, 0.93, 0.92, 0.9), (0.86, 0.86, 0.85, 0.85), (0.30, 0.36, 0.48, 0.3), (0.62, 0.48, 0.36, 0.6))
    s.lay(s.soft(body) * there, s.pick(inks, slip.chance(2)), 1.6)
    s.lay((body > 0.7) & there & (comb(np.abs(lane.v), 5.0) < 0.9), (0.30, 0.36, 0.44, 0.3), 2.0)
    s.lay(free & (walkway | finger), plank, 0.9)
    s.lay(free & (np.abs(lane.u) < 1.3), plank, 0.9)


def _mole(s: Sheet, lane: Cells) -> Bool:
    """Land inside the marina: its rim, and a strip of ground every few rows."""
    far = s.patch.size > 1000
    strip = comb(s.v, lane.size[1] * 6 if far else 1e5, lane.size[1] * 3)
    ground = (strip < 19) if far else (s.edge < 17 + 4 * s.field(4))
    concrete = dead(s.one(s.style.concretes))
    s.lay(ground, concrete, 1.5)
    with s.part(ground) as p:
        p.lay(np.abs(strip[ground] - 6 if far else p.edge - 6) < 3.5, dead(p.one(p.style.asphalts)), 1.5)
        shed = Cells(p.u, p.v, 38.0, 38.0, p.salt("shed"))
        p.lay((box(shed.u, shed.v, 8, 6) > 0) & (shed.chance(0) < 0.35), dead(p.one(p.style.roofs)), 5.0)
        p.trees([leafy(p.one(p.style.foliage))], 13.0, 0.3, (1.8, 3.2), (4.0, 6.0), "lawn")
    return np.asarray(ground)
