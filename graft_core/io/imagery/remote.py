"""Files of a catalogue's images as GDAL reads them in place, and windows of them on any grid.

The Planetary Computer's files are named in GDAL's own syntax (``/vsicurl?pc_url_signing=yes&...&url=PLAIN``): GDAL asks
for the token when it needs it and renews it a minute before it runs out, so what is written down is the plain address,
and QGIS opens it too.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, unquote

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from graft_core.errors import ImageryError, SceneError
from graft_core.io.collection import file_member
from graft_core.io.imagery.asset import Asset
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.plain import plain
from graft_core.io.signatures import without_signatures
from graft_core.io.source import AnyArray, dataset_geobox, open_dataset, read_window, require_place
from graft_core.io.vrt import Member

Result = TypeVar("Result")

_FORGETFUL = {"CPL_VSIL_CURL_NON_CACHED": "/vsicurl?:/vsicurl/"}
"""GDAL remembers that a file could not be opened as long as the program runs; then no second attempt would help."""
_ON_GRID = 1e-3
"""Pixels by which two grids may differ and still be one."""


@dataclass(frozen=True)
class Attempts:
    """How often a broken transfer is tried again."""

    most: int = 5
    """Attempts in a row that bring nothing."""
    pause_s: float = 1.0
    """The first pause; each further one is twice as long."""

    def wait(self, failures: int) -> None:
        """Pause after so many failures in a row."""
        time.sleep(self.pause_s * 2 ** (failures - 1))


def remote_path(item: ImageryItem, asset: Asset, *, by_file: bool = False) -> str:
    """What GDAL opens now; not to be written down. With ``by_file`` each file gets a token of its own.

    Raises:
        ImageryError: the address is of a kind that cannot be read.
    """
    own = asset.signed if asset.signed and not item.catalog.token_url else asset.href
    return _path(item, asset, own, by_file)


def lasting_path(item: ImageryItem, asset: Asset) -> str:
    """What GDAL opens now and later, which holds no signature.

    Raises:
        ImageryError: the address is of a kind that cannot be read, or good with a signature or a key only.
    """
    if asset.signed and not item.catalog.token_url:
        raise ImageryError(
            f"{item.catalog.url} gives {item.id} under an address with a signature or a key, which is not written "
            "down, so it cannot be used where it is; get a window, or the whole file."
        )
    return _path(item, asset, asset.href)


def _path(item: ImageryItem, asset: Asset, address: str, by_file: bool = False) -> str:
    if address.startswith("s3://"):
        return address
    if not address.startswith(("http://", "https://")):
        raise ImageryError(
            f"The file {asset.href} of {item.id} cannot be read over the network; choose another catalogue."
        )
    signing = ""
    if item.catalog.token_url:
        collection = "" if by_file else f"pc_collection={quote(item.product.collection, safe='')}&"
        signing = f"pc_url_signing=yes&{collection}"
    return f"/vsicurl?empty_dir=yes&{signing}url={quote(address, safe=':/')}"


def patiently(read: Callable[[bool], Result], attempts: Attempts) -> Result:
    """What ``read`` gives, tried again after growing pauses; every other attempt asks for tokens by file.

    Raises:
        SceneError: that of the last attempt.
    """
    for failures in range(1, attempts.most):
        try:
            return read(failures % 2 == 0)
        except SceneError:
            attempts.wait(failures)
    return read(attempts.most % 2 == 0)


@contextmanager
def opened(path: str) -> Iterator[DatasetReader]:
    """A raster somewhere else; SceneError where it cannot be opened, and the next attempt really asks again."""
    with _told_plainly(path):
        with rasterio.Env(**_FORGETFUL):
            dataset = open_dataset(path)
        try:
            require_place(dataset, path)
            yield dataset
        finally:
            with rasterio.Env(**_FORGETFUL):
                dataset.close()


def describe(path: str) -> Member:
    """What a virtual raster has to know of a file somewhere else; errors and attempts as with ``opened``."""
    with _told_plainly(path), rasterio.Env(**_FORGETFUL):
        return file_member(path)


@contextmanager
def _told_plainly(path: str) -> Iterator[None]:
    """SceneError names the plain address, not what GDAL calls it."""
    try:
        yield
    except SceneError as error:
        said = str(error).replace(path, plain(unquote(path.rpartition("url=")[2])))
        raise SceneError(without_signatures(said)) from error


def read_on(dataset: DatasetReader, geobox: GeoBox, bands: list[int], *, classes: bool = False) -> AnyArray:
    """(len(bands), h, w) values on a north-up grid, 0 beyond the raster: its own pixels where the grids are one.

    Otherwise bilinear, or nearest for ``classes``. SceneError where they cannot be decoded.
    """
    place = ~dataset.transform * geobox.affine
    col, row = round(place.c), round(place.f)
    same = dataset_geobox(dataset).crs == geobox.crs and bool(
        np.allclose(tuple(place)[:6], (1, 0, col, 0, 1, row), rtol=0, atol=_ON_GRID)
    )
    if same:
        return _cut(dataset, bands, col, row, geobox.shape)
    resampling = Resampling.nearest if classes else Resampling.bilinear
    with WarpedVRT(
        dataset,
        crs=str(geobox.crs),
        transform=geobox.affine,
        width=geobox.shape[1],
        height=geobox.shape[0],
        resampling=resampling,
        src_nodata=0,
        nodata=0,
    ) as warped:
        return read_window(warped, bands, Window(0, 0, geobox.shape[1], geobox.shape[0]))


def _cut(dataset: DatasetReader, bands: list[int], col: int, row: int, shape: Sequence[int]) -> AnyArray:
    """The window at (row, col), which may reach beyond the raster."""
    height, width = shape
    out = np.zeros((len(bands), height, width), dataset.dtypes[0])
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + height, dataset.height), min(col + width, dataset.width)
    if top < bottom and left < right:
        values = read_window(dataset, bands, Window(left, top, right - left, bottom - top))
        out[:, top - row : bottom - row, left - col : right - col] = values
    return out
