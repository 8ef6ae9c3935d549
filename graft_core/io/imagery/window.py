"""The part of a catalogue's images that lies in an area: its grid, what is in it, and the values, block by block."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.geo.composite import carries_offset, clear_pixels, harmonised, median
from graft_core.geo.place import WGS84, reprojected
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.item import BANDS, IMAGE, SCL, SENTINEL2_BANDS, Asset, ImageryItem
from graft_core.io.imagery.remote import Attempts, describe, opened, patiently, read_on, remote_path
from graft_core.io.source import AnyArray, crs_text, read_sample
from graft_core.io.vrt import Member
from graft_core.types import Bool

Read = Callable[[GeoBox], AnyArray]
"""(K, h, w) values of a block of the grid."""


@dataclass(frozen=True)
class Opened:
    """An item whose first file has been looked at."""

    item: ImageryItem
    """What the catalogue says."""
    member: Member
    """What its file of all bands, or its red one, says."""
    offset: int
    """To be added to the values of Sentinel-2: the item's, unless its values say that it is not in them any more."""

    @property
    def geobox(self) -> GeoBox:
        """Pixel grid of the file."""
        return GeoBox((self.member.height, self.member.width), self.member.transform, crs_text(self.member.crs))

    @property
    def tags(self) -> dict[str, str]:
        """What readers have to know of the values, as the products' own metadata would say it."""
        tags = {"ACQUISITION_DATE": f"{self.item.acquired:%Y-%m-%d}"}
        if self.item.sensor == "sentinel2":
            tags |= {"PROCESSING_LEVEL": "Level-2A", "BOA_ADD_OFFSET": str(self.offset)}
        return tags


def open_item(item: ImageryItem, attempts: Attempts) -> Opened:
    """Look at the first file of an item.

    Raises:
        SceneError: it cannot be reached, or is no raster with a place.
        ImageryError: its pixels do not lie north-up.
    """
    asset = _first(item)

    def look(by_file: bool) -> tuple[Member, bool]:
        path = remote_path(item, asset, by_file=by_file)
        member = describe(path)
        if not item.offset_doubtful:
            return member, True
        with opened(path) as dataset:
            return member, carries_offset(read_sample(dataset, [1]))

    member, carried = patiently(look, attempts)
    if member.transform.b or member.transform.d or member.transform.e >= 0:
        raise ImageryError(f"The pixels of {item.id} do not lie north-up; get the whole file instead of a window.")
    return Opened(item, member, item.offset if carried else 0)


def window_grid(opened_item: Opened, area: BaseGeometry, *, beyond: bool = False) -> GeoBox:
    """The smallest window of an item's pixels that holds the area's part in it, or with ``beyond`` all of the area.

    ImageryError where the item has nothing of the area.
    """
    grid = opened_item.geobox
    left, bottom, right, top = reprojected(Geometry(area, WGS84), CRS(str(grid.crs))).boundingbox.bbox
    inverse = ~grid.affine
    (col0, row0), (col1, row1) = inverse * (left, top), inverse * (right, bottom)
    slack = 1e-6  # an edge that lies on a pixel's edge needs no further pixel
    first_col, first_row = math.floor(col0 + slack), math.floor(row0 + slack)
    last_col, last_row = math.ceil(col1 - slack), math.ceil(row1 - slack)
    if not beyond:
        first_col, first_row = max(first_col, 0), max(first_row, 0)
        last_col, last_row = min(last_col, grid.shape[1]), min(last_row, grid.shape[0])
    if first_col >= last_col or first_row >= last_row:
        raise ImageryError(f"{opened_item.item.id} has no pixel in the area; choose another image.")
    shape = last_row - first_row, last_col - first_col
    return GeoBox(shape, grid.affine * Affine.translation(first_col, first_row), grid.crs)


def window_corner(opened_item: Opened, geobox: GeoBox) -> tuple[int, int]:
    """Row and column of a window's first pixel in the item's own raster."""
    col, row = ~opened_item.geobox.affine * (geobox.affine.c, geobox.affine.f)
    return round(row), round(col)


