"""One exposure: a pinhole camera over flat ground, a canvas at twice the wanted size, and the light of the hour."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

Colour = tuple[float, float, float]
Pixel = tuple[int, int, int]
Point = tuple[float, float]

NEAR_M = 0.6
"""Nothing closer than this is drawn; it keeps the projection finite."""


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """The colour ``share`` of the way from ``first`` to ``second``."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def scaled(colour: Colour, gain: float) -> Colour:
    """The colour made lighter or darker, not yet clipped."""
    return (colour[0] * gain, colour[1] * gain, colour[2] * gain)


def clipped(colour: Colour) -> Pixel:
    """The colour as the canvas takes it."""
    red, green, blue = colour
    return (min(max(int(red), 0), 255), min(max(int(green), 0), 255), min(max(int(blue), 0), 255))


@dataclass(frozen=True)
class Light:
    """Weather and sun as the scene's painters need them."""

    weather: str
    """``clear``, ``cloudy``, ``overcast`` or ``sunset``."""
    tint: Colour
    """What sunlit white looks like, as gains on R, G, B."""
    shadow: float
    """How dark a cast shadow is: 0 none (overcast) to 1 black."""
    haze: Colour
    """Colour that distance fades into; also the sky at the horizon."""
    zenith: Colour
    """Sky straight above."""
    haze_m: float
    """Distance at which two thirds of a thing's own colour is gone, metres."""
    sun: float
    """Where the sun stands: -1 far left, 1 far right; things are lit from there."""


