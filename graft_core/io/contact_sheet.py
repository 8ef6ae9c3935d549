"""The best tiles on one page: a PNG to paste into a report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from graft_core.errors import ExportError
from graft_core.io.atomic import replacing
from graft_core.types import U8

_PAPER, _CARD, _EDGE = (246, 246, 243), (255, 255, 255), (224, 223, 218)
_INK, _SOFT, _ACCENT = (32, 34, 38), (108, 112, 118), (33, 110, 121)
_THUMB, _PAD, _GAP, _MARGIN = 224, 10, 18, 36
_CAPTION, _LINE = 82, 18
_BAR = 4
_MOST_COLUMNS = 6
_LEAST_WIDTH = 560
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""Dashes that Pillow's own font lacks."""


@dataclass(frozen=True)
class Caption:
    """What stands under a thumbnail."""

    rank: int
    """1 is the best."""
    score: float
    """Cosine similarity; NaN is shown as unknown."""
    place: str
    """Where it is, for example scene and coordinates; two lines at most."""
    probability: float = math.nan
    """Match probability, also drawn as a bar; NaN is left out."""


def write_contact_sheet(
    path: str | Path,
    thumbnails: Sequence[U8],
    captions: Sequence[Caption],
    *,
    title: str,
    subtitle: str = "",
    columns: int | None = None,
) -> None:
    """Write (h, w, 3) RGB thumbnails of any size as a grid with captions; whole or not at all.

    ``columns`` is chosen from the number of thumbnails unless given. ExportError when there is nothing to show.
    """
    if not thumbnails:
        raise ExportError(f"Cannot write {path}: there is no tile to show; loosen the query or its filters.")
    if len(thumbnails) != len(captions):
        raise ValueError(f"{len(thumbnails)} thumbnails need as many captions, not {len(captions)}")
    sheet = _draw(thumbnails, captions, title, subtitle, columns or _columns(len(thumbnails)))
    with replacing(path) as draft:
        sheet.save(draft, format="PNG")


def _draw(
    thumbnails: Sequence[U8], captions: Sequence[Caption], title: str, subtitle: str, columns: int
) -> Image.Image:
    card_w, card_h = _THUMB + 2 * _PAD, _THUMB + _PAD + _CAPTION
    width = max(2 * _MARGIN + columns * card_w + (columns - 1) * _GAP, _LEAST_WIDTH)
    heading = _wrapped(title, 30, width - 2 * _MARGIN)
    below = _wrapped(subtitle, 16, width - 2 * _MARGIN) if subtitle else []
    top = _MARGIN + 38 * len(heading) + 24 * len(below) + _GAP
    rows = -(-len(thumbnails) // columns)
    sheet = Image.new("RGB", (width, top + rows * card_h + (rows - 1) * _GAP + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    y = _MARGIN - 8
    for lines, size, step, color in ((heading, 30, 38, _INK), (below, 16, 24, _SOFT)):
        for line in lines:
            pen.text((_MARGIN, y), line, font=_font(size), fill=color)
            y += step
    for i, (pixels, caption) in enumerate(zip(thumbnails, captions, strict=True)):
        left = _MARGIN + (i % columns) * (card_w + _GAP)
        _card(sheet, pen, (left, top + (i // columns) * (card_h + _GAP)), (card_w, card_h), pixels, caption)
    return sheet


def _card(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    size: tuple[int, int],
    pixels: U8,
    caption: Caption,
) -> None:
    (x, y), (width, height) = corner, size
    pen.rounded_rectangle((x, y, x + width - 1, y + height - 1), radius=8, fill=_CARD, outline=_EDGE)
    sheet.paste(_thumbnail(pixels), (x + _PAD, y + _PAD))
    line = y + _PAD + _THUMB + 10
    pen.text((x + _PAD, line), f"{caption.rank}", font=_font(17), fill=_ACCENT)
    pen.text((x + width - _PAD, line + 2), _figures(caption), font=_font(14), fill=_INK, anchor="ra")
    for i, text in enumerate(_wrapped(caption.place, 13, _THUMB)):
        pen.text((x + _PAD, line + 26 + i * _LINE), text, font=_font(13), fill=_SOFT)
    if not math.isnan(caption.probability):
        right = x + _PAD + round(_THUMB * min(max(caption.probability, 0.0), 1.0))
        edge = y + _PAD + _THUMB
        pen.rectangle((x + _PAD, edge, x + _PAD + _THUMB - 1, edge + _BAR - 1), fill=_EDGE)
        pen.rectangle((x + _PAD, edge, max(right - 1, x + _PAD), edge + _BAR - 1), fill=_ACCENT)


def _figures(caption: Caption) -> str:
    score = "score unknown" if math.isnan(caption.score) else f"score {caption.score:.3f}"
    return score if math.isnan(caption.probability) else f"{score} \u00b7 match {caption.probability:.0%}"


def _thumbnail(pixels: U8) -> Image.Image:
    """Fitted into the square, proportions kept; small tiles stay crisp."""
    image = Image.fromarray(pixels)
    scale = _THUMB / max(image.size)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    smooth = Image.Resampling.LANCZOS if scale < 3 else Image.Resampling.NEAREST
    square = Image.new("RGB", (_THUMB, _THUMB), _PAPER)
    square.paste(image.resize(size, smooth), ((_THUMB - size[0]) // 2, (_THUMB - size[1]) // 2))
    return square


def _columns(count: int) -> int:
    return min(max(math.ceil(math.sqrt(count * 1.3)), min(count, 3)), _MOST_COLUMNS, count)


@lru_cache
def _font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)
    return font


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """At most two lines, broken where the text says or where it must be; what does not fit ends in an ellipsis."""
    text = text.translate(_DASHES)
    if "\n" in text:
        return [_shortened(line, size, width) for line in text.split("\n")[:2]]
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(size).getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:2] if len(lines) <= 2 else [lines[0], " ".join(lines[1:])]
    return [_shortened(line, size, width) for line in kept]


def _shortened(text: str, size: int, width: int) -> str:
    if _font(size).getlength(text) <= width:
        return text
    while text and _font(size).getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."
