"""The files of a STAC item that this program reads: which hold red, green, blue, near infrared or the classes.

The extensions read are eo (common names of bands; ``bands`` of STAC 1.1 too), projection, raster and file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from graft_core.io.imagery.plain import plain
from graft_core.types import SensorName

COLORS = ("red", "green", "blue")
BANDS = (*COLORS, "nir")
SCL = "scl"
"""Scene classification of Sentinel-2 level 2A."""
IMAGE = "image"
"""One file with all bands."""
SENTINEL2_BANDS = {"red": "B04", "green": "B03", "blue": "B02", "nir": "B08"}
_SHA256 = re.compile(r"1220[0-9a-f]{64}")
"""A multihash that begins with its kind and length, as the file extension wants it."""


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
    bands: tuple[str, ...] = ()
    """Common names of its bands, where the item says so."""
    signed: str = field(default="", repr=False, compare=False)
    """The address with the signature that the catalogue gave, which runs out; not to be written down.

    Empty where it gave none.
    """


def read_files(assets: Mapping[str, Any], properties: Mapping[str, Any], sensor: SensorName) -> dict[str, Asset]:
    """The files of the bands, by what they hold.

    ValueError when there is none with red, green and blue; whatever else reading rubbish raises.
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


def thumbnail(assets: Mapping[str, Any]) -> str:
    """Pictures drawn by the catalogue first: those that lie beside the imagery may need a signature."""
    for key in ("rendered_preview", "thumbnail", "preview", "overview"):
        asset = assets.get(key, {})
        kind = str(asset.get("type", ""))
        if str(asset.get("href", "")).startswith(("http://", "https://")) and kind in ("image/png", "image/jpeg"):
            return str(asset["href"])
    return ""


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
    given = str(asset["href"])
    href = plain(given)
    return Asset(
        href=href,
        size=int(size) if size and size > 0 else None,
        shape=(int(shape[0]), int(shape[1])) if shape else None,
        count=count,
        dtype=declared if declared in ("uint8", "uint16", "int16") else dtype,
        sha256=checksum[4:] if _SHA256.fullmatch(checksum) else None,
        bands=tuple(_names(asset)),
        signed=given if given != href else "",
    )
