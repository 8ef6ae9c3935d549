"""Several files as one scene: what is between them is missing, what does not fit together is named."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from graft_core.errors import SceneError
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import open_scene, read_rgb, read_tiles

LEFT, TOP = 435_000.0, 3_778_000.0
S2 = ("B04", "B03", "B02", "B08")


def two_crops(raster: Any, values: np.ndarray, **options: Any) -> Path:
    """A folder with rows 0-63, columns 0-63 and rows 100-163, columns 120-183 of ``values``, 0.6 m pixels."""
    for number, (row, col) in enumerate(((0, 0), (100, 120))):
        part = values[:, row : row + 64, col : col + 64]
        place = {"left": LEFT + col * 0.6, "top": TOP - row * 0.6}
        path = raster(f"town/town_2020_{number}.tif", part, gsd=0.6, **place, **options)
    folder: Path = path.parent
    return folder


@pytest.mark.parametrize(
    "options",
    [{}, {"nodata": 0}, {"colors": ("red", "green", "blue", "alpha")}],
    ids=["plain", "nodata", "infrared tagged alpha"],
)
def test_a_folder_is_one_scene_with_gaps(raster: Any, noise: Any, options: dict[str, Any]) -> None:
    values = noise(4, 164, 184, low=15, high=251)
    scene = open_scene(two_crops(raster, values, **options))
    rgb, valid = read_rgb(scene, scene.geobox)
    assert scene.sensor == "naip"
    assert scene.geobox.shape == (164, 184)
    expected = np.zeros((164, 184), bool)
    expected[:64, :64] = expected[100:, 120:] = True
    assert np.array_equal(valid, expected)
    assert np.array_equal(rgb[valid], np.moveaxis(values[:3], 0, -1)[expected])
    assert (rgb[~valid] == 0).all()


def test_a_collection_opens_the_same_way_again(raster: Any, noise: Any) -> None:
    folder = two_crops(raster, noise(4, 164, 184))
    scene = open_scene(folder)
    assert scene.name.startswith("town-")
    assert open_scene(scene.source) == scene
    assert open_scene(sorted(folder.iterdir())) == scene
    assert open_scene(sorted(folder.iterdir(), reverse=True)).name == scene.name
    assert open_scene(f"{folder}/*_2020_*.tif").geobox == scene.geobox


def test_two_lists_from_one_folder_are_two_scenes(raster: Any, noise: Any) -> None:
    values = noise(3, 64, 64)
    paths = [raster(f"{n}.tif", values, left=LEFT + 64 * n) for n in range(4)]
    assert open_scene(paths[:2]).name != open_scene(paths[:3]).name != open_scene(paths).name


def test_a_collection_changes_its_fingerprint_with_a_member(raster: Any, noise: Any) -> None:
    folder = two_crops(raster, noise(4, 164, 184))
    before = open_scene(folder)
    os.utime(folder / "town_2020_1.tif", ns=(1, 1))
    after = open_scene(folder)
    assert after.name == before.name
    assert after.fingerprint != before.fingerprint


def test_later_files_lie_on_top_but_their_nodata_does_not_hide(raster: Any) -> None:
    under, over = np.full((3, 64, 64), 50, np.uint8), np.full((3, 64, 64), 90, np.uint8)
    over[:, :, :10] = 0
    paths = [raster("a.tif", under, nodata=0), raster("b.tif", over, nodata=0, left=LEFT + 32)]
    scene = open_scene(paths)
    rgb, valid = read_rgb(scene, scene.geobox)
    assert valid.all()
    assert rgb[0, :, 0].tolist() == [50] * 42 + [90] * 54


def test_files_with_different_nodata_values_keep_their_holes(raster: Any) -> None:
    first, second = np.full((3, 64, 64), 50, np.uint8), np.full((3, 64, 64), 90, np.uint8)
    first[:, :8], second[:, :8] = 0, 255
    scene = open_scene([raster("a.tif", first, nodata=0), raster("b.tif", second, nodata=255, left=LEFT + 100)])
    _, valid = read_rgb(scene, scene.geobox)
    assert valid[8:, :64].all()
    assert valid[8:, 100:].all()
    assert not valid[:8].any()
    assert not valid[:, 64:100].any()


def test_stored_masks_survive_in_a_collection(raster: Any, noise: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_TIFF_INTERNAL_MASK", "YES")
    mask = np.full((64, 64), 255, np.uint8)
    mask[:, 40:] = 0
    paths = [raster("a.tif", noise(3, 64, 64), mask=mask), raster("b.tif", noise(3, 64, 64), left=LEFT + 64)]
    scene = open_scene(paths)
    assert np.array_equal(read_rgb(scene, scene.geobox)[1][0], [True] * 40 + [False] * 24 + [True] * 64)


def test_real_alpha_bands_mask_in_a_collection(raster: Any, noise: Any) -> None:
    values = noise(4, 64, 64)
    values[3] = 255
    values[3, :, 40:] = 0
    paths = [raster(f"{n}.tif", values, left=LEFT + 64 * n, colors=("red", "green", "blue", "alpha")) for n in (0, 1)]
    scene = open_scene(paths)
    assert np.array_equal(read_rgb(scene, scene.geobox)[1][9], ([True] * 40 + [False] * 24) * 2)


def test_numbers_that_are_none_stay_missing_in_a_collection(raster: Any) -> None:
    values = np.random.default_rng(0).random((3, 64, 64)).astype(np.float32)
    values[:, 5, 6] = np.nan
    scene = open_scene([raster("a.tif", values), raster("b.tif", values, left=LEFT + 64)])
    assert np.argwhere(~read_rgb(scene, scene.geobox)[1]).tolist() == [[5, 6], [5, 70]]


def test_tiles_of_a_collection_skip_the_gaps(raster: Any, noise: Any) -> None:
    scene = open_scene(two_crops(raster, noise(4, 164, 184)))
    grid = tile_grid(scene.geobox, gsd=1, tile_px=16, stride_px=16)
    positions = [int(i) for batch in read_tiles(scene, grid) for i in batch.index]
    shares = [float(v) for batch in read_tiles(scene, grid) for v in batch.valid]
    assert 0 < len(positions) < len(grid)
    assert sum(shares) * 16**2 == pytest.approx(2 * (64 * 0.6) ** 2, rel=0.05)


def test_other_grids_are_listed_to_be_opened_apart(raster: Any, noise: Any) -> None:
    values = noise(4, 64, 64)
    raster("mixed/a1.tif", values, gsd=0.6)
    raster("mixed/a2.tif", values, gsd=0.6, left=LEFT + 100)
    raster("mixed/b1.tif", values, gsd=0.6, crs="EPSG:26910")
    path = raster("mixed/c1.tif", values, gsd=1.0)
    with pytest.raises(SceneError, match="open each of these groups apart") as caught:
        open_scene(path.parent)
    message = str(caught.value)
    assert "[EPSG:26911, 0.6 m, 4 bands uint8] a1.tif, a2.tif;" in message
    assert "[EPSG:26910, 0.6 m, 4 bands uint8] b1.tif" in message
    assert "[EPSG:26911, 1 m, 4 bands uint8] c1.tif" in message


def test_members_with_another_radiometric_offset_do_not_mix(raster: Any, noise: Any) -> None:
    values = noise(4, 64, 64, dtype="uint16", low=1000, high=3000)
    paths = [
        raster("a.tif", values, gsd=10, names=S2),
        raster("b.tif", values, gsd=10, names=S2, left=LEFT + 640, tags={"BOA_ADD_OFFSET": "-1000"}),
    ]
    with pytest.raises(SceneError, match=r"BOA_ADD_OFFSET=-1000\] b\.tif"):
        open_scene(paths)


def test_day_and_level_of_the_members_become_those_of_the_collection(raster: Any, noise: Any) -> None:
    values = noise(4, 64, 64, dtype="uint16", low=1000, high=3000)
    paths = [
        raster(f"S2A_MSIL2A_20200223T033739_{n}.tif", values, gsd=10, names=S2, left=LEFT + 640 * n) for n in (0, 1)
    ]
    scene = open_scene(paths)
    assert str(scene.acquired) == "2020-02-23"
    assert scene.sensor == "sentinel2"
    assert scene.stretch.kind == "reflectance"


@pytest.mark.parametrize("suffix", ["tif", "jp2"])
def test_one_file_per_band_is_one_image(raster: Any, noise: Any, tmp_path: Path, suffix: str) -> None:
    values = noise(4, 150, 130, dtype="uint16", low=100, high=3000)
    whole = open_scene(raster("s2.tif", values, gsd=10, names=S2), sensor="sentinel2-l2a")
    options = {} if suffix == "tif" else {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}
    for band, name in zip(values, S2, strict=True):
        raster(f"bands/T33UUU_20170216T102101_{name}.{suffix}", band[None], gsd=10, **options)
    raster(f"bands/T33UUU_20170216T102101_TCI.{suffix}", noise(3, 150, 130), gsd=10)
    scene = open_scene(tmp_path / "bands", sensor="sentinel2-l2a")
    assert scene.sensor == "sentinel2"
    assert str(scene.acquired) == "2017-02-16"
    assert np.array_equal(read_rgb(scene, scene.geobox)[0], read_rgb(whole, whole.geobox)[0])
    assert open_scene(sorted((tmp_path / "bands").glob("*_B0*"))).geobox == scene.geobox


def test_a_product_folder_gives_its_10_m_bands_with_their_offset(raster: Any, noise: Any, tmp_path: Path) -> None:
    product = "S2B_MSIL2A_20220201T101209_N0400_R022_T33UUU_20220201T120000.SAFE"
    images = f"{product}/GRANULE/L2A_T33UUU/IMG_DATA"
    lossless = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}
    for name in S2:
        values = np.full((1, 128, 128), 2500, "uint16")
        raster(f"{images}/R10m/T33UUU_20220201T101209_{name}_10m.jp2", values, gsd=10, **lossless)
        raster(f"{images}/R20m/T33UUU_20220201T101209_{name}_20m.jp2", values[:, :64, :64], gsd=20, **lossless)
    scene = open_scene(tmp_path / product)
    assert scene.gsd == 10
    assert read_rgb(scene, scene.geobox)[0][9, 9].tolist() == [128, 128, 128]
    assert scene.name.startswith("S2B_MSIL2A_20220201T101209")


def test_a_missing_band_file_is_named(raster: Any, noise: Any) -> None:
    paths = [raster(f"T33_{name}.tif", noise(1, 64, 64, dtype="uint16"), gsd=10) for name in ("B04", "B02")]
    with pytest.raises(SceneError, match="B03 is missing"):
        open_scene(paths)


def test_band_files_of_two_products_are_told_apart(raster: Any, noise: Any) -> None:
    band = noise(1, 64, 64, dtype="uint16")
    paths = [raster(f"T33_{day}_{name}.tif", band, gsd=10) for day in ("20200101", "20200301") for name in S2]
    with pytest.raises(SceneError, match=r"open each of these groups apart: \[T33_20200101"):
        open_scene(paths)


def test_band_files_on_different_grids_are_refused(raster: Any, noise: Any) -> None:
    paths = [raster(f"T33_{name}.tif", noise(1, 64, 64), gsd=10) for name in ("B04", "B03")]
    paths.append(raster("T33_B02.tif", noise(1, 32, 32), gsd=20))
    with pytest.raises(SceneError, match="different grids"):
        open_scene(paths)


def test_nothing_to_open_is_said(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="holds no raster"):
        open_scene(tmp_path)
    with pytest.raises(SceneError, match="empty list"):
        open_scene([])
    with pytest.raises(SceneError, match="holds no raster"):
        open_scene(tmp_path / "*.tif")


def test_a_damaged_member_is_named(raster: Any, noise: Any) -> None:
    folder = two_crops(raster, noise(4, 164, 184))
    (folder / "town_2020_9.tif").write_bytes(b"")
    with pytest.raises(SceneError, match=r"town_2020_9\.tif is empty"):
        open_scene(folder)


def test_a_rotated_member_is_named(raster: Any, noise: Any) -> None:
    folder = two_crops(raster, noise(4, 164, 184))
    turned = Affine(0.6, 0.01, LEFT, 0.01, -0.6, TOP)
    raster("town/town_2020_9.tif", noise(4, 64, 64), transform=turned)
    with pytest.raises(SceneError, match=r"town_2020_9\.tif is rotated"):
        open_scene(folder)


def test_a_full_disk_is_named_and_leaves_nothing_behind(
    raster: Any, noise: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = two_crops(raster, noise(4, 164, 184))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("graft_core.io.vrt.os.replace", full)
    with pytest.raises(SceneError, match=r"No space left on device.*GRAFT_TILES"):
        open_scene(folder)
    assert list((tmp_path / "tiles" / "collections").iterdir()) == []


def test_a_member_that_disappears_is_named_when_read(raster: Any, noise: Any) -> None:
    folder = two_crops(raster, noise(4, 164, 184))
    scene = open_scene(folder)
    shutil.rmtree(folder)
    with pytest.raises(SceneError, match="cannot be read at rows"):
        read_rgb(scene, scene.geobox)


@pytest.mark.parametrize(("town", "files", "crs"), [("claremont", 92, 26911), ("eureka", 21, 26910)])
def test_the_real_towns_open_as_collections(shared_data: Path, town: str, files: int, crs: int) -> None:
    scene = open_scene(shared_data / "naip" / town)
    assert (scene.sensor, scene.mask_band, str(scene.geobox.crs)) == ("naip", None, f"EPSG:{crs}")
    coarse = tile_grid(scene.geobox, gsd=1, tile_px=224, stride_px=224)
    if town == "eureka":
        shares = [float(v) for batch in read_tiles(scene, coarse) for v in batch.valid]
        assert sum(shares) * 224**2 == pytest.approx(files * 153.6**2, rel=0.01)


def test_the_two_towns_are_not_one_scene(shared_data: Path) -> None:
    paths = [shared_data / "naip" / town / f"{town}_2020_0.tif" for town in ("claremont", "eureka")]
    with pytest.raises(
        SceneError, match=r"EPSG:26910.*eureka_2020_0\.tif.*EPSG:26911.*claremont|EPSG:26911.*EPSG:26910"
    ):
        open_scene(paths)
