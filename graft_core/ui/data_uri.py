"""Pictures as data URIs: they come with the page, and no picture of an earlier run is asked for in vain."""

import base64
import io

from PIL import Image

from graft_core.types import U8

QUALITY = 88
"""Of JPEG; a thumbnail of 224 pixels takes some 15 kB."""


def png_uri(rgba: U8) -> str:
    """(h, w, 4) colours, exactly; Pillow's PNG is many times smaller than folium's own, which filters nothing."""
    return _uri(rgba, "PNG")


def jpeg_uri(rgb: U8) -> str:
    """(h, w, 3) colours, nearly."""
    return _uri(rgb, "JPEG")


def _uri(pixels: U8, kind: str) -> str:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, kind, quality=QUALITY)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(packed.getvalue()).decode()}"
