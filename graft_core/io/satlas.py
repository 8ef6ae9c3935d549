"""SatlasPretrain's land cover (Bastani et al. 2023): Sentinel-2 pictures and class pictures, tile by tile.

Both are PNGs of 512 px in Web Mercator at zoom 13, named by column and row: ``sentinel2/IMAGE/tci/COL_ROW.png`` and
``static/COL_ROW/land_cover.png``. Neither says where it lies; here they become GeoTIFFs that do.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from PIL import Image, UnidentifiedImageError

from graft_core.errors import BenchmarkError
from graft_core.io.geotiff import write_raster
from graft_core.io.labelled_images import read_image
from graft_core.types import U8

ZOOM, TILE_PX = 13, 512
_HALF_WORLD = math.pi * 6378137.0
"""Metres of EPSG:3857 from the middle of the map to its edge."""
_DAY = re.compile(r"_(\d{8})(?:T\d{6})?")


@dataclass(frozen=True)
class SatlasTile:
    """One tile that has land cover and a picture."""

    col: int
    """Counted from the west, at zoom 13."""
    row: int
    """Counted from the north."""
    image: Path
    """The latest picture: labels that change slowly belong to it."""
    labels: Path
    """Class numbers, 0 where nothing is known."""

    @property
    def geobox(self) -> GeoBox:
        """Its pixel grid."""
        side = 2 * _HALF_WORLD / 2**ZOOM
        size = side / TILE_PX
        west, north = self.col * side - _HALF_WORLD, _HALF_WORLD - self.row * side
        return GeoBox((TILE_PX, TILE_PX), Affine(size, 0, west, 0, -size, north), "EPSG:3857")


def find_satlas(root: Path) -> list[SatlasTile]:
    """The tiles below a folder that have both; BenchmarkError where there is none."""
    labels = sorted(root.glob("static/*_*/land_cover.png"))
    images: dict[str, Path] = {}
    for path in sorted(root.glob("sentinel2/*/tci/*_*.png"), key=_day):
        images[path.stem] = path
    tiles = [
        SatlasTile(*_place(path.parent.name, path), images[path.parent.name], path)
        for path in labels
        if path.parent.name in images
    ]
    if not tiles:
        raise BenchmarkError(
            f"{root} holds {len(labels)} land cover labels (static/COL_ROW/land_cover.png) and {len(images)} tiles of "
            "imagery (sentinel2/IMAGE/tci/COL_ROW.png), and none of them belong together; give the folder of "
            "SatlasPretrain."
        )
    return tiles


def write_satlas_tile(tile: SatlasTile, folder: Path, names: Mapping[int, str]) -> tuple[Path, Path] | None:
    """Write a tile's picture and labels as GeoTIFFs, their paths; None where the labels know nothing.

    Args:
        tile: which.
        folder: where they go; files that are there already are kept.
        names: class number -> name, kept in the labels.

    Raises:
        BenchmarkError: a picture is damaged, of another size, or has a class without a name.
        ExportError: a file cannot be written.
    """
    stem = f"{tile.col}_{tile.row}-{_stamp(tile.image, tile.labels)}"
    image, labels = folder / f"{stem}.tif", folder / f"{stem}_land_cover.tif"
    ids = _class_numbers(tile.labels)
    unknown = sorted(set(np.unique(ids).tolist()) - {0, *names})
    if unknown:
        raise BenchmarkError(
            f"{tile.labels} has the class {unknown[0]}, and there are {len(names)}; download it again."
        )
    if not ids.any():
        return None
    if not labels.is_file():
        pixels = _sized(read_image(tile.image), tile.image)
        write_raster(
            image, np.moveaxis(pixels, 2, 0), tile.geobox, descriptions=("B04", "B03", "B02"), photometric="rgb"
        )
        write_raster(labels, ids[None], tile.geobox, descriptions=("land cover",), nodata=0, class_names=names)
    return image, labels


def _stamp(*files: Path) -> str:
    """Eight hex digits that change when the files do."""
    found = [(path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:8]


def _class_numbers(path: Path) -> U8:
    """(512, 512) values of a picture of one 8-bit band."""
    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "P"):
                raise BenchmarkError(
                    f"{path} holds {image.mode} pixels, and class numbers are 8 bits; download it again."
                )
            return _sized(np.array(image), path)
    except UnidentifiedImageError as error:
        raise BenchmarkError(f"{path} is no image that can be read; download it again.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BenchmarkError(f"{path} cannot be decoded ({error}); download it again.") from error


def _sized(pixels: U8, path: Path) -> U8:
    if pixels.shape[:2] != (TILE_PX, TILE_PX):
        raise BenchmarkError(f"{path} is {pixels.shape[1]} x {pixels.shape[0]} pixels, not {TILE_PX} x {TILE_PX}.")
    return pixels


def _place(name: str, path: Path) -> tuple[int, int]:
    try:
        col, row = (int(part) for part in name.split("_"))
    except ValueError as error:
        raise BenchmarkError(f"{path} lies in a folder that is not named COL_ROW; rename it.") from error
    return col, row


def _day(path: Path) -> tuple[str, str]:
    """Day in the name of a picture, and the name; those without a day come first."""
    name = path.parent.parent.name
    found = _DAY.search(name)
    return (found[1] if found else "", name)
