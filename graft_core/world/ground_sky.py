"""Sky, clouds, sun and the hills far away; the weather decides the light of everything else."""

import random

import numpy as np
from PIL import Image, ImageFilter

from graft_core.types import F32
from graft_core.world.ground_plane import cloudy_noise, column, interleaved
from graft_core.world.ground_shot import Colour, Light, Shot, blend, scaled
from graft_core.world.land import WorldStyle

WEATHERS = ("clear", "cloudy", "overcast", "sunset")


def draw_light(rng: random.Random, style: WorldStyle) -> Light:
    """Weather, sun and haze of one photo in a world of this style."""
    weather = rng.choices(WEATHERS, (0.36, 0.32, 0.22, 0.10))[0]
    sun = rng.uniform(0.35, 1.0) * rng.choice((-1, 1))
    haze_m = rng.uniform(500, 2200) * (1.15 - 2.8 * style.haze)
    if weather == "overcast":
        gain = rng.uniform(0.74, 0.95)
        grey = rng.uniform(165, 222)
        haze = (grey, grey + 3, grey + 8)
        tint = (gain, gain * 1.01, gain * 1.04)
        return Light(
            weather, tint, rng.uniform(0.04, 0.12), haze, scaled(haze, rng.uniform(0.78, 0.98)), haze_m * 0.6, sun
        )
    if weather == "sunset":
        gain = rng.uniform(0.62, 0.88)
        haze = (rng.uniform(228, 250), rng.uniform(150, 196), rng.uniform(104, 160))
        zenith = (rng.uniform(86, 140), rng.uniform(104, 140), rng.uniform(150, 184))
        tint = (gain * 1.16, gain * 0.95, gain * 0.8)
        return Light(weather, tint, rng.uniform(0.3, 0.5), haze, zenith, haze_m * 0.7, sun)
    gain = rng.uniform(0.94, 1.12)
    warm = rng.uniform(-0.03, 0.05)
    tint = (gain * (1 + warm), gain, gain * (1 - warm))
    haze = (rng.uniform(188, 226), rng.uniform(206, 232), rng.uniform(224, 246))
    own = (rng.uniform(58, 118), rng.uniform(118, 166), rng.uniform(186, 226))
    zenith = blend(own, scaled(style.sky, 235), rng.uniform(0.1, 0.6))
    shadow = rng.uniform(0.4, 0.62) if weather == "clear" else rng.uniform(0.25, 0.5)
    return Light(weather, tint, shadow, haze, zenith, haze_m, sun)


