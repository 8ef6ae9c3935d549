"""Things that several kinds of place share: crowns that close into a canopy, vehicles, boats, ships and aircraft."""

from collections.abc import Sequence
from math import cos, sin

import numpy as np

from graft_core.world.noise import F32, U32, Bool, Floats, bits, byte, rng
from graft_core.world.sheet import Cells, Ink, Paint, Sheet, between, box, comb, dead, disc, grown, leafy, toned

CAR_INKS: tuple[Ink, ...] = tuple(
    dead(colour)
    for colour in ((0.88, 0.88, 0.88), (0.80, 0.81, 0.82), (0.60, 0.61, 0.62), (0.17, 0.17, 0.18), (0.24, 0.25, 0.27),
                   (0.45, 0.46, 0.48), (0.55, 0.16, 0.15), (0.18, 0.24, 0.42), (0.62, 0.58, 0.50), (0.92, 0.92, 0.91))
)  # fmt: skip
"""Paint of cars: mostly white, grey and black."""
CONTAINER_INKS: tuple[Ink, ...] = tuple(
    dead(colour)
    for colour in ((0.58, 0.28, 0.22), (0.25, 0.36, 0.52), (0.30, 0.45, 0.36), (0.66, 0.62, 0.56), (0.62, 0.45, 0.24),
                   (0.42, 0.43, 0.45), (0.74, 0.74, 0.72), (0.40, 0.24, 0.22))
)  # fmt: skip
"""Paint of shipping containers."""
WHITE: Ink = (0.92, 0.92, 0.91, 0.90)
FOAM: Ink = (0.86, 0.89, 0.90, 0.55)


def canopy(
    s: Sheet, inks: Sequence[Ink], pitch: float, height: tuple[float, float], name: str = "canopy", fill: float = 0.72
) -> None:
    """Crowns that overlap: the highest of the neighbouring crowns shows. ``fill`` is the largest radius by pitch."""
    scale = np.float32(1 / pitch)
    i, fu = _corner(s.u * scale)
    j, fv = _corner(s.v * scale)
    top, winner = np.zeros_like(s.edge), np.zeros(s.edge.size, np.uint32)
    dome_of_top = np.zeros_like(s.edge)
    salt = s.salt(name)
    for di, dj in ((0, 0), (1, 0), (0, 1), (1, 1)):
        h = bits(salt, i + np.int32(di), j + np.int32(dj))
        dome, tall = _crown(h, fu - np.float32(di), fv - np.float32(dj), height, fill)
        z = tall * (np.float32(0.62) + np.float32(0.38) * dome)
        higher = (dome > 0) & (z > top)
        np.copyto(top, z, where=higher)
        np.copyto(winner, h, where=higher)
        np.copyto(dome_of_top, dome, where=higher)
    cover = top > 0
    paint = s.pick(inks, byte(winner, 3))
    paint *= np.float32(0.72) + np.float32(0.24) * dome_of_top + np.float32(0.2) * byte(winner >> np.uint32(4), 2)
    s.lay(cover, paint, top)


def _corner(u: F32) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int32]], F32]:
    cell = np.floor(u - np.float32(0.5))
    return cell.astype(np.int32), u - cell - np.float32(0.5)


def _crown(h: U32, du: F32, dv: F32, height: tuple[float, float], fill: float) -> tuple[Floats, Floats]:
    """Dome (1 in the middle, 0 at the rim) and height of one cell's crown at offsets from the cell's middle."""
    du = du - (byte(h, 0) - np.float32(0.5)) * np.float32(0.5)
    dv = dv - (byte(h, 1) - np.float32(0.5)) * np.float32(0.5)
    size = byte(h, 2) * np.float32(0.4 * fill) + np.float32(0.6 * fill)
    dome = 1 - (du * du + dv * dv) / (size * size)
    tall = byte(h, 3) * np.float32(height[1] - height[0]) + np.float32(height[0])
    return dome, tall


def traffic(s: Sheet, along: F32, across: F32, lanes: Sequence[float], gap: float, name: str) -> None:
    """Cars and lorries in lanes at the given offsets ``across``, about one every ``gap`` metres."""
    if s.step > 2:
        return
    for number, lane in enumerate(lanes):
        offset = across - np.float32(lane)
        near = np.abs(offset) < 1.6
        if not near.any():
            continue
        with s.part(near) as p:
            cell = Cells(along[near], offset[near], gap, 50.0, p.salt(f"{name}{number}"))
            lorry = cell.chance(0) < 0.16
            half = np.where(lorry, np.float32(7.0), np.float32(2.3))
            wide = np.where(lorry, np.float32(1.35), np.float32(0.95))
            drift = (cell.chance(1) - np.float32(0.5)) * np.float32(max(gap - 16.0, 0.0))
            body = box(cell.u - drift, cell.v + np.float32(25.0) - np.float32(25.0), half, wide)
            there = (body > -0.2) & (cell.chance(2) < 0.75)
            p.lay(there, p.pick(CAR_INKS, cell.chance(3)), np.where(lorry, np.float32(3.4), np.float32(1.5)))


