"""The world from above: aerial imagery at 1 m and satellite imagery at 10 m of the same land.

``render_naip`` draws any window in whole metres; ``render_sentinel2`` samples the same drawing rules every few metres
and averages their reflectance. A window equals the same part of any larger one, bit for bit.
"""

from collections.abc import Iterator
from math import cos, pi, radians, sin

import numpy as np
import numpy.typing as npt

from graft_core.world.camera import expose_naip, expose_sentinel2
from graft_core.world.draw import DRAW
from graft_core.world.land import HIGHWAY, ID, RIVER, Land, Patch, style, survey
from graft_core.world.light import SHADOW_REACH, illuminate
from graft_core.world.noise import F32, U8, Grid, bits, byte, key, noise, rng
from graft_core.world.sheet import WAVELENGTHS, Gathered, Sheet
from graft_core.world.style import WorldStyle
from graft_core.world.things import verge

U16 = npt.NDArray[np.uint16]
Index = npt.NDArray[np.intp]

SENTINEL_SAMPLES = 2
"""Samples along each side of a 10 m pixel."""
_AERIAL_BLOCK = 640  # pixels a side
_SATELLITE_BLOCK = 320
_CHUNK = 49152  # samples drawn at once: their arrays stay in the cache
_NO_VERGE = frozenset(
    ID[name] for name in ("lake", "river", "highway", "harbour", "beach", "desert", "wetland", "quarry")
)
_BLUR = 2  # samples of margin that the optics need


def render_naip(seed: int, left: int, top: int, width: int, height: int) -> tuple[U8, U8]:
    """Aerial imagery of a window: (H, W, 4) uint8 red, green, blue, near infrared, and (H, W) class ids.

    ``left`` and ``top`` are the world metres of the upper left corner, ``width`` and ``height`` pixels of 1 m.
    """
    look = style(seed)
    out = np.empty((height, width, 4), np.uint8)
    classes = np.empty((height, width), np.uint8)
    for rows, columns in _blocks(height, width, _AERIAL_BLOCK):
        across, down = columns.stop - columns.start, rows.stop - rows.start
        grid = Grid(left + columns.start, top - rows.start, across, down).grow(_BLUR)
        planes, land = _draw(look, grid)
        out[rows, columns] = expose_naip(look, planes, grid, _BLUR)
        classes[rows, columns] = land.class_id[_BLUR:-_BLUR, _BLUR:-_BLUR]
    return out, classes


def render_sentinel2(seed: int, left: int, top: int, width: int, height: int) -> tuple[U16, U8]:
    """Satellite imagery of a window: (H, W, 4) uint16 reflectance x 10000 of B04, B03, B02, B08, and the class that
    fills most of each pixel.

    ``left`` and ``top`` are world metres, multiples of 10; ``width`` and ``height`` pixels of 10 m.
    """
    look = style(seed)
    out = np.empty((height, width, 4), np.uint16)
    classes = np.empty((height, width), np.uint8)
    for rows, columns in _blocks(height, width, _SATELLITE_BLOCK):
        across, down = columns.stop - columns.start, rows.stop - rows.start
        grid = Grid(left + 10 * columns.start, top - 10 * rows.start, across, down, 10.0)
        out[rows, columns], classes[rows, columns] = _satellite_block(look, grid)
    return out, classes


