"""One image of a catalogue: what a STAC item says about it, checked, and the files of the bands this program reads.

Item: STAC 1.0 and 1.1. The extensions read are eo (cloud cover, common names of bands), projection, raster, file,
processing (or Sentinel-2's own) for the baseline, and what Earth Search adds.
"""

import copy
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.io.imagery.catalogs import Catalog, Product
from graft_core.types import SensorName

COLORS = ("red", "green", "blue")
BANDS = (*COLORS, "nir")
SCL = "scl"
"""Scene classification of Sentinel-2 level 2A."""
IMAGE = "image"
"""One file with all bands."""
SENTINEL2_BANDS = {"red": "B04", "green": "B03", "blue": "B02", "nir": "B08"}
OFFSET_BASELINE = 4.0
"""First processing baseline of Sentinel-2 whose values carry an offset (ESA, Products Specification Document)."""
OFFSET_DN = -1000
"""BOA_ADD_OFFSET of that baseline and later, for every band: reflectance = (value + offset) / 10000."""
APPLIED = "earthsearch:boa_offset_applied"
_SHA256 = re.compile(r"1220[0-9a-f]{64}")
"""A multihash that begins with its kind and length, as the file extension wants it."""
_SECRETS = {"sig", "token", "x-amz-signature", "x-amz-security-token", "x-amz-credential"}


@dataclass(frozen=True)
class Asset:
    """One file of an item."""

    href: str
    """Plain address, without any signature."""
    size: int | None
    """Bytes, where the item says so."""
    shape: tuple[int, int] | None
    """Rows and columns, where the item says so."""
    count: int
    """Bands in it; 1 where the item does not say."""
    dtype: str
    """Data type of its values; as the sensor has it where the item does not say."""
    sha256: str | None
    """Hash of the file, hex, where the item says so."""


@dataclass(frozen=True)
class ImageryItem:
    """One image that a search found."""

    id: str
    """Unique in its collection."""
    catalog: Catalog
    """Where it was found."""
    product: Product
    """Its collection."""
    sensor: SensorName
    """Kind of imagery; ``rgb`` for collections that are neither NAIP nor Sentinel-2."""
    acquired: datetime
    """When it was taken, in UTC."""
    cloud: float | None
    """Share of the image under clouds, percent; None where nobody has looked (aerial imagery)."""
    footprint: BaseGeometry
    """Where it has imagery, degrees east and north."""
    thumbnail: str
    """Address of a small picture that any browser can show; empty where there is none."""
    files: Mapping[str, Asset]
    """By what they hold: ``image``, or ``red``, ``green``, ``blue``, ``nir`` and ``scl``."""
    baseline: str
    """Processing baseline of Sentinel-2, like 05.10; empty where it has none."""
    offset: int
    """To be added to the values of Sentinel-2 before they are divided by 10000: 0 or -1000."""
    offset_doubtful: bool
    """Earth Search says of some images that the offset is still in them although it is not; the values tell."""
    document: str
    """The item as the catalogue gave it, JSON text without signatures."""

    @property
    def self_link(self) -> str:
        """Address of the item itself; empty where it does not say."""
        links = json.loads(self.document).get("links", [])
        return next((str(link["href"]) for link in links if link.get("rel") == "self"), "")


def read_item(document: Mapping[str, Any], catalog: Catalog, product: Product) -> ImageryItem:
    """What an item of a search says.

    Raises:
        ImageryError: it is no STAC item, or has no file with red, green and blue that this program can read.
    """
    try:
        whole = _unsigned(copy.deepcopy(dict(document)))
        properties, identity = whole["properties"], str(whole["id"])
        sensor = _sensor(whole, product)
        files = _files(whole["assets"], properties, sensor)
        baseline = str(properties.get("s2:processing_baseline") or properties.get("processing:version") or "")
        offset = _offset(sensor, baseline, properties)
        return ImageryItem(
            id=identity,
            catalog=catalog,
            product=product,
            sensor=sensor,
            acquired=_moment(properties),
            cloud=_number(properties.get("eo:cloud_cover")),
            footprint=_shape(whole),
            thumbnail=_thumbnail(whole["assets"]),
            files=files,
            baseline=baseline,
            offset=offset,
            offset_doubtful=offset != 0 and properties.get(APPLIED) is False,
            document=json.dumps(whole, sort_keys=True),
        )
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ImageryError(
            f"{catalog.url} gives something that is no STAC item ({type(error).__name__}: {error}); "
            "try another catalogue."
        ) from error


def plain(href: str) -> str:
    """An address without signature; other parts of its query stay."""
    parts = urlsplit(href)
    pairs = parts.query.split("&") if parts.query else []
    if any(pair.partition("=")[0].lower() in _SECRETS for pair in pairs):
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return href


def _unsigned(document: dict[str, Any]) -> dict[str, Any]:
    for asset in document["assets"].values():
        asset["href"] = plain(str(asset["href"]))
    return document


