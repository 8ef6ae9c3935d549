"""The ground under the horizon, pixel by pixel: textures in perspective, furrows, water with its reflections."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from graft_core.types import F32, U8, Bool
from graft_core.world.ground_shot import Colour, Shot

SIDE = 512
"""Cells of a noise table; it repeats after them."""
Table = npt.NDArray[np.float32]


def _normalised(values: npt.NDArray[np.float64]) -> Table:
    """Mean 0, deviation 1, flattened for ``take``."""
    flat = ((values - values.mean()) / values.std()).astype(np.float32)
    return np.ascontiguousarray(flat.reshape(-1))


@lru_cache(maxsize=1)
def _tables() -> tuple[Table, Table, Table]:
    """White noise, noise whose bumps are some three cells wide, and cloudy noise of all scales."""
    rng = np.random.default_rng(20240611)
    white = rng.standard_normal((SIDE, SIDE))
    spectrum = np.fft.rfft2(white)
    distance = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    bumps = np.fft.irfft2(spectrum * np.exp(-((distance * 4.2) ** 2)), s=(SIDE, SIDE))
    cloudy = np.fft.irfft2(spectrum / (0.004 + distance) ** 1.6, s=(SIDE, SIDE))
    return _normalised(white), _normalised(bumps), _normalised(cloudy)


def _sample(table: Table, x: F32, z: F32) -> F32:
    """Noise at positions counted in cells; x (h, w) and z (h, 1) or alike broadcast."""
    cell = x.astype(np.int32)
    cell &= SIDE - 1
    row = z.astype(np.int32)
    row &= SIDE - 1
    picked: F32 = table.take(cell + row * SIDE)
    return picked


def cloudy_noise(x: F32, z: F32) -> F32:
    """Smooth noise of all scales, mean 0, deviation 1, period 512 in both directions."""
    return _sample(_tables()[2], x, z)


def interleaved(planes: F32) -> U8:
    """(3, h, w) of any range -> (h, w, 3) bytes."""
    return np.ascontiguousarray(np.moveaxis(np.clip(planes, 0, 255).astype(np.uint8), 0, 2))


def column(colour: Colour) -> F32:
    """A colour as (3, 1, 1), to broadcast over planes."""
    return np.asarray(colour, np.float32).reshape(3, 1, 1)


class Plane:
    """World coordinates of every canvas pixel below the horizon, and an RGB image of them under construction."""

    def __init__(self, shot: Shot) -> None:
        self.shot = shot
        self.top = max(int(shot.horizon) + 1, 0)
        rows = np.arange(self.top, shot.width, dtype=np.float32) + np.float32(0.5)
        columns = np.arange(shot.width, dtype=np.float32) + np.float32(0.5 - shot.width / 2)
        self.z: F32 = (np.float32(shot.focal * shot.eye) / (rows - np.float32(shot.horizon)))[:, None]
        """(h, 1) metres ahead of each row."""
        self.x: F32 = columns[None, :] * self.z / np.float32(shot.focal)
        """(h, w) metres to the right of each pixel."""
        self.shade: F32 = np.ones_like(self.x)
        """(h, w) brightness factor."""
        self.colour: F32 = np.zeros((3, *self.x.shape), np.float32)
        """(3, h, w) surface colour before light and haze."""
        self._offset = (np.float32(shot.rng.uniform(4000, 4400)), np.float32(shot.rng.uniform(0, 400)))

    def soft(self, metres: float) -> F32:
        """Smooth noise whose blobs are some ``metres`` wide."""
        cells = np.float32(16.0 / metres)
        shift_x, shift_z = self._offset
        return _sample(_tables()[2], (self.x + shift_x) * cells, self.z * cells + shift_z)

    def fine(self, metres: float) -> F32:
        """Grain of bumps ``metres`` wide that melts away where a bump is smaller than a pixel."""
        shift_x, shift_z = self._offset
        cells = np.float32(4.0 / metres)
        depth = self.z * self.z / np.float32(self.shot.focal * self.shot.eye)
        fade = np.clip(np.float32(metres * 2.0) / depth, 0.1, 1.0)
        near = _sample(_tables()[1], (self.x + shift_x) * cells, self.z * (cells * np.float32(0.45)) + shift_z)
        near *= fade
        near += self._speckle() * (np.float32(0.22) + np.float32(0.3) * fade)
        return near

    def _speckle(self) -> F32:
        """Noise on the canvas itself, the same at every distance, for the blades and grains too fine to place."""
        height, width = self.x.shape
        start = int(self._offset[1]) % (SIDE - 300)
        table = _tables()[0].reshape(SIDE, SIDE)
        rows = table[np.arange(start, start + height) % SIDE]
        tile: F32 = rows[:, :width] if width <= SIDE else rows[:, np.arange(width) % SIDE]
        return tile

    def fill(
        self, first: Colour, second: Colour, *, patch: float = 8.0, grain: float = 0.1, cell: float = 0.12
    ) -> None:
        """Cover everything with two colours in soft patches, and grain."""
        share = np.clip(self.soft(patch) * np.float32(0.33) + np.float32(0.5), 0, 1)
        for plane, low, high in zip(self.colour, first, second, strict=True):
            np.multiply(share, np.float32(high - low), out=plane)
            plane += np.float32(low)
        self.shade = self.fine(cell)
        self.shade *= np.float32(grain)
        self.shade += np.float32(1)

    def smooth(self, where: Bool, keep: float = 0.2) -> None:
        """Take most of the grain away from a part, as tar and concrete have little."""
        np.copyto(self.shade, 1 + (self.shade - 1) * np.float32(keep), where=where)

    def stripes(self, period: float, angle: float, *, offset: float = 0.0) -> F32:
        """(h, w) a wave of -1..1 across parallel lines turned ``angle`` from straight ahead; fades when too fine."""
        across, along = math.cos(angle), math.sin(angle)
        turn = np.float32(2 * math.pi / period)
        wave: F32 = np.sin(
            self.x * np.float32(across) * turn + (self.z * np.float32(along) + np.float32(offset)) * turn
        )
        footprint = self.z / self.shot.focal * (abs(across) + abs(along) * self.z / self.shot.eye)
        wave *= np.clip(1.35 - footprint / period * 2.2, 0.0, 1.0).astype(np.float32)
        return wave

    def paint(self, where: Bool | F32, colour: Colour) -> None:
        """Lay a colour over a mask of 0..1."""
        if where.dtype == np.bool_:
            for plane, value in zip(self.colour, colour, strict=True):
                np.copyto(plane, np.float32(value), where=where)
            return
        share = where.astype(np.float32)
        for plane, value in zip(self.colour, colour, strict=True):
            plane += (np.float32(value) - plane) * share

    def show(self) -> None:
        """Light it, fade it into the haze and put it on the canvas."""
        light = self.shot.light
        keep = 1 / (1 + self.z / np.float32(light.haze_m))
        gain = self.shade * keep
        veil = 1 - keep
        for plane, tint, haze in zip(self.colour, light.tint, light.haze, strict=True):
            plane *= gain
            plane *= np.float32(tint)
            plane += veil * np.float32(haze)
        self.shot.image.paste(Image.fromarray(interleaved(self.colour)), (0, self.top))

    def water(self, colour: Colour, where: Bool | None = None, *, ripple: float = 1.0, mirror: float = 0.75) -> None:
        """Lay water over the mask (everything without one): a ripple-torn mirror of what stands above the horizon."""
        shot = self.shot
        canvas = np.asarray(shot.image)
        height, width = self.x.shape
        wave = self._waves(ripple)
        rows = np.arange(height, dtype=np.float32)[:, None]
        depth = rows / np.float32(height)
        above = self.top - 1 - (rows * np.float32(0.8) + wave * (2 + 18 * depth)).astype(np.int32)
        columns = np.arange(width, dtype=np.int32)[None, :] + (wave * np.float32(2.0)).astype(np.int32)
        np.clip(above, 0, self.top - 1, out=above)
        np.clip(columns, 0, width - 1, out=columns)
        mirrored = canvas.reshape(-1, 3).take(above * width + columns, axis=0)
        share = np.clip(np.float32(mirror) * (1 - np.float32(0.62) * depth), 0, 1)
        glint = np.clip(wave - np.float32(1.15), 0, 1) * (46 * (np.float32(0.4) + depth))
        planes = np.empty((3, height, width), np.float32)
        body = (1 + np.float32(0.14) * wave) * (1 - share)
        for k, value in enumerate(shot.tone(colour)):
            planes[k] = mirrored[..., k] * (share * np.float32(0.94)) + body * np.float32(value) + glint
        mask = None if where is None else Image.fromarray(where.astype(np.uint8) * 255)
        shot.image.paste(Image.fromarray(interleaved(planes)), (0, self.top), mask)

    def _waves(self, ripple: float) -> F32:
        """(h, w) ripples, long across the view, calmer with distance."""
        shift_x, shift_z = self._offset
        broad = _sample(_tables()[2], (self.x + shift_x) * np.float32(6.0), self.z * np.float32(44.0) + shift_z)
        rows = np.arange(self.x.shape[0], dtype=np.float32)[:, None]
        across = np.arange(self.x.shape[1], dtype=np.float32)[None, :] * np.float32(256 / self.x.shape[1])
        screen = _sample(
            _tables()[1], across * np.float32(0.34) + rows * np.float32(0.21), rows * np.float32(3.1) + shift_z
        )
        near: F32 = np.clip(6.0 / self.z, 0.05, 1.0)
        broad *= np.float32(0.55 * ripple) * near
        broad += screen * np.float32(0.35 * ripple)
        return broad
