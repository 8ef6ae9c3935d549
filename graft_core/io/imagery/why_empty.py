"""Why a search found nothing, in one sentence that names what hides the images."""

from dataclasses import replace

import shapely

from graft_core.io.imagery.catalogs import Catalog, Product
from graft_core.io.imagery.search import PAGE, Found, Patience, Wanted, search


def why_empty(catalog: Catalog, product: Product, wanted: Wanted, patience: Patience | None = None) -> str:
    """One sentence that names the filter which hides everything; the catalogue is asked again without it."""
    if wanted.cloud is not None:
        cloudy = search(catalog, product, replace(wanted, cloud=None), patience)
        if cloudy.items:
            return _why_too_cloudy(catalog, product, wanted.cloud, cloudy)
    if wanted.dates is not None:
        other = search(catalog, product, Wanted(wanted.area, limit=PAGE), patience)
        if other.items:
            first = "" if other.more else f"from {other.items[-1].acquired:%Y-%m-%d} "
            return (
                f"{product.collection} has no image of this area in the dates {wanted.dates.replace('/', ' to ')}; "
                f"it has some {first}to {other.items[0].acquired:%Y-%m-%d}, so change the dates."
            )
    if search(catalog, product, Wanted(shapely.box(-180, -90, 180, 90), limit=1), patience).items:
        return f"The area lies outside of what {product.collection} covers; choose another collection or area."
    return f"{catalog.url} has no collection {product.collection} with images in it; check its id."


def _why_too_cloudy(catalog: Catalog, product: Product, limit: float, cloudy: Found) -> str:
    """What to say of images of which none is clear enough, as far as they were asked for."""
    known = [item for item in cloudy.items if item.cloud is not None]
    if not known:
        return (
            f"{product.collection} says nothing of clouds, and {catalog.url} leaves out what says nothing; search "
            "without a cloud limit."
        )
    best = min(known, key=lambda item: item.cloud or 0.0)
    count = f"The {len(known)} newest" if cloudy.more else f"All {len(known)}"
    return (
        f"{count} images of {product.collection} that fit otherwise are cloudier than {limit:g} %; the clearest, of "
        f"{best.acquired:%Y-%m-%d}, has {best.cloud:.0f} %, so raise the cloud limit or widen the dates."
    )