def paint_sky(shot: Shot) -> None:
    """Fill the canvas down to the horizon; below it the haze colour stands in until the ground is drawn."""
    light, width = shot.light, shot.width
    bottom = min(max(int(shot.horizon), 4), width)
    half = (bottom // 2 + 1, width // 2)  # a sky is smooth: half the canvas is enough
    height: F32 = np.linspace(1, 0, half[0], dtype=np.float32)[None, :, None] ** np.float32(0.8)
    low, high = column(light.haze), column(light.zenith)
    sky: F32 = np.repeat(low + (high - low) * height * np.float32(0.95), half[1], axis=2).astype(np.float32)
    _add_sun(shot, sky)
    if light.weather != "clear" or shot.rng.random() < 0.35:
        _add_clouds(shot, sky)
    canvas = Image.new("RGB", (width, width), shot.tone((0, 0, 0), 1e9))
    canvas.paste(Image.fromarray(interleaved(sky)).resize((width, bottom), Image.Resampling.BILINEAR), (0, 0))
    shot.replace_image(canvas)


def _add_sun(shot: Shot, sky: F32) -> None:
    """A glow around the sun when it stands in the view."""
    if shot.light.weather == "overcast" or shot.rng.random() < 0.45:
        return
    sunset = shot.light.weather == "sunset"
    height, width = sky.shape[1:]
    u = width * (0.5 + 0.55 * shot.light.sun)
    v = height * (0.86 if sunset else shot.rng.uniform(-0.4, 0.3))
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    distance = np.sqrt((rows - np.float32(v)) ** 2 + (columns - np.float32(u)) ** 2)
    glow = np.exp(distance * np.float32(-1 / (0.22 * width))) * np.float32(0.85 if sunset else 0.5)
    warm: Colour = (255, 214, 150) if sunset else (255, 252, 240)
    for plane, value in zip(sky, warm, strict=True):
        plane += (np.float32(value) - plane) * glow


def _add_clouds(shot: Shot, sky: F32) -> None:
    """Clouds as thresholded noise, flatter towards the horizon, lit from above."""
    light, rng = shot.light, shot.rng
    height, width = sky.shape[1:]
    elevation: F32 = np.linspace(1, 0.04, height, dtype=np.float32)[:, None]
    across: F32 = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    far: F32 = np.reciprocal(elevation + np.float32(0.22))
    zoom = np.float32(rng.uniform(26, 52))
    left, ahead = np.float32(rng.uniform(512, 1024)), np.float32(rng.uniform(0, 512))
    field = cloudy_noise(across * far * zoom + left, far * zoom * np.float32(1.6) + ahead)
    cover = {"clear": 1.1, "cloudy": rng.uniform(-0.1, 0.6), "overcast": -0.8, "sunset": rng.uniform(0.0, 0.7)}[
        light.weather
    ]
    density = np.clip((field - np.float32(cover)) * np.float32(0.5 if light.weather == "overcast" else 1.1), 0, 1)
    tone = np.clip((np.roll(field, -3, 0) - field) * np.float32(0.9) + np.float32(0.5), 0, 1)
    density, tone = _blurred(density, 0.9) * np.float32(0.92), _blurred(tone, 1.3)
    for plane, bright, dark in zip(sky, *_cloud_colours(light), strict=True):
        cloud = tone * np.float32(bright - dark)
        cloud += np.float32(dark)
        plane += (cloud - plane) * density


def _blurred(field: F32, radius: float) -> F32:
    """A field of 0..1, softened."""
    image = Image.fromarray((field * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(radius))
    return np.asarray(image, np.float32) * np.float32(1 / 255)


def _cloud_colours(light: Light) -> tuple[Colour, Colour]:
    """Lit and shaded side of a cloud."""
    if light.weather == "sunset":
        return (255, 206, 166), blend(light.zenith, (150, 96, 110), 0.6)
    if light.weather == "overcast":
        return scaled(light.haze, 1.06), scaled(light.haze, 0.7)
    return (252, 252, 252), (176, 186, 202)


def hills(shot: Shot, colour: Colour, *, top: float, z: float = 1500.0, rough: float = 1.0) -> None:
    """A ridge along the horizon, ``top`` of the canvas width high at most."""
    rng = shot.rng
    base, step = shot.horizon, shot.width / 32
    heights, level = [], rng.uniform(0.2, 0.8)
    for _ in range(33):
        level = min(max(level + rng.uniform(-0.16, 0.16) * rough, 0.06), 1.0)
        heights.append(level)
    points = [(i * step, base - top * shot.width * h) for i, h in enumerate(heights)]
    shot.draw.polygon([(0, base + 2), *points, (shot.width, base + 2)], fill=shot.tone(colour, z))


def tree_line(shot: Shot, colour: Colour, *, z: float, height: float) -> None:
    """A far row of trees along the horizon, bumpy, darker at its foot."""
    rng, base = shot.rng, shot.horizon + shot.eye * shot.scale(z)
    peak = height * shot.scale(z)
    u, points = -4.0, [(-4.0, base)]
    while u < shot.width + 8:
        points.append((u, base - peak * rng.uniform(0.55, 1.0)))
        u += peak * rng.uniform(0.25, 0.6) + 1.2
    points.append((float(shot.width + 8), base))
    shot.draw.polygon(points, fill=shot.tone(colour, z, 0.95))
    shot.draw.rectangle((0, base - peak * 0.22, shot.width, base), fill=shot.tone(colour, z, 0.72))
