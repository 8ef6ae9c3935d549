"""The index of scenes under one encoder: write a scene, list, remove, take a snapshot to scan.

For an encoder key K, ``root`` holds ``K.lance`` (the table, see table.py), ``K.staging`` (scenes being embedded),
``K.matrix`` (disposable scan matrices) and ``K.lock`` (the writer's lock). Only the table matters: the rest can be
deleted at any time while no writer runs, at the price of work done again.
"""

import contextlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np

from graft_core.errors import IndexStoreError
from graft_core.index import table
from graft_core.index.files import tree_bytes
from graft_core.index.lock import writer_lock
from graft_core.index.matrix import delete_matrices
from graft_core.index.records import SceneRecord, select_scenes
from graft_core.index.snapshot import IndexSnapshot, empty_snapshot, matrix_prefix, take_snapshot
from graft_core.index.staging import Staging, discard_staged, scene_folder
from graft_core.types import F32, I64, EncoderSpec

__all__ = ["IndexInfo", "IndexSnapshot", "IndexStore", "SceneRecord", "SceneWriter", "list_indexes", "select_scenes"]

KEEP_SUPERSEDED = timedelta(minutes=10)
"""How long a version stays readable after the next one: more than the time a reader needs to make its matrix."""
COMMIT_ROWS = 4096

_T = TypeVar("_T")


class SceneWriter:
    """Rows of one scene on their way into the index; made by ``IndexStore.writer``.

    What is added survives a killed process: the next writer with the same record finds it in ``done``.
    """

    def __init__(self, store: "IndexStore", record: SceneRecord, staging: Staging) -> None:
        self._store = store
        self._record = record
        self._staging = staging
        self._committed: SceneRecord | None = None
        self.resumed = len(staging.done)
        """Rows an interrupted run had staged before this one began."""

    @property
    def done(self) -> Set[int]:
        """Grid positions that need no embedding any more: those of an interrupted run and those added since."""
        return self._staging.done

    @property
    def staged(self) -> int:
        """Rows waiting for the commit, those of an interrupted run counted in."""
        return len(self._staging.done)

    def add(self, index: I64, valid: F32, vectors: F32) -> None:
        """Stage a batch: (B,) grid positions, (B,) valid fractions, (B, D) unit rows.

        A row with a value that float16 cannot hold becomes NaN as a whole. Raises IndexStoreError when the disk takes
        no more; the batch is then not staged and everything before it is kept.
        """
        expected = (len(index), self._store.spec.dim)
        if self._committed is not None or vectors.shape != expected or valid.shape != index.shape:
            raise ValueError(f"cannot add rows {vectors.shape}, valid {valid.shape}, where {expected} are expected")
        with np.errstate(over="ignore"):
            half = vectors.astype(np.float16)
        half[~np.isfinite(half).all(axis=1)] = np.nan
        self._staging.append(index, valid, half)

    def commit(self) -> SceneRecord:
        """Make the staged rows the scene's only rows, for all readers at once, and forget the staging.

        Repeating it changes nothing. Raises IndexStoreError when nothing was staged, or the disk takes no more; what
        was committed before, and the staged rows, are then intact.
        """
        if self._committed is None:
            self._committed = self._store._commit(self._record, self._staging)
        return self._committed


