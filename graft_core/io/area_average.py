"""A raster seen on a coarser grid, or on another as fine: each pixel is the mean over its area."""

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject

from graft_core.types import F32

LEAST_KNOWN = 0.5
"""Share of a pixel's area that must be known, or the pixel is unknown."""
_RIM = 1
_ROUNDING = 1e-6


def area_average(values: F32, source: GeoBox, target: GeoBox) -> F32:
    """Mean of a raster over the known part of each pixel of another grid.

    Args:
        values: (h, w) on ``source``, NaN where nothing is known.
        source: north-up grid, in any CRS.
        target: (H, W) grid whose pixels are no finer than the source's.

    Returns:
        (H, W) means, weighted by area (GDAL's ``average``); NaN where less than ``LEAST_KNOWN`` of a pixel is known.
        A pixel does not depend on the window it is asked in, but for the last bits of a float.
    """
    known = np.isfinite(values)
    # GDAL forgets what lies beyond the source; an unknown rim makes it count as area that is not known.
    layers = np.stack([np.where(known, values, 0), known]).astype(np.float32)
    layers = np.pad(layers, ((0, 0), (_RIM, _RIM), (_RIM, _RIM)))
    averaged = np.zeros((2, *target.shape), np.float32)
    reproject(
        layers,
        averaged,
        src_transform=source.affine @ Affine.translation(-_RIM, -_RIM),
        src_crs=CRS.from_user_input(str(source.crs)),
        dst_transform=target.affine,
        dst_crs=CRS.from_user_input(str(target.crs)),
        resampling=Resampling.average,
        tolerance=0,
    )
    total, share = averaged
    mean = np.divide(total, share, out=np.full_like(total, np.nan), where=share >= LEAST_KNOWN - _ROUNDING)
    return np.asarray(mean, np.float32)
