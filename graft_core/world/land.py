"""What is where: one land for the overhead imagery, the ground photos and the truth.

``class_at`` answers for any point, ``survey`` for a window and with what drawing needs beside the class: which patch a
pixel belongs to, how far the patch's border is and what lies behind it. Both follow the same arithmetic, so they
agree to the last pixel. Coordinates are metres, y grows north; the land is meant for |x|, |y| < 100 km.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from graft_core.world.lines import (
    JUNCTION_RADIUS,
    ROAD_HALF_WIDTH,
    Course,
    Located,
    courses,
    river_half_width,
)
from graft_core.world.noise import F32, F64, U8, Bool, Floats, Grid, key, noise, unit
from graft_core.world.plan import (
    CLASSES,
    COARSE,
    FINE,
    FINE_CELLS,
    ID,
    MOSAIC_RADIUS,
    REGION,
    mosaic,
    region,
)
from graft_core.world.style import WorldStyle, style
from graft_core.world.succession import some_years_on
from graft_core.world.years import is_later, place_of

__all__ = ["CLASSES", "ID", "Land", "Patch", "WorldStyle", "class_at", "class_map", "style", "survey"]

I16 = npt.NDArray[np.int16]

RIVER, HIGHWAY = ID["river"], ID["highway"]
FAR_EDGE = 400.0
"""Distances to a border are told up to this, metres."""
_BLOCK = 512  # class maps are made in blocks of this many pixels, to bound memory
_JITTER = 0.3  # of a cell's side; a point's nearest site is then always among its 3 x 3 cells
_WARPS = ((17.0, 230.0), (5.0, 61.0), (1.6, 17.0))  # amplitude and wavelength of the borders' bends, metres
_COARSE_WARPS = ((260.0, 1500.0), (95.0, 520.0))


@dataclass(frozen=True)
class Patch:
    """A connected piece of land of one class, or one family of lines."""

    class_id: int
    """Its class."""
    key: int
    """Names its random choices."""
    x: float
    """World x of its middle, metres."""
    y: float
    """World y of its middle, metres."""
    size: float
    """Its usual width, metres; 0 for a family of lines."""


@dataclass(frozen=True)
class Land:
    """A window of the land, rows going south."""

    class_id: U8
    """(H, W) class of each sample."""
    slot: I16
    """(H, W) position of the sample's patch in ``patches``."""
    patches: tuple[Patch, ...]
    """Every patch that may show in the window, the river and the highways first."""
    edge: F32
    """(H, W) metres to the border of the patch, at most ``FAR_EDGE``."""
    other: U8
    """(H, W) class beyond that border."""
    river: Located | None
    """Coordinates along and across the river, where one may touch the window."""
    roads: tuple[Located, Located] | None
    """Coordinates along and across the two families of highways, where one may touch the window."""


@dataclass(frozen=True)
class _Site:
    x: np.float32
    y: np.float32
    patch: Patch


@lru_cache(maxsize=65536)
def _site(seed: int, pitch: float, i: int, j: int) -> _Site:
    salt = key(seed, "site", int(pitch))
    ii, jj = np.array([i], np.int32), np.array([j], np.int32)
    x = (i + 0.5 + _JITTER * (2 * float(unit(salt, ii, jj)[0]) - 1)) * pitch
    y = (j + 0.5 + _JITTER * (2 * float(unit(salt ^ 0x5BD1E995, ii, jj)[0]) - 1)) * pitch
    patch = Patch(_planned(seed, pitch, i, j), key(seed, "patch", int(pitch), i, j), x, y, pitch)
    return _Site(np.float32(x), np.float32(y), patch)


