"""Tree shapes, drawn once in grey with their shading, then tinted, scaled and pasted as often as a scene wants."""

import math
import random
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from graft_core.world.ground_shot import Colour, Shot

SIDE = 128
"""Pixels of the largest copy of a sprite."""
VARIANTS = 4
"""Different drawings of each kind."""
ASPECT = {
    "broad": 0.92,
    "round": 1.0,
    "poplar": 0.36,
    "conifer": 0.5,
    "bush": 1.5,
    "bare": 0.8,
    "palm": 1.0,
    "dead": 0.6,
}
"""Width of a kind as a share of its height."""
CROWN = {
    "broad": 0.8,
    "round": 0.82,
    "poplar": 0.94,
    "conifer": 0.93,
    "bush": 1.0,
    "bare": 1.0,
    "palm": 0.45,
    "dead": 1.0,
}
"""Share of the height that the sprite covers; the rest is trunk."""

Sprite = tuple[tuple[Image.Image, Image.Image], ...]


def _inside(kind: str, rng: random.Random) -> tuple[float, float]:
    """A place in the crown's outline, both in -1..1, y down."""
    while True:
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        if kind == "conifer":
            tier = (y * 3.2 + 4) % 1.0
            if abs(x) < (y + 1.06) / 2 * (0.62 + 0.38 * tier):
                return x, y
        elif kind == "bush":
            if y > -math.sqrt(max(0.0, 1 - x * x)) * (0.72 + 0.28 * math.sin(x * 7 + 1)):
                return x, y
        elif kind == "broad":
            if x * x + (y * 1.02) ** 2 < 0.78 + 0.2 * math.sin(math.atan2(y, x) * 5 + 0.7) and y < 0.86:
                return x, y
        elif x * x + y * y < 0.95:
            return x, y


def _crown(kind: str, rng: random.Random) -> tuple[Image.Image, Image.Image]:
    """Leaf clumps from the dark inside to the lit outside; the light comes from the upper left."""
    shade, mask = Image.new("L", (SIDE, SIDE), 60), Image.new("L", (SIDE, SIDE))
    on_shade, on_mask = ImageDraw.Draw(shade), ImageDraw.Draw(mask)
    clumps = [(*_inside(kind, rng), rng.random()) for _ in range(420)]
    clumps.sort(key=lambda clump: clump[2] * 0.9 - clump[1] * 0.6)
    half = SIDE / 2
    for x, y, depth in clumps:
        radius = rng.uniform(2.2, 6.0) * (0.8 if kind == "conifer" else 1.0)
        u, v = half + x * (half - 6), half + y * (half - 6)
        light = 118 - 62 * y - 44 * x + 50 * (depth - 0.5) + rng.uniform(-34, 34)
        box = (u - radius, v - radius * 0.8, u + radius, v + radius * 0.8)
        on_shade.ellipse(box, fill=int(min(max(light, 12), 250)))
        on_mask.ellipse(box, fill=255)
    return shade.filter(ImageFilter.GaussianBlur(0.7)), mask.filter(ImageFilter.GaussianBlur(0.8))


def _branch(
    draw: ImageDraw.ImageDraw, rng: random.Random, start: tuple[float, float], angle: float, long: float
) -> None:
    """One limb and, while it is long enough, its forks."""
    end = (start[0] + math.cos(angle) * long, start[1] - math.sin(angle) * long)
    draw.line((start, end), fill=255, width=max(1, round(long / 7)))
    if long > 6:
        for turn in (rng.uniform(0.25, 0.6), -rng.uniform(0.25, 0.6), rng.uniform(-0.15, 0.15)):
            if rng.random() < 0.9:
                _branch(draw, rng, end, angle + turn, long * rng.uniform(0.6, 0.78))


def _leafless(kind: str, rng: random.Random) -> tuple[Image.Image, Image.Image]:
    """A trunk with limbs and twigs; a dead tree keeps few of them."""
    mask = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(mask)
    draw.polygon(
        ((SIDE / 2 - 5, SIDE), (SIDE / 2 + 5, SIDE), (SIDE / 2 + 2, SIDE * 0.66), (SIDE / 2 - 2, SIDE * 0.66)), fill=255
    )
    limbs = 5 if kind == "bare" else 2
    for _ in range(limbs):
        start = (SIDE / 2, SIDE * rng.uniform(0.62, 0.8))
        _branch(draw, rng, start, math.pi / 2 + rng.uniform(-0.75, 0.75), SIDE * rng.uniform(0.17, 0.23))
    ramp = np.tile(np.linspace(170, 70, SIDE), (SIDE, 1)).astype(np.uint8)
    return Image.fromarray(ramp), mask.filter(ImageFilter.GaussianBlur(0.5))


