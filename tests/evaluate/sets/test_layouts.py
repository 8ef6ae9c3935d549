"""Sets that are not in their layout are refused by a sentence that names what is wrong, before anything is encoded."""

import shutil
from pathlib import Path

import miniature_sets as mini
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from graft_core.errors import BenchmarkError
from graft_core.evaluate.sets.layouts import folder_words, open_set
from graft_core.io.geotiff import write_raster

LABELS = "p1_labels_metadata.json"


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("AnnualCrop", "annual crop"),
        ("baseball_diamond", "baseball diamond"),
        ("dRiverLake", "d river lake"),
        ("USHighway-2", "us highway 2"),
        ("forest", "forest"),
    ],
)
def test_names_of_folders_become_words(folder: str, words: str) -> None:
    assert folder_words(folder) == words


def test_unknown_layout_and_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        BenchmarkError, match="no layout 'imagenet'; choose one of eurosat, ucm, resisc45, rsscn7, bige"
    ):
        open_set(tmp_path, "imagenet")
    for layout in ("eurosat", "folder", "bigearthnet"):
        with pytest.raises(BenchmarkError, match=r"There is no folder .*nowhere"):
            open_set(tmp_path / "nowhere", layout)
    with pytest.raises(BenchmarkError, match=r"There is no file .*nowhere"):
        open_set(tmp_path / "nowhere", "sat4")


def test_class_folders_are_told_apart_however_an_archive_writes_them(tmp_path: Path) -> None:
    root = mini.write_ucm(tmp_path)
    (root / "Images" / "baseballdiamond").rename(root / "Images" / "Baseball_Diamond")
    assert len(open_set(root, "ucm").truth) == 21


def test_missing_and_foreign_classes_are_named(tmp_path: Path) -> None:
    root = mini.write_rsscn7(tmp_path)
    shutil.rmtree(root / "eForest")
    with pytest.raises(BenchmarkError, match="not in the layout of rsscn7: it lacks the class folders eForest; give"):
        open_set(root, "rsscn7")
    (root / "gParking").rename(root / "parking")
    with pytest.raises(
        BenchmarkError, match=r"lacks the class folders eForest, gParking and it has folders .*, parking"
    ):
        open_set(root, "rsscn7")
    assert len(open_set(root, "folder").words) == 6


def test_empty_class_is_missing(tmp_path: Path) -> None:
    root = mini.write_rsscn7(tmp_path)
    next((root / "aGrass").iterdir()).unlink()
    with pytest.raises(BenchmarkError, match="lacks the class folders aGrass"):
        open_set(root, "rsscn7")


def test_folders_without_images_and_one_class_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "readme.txt").touch()
    with pytest.raises(BenchmarkError, match="holds no class folders with images"):
        open_set(tmp_path, "folder")
    mini.write_folders(tmp_path / "one", {"red": ["red"]})
    with pytest.raises(BenchmarkError, match=r"one class folder only \(red\)"):
        open_set(tmp_path / "one", "folder")


def test_several_sets_side_by_side_are_not_taken_for_one(tmp_path: Path) -> None:
    for part in ("train", "test"):
        mini.write_folders(tmp_path / "set" / part, {"red": ["red"], "blue": ["blue"]})
    with pytest.raises(BenchmarkError, match=r"holds several sets of class folders \(test, train\); give the one"):
        open_set(tmp_path / "set", "folder")
    assert len(open_set(tmp_path / "set" / "test", "folder").truth) == 2


def test_words_for_a_class_that_is_not_there_are_refused(tmp_path: Path) -> None:
    mini.write_folders(tmp_path, {"red": ["red"], "blue": ["blue"]})
    assert open_set(tmp_path, "folder", {"red": "brick"}).words == {"blue": "blue", "red": "brick"}
    with pytest.raises(BenchmarkError, match="has no class 'green'; its classes are blue, red"):
        open_set(tmp_path, "folder", {"green": "grass"})


@pytest.mark.parametrize(("content", "said"), [(b"", "no image"), (b"plain text", "no image")])
def test_image_that_is_none_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    mini.write_folders(tmp_path, {"red": ["red"], "blue": ["blue"]})
    (tmp_path / "blue" / "blue_1.png").write_bytes(content)
    with pytest.raises(BenchmarkError, match=rf"blue_1\.png is {said}"):
        open_set(tmp_path, "folder").read(0)


def test_pixels_of_16_bits_are_refused_where_their_meaning_is_not_known(tmp_path: Path) -> None:
    mini.write_folders(tmp_path, {"red": ["red"], "blue": ["blue"]})
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(tmp_path / "blue" / "blue_1.png")
    with pytest.raises(BenchmarkError, match=r"blue_1\.png holds I;16 pixels"):
        open_set(tmp_path, "folder").read(0)


def test_eurosat_with_too_few_bands_is_refused(tmp_path: Path) -> None:
    root = mini.write_eurosat_ms(tmp_path, {})
    path = root / "allBands" / "AnnualCrop" / "AnnualCrop_1.tif"
    write_raster(path, np.zeros((3, 8, 8), np.uint16), mini.grid(8), descriptions=[""] * 3)
    with pytest.raises(BenchmarkError, match=r"AnnualCrop_1\.tif has 3 bands of uint16, and band 4 of 16-bit counts"):
        open_set(root, "eurosat").read(0)


def bigearthnet(root: Path) -> Path:
    return mini.write_bigearthnet(root, {"p1": ("red", ["Pastures"]), "p2": ("green", ["Mixed forest"])})


