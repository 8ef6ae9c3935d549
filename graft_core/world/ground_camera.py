"""From the canvas to the photo: rain, the lens, the exposure and the sensor."""

import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from graft_core.types import F32, U8
from graft_core.world.ground_plane import interleaved
from graft_core.world.ground_shot import Shot


def rain(shot: Shot) -> None:
    """Streaks over the canvas and a grey veil; only an overcast sky rains."""
    rng, width = shot.rng, shot.width
    lean = rng.uniform(-0.3, 0.3)
    streaks = Image.new("L", (width, width))
    draw = ImageDraw.Draw(streaks)
    for _ in range(rng.randrange(60, 160)):
        u, v, long = rng.uniform(0, width), rng.uniform(-10, width), rng.uniform(0.02, 0.06) * width
        draw.line((u, v, u + lean * long, v + long), fill=rng.randrange(50, 120), width=1)
    veil = Image.new("RGB", (width, width), (198, 204, 210))
    shot.image.paste(veil, (0, 0), streaks)


@lru_cache(maxsize=1)
def _grain() -> F32:
    """(3, 512, 512) sensor noise of deviation 1, a little of it shared between the channels and between neighbours."""
    rng = np.random.default_rng(77120)
    own, shared = rng.standard_normal((3, 512, 512)), rng.standard_normal((1, 512, 512))
    mixed = own + 0.6 * shared
    mixed = mixed + 0.35 * np.roll(mixed, 1, axis=2)
    scaled: F32 = (mixed / mixed.std()).astype(np.float32)
    return scaled


def develop(shot: Shot, rng: random.Random, size: int) -> U8:
    """(size, size, 3) RGB: frame the canvas, then blur, exposure, colour balance, vignette and noise of one camera."""
    image = shot.image.resize((size, size), Image.Resampling.BOX, box=_frame(shot, rng))
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.85) * size / 128))
    pixels = np.moveaxis(np.asarray(image), 2, 0).astype(np.float32)  # (3, size, size)
    exposure, contrast, saturation = rng.uniform(0.84, 1.12), rng.uniform(0.86, 1.1), rng.uniform(0.75, 1.15)
    cast = 0.035 if rng.random() < 0.2 else 0.014
    gains = np.asarray([exposure * rng.uniform(1 - cast, 1 + cast) for _ in range(3)], np.float32)
    pixels *= (gains * np.float32(contrast * saturation))[:, None, None]
    grey = pixels.sum(0) * np.float32((1 - saturation) / (3 * saturation))
    grey += np.float32(120 * (1 - contrast) + rng.uniform(-8, 8))
    pixels += grey
    if rng.random() < 0.6:
        pixels *= _vignette(size, rng.uniform(0.04, 0.22))
    copies = -(-size // 512)
    grain = _grain() if copies == 1 else np.tile(_grain(), (1, copies, copies))
    left, top = rng.randrange(512 * copies - size + 1), rng.randrange(512 * copies - size + 1)
    pixels += grain[:, top : top + size, left : left + size] * np.float32(rng.uniform(0.8, 5.0))
    return interleaved(pixels)


def _frame(shot: Shot, rng: random.Random) -> tuple[float, float, float, float]:
    """The part of the canvas that becomes the photo: mostly all of it, at times a closer crop around the horizon."""
    width = shot.width
    if rng.random() < 0.55:
        return (0, 0, width, width)
    side = width * rng.uniform(0.68, 0.98)
    left = rng.uniform(0, width - side)
    lowest = min(max(shot.horizon - 0.3 * side, 0), width - side)
    highest = min(max(shot.horizon - 0.7 * side, 0), width - side)
    top = rng.uniform(highest, lowest)
    return (left, top, left + side, top + side)


def _vignette(size: int, depth: float) -> F32:
    """(size, size) darkening towards the corners."""
    axis = np.linspace(-1, 1, size, dtype=np.float32) ** 2
    fall: F32 = 1 - np.float32(depth / 2) * (axis[:, None] + axis[None, :])
    return fall
