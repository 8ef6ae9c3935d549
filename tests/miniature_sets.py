"""Draws miniature benchmark sets in every layout: images of one colour each, so that every answer is known."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow
from affine import Affine
from known_encoder import COLORS
from odc.geo.geobox import GeoBox
from PIL import Image
from pyarrow import parquet
from scipy.io import savemat

from graft_core.evaluate.sets import class_words
from graft_core.io.geotiff import write_raster

WHITE = 3000
"""Counts of a Sentinel-2 product that are shown as 255."""
SHADES = COLORS | {"orange": (255, 120, 0), "violet": (120, 0, 255), "purple": (150, 0, 255), "indigo": (125, 0, 255)}
"""Colours of images: those the encoder knows words for, and some between them."""
BANDS = {"B04": 0, "B03": 1, "B02": 2}


def plain(color: str, height: int, width: int | None = None) -> np.ndarray:
    """(height, width, 3) of one colour."""
    return np.full((height, width or height, 3), SHADES[color], np.uint8)


def write_folders(root: Path, colors: Mapping[str, Sequence[str]], *, suffix: str = ".png", side: int = 24) -> Path:
    """One image a colour, in the folder of its class, named in that order."""
    for name, images in colors.items():
        (root / name).mkdir(parents=True)
        for i, color in enumerate(images):
            Image.fromarray(plain(color, side)).save(root / name / f"{name}_{i + 1}{suffix}", quality=95)
    return root


def write_eurosat(root: Path, colors: Mapping[str, Sequence[str]]) -> Path:
    """EuroSAT's archive: ``2750/CLASS/CLASS_1.jpg``; classes that are not named have one grey image."""
    write_folders(root / "2750", dict.fromkeys(class_words.EUROSAT, ("grey",)) | colors, suffix=".jpg", side=64)
    return root


def write_eurosat_ms(root: Path, colors: Mapping[str, Sequence[str]]) -> Path:
    """EuroSAT's multispectral archive: 13 bands of counts, red, green and blue the fourth, third and second."""
    for name, images in (dict.fromkeys(class_words.EUROSAT, ("grey",)) | colors).items():
        folder = root / "allBands" / name
        folder.mkdir(parents=True)
        for i, color in enumerate(images):
            counts = np.full((13, 8, 8), 9000, np.uint16)
            counts[[3, 2, 1]] = _counts(color)[:, None, None]
            write_raster(folder / f"{name}_{i + 1}.tif", counts, grid(8), descriptions=[""] * 13)
    return root


def write_ucm(root: Path) -> Path:
    """UC Merced's archive: ``Images/CLASS/CLASS00.tif``, one image a class, its colour by its place in the alphabet."""
    write_folders(root / "Images", _cycled(list(class_words.UCM)), suffix=".tif")
    return root


def write_resisc45(root: Path) -> Path:
    """RESISC45's archive: ``NWPU-RESISC45/CLASS/CLASS_001.jpg``."""
    write_folders(root / "NWPU-RESISC45", _cycled(list(class_words.RESISC45)), suffix=".jpg")
    return root


def write_rsscn7(root: Path) -> Path:
    """RSSCN7's archive: class folders with a letter before the name."""
    return write_folders(root, _cycled(list(class_words.RSSCN7)), suffix=".jpg", side=40)


def write_bigearthnet(root: Path, patches: Mapping[str, tuple[str, Sequence[str]]]) -> Path:
    """Version 1 of BigEarthNet: patch name -> (colour, labels), a GeoTIFF a band and the labels as JSON."""
    for name, (color, labels) in patches.items():
        _write_patch(root / name, color)
        described = {"labels": list(labels), "coordinates": {}, "projection": "", "tile_source": "x.SAFE"}
        (root / name / f"{name}_labels_metadata.json").write_text(json.dumps(described))
    return root