def test_bigearthnet_without_patches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="holds no BigEarthNet patch"):
        open_set(tmp_path, "bigearthnet")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The labels in .*p1_labels_metadata.json cannot be read"),
        ("{}", "cannot be read .KeyError"),
        ("[]", "cannot be read .TypeError"),
        ('{"labels": "Pastures"}', "are no list of names"),
        ('{"labels": ["Meadow"]}', "Patch p1 has the label 'Meadow', which is neither"),
        (None, "Patch p1 has no p1_labels_metadata.json, and there is no metadata.parquet"),
    ],
)
def test_damaged_labels_of_a_patch_are_named(text: str | None, said: str, tmp_path: Path) -> None:
    labels = bigearthnet(tmp_path) / "p1" / LABELS
    if text is None:
        labels.unlink()
    else:
        labels.write_text(text)
    with pytest.raises(BenchmarkError, match=said):
        open_set(tmp_path, "bigearthnet")


def test_set_whose_patches_have_none_of_the_19_classes_is_refused(tmp_path: Path) -> None:
    mini.write_bigearthnet(tmp_path, {"p1": ("red", ["Airports"])})
    with pytest.raises(BenchmarkError, match="has a label that is one of the 19 classes"):
        open_set(tmp_path, "bigearthnet")


def test_patch_that_lacks_a_band_or_has_one_of_another_size_is_named(tmp_path: Path) -> None:
    asked = open_set(bigearthnet(tmp_path), "bigearthnet")
    band = tmp_path / "p2" / "p2_B03.tif"
    write_raster(band, np.zeros((1, 6, 6), np.uint16), mini.grid(6), descriptions=["B03"])
    with pytest.raises(BenchmarkError, match=r"bands of patch p2 are not of one size \(B04 \(12, 12\), B03 \(6, 6\)"):
        asked.read(1)
    band.write_bytes(b"II*\0")
    with pytest.raises(BenchmarkError, match=r"p2_B03\.tif cannot be opened as a raster"):
        asked.read(1)
    band.unlink()
    with pytest.raises(BenchmarkError, match=r"Patch p2 lacks p2_B03\.tif"):
        asked.read(1)


def test_damaged_table_of_the_second_version_is_named(tmp_path: Path) -> None:
    bigearthnet(tmp_path)
    (tmp_path / "metadata.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(BenchmarkError, match="cannot be read as BigEarthNet's table of patch_id, labels and split"):
        open_set(tmp_path, "bigearthnet")
    mini.write_reben(tmp_path / "new", {"S2A_1_1": ("red", ["Pastures"], "train")})
    with pytest.raises(BenchmarkError, match="of the test split"):
        open_set(tmp_path / "new", "bigearthnet")


def test_sat_files_that_are_none_are_named(tmp_path: Path) -> None:
    path = tmp_path / "sat-4-full.mat"
    for content, said in [
        (b"no matrix" * 40, "cannot be read as a MATLAB file"),
        (b"", "cannot be read as a MATLAB file"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400), "of version 7.3"),
    ]:
        path.write_bytes(content)
        with pytest.raises(BenchmarkError, match=said):
            open_set(path, "sat4")
    savemat(path, {"train_x": np.zeros((28, 28, 4, 2), np.uint8)})
    with pytest.raises(BenchmarkError, match="has no test_x and test_y"):
        open_set(path, "sat4")


def test_sat_of_other_shapes_is_refused(tmp_path: Path) -> None:
    six = mini.write_sat(tmp_path / "sat-6-full.mat", [("red", 0)] * 3, 6)
    with pytest.raises(BenchmarkError, match=r"is \(6, 3\), and 4 classes of 3 images .* the other one of SAT-4"):
        open_set(six, "sat4")
    savemat(six, {"test_x": np.zeros((28, 28, 4, 2)), "test_y": np.eye(6, 2)})
    with pytest.raises(BenchmarkError, match=r"test_x of .* is \(28, 28, 4, 2\) float64"):
        open_set(six, "sat6")
    savemat(six, {"test_x": np.zeros((28, 28, 4, 2), np.uint8), "test_y": np.ones((6, 2))})
    with pytest.raises(BenchmarkError, match="does not give every image one class"):
        open_set(six, "sat6")
    (tmp_path / "more.mat").touch()
    with pytest.raises(BenchmarkError, match=r"holds 2 \.mat files"):
        open_set(tmp_path, "sat6")


def test_truncated_sat_file_is_refused(tmp_path: Path) -> None:
    path = mini.write_sat(tmp_path / "sat-4-full.mat", [("red", 0)] * 40, 4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BenchmarkError, match=r"sat-4-full\.mat"):
        open_set(path, "sat4")


@pytest.mark.parametrize("packed", [True, False])
def test_damaged_sat_file_is_refused(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "sat-4-full.mat"
    chips = {"test_x": np.zeros((28, 28, 4, 8), np.uint8), "test_y": np.eye(4, 8, dtype=np.uint8)}
    savemat(path, chips, do_compression=packed)
    whole = bytearray(path.read_bytes())
    if packed:
        whole[-1] ^= 255  # of a checksum
    else:
        whole[144] = 200  # the first array's class, of which there are 18
    path.write_bytes(bytes(whole))
    with pytest.raises(BenchmarkError, match=r"sat-4-full\.mat cannot be read as a MATLAB file .*; download it again"):
        open_set(path, "sat4")
