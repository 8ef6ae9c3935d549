"""Cards in place of thumbnails for scenes that are embeddings without a picture."""

from collections.abc import Sequence
from datetime import date

from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.io.fragment_card import fragment_card
from graft_core.io.scene import Scene, read_rgb
from graft_core.tasks.retrieve import Hit
from graft_core.types import U8

COARSE_PX = 256
"""Longer side of the map of the set's area."""


def fragment_cards(hits: Sequence[Hit], scene: Scene) -> list[U8]:
    """A card for each hit of a scene: the set's area with a dot where the hit lies, its day, its degrees."""
    factor = max(1.0, max(scene.geobox.shape) / COARSE_PX)
    height, width = (max(round(length / factor), 1) for length in scene.geobox.shape)
    coarse = GeoBox((height, width), scene.geobox.affine @ Affine.scale(factor), scene.geobox.crs)
    covered = read_rgb(scene, coarse)[1]
    cards = []
    for hit in hits:
        left, bottom, right, top = hit.bounds
        col, row = ~coarse.affine @ ((left + right) / 2, (bottom + top) / 2)
        lines = (_day(hit.fragment.acquired if hit.fragment else ""), _degrees(hit.lon, hit.lat))
        cards.append(fragment_card(covered, (col / width, row / height), lines))
    return cards


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d %b %Y}".lstrip("0") if iso else "no date"


def _degrees(lon: float, lat: float) -> str:
    return f"{abs(lat):.2f} {'N' if lat >= 0 else 'S'}, {abs(lon):.2f} {'E' if lon >= 0 else 'W'}"
