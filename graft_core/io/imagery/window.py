"""The part of a catalogue's images that lies in an area: its grid, what is in it, and the values, block by block."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from graft_core.errors import ImageryError
from graft_core.geo.composite import carries_offset, clear_pixels
from graft_core.geo.place import WGS84, bounds_wgs84, reprojected
from graft_core.io.geotiff import Photometric
from graft_core.io.imagery.asset import BANDS, COLORS, IMAGE, SCL, SENTINEL2_BANDS, Asset
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.remote import Attempts, describe, opened, patiently, read_on, remote_path
from graft_core.io.source import AnyArray, crs_text, read_sample, read_stored_mask
from graft_core.io.vrt import Member
from graft_core.types import Bool

Read = Callable[[GeoBox], AnyArray]
"""(K, h, w) values of a block of the grid."""
_AROUND_DEG = 0.01
_EDGE_PARTS = 100
"""Parts of an edge as long as the area: that many keep within a metre of a parallel over some hundred kilometres."""


@dataclass(frozen=True)
class Opened:
    """An item whose first file has been looked at."""

    item: ImageryItem
    """What the catalogue says."""
    member: Member
    """What its file of all bands, or its red one, says; its path is the plain one."""
    offset: int
    """To be added to the values of Sentinel-2: the item's, unless its values say that it is not in them any more."""

    @property
    def geobox(self) -> GeoBox:
        """Pixel grid of the file."""
        return GeoBox((self.member.height, self.member.width), self.member.transform, crs_text(self.member.crs))

    @property
    def bands(self) -> list[int]:
        """1-based bands of its file that are imagery: not the one that masks the others."""
        masks = self.member.mask == "stored"
        return [band for band, color in enumerate(self.member.colors, start=1) if not (masks and color == "alpha")]

    @property
    def nodata(self) -> float | None:
        """Value of missing pixels in windows of it, None where no pixel is missing: what its mask hides is 0."""
        if self.item.sensor == "sentinel2":
            return 0
        declared = self.member.nodata
        if declared is not None and _possible(declared, self.member.dtype):
            return declared
        return 0 if self.member.mask == "stored" else None

    @property
    def tags(self) -> dict[str, str]:
        """What readers have to know of the values, as the products' own metadata would say it."""
        tags = {"ACQUISITION_DATE": f"{self.item.acquired:%Y-%m-%d}"}
        if self.item.sensor == "sentinel2":
            tags |= {"PROCESSING_LEVEL": self.item.level, "BOA_ADD_OFFSET": str(self.offset)}
        return tags


def open_item(item: ImageryItem, attempts: Attempts) -> Opened:
    """Look at the first file of an item.

    Raises:
        SceneError: it cannot be reached, or is no raster with a place.
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
    return Opened(item, replace(member, path=asset.href), item.offset if carried else 0)


def window_grid(opened_item: Opened, area: BaseGeometry, *, beyond: bool = False) -> GeoBox:
    """The smallest window of an item's pixels that holds the area's part in it, or with ``beyond`` all of the area.

    ImageryError where the item has nothing of the area, its pixels do not lie north-up, or the area reaches too far.
    """
    grid, name = opened_item.geobox, opened_item.item.id
    if grid.affine.b or grid.affine.d or grid.affine.e >= 0:
        raise ImageryError(f"The pixels of {name} do not lie north-up; get the whole file instead of a window.")
    part = area if beyond else area.intersection(_around(grid))
    if part.is_empty:
        raise ImageryError(f"{name} has no pixel in the area; choose another image.")
    left, bottom, right, top = _bounds(part, CRS(str(grid.crs)))
    if not all(map(math.isfinite, (left, bottom, right, top))):
        raise ImageryError(f"The area reaches beyond what the map projection of {name} is for; choose a smaller one.")
    inverse = ~grid.affine
    (col0, row0), (col1, row1) = inverse * (left, top), inverse * (right, bottom)
    slack = 1e-6  # an edge that lies on a pixel's edge needs no further pixel
    first_col, first_row = math.floor(col0 + slack), math.floor(row0 + slack)
    last_col, last_row = math.ceil(col1 - slack), math.ceil(row1 - slack)
    if not beyond:
        first_col, first_row = max(first_col, 0), max(first_row, 0)
        last_col, last_row = min(last_col, grid.shape[1]), min(last_row, grid.shape[0])
    if first_col >= last_col or first_row >= last_row:
        raise ImageryError(f"{name} has no pixel in the area; choose another image.")
    shape = last_row - first_row, last_col - first_col
    return GeoBox(shape, grid.affine * Affine.translation(first_col, first_row), grid.crs)


def window_corner(opened_item: Opened, geobox: GeoBox) -> tuple[int, int]:
    """Row and column of a window's first pixel in the item's own raster."""
    col, row = ~opened_item.geobox.affine * (geobox.affine.c, geobox.affine.f)
    return round(row), round(col)


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


def _possible(nodata: float, dtype: str) -> bool:
    """Whether a pixel of this type can have the value that its file declares as nodata."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return True
    return float(nodata).is_integer() and np.iinfo(kind).min <= nodata <= np.iinfo(kind).max


def _around(grid: GeoBox) -> BaseGeometry:
    """Where a grid lies and a little more, degrees: far from it its map projection folds the globe over itself."""
    west, south, east, north = bounds_wgs84(grid)
    spans = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
    more = _AROUND_DEG
    return shapely.union_all([shapely.box(w - more, south - more, e + more, north + more) for w, e in spans])


def _bounds(area: BaseGeometry, crs: CRS) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an area in a CRS, where its edges bend."""
    west, south, east, north = area.bounds
    longest = max(east - west, north - south) / _EDGE_PARTS
    bent = shapely.segmentize(area, longest) if longest else area
    left, bottom, right, top = reprojected(Geometry(bent, WGS84), crs).boundingbox.bbox
    return left, bottom, right, top


def _first(item: ImageryItem) -> Asset:
    return item.files[IMAGE] if IMAGE in item.files else item.files["red"]


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