def parked(s: Sheet, du: F32, dv: F32, cells: Cells, share: float | F32, keep: Bool | None = None) -> None:
    """A car 4.6 x 1.9 m standing in the middle of its cell, along ``du``."""
    jitter = (cells.chance(1) - np.float32(0.5)) * np.float32(0.5)
    body = box(du - jitter, dv, 2.3, 0.95)
    there = (body > -0.1) & (cells.chance(0) < share)
    if keep is not None:
        there &= keep
    if s.step > 2:
        return
    paint = s.pick(CAR_INKS, cells.chance(2))
    glass = (np.abs(du - jitter - np.float32(0.3)) > 0.9) & (np.abs(du - jitter - np.float32(0.3)) < 1.5)
    s.lay(there, paint, 1.5)
    s.lay(there & glass, (0.16, 0.18, 0.20, 0.16), 1.4)


def hull(du: F32, dv: F32, length: float | F32, beam: float | F32) -> F32:
    """Metres inside a hull whose bow points along ``du``; negative outside."""
    ahead = np.clip(du / length, -0.5, 0.5) + np.float32(0.5)
    half = beam * (np.float32(0.5) - np.float32(0.5) * np.clip(ahead * 3 - 2, 0, 1) ** 2)
    return np.asarray(np.minimum(half - np.abs(dv), length * np.float32(0.5) - np.abs(du)), np.float32)


def boats(
    s: Sheet,
    pitch: float,
    share: float | F32,
    length: tuple[float, float],
    name: str,
    keep: Bool | None = None,
    wake: float = 0.0,
) -> None:
    """Boats lying or sailing anywhere on the water; ``wake`` is the share that moves and leaves a wake."""
    cell = Cells(s.u, s.v, pitch, pitch, s.salt(name))
    there = cell.chance(0) < share
    if keep is not None:
        there &= keep
    if not there.any():
        return
    with s.part(there) as p:
        c = Cells(p.u, p.v, pitch, pitch, p.salt(name))
        more = c.again()
        room = np.float32(0.5 * pitch - 0.5 * length[1])
        du, dv = c.u - (c.chance(1) - np.float32(0.5)) * room, c.v - (c.chance(2) - np.float32(0.5)) * room
        turn = more.chance(0) * np.float32(6.2831853)
        cosine, sine = np.cos(turn), np.sin(turn)
        ahead, aside = du * cosine + dv * sine, dv * cosine - du * sine
        size = more.chance(1, *length)
        if wake:
            _wake(p, ahead, aside, size, more.chance(2) < wake)
        body = hull(ahead, aside, size, size * np.float32(0.33))
        p.lay(p.soft(body), p.pick((WHITE, (0.80, 0.78, 0.74, 0.8), (0.45, 0.30, 0.24, 0.4)), more.chance(3)), 1.2)
        p.lay((body > 0.7) & (np.abs(ahead) < size * np.float32(0.18)), (0.35, 0.38, 0.42, 0.35), 2.2)


def _wake(s: Sheet, ahead: F32, aside: F32, size: F32, moving: Bool) -> None:
    behind = -ahead - size * np.float32(0.3)
    spread = np.abs(np.abs(aside) - behind * np.float32(0.2))
    arms = np.clip(1 - spread / np.float32(1.3), 0, 1) * np.clip(1 - behind / 40, 0, 1)
    churn = np.clip(1 - np.abs(aside) / 1.6, 0, 1) * np.clip(1 - behind / 26, 0, 1)
    s.lay(np.maximum(arms, churn) * np.float32(0.75) * (moving & (behind > 0)), FOAM)


