"""The drawing sheet: the samples of one patch, what was painted on them, and the geometry that patterns are made of.

A sheet is a flat list of samples, not an image: only the samples where a patch really lies are drawn. Every method
works sample by sample, so a window shows the same thing however it is cut.
"""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

import numpy as np
import numpy.typing as npt

from graft_core.world.land import Patch
from graft_core.world.noise import F32, I32, U8, U32, Bool, Floats, bits, byte, key, lattice, rng, unit
from graft_core.world.style import Colour, WorldStyle

I64 = npt.NDArray[np.int64]
Ink = tuple[float, float, float, float]
"""Red, green, blue and near infrared, display values in [0, 1]."""
Paint = Ink | Floats
"""One ink, or an ink for each sample, (4, n)."""

WAVELENGTHS = (3.3, 9.7, 31.0, 103.0, 317.0, 990.0)
"""The shared noise fields of a window, metres, finest first."""


def grown(colour: Colour) -> Ink:
    """Ink of something that grows: the greener, the brighter in the near infrared."""
    red, green, blue = colour
    excess = (2 * green - red - blue) / (red + green + blue)
    return red, green, blue, min(0.46 + 1.35 * excess, 0.84)


def leafy(colour: Colour) -> Ink:
    """Ink of tree crowns: bright in the near infrared even when they have turned brown."""
    red, green, blue, nir = grown(colour)
    return red, green, blue, max(nir, 0.66)


def dead(colour: Colour, lift: float = 1.06) -> Ink:
    """Ink of earth, stone, metal: the near infrared a little above the red."""
    red, green, blue = colour
    return red, green, blue, min(red * lift, 1.0)


def wet(colour: Colour) -> Ink:
    """Ink of water: next to nothing in the near infrared."""
    red, green, blue = colour
    return red, green, blue, 0.05 + 0.1 * red


def toned(ink: Ink, light: float, nir: float | None = None) -> Ink:
    """A lighter or darker ink."""
    red, green, blue, infrared = ink
    return red * light, green * light, blue * light, infrared * (light if nir is None else nir)


def between(a: Ink, b: Ink, share: float) -> Ink:
    """An ink between two."""
    red, green, blue, nir = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return red, green, blue, nir


