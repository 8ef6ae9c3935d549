"""One version of an index, held still: what a query scans while writers go on."""

import functools
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from graft_core.errors import IndexStoreError
from graft_core.index.matrix import make_matrix, open_matrix
from graft_core.index.records import Bounds, SceneRecord, select_scenes
from graft_core.index.staging import F16
from graft_core.index.table import Part, TableVersion, records
from graft_core.types import F32, I64, EncoderSpec


@dataclass(frozen=True, eq=False)
class IndexSnapshot:
    """Every row of one committed version. It stays as it is for its holder, whatever is committed or removed later."""

    spec: EncoderSpec
    """The encoder all vectors come from."""
    version: int
    """Number of the version; 0 where nothing was ever committed."""
    scenes: tuple[SceneRecord, ...]
    """Scenes of the version, by name."""
    position: I64
    """(N,) position of each row's tile in its scene's grid; rising within a scene."""
    valid: F32
    """(N,) share of each tile that holds imagery."""
    matrix: F16
    """(N, D) vectors, memory-mapped and read-only; NaN where an encoder failed."""

    @functools.cached_property
    def scene(self) -> I64:
        """(N,) index into ``scenes`` of each row."""
        return np.repeat(np.arange(len(self.scenes)), [record.tiles for record in self.scenes])

    @functools.cached_property
    def _slices(self) -> dict[str, slice]:
        ends = np.cumsum([record.tiles for record in self.scenes]).tolist()
        return {record.name: slice(end - record.tiles, end) for record, end in zip(self.scenes, ends, strict=True)}

    def rows(self, scene: str) -> slice:
        """The rows of one scene: ``snapshot.matrix[snapshot.rows("a")]``."""
        self.record(scene)
        return self._slices[scene]

    def record(self, scene: str) -> SceneRecord:
        """The record of one scene; IndexStoreError where it is not indexed."""
        return select_scenes(self.scenes, names=[scene])[0]

    def select(
        self,
        *,
        names: Collection[str] | None = None,
        bounds: Bounds | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> tuple[SceneRecord, ...]:
        """The scenes that pass every filter given (see records.select_scenes)."""
        return select_scenes(self.scenes, names=names, bounds=bounds, since=since, until=until)

    def vector(self, scene: str, position: int) -> F32:
        """(D,) vector of one tile; IndexStoreError where the scene has no row at the position."""
        rows = self.rows(scene)
        row = rows.start + int(np.searchsorted(self.position[rows], position))
        if row == rows.stop or self.position[row] != position:
            raise IndexStoreError(
                f"Scene '{scene}' has no indexed tile at position {position}; choose a tile that holds imagery."
            )
        vector: F32 = self.matrix[row].astype(np.float32)
        return vector


def take_snapshot(version: TableVersion, matrices: Path) -> IndexSnapshot:
    """Read the rows of ``version`` and map its matrix, which is made first where it is missing or was touched."""
    parts = version.parts()
    scenes = records(parts)
    position, valid = version.positions(parts)
    rows, dim = len(position), version.spec.dim
    if not rows:
        return empty_snapshot(version.spec, version.number)
    path = matrices / (matrix_prefix(version.number) + _content(parts) + ".npy")
    matrix = open_matrix(path, rows, dim)
    if matrix is None:
        matrix = make_matrix(path, rows, dim, version.vectors(parts))
    return IndexSnapshot(version.spec, version.number, scenes, position, valid, matrix)


def empty_snapshot(spec: EncoderSpec, version: int = 0) -> IndexSnapshot:
    """An index without a scene."""
    matrix = np.empty((0, spec.dim), np.float16)
    return IndexSnapshot(spec, version, (), np.empty(0, np.int64), np.empty(0, np.float32), matrix)


def matrix_prefix(version: int) -> str:
    """How the name of a version's matrix begins."""
    return f"v{version}-"


def _content(parts: Sequence[Part]) -> str:
    # Version numbers start again when someone deletes the table's folder; the names of its data files do not.
    return hashlib.sha256("/".join(part.file for part in parts).encode()).hexdigest()[:16]
