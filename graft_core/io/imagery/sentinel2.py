"""What the values of a Sentinel-2 image are: their level, and the offset that newer processing has put into them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from graft_core.io.imagery.asset import SENTINEL2_BANDS

OFFSET_BASELINE = 4.0
"""First processing baseline of Sentinel-2 whose values carry an offset (ESA, Products Specification Document)."""
OFFSET_DN = -1000
"""BOA_ADD_OFFSET of that baseline and later, for every band: reflectance = (value + offset) / 10000."""
OFFSET_SINCE = datetime(2022, 1, 25, tzinfo=UTC)
"""From this day on images were made with that baseline."""
APPLIED = "earthsearch:boa_offset_applied"


def read_level(properties: Mapping[str, Any], collection: str) -> str:
    """``Level-1C`` or ``Level-2A``: what the item says of itself, else its collection; 2A where neither tells."""
    said = f"{properties.get('s2:product_type') or ''} {properties.get('processing:level') or ''}"
    text = said if re.search("1C|2A", said, re.IGNORECASE) else collection
    return "Level-1C" if re.search("1C", text, re.IGNORECASE) else "Level-2A"


def read_offset(
    baseline: str, acquired: datetime, properties: Mapping[str, Any], assets: Mapping[str, Any]
) -> tuple[int, bool]:
    """What is to be added to the values (0 or -1000), and whether the values have to confirm it.

    Earth Search says whether it has taken the offset away, and that it has not of many images where it has. Without a
    processing baseline what the files are said to declare counts, then the day; both are guesses about the values.
    """
    if properties.get(APPLIED) is True:
        return 0, False
    number = re.match(r"\d+\.\d+", baseline)
    if number is not None:
        offset = OFFSET_DN if float(number[0]) >= OFFSET_BASELINE else 0
        return offset, offset != 0 and properties.get(APPLIED) is False
    declared = _declared(assets)
    if declared is None:
        declared = OFFSET_DN if acquired >= OFFSET_SINCE else 0
    return declared, declared != 0


def _declared(assets: Mapping[str, Any]) -> int | None:
    """The offset that the red band is said to have (raster extension, of STAC 1.1 too), in counts."""
    asset: Mapping[str, Any] = next(
        (assets[key] for key in (SENTINEL2_BANDS["red"], "red", "B04_10m") if key in assets), {}
    )
    band = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    scale, offset = (
        band.get(key, band.get(f"raster:{key}", asset.get(f"raster:{key}"))) for key in ("scale", "offset")
    )
    if not isinstance(offset, int | float) or not isinstance(scale, int | float) or not scale:
        return None
    counts = round(offset / scale)
    return counts if counts in (0, OFFSET_DN) else None
