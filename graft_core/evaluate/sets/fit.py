"""How an image of any size becomes the square input of an encoder. The choice moves figures by many points: name it."""

import math
from typing import Literal, get_args

import numpy as np
from PIL import Image

from graft_core.errors import BenchmarkError
from graft_core.models.defaults import SENSOR_GSD
from graft_core.types import U8, EncoderSpec

Fit = Literal["resize", "pad", "reflect"]
"""``resize``: both sides brought to the input's. ``pad``: pixels kept as they are, black around. ``reflect``: the same
with the image mirrored at its edges. An image larger than the input is made to fit first, its shape kept."""


def choose_fit(stated: str | None, spec: EncoderSpec) -> Fit:
    """The fit that is named, else the encoder's own; BenchmarkError for a name that is none.

    An encoder that was trained on a sensor's pixels as they are is shown images at theirs, padded with black as GRAFT's
    authors do. One that was trained on none, or on enlarged ones, takes them resized.
    """
    if stated is None:
        as_they_are = spec.sensor != "rgb" and math.isclose(spec.gsd, SENSOR_GSD[spec.sensor])
        return "pad" if as_they_are else "resize"
    fits: dict[str, Fit] = {"resize": "resize", "pad": "pad", "reflect": "reflect"}
    if stated not in fits:
        raise BenchmarkError(f"There is no fit '{stated}'; choose one of {', '.join(get_args(Fit))}.")
    return fits[stated]


def fit_image(image: U8, side: int, fit: Fit) -> U8:
    """(H, W, 3) -> (side, side, 3); a padded image lies in the middle, one pixel up and left where that is uneven."""
    if fit == "resize":
        return image if image.shape[:2] == (side, side) else _resized(image, side, side)
    height, width = image.shape[:2]
    longest = max(height, width)
    if longest > side:
        height, width = (max(1, round(each * side / longest)) for each in (height, width))
        image = _resized(image, height, width)
    around = [((side - each) // 2, side - each - (side - each) // 2) for each in (height, width)]
    return np.pad(image, (*around, (0, 0)), mode="constant" if fit == "pad" else "reflect")


def _resized(image: U8, height: int, width: int) -> U8:
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
