import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.io.categories import categories_path, read_categories, write_categories
from graft_core.io.geotiff import write_raster

NAMES = {1: "forest", 3: "lake & <river>", 4: "grün"}


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    path = tmp_path / "labels.tif"
    box = GeoBox((4, 4), Affine(1, 0, 0, 0, -1, 0), "EPSG:32631")
    write_raster(path, np.ones((1, 4, 4), np.uint8), box, descriptions=["class"])
    return path


def test_names_come_back(raster: Path) -> None:
    write_categories(raster, NAMES)
    assert read_categories(raster) == NAMES


def test_gdals_own_program_lists_them(raster: Path, gdalinfo: str) -> None:
    write_categories(raster, NAMES)
    said = subprocess.run([gdalinfo, str(raster)], check=True, capture_output=True, text=True).stdout
    assert "Categories:" in said
    assert "3: lake & <river>" in said


def test_raster_stays_as_it_is(raster: Path) -> None:
    before = raster.read_bytes()
    write_categories(raster, NAMES)
    assert raster.read_bytes() == before
    with rasterio.open(raster) as file:
        assert file.read().all()


def test_raster_without_names_has_none(raster: Path) -> None:
    assert read_categories(raster) == {}


def test_file_of_statistics_alone_has_no_names(raster: Path) -> None:
    categories_path(raster).write_text("<PAMDataset><PAMRasterBand band='1'><Metadata/></PAMRasterBand></PAMDataset>")
    assert read_categories(raster) == {}


def test_damaged_file_is_named(raster: Path) -> None:
    categories_path(raster).write_text("<PAMDataset><oops")
    with pytest.raises(ExportError, match=r"labels\.tif\.aux\.xml"):
        read_categories(raster)
