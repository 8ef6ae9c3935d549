"""Virtual rasters of images that lie elsewhere: what the catalogue knows of the values counts, and masks stay."""

from pathlib import Path

import numpy as np
import rasterio
from imagery_material import LEFT, TOP, ZONE, area_in, drawn, earth_search_sentinel2, planetary_naip, write_cog
from rasterio.transform import Affine
from stac_server import StacServer

from graft_core.io.imagery.in_place import write_reference
from graft_core.io.imagery.remote import Attempts, remote_path
from graft_core.io.imagery.window import Opened, open_item
from graft_core.io.scene import open_scene, read_rgb
from graft_core.tasks.find_imagery import find_imagery


def referred(path: Path, found: Opened) -> Path:
    write_reference(path, found, "here", lambda asset: remote_path(found.item, asset))
    return path


def test_an_offset_that_files_declare_although_it_is_taken_away_does_not_count(
    catalogs: StacServer, tmp_path: Path
) -> None:
    item = earth_search_sentinel2(catalogs, "2023-06-17", drawn(300, side=64), applied=True)
    for path in catalogs.folder.rglob("B0*.tif"):
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as out:
            out.scales, out.offsets = (0.0001,), (-0.1,)
    found = open_item(find_imagery("earth-search", "sentinel2", area_in(item)).items[0], Attempts(2, 0.01))
    scene = open_scene(referred(tmp_path / "a.vrt", found))
    assert (scene.stretch.low, scene.stretch.high) == ((0, 0, 0), (3000, 3000, 3000))


def test_an_aerial_image_keeps_its_mask(catalogs: StacServer, tmp_path: Path) -> None:
    values = np.full((4, 64, 64), 90, np.uint8)
    raster = write_cog(tmp_path / "a.tif", values, Affine(0.6, 0, LEFT, 0, -0.6, TOP), ZONE)
    item = planetary_naip(catalogs, "2020-04-18", raster)
    mask = np.full((64, 64), 255, np.uint8)
    mask[:, :10] = 0
    stored = next(catalogs.folder.rglob("m_*.tif"))
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(stored, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as out,
    ):
        out.write_mask(mask)
    found = open_item(find_imagery("planetary-computer", "naip", area_in(item)).items[0], Attempts(2, 0.01))
    scene = open_scene(referred(tmp_path / "a.vrt", found))
    _, valid = read_rgb(scene, scene.geobox)
    assert not valid[:, :10].any()
    assert valid[:, 10:].all()