def window_layout(opened_item: Opened, geobox: GeoBox) -> Layout:
    """What a file with this window of an item is."""
    member = opened_item.member
    if IMAGE in opened_item.item.files:
        names = ("Red", "Green", "Blue", "NIR") if len(member.names) == 4 else member.names
        nodata = member.nodata if member.dtype != "uint8" or member.nodata is not None else None
        return Layout(geobox, tuple(names), member.dtype, nodata, "rgb", opened_item.tags)
    return Layout(geobox, _band_names(opened_item.item), member.dtype, 0, "gray", opened_item.tags)


def window_reader(opened_item: Opened, attempts: Attempts) -> Read:
    """Reads one item's values as they are stored.

    Raises, when it reads:
        SceneError: a file cannot be read, however often it is tried.
    """
    item = opened_item.item

    def read(geobox: GeoBox) -> AnyArray:
        if IMAGE in item.files:
            return _read(item, item.files[IMAGE], geobox, len(opened_item.member.names), attempts)
        return np.concatenate(
            [_read(item, item.files[band], geobox, 1, attempts) for band in BANDS if band in item.files]
        )

    return read


def composite_layout(items: Sequence[Opened], geobox: GeoBox) -> Layout:
    """What the median of several dates of Sentinel-2 is; its values carry no offset any more."""
    days = sorted(each.item.acquired for each in items)
    tags = {
        "ACQUISITION_DATE": f"{days[len(days) // 2]:%Y-%m-%d}",
        "PROCESSING_LEVEL": "Level-2A",
        "BOA_ADD_OFFSET": "0",
        "COMPOSITE": f"median of {len(days)} images, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}, clouds left out",
    }
    bands = tuple(SENTINEL2_BANDS[band] for band in BANDS if all(band in each.item.files for each in items))
    return Layout(geobox, bands, "uint16", 0, "gray", tags)


def composite_reader(items: Sequence[Opened], attempts: Attempts) -> Read:
    """Reads several dates and gives their median where the ground is clear; 0 where it never is.

    Raises, when it reads:
        SceneError: a file cannot be read, however often it is tried.
    """
    wanted = [band for band in BANDS if all(band in each.item.files for each in items)]

    def read(geobox: GeoBox) -> AnyArray:
        values, clear = [], []
        for each in items:
            seen = _clear(each.item, geobox, attempts)
            if seen.any():  # what is all clouds need not travel
                bands = [_read(each.item, each.item.files[band], geobox, 1, attempts) for band in wanted]
                values.append(harmonised(np.concatenate(bands), each.offset))
                clear.append(seen)
        if not values:
            return np.zeros((len(wanted), *geobox.shape), np.uint16)
        return median(np.stack(values), np.stack(clear))

    return read


def masked_reader(opened_item: Opened, attempts: Attempts) -> Read:
    """As ``window_reader`` for Sentinel-2, 0 (no data) wherever the scene classification sees no clear ground."""
    plain = window_reader(opened_item, attempts)

    def read(geobox: GeoBox) -> AnyArray:
        values = plain(geobox)
        masked: AnyArray = values * _clear(opened_item.item, geobox, attempts).astype(values.dtype)
        return masked

    return read


def _clear(item: ImageryItem, geobox: GeoBox, attempts: Attempts) -> Bool:
    if SCL not in item.files:
        raise ImageryError(f"{item.id} has no scene classification (SCL), so its clouds are unknown; leave them in.")
    return clear_pixels(_read(item, item.files[SCL], geobox, 1, attempts, classes=True)[0])


def _read(
    item: ImageryItem, asset: Asset, geobox: GeoBox, count: int, attempts: Attempts, *, classes: bool = False
) -> AnyArray:
    def read(by_file: bool) -> AnyArray:
        with opened(remote_path(item, asset, by_file=by_file)) as dataset:
            return read_on(dataset, geobox, list(range(1, count + 1)), classes=classes)

    return patiently(read, attempts)


def _first(item: ImageryItem) -> Asset:
    return item.files[IMAGE] if IMAGE in item.files else item.files["red"]


def _band_names(item: ImageryItem) -> tuple[str, ...]:
    names = SENTINEL2_BANDS if item.sensor == "sentinel2" else {band: band for band in BANDS}
    return tuple(names[band] for band in BANDS if band in item.files)
