"""What stands in place of a picture where only an embedding was published: where it lies, and of which day it is."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from graft_core.types import U8, Bool

SIDE = 256
"""Pixels of a card's side; a gallery shows it about half as large."""
_MAP = (16, 16, 240, 160)
"""Left, top, right, bottom of the map on the card."""
_PAPER, _LAND, _INK, _SOFT, _DOT = (244, 245, 246), (208, 215, 222), (32, 34, 38), (92, 97, 104), (213, 94, 0)
_LINES = ((168, 30, _INK), (206, 24, _SOFT))
"""Top and size of the two lines of text."""


def fragment_card(covered: Bool, place: tuple[float, float], lines: tuple[str, str]) -> U8:
    """A square card (SIDE, SIDE, 3): the area of the set with a dot, and two lines below it.

    Args:
        covered: (h, w) where the set has embeddings.
        place: of the dot, as shares of the width and the height of ``covered``.
        lines: the day, and the place in words.
    """
    card = Image.new("RGB", (SIDE, SIDE), _PAPER)
    pen = ImageDraw.Draw(card)
    left, top, width, height = _fitted(covered.shape)
    area = Image.fromarray(np.asarray(covered, np.uint8) * 255).resize((width, height), Image.Resampling.BOX)
    card.paste(_LAND, (left, top), area)
    x, y = left + place[0] * width, top + place[1] * height
    pen.ellipse((x - 11, y - 11, x + 11, y + 11), fill=_PAPER)
    pen.ellipse((x - 8, y - 8, x + 8, y + 8), fill=_DOT)
    for text, (at, size, color) in zip(lines, _LINES, strict=True):
        pen.text((SIDE / 2, at), text, font=_font(size), fill=color, anchor="ma")
    drawn: npt.NDArray[np.uint8] = np.array(card)
    return drawn


def _fitted(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the map, its proportions kept."""
    left, top, right, bottom = _MAP
    scale = min((right - left) / shape[1], (bottom - top) / shape[0])
    width, height = max(round(shape[1] * scale), 1), max(round(shape[0] * scale), 1)
    return (left + right - width) // 2, (top + bottom - height) // 2, width, height


@lru_cache
def _font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)
    return font