class Sheet:
    """The samples of one patch in one window, being painted."""

    def __init__(
        self,
        patch: Patch,
        style: WorldStyle,
        step: float,
        place: Sequence[F32],
        edge: F32,
        other: U8,
        fields: Sequence[F32],
    ) -> None:
        self.patch, self.style, self.step = patch, style, step
        self.place = place
        self.u, self.v = place[0], place[1]
        self.edge, self.other, self.fields = edge, other, fields
        self.dice = rng(patch.key, "look")
        self.paint = np.zeros((5, edge.size), np.float32)  # red, green, blue, near infrared, height in metres

    # -- choices of the patch ---------------------------------------------------------------------------------------

    def between(self, low: float, high: float) -> float:
        """A number the whole patch shares."""
        return float(self.dice.uniform(low, high))

    def one(self, colours: Sequence[Colour], spread: float = 0.16) -> Colour:
        """A colour the whole patch shares: one of a palette, made lighter or darker, warmer or colder."""
        red, green, blue = colours[int(self.dice.integers(len(colours)))]
        light, warm = 1 + self.between(-spread, spread), 1 + self.between(-spread, spread) * 0.35
        return min(red * light * warm, 0.97), min(green * light, 0.97), min(blue * light / warm, 0.97)

    def pick_one(self, inks: Sequence[Ink]) -> Ink:
        """An ink the whole patch shares."""
        return inks[int(self.dice.integers(len(inks)))]

    def salt(self, name: str) -> int:
        """Names a random field of the patch."""
        return key(self.patch.key, name)

    # -- geometry ---------------------------------------------------------------------------------------------------

    def field(self, number: int) -> F32:
        """Shared noise in [-1, 1] of wavelength ``WAVELENGTHS[number]``."""
        return self.fields[number]

    def turned(self, angle: float) -> tuple[F32, F32]:
        """Coordinates in a frame turned by ``angle`` radians."""
        c, s = np.float32(cos(angle)), np.float32(sin(angle))
        return self.u * c + self.v * s, self.v * c - self.u * s

    def soft(self, inside: Floats) -> F32:
        """Coverage of a sample by a shape whose border lies ``inside`` metres away (positive within)."""
        out: F32 = np.clip(inside * np.float32(1 / self.step) + np.float32(0.5), 0, 1)
        return out

    def fine(self, size: float) -> float:
        """1 where details of ``size`` metres can be seen at this step, down to 0 where they average out."""
        return min(max(1.6 - 0.9 * self.step / size, 0.0), 1.0)

    # -- painting ---------------------------------------------------------------------------------------------------

    def fill(self, ink: Ink, height: float = 0.0) -> None:
        """Paint every sample."""
        for plane, value in zip(self.paint, (*ink, height), strict=True):
            plane.fill(value)

    def lay(self, cover: Floats | Bool, ink: Paint, height: float | Floats | None = None) -> None:
        """Paint where ``cover`` says: a mask, or the share of each sample that is covered."""
        where = np.flatnonzero(cover)
        if where.size == 0:
            return
        values = ink if isinstance(ink, tuple) else ink[:, where]
        if cover.dtype == np.bool_:
            for plane, value in zip(self.paint, values, strict=False):
                plane[where] = value
            if height is not None:
                self.paint[4][where] = height if isinstance(height, float) else height[where]
            return
        share = cover[where]
        for plane, value in zip(self.paint, values, strict=False):
            old = plane[where]
            plane[where] = old + share * (value - old)
        if height is not None:
            old, top = self.paint[4][where], height if isinstance(height, float) else height[where]
            self.paint[4][where] = np.where(share > 0.5, top, old)

    def shade(self, light: Floats) -> None:
        """Make the colours lighter or darker, sample by sample."""
        self.paint[:4] *= light

    def mottle(self, **amount: float) -> None:
        """Vary the colours by shared noise: ``n0`` ... ``n5`` name the field, the value its amplitude."""
        light = np.ones_like(self.edge)
        for name, amplitude in amount.items():
            number = int(name[1:])
            visible = amplitude * self.fine(WAVELENGTHS[number])
            if visible > 0:
                light += np.float32(visible) * self.fields[number]
        self.shade(light)

    def pick(self, inks: Sequence[Ink], chance: F32) -> F32:
        """(4, n): one of the inks for each sample, by a number in [0, 1]."""
        table = np.array(inks, np.float32).T
        position = np.minimum((chance * np.float32(len(inks))).astype(np.int32), len(inks) - 1)
        out: F32 = table[:, position]
        return out

    def part(self, where: Bool) -> "Part":
        """Only some of the samples, to paint details on; leave it to write them back."""
        return Part(self, np.flatnonzero(where))

    def trees(
        self,
        inks: Sequence[Ink],
        pitch: float,
        share: float | F32,
        radius: tuple[float, float],
        height: tuple[float, float],
        name: str = "trees",
        keep: Bool | None = None,
    ) -> None:
        """Single crowns, at most one in a cell of ``pitch`` metres; they may not touch where ``keep`` is false."""
        row, _ = lattice(self.v * np.float32(1 / pitch))
        shifted = self.u + np.float32(pitch) * unit(self.salt(name), row, np.zeros(1, np.int32))
        cell = Cells(shifted, self.v, pitch, pitch, self.salt(name))
        size = cell.chance(0, *radius)
        room = np.float32(pitch / 2) - size
        du = cell.u - (cell.chance(1) * 2 - 1) * room
        dv = cell.v - (cell.chance(2) * 2 - 1) * room
        dome = 1 - (du * du + dv * dv) / (size * size)
        stands = cell.again().chance(0) < share
        crown = (dome > 0) & stands if keep is None else (dome > 0) & stands & keep
        where = np.flatnonzero(crown)
        if where.size:
            tall = height[0] + (height[1] - height[0]) * cell.chance(3)[where]
            colour = self.pick(inks, cell.chance(1)[where])
            for plane, value in zip(self.paint, colour, strict=False):
                plane[where] = value * (np.float32(0.86) + np.float32(0.22) * dome[where])
            self.paint[4][where] += tall * np.sqrt(dome[where]) * np.float32(0.7) + tall * np.float32(0.3)


