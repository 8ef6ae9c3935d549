"""A bounded cache of patch embeddings on disk: what an encoder saw in the windows of a scene, to be asked again.

``root/<encoder key>/<scene fingerprint>/<stride>/<row>_<col>.npy`` holds one block of 4 x 4 windows of the absolute
lattice: a row of numbers says which of the windows show imagery, their tokens follow in float16, and a checksum ends
the file. Blocks are written whole or not at all and may be deleted at any time, the least recently used first: whoever
misses one encodes it again. A block is always the same windows, whatever area was asked, so the encoder is given the
same batch each time and gives the same bits.
"""

import contextlib
import io
import math
import os
import struct
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core.errors import IndexStoreError
from graft_core.index.files import write_error
from graft_core.index.staging import F16
from graft_core.types import F32, EncoderSpec

BLOCK = 4
"""Windows along each side of a block."""
LIMIT_GIB = 4.0
"""What all blocks together may take, unless GRAFT_PATCH_CACHE_GB says otherwise."""
TRIM_EVERY = 32
"""The cache is looked through each time a thirty-second part of its limit was written."""
TRIM_TO = 0.9
"""Share of the limit that is left when blocks have to go, so that not every block written costs another its place."""
ABANDONED_S = 3600.0
"""Age from which an unfinished file belongs to nobody."""

_CHECKSUM = struct.Struct("<I")
_MAKING = ".making-"


@dataclass(frozen=True, eq=False)
class PatchBlock:
    """The windows of one block that show imagery."""

    valid: F32
    """(4, 4) share of each window that holds imagery; 0 for one without any, or beyond the scene."""
    tokens: F16
    """(n, h, w, D) unit rows of the windows with imagery, row by row."""


class PatchCache:
    """The blocks of one scene under one encoder. Any number of processes may read and write at once."""

    def __init__(self, root: Path, spec: EncoderSpec, fingerprint: str, stride_px: int) -> None:
        """``root``: shared by all encoders and scenes, and bounded as a whole by ``cache_limit``."""
        self._root = root
        self._folder = root / spec.key / fingerprint / str(stride_px)
        side = spec.tile_px // spec.patch_px
        self._token_shape = (side, side, spec.dim)
        self._limit = cache_limit()
        self._written = self._limit  # so that the first block written has the cache looked through

    def has(self, row: int, col: int) -> bool:
        """Whether a block is there; it may be damaged, or gone when it is asked for."""
        return self._path(row, col).is_file()

    def load(self, row: int, col: int) -> PatchBlock | None:
        """A block, which counts as used now; None where it is missing or damaged."""
        path = self._path(row, col)
        try:
            content = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IndexStoreError(
                f"The patch cache cannot be read at {path} ({error.strerror}); check its permissions, or remove it."
            ) from error
        return self._unpacked(content)

    def save(self, row: int, col: int, block: PatchBlock) -> None:
        """Write a block; IndexStoreError where the disk takes no more."""
        path = self._path(row, col)
        content = _packed(block)
        temporary: Path | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_MAKING, delete=False) as file:
                temporary = Path(file.name)
                file.write(content)
            temporary.chmod(0o644)
            # Not synced to the disk: the checksum tells a block that a power cut left incomplete.
            temporary.replace(path)
        except OSError as error:
            raise write_error(error, path, "patch embeddings") from error
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        self._written += len(content)
        if self._written * TRIM_EVERY > self._limit:
            trim_patches(self._root, self._limit)
            self._written = 0

    def _path(self, row: int, col: int) -> Path:
        return self._folder / f"{row}_{col}.npy"

    def _unpacked(self, content: bytes) -> PatchBlock | None:
        body, end = content[: -_CHECKSUM.size], content[-_CHECKSUM.size :]
        if len(content) < _CHECKSUM.size or _CHECKSUM.unpack(end)[0] != zlib.crc32(body):
            return None
        file = io.BytesIO(body)
        valid, tokens = (np.load(file, allow_pickle=False) for _ in range(2))
        whole = valid.shape == (BLOCK, BLOCK) and tokens.shape == (np.count_nonzero(valid), *self._token_shape)
        return PatchBlock(valid, tokens) if whole else None


def cache_limit() -> int:
    """Most bytes of all blocks together: GRAFT_PATCH_CACHE_GB, else 4 GiB; IndexStoreError where it is no number."""
    text = os.environ.get("GRAFT_PATCH_CACHE_GB") or str(LIMIT_GIB)
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise IndexStoreError(f"GRAFT_PATCH_CACHE_GB is '{text}'; give a number of gibibytes from 0, such as 4.")
    return int(size * 2**30)


def bytes_needed(spec: EncoderSpec, windows: int) -> int:
    """Bytes that the tokens of so many windows take on disk, as (h, w, D) float16 each."""
    side = spec.tile_px // spec.patch_px
    return windows * side * side * spec.dim * np.dtype(np.float16).itemsize


def patch_bytes(root: Path) -> int:
    """Bytes of all cached blocks."""
    return sum(size for _, size, _ in _blocks(root))


def trim_patches(root: Path, limit_bytes: int) -> None:
    """Delete the least recently used blocks where all together take more than the limit; 0 deletes them all.

    What killed writers left behind goes too.
    """
    for path in root.glob(f"*/*/*/{_MAKING}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()
    blocks = sorted(_blocks(root))
    total = sum(size for _, size, _ in blocks)
    if total <= limit_bytes:
        return
    for _, size, path in blocks:
        if total <= TRIM_TO * limit_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size


def _blocks(root: Path) -> list[tuple[float, int, Path]]:
    """(time of last use, bytes, path) of every block."""
    found = []
    for path in root.glob("*/*/*/*.npy"):
        with contextlib.suppress(FileNotFoundError):  # another process trims too
            facts = path.stat()
            found.append((facts.st_mtime, facts.st_size, path))
    return found


def _packed(block: PatchBlock) -> bytes:
    file = io.BytesIO()
    np.save(file, block.valid)
    np.save(file, block.tokens)
    body = file.getvalue()
    return body + _CHECKSUM.pack(zlib.crc32(body))
