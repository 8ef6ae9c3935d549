"""Randomness as a function of place: integer hashes, value noise and coordinates on lattices.

Nothing here keeps state. A value depends on a key and a position only, so any window of the world can be drawn alone.
All hashing is done in arrays of uint32, which wrap silently and the same way on every machine.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_core.world.years import place_of

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
U8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]

_EAST, _NORTH = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)
_STIR, _STIR_AGAIN = np.uint32(0x2C1B3C6D), np.uint32(0x297A2D39)


def key(seed: int, *parts: int | str) -> int:
    """Thirty-two bits that name one random field of one world, the same at both of its dates."""
    digest = hashlib.blake2b(repr((place_of(seed), *parts)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


def rng(seed: int, *parts: int | str) -> np.random.Generator:
    """A generator for the few scalar choices of one world, patch or plan, the same at both dates of a world."""
    digest = hashlib.blake2b(repr((place_of(seed), *parts)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def bits(salt: int, i: I32, j: I32) -> U32:
    """Hash of lattice points (i, j); the two broadcast."""
    h = i.view(np.uint32) * _EAST
    h += np.uint32(salt & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(15))) + j.view(np.uint32) * _NORTH
    h ^= h >> np.uint32(15)
    h *= _STIR
    h ^= h >> np.uint32(12)
    h *= _STIR_AGAIN
    h ^= h >> np.uint32(15)
    return np.asarray(h, np.uint32)


def unit(salt: int, i: I32, j: I32) -> F32:
    """One number in [0, 1) for each lattice point."""
    h = bits(salt, i, j) >> np.uint32(8)
    return h.astype(np.float32) * np.float32(2.0**-24)


def byte(h: U32, place: int) -> F32:
    """One of the four bytes of a hash as a number in [0, 1]: four cheap choices from one hash."""
    part = (h >> np.uint32(8 * place)) & np.uint32(255)
    return part.astype(np.float32) * np.float32(1 / 255)


def lattice(u: Floats) -> tuple[I32, F32]:
    """Lattice cell and the position inside it, in [0, 1)."""
    floor = np.floor(u)
    return floor.astype(np.int32), (u - floor).astype(np.float32)


def _fade(f: F32) -> F32:
    out: F32 = f * f * (3 - 2 * f)
    return out


def _mix(a: F32, b: F32, f: F32) -> F32:
    # The same three operations in both paths below, so that a scattered point equals the pixel of a window.
    out: F32 = a + (b - a) * f
    return out


def _knots(salt: int, i: I32, j: I32) -> F32:
    return unit(salt, i, j) * np.float32(2) - np.float32(1)


def noise(salt: int, x: Floats, y: Floats, wavelength: float) -> F32:
    """Smooth value noise in [-1, 1] of about the given wavelength, metres.

    ``x`` (1, W) and ``y`` (H, 1) give an image by the fast separable way; equal shapes give scattered points. Both
    give the same number at the same place.
    """
    i, fx = lattice(x / wavelength)
    j, fy = lattice(y / wavelength)
    fx, fy = _fade(fx), _fade(fy)
    if i.ndim == 2 and i.shape[0] == 1 and j.shape[1] == 1:
        return _noise_image(salt, i, j, fx, fy)
    one = np.int32(1)
    south = _mix(_knots(salt, i, j), _knots(salt, i + one, j), fx)
    north = _mix(_knots(salt, i, j + one), _knots(salt, i + one, j + one), fx)
    return _mix(south, north, fy)


def _noise_image(salt: int, i: I32, j: I32, fx: F32, fy: F32) -> F32:
    i0, j0 = int(i.min()), int(j.min())
    across = np.arange(i0, int(i.max()) + 2, dtype=np.int32)[None, :]
    down = np.arange(j0, int(j.max()) + 2, dtype=np.int32)[:, None]
    knots = _knots(salt, across, down)
    column, row = i[0] - i0, j[:, 0] - j0
    lines = _mix(knots[:, column], knots[:, column + 1], fx)
    south = lines[row]
    return _mix(south, lines[row + 1], fy)


def noise_line(salt: int, t: Floats, wavelength: float) -> F32:
    """Smooth noise in [-1, 1] along a line."""
    i, f = lattice(t / wavelength)
    zero = np.zeros(1, np.int32)
    return _mix(_knots(salt, i, zero), _knots(salt, i + np.int32(1), zero), _fade(f))


@dataclass(frozen=True)
class Grid:
    """The sample points of a window: centres of square samples, north-up, rows going south."""

    left: float
    """World x of the west edge, metres."""
    top: float
    """World y of the north edge, metres."""
    width: int
    """Samples across."""
    height: int
    """Samples down."""
    step: float = 1.0
    """Side of a sample, metres."""

    @property
    def x(self) -> F64:
        """(1, W) world x of the sample centres, metres."""
        out: F64 = (self.left + (np.arange(self.width, dtype=np.float64) + 0.5) * self.step)[None, :]
        return out

    @property
    def y(self) -> F64:
        """(H, 1) world y of the sample centres, metres."""
        out: F64 = (self.top - (np.arange(self.height, dtype=np.float64) + 0.5) * self.step)[:, None]
        return out

    def grow(self, samples: int) -> "Grid":
        """The same grid with a margin on every side."""
        reach = samples * self.step
        return Grid(self.left - reach, self.top + reach, self.width + 2 * samples, self.height + 2 * samples, self.step)
