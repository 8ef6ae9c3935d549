"""Catalogues of imagery that answer STAC searches: where they are, what they call things, how files are reached."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from graft_core.errors import ImageryError
from graft_core.io.imagery.plain import plain

Sensor = Literal["naip", "sentinel2"]

SENTINEL2_LICENCE = "Copernicus Sentinel data terms"
SENTINEL2_CREDIT = "Contains modified Copernicus Sentinel data"
NAIP_LICENCE = "public domain"
NAIP_CREDIT = "USDA National Agriculture Imagery Program (NAIP)"


@dataclass(frozen=True)
class Product:
    """One collection of a catalogue."""

    collection: str
    """Its id in the catalogue."""
    licence: str
    """What its users may do, in a few words; empty where it is not known."""
    credit: str
    """What to write under a map made of it."""


@dataclass(frozen=True)
class Catalog:
    """One STAC API (api.stacspec.org, Item Search)."""

    name: str
    """What people call it; the address for one that is not among the presets."""
    url: str
    """Landing page."""
    products: Mapping[str, Product]
    """By sensor; none for a catalogue that is not among the presets."""
    token_url: str = ""
    """Where a token for a collection's files is given (``{token_url}/{collection}``); empty where files are open."""


def presets() -> Mapping[str, Catalog]:
    """The known catalogues by name.

    GRAFT_PLANETARY_COMPUTER and GRAFT_EARTH_SEARCH replace the addresses of their searches, for a mirror or a proxy;
    VSICURL_PC_SAS_TOKEN_URL, which GDAL reads too, that of the Planetary Computer's tokens.
    """
    planetary = Catalog(
        name="planetary-computer",
        url=os.environ.get("GRAFT_PLANETARY_COMPUTER") or "https://planetarycomputer.microsoft.com/api/stac/v1",
        products=_products("naip", "sentinel-2-l2a"),
        token_url=(
            os.environ.get("VSICURL_PC_SAS_TOKEN_URL") or "https://planetarycomputer.microsoft.com/api/sas/v1/token"
        ).rstrip("/"),
    )
    earth_search = Catalog(
        name="earth-search",
        url=os.environ.get("GRAFT_EARTH_SEARCH") or "https://earth-search.aws.element84.com/v1",
        products=_products("naip", "sentinel-2-l2a"),
    )
    return MappingProxyType({each.name: each for each in (planetary, earth_search)})


def find_catalog(text: str) -> Catalog:
    """The preset of a name, or the STAC API at an address.

    Raises:
        ImageryError: it is neither, or a password or key stands in the address.
    """
    known = presets()
    found = known[text] if text in known else Catalog(text, text.rstrip("/"), MappingProxyType({}))
    if not _is_web(found.url):
        raise ImageryError(
            f"There is no catalogue '{text}'; choose {' or '.join(known)}, or give the https:// address of a STAC API."
        )
    if plain(found.url) != found.url:
        raise ImageryError(
            f"The address of {plain(found.url)} holds a password or a key, and addresses of catalogues are written "
            "into every scene; give it without."
        )
    return found


def find_product(catalog: Catalog, text: str) -> Product:
    """The collection of a sensor, or the one of that id.

    Raises:
        ImageryError: Sentinel-2 is asked for, and nobody knows what this catalogue calls it.
    """
    if text in catalog.products:
        return catalog.products[text]
    if text == "sentinel2":  # our word alone, while NAIP is called naip by most catalogues
        raise ImageryError(
            f"{catalog.url} is not among the known catalogues, so what it calls Sentinel-2 is unknown; give the id of "
            "its collection instead, like sentinel-2-l2a."
        )
    by_id = {product.collection: product for product in catalog.products.values()}
    return by_id.get(text, Product(text, "", ""))


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _products(naip: str, sentinel2: str) -> Mapping[str, Product]:
    return MappingProxyType(
        {
            "naip": Product(naip, NAIP_LICENCE, NAIP_CREDIT),
            "sentinel2": Product(sentinel2, SENTINEL2_LICENCE, SENTINEL2_CREDIT),
        }
    )
