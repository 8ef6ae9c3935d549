"""GDAL at arm's length: paths and addresses, its settings, and its failures as one clear sentence."""

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from graft_core.errors import SceneError
from graft_core.io.signatures import hide_signatures

AnyArray = npt.NDArray[Any]

_CACHE_BYTES = 16 * 2**20
"""GDAL's block cache. Rows of blocks are read whole, so it need not grow with the scene."""
_VIRTUAL_CACHE_BYTES = 64 * 2**20
"""The same for virtual rasters, whose files' blocks do not line up with the rows read."""

_SAMPLE_PX = 1024
"""Longest side of the decimated read that statistics are measured on."""
_SAMPLE_PARTS, _SAMPLE_WINDOW = 8, 128
"""Without overviews: windows along each axis, and their side in pixels."""

_NETWORK = {
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_MAX_RETRY": "2",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
}


def is_remote(source: str) -> bool:
    """True for an address that is read over the network."""
    return source.startswith(("http://", "https://", "s3://", "/vsicurl/", "/vsicurl?", "/vsis3/"))


def refers_elsewhere(source: str) -> bool:
    """True for an address, and for a virtual raster, whose files may lie anywhere."""
    return is_remote(source) or source.lower().endswith(".vrt") or source.lstrip().startswith("<VRTDataset")


def gdal_path(source: str) -> str:
    """What GDAL calls the source: ``https://`` goes through /vsicurl/, ``s3://`` through /vsis3/."""
    if source.startswith(("http://", "https://")):
        return f"/vsicurl/{source}"
    if source.startswith("s3://"):
        return f"/vsis3/{source.removeprefix('s3://')}"
    return source


@contextmanager
def gdal_env(source: str, cache_bytes: int = _CACHE_BYTES) -> Iterator[None]:
    """GDAL's settings for one call on ``source``; what the user set in the environment wins.

    Entered for single calls, never across a ``yield`` of a generator: rasterio keeps these settings on a stack.
    """
    hide_signatures()
    options: dict[str, Any] = dict(_NETWORK)
    if is_remote(source):
        # Looking for sidecar files costs one request each; a local file may really have some (.msk, .aux.xml).
        options["GDAL_DISABLE_READDIR_ON_OPEN"] = "EMPTY_DIR"
    if source.startswith(("s3://", "/vsis3/")) and not _has_aws_credentials():
        # Public buckets; a machine with a role of its own sets AWS_NO_SIGN_REQUEST=NO.
        options["AWS_NO_SIGN_REQUEST"] = "YES"
    options["GDAL_CACHEMAX"] = cache_bytes  # an int means bytes here; in the environment it means megabytes
    with rasterio.Env(**{key: value for key, value in options.items() if key not in os.environ}):
        yield


def open_dataset(source: str, *, overview_level: int | None = None) -> DatasetReader:
    """Open a raster; SceneError that names it and says what to do when it cannot be opened."""
    if not (is_remote(source) or source.lstrip().startswith("<VRTDataset")):
        _require_file(source)
    level = {} if overview_level is None else {"overview_level": overview_level}
    try:
        with gdal_env(source), warnings.catch_warnings():
            # A raster without a place is refused later, by a sentence that says how to mend it.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(gdal_path(source), **level)
    except RasterioError as error:
        _forget_failures()
        raise SceneError(_cannot_open(source, error)) from error


def read_window(
    dataset: DatasetReader, bands: Sequence[int], window: Window, *, out: AnyArray | None = None
) -> AnyArray:
    """(len(bands), h, w) raw values, into ``out`` where given (any strides).

    SceneError with file and window when the data cannot be decoded.
    """
    with _decoding(dataset, window):
        values: AnyArray = dataset.read(list(bands), window=window, out=out)
    return values


def read_stored_mask(dataset: DatasetReader, window: Window) -> AnyArray:
    """(h, w) values of the mask stored beside the bands, 0 where there is no data."""
    with _decoding(dataset, window):
        mask: AnyArray = dataset.read_masks(1, window=window)
    return mask


def read_sample(dataset: DatasetReader, bands: Sequence[int], *, masks: bool = False) -> AnyArray:
    """(len(bands), h, w) values from all over the raster, or the stored mask at the same pixels.

    Decimated to 1024 on the longer side where that is cheap; of a large file without overviews, 64 spread windows.
    """
    read = dataset.read_masks if masks else dataset.read
    whole = Window(0, 0, dataset.width, dataset.height)
    if dataset.driver == "VRT" or dataset.overviews(1) or max(dataset.shape) <= 2 * _SAMPLE_PX:
        shrink = max(1.0, max(dataset.shape) / _SAMPLE_PX)
        shape = [max(1, math.ceil(side / shrink)) for side in dataset.shape]
        with _decoding(dataset, whole):
            sample: AnyArray = read(list(bands), out_shape=(len(bands), *shape))
        return sample
    parts = []
    for window in _spread_windows(dataset):
        with _decoding(dataset, window):
            parts.append(read(list(bands), window=window))
    return np.concatenate([part.reshape(len(bands), -1, 1) for part in parts], axis=1)


