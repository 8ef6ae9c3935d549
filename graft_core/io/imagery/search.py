"""Asks a STAC API for the images of an area (Item Search, with paging); whatever goes wrong becomes one sentence."""

import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import pystac
import shapely.geometry
from pystac_client import Client
from pystac_client.conformance import ConformanceClasses
from pystac_client.errors import ClientTypeError
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from pystac_client.warnings import DoesNotConformTo
from shapely.geometry.base import BaseGeometry
from urllib3 import Retry

from graft_core.errors import ImageryError
from graft_core.io.imagery.catalogs import Catalog, Product
from graft_core.io.imagery.item import ImageryItem, read_item

PAGE = 100
"""Items asked at a time."""
MOST_READ = 5000
"""Items looked at, where what was asked has to be sifted here."""
_MOST_POINTS = 300
"""An outline with more is asked by its hull, for requests are limited in size; what comes back is sifted here."""
_BUSY = (429, 502, 503, 504)
_NO_STAC = (
    pystac.STACError,
    ClientTypeError,
    DoesNotConformTo,
    NotImplementedError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
"""What the library raises over answers that are something else; the last four come from its reading them blindly."""


@dataclass(frozen=True)
class Wanted:
    """What to look for."""

    area: BaseGeometry
    """Degrees east and north."""
    start: date | None = None
    """First day; None for no first day."""
    end: date | None = None
    """Last day, counted in; None for no last day."""
    cloud: float | None = None
    """Most clouds, percent; images that say nothing of clouds pass."""
    limit: int = 100
    """Most images that fit; the catalogue gives the newest first, as a rule."""

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise ImageryError(f"The dates end ({self.end}) before they begin ({self.start}); swap them.")
        if self.cloud is not None and not 0 <= self.cloud <= 100:
            raise ImageryError(f"A cloud limit of {self.cloud:g} is no percentage; give 0 to 100.")
        if self.limit < 1:
            raise ImageryError(f"A limit of {self.limit} images finds nothing; give 1 or more.")

    @property
    def dates(self) -> str | None:
        """As Item Search wants them, None for any."""
        if self.start is None and self.end is None:
            return None
        return f"{self.start or '..'}/{self.end or '..'}"


@dataclass(frozen=True)
class Patience:
    """How long to wait for a catalogue."""

    connect_s: float = 5.0
    """Seconds for the connection."""
    read_s: float = 30.0
    """Seconds for an answer."""
    retries: int = 3
    """Further attempts where it is busy or the connection breaks, with growing pauses."""
    pause_s: float = 0.5
    """The first pause; each further one is twice as long."""


@dataclass(frozen=True)
class Found:
    """What a search brought."""

    items: tuple[ImageryItem, ...]
    """Newest first."""
    more: bool
    """Whether more than were asked for fit."""
    unusable: tuple[str, ...]
    """Why some items were left out, a sentence each; also that there were too many to look at."""


def search(catalog: Catalog, product: Product, wanted: Wanted, patience: Patience | None = None) -> Found:
    """The images of an area, all filters kept; none is an answer too.

    Raises:
        ImageryError: no answer, a refusal, an answer that is no STAC, or only items without usable files.
    """
    kept: dict[str, ImageryItem] = {}
    unusable, usable = [], False
    with closing(_read(catalog, _question(product, wanted), patience or Patience())) as documents:
        for count, document in enumerate(documents):
            if count == MOST_READ:
                unusable.append(f"{catalog.url} has more than {count} images to sift; narrow the dates or the area.")
                break
            try:
                item = read_item(document, catalog, product)
            except ImageryError as error:
                unusable.append(str(error))
                continue
            usable = True
            if _fits(item, wanted):
                kept.setdefault(item.id, item)  # some catalogues give an image on two pages
            if len(kept) > wanted.limit:
                break
    if unusable and not usable:
        raise ImageryError(unusable[0])
    found = sorted([*kept.values()][: wanted.limit], key=lambda item: (item.acquired, item.id), reverse=True)
    return Found(tuple(found), len(kept) > wanted.limit, tuple(unusable))


def items_by_id(
    catalog: Catalog, product: Product, ids: Sequence[str], patience: Patience | None = None
) -> tuple[ImageryItem, ...]:
    """The images of these ids, in their order.

    Raises:
        ImageryError: no answer, a refusal, or one of them is not there.
    """
    asked = {"collections": [product.collection], "ids": list(ids), "limit": min(PAGE, len(ids))}
    found: dict[str, ImageryItem] = {}
    with closing(_read(catalog, asked, patience or Patience())) as documents:
        for document in islice(documents, MOST_READ):
            item = read_item(document, catalog, product)
            found[item.id] = item
            if found.keys() >= {*ids}:
                break
    missing = [identity for identity in ids if identity not in found]
    if missing:
        raise ImageryError(f"{catalog.url} has no image {missing[0]} in {product.collection}; search again.")
    return tuple(found[identity] for identity in ids)


def _read(catalog: Catalog, asked: Mapping[str, Any], patience: Patience) -> Generator[Mapping[str, Any], None, None]:
    """The items of a search as JSON, page after page as they are wanted; ImageryError for whatever goes wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what an API does not state about itself
            yield from _documents(catalog, dict(asked), patience)
    except APIError as error:
        raise ImageryError(_refusal(catalog, error, patience)) from error
    except _NO_STAC as error:
        raise ImageryError(
            f"{catalog.url} does not answer like a STAC API with a search ({type(error).__name__}); "
            "check the address, or choose another catalogue."
        ) from error


def _documents(catalog: Catalog, asked: dict[str, Any], patience: Patience) -> Iterator[Mapping[str, Any]]:
    """Items as JSON, page after page."""
    retry = Retry(
        total=patience.retries,
        backoff_factor=patience.pause_s,
        status_forcelist=_BUSY,
        allowed_methods=None,
        raise_on_status=False,
    )
    patient = (patience.connect_s, patience.read_s)
    # Stated twice: opening a client takes the time limit away from what it is given unless it gets one too.
    client = Client.open(catalog.url, stac_io=StacApiIO(timeout=patient, max_retries=retry), timeout=patient)
    if "query" in asked and not client.conforms_to(ConformanceClasses.QUERY):
        del asked["query"]
        asked["limit"] = PAGE  # to be sifted here
    try:
        yield from client.search(**asked).items_as_dicts()
    except APIError as error:
        if getattr(error, "status_code", None) != 405:
            raise
        yield from client.search(method="GET", **asked).items_as_dicts()


def _question(product: Product, wanted: Wanted) -> dict[str, Any]:
    """What is asked; a page holds one image more than wanted, so that it is known whether there are more."""
    asked: dict[str, Any] = {
        "collections": [product.collection],
        "intersects": shapely.geometry.mapping(_asked_area(wanted.area)),
        "datetime": wanted.dates,
        "limit": min(PAGE, wanted.limit + 1),
    }
    # Aerial imagery says nothing of clouds, and a catalogue that compares drops what it cannot compare.
    if wanted.cloud is not None and "sentinel-2" in product.collection:
        asked["query"] = {"eo:cloud_cover": {"lte": wanted.cloud}}
    return asked


def _asked_area(area: BaseGeometry) -> BaseGeometry:
    return area if shapely.get_num_coordinates(area) <= _MOST_POINTS else area.convex_hull


def _fits(item: ImageryItem, wanted: Wanted) -> bool:
    """Whether an item is what was asked, whatever the catalogue makes of the question."""
    clear = wanted.cloud is None or item.cloud is None or item.cloud <= wanted.cloud
    day = item.acquired.date()
    in_time = (wanted.start is None or day >= wanted.start) and (wanted.end is None or day <= wanted.end)
    return clear and in_time and bool(item.footprint.intersects(wanted.area))


def _refusal(catalog: Catalog, error: APIError, patience: Patience) -> str:
    status = getattr(error, "status_code", None)
    if status is None:
        slow = "timed out" in str(error).lower()
        why = f"no answer within {patience.read_s:g} seconds" if slow else "no connection"
        return f"{catalog.url} cannot be reached ({why}); check the address and the network, and try again."
    if status in _BUSY:
        return f"{catalog.url} is busy (it answers {status}); try again in a few minutes."
    said = " ".join(str(error).split())[:160]
    return f"{catalog.url} refuses the search (it answers {status}{': ' + said if said else ''}); change what is asked."
