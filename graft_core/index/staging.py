"""Embeddings of a scene that is not committed yet: an append-only log that a killed run leaves for the next one.

One record a tile, of fixed length and with its own checksum, so that a torn tail (kill -9, power cut, full disk) is
recognised and cut off, and everything before it counts. The log lies under
``<key>.staging/<scene>/<identity>/tiles.log``; an identity the scene no longer has is thrown away.
"""

import hashlib
import re
import shutil
import zlib
from array import array
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from graft_core.index.files import write_error
from graft_core.types import F32, I64

F16 = npt.NDArray[np.float16]

CHECK_ROWS = 4096


class StagedRows(NamedTuple):
    """Some rows of the log, in the order of their positions."""

    position: I64
    valid: F32
    vectors: F16


def scene_folder(root: Path, scene: str) -> Path:
    """Folder of a scene's staged rows: readable, and distinct whatever characters the name has."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", scene)[:40]
    return root / f"{readable}-{hashlib.sha256(scene.encode()).hexdigest()[:12]}"


def discard_staged(root: Path, scene: str) -> bool:
    """Remove everything staged for a scene; False where there was nothing."""
    folder = scene_folder(root, scene)
    if not folder.is_dir():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


class Staging:
    """The log of one scene, open for appending. Not safe for two writers: the index lock is held around it."""

    def __init__(self, root: Path, scene: str, identity: str, dim: int) -> None:
        self._root = root
        self._scene = scene
        self._scene_folder = scene_folder(root, scene)
        self._path = self._scene_folder / identity / "tiles.log"
        self._row = np.dtype([("crc", "<u4"), ("valid", "<f4"), ("position", "<i8"), ("vector", "<f2", (dim,))])
        self._logged = array("q")  # positions in the order of the log
        self._done: set[int] = set()
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            self._drop_other_identities()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab", buffering=0)
            self._recover()
        except OSError as error:
            self.__exit__()
            raise write_error(error, self._path, f"staged tiles of scene '{self._scene}'") from error
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def done(self) -> Set[int]:
        """Positions in the log."""
        return self._done

    def append(self, position: I64, valid: F32, vectors: F16) -> None:
        """Add rows; either all of them are in the log, or none and an IndexStoreError says why."""
        if self._file is None:
            raise ValueError("staging is closed")
        fresh = set(position.tolist())
        if len(fresh) < len(position) or not fresh.isdisjoint(self._done):
            raise ValueError(f"a position of scene '{self._scene}' was added twice")
        rows = np.zeros(len(position), self._row)
        rows["position"], rows["valid"], rows["vector"] = position, valid, vectors
        rows["crc"] = _checksums(rows)
        try:
            _write_all(self._file, rows.tobytes())
        except OSError as error:
            self._file.truncate(self._size)
            raise write_error(error, self._path, f"staged tiles of scene '{self._scene}'") from error
        self._note(position)

    def sorted_rows(self, batch: int) -> Iterator[StagedRows]:
        """Every row by rising position, ``batch`` at a time; memory does not grow with the scene."""
        order = np.argsort(np.array(self._logged))
        for start in range(0, len(order), batch):
            # Mapped anew for each batch: pages of a map count as memory of the process for as long as it lives.
            log = np.memmap(self._path, self._row, mode="r", shape=(len(order),))
            rows = np.asarray(log)[order[start : start + batch]]
            yield StagedRows(rows["position"], rows["valid"], rows["vector"])

    def discard(self) -> None:
        """Close the log and remove everything staged for the scene."""
        self.__exit__()
        discard_staged(self._root, self._scene)

    def _drop_other_identities(self) -> None:
        if self._scene_folder.is_dir():
            for folder in self._scene_folder.iterdir():
                if folder != self._path.parent:
                    shutil.rmtree(folder)

    def _recover(self) -> None:
        """Take in the sound rows of an interrupted run and cut off what follows them."""
        assert self._file is not None
        size = self._path.stat().st_size
        found = size // self._row.itemsize
        for start in range(0, found, CHECK_ROWS):
            count = min(CHECK_ROWS, found - start)
            rows = np.fromfile(self._path, self._row, count, offset=start * self._row.itemsize)
            sound = rows["crc"] == _checksums(rows)
            good = count if sound.all() else int(np.argmin(sound))
            self._note(rows["position"][:good])
            if good < count:
                break
        if size != self._size:
            self._file.truncate(self._size)

    @property
    def _size(self) -> int:
        return len(self._logged) * self._row.itemsize

    def _note(self, position: I64) -> None:
        self._logged.extend(position.tolist())
        self._done.update(position.tolist())


def _checksums(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """CRC-32 of each record without its own checksum field."""
    width = rows.dtype.itemsize
    content = memoryview(rows.tobytes())
    sums = (zlib.crc32(content[start + 4 : start + width]) for start in range(0, len(content), width))
    return np.fromiter(sums, np.uint32, len(rows))


def _write_all(file: BinaryIO, content: bytes) -> None:
    """An unbuffered file may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