def write_reben(root: Path, patches: Mapping[str, tuple[str, Sequence[str], str]]) -> Path:
    """Version 2: patch name -> (colour, labels, split), patches below their Sentinel-2 tile and one table for all."""
    for name, (color, _, _) in patches.items():
        _write_patch(root / "BigEarthNet-S2" / name.rpartition("_")[0] / name, color)
    names, splits = list(patches), [split for _, _, split in patches.values()]
    labels = [list(each) for _, each, _ in patches.values()]
    table = pyarrow.table({"patch_id": names, "labels": labels, "split": splits, "country": [""] * len(names)})
    parquet.write_table(table, root / "metadata.parquet")
    return root


def write_sat(path: Path, chips: Sequence[tuple[str, int]], classes: int, *, rows: bool = False) -> Path:
    """SAT-4 or SAT-6: a colour and a class for each test chip; the training part holds other chips."""
    pixels = np.full((28, 28, 4, len(chips)), 200, np.uint8)
    hot = np.zeros((classes, len(chips)), np.uint8)
    for i, (color, label) in enumerate(chips):
        pixels[:, :, :3, i] = COLORS[color]
        hot[label, i] = 1
    train = {"train_x": np.zeros((28, 28, 4, 2), np.uint8), "train_y": np.eye(classes, 2, dtype=np.uint8)}
    savemat(path, {**train, "test_x": pixels, "test_y": hot.T if rows else hot})
    return path


def write_land_cover(root: Path, scenes: Mapping[str, tuple[str, np.ndarray]], names: Mapping[int, str] | None) -> Path:
    """Scenes of one colour and rasters of class numbers, 0 where nothing is known."""
    for part in ("images", "labels"):
        (root / part).mkdir(parents=True)
    for i, (name, (color, ids)) in enumerate(scenes.items()):
        placed = grid(*ids.shape, left=500_000 + 1000 * i)
        pixels = np.moveaxis(plain(color, *ids.shape), 2, 0)
        write_raster(
            root / "images" / f"{name}.tif", pixels, placed, descriptions=("red", "green", "blue"), photometric="rgb"
        )
        write_raster(
            root / "labels" / f"{name}.tif",
            ids.astype(np.uint8)[None],
            placed,
            descriptions=("class",),
            nodata=0,
            class_names=names,
        )
    return root


def write_satlas(root: Path, tiles: Mapping[str, tuple[str, np.ndarray]]) -> Path:
    """SatlasPretrain: COL_ROW -> (colour, class numbers); an older picture of each tile is black."""
    older, newer = "S2A_MSIL1C_20160808T181452_N0204_R041_T12SVC_x", "S2B_MSIL1C_20221230T180749_N0509_R041_T12SVC_x"
    for name, (color, ids) in tiles.items():
        for image, seen in ((older, "black"), (newer, color)):
            folder = root / "sentinel2" / image / "tci"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(plain(seen, 512)).save(folder / f"{name}.png")
        (root / "static" / name).mkdir(parents=True)
        Image.fromarray(ids.astype(np.uint8)).save(root / "static" / name / "land_cover.png")
    return root


def _cycled(classes: Sequence[str]) -> dict[str, tuple[str]]:
    known = list(COLORS)
    return {name: (known[i % len(known)],) for i, name in enumerate(classes)}


def _write_patch(folder: Path, color: str) -> None:
    folder.mkdir(parents=True)
    counts = _counts(color)
    for band, i in BANDS.items():
        pixels = np.full((1, 12, 12), counts[i], np.uint16)
        write_raster(folder / f"{folder.name}_{band}.tif", pixels, grid(12), descriptions=(band,))


def _counts(color: str) -> np.ndarray:
    return np.rint(np.array(COLORS[color]) / 255 * WHITE).astype(np.uint16)


def grid(height: int, width: int | None = None, *, left: float = 500_000) -> GeoBox:
    """Pixels of 1 m."""
    return GeoBox((height, width or height), Affine(1, 0, left, 0, -1, 5_000_000), "EPSG:32631")