class Shot:
    """Canvas and camera of one photo; x is metres to the right, y up from the ground, z metres ahead."""

    def __init__(
        self, rng: random.Random, light: Light, size: int, *, eye: float, horizon: float, focal: float
    ) -> None:
        self.rng = rng
        self.light = light
        self.width = size * 2
        self.eye = eye
        self.horizon = horizon * self.width
        self.focal = focal * self.width
        self.image = Image.new("RGB", (self.width, self.width))
        self.draw = ImageDraw.Draw(self.image)

    def replace_image(self, image: Image.Image) -> None:
        """Go on drawing on another canvas of the same size."""
        self.image = image
        self.draw = ImageDraw.Draw(image)

    def scale(self, z: float) -> float:
        """Canvas pixels per metre at distance z."""
        return self.focal / max(z, NEAR_M)

    def at(self, x: float, z: float, y: float = 0.0) -> Point:
        """Canvas position of a point of the scene."""
        pixels = self.focal / max(z, NEAR_M)
        return self.width / 2 + x * pixels, self.horizon + (self.eye - y) * pixels

    def spread(self, z: float) -> float:
        """Half the width of the view at distance z, metres."""
        return z * self.width / (2 * self.focal)

    def reach(self, v: float) -> float:
        """Distance of the ground seen at fraction v of the way from the horizon to the lower edge, metres."""
        return self.focal * self.eye / max(v * (self.width - self.horizon), 1e-3)

    def tone(self, colour: Colour, z: float = 0.0, shade: float = 1.0) -> Pixel:
        """A surface colour under this light, faded by distance, as the canvas takes it."""
        light = self.light
        keep = 1.0 / (1.0 + z / light.haze_m)
        gain, veil = shade * keep, 1.0 - keep
        tint, haze = light.tint, light.haze
        red = int(colour[0] * gain * tint[0] + haze[0] * veil)
        green = int(colour[1] * gain * tint[1] + haze[1] * veil)
        blue = int(colour[2] * gain * tint[2] + haze[2] * veil)
        return (
            0 if red < 0 else 255 if red > 255 else red,
            0 if green < 0 else 255 if green > 255 else green,
            0 if blue < 0 else 255 if blue > 255 else blue,
        )

    def side_shade(self, facing: float) -> float:
        """Brightness of an upright face that looks left (-1), at the camera (0) or right (1)."""
        contrast = 0.12 + 0.5 * self.light.shadow
        return 0.9 + contrast * (0.45 * facing * self.light.sun - 0.12 * (facing == 0))

    def poly(self, corners: Sequence[tuple[float, float, float]], colour: Colour, shade: float = 1.0) -> None:
        """Fill a flat outline given as (x, y, z) corners; its first corner decides how far it is."""
        points = [self.at(x, z, y) for x, y, z in corners]
        self.draw.polygon(points, fill=self.tone(colour, corners[0][2], shade))

    def upright(self, x: float, z: float, outline: Sequence[Point], colour: Colour, shade: float = 1.0) -> None:
        """Fill an outline of (metres right, metres up) that stands at (x, z) facing the camera."""
        pixels = self.focal / max(z, NEAR_M)
        left, foot = self.width / 2 + x * pixels, self.horizon + self.eye * pixels
        points = [(left + right * pixels, foot - up * pixels) for right, up in outline]
        self.draw.polygon(points, fill=self.tone(colour, z, shade))

    def panel(self, x0: float, x1: float, y0: float, y1: float, z: float, colour: Colour, shade: float = 1.0) -> None:
        """Fill an upright rectangle that faces the camera."""
        left, top = self.at(x0, z, y1)
        right, bottom = self.at(x1, z, y0)
        if right - left >= 0.5 and bottom - top >= 0.5:
            self.draw.rectangle((left, top, right, bottom), fill=self.tone(colour, z, shade))

    def flat(self, x0: float, x1: float, z0: float, z1: float, colour: Colour, shade: float = 1.0) -> None:
        """Fill a rectangle that lies on the ground."""
        self.poly(((x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)), colour, shade)

    def box(
        self, x0: float, x1: float, z0: float, z1: float, height: float, colour: Colour, *, base: float = 0.0
    ) -> None:
        """A block with its front parallel to the picture: top, the side that shows, then the front."""
        top = base + height
        if top < self.eye:
            self.poly(((x0, top, z0), (x1, top, z0), (x1, top, z1), (x0, top, z1)), colour, 1.12)
        if x0 > 0:
            self.poly(((x0, base, z0), (x0, top, z0), (x0, top, z1), (x0, base, z1)), colour, self.side_shade(-1))
        if x1 < 0:
            self.poly(((x1, base, z0), (x1, top, z0), (x1, top, z1), (x1, base, z1)), colour, self.side_shade(1))
        self.panel(x0, x1, base, top, z0, colour, self.side_shade(0))

    def disc(self, x: float, y: float, z: float, radius: float, colour: Colour, shade: float = 1.0) -> None:
        """A round thing that faces the camera."""
        u, v = self.at(x, z, y)
        r = radius * self.scale(z)
        self.draw.ellipse((u - r, v - r, u + r, v + r), fill=self.tone(colour, z, shade))

    def pool(self, x: float, z: float, radius_x: float, radius_z: float, colour: Colour, shade: float = 1.0) -> None:
        """An ellipse that lies on the ground."""
        u, _ = self.at(x, z)
        _, far = self.at(x, z + radius_z)
        _, near = self.at(x, max(z - radius_z, NEAR_M))
        r = radius_x * self.scale(z)
        self.draw.ellipse((u - r, far, u + r, near), fill=self.tone(colour, z, shade))

    def line(
        self, start: tuple[float, float, float], end: tuple[float, float, float], colour: Colour, thick: float
    ) -> None:
        """A straight rod from (x, y, z) to (x, y, z), ``thick`` metres across, never thinner than a pixel."""
        distance = min(start[2], end[2])
        width = max(1, round(thick * self.scale((start[2] + end[2]) / 2)))
        points = (self.at(start[0], start[2], start[1]), self.at(end[0], end[2], end[1]))
        self.draw.line(points, fill=self.tone(colour, distance), width=width)

    def shadow(self, x: float, z: float, radius: float, *, long: float = 1.0) -> None:
        """Darken the ground under and beside a thing, away from the sun."""
        strength = self.light.shadow
        if strength < 0.1:
            strength = 0.14
        if radius * self.scale(z) < 2.5:
            return
        u, v = self.at(x - self.light.sun * radius * 0.7 * long, z)
        r = radius * self.scale(z) * (1 + 0.4 * long)
        flatness = max(r * min(0.5, self.eye / z + 0.06), 1.0)
        box = (int(u - r), int(v - flatness), int(u + r) + 1, int(v + flatness) + 1)
        if box[2] <= 0 or box[0] >= self.width or box[3] - box[1] < 2:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).ellipse((0, 0, mask.width - 1, mask.height - 1), fill=int(165 * strength))
        self.image.paste(self.tone((26, 28, 36), z), box, mask)
