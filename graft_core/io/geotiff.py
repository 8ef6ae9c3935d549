"""Writes rasters as cloud-optimised GeoTIFF, window by window, and reads back what was written about them."""

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.io import MemoryFile

from graft_core.errors import ExportError
from graft_core.io.atomic import replacing
from graft_core.io.cog import TileSpool, assemble
from graft_core.io.pyramid import BLOCK, Halving, Pixels, Pyramid, Walk

Photometric = Literal["gray", "rgb", "palette"]
Color = tuple[int, int, int]
DTYPES = ("uint8", "uint16", "int16", "int32", "uint32", "float32")
CLASS_NAMES = "CLASS_NAMES"
"""Dataset tag of class rasters: JSON object from class id to name."""
_MAX_THREADS = 4


@dataclass(frozen=True)
class BandInfo:
    """What one band is."""

    description: str
    """Shown by QGIS and gdalinfo as the band's name."""
    unit: str = ""
    """Unit of the values, empty for shares and counts."""
    scale: float = 1.0
    """Physical value = stored value x scale + offset."""
    offset: float = 0.0
    """Physical value = stored value x scale + offset."""


@dataclass(frozen=True)
class RasterInfo:
    """What a raster says about itself."""

    geobox: GeoBox
    """Pixel grid and CRS."""
    bands: tuple[BandInfo, ...]
    """One entry a band, in file order."""
    dtype: str
    """Sample type of the first band."""
    nodata: float | None
    """Declared value of missing pixels, NaN included."""
    tags: dict[str, str]
    """Dataset tags."""
    statistics: tuple[dict[str, float], ...]
    """Per band what is embedded of minimum, maximum, mean, stddev and valid_percent; empty where nothing is."""


@dataclass(frozen=True)
class _Look:
    """How samples are to be understood; fixed for a file."""

    dtype: str
    nodata: float | None
    halving: Halving
    photometric: Photometric = "gray"
    palette: Mapping[int, Color] = field(default_factory=dict)

    @property
    def planar(self) -> bool:
        """Floats lie band by band (predictor 3 packs them far better so), integers pixel by pixel."""
        return np.dtype(self.dtype).kind == "f"


def write_cog(
    path: str | Path,
    geobox: GeoBox,
    bands: Sequence[BandInfo],
    blocks: Callable[[GeoBox], Pixels],
    *,
    nodata: float | None = math.nan,
    dtype: str = "float32",
    tags: Mapping[str, str] | None = None,
    halving: Halving = "average",
) -> None:
    """Write a raster of any size as COG with overviews and statistics; memory does not grow with it.

    ``blocks(window)`` gives the (K, h, w) values of a window of ``geobox`` of at most 1024 x 1024 pixels, in a new
    array each time; every pixel is asked once. Written whole or not at all. ExportError when it cannot be written.
    """
    _write(Path(path), geobox, bands, blocks, _Look(dtype, nodata, halving), dict(tags or {}))


def write_raster(
    path: str | Path,
    source: Pixels | Callable[[GeoBox], Pixels],
    geobox: GeoBox,
    *,
    descriptions: Sequence[str],
    dtype: str | None = None,
    tags: Mapping[str, str] | None = None,
    nodata: float | None = None,
    photometric: Photometric = "gray",
    scales: Sequence[float] | None = None,
    offsets: Sequence[float] | None = None,
    class_names: Mapping[int, str] | None = None,
    palette: Mapping[int, Color] | None = None,
) -> None:
    """Write imagery or a class raster (K, h, w) as COG, from an array or from a function of a window (``write_cog``).

    ``photometric="rgb"`` marks bands 1-3 as colours; no band ever becomes alpha. With ``class_names`` (id -> name, kept
    as JSON in the tag CLASS_NAMES) or a ``palette`` (id -> RGB, uint8 only) overviews keep the commonest class instead
    of a mean. ``dtype`` is the array's own unless given; a function needs it.
    """
    if not callable(source):
        dtype = dtype or str(source.dtype)
    if dtype is None:
        raise ValueError("write_raster needs dtype when the pixels come from a function")
    bands = [
        BandInfo(text, scale=scale, offset=offset)
        for text, scale, offset in zip(
            descriptions, scales or [1.0] * len(descriptions), offsets or [0.0] * len(descriptions), strict=True
        )
    ]
    classes = class_names is not None or palette is not None
    written_tags = dict(tags or {})
    if class_names is not None:
        written_tags[CLASS_NAMES] = json.dumps({str(i): name for i, name in sorted(class_names.items())})
    look = _Look(dtype, nodata, "mode" if classes else "average", "palette" if palette else photometric, palette or {})
    _write(Path(path), geobox, bands, source if callable(source) else _windows_of(source, geobox), look, written_tags)


