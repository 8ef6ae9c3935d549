import numpy as np
import pytest
from four_colors import geobox
from known_encoder import KnownEncoder

from graft_core.errors import SceneError
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.tasks.index_scene import scene_record
from graft_core.ui.indexing import again


@pytest.fixture
def haze(tmp_path):
    path = tmp_path / "haze.tif"
    pixels = np.random.default_rng(0).integers(300, 4000, (3, 64, 64)).astype(np.uint16)
    write_raster(path, pixels, geobox(64, 64, gsd=10.0), descriptions=("B04", "B03", "B02"))
    return path


def test_scene_is_indexed_again_with_what_was_stated(haze) -> None:
    spec = KnownEncoder(gsd=10.0).spec
    scene = open_scene(haze, sensor="sentinel2-l1c")
    record = scene_record(scene, spec, stride=3)
    assert again(spec, record) == {"encoder": "known", "sensor": "sentinel2-l1c", "stride": 3}
    assert again(spec, scene_record(open_scene(haze), spec))["sensor"] == "sentinel2"


def test_patch_encoder_has_one_stride(haze) -> None:
    spec = KnownEncoder(level="patch", gsd=10.0).spec
    assert again(spec, scene_record(open_scene(haze), spec))["stride"] is None


def test_scene_whose_file_is_gone_cannot_be_indexed_again(haze) -> None:
    spec = KnownEncoder(gsd=10.0).spec
    record = scene_record(open_scene(haze), spec)
    haze.unlink()
    with pytest.raises(SceneError, match=r"haze\.tif"):
        again(spec, record)
