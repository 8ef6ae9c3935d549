"""One image of a catalogue: what a STAC item says about it, checked, and the files of the bands this program reads.

Item: STAC 1.0 and 1.1. The extensions read are eo (cloud cover), processing (or Sentinel-2's own) for level and
baseline, what Earth Search adds, and those of its files (``asset``).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.io.atomic import without_nan
from graft_core.io.imagery.asset import Asset, read_files, thumbnail
from graft_core.io.imagery.catalogs import Catalog, Product
from graft_core.io.imagery.plain import without_secrets
from graft_core.io.imagery.sentinel2 import read_level, read_offset
from graft_core.types import SensorName

_RUBBISH = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    RecursionError,
    shapely.errors.ShapelyError,
)
"""What comes of reading something else as an item."""


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
    """Whether the item may be wrong about the offset; then the values tell (``read_offset``)."""
    document: str
    """The item as the catalogue gave it, JSON text without signatures."""
    level: str = ""
    """``Level-1C`` or ``Level-2A`` of Sentinel-2; empty for anything else."""

    @property
    def self_link(self) -> str:
        """Address of the item itself; empty where it does not say."""
        return next((link["href"] for link in self.links if link.get("rel") == "self"), "")

    @property
    def links(self) -> list[dict[str, Any]]:
        """Its links, as far as they are any: to other items, to a licence."""
        stated = json.loads(self.document).get("links")
        links = stated if isinstance(stated, list) else []
        return [link for link in links if isinstance(link, dict) and isinstance(link.get("href"), str)]


def read_item(document: Mapping[str, Any], catalog: Catalog, product: Product) -> ImageryItem:
    """What an item of a search says.

    Raises:
        ImageryError: it is no STAC item, or has no file with red, green and blue that this program can read.
    """
    try:
        given = without_nan(document)
        whole = without_secrets(given)
        properties, identity = whole["properties"], str(whole["id"])
        sensor, acquired = _sensor(whole, product), _moment(properties)
        baseline = str(properties.get("s2:processing_baseline") or properties.get("processing:version") or "")
        offset, doubtful = 0, False
        if sensor == "sentinel2":
            offset, doubtful = read_offset(baseline, acquired, properties, whole["assets"])
        return ImageryItem(
            id=identity,
            catalog=catalog,
            product=product,
            sensor=sensor,
            acquired=acquired,
            cloud=_number(properties.get("eo:cloud_cover")),
            footprint=_shape(whole),
            thumbnail=thumbnail(whole["assets"]),
            files=read_files(given["assets"], properties, sensor),
            baseline=baseline,
            level=read_level(properties, product.collection) if sensor == "sentinel2" else "",
            offset=offset,
            offset_doubtful=doubtful,
            document=json.dumps(whole, sort_keys=True),
        )
    except _RUBBISH as error:
        raise ImageryError(
            f"{catalog.url} gives something that is no STAC item ({type(error).__name__}: {error}); "
            "try another catalogue."
        ) from error


def _sensor(document: Mapping[str, Any], product: Product) -> SensorName:
    properties = document["properties"]
    words = " ".join(
        str(each).lower()
        for each in (product.collection, properties.get("constellation", ""), properties.get("platform", ""))
    )
    if "naip" in words or any(key.startswith("naip:") for key in properties):
        return "naip"
    return "sentinel2" if "sentinel-2" in words or "sentinel2" in words else "rgb"


def _moment(properties: Mapping[str, Any]) -> datetime:
    """``datetime``, or the beginning of the range that stands for it."""
    text = properties.get("datetime") or properties["start_datetime"]
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _shape(document: Mapping[str, Any]) -> BaseGeometry:
    if not document.get("geometry"):
        numbers = [float(value) for value in document["bbox"]]
        return shapely.box(*numbers[:2], *numbers[len(numbers) // 2 :][:2])  # six of them where heights are stated
    shape = shapely.make_valid(shapely.geometry.shape(document["geometry"]))
    if shape.is_empty or not all(map(math.isfinite, shape.bounds)):
        raise ValueError("its footprint is empty")
    return shape


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
