"""An image of a catalogue whose first file has been looked at: its grid, its bands, and what its values are."""

from dataclasses import dataclass, replace

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.geo.composite import carries_offset
from graft_core.io.imagery.asset import IMAGE, Asset
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.remote import Attempts, describe, opened, patiently, remote_path
from graft_core.io.source import crs_text, read_sample
from graft_core.io.vrt import Member


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


def _possible(nodata: float, dtype: str) -> bool:
    """Whether a pixel of this type can have the value that its file declares as nodata."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return True
    return float(nodata).is_integer() and np.iinfo(kind).min <= nodata <= np.iinfo(kind).max


def _first(item: ImageryItem) -> Asset:
    return item.files[IMAGE] if IMAGE in item.files else item.files["red"]