def _sensor(document: Mapping[str, Any], product: Product) -> SensorName:
    properties = document["properties"]
    words = " ".join(
        str(each).lower()
        for each in (product.collection, properties.get("constellation", ""), properties.get("platform", ""))
    )
    if "naip" in words or any(key.startswith("naip:") for key in properties):
        return "naip"
    return "sentinel2" if "sentinel-2" in words or "sentinel2" in words else "rgb"


def _files(assets: Mapping[str, Any], properties: Mapping[str, Any], sensor: SensorName) -> dict[str, Asset]:
    """The files of the bands, by what they hold.

    ValueError when there is none with red, green and blue.
    """
    rasters = {key: asset for key, asset in assets.items() if _is_raster(asset)}
    whole = {key: _names(asset) for key, asset in rasters.items()}
    image = next((key for key, names in whole.items() if sensor != "sentinel2" and {*COLORS} <= {*names}), None)
    if image is None and sensor != "sentinel2" and IMAGE in rasters:
        image = IMAGE
    if image is not None:
        return {IMAGE: _asset(rasters[image], properties, max(len(whole[image]), 3), "uint8")}
    found: dict[str, Asset] = {}
    for band in BANDS:
        key = _key_of(band, rasters, whole, numbered=sensor == "sentinel2")
        if key is not None:
            found[band] = _asset(rasters[key], properties, 1, "uint16")
    missing = [band for band in COLORS if band not in found]
    if missing:
        raise ValueError(f"it has no file with {' and '.join(missing)}, only {', '.join(assets) or 'none at all'}")
    scl = next((key for key in rasters if key.lower() in ("scl", "scl_20m")), None)
    return found if scl is None else {**found, SCL: _asset(rasters[scl], properties, 1, "uint8")}


def _key_of(band: str, rasters: Mapping[str, Any], names: Mapping[str, list[str]], *, numbered: bool) -> str | None:
    """The key of one band's file: its usual one, else that of a file with this band alone.

    Of copies in other formats (``red-jp2``) and at other resolutions the plain one comes first.
    """
    number = SENTINEL2_BANDS[band]
    usual = (number, band, f"{number}_10m") if numbered else (band,)
    only = [key for key, found in names.items() if found == [band]]
    return next((key for key in (*usual, *only) if key in rasters), None)


def _is_raster(asset: Mapping[str, Any]) -> bool:
    kind, path = str(asset.get("type", "")).lower(), urlsplit(str(asset["href"])).path.lower()
    return "tiff" in kind or "jp2" in kind or path.endswith((".tif", ".tiff", ".jp2"))


def _names(asset: Mapping[str, Any]) -> list[str]:
    """Common names of a file's bands (``bands`` of STAC 1.1, ``eo:bands`` before)."""
    bands = asset.get("bands") or asset.get("eo:bands") or []
    return [
        str(band.get("eo:common_name") or band.get("common_name") or band.get("name", "")).lower() for band in bands
    ]


def _asset(asset: Mapping[str, Any], properties: Mapping[str, Any], count: int, dtype: str) -> Asset:
    shape = asset.get("proj:shape") or properties.get("proj:shape")
    declared = (asset.get("raster:bands") or asset.get("bands") or [{}])[0].get("data_type")
    size, checksum = asset.get("file:size"), str(asset.get("file:checksum", "")).lower()
    return Asset(
        href=str(asset["href"]),
        size=int(size) if size else None,
        shape=(int(shape[0]), int(shape[1])) if shape else None,
        count=count,
        dtype=declared if declared in ("uint8", "uint16", "int16") else dtype,
        sha256=checksum[4:] if _SHA256.fullmatch(checksum) else None,
    )


def _thumbnail(assets: Mapping[str, Any]) -> str:
    """Pictures drawn by the catalogue first: those that lie beside the imagery may need a signature."""
    for key in ("rendered_preview", "thumbnail", "preview", "overview"):
        asset = assets.get(key, {})
        kind = str(asset.get("type", ""))
        if str(asset.get("href", "")).startswith(("http://", "https://")) and kind in ("image/png", "image/jpeg"):
            return str(asset["href"])
    return ""


def _offset(sensor: SensorName, baseline: str, properties: Mapping[str, Any]) -> int:
    if sensor != "sentinel2" or properties.get(APPLIED) is True:
        return 0
    number = re.match(r"\d+\.\d+", baseline)
    return OFFSET_DN if number is not None and float(number[0]) >= OFFSET_BASELINE else 0


def _moment(properties: Mapping[str, Any]) -> datetime:
    """``datetime``, or the beginning of the range that stands for it."""
    text = properties.get("datetime") or properties["start_datetime"]
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _shape(document: Mapping[str, Any]) -> BaseGeometry:
    if not document.get("geometry"):
        return shapely.box(*(float(value) for value in document["bbox"]))
    shape = shapely.make_valid(shapely.geometry.shape(document["geometry"]))
    if shape.is_empty or not all(map(math.isfinite, shape.bounds)):
        raise ValueError("its footprint is empty")
    return shape


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
