"""What imagery there is of an area: a search, and the images that cover it best."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.io.imagery.catalogs import find_catalog, find_product
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.search import Found, Wanted, items_by_id, search
from graft_core.io.imagery.why_empty import why_empty

Wish = Literal["clearest", "newest"]

_WORTH = 0.005
"""Share of the area that an image has to add to be chosen beside others."""


def find_imagery(
    catalog: str,
    collection: str,
    area: BaseGeometry,
    *,
    start: date | None = None,
    end: date | None = None,
    cloud: float | None = None,
    limit: int = 100,
) -> Found:
    """The images of an area, newest first.

    Args:
        catalog: ``planetary-computer``, ``earth-search`` or the address of any STAC API.
        collection: ``naip``, ``sentinel2``, or the id of a collection there.
        area: degrees east and north.
        start: first day.
        end: last day, counted in.
        cloud: most clouds, percent.
        limit: most images.

    Raises:
        ImageryError: no answer, a refusal, or nothing there, with the filter that hides what there is.
    """
    where = find_catalog(catalog)
    product = find_product(where, collection)
    wanted = Wanted(area, start, end, cloud, limit)
    found = search(where, product, wanted)
    if not found.items:
        raise ImageryError(why_empty(where, product, wanted))
    return found


def imagery_of(catalog: str, collection: str, ids: Sequence[str]) -> tuple[ImageryItem, ...]:
    """The images of these ids, in their order: those of an earlier search.

    Raises:
        ImageryError: no answer, a refusal, or one of them is not there.
    """
    where = find_catalog(catalog)
    return items_by_id(where, find_product(where, collection), ids)


def coverage(item: ImageryItem, area: BaseGeometry) -> float:
    """Share of the area that an image covers, in [0, 1]."""
    whole = area.area
    return float(item.footprint.intersection(area).area / whole) if whole else float(item.footprint.intersects(area))


def choose(items: Sequence[ImageryItem], area: BaseGeometry, wish: Wish) -> tuple[ImageryItem, ...]:
    """Images that cover the area as far as any do: of each place in it the clearest or the newest there is.

    They are taken in that order, each that adds to what those before it cover; so there may be fewer that would do,
    but no better ones. Among equally good ones the one that covers more of the area comes first, then the newer one.
    Images of unknown cloud cover come after the cloudiest.
    """
    ranked = sorted(items, key=lambda item: (-item.acquired.timestamp(), item.id))
    ranked.sort(key=lambda item: -round(coverage(item, area), 2))
    ranked.sort(key=lambda item: _clouds(item) if wish == "clearest" else -item.acquired.timestamp())
    chosen: list[ImageryItem] = []
    left = area
    for item in ranked:
        rest = left.difference(item.footprint)
        if left.area - rest.area > _WORTH * area.area or (not area.area and not chosen):
            chosen.append(item)
            left = rest
    return tuple(chosen)


def clearest_dates(items: Sequence[ImageryItem], area: BaseGeometry, most: int) -> tuple[ImageryItem, ...]:
    """The clearest images of each place: as many that every part of the area has ``most`` of them, where it has those.

    The clearest first, of unknown cloud cover last, the newer before the older; images beside the area are left out.
    """
    ranked = sorted(items, key=lambda item: (_clouds(item), -item.acquired.timestamp(), item.id))
    if not area.area:
        return tuple(item for item in ranked if item.footprint.intersects(area))[:most]
    chosen: list[ImageryItem] = []
    seen = [shapely.Polygon()] * most  # seen[k]: what more than k of the chosen images show
    for item in ranked:
        shown = item.footprint.intersection(area)
        if shown.difference(seen[-1]).area > _WORTH * area.area:
            chosen.append(item)
            before = [area, *seen[:-1]]
            seen = [each.union(shown.intersection(under)) for each, under in zip(seen, before, strict=True)]
    return tuple(chosen)


def uncovered(items: Sequence[ImageryItem], area: BaseGeometry) -> float:
    """Share of the area that no image covers, in [0, 1]."""
    left = area.difference(shapely.union_all([item.footprint for item in items]))
    return float(left.area / area.area) if area.area else 0.0


def _clouds(item: ImageryItem) -> float:
    return math.inf if item.cloud is None else item.cloud