def _spread_windows(dataset: DatasetReader) -> Iterator[Window]:
    """The middles of 8 by 8 equal parts."""
    part_rows, part_cols = dataset.height // _SAMPLE_PARTS, dataset.width // _SAMPLE_PARTS
    rows, cols = min(part_rows, _SAMPLE_WINDOW), min(part_cols, _SAMPLE_WINDOW)
    for row in range(_SAMPLE_PARTS):
        for col in range(_SAMPLE_PARTS):
            top, left = row * part_rows + (part_rows - rows) // 2, col * part_cols + (part_cols - cols) // 2
            yield Window(left, top, max(cols, 1), max(rows, 1))


def has_stored_mask(dataset: DatasetReader) -> bool:
    """True when the file carries a mask of its own (not nodata, not a band tagged alpha)."""
    flags = {flag.name for flag in dataset.mask_flag_enums[0]}
    return "per_dataset" in flags and "alpha" not in flags


def dataset_geobox(dataset: DatasetReader) -> GeoBox:
    """The file's own pixel grid, whatever its orientation."""
    return GeoBox(dataset.shape, dataset.transform, crs_text(dataset.crs))


def crs_text(crs: CRS) -> str:
    """``EPSG:n`` where that says exactly the same, else WKT."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code is not None and CRS.from_epsg(code) == crs else str(crs.to_wkt())


def require_place(dataset: DatasetReader, label: str) -> None:
    """SceneError for a raster without a CRS or without pixel positions, with the way to add them."""
    if dataset.crs is None:
        raise SceneError(
            f"{label} ({dataset.driver} file) has no coordinate reference system, so its place is unknown; "
            "assign the right one, for example with `rio edit-info --crs EPSG:26910 FILE`, and open it again."
        )
    if dataset.transform.is_identity:
        raise SceneError(
            f"{label} has a coordinate reference system but no pixel positions; add them, "
            "for example with `gdal_translate -a_ullr LEFT TOP RIGHT BOTTOM IN OUT`, and open the result."
        )


@contextmanager
def _decoding(dataset: DatasetReader, window: Window) -> Iterator[None]:
    try:
        with gdal_env(dataset.name, _cache_bytes(dataset)):
            yield
    except RasterioError as error:
        _forget_failures()
        rows = f"{int(window.row_off)}-{int(window.row_off + window.height - 1)}"
        cols = f"{int(window.col_off)}-{int(window.col_off + window.width - 1)}"
        raise SceneError(
            f"{_shown(dataset.name)} cannot be read at rows {rows}, columns {cols} ({_reason(error)}); "
            f"{_way_out(dataset)}."
        ) from error


def _forget_failures() -> None:
    """Make GDAL ask again for files on the network; by itself it believes for ever that one it missed is not there.

    What it remembers of such files is void when an ``AWS_*`` setting changes, even for one that nothing here is signed
    with. Sizes it knew are asked again with one request a file.
    """
    with rasterio.Env(AWS_TIMESTAMP=""):
        pass


def _cache_bytes(dataset: DatasetReader) -> int:
    """Room for a few blocks with all their bands, which are decoded together."""
    rows, cols = dataset.block_shapes[0]
    block = int(rows * cols * dataset.count * np.dtype(dataset.dtypes[0]).itemsize)
    return max(_VIRTUAL_CACHE_BYTES if dataset.driver == "VRT" else _CACHE_BYTES, 4 * block)


def _require_file(source: str) -> None:
    if source.startswith("/vsi"):
        return
    if not os.path.exists(source):
        raise SceneError(f"There is no file {source}; check the path, or give an https:// or s3:// address.")
    if os.path.isfile(source) and os.path.getsize(source) == 0:
        raise SceneError(f"{source} is empty (0 bytes); copy or download it again.")


def _cannot_open(source: str, error: RasterioError) -> str:
    if is_remote(source):
        return (
            f"{source} cannot be reached or is no raster ({_reason(error)}); "
            "check the address and the network, or download the file and open it by its path."
        )
    return (
        f"{_shown(source)} cannot be opened as a raster ({_reason(error)}); "
        "give a GeoTIFF, COG, JP2 or VRT, or copy the file again if it should be one."
    )


def _reason(error: BaseException) -> str:
    """GDAL's own words, from the innermost cause, on one line and without a full stop."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = " ".join(str(error).split()).rstrip(".")
    return words[:200] or type(error).__name__


def _way_out(dataset: DatasetReader) -> str:
    """What to do about values that cannot be read."""
    if is_remote(dataset.name) or dataset.driver == "VRT":
        return "it is damaged, or a file of it cannot be reached now, so check the network and try again"
    return "it is damaged or incomplete, so copy or download it again"


def _shown(source: str) -> str:
    return "The virtual raster given as text" if source.lstrip().startswith("<") else source


def _has_aws_credentials() -> bool:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    if any(key in os.environ for key in keys):
        return True
    return os.path.exists(os.path.expanduser("~/.aws/credentials"))
