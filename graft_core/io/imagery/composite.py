"""The median of several dates of Sentinel-2, of one tile or of several, on the pixels of one of them."""

from collections.abc import Sequence

import numpy as np
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from graft_core.geo.composite import harmonised, median
from graft_core.geo.place import reprojected
from graft_core.io.imagery.asset import BANDS, SENTINEL2_BANDS
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.opened import Opened
from graft_core.io.imagery.remote import Attempts
from graft_core.io.imagery.window import Read, read_band, read_clear
from graft_core.io.source import AnyArray


def composite_layout(items: Sequence[Opened], geobox: GeoBox) -> Layout:
    """What the median of several dates of Sentinel-2 is; its values carry no offset any more."""
    days = sorted(each.item.acquired for each in items)
    tags = {
        "ACQUISITION_DATE": f"{days[len(days) // 2]:%Y-%m-%d}",
        "PROCESSING_LEVEL": items[0].item.level,
        "BOA_ADD_OFFSET": "0",
        "COMPOSITE": f"median of {len(days)} images, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}, clouds left out",
    }
    bands = tuple(SENTINEL2_BANDS[band] for band in BANDS if all(band in each.item.files for each in items))
    return Layout(geobox, bands, "uint16", 0, "gray", tags)


def composite_reader(items: Sequence[Opened], attempts: Attempts) -> Read:
    """Reads several dates and gives their median where the ground is clear; 0 where it never is.

    Raises, when it reads:
        SceneError: a file cannot be read, however often it is tried.
    """
    wanted = [band for band in BANDS if all(band in each.item.files for each in items)]

    def read(geobox: GeoBox) -> AnyArray:
        values, clear = [], []
        for each in items:
            if not _reaches(each.geobox, geobox):
                continue
            seen = read_clear(each.item, geobox, attempts)
            if seen.any():  # what is all clouds need not travel
                bands = [read_band(each.item, each.item.files[band], geobox, attempts) for band in wanted]
                values.append(harmonised(np.concatenate(bands), each.offset))
                clear.append(seen)
        if not values:
            return np.zeros((len(wanted), *geobox.shape), np.uint16)
        return median(np.stack(values), np.stack(clear))

    return read


def _reaches(grid: GeoBox, block: GeoBox) -> bool:
    """Whether something of a small block may lie on a grid: a file that has nothing of it need not be opened."""
    left, bottom, right, top = reprojected(block.extent, CRS(str(grid.crs))).boundingbox.bbox
    slack = abs(grid.affine.a) + abs(grid.affine.b)  # an edge that bends on the way
    here = grid.boundingbox
    return bool(
        left < here.right + slack
        and right > here.left - slack
        and bottom < here.top + slack
        and top > here.bottom - slack
    )
