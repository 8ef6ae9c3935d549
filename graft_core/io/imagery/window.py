"""The part of a catalogue's images that lies in an area: what a file with it is, and the values, block by block."""

from collections.abc import Callable

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.windows import Window

from graft_core.errors import ImageryError
from graft_core.geo.composite import clear_pixels
from graft_core.io.geotiff import Photometric
from graft_core.io.imagery.asset import BANDS, COLORS, IMAGE, SCL, SENTINEL2_BANDS, Asset
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.opened import Opened
from graft_core.io.imagery.remote import Attempts, opened, patiently, read_on, remote_path
from graft_core.io.imagery.window_grid import window_corner
from graft_core.io.source import AnyArray, read_stored_mask
from graft_core.types import Bool

Read = Callable[[GeoBox], AnyArray]
"""(K, h, w) values of a block of the grid."""


def window_layout(opened_item: Opened, geobox: GeoBox) -> Layout:
    """What a file with this window of an item is."""
    item, member = opened_item.item, opened_item.member
    if IMAGE not in item.files:
        return Layout(geobox, _band_names(item), member.dtype, opened_item.nodata, "gray", opened_item.tags)
    names = _image_names(opened_item)
    colors: Photometric = "rgb" if len(names) >= 3 and _red_comes_first(names) else "gray"
    return Layout(geobox, names, member.dtype, opened_item.nodata, colors, opened_item.tags)


def window_reader(opened_item: Opened, attempts: Attempts) -> Read:
    """Reads one item's values as they are stored, nodata where its files' masks hide them.

    Raises, when it reads:
        SceneError: a file cannot be read, however often it is tried.
    """
    files = opened_item.item.files

    def read(geobox: GeoBox) -> AnyArray:
        if IMAGE in files:
            return _stored(opened_item, files[IMAGE], geobox, opened_item.bands, attempts)
        return np.concatenate(
            [_stored(opened_item, files[band], geobox, [1], attempts) for band in BANDS if band in files]
        )

    return read


def masked_reader(opened_item: Opened, attempts: Attempts) -> Read:
    """As ``window_reader`` for Sentinel-2, 0 (no data) wherever the scene classification sees no clear ground."""
    plain = window_reader(opened_item, attempts)

    def read(geobox: GeoBox) -> AnyArray:
        values = plain(geobox)
        masked: AnyArray = values * read_clear(opened_item.item, geobox, attempts).astype(values.dtype)
        return masked

    return read


def read_clear(item: ImageryItem, geobox: GeoBox, attempts: Attempts) -> Bool:
    """(h, w) where the scene classification of Sentinel-2 sees the ground."""
    if SCL not in item.files:
        raise ImageryError(f"{item.id} has no scene classification (SCL), so its clouds are unknown; leave them in.")
    return clear_pixels(read_band(item, item.files[SCL], geobox, attempts, classes=True)[0])


def read_band(
    item: ImageryItem, asset: Asset, geobox: GeoBox, attempts: Attempts, *, classes: bool = False
) -> AnyArray:
    """(1, h, w) values of a file's first band on any north-up grid, 0 beyond it (``read_on``)."""

    def read(by_file: bool) -> AnyArray:
        with opened(remote_path(item, asset, by_file=by_file)) as dataset:
            return read_on(dataset, geobox, [1], classes=classes)

    return patiently(read, attempts)


def _stored(opened_item: Opened, asset: Asset, geobox: GeoBox, bands: list[int], attempts: Attempts) -> AnyArray:
    """(K, h, w) values of a part of a file's own grid."""
    item, nodata = opened_item.item, opened_item.nodata
    row, col = window_corner(opened_item, geobox)

    def read(by_file: bool) -> AnyArray:
        with opened(remote_path(item, asset, by_file=by_file)) as dataset:
            values = read_on(dataset, geobox, bands)
            if opened_item.member.mask != "stored" or nodata is None:
                return values
            seen = read_stored_mask(dataset, Window(col, row, *geobox.shape[::-1])) > 0
            return _marked(values, seen, nodata)

    return patiently(read, attempts)


def _marked(values: AnyArray, seen: Bool, nodata: float) -> AnyArray:
    """(K, h, w) values, ``nodata`` where nothing is seen (h, w) and nowhere else: a seen value like it moves by one."""
    missing = values.dtype.type(nodata)
    if values.dtype.kind == "f":
        near = np.nextafter(missing, values.dtype.type(np.inf))
    else:
        near = missing - 1 if missing == np.iinfo(values.dtype).max else missing + 1
    marked: AnyArray = np.where(seen, np.where(values == missing, near, values), missing).astype(values.dtype)
    return marked


def _band_names(item: ImageryItem) -> tuple[str, ...]:
    names = SENTINEL2_BANDS if item.sensor == "sentinel2" else {band: band for band in BANDS}
    return tuple(names[band] for band in BANDS if band in item.files)


def _image_names(opened_item: Opened) -> tuple[str, ...]:
    """Names of the bands of a file of several: its own, else the catalogue's; those of aerial imagery are known."""
    item, own = opened_item.item, opened_item.member.names
    if item.sensor == "naip" and len(opened_item.bands) == 4:
        return ("Red", "Green", "Blue", "NIR")
    stated = item.files[IMAGE].bands if len(item.files[IMAGE].bands) == len(own) else ("",) * len(own)
    return tuple(own[band - 1] or stated[band - 1] for band in opened_item.bands)


def _red_comes_first(names: tuple[str, ...]) -> bool:
    """Whether the bands are red, green and blue in this order, as bands without such names are taken to be."""
    said = [name.lower() for name in names]
    return said[:3] == [*COLORS] or not {*said} & {*COLORS}
