"""The STAC item beside an exported raster: where it is, when it was, what its bands hold and how it was made."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pystac
from odc.geo.geobox import GeoBox
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import DataType, NoDataStrings, RasterBand, RasterExtension, Statistics
from pystac.utils import datetime_to_str
from rasterio.warp import transform

from graft_core.io.atomic import without_nan, write_json
from graft_core.io.geotiff import RasterInfo, read_info

PREFIX = "graft:"
"""Stands before every property of ours."""
_EDGE_POINTS = 20
_DEGREE_DIGITS = 7


@dataclass(frozen=True)
class Extra:
    """A file that belongs to the raster, named in its item."""

    path: Path
    """Must lie in the item's folder."""
    title: str
    """What it is, in a few words."""
    media_type: str
    """For example ``application/xml``."""
    roles: tuple[str, ...]
    """STAC roles, for example ``("style",)``."""


def write_stac_item(
    path: str | Path,
    raster: str | Path,
    *,
    recipe: Mapping[str, Any],
    acquired: date | datetime | None = None,
    created: datetime | None = None,
    title: str = "",
    extras: Sequence[Extra] = (),
    since: date | datetime | None = None,
    sources: Sequence[str] = (),
) -> None:
    """Write the STAC item of a raster that lies in the same folder; ExportError when the raster cannot be read.

    ``recipe`` becomes properties under ``graft:``, NaN as null. ``datetime`` is when the imagery was acquired, or,
    where that is unknown, when the raster was made (``created``, now by default). Where it speaks of a span of time,
    ``since`` is its beginning. ``sources`` are paths or addresses it was made from, linked as ``derived_from``.
    """
    raster = Path(raster)
    item = stac_item(read_info(raster), raster.name, recipe, acquired, created, title, extras)
    begun, ended = _moment(since), _moment(acquired)
    if begun is not None and ended is not None:
        item["properties"] |= {"start_datetime": datetime_to_str(begun), "end_datetime": datetime_to_str(ended)}
    item["links"] += [{"rel": "derived_from", "href": source} for source in sources]
    write_json(path, item)


def stac_item(
    info: RasterInfo,
    name: str,
    recipe: Mapping[str, Any],
    acquired: date | datetime | None,
    created: datetime | None,
    title: str,
    extras: Sequence[Extra],
) -> dict[str, Any]:
    """The item as JSON values; ``name`` is the raster's file name."""
    made = created or datetime.now(UTC)
    geometry, bbox = _footprint(info.geobox)
    properties = {PREFIX + key: without_nan(value) for key, value in sorted(recipe.items())}
    properties |= {"created": datetime_to_str(made), "gsd": float(info.geobox.resolution.x)}
    if title:
        properties["title"] = title
    item = pystac.Item(Path(name).stem, geometry, bbox, _moment(acquired) or made, properties)
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    epsg = info.geobox.crs.to_epsg() if info.geobox.crs else None
    projection.apply(
        epsg=epsg,
        wkt2=None if epsg or not info.geobox.crs else info.geobox.crs.to_wkt(),
        shape=[int(side) for side in info.geobox.shape],
        transform=[float(value) for value in info.geobox.affine[:6]],
        bbox=[float(value) for value in info.geobox.boundingbox],
    )
    asset = pystac.Asset(f"./{name}", title=title or name, media_type=pystac.MediaType.COG, roles=["data"])
    item.add_asset("data", asset)
    asset.extra_fields["bands"] = [
        {"name": f"band_{i}", **({"description": band.description} if band.description else {})}
        for i, band in enumerate(info.bands, start=1)
    ]
    RasterExtension.ext(asset, add_if_missing=True).apply(_raster_bands(info))
    for extra in extras:
        item.add_asset(extra.path.name, _companion(extra))
    return item.to_dict(include_self_link=False, transform_hrefs=False)


def _companion(extra: Extra) -> pystac.Asset:
    return pystac.Asset(f"./{extra.path.name}", title=extra.title, media_type=extra.media_type, roles=list(extra.roles))


def _raster_bands(info: RasterInfo) -> list[RasterBand]:
    nodata = NoDataStrings.NAN if info.nodata is not None and math.isnan(info.nodata) else info.nodata
    return [
        RasterBand.create(
            nodata=nodata,
            data_type=DataType(info.dtype),
            spatial_resolution=float(info.geobox.resolution.x),
            statistics=Statistics.create(**statistics) if statistics else None,
            unit=band.unit or None,
            scale=band.scale if band.scale != 1 else None,
            offset=band.offset if band.offset != 0 else None,
        )
        for band, statistics in zip(info.bands, info.statistics, strict=True)
    ]


def _footprint(geobox: GeoBox) -> tuple[dict[str, Any], list[float]]:
    """Outline in longitude and latitude with points along the edges, and its west, south, east, north."""
    west, south, east, north = geobox.boundingbox
    forth, back = np.linspace(0, 1, _EDGE_POINTS, endpoint=False), np.linspace(1, 0, _EDGE_POINTS, endpoint=False)
    zero, one = np.zeros(_EDGE_POINTS), np.ones(_EDGE_POINTS)
    x = west + (east - west) * np.concatenate([forth, one, back, zero])  # counter-clockwise from the south-west
    y = south + (north - south) * np.concatenate([zero, forth, one, back])
    lon, lat = (np.round(each, _DEGREE_DIGITS) for each in transform(str(geobox.crs), "EPSG:4326", x, y))
    ring = np.stack([lon, lat], axis=1).tolist()
    bbox = [float(value) for value in (lon.min(), lat.min(), lon.max(), lat.max())]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, bbox


def _moment(acquired: date | datetime | None) -> datetime | None:
    if acquired is None or isinstance(acquired, datetime):
        return acquired
    return datetime.combine(acquired, time(), UTC)
