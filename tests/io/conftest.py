"""Small rasters, written when a test needs them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine

LEFT, TOP = 435_000.0, 3_778_000.0


class WriteRaster(Protocol):
    def __call__(self, name: str, values: np.ndarray, **options: Any) -> Path: ...


def write(
    path: Path,
    values: np.ndarray,
    *,
    gsd: float = 1.0,
    left: float = LEFT,
    top: float = TOP,
    transform: Affine | None = None,
    crs: str | None = "EPSG:26911",
    names: Sequence[str] = (),
    colors: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
    band_tags: Mapping[str, str] | None = None,
    scales: Sequence[float] | None = None,
    offsets: Sequence[float] | None = None,
    mask: np.ndarray | None = None,
    **profile: Any,
) -> Path:
    """A raster of (bands, h, w) values; tiled by 64 unless the profile says otherwise."""
    count, height, width = values.shape
    base: dict[str, Any] = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": values.dtype}
    if profile.get("driver", "GTiff") == "GTiff":
        base |= {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}
    place = transform or Affine(gsd, 0, left, 0, -gsd, top)
    with rasterio.open(path, "w", **{**base, "crs": crs, "transform": place, **profile}) as out:
        if colors is not None:
            out.colorinterp = [ColorInterp[color] for color in colors]
        if names:
            out.descriptions = tuple(names)
        out.update_tags(**(tags or {}))
        for band in out.indexes:
            out.update_tags(band, **(band_tags or {}))
        if scales is not None:
            out.scales = tuple(scales)
        if offsets is not None:
            out.offsets = tuple(offsets)
        out.write(values)
        if mask is not None:
            out.write_mask(mask)
    return path


@pytest.fixture
def raster(tmp_path: Path) -> WriteRaster:
    """``raster("a.tif", values, gsd=0.6, ...)`` writes a file into the test's folder and returns its path."""

    def write_here(name: str, values: np.ndarray, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write(path, values, **options)

    return write_here


@pytest.fixture
def noise() -> Any:
    """``noise(4, 300, 200)`` gives reproducible values that differ from pixel to pixel, never 0."""

    def make(bands: int, height: int, width: int, *, dtype: str = "uint8", low: int = 1, high: int = 256) -> np.ndarray:
        return np.random.default_rng(7).integers(low, high, (bands, height, width)).astype(dtype)

    return make


@pytest.fixture(scope="session")
def write_raster() -> Any:
    """The writer behind ``raster``, for property tests that choose their own folder."""
    return write
