"""Virtual rasters of images that lie elsewhere: what the catalogue knows of the values counts, and masks stay."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from imagery_material import (
    LEFT,
    TOP,
    ZONE,
    area_in,
    drawn,
    earth_search_sentinel2,
    planetary_naip,
    planetary_sentinel2,
    write_cog,
)
from rasterio.transform import Affine
from stac_server import StacServer

from graft_core.errors import SceneError
from graft_core.io.imagery.in_place import write_reference
from graft_core.io.imagery.opened import Opened, open_item
from graft_core.io.imagery.remote import Attempts, remote_path
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


@pytest.mark.parametrize("product", ["naip", "sentinel2"])
def test_a_scene_in_place_comes_back_with_its_server(
    product: str, catalogs: StacServer, shared_data: Path, tmp_path: Path
) -> None:
    if product == "naip":
        item = planetary_naip(catalogs, "2020-04-18", shared_data / "naip" / "va_forest_lake.tif")
    else:
        item = planetary_sentinel2(catalogs, "2022-06-17", drawn(1900, side=512))
    found = open_item(find_imagery("planetary-computer", product, area_in(item)).items[0], Attempts(2, 0.01))
    path = never_seen(catalogs, referred(tmp_path / "a.vrt", found))
    catalogs.stop()
    with pytest.raises(SceneError, match=r"a\.vrt cannot be read .*check the network and try again"):
        open_scene(path)
    catalogs.start()
    assert open_scene(path).geobox.shape == found.geobox.shape


def never_seen(server: StacServer, path: Path) -> Path:
    """The files under other names: GDAL knows nothing of them yet, as in a program that did not fetch them."""
    for file in list(server.folder.rglob("*.tif")):
        file.rename(file.with_suffix(".new.tif"))
    path.write_text(path.read_text().replace(".tif", ".new.tif"))
    return path