def _blocks(height: int, width: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Parts of an image that are drawn one after the other, so that memory does not grow with the image."""
    for row in range(0, height, side):
        for column in range(0, width, side):
            yield slice(row, min(row + side, height)), slice(column, min(column + side, width))


def _satellite_block(look: WorldStyle, pixels: Grid) -> tuple[U16, U8]:
    margin = pixels.grow(1)  # the telescope's blur mixes neighbouring pixels
    n = SENTINEL_SAMPLES
    samples = Grid(margin.left, margin.top, margin.width * n, margin.height * n, 10.0 / n)
    planes, land = _draw(look, samples)
    parts = land.class_id.reshape(margin.height, n, margin.width, n).transpose(0, 2, 1, 3)[1:-1, 1:-1]
    return expose_sentinel2(look, planes, pixels, n), _majority(parts.reshape(pixels.height, pixels.width, n * n))


def _majority(samples: U8) -> U8:
    """(H, W, k) -> (H, W): the value most samples have; the first one found wins a tie."""
    votes = (samples[..., :, None] == samples[..., None, :]).sum(axis=-1)
    return np.take_along_axis(samples, votes.argmax(axis=-1)[..., None], axis=-1)[..., 0]


def _draw(look: WorldStyle, grid: Grid) -> tuple[F32, Land]:
    """Lit colours of a window, (4, H, W) display values, and the land below them."""
    reach = SHADOW_REACH / grid.step
    azimuth = radians(look.sun_azimuth_deg)
    east, north = sin(azimuth) * reach, cos(azimuth) * reach
    # Shadows come from things nearer to the sun, so the window needs a margin on that side, and one sample for slopes.
    west_margin, east_margin = 1 + max(round(-east) + 1, 0), 1 + max(round(east) + 1, 0)
    north_margin, south_margin = 1 + max(round(north) + 1, 0), 1 + max(round(-north) + 1, 0)
    wide = Grid(
        grid.left - west_margin * grid.step,
        grid.top + north_margin * grid.step,
        grid.width + west_margin + east_margin,
        grid.height + north_margin + south_margin,
        grid.step,
    )
    land = survey(look.seed, wide)
    paint = _paint(look, wide, land)
    inner = (slice(north_margin, north_margin + grid.height), slice(west_margin, west_margin + grid.width))
    lit = illuminate(look, paint, grid.step, inner)
    cut = Land(land.class_id[inner], land.slot[inner], land.patches, land.edge[inner], land.other[inner], None, None)
    return lit, cut


def _paint(look: WorldStyle, grid: Grid, land: Land) -> F32:
    """(5, H, W): red, green, blue, near infrared and height of every sample, patch by patch."""
    paint = np.empty((5, land.slot.size), np.float32)
    fields = [_field(look.seed, number, grid) for number in range(len(WAVELENGTHS))]
    slots = land.slot.ravel()
    order = np.argsort(slots, kind="stable")
    bounds = np.searchsorted(slots[order], np.arange(len(land.patches) + 1))
    for number, patch in enumerate(land.patches):
        for start in range(int(bounds[number]), int(bounds[number + 1]), _CHUNK):
            where = order[start : min(start + _CHUNK, int(bounds[number + 1]))]
            sheet = _sheet(look, grid, land, patch, where, fields)
            DRAW[patch.class_id](sheet)
            if patch.class_id not in _NO_VERGE:
                verge(sheet)
            paint[:, where] = sheet.paint
    return paint.reshape(5, grid.height, grid.width)


def _field(seed: int, number: int, grid: Grid) -> F32:
    """One shared noise field: two lattices of different mesh, so that neither shows."""
    wavelength = WAVELENGTHS[number]
    field = noise(key(seed, "field", number), grid.x, grid.y, wavelength)
    field += noise(key(seed, "field", number, "again"), grid.x, grid.y, 0.73 * wavelength)
    field *= np.float32(0.74)
    return field


def _sheet(look: WorldStyle, grid: Grid, land: Land, patch: Patch, where: Index, fields: list[F32]) -> Sheet:
    edge, other = land.edge.ravel()[where], land.other.ravel()[where]
    lazy = Gathered(fields, where)
    if patch.class_id == RIVER and patch.size == 0 and land.river is not None:
        place = [land.river.along.ravel()[where], land.river.across.ravel()[where]]
    elif patch.class_id == HIGHWAY and patch.size == 0 and land.roads is not None:
        a, b = land.roads
        place = [field.ravel()[where] for field in (a.along, a.across, b.along, b.across)]
    else:
        angle = float(rng(patch.key, "angle").uniform(0, pi))
        row, column = np.divmod(where, grid.width)
        dx = (grid.x[0] - patch.x).astype(np.float32)[column]
        dy = (grid.y[:, 0] - patch.y).astype(np.float32)[row]
        if grid.step > 2:
            _scatter(look.seed, grid, row, column, dx, dy)
        c, s = np.float32(cos(angle)), np.float32(sin(angle))
        place = [dx * c + dy * s, dy * c - dx * s]
    return Sheet(patch, look, grid.step, place, edge, other, lazy)


def _scatter(seed: int, grid: Grid, row: Index, column: Index, dx: F32, dy: F32) -> None:
    """Move coarse samples off their regular grid: rows of houses then average out and do not beat with it."""
    i = (column + round(grid.left / grid.step)).astype(np.int32)
    j = (row - round(grid.top / grid.step)).astype(np.int32)
    chance = bits(key(seed, "scatter"), i, j)
    dx += (byte(chance, 0) - np.float32(0.5)) * np.float32(0.7 * grid.step)
    dy += (byte(chance, 1) - np.float32(0.5)) * np.float32(0.7 * grid.step)
