"""Images used where they lie: a virtual raster with plain addresses, which stays good when tokens run out."""

from collections.abc import Callable, Mapping
from pathlib import Path

from graft_core.io.atomic import write_text
from graft_core.io.collection import file_member, stacked_xml
from graft_core.io.identity import NAME_TAG
from graft_core.io.imagery.asset import BANDS, IMAGE, SENTINEL2_BANDS, Asset
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.opened import Opened
from graft_core.io.vrt import single_xml


def write_reference(path: Path, opened: Opened, name: str, where: Callable[[Asset], str]) -> None:
    """Write a virtual raster of an item's bands in the order red, green, blue, near infrared.

    Args:
        path: a .vrt file, replaced where it is there.
        opened: the item.
        name: what the scene is to be called.
        where: what GDAL opens of each of its files: somewhere else, or here.

    Raises:
        SceneError: one of the files cannot be opened, or lies on another grid.
        ExportError: the virtual raster cannot be written.
    """
    tags = {**opened.tags, NAME_TAG: name}
    if IMAGE in opened.item.files:
        write_text(path, single_xml(file_member(where(opened.item.files[IMAGE])), tags) + "\n")
    else:
        files = {_band(opened.item, band): where(asset) for band, asset in _bands(opened.item).items()}
        write_text(path, stacked_xml(files, tags) + "\n")


def _bands(item: ImageryItem) -> Mapping[str, Asset]:
    return {band: item.files[band] for band in BANDS if band in item.files}


def _band(item: ImageryItem, band: str) -> str:
    return SENTINEL2_BANDS[band] if item.sensor == "sentinel2" else band
