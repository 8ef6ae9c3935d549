"""Images sorted into class folders, as benchmark sets of scene classification come, and the pixels of such images."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from rasterio.windows import Window

from graft_core.errors import BenchmarkError, SceneError
from graft_core.io.source import open_dataset, read_window
from graft_core.io.stretch import SENTINEL2_WHITE
from graft_core.types import U8

IMAGES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
"""Suffixes of images."""
COUNTS_PER_REFLECTANCE = 10_000.0
"""Sentinel-2 products store reflectance times this."""
DEEPEST = 3
"""Folders from the one that is given down to the class folders: archives wrap them once or twice."""
_EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def class_folders(root: Path) -> dict[str, tuple[Path, ...]]:
    """Folder name -> its images, both sorted: of the first folder, from ``root`` down, whose subfolders hold images.

    Raises:
        BenchmarkError: there is no such folder, or there are several side by side, or it cannot be read.
    """
    if not root.is_dir():
        raise BenchmarkError(f"There is no folder {root}; give the one that holds the class folders of the set.")
    try:
        level = [root]
        for _ in range(DEEPEST):
            inside = {folder: {each.name: _images_in(each) for each in _subfolders(folder)} for folder in level}
            sets = {folder: found for folder, found in inside.items() if any(found.values())}
            if sets:
                return _only_one(root, sets)
            level = [each for folder in level for each in _subfolders(folder)]
    except OSError as error:
        raise BenchmarkError(f"{root} cannot be read ({error}); check who may read it.") from error
    raise BenchmarkError(
        f"{root} holds no class folders with images ({', '.join(IMAGES)}); give the folder in which each class has a "
        "folder of its own."
    )


def read_image(path: Path) -> U8:
    """(H, W, 3) RGB of an 8-bit image of any format that Pillow knows; BenchmarkError names what cannot be read."""
    try:
        with Image.open(path) as image:
            if image.mode not in _EIGHT_BITS:
                raise BenchmarkError(
                    f"{path} holds {image.mode} pixels, and how bright they are meant is not known; convert the set to "
                    "8-bit RGB."
                )
            return np.array(image.convert("RGB"))
    except UnidentifiedImageError as error:
        raise BenchmarkError(f"{path} is no image that can be read; download the set again, or convert it.") from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BenchmarkError(f"{path} cannot be decoded ({error}); copy or download it again.") from error


def read_reflectance(path: Path, bands: tuple[int, ...] = (1,)) -> U8:
    """(H, W, K) of K bands (1-based) of a Sentinel-2 product in counts, shown as the product shows such scenes.

    Counts are reflectance times 10,000; reflectance 0.3 and above is 255. BenchmarkError where the file is no raster of
    16-bit counts, or lacks a band.
    """
    try:
        with open_dataset(str(path)) as dataset:
            kind = dataset.dtypes[0]
            if dataset.count < max(bands) or kind not in ("uint16", "int16"):
                raise BenchmarkError(
                    f"{path} has {dataset.count} bands of {kind}, and band {max(bands)} of 16-bit counts is wanted; "
                    "download the set again."
                )
            counts = read_window(dataset, bands, Window(0, 0, dataset.width, dataset.height))
    except SceneError as error:
        raise BenchmarkError(str(error)) from error
    shown = np.clip(counts / (COUNTS_PER_REFLECTANCE * SENTINEL2_WHITE), 0, 1) * 255
    return np.rint(np.moveaxis(shown, 0, 2)).astype(np.uint8)


def _only_one(root: Path, sets: Mapping[Path, Mapping[str, tuple[Path, ...]]]) -> dict[str, tuple[Path, ...]]:
    """The class folders of the one folder that has some."""
    if len(sets) > 1:
        names = ", ".join(str(folder.relative_to(root)) for folder in sets)
        raise BenchmarkError(f"{root} holds several sets of class folders ({names}); give the one that is meant.")
    (found,) = sets.values()
    return {name: images for name, images in found.items() if images}


def _subfolders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith((".", "__MACOSX")))


def _images_in(folder: Path) -> tuple[Path, ...]:
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if each.name.lower().endswith(IMAGES) and not each.name.startswith(".")]
    return tuple(folder / name for name in sorted(names))
