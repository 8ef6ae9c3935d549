"""How much of the neighbourhood matches: the arithmetic behind a density map, on the tile lattice.

Density is the share of the neighbourhood's area that matches the query. With a threshold (the paper's Fig. 4) a tile
matches or it does not, and density is the smoothed share of matching tiles; without one it is the expected share, the
smoothed mean of the tiles' match probabilities. Tiles count by the area they really show (their valid fraction): a tile
that is half outside the scene counts half, and tiles that were never read count neither as matching nor as not.
"""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d

from graft_core.geo.grid import TileGrid
from graft_core.types import F32

_REACH = 4.0
"""Standard deviations after which the kernel ends."""


def lattice_sigma(bandwidth_m: float, grid: TileGrid) -> float:
    """Standard deviation of a kernel in lattice steps from metres on the ground."""
    return bandwidth_m / (grid.stride_px * grid.gsd)


def smooth_lattice(values: F32, weight: F32, sigma: float) -> F32:
    """Normalised Gaussian convolution on the lattice.

    (R, C) values, NaN where missing; (R, C) weights >= 0; ``sigma`` in lattice steps, 0 for none. The result (R, C) is
    the weighted mean of the values within 4 sigma, NaN where no value with weight lies that near.
    """
    if values.shape != weight.shape or values.ndim != 2:
        raise ValueError(f"values {values.shape} and weights {weight.shape} must be one lattice")
    mass = np.where(np.isnan(values), 0.0, np.nan_to_num(weight.astype(np.float64)))
    moment = np.where(np.isnan(values), 0.0, values) * mass
    kernel = _gaussian(sigma, max(values.shape))
    total, share = (_convolve(each, kernel) for each in (moment, mass))
    with np.errstate(invalid="ignore"):
        return np.asarray(total / share, np.float32)  # 0 / 0: nothing near, NaN


def density_lattice(probability: F32, valid: F32, *, sigma: float, threshold: float | None) -> F32:
    """Density of every tile's neighbourhood, (R, C) in [0, 1], NaN for tiles without data.

    ``probability`` (R, C) is the match probability, NaN where a tile is missing or failed; ``valid`` (R, C) the share
    of each tile that shows the scene; ``sigma`` the kernel's standard deviation in lattice steps. With ``threshold``
    the share of tiles at or above it, without (None) the mean probability.
    """
    matching = probability if threshold is None else (probability >= threshold).astype(np.float32)
    here = ~np.isnan(probability) & (valid > 0)
    density = smooth_lattice(np.where(here, matching, np.float32(np.nan)), valid, sigma)
    return np.where(here, density, np.float32(np.nan))


def _gaussian(sigma: float, length: int) -> npt.NDArray[np.float64]:
    """Weights by distance, 1 at the centre; what lies further than any two cells of the lattice is cut off."""
    if not sigma >= 0:
        raise ValueError(f"sigma must be 0 or more, not {sigma}")
    radius = min(int(_REACH * sigma), length - 1)
    if radius == 0:
        return np.ones(1)
    return np.asarray(np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2))


def _convolve(lattice: npt.NDArray[np.float64], kernel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Both directions, nothing beyond the rim; exact zeros stay exact, so an empty neighbourhood is recognised."""
    for axis in (0, 1):
        lattice = correlate1d(lattice, kernel, axis=axis, mode="constant")
    return lattice
