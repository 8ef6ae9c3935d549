"""Several dates of Sentinel-2 made one image: what is clear, values on one scale, and their median."""

from typing import Any

import numpy as np
import numpy.typing as npt

from graft_core.types import U8, Bool

U16 = npt.NDArray[np.uint16]

UNCLEAR = (0, 1, 3, 8, 9, 10)
"""Scene classes of level 2A that hide the ground or say nothing of it: no data, saturated or defective, cloud shadow,
cloud of medium and of high probability, thin cirrus (Sentinel-2 Products Specification Document, SCL)."""
_MISSING = np.uint16(65535)
_PLAUSIBLE_DARK = -500
"""Values below it, a reflectance of -0.05, do not occur on a whole percent of an image's pixels."""


def clear_pixels(scl: U8) -> Bool:
    """(h, w) scene classes -> (h, w) whether the ground is seen there; snow and dark areas are ground."""
    return np.asarray(~np.isin(scl, UNCLEAR))


def harmonised(values: npt.NDArray[Any], offset: int) -> U16:
    """Stored values with their offset added, so that reflectance is value / 10000 whatever the processing baseline.

    0 means no data before and after; reflectance below 0.0001 becomes 1, the smallest value that is not 0.
    """
    shifted = np.clip(values.astype(np.int32) + offset, 1, int(_MISSING) - 1)
    return np.where(values == 0, 0, shifted).astype(np.uint16)


def carries_offset(values: npt.NDArray[Any]) -> bool:
    """Whether values with an offset of 1000 in them can look like this: one percent of the darkest tells.

    Values without data (0) do not count; of nothing but them nothing is known, which counts as yes.
    """
    known = values[values != 0]
    return known.size == 0 or float(np.percentile(known, 1)) - 1000 >= _PLAUSIBLE_DARK


def median(values: U16, clear: Bool) -> U16:
    """(N, K, h, w) harmonised values of N dates and (N, h, w) what is clear -> (K, h, w).

    The median of the clear dates, band by band; of two in the middle their mean, halves to the even number. 0 where no
    date is clear. A pixel without data in any band (0) is not clear.
    """
    seen = clear & (values != 0).all(axis=1)  # (N, h, w)
    ranked = np.sort(np.where(seen[:, None], values, _MISSING), axis=0)
    count = seen.sum(axis=0)
    low = np.take_along_axis(ranked, _at(np.maximum(count - 1, 0) // 2, ranked), axis=0)[0].astype(np.float64)
    high = np.take_along_axis(ranked, _at(np.minimum(count // 2, len(values) - 1), ranked), axis=0)[0]
    return np.where(count > 0, np.rint((low + high) / 2), 0).astype(np.uint16)


def _at(rank: npt.NDArray[Any], ranked: U16) -> npt.NDArray[Any]:
    """(h, w) ranks as an index for every band of (N, K, h, w)."""
    return np.broadcast_to(rank, (1, *ranked.shape[1:]))
