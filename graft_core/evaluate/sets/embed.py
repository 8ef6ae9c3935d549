"""The embeddings of a set under one encoder: kept in parts as they are made, so that an interruption costs one part."""

import functools
import hashlib
import json
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from graft_core.errors import BenchmarkError, ExportError
from graft_core.evaluate.sets.fit import Fit, fit_image
from graft_core.evaluate.sets.labelled_set import LabelledSet
from graft_core.io.atomic import replacing
from graft_core.types import F32, U8, Encoder, Progress

PART = 256
"""Images embedded between two writes."""
_BATCH = 64
_THREADS = 4


def embed_set(asked: LabelledSet, encoder: Encoder, fit: Fit, cache: Path) -> Generator[Progress, None, F32]:
    """Embed every image; parts that are there already are not read again.

    Args:
        asked: N images.
        encoder: of tile level.
        fit: how an image becomes a tile.
        cache: folder, made if missing; shared by sets, encoders and fits.

    Yields:
        Progress in images.

    Returns:
        (N, D) unit rows.

    Raises:
        BenchmarkError: an image cannot be read.
        ExportError: the cache cannot be written.
    """
    folder = parts_folder(asked, encoder, fit, cache)
    make_folder(folder)
    count, started = len(asked.truth), time.monotonic()
    rows = np.empty((count, encoder.spec.dim), np.float32)
    starts = range(0, count, PART)
    missing = [start for start in starts if not _kept(_path(folder, start), rows[start : start + PART])]
    done = resumed = count - sum(min(PART, count - start) for start in missing)
    yield Progress(done, count, "images", 0.0, resumed=resumed)
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in missing:
            part = rows[start : start + PART]
            for first in range(0, len(part), _BATCH):
                some = range(start + first, start + min(first + _BATCH, len(part)))
                tiles = np.stack(list(pool.map(functools.partial(_tile, asked, encoder.spec.tile_px, fit), some)))
                part[first : first + len(tiles)] = encoder.encode_tiles(tiles)
                done += len(tiles)
                yield Progress(done, count, "images", time.monotonic() - started, resumed=resumed)
            _keep(_path(folder, start), part)
    return rows


def make_folder(folder: Path) -> None:
    """Make a folder of the cache; ExportError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Cannot make the folder {folder}: {error.strerror}; choose another cache.") from error


def parts_folder(asked: LabelledSet, encoder: Encoder, fit: Fit, cache: Path) -> Path:
    """Where the parts lie; the name depends on everything that decides the embeddings."""
    decided = json.dumps([asked.fingerprint, str(asked.root.absolute()), fit, PART])
    return cache / encoder.spec.key / f"{asked.name}-{hashlib.sha256(decided.encode()).hexdigest()[:16]}"


def _tile(asked: LabelledSet, side: int, fit: Fit, i: int) -> U8:
    image = asked.read(i)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise BenchmarkError(
            f"Image {i + 1} of {asked.root} is {image.shape}, not (height, width, 3); convert the set."
        )
    return fit_image(image, side, fit)


def _path(folder: Path, start: int) -> Path:
    return folder / f"{start:08d}.npy"


def _kept(path: Path, part: F32) -> bool:
    """Fill in a part that is there and whole."""
    try:
        found = np.load(path)
    except (OSError, ValueError, EOFError):
        return False
    if found.shape != part.shape or found.dtype != part.dtype:
        return False
    part[:] = found
    return True


def _keep(path: Path, part: F32) -> None:
    with replacing(path) as draft:
        np.save(draft, part)
