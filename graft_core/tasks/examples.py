"""Example images of a query: ground photos and satellite chips on disk, embedded once."""

import hashlib
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from graft_core.errors import GraftError, PhotoError, QueryError
from graft_core.geo.grid import working_geobox
from graft_core.geo.place import pixel_window
from graft_core.io.scene import fill_invalid, open_scene, read_rgb
from graft_core.search.embed import unit_rows
from graft_core.search.query import Example, Query, Term
from graft_core.types import F32, U8, Encoder

RASTERS = (".tif", ".tiff", ".jp2", ".vrt")
"""Chips that may have a place on the map, and then a scale."""


def check_images(query: Query) -> None:
    """Refuse a query that names an image which is not there (QueryError), before any work is done for it."""
    for term in query.terms:
        if term.kind == "image" and term.example is None and not os.path.isfile(os.path.expanduser(term.value)):
            raise QueryError(f"There is no image at '{term.value}'; give the path of a photo or a satellite chip.")


def embed_image(term: Term, encoder: Encoder) -> Example:
    """Embed the image a term names.

    Raises:
        QueryError: there is no such file.
        PhotoError: it is not an image.
    """
    path = Path(os.path.expanduser(term.value))
    if not path.is_file():
        raise QueryError(f"There is no image at '{term.value}'; give the path of a photo or a satellite chip.")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    above = term.view == "above"
    vector = embed_chip(path, encoder) if above else encoder.encode_photos([read_photo(path)])[0]
    return Example(tuple(vector.tolist()), encoder.spec.key, sha256)


def embed_chip(path: Path, encoder: Encoder) -> F32:
    """(D,) embedding of the middle of a satellite image: at the encoder's scale where the image has a place."""
    size = encoder.spec.tile_px
    pixels = _placed_chip(path, encoder) if path.suffix.lower() in RASTERS else None
    if pixels is None:
        pixels = _middle(read_photo(path), size)
    vectors = encoder.encode_tiles(pixels[None])  # (1, D), at patch level (1, h, w, D)
    return unit_rows(vectors.reshape(-1, vectors.shape[-1]).mean(axis=0, dtype=np.float64))


def read_photo(path: Path) -> U8:
    """(H, W, 3) RGB of an image file, turned upright by its EXIF.

    Raises:
        PhotoError: the file is not an image, or is damaged.
    """
    try:
        with Image.open(path) as image:
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise PhotoError(f"'{path}' cannot be read as an image ({error}); give a JPEG or PNG.") from error


def _placed_chip(path: Path, encoder: Encoder) -> U8 | None:
    """The middle tile of a georeferenced image; None where it has no place and is read as a plain picture."""
    try:
        scene = open_scene(path)
    except GraftError:
        return None
    grid = working_geobox(scene.geobox, encoder.spec.gsd)
    size = encoder.spec.tile_px
    top, left = ((length - size) // 2 for length in grid.shape)
    rgb, valid = read_rgb(scene, pixel_window(grid, top, left, size, size))
    return fill_invalid(rgb, valid) if valid.any() else None


def _middle(pixels: U8, size: int) -> U8:
    """The middle (size, size) of a picture, reflected outwards where it is smaller."""
    height, width = pixels.shape[:2]
    top, left = max(0, (height - size) // 2), max(0, (width - size) // 2)
    part = pixels[top : top + size, left : left + size]
    missing = [size - length for length in part.shape[:2]]
    margins = [(each // 2, each - each // 2) for each in missing]
    return np.pad(part, [*margins, (0, 0)], mode="symmetric")
