"""Small pictures of a catalogue's images, to choose by; nothing depends on them."""

import io
import time

import numpy as np
import requests
from PIL import Image, UnidentifiedImageError

from graft_core.types import U8

TIMEOUT_S = (5.0, 10.0)
LONGEST_S = 20.0
"""Seconds for a picture that arrives drop by drop."""
LARGEST_BYTES = 4 * 2**20
LARGEST_PIXELS = 16 * 10**6
_PIECE = 64 * 2**10
_NO_PICTURE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises over bytes that are something else, or broken."""


def fetch_preview(address: str, side: int) -> U8 | None:
    """(h, w, 3) colours, the longer side at most ``side`` pixels.

    None where there is no picture to be had: no answer, a refusal, another kind of file, one that is too large.
    """
    try:
        data = _fetched(address)
    except requests.RequestException:
        return None
    return None if data is None else _decoded(data, side)


def _fetched(address: str) -> bytes | None:
    data, give_up = b"", time.monotonic() + LONGEST_S
    with requests.get(address, timeout=TIMEOUT_S, stream=True) as response:
        if not response.ok:
            return None
        for piece in response.iter_content(_PIECE):
            data += piece
            if len(data) > LARGEST_BYTES or time.monotonic() > give_up:
                return None
    return data


def _decoded(data: bytes, side: int) -> U8 | None:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                return None
            colors = picture.convert("RGB")
    except _NO_PICTURE:
        return None
    colors.thumbnail((side, side))
    return np.asarray(colors)