def _planned(seed: int, pitch: float, i: int, j: int) -> int:
    if is_later(seed):
        place = place_of(seed)
        return some_years_on(place, pitch, i, j, _site(place, pitch, i, j).patch.class_id)
    if pitch == FINE:
        half, last = FINE_CELLS // 2, FINE_CELLS - 1
        return int(mosaic(seed)[min(max(j + half, 0), last), min(max(i + half, 0), last)])
    east, column = divmod(i + REGION // 2, REGION)
    north, row = divmod(j + REGION // 2, REGION)
    return int(region(seed, east, north)[row, column])


def _bend(seed: int, x: Floats, y: Floats, warps: tuple[tuple[float, float], ...]) -> tuple[F32, F32]:
    dx = dy = np.float32(0)
    for amplitude, wavelength in warps:
        size = np.float32(amplitude)
        dx = dx + size * noise(key(seed, "bend x", int(wavelength)), x, y, wavelength)  # type: ignore[assignment]
        dy = dy + size * noise(key(seed, "bend y", int(wavelength)), x, y, wavelength)  # type: ignore[assignment]
    return x.astype(np.float32) + dx, y.astype(np.float32) + dy


@dataclass
class _Nearest:
    """The two nearest sites of every sample, kept while candidates pass by."""

    first: F32
    second: F32
    slot: I16
    runner_up: I16

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "_Nearest":
        far = np.float32(np.inf)
        return cls(np.full(shape, far), np.full(shape, far), np.zeros(shape, np.int16), np.zeros(shape, np.int16))

    def offer(self, where: tuple[slice, ...], distance: F32, slot: int) -> None:
        first, second, mine, other = self.first[where], self.second[where], self.slot[where], self.runner_up[where]
        closer = distance < first
        next_best = ~closer & (distance < second)
        np.copyto(second, first, where=closer)
        np.copyto(other, mine, where=closer)
        np.copyto(second, distance, where=next_best)
        np.copyto(other, np.int16(slot), where=next_best)
        np.copyto(first, distance, where=closer)
        np.copyto(mine, np.int16(slot), where=closer)


def _near_sites(seed: int, x: F64, y: F64) -> U8:
    """Class of the nearest site of scattered points, lines left out."""
    fx, fy = _bend(seed, x, y, _WARPS)
    out = np.zeros(x.shape, np.uint8)
    for pitch in (FINE, COARSE):
        # Far from the mosaic no small cell can be the nearest; what no small cell claims falls to the large ones.
        here = _may_be_mosaic(fx, fy) if pitch == FINE else out == 0
        if not here.any():
            continue
        u, v = (fx[here], fy[here]) if pitch == FINE else _wider(seed, x[here], y[here], fx[here], fy[here])
        i, j = np.floor(u / np.float32(pitch)).astype(int), np.floor(v / np.float32(pitch)).astype(int)
        best, found = np.full(u.shape, np.inf, np.float32), np.zeros(u.shape, np.uint8)
        i0, j0 = int(i.min()) - 1, int(j.min()) - 1
        table = [[_site(seed, pitch, a, b) for a in range(i0, int(i.max()) + 2)] for b in range(j0, int(j.max()) + 2)]
        cx, cy = (np.array([[getattr(site, axis) for site in row] for row in table], np.float32) for axis in "xy")
        kind = np.array([[_shown(pitch, site) for site in row] for row in table], np.uint8)
        for down in range(3):
            for across in range(3):
                cell = (j - j0 - 1 + down, i - i0 - 1 + across)
                distance = np.square(u - cx[cell]) + np.square(v - cy[cell])
                closer = distance < best
                best[closer], found[closer] = distance[closer], kind[cell][closer]
        out[here] = found
    return out


def _shown(pitch: float, site: _Site) -> int:
    """Class of a cell; 0 for the small cells beyond the mosaic, which leave their place to the large ones."""
    outside = pitch == FINE and np.hypot(site.patch.x, site.patch.y) >= MOSAIC_RADIUS
    return 0 if outside else site.patch.class_id


def _may_be_mosaic(fx: F32, fy: F32) -> Bool:
    return np.asarray(np.square(fx) + np.square(fy) < np.float32((MOSAIC_RADIUS + 1.2 * FINE) ** 2))


def _wider(seed: int, x: Floats, y: Floats, fx: F32, fy: F32) -> tuple[F32, F32]:
    """Borders of coarse cells also bend on the scale of kilometres."""
    wx, wy = _bend(seed, x, y, _COARSE_WARPS)
    return fx + (wx - x.astype(np.float32)), fy + (wy - y.astype(np.float32))


def class_at(seed: int, x: npt.ArrayLike, y: npt.ArrayLike) -> U8:
    """Class ids of points: ``x`` and ``y`` are world metres of one shape (or broadcast), any dtype."""
    points_x, points_y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    shape = points_x.shape
    flat_x, flat_y = np.ascontiguousarray(points_x).reshape(-1), np.ascontiguousarray(points_y).reshape(-1)
    if flat_x.size == 0:
        return np.zeros(shape, np.uint8)
    out = _near_sites(seed, flat_x, flat_y)
    lines = _Lines.at(seed, flat_x, flat_y)
    if lines.river is not None and lines.half is not None:
        out[np.abs(lines.river.across) < lines.half] = RIVER
    if lines.roads is not None:
        out[lines.road_depth() > 0] = HIGHWAY
    return out.reshape(shape)


@dataclass(frozen=True)
class _Lines:
    """Line coordinates of some samples; None where no line can touch them."""

    river: Located | None
    half: F32 | None
    roads: tuple[Located, Located] | None

    @classmethod
    def at(cls, seed: int, x: Floats, y: Floats) -> "_Lines":
        water, road_a, road_b = courses(seed)
        river = half = roads = None
        x32, y32 = x.astype(np.float32), y.astype(np.float32)
        if water.may_touch(x32, y32, 1300.0):
            fx, fy = _bend(seed, x, y, _WARPS)
            river = water.locate(fx, fy)
            half = river_half_width(water.salt, river, x32, y32)
        if _near_road(road_a, x32, y32) or _near_road(road_b, x32, y32):
            roads = (road_a.locate(x32, y32), road_b.locate(x32, y32))
        return cls(river, half, roads)

    def road_depth(self) -> F32:
        """Metres inside a highway's corridor; negative outside."""
        assert self.roads is not None
        a, b = np.abs(self.roads[0].across), np.abs(self.roads[1].across)
        junction = np.float32(JUNCTION_RADIUS) - np.sqrt(a * a + b * b)
        return np.asarray(np.maximum(np.float32(ROAD_HALF_WIDTH) - np.minimum(a, b), junction), np.float32)


def _near_road(course: Course, x: F32, y: F32) -> bool:
    return course.may_touch(x, y, JUNCTION_RADIUS + FAR_EDGE)


def class_map(seed: int, left: float, top: float, width: int, height: int, gsd: float) -> U8:
    """(height, width) class ids at the centres of a window's pixels of ``gsd`` metres; rows go south."""
    out = np.empty((height, width), np.uint8)
    for row in range(0, height, _BLOCK):
        for column in range(0, width, _BLOCK):
            part = out[row : row + _BLOCK, column : column + _BLOCK]
            part[:] = survey(
                seed, Grid(left + column * gsd, top - row * gsd, part.shape[1], part.shape[0], gsd)
            ).class_id
    return out


def survey(seed: int, grid: Grid) -> Land:
    """Everything that drawing needs to know of a window."""
    x, y = grid.x, grid.y
    fx, fy = _bend(seed, x, y, _WARPS)
    patches = [
        Patch(RIVER, key(seed, "river patch"), 0.0, 0.0, 0.0),
        Patch(HIGHWAY, key(seed, "road patch"), 0.0, 0.0, 0.0),
    ]
    cells = _Cells.empty(fx.shape)
    if _may_be_mosaic(fx, fy).any():
        cells = _nearest_sites(seed, FINE, grid, (fx, fy), patches)
    if (cells.class_id == 0).any():
        _surround(cells, _nearest_sites(seed, COARSE, grid, _wider(seed, x, y, fx, fy), patches))
    slot, edge, other = cells.slot, cells.edge, cells.other
    lines = _Lines.at(seed, x, y)
    _lay_lines(lines, slot, edge, other)
    kinds = np.array([patch.class_id for patch in patches], np.uint8)
    np.clip(edge, 0, FAR_EDGE, out=edge)
    return Land(kinds[slot], slot, tuple(patches), edge, other, lines.river, lines.roads)


@dataclass(frozen=True)
class _Cells:
    """The cells of a window; class 0 where none was found."""

    class_id: U8
    slot: I16
    edge: F32
    other: U8

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "_Cells":
        return cls(
            np.zeros(shape, np.uint8),
            np.zeros(shape, np.int16),
            np.full(shape, np.float32(FAR_EDGE)),
            np.zeros(shape, np.uint8),
        )


def _surround(mosaic_cells: _Cells, wide: _Cells) -> None:
    """Put large cells where the mosaic leaves room; its outline is a border for them too."""
    rest = mosaic_cells.class_id == 0
    at_rim = rest & (mosaic_cells.other > 0) & (mosaic_cells.edge < wide.edge)
    np.copyto(mosaic_cells.edge, wide.edge, where=rest & ~at_rim)
    np.copyto(mosaic_cells.other, wide.other, where=rest & ~at_rim)
    np.copyto(mosaic_cells.slot, wide.slot, where=rest)
    np.copyto(mosaic_cells.class_id, wide.class_id, where=rest)


def _nearest_sites(seed: int, pitch: float, grid: Grid, place: tuple[F32, F32], patches: list[Patch]) -> _Cells:
    """Nearest cell of every sample, its distance to the border and the class beyond; new patches are appended."""
    u, v = place
    best = _Nearest.empty(u.shape)
    first, last_x, last_y = len(patches), int(np.floor(u.max() / pitch)), int(np.floor(v.max() / pitch))
    sites = [
        _site(seed, pitch, i, j)
        for j in range(int(np.floor(v.min() / pitch)) - 1, last_y + 2)
        for i in range(int(np.floor(u.min() / pitch)) - 1, last_x + 2)
    ]
    patches.extend(site.patch for site in sites)
    reach = 1.3 * pitch + (30.0 if pitch == FINE else 390.0)
    for number, site in enumerate(sites):
        rows = slice(*_span(grid.top - float(site.y) - reach, 2 * reach, grid.step, grid.height))
        columns = slice(*_span(float(site.x) - reach - grid.left, 2 * reach, grid.step, grid.width))
        if rows.start < rows.stop and columns.start < columns.stop:
            where = (rows, columns)
            best.offer(where, np.square(u[where] - site.x) + np.square(v[where] - site.y), first + number)
    kinds = np.array([0] * first + [_shown(pitch, site) for site in sites], np.uint8)
    return _Cells(kinds[best.slot], best.slot, _borders(best, first, sites), kinds[best.runner_up])


def _borders(best: _Nearest, first: int, sites: list[_Site]) -> F32:
    """Distance to the line halfway between the two nearest sites, from their squared distances."""
    xs = np.array([0] * first + [site.x for site in sites], np.float32)
    ys = np.array([0] * first + [site.y for site in sites], np.float32)
    apart = np.hypot(xs[:, None] - xs[None, :], ys[:, None] - ys[None, :]).astype(np.float32)
    apart[apart == 0] = 1.0
    pair = best.slot.astype(np.int32) * np.int32(len(xs)) + best.runner_up
    gain = np.minimum(best.second - best.first, np.float32(1e9))
    return np.asarray(np.minimum(gain / (np.float32(2) * apart.ravel()[pair]), np.float32(FAR_EDGE)), np.float32)


def _span(start: float, length: float, step: float, size: int) -> tuple[int, int]:
    return max(int(start // step), 0), min(int((start + length) // step) + 1, size)


def _lay_lines(lines: _Lines, slot: I16, edge: F32, other: U8) -> None:
    """Write the river, then the highways over it, into the window."""
    if lines.river is not None and lines.half is not None:
        depth = lines.half - np.abs(lines.river.across)
        _lay(depth, 0, RIVER, slot, edge, other)
    if lines.roads is not None:
        _lay(lines.road_depth(), 1, HIGHWAY, slot, edge, other)


def _lay(depth: F32, position: int, class_id: int, slot: I16, edge: F32, other: U8) -> None:
    inside = depth > 0
    beside = ~inside & (-depth < edge)
    np.copyto(edge, -depth, where=beside)
    np.copyto(other, np.uint8(class_id), where=beside)
    np.copyto(edge, depth, where=inside)
    np.copyto(slot, np.int16(position), where=inside)