def read_tags(path: str | Path) -> dict[str, str]:
    """The dataset tags of a raster; ExportError when it cannot be read."""
    return read_info(path).tags


def read_info(path: str | Path) -> RasterInfo:
    """Grid, bands, nodata and tags of a raster; ExportError when it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as src:
                described = zip(src.descriptions, src.units, src.scales, src.offsets, strict=True)
                bands = tuple(BandInfo(text or "", unit or "", *linear) for text, unit, *linear in described)
                tags = {key: value for key, value in src.tags().items() if key != "AREA_OR_POINT"}
                statistics = tuple(_embedded_statistics(src.tags(i)) for i in src.indexes)
                return RasterInfo(GeoBox.from_rio(src), bands, src.dtypes[0], src.nodata, tags, statistics)
    except RasterioIOError as error:
        reason = str(error).rstrip(".")
        raise ExportError(f"Cannot read {path} as a raster ({reason}); give the path of a GeoTIFF.") from error


def _embedded_statistics(band_tags: Mapping[str, str]) -> dict[str, float]:
    names = {f"STATISTICS_{name.upper()}": name for name in ("minimum", "maximum", "mean", "stddev", "valid_percent")}
    return {names[key]: float(value) for key, value in band_tags.items() if key in names}


def read_classes(path: str | Path) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
    """Class ids (H, W) and their names of a raster written with ``class_names``; ExportError when it is none."""
    text = read_tags(path).get(CLASS_NAMES)
    if text is None:
        raise ExportError(f"{path} carries no class names (tag {CLASS_NAMES}); give a class raster made by GRAFT.")
    with rasterio.open(path) as src:
        return src.read(1), {int(i): str(name) for i, name in json.loads(text).items()}


def _write(
    path: Path,
    geobox: GeoBox,
    bands: Sequence[BandInfo],
    blocks: Callable[[GeoBox], Pixels],
    look: _Look,
    tags: dict[str, str],
) -> None:
    _check(path, geobox, bands, look)
    height, width = geobox.shape
    pyramid = Pyramid(height, width)
    statistics = [_Statistics(look.nodata) for _ in bands]

    def draw(top: int, left: int, rows: int, cols: int) -> Pixels:
        block = np.asarray(blocks(_part(geobox, top, left, rows, cols)))
        if block.shape != (len(bands), rows, cols):
            raise ValueError(f"a window of {rows} x {cols} px and {len(bands)} bands got an array of {block.shape}")
        block = block.astype(look.dtype, copy=False)
        for band, so_far in zip(block, statistics, strict=True):
            so_far.add(band)
        return block

    planes = len(bands) if look.planar else 1
    threads = min(_MAX_THREADS, os.cpu_count() or 1)
    with replacing(path) as draft, TileSpool(draft.parent, pyramid, planes, threads) as spool:
        for piece in Walk(pyramid, draw, look.halving, look.nodata).pieces():
            spool.add(piece)
        spool.close()
        assemble(draft, _template(geobox, bands, look, tags, [s.tags() for s in statistics]), spool)


def _check(path: Path, geobox: GeoBox, bands: Sequence[BandInfo], look: _Look) -> None:
    if geobox.crs is None:
        raise ExportError(f"Cannot write {path}: the raster has no CRS; open the scene with one and export again.")
    affine = geobox.affine
    if affine.b or affine.d or affine.a <= 0 or affine.e >= 0:
        raise ExportError(f"Cannot write {path}: its grid {tuple(affine[:6])} is not north-up; export on one that is.")
    if min(geobox.shape) < 1 or not bands:
        raise ExportError(f"Cannot write {path}: {len(bands)} bands of {tuple(geobox.shape)} are no pixels at all.")
    if look.dtype not in DTYPES:
        raise ExportError(f"Cannot write {path}: dtype {look.dtype} is not one of {', '.join(DTYPES)}.")
    if look.palette and (look.dtype != "uint8" or len(bands) != 1):
        raise ExportError(f"Cannot write {path}: a palette needs one uint8 band, not {len(bands)} of {look.dtype}.")


def _windows_of(array: Pixels, geobox: GeoBox) -> Callable[[GeoBox], Pixels]:
    if array.shape[1:] != tuple(geobox.shape):
        raise ValueError(f"an array of {array.shape} does not fit a grid of {tuple(geobox.shape)}")

    def window(part: GeoBox) -> Pixels:
        left = round((part.affine.c - geobox.affine.c) / geobox.affine.a)
        top = round((part.affine.f - geobox.affine.f) / geobox.affine.e)
        height, width = part.shape
        return array[:, top : top + height, left : left + width]

    return window


def _part(geobox: GeoBox, top: int, left: int, height: int, width: int) -> GeoBox:
    a = geobox.affine
    return GeoBox((height, width), Affine(a.a, 0, a.c + left * a.a, 0, a.e, a.f + top * a.e), geobox.crs)


def _template(
    geobox: GeoBox, bands: Sequence[BandInfo], look: _Look, tags: Mapping[str, str], statistics: list[dict[str, str]]
) -> bytes:
    """A GeoTIFF of a single tile, made by GDAL in memory, whose directory carries everything but the pixels."""
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": BLOCK, "height": BLOCK, "count": len(bands), "dtype": look.dtype,
        "nodata": look.nodata, "crs": str(geobox.crs), "transform": geobox.affine,
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "ZSTD",
        "predictor": 3 if look.planar else 2, "interleave": "band" if look.planar else "pixel",
        # GDAL takes a fourth uint8 band for alpha unless told otherwise; in our files it is near infrared.
        "alpha": "NO", "photometric": "RGB" if look.photometric == "rgb" else "MINISBLACK",
        "endianness": "LITTLE", "bigtiff": "NO", "sparse_ok": True,
    }  # fmt: skip
    with MemoryFile() as memory:
        with warnings.catch_warnings():
            # A grid of 1 m pixels from the origin of its CRS looks unreferenced to rasterio; GeoTIFF keeps it.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dst = memory.open(**profile)
        with dst:
            dst.colorinterp = _color_roles(len(bands), look)
            dst.update_tags(**tags)
            dst.descriptions = [band.description for band in bands]
            dst.units = [band.unit for band in bands]
            if any((band.scale, band.offset) != (1.0, 0.0) for band in bands):
                dst.scales, dst.offsets = [band.scale for band in bands], [band.offset for band in bands]
            for i, found in enumerate(statistics, start=1):
                dst.update_tags(i, **found)
            if look.palette:
                dst.write_colormap(1, {value: (*color, 255) for value, color in look.palette.items()})
        return bytes(memory.read())


def _color_roles(count: int, look: _Look) -> list[ColorInterp]:
    first = {
        "rgb": [ColorInterp.red, ColorInterp.green, ColorInterp.blue],
        "gray": [ColorInterp.gray],
        "palette": [ColorInterp.palette],
    }[look.photometric]
    return (first + [ColorInterp.undefined] * count)[:count]


class _Statistics:
    """Minimum, maximum, mean and spread of one band, gathered while it passes by."""

    def __init__(self, nodata: float | None) -> None:
        self._nodata = nodata
        self._seen = self._valid = 0
        self._low, self._high = math.inf, -math.inf
        self._sum = self._squares = 0.0

    def add(self, band: npt.NDArray[Any]) -> None:
        """Take in a (h, w) part of the band; pixels without data only count as seen."""
        self._seen += band.size
        values = self._with_data(band)
        self._valid += values.size
        if values.size:
            self._low, self._high = min(self._low, float(values.min())), max(self._high, float(values.max()))
            self._sum += float(values.sum(dtype=np.float64))
            self._squares += float(np.einsum("i,i->", values, values, dtype=np.float64))

    def tags(self) -> dict[str, str]:
        """GDAL's STATISTICS_* items; a band without data has only its VALID_PERCENT, 0."""
        percent = {"STATISTICS_VALID_PERCENT": f"{100 * self._valid / max(self._seen, 1):.4g}"}
        if not self._valid:
            return percent
        mean = self._sum / self._valid
        spread = math.sqrt(max(self._squares / self._valid - mean * mean, 0.0))
        figures = {"MINIMUM": self._low, "MAXIMUM": self._high, "MEAN": mean, "STDDEV": spread}
        return {f"STATISTICS_{name}": repr(value) for name, value in figures.items()} | percent

    def _with_data(self, band: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if band.dtype.kind == "f":
            missing = np.isnan(band)
            return band[~missing] if missing.any() else band.reshape(-1)
        return band.reshape(-1) if self._nodata is None else band[band != self._nodata]
