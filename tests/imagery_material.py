"""Images with their STAC items, of the structure that the Planetary Computer and Earth Search give them.

The pixels are drawn here, or cut from real imagery; names, properties, assets and links follow the providers' items.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
import shapely.geometry
from affine import Affine
from rasterio.warp import transform_geom
from stac_server import StacServer

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
BANDS = ("red", "green", "blue", "nir")
NUMBERS = {"red": "B04", "green": "B03", "blue": "B02", "nir": "B08"}
LEFT, TOP = 600_000.0, 5_350_020.0
"""Corner of the drawn Sentinel-2 images, tile 33UUP's zone."""
SIDE = 240
"""Their pixels of 10 m on each side."""
ZONE = "EPSG:32633"


@dataclass(frozen=True)
class Drawn:
    """What the pixels of a drawn Sentinel-2 image are."""

    bands: Mapping[str, np.ndarray]
    """(h, w) stored values of each band, 10 m."""
    scl: np.ndarray
    """(h/2, w/2) scene classes, 20 m."""


def drawn(value: int = 1000, *, cloud: tuple[int, int, int, int] | None = None, side: int = SIDE) -> Drawn:
    """Vegetation of one reflectance with a gradient to the south-east; ``cloud``: rows and columns (10 m) under one."""
    slope = np.add.outer(np.arange(side), np.arange(side)).astype(np.uint16)
    bands = {band: slope + np.uint16(value + 100 * i) for i, band in enumerate(BANDS)}
    scl = np.full((side // 2, side // 2), 4, np.uint8)
    if cloud is not None:
        top, bottom, left, right = cloud
        scl[top // 2 : bottom // 2, left // 2 : right // 2] = 9
        for values in bands.values():
            values[top:bottom, left:right] = 9000
    return Drawn(bands, scl)


def write_cog(path: Path, values: np.ndarray, place: Affine, crs: str, **profile: Any) -> Path:
    """A cloud-optimised GeoTIFF of (bands, h, w) values, in blocks of 128."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=count,
        height=height,
        width=width,
        dtype=values.dtype,
        crs=crs,
        transform=place,
        blocksize=128,
        **profile,
    ) as out:
        out.write(values)
    return path


def planetary_sentinel2(
    server: StacServer,
    day: str,
    image: Drawn,
    *,
    cloud: float = 5.0,
    baseline: str = "05.00",
    left: float = LEFT,
    top: float = TOP,
    tile: str = "33UUP",
    crs: str = ZONE,
    stored: bool = True,
) -> dict[str, Any]:
    """An image and its item in the Planetary Computer's collection ``sentinel-2-l2a``, added to the server.

    Not ``stored``: the item alone, for searches, which are quicker so.
    """
    when = datetime.fromisoformat(day)
    stamp, number = f"{when:%Y%m%d}T100031", baseline.replace(".", "")
    product = f"S2A_MSIL2A_{stamp}_N{number}_R122_T{tile}_20230131T000000"
    identity = f"S2A_MSIL2A_{stamp}_R122_T{tile}_20230131T000000"
    root = server.folder / "signed" / "sentinel2-l2" / tile[:2] / tile[2] / tile[3:] / f"{when:%Y/%m/%d}"
    data = root / f"{product}.SAFE" / "GRANULE" / f"L2A_T{tile}_A031268_{stamp}" / "IMG_DATA"
    assets: dict[str, Any] = {}
    for band in BANDS:
        path = data / "R10m" / f"T{tile}_{stamp}_{NUMBERS[band]}_10m.tif"
        if stored:
            write_cog(path, image.bands[band][None], _place(10, left, top), crs, nodata=0)
        assets[NUMBERS[band]] = {
            "href": server.href(path),
            "type": COG,
            "title": f"Band {NUMBERS[band]}",
            "roles": ["data"],
            "gsd": 10.0,
            "proj:shape": list(image.bands[band].shape),
            "proj:transform": [10.0, 0.0, left, 0.0, -10.0, top],
            "eo:bands": [{"name": NUMBERS[band], "common_name": band, "description": f"Band {band}"}],
        }
    scl = data / "R20m" / f"T{tile}_{stamp}_SCL_20m.tif"
    if stored:
        write_cog(scl, image.scl[None], _place(20, left, top), crs)
    assets["SCL"] = {
        "href": server.href(scl),
        "type": COG,
        "title": "Scene classification map (SCL)",
        "roles": ["data"],
    }
    assets["visual"] = {
        "href": server.href(data / "R10m" / f"T{tile}_{stamp}_TCI_10m.tif"),
        "type": COG,
        "roles": ["data"],
        "eo:bands": [{"name": NUMBERS[band], "common_name": band} for band in ("red", "green", "blue")],
    }
    assets["product-metadata"] = {"href": server.href(root / "MTD_MSIL2A.xml"), "type": "application/xml"}
    assets["rendered_preview"] = _preview(server, "sentinel-2-l2a", identity)
    properties = {
        "datetime": f"{when:%Y-%m-%d}T10:00:31.024000Z",
        "platform": "Sentinel-2A",
        "constellation": "Sentinel 2",
        "instruments": ["msi"],
        "proj:epsg": int(crs.removeprefix("EPSG:")),
        "s2:mgrs_tile": tile,
        "eo:cloud_cover": cloud,
        "s2:product_uri": f"{product}.SAFE",
        "s2:processing_baseline": baseline,
        "s2:nodata_pixel_percentage": 0.0,
    }
    place = _outline(left, top, 10.0 * image.scl.shape[0] * 2, crs)
    return _added(server, identity, "sentinel-2-l2a", properties, assets, place)


def earth_search_sentinel2(
    server: StacServer,
    day: str,
    image: Drawn,
    *,
    cloud: float = 5.0,
    baseline: str = "05.00",
    applied: bool = True,
) -> dict[str, Any]:
    """An image and its item in Earth Search's collection ``sentinel-2-l2a``, added to the server."""
    when = datetime.fromisoformat(day)
    identity = f"S2A_33UUP_{when:%Y%m%d}_0_L2A"
    folder = server.folder / "sentinel-s2-l2a-cogs" / "33" / "U" / "UP" / f"{when.year}" / f"{when.month}" / identity
    assets: dict[str, Any] = {}
    for band in BANDS:
        path = write_cog(folder / f"{NUMBERS[band]}.tif", image.bands[band][None], _place(10, LEFT), ZONE, nodata=0)
        declared = {
            "nodata": 0,
            "data_type": "uint16",
            "bits_per_sample": 15,
            "spatial_resolution": 10,
            "scale": 0.0001,
            "offset": -0.1,
        }
        assets[band] = {
            "href": server.href(path),
            "type": COG,
            "title": f"{band} (band)",
            "eo:bands": [{"name": band, "common_name": band}],
            "gsd": 10,
            "proj:shape": list(image.bands[band].shape),
            "proj:transform": [10, 0, LEFT, 0, -10, TOP],
            "raster:bands": [declared],
            "roles": ["data", "reflectance"],
        }
        assets[f"{band}-jp2"] = {
            **assets[band],
            "href": f"s3://sentinel-s2-l2a/tiles/33/U/UP/{when.year}/{when.month}/{when.day}/0/R10m/{NUMBERS[band]}.jp2",
            "type": "image/jp2",
        }
    scl = write_cog(folder / "SCL.tif", image.scl[None], _place(20, LEFT), ZONE, nodata=0)
    assets["scl"] = {"href": server.href(scl), "type": COG, "roles": ["data", "reflectance"]}
    assets["thumbnail"] = {
        "href": server.href(folder / "thumbnail.jpg"),
        "type": "image/jpeg",
        "roles": ["thumbnail"],
    }
    properties = {
        "created": f"{when:%Y-%m-%d}T16:43:00Z",
        "platform": "sentinel-2a",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": cloud,
        "proj:epsg": 32633,
        "mgrs:utm_zone": 33,
        "grid:code": "MGRS-33UUP",
        "s2:processing_baseline": baseline,
        "s2:product_type": "S2MSI2A",
        "earthsearch:boa_offset_applied": applied,
        "datetime": f"{when:%Y-%m-%d}T10:05:31.000000Z",
    }
    place = _outline(LEFT, TOP, 10.0 * image.scl.shape[0] * 2, ZONE)
    return _added(server, identity, "sentinel-2-l2a", properties, assets, place)


def planetary_naip(server: StacServer, day: str, raster: Path, *, quad: str = "m_3411720_nw") -> dict[str, Any]:
    """A real aerial raster and its item in the Planetary Computer's collection ``naip``, added to the server."""
    when = datetime.fromisoformat(day)
    with rasterio.open(raster) as source:
        values, place, crs = source.read(), source.transform, source.crs.to_string()
    name = f"{quad}_11_060_{when:%Y%m%d}"
    path = server.folder / "signed" / "naip" / "v002" / "ca" / f"{when.year}" / "ca_060cm" / "34117" / f"{name}.tif"
    write_cog(path, values, place, crs)
    identity = f"ca_{name}"
    assets = {
        "image": {
            "href": server.href(path),
            "type": COG,
            "roles": ["data"],
            "title": "RGBIR COG tile",
            "eo:bands": [
                {"name": "Red", "common_name": "red"},
                {"name": "Green", "common_name": "green"},
                {"name": "Blue", "common_name": "blue"},
                {"name": "NIR", "common_name": "nir", "description": "near-infrared"},
            ],
        },
        "thumbnail": {
            "href": server.href(path.with_suffix(".200.jpg")),
            "type": "image/jpeg",
            "roles": ["thumbnail"],
        },
        "rendered_preview": _preview(server, "naip", identity),
    }
    height, width = values.shape[1:]
    properties = {
        "gsd": 0.6,
        "datetime": f"{when:%Y-%m-%d}T16:00:00Z",
        "naip:year": f"{when.year}",
        "naip:state": "ca",
        "proj:epsg": int(crs.removeprefix("EPSG:")),
        "proj:shape": [height, width],
        "proj:transform": [*place[:6], 0.0, 0.0, 1.0],
        "providers": [{"name": "USDA Farm Service Agency", "roles": ["producer", "licensor"]}],
    }
    outline = _box(place.c, place.f + height * place.e, place.c + width * place.a, place.f, crs)
    return _added(server, identity, "naip", properties, assets, outline)


def own_image(
    server: StacServer, collection: str, identity: str, raster: Path, *, query: str = "", **properties: Any
) -> dict[str, Any]:
    """A colour raster in the server's folder and its item in a catalogue that nobody knows, added to the server."""
    with rasterio.open(raster) as source:
        outline, crs = source.bounds, source.crs.to_string()
    bands = [{"name": f"B{i}", "eo:common_name": color} for i, color in enumerate(BANDS[:3])]
    assets = {"visual": {"href": server.href(raster) + query, "type": COG, "roles": ["data"], "bands": bands}}
    stated = {"datetime": "2022-01-01T00:00:00Z", **properties}
    return _added(server, identity, collection, stated, assets, _box(*outline, crs))


def plain_raster(path: Path, value: int, side: int = 32, gsd: float = 10) -> Path:
    """Three bands of one value."""
    return write_cog(path, np.full((3, side, side), value, np.uint8), _place(gsd, LEFT), ZONE)


def area_in(item: Mapping[str, Any], share: float = 0.5) -> shapely.Geometry:
    """A square in the middle of an item's footprint, ``share`` of its sides long."""
    west, south, east, north = item["bbox"]
    lon, lat = (west + east) / 2, (south + north) / 2
    half_lon, half_lat = (east - west) * share / 2, (north - south) * share / 2
    return shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)


def _preview(server: StacServer, collection: str, identity: str) -> dict[str, Any]:
    return {
        "href": f"{server.url}/files/preview.png?collection={collection}&item={identity}&format=png",
        "type": "image/png",
        "roles": ["overview"],
        "title": "Rendered preview",
        "rel": "preview",
    }


def _place(gsd: float, left: float, top: float = TOP) -> Affine:
    return Affine(gsd, 0, left, 0, -gsd, top)


def _outline(left: float, top: float, side: float, crs: str) -> dict[str, Any]:
    return _box(left, top - side, left + side, top, crs)


def _box(left: float, bottom: float, right: float, top: float, crs: str) -> dict[str, Any]:
    outline: dict[str, Any] = transform_geom(
        crs, "EPSG:4326", shapely.geometry.mapping(shapely.box(left, bottom, right, top))
    )
    return outline


def _added(
    server: StacServer,
    identity: str,
    collection: str,
    properties: dict[str, Any],
    assets: dict[str, Any],
    geometry: dict[str, Any],
) -> dict[str, Any]:
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.0.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.0.0/schema.json",
        ],
        "id": identity,
        "collection": collection,
        "bbox": list(shapely.geometry.shape(geometry).bounds),
        "geometry": geometry,
        "properties": properties,
        "assets": assets,
        "links": [
            {"rel": "self", "href": f"{server.stac}/collections/{collection}/items/{identity}"},
            {"rel": "collection", "href": f"{server.stac}/collections/{collection}"},
            {"rel": "root", "href": server.stac},
            {"rel": "license", "href": "https://sentinel.esa.int/documents/247904/690755/Sentinel_Data_Legal_Notice"},
        ],
    }
    server.items.append(item)
    return item