def _palm(rng: random.Random) -> tuple[Image.Image, Image.Image]:
    """Fronds that rise and droop around the top of a trunk."""
    shade, mask = Image.new("L", (SIDE, SIDE), 120), Image.new("L", (SIDE, SIDE))
    on_shade, on_mask = ImageDraw.Draw(shade), ImageDraw.Draw(mask)
    for frond in range(13):
        angle = frond / 13 * 2 * math.pi + rng.uniform(-0.2, 0.2)
        reach, drop = SIDE * rng.uniform(0.36, 0.48), SIDE * rng.uniform(0.18, 0.34)
        points = []
        for step in range(9):
            t = step / 8
            points.append(
                (SIDE / 2 + math.cos(angle) * reach * t, SIDE * 0.42 - math.sin(angle) * reach * 0.8 * t + drop * t * t)
            )
        for (u0, v0), (u1, v1) in pairwise(points):
            on_mask.line((u0, v0, u1, v1), fill=255, width=7)
            on_shade.line((u0, v0, u1, v1), fill=int(140 + 80 * math.sin(angle) + rng.uniform(-25, 25)), width=7)
    return shade, mask.filter(ImageFilter.GaussianBlur(0.8))


@lru_cache(maxsize=64)
def _sprite(kind: str, variant: int, flipped: bool) -> Sprite:
    """(shading, mask) at 128, 64, 32 and 16 pixels; flipped is lit from the right."""
    rng = random.Random(f"{kind} {variant}")
    if kind == "palm":
        shade, mask = _palm(rng)
    elif kind in ("bare", "dead"):
        shade, mask = _leafless(kind, rng)
    else:
        shade, mask = _crown(kind, rng)
    if flipped:
        shade, mask = (part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for part in (shade, mask))
    sizes = [(shade, mask)]
    while sizes[-1][0].width > 16:
        sizes.append((sizes[-1][0].reduce(2), sizes[-1][1].reduce(2)))
    return tuple(sizes)


def _scaled(sprite: Sprite, size: tuple[int, int], seen: tuple[int, int, int, int]) -> tuple[Image.Image, Image.Image]:
    """Shading and mask of the part ``seen`` of a sprite scaled to ``size``, from the smallest copy large enough."""
    chosen = sprite[0]
    for level in sprite:
        if level[0].width >= max(size):
            chosen = level
    across, down = chosen[0].width / size[0], chosen[0].height / size[1]
    box = (seen[0] * across, seen[1] * down, seen[2] * across, seen[3] * down)
    part = (seen[2] - seen[0], seen[3] - seen[1])
    bilinear = Image.Resampling.BILINEAR
    return chosen[0].resize(part, bilinear, box=box), chosen[1].resize(part, bilinear, box=box)


def paste_crown(
    shot: Shot, kind: str, centre: float, top: float, width: float, height: float, colour: Colour, z: float
) -> None:
    """Paste a crown with its upper edge at canvas row ``top``; ``z`` metres of haze lie before it."""
    wide, high = round(width), round(height)
    left, upper = round(centre - width / 2), round(top)
    if wide < 2 or high < 2 or left >= shot.width or left + wide <= 0 or upper >= shot.width or upper + high <= 0:
        return
    contrast = 0.35 + 0.65 * min(shot.light.shadow * 1.6, 1.0)
    dark, light = shot.tone(colour, z, 1.0 - 0.68 * contrast), shot.tone(colour, z, 1.0 + 0.55 * contrast)
    if max(wide, high) < 5:
        shot.draw.ellipse((left, upper, left + wide, upper + high), fill=shot.tone(colour, z, 0.9))
        return
    sprite = _sprite(kind, shot.rng.randrange(VARIANTS), shot.light.sun > 0)
    seen = (max(-left, 0), max(-upper, 0), min(shot.width - left, wide), min(shot.width - upper, high))
    shade, mask = _scaled(sprite, (wide, high), seen)
    tinted = Image.new("RGB", shade.size, dark)
    tinted.paste(light, (0, 0, *shade.size), shade)
    shot.image.paste(tinted, (left + seen[0], upper + seen[1]), mask)


def tree(
    shot: Shot, x: float, z: float, height: float, colour: Colour, kind: str, *, bark: Colour = (92, 74, 58)
) -> None:
    """A tree that stands at (x, z), with its shadow when it is near enough to see one."""
    pixels = shot.scale(z)
    u, foot = shot.at(x, z)
    wide = height * ASPECT[kind] * pixels
    if u + wide < 0 or u - wide > shot.width:
        return
    if z < 45:
        shot.shadow(x, z, height * ASPECT[kind] * 0.4)
    high = height * pixels
    crown = CROWN[kind]
    if crown < 1 and high > 8:
        half = max(height * (0.016 if kind == "palm" else 0.024) * pixels, 0.5)
        shot.draw.polygon(
            (
                (u - half, foot),
                (u + half, foot),
                (u + half * 0.6, foot - high * 0.6),
                (u - half * 0.6, foot - high * 0.6),
            ),
            fill=shot.tone(bark, z, 0.8),
        )
        if kind == "palm":
            shot.draw.line(
                (u, foot - high * 0.55, u, foot - high * 0.74),
                fill=shot.tone(bark, z, 0.85),
                width=max(1, int(half * 1.4)),
            )
    shade = bark if kind in ("bare", "dead") else colour
    paste_crown(shot, kind, u, foot - high, wide, high * crown, shade, z)
