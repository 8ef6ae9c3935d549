"""Embeddings of photos, computed once: kept on disk by teacher and by the bytes of the photo."""

import hashlib
import os
import sqlite3
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core import settings
from graft_core.errors import TrainError
from graft_core.io.photo import BadPhotoError, decode_photo
from graft_core.io.photos import WEB, read_bytes
from graft_core.types import F32, U8, Encoder, Progress

AT_ONCE = 64
"""Photos decoded, encoded and written together; an interruption loses no more."""
_LOOKED_UP = 500
_THREADS = 8
_WAIT_S = 60.0
"""For another process that writes."""
_TABLES = """
CREATE TABLE IF NOT EXISTS rows (sha256 TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (place TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class PhotoRows:
    """Embeddings of photos, in the order they were asked for."""

    rows: F32
    """(N, D) unit rows, the same bits whether they were computed or kept; NaN where a photo cannot be read."""
    digests: tuple[str, ...]
    """(N,) sha256 of the bytes, hex; empty where a photo cannot be read."""
    problems: dict[int, str]
    """Position -> what is wrong with the photo, in a sentence."""
    reasons: dict[int, str]
    """Position -> the kind of problem, in a few words."""


def default_cache() -> Path:
    """Where embeddings are kept unless the caller says otherwise."""
    return settings.weights_dir() / "photo-rows"


def photo_rows(photos: Sequence[str], encoder: Encoder, cache: Path) -> Generator[Progress, None, PhotoRows]:
    """Embed photos with the photo tower; those met before come from the cache and are not decoded, nor fetched, again.

    Rows are kept as float16, a kilobyte for 512 dimensions. A file counts as the one met before when its path, size and
    time of change are the same; what is kept belongs to its bytes, so copies share one row. Several processes may use
    one cache.

    Args:
        photos: (N,) paths or addresses.
        encoder: its photo tower; the cache has one file for each ``encoder.spec.key``.
        cache: folder, made if missing.

    Raises:
        TrainError: the cache cannot be used.
    """
    path = cache / f"{encoder.spec.key}.sqlite"
    started = time.monotonic()
    rows = np.full((len(photos), encoder.spec.dim), np.nan, np.float32)
    digests = [""] * len(photos)
    problems: dict[int, BadPhotoError] = {}
    with _opened(path) as kept:
        missing = [i for i, found in enumerate(_look_up(kept, photos, rows, digests)) if not found]
        known = len(photos) - len(missing)
        for start in range(0, len(missing), AT_ONCE):
            chunk = missing[start : start + AT_ONCE]
            _embed(kept, photos, chunk, encoder, rows, digests, problems)
            done = known + start + len(chunk)
            yield Progress(done, len(photos), "photos", time.monotonic() - started, resumed=known)
    return PhotoRows(
        rows=_unit(rows),
        digests=tuple(digests),
        problems={i: str(problem) for i, problem in problems.items()},
        reasons={i: problem.reason for i, problem in problems.items()},
    )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        kept.executescript(_TABLES)
        yield kept
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    finally:
        kept.close()


def _unusable(path: Path, error: BaseException) -> TrainError:
    return TrainError(
        f"The photo embeddings in {path} cannot be used ({error}); free some space, or remove that file, and they are "
        "computed again."
    )


def _look_up(kept: sqlite3.Connection, photos: Sequence[str], rows: F32, digests: list[str]) -> Iterator[bool]:
    """Fill in what is kept; for each photo whether it is."""
    for start in range(0, len(photos), _LOOKED_UP):
        places = photos[start : start + _LOOKED_UP]
        marks = ",".join("?" * len(places))
        seen = {
            place: (stamp, digest, row)
            for place, stamp, digest, row in kept.execute(
                f"SELECT place, stamp, sha256, row FROM files JOIN rows USING (sha256) WHERE place IN ({marks})", places
            )
        }
        for i, place in enumerate(places, start=start):
            stamp, digest, row = seen.get(place, ("", "", b""))
            found = len(row) == 2 * rows.shape[1] and stamp == _stamp(place)
            if found:
                rows[i], digests[i] = np.frombuffer(row, np.float16), digest
            yield found


def _embed(
    kept: sqlite3.Connection,
    photos: Sequence[str],
    chunk: Sequence[int],
    encoder: Encoder,
    rows: F32,
    digests: list[str],
    problems: dict[int, BadPhotoError],
) -> None:
    """Read, decode and encode a few photos, and keep their rows; a copy of a photo met before is not decoded."""
    stamps = [_stamp(photos[i]) for i in chunk]  # before reading: a file that changes meanwhile is not taken for known
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        warnings.simplefilter("ignore")  # Pillow's, of large pictures and odd tags
        read = dict(zip(chunk, pool.map(lambda i: _read(photos[i]), chunk), strict=True))
        data = {i: each for i, each in read.items() if isinstance(each, bytes)}
        digest = {i: hashlib.sha256(each).hexdigest() for i, each in data.items()}
        have = _kept_rows(kept, sorted(set(digest.values())), rows.shape[1])
        fresh = {digest[i]: i for i in reversed(data) if digest[i] not in have}
        decoded = dict(
            zip(fresh, pool.map(lambda i: _decode(data[i], encoder.spec.tile_px), fresh.values()), strict=True)
        )
    pixels = {key: each for key, each in decoded.items() if not isinstance(each, BadPhotoError)}
    if pixels:
        made = encoder.encode_photos(list(pixels.values())).astype(np.float16)
        have |= dict(zip(pixels, made, strict=True))
    _keep(kept, have, [(photos[i], stamp, digest[i]) for i, stamp in zip(chunk, stamps, strict=True) if i in digest])
    for i in chunk:
        problem = read[i] if i not in digest else decoded.get(digest[i])
        if isinstance(problem, BadPhotoError):
            problems[i] = problem
        else:
            rows[i], digests[i] = have[digest[i]], digest[i]


def _keep(kept: sqlite3.Connection, have: dict[str, F32], files: Sequence[tuple[str, str, str]]) -> None:
    """Write rows and the files they belong to in one transaction."""
    kept.execute("BEGIN IMMEDIATE")
    try:
        kept.executemany(
            "INSERT OR IGNORE INTO rows VALUES (?, ?)", [(key, row.tobytes()) for key, row in have.items()]
        )
        known = [file for file in files if file[2] in have]
        kept.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", known)
        kept.execute("COMMIT")
    except sqlite3.Error:
        kept.rollback()
        raise


def _kept_rows(kept: sqlite3.Connection, digests: Sequence[str], dim: int) -> dict[str, F32]:
    marks = ",".join("?" * len(digests))
    found = kept.execute(f"SELECT sha256, row FROM rows WHERE sha256 IN ({marks})", digests)
    return {digest: np.frombuffer(row, np.float16) for digest, row in found if len(row) == 2 * dim}


def _stamp(place: str) -> str:
    """Size and time of change of a file; nothing for an address, which is taken to stay what it was."""
    if place.startswith(WEB):
        return ""
    try:
        stat = os.stat(place)
    except OSError:
        return "missing"
    return f"{stat.st_size}/{stat.st_mtime_ns}"


def _read(place: str) -> bytes | BadPhotoError:
    try:
        return read_bytes(place)
    except BadPhotoError as problem:
        return problem


def _decode(data: bytes, side: int) -> U8 | BadPhotoError:
    try:
        return decode_photo(data, side)
    except BadPhotoError as problem:
        return problem


def _unit(rows: F32) -> F32:
    """Rounding to float16 changes a length by up to a thousandth."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