def ships(s: Sheet, du: F32, dv: F32, length: F32 | float, beam: F32 | float, cells: Cells) -> None:
    """A freighter or barge along ``du``: deck, hatches, wheelhouse."""
    body = hull(du, dv, length, beam)
    deck = s.pick(
        ((0.42, 0.22, 0.19, 0.45), (0.34, 0.36, 0.38, 0.36), (0.25, 0.32, 0.40, 0.3), (0.52, 0.47, 0.40, 0.5)),
        cells.chance(2),
    )
    s.lay(s.soft(body), deck, 6.0)
    hatch = (body > 2.2) & (comb(du, 13.0) > 1.6) & (du < length * np.float32(0.34)) & (du > -length * np.float32(0.28))
    loads = Cells(du, dv, 13.0, 400.0, s.salt("loads"))
    s.lay(hatch, s.pick(CONTAINER_INKS, loads.chance(0)), 8.5)
    s.lay((body > 1.5) & (du < -length * np.float32(0.33)), WHITE, 14.0)


def aircraft(s: Sheet, du: F32, dv: F32, size: F32 | float, paint: Paint = WHITE) -> None:
    """An airliner of ``size`` metres from nose to tail, nose along ``du``."""
    scale = np.float32(38.0) / size
    x, y = du * scale, np.abs(dv * scale)
    nose = np.clip((np.abs(x) - 13) / 6, 0, 1)
    fuselage = np.minimum(np.float32(2.2) - np.float32(1.9) * nose * nose - y, 19 - np.abs(x))
    wing = np.minimum(
        np.float32(3.6) - np.float32(0.14) * y - np.abs(x - 2 + np.float32(0.52) * y), np.float32(17.5) - y
    )
    tail = np.minimum(
        np.float32(1.9) - np.float32(0.12) * y - np.abs(x + 15.5 + np.float32(0.5) * y), np.float32(7) - y
    )
    shape = np.maximum(np.maximum(fuselage, wing), tail) / scale
    s.lay(s.soft(shape), paint, 5.0)
    engine = box(x - 3 + np.float32(0.5) * y, y - 6.3, 1.9, 1.0)
    s.lay(engine > 0, (0.45, 0.46, 0.48, 0.42), 4.0)
    s.lay((fuselage > 0.2) & (x < -14.5), (0.30, 0.34, 0.46, 0.32), 9.0)


def spun(du: F32, dv: F32, turn: float) -> tuple[F32, F32]:
    """Offsets seen in a frame turned by ``turn`` radians."""
    c, n = np.float32(cos(turn)), np.float32(sin(turn))
    return du * c + dv * n, dv * c - du * n


def verge(s: Sheet) -> None:
    """The strip of grass and earth, sometimes a hedge or a track, that runs along a border between two patches."""
    width = 1.9 + 0.9 * s.field(3)
    beside = s.edge < width + 4
    with s.part(beside) as p:
        strip = width[beside] - p.edge
        p.dice = rng(s.patch.key, "verge")
        earth = dead(p.one(p.style.soils))
        p.lay(p.soft(strip), between(grown(p.one(p.style.grasses)), earth, p.between(0.1, 0.8)), 0.1)
        p.lay((strip > 0.9) & (p.field(5) > 0.2), toned(earth, 1.05), 0.0)
        bush = [leafy(p.one(p.style.foliage)), leafy(p.one(p.style.foliage))]
        p.trees(
            bush, 5.0, np.clip(0.5 * p.field(4) + 0.7 * p.field(5), 0, 0.9), (1.2, 2.4), (2.0, 4.5), "verge", strip > -2
        )


def flat_roof(s: Sheet, inside: F32, paint: Paint, height: F32 | float, seed: Cells) -> None:
    """A flat roof with a parapet and machinery on it."""
    height = np.broadcast_to(np.asarray(height, np.float32), inside.shape)
    s.lay(s.soft(inside), paint, height)
    rim = (inside > 0) & (inside < 1.1)
    s.lay(rim, toned((0.62, 0.61, 0.59, 0.6), 1.08), height + np.float32(0.9))
    plant = Cells(seed.u, seed.v, 9.0, 8.0, s.salt("plant"))
    size = plant.chance(1, 1.0, 2.6)
    unit = box(plant.u, plant.v, size, size * np.float32(0.75))
    s.lay(
        (unit > 0) & (inside > 3.0) & (plant.chance(0) < 0.4),
        s.pick(((0.72, 0.72, 0.71, 0.7), (0.5, 0.5, 0.5, 0.5), (0.35, 0.35, 0.36, 0.33)), plant.chance(2)),
        height + np.float32(2.2),
    )


def tank(s: Sheet, du: F32, dv: F32, radius: float | F32, ink: Paint, height: float) -> None:
    """A round tank with a bright rim."""
    inside = disc(du, dv, radius)
    s.lay(s.soft(inside), ink, height)
    s.lay((inside > 0) & (inside < 1.0), WHITE, height + 0.5)