class Part(Sheet):
    """Some samples of a sheet; used as a context, it writes its paint back."""

    def __init__(self, whole: Sheet, where: I64) -> None:
        place = [axis[where] for axis in whole.place]
        fields = Gathered(whole.fields, where)
        super().__init__(whole.patch, whole.style, whole.step, place, whole.edge[where], whole.other[where], fields)
        self.dice = whole.dice
        self.paint = whole.paint[:, where]
        self.whole, self.where = whole, where

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_: object) -> None:
        for plane, value in zip(self.whole.paint, self.paint, strict=True):
            plane[self.where] = value


class Gathered(Sequence[F32]):
    """Noise fields gathered for some samples when they are first asked for."""

    def __init__(self, fields: Sequence[F32], where: I64) -> None:
        self._fields, self._where = fields, where
        self._held: dict[int, F32] = {}

    def __getitem__(self, number: Any) -> Any:
        if number not in self._held:
            self._held[number] = np.ravel(self._fields[number])[self._where]
        return self._held[number]

    def __len__(self) -> int:
        return len(self._fields)


class Cells:
    """A lattice over the samples: which cell, where in it, and four random choices of each cell."""

    def __init__(self, u: F32, v: F32, across: float, down: float, salt: int) -> None:
        self.salt, self.size = salt, (across, down)
        self.i, self.u = _split(u, across)
        self.j, self.v = _split(v, down)
        self._bits: U32 | None = None

    @property
    def bits(self) -> U32:
        """Hash of the sample's cell."""
        if self._bits is None:
            self._bits = bits(self.salt, self.i, self.j)
        return self._bits

    def chance(self, place: int, low: float = 0.0, high: float = 1.0) -> F32:
        """Choice number ``place`` (0 to 3) of the cell, between ``low`` and ``high``."""
        out = byte(self.bits, place)
        if (low, high) != (0.0, 1.0):
            out *= np.float32(high - low)
            out += np.float32(low)
        return out

    def again(self) -> "Cells":
        """The same cells with four further choices."""
        other = object.__new__(Cells)
        other.salt, other.size = self.salt ^ 0x3C6EF372, self.size
        other.i, other.u, other.j, other.v = self.i, self.u, self.j, self.v
        other._bits = bits(other.salt, other.i, other.j)
        return other


def _split(u: F32, pitch: float) -> tuple[I32, F32]:
    """Cell along one axis, and metres from the cell's middle."""
    cell = np.floor(u * np.float32(1 / pitch))
    return cell.astype(np.int32), u - (cell + np.float32(0.5)) * np.float32(pitch)


def box(u: Floats, v: Floats, half_u: float | Floats, half_v: float | Floats) -> F32:
    """Metres inside an upright rectangle around 0; negative outside."""
    return np.asarray(np.minimum(half_u - np.abs(u), half_v - np.abs(v)), np.float32)


def disc(u: Floats, v: Floats, radius: float | Floats) -> F32:
    """Metres inside a circle around 0; negative outside."""
    return np.asarray(radius - np.sqrt(u * u + v * v), np.float32)


def comb(u: F32, period: float, phase: float = 0.0) -> F32:
    """Metres to the nearest of the lines ``u = phase + k * period``."""
    p = np.float32(period)
    offset = u - np.float32(phase)
    return np.asarray(np.abs(offset - np.rint(offset / p) * p), np.float32)


def wave(u: F32, period: float) -> F32:
    """A sine-like wave in [-1, 1], made of parabolas."""
    t = u * np.float32(1 / period)
    t = t - np.floor(t)
    half = t * 2 - 1
    out: F32 = np.asarray(4 * half * (1 - np.abs(half)), np.float32)
    return out


def quarter_turn(dice: np.random.Generator) -> float:
    """A right angle, or none."""
    return float(dice.integers(2)) * pi / 2