class IndexStore:
    """All scenes embedded with one encoder. Opening it touches nothing; one writer and any number of readers."""

    def __init__(self, root: Path, spec: EncoderSpec) -> None:
        self.root = root
        self.spec = spec
        self._table = root / f"{spec.key}.lance"
        self._staging = root / f"{spec.key}.staging"
        self._matrices = root / f"{spec.key}.matrix"

    @contextlib.contextmanager
    def writer(self, record: SceneRecord) -> Iterator[SceneWriter]:
        """Write one scene. Leaving without a commit keeps what was staged for the next writer with the same record.

        Raises IndexStoreError at once where another process (or thread) is writing to this index.
        """
        with self._locked():
            table.create(self._table, self.spec)
            self._open()
            with Staging(self._staging, record.name, record.identity, self.spec.dim) as staging:
                yield SceneWriter(self, record, staging)

    def scenes(self) -> list[SceneRecord]:
        """Scenes of the newest version, by name."""
        return list(self._read(lambda version: table.records(version.parts())) or ())

    def find(self, name: str) -> SceneRecord | None:
        """The committed record of a scene. Its ``identity`` equals a new record's where the scene is up to date."""
        return next((record for record in self.scenes() if record.name == name), None)

    def version(self) -> int:
        """Number of the newest version, 0 before the first: a snapshot with this number need not be taken again."""
        return self._read(lambda version: version.number) or 0

    def snapshot(self) -> IndexSnapshot:
        """The newest committed version, held still; makes its scan matrix where there is none."""
        taken = self._read(lambda version: take_snapshot(version, self._matrices))
        return taken or empty_snapshot(self.spec)

    def remove(self, name: str) -> None:
        """Forget a scene, committed or staged, and free its disk space. Raises IndexStoreError where there is none."""
        with self._locked():
            if table.newest(self._table) and table.remove_scene(self._open(), name):
                self._tidy(timedelta(0))
            elif not scene_folder(self._staging, name).is_dir():
                select_scenes(self.scenes(), names=[name])
            discard_staged(self._staging, name)

    def tidy(self) -> None:
        """Free the disk of superseded versions, also of those a reader may just be opening (it takes the newer one)."""
        with self._locked():
            self._tidy(timedelta(0))

    def size_bytes(self) -> int:
        """Bytes on disk: the table with versions not yet tidied away, staged rows and matrices."""
        return sum(tree_bytes(path) for path in (self._table, self._staging, self._matrices))

    def _commit(self, record: SceneRecord, staging: Staging) -> SceneRecord:
        if staging.done:
            self._tidy(KEEP_SUPERSEDED)
            table.replace_scene(self._open(), record, staging.sorted_rows(COMMIT_ROWS))
            staging.discard()
            delete_matrices(self._matrices, matrix_prefix(self._open().number))
        existing = self.find(record.name)
        if existing is None or existing.identity != record.identity:
            raise IndexStoreError(
                f"No tile of scene '{record.name}' was embedded, so there is nothing to index; "
                f"check that {record.source} holds imagery."
            )
        return existing

    def _tidy(self, grace: timedelta) -> None:
        if table.newest(self._table):
            table.tidy(self._table, grace)
            delete_matrices(self._matrices, matrix_prefix(self._open().number))

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return writer_lock(self.root / f"{self.spec.key}.lock", self.spec.name)

    def _read(self, read: Callable[[table.TableVersion], _T]) -> _T | None:
        """What ``read`` makes of the newest version; None before the first."""
        while newest := table.newest(self._table):
            try:
                return read(self._open())
            except IndexStoreError:
                # A writer may have tidied the version away meanwhile; then, and only then, there is a newer one.
                if table.newest(self._table) == newest:
                    raise
        return None

    def _open(self) -> table.TableVersion:
        """The newest version. Raises IndexStoreError where another encoder made the table."""
        version = table.TableVersion(self._table)
        if version.spec != self.spec:
            raise IndexStoreError(
                f"The index at {self._table} was made by encoder '{version.spec.name}' (key {version.spec.key}), "
                f"not by '{self.spec.name}' (key {self.spec.key}); index the scene again with '{self.spec.name}'."
            )
        return version


@dataclass(frozen=True)
class IndexInfo:
    """One index found on disk."""

    key: str
    """EncoderSpec.key, from the name of its folder."""
    spec: EncoderSpec | None
    """The encoder; None where the index cannot be read."""
    scenes: tuple[SceneRecord, ...]
    """Its scenes, by name."""
    bytes: int
    """Everything it takes on disk."""
    problem: str | None = None
    """Why it cannot be read, and what to do."""


def list_indexes(root: Path) -> list[IndexInfo]:
    """Every index under ``root``, by encoder name; one that cannot be read is listed with its problem."""
    found = [_describe(root, path) for path in root.glob("*.lance")]
    return sorted(found, key=lambda info: (info.spec.name if info.spec else "", info.key))


def _describe(root: Path, path: Path) -> IndexInfo:
    key = path.name.removesuffix(".lance")
    size = 0
    try:
        size = sum(tree_bytes(root / f"{key}{suffix}") for suffix in (".lance", ".staging", ".matrix"))
        if not table.newest(path):
            raise IndexStoreError(f"The index at {path} was never finished; index a scene again, or remove the folder.")
        version = table.TableVersion(path)
        if version.spec.key != key:
            raise IndexStoreError(
                f"The index at {path} was made by encoder '{version.spec.name}'; rename it to {version.spec.key}.lance."
            )
        return IndexInfo(key, version.spec, table.records(version.parts()), size)
    except IndexStoreError as error:
        return IndexInfo(key, None, (), size, str(error))
    except OSError as error:
        return IndexInfo(key, None, (), size, f"The folder {path} cannot be read ({error}); check its permissions.")
