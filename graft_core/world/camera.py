"""From lit colours to recorded numbers: air, optics, sensor and quantisation of the two instruments."""

import numpy as np
import numpy.typing as npt

from graft_core.world.noise import F32, U8, Grid, bits, key
from graft_core.world.style import WorldStyle
from graft_core.world.years import is_later

U16 = npt.NDArray[np.uint16]

# Display value to the power of 1.75 is reflectance, up to this white.
_WHITE = (3900.0, 3850.0, 3700.0, 6000.0)  # reflectance x 10000 of display value 1: red, green, blue, near infrared
_AIR = (90.0, 150.0, 260.0, 30.0)  # what a thick haze adds to dark ground
_TONES = 2048


def expose_naip(look: WorldStyle, planes: F32, grid: Grid, margin: int) -> U8:
    """(4, H, W) display values with a margin -> (H - 2m, W - 2m, 4) uint8."""
    side = np.float32(look.blur_px**2 / 2)
    grey = (planes[0] + planes[1] + planes[2]) * np.float32((1 - look.saturation) / 3)
    height, width = grid.height - 2 * margin, grid.width - 2 * margin
    out = np.empty((height, width, 4), np.uint8)
    grain = _grain(look, grid, margin)
    for band in range(4):
        plane = planes[band] * np.float32(look.saturation) + grey if band < 3 else planes[band]
        sharp = _blur(plane, side, margin)
        tone = np.clip(sharp * np.float32(_TONES), 0, _TONES - 1).astype(np.int32)
        value = _tones(look, band)[tone]
        value += ((grain >> np.uint32(8 * band)) & np.uint32(255)).astype(np.float32) * np.float32(_spread(look))
        value -= np.float32(127.5 * _spread(look) - 0.5)
        out[..., band] = np.clip(value, 0, 255)
    return out


def _spread(look: WorldStyle) -> float:
    """Factor that turns a byte of noise into noise of the sensor's standard deviation."""
    return look.noise / 73.9


def _tones(look: WorldStyle, band: int) -> F32:
    """Recorded value, still a float, for each display value: haze, colour cast, contrast, exposure, gamma."""
    value = (np.arange(_TONES, dtype=np.float64) + 0.5) / _TONES
    if band < 3:
        value = value * look.cast[band]
        value = value * (1 - look.haze) + look.haze * look.haze_colour[band]
    else:
        value = value * (1 - 0.4 * look.haze)
    value = np.clip((value - 0.42) * look.contrast + 0.42, 0, 1) ** look.gamma * look.brightness
    # The film's shoulder: what is over-exposed loses detail gently.
    value = np.where(value > 0.8, 0.8 + 0.2 * np.tanh((value - 0.8) / 0.2), value)
    return np.asarray(value * 255, np.float32)


def _grain(look: WorldStyle, grid: Grid, margin: int) -> npt.NDArray[np.uint32]:
    column = np.floor(grid.x[:, margin:-margin] / grid.step).astype(np.int32)
    row = np.floor(grid.y[margin:-margin] / grid.step).astype(np.int32)
    again = ("later",) if is_later(look.seed) else ()  # no two exposures have the same noise
    return bits(key(look.seed, "grain", int(grid.step), *again), column, row)


def _blur(plane: F32, side: np.float32, margin: int) -> F32:
    """Three-tap blur along both axes, margin cut off."""
    rows = slice(margin, plane.shape[0] - margin)
    columns = slice(margin, plane.shape[1] - margin)
    up, down = plane[margin - 1 : rows.stop - 1], plane[margin + 1 : rows.stop + 1]
    tall = plane[rows] * (1 - 2 * side) + (up + down) * side
    left, right = tall[:, margin - 1 : columns.stop - 1], tall[:, margin + 1 : columns.stop + 1]
    return np.asarray(tall[:, columns] * (1 - 2 * side) + (left + right) * side, np.float32)


def expose_sentinel2(look: WorldStyle, planes: F32, pixels: Grid, samples: int) -> U16:
    """(4, (H + 2) n, (W + 2) n) display values -> (H, W, 4) uint16 reflectance x 10000."""
    rows, columns = pixels.height + 2, pixels.width + 2
    grid = pixels.grow(1)
    grain = _grain(look, grid, 1)
    out = np.empty((pixels.height, pixels.width, 4), np.uint16)
    for band in range(4):
        bright = np.clip(planes[band] * np.float32(_exposure(look, band)), 0, 1.25)
        root = np.sqrt(bright)
        bright *= root * np.sqrt(root)
        mean = np.zeros((rows, columns), np.float32)
        for part in range(samples * samples):
            mean += bright[part // samples :: samples, part % samples :: samples]
        value = _blur(mean, np.float32(0.10), 1) * np.float32(_WHITE[band] / samples**2)
        value = value * np.float32(1 - 0.5 * look.haze) + np.float32(_AIR[band] * look.haze * 4)
        noise = ((grain >> np.uint32(8 * band)) & np.uint32(255)).astype(np.float32) - np.float32(127.5)
        value += noise * np.float32((8 + 3 * look.noise) / 73.9)
        out[..., band] = np.clip(value + np.float32(0.5), 1, 12000)
    return out


def _exposure(look: WorldStyle, band: int) -> float:
    """Illumination and calibration differ from scene to scene, far less than an aerial camera's exposure does."""
    light = 1 + 0.45 * (look.brightness - 0.98)
    return light * (look.cast[band] if band < 3 else 1.0)
