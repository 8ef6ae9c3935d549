"""The Lance table of one encoder: the only module that knows Lance.

A row is a tile: ``scene``, ``position`` in the scene's grid, ``valid`` fraction, float16 ``vector``. A fragment (one
data file) holds rows of one scene only, by rising position, and its first row carries the scene's record as JSON; so
replacing or removing a scene is one commit that swaps whole fragments, and no row is ever rewritten or marked deleted.
The encoder's spec and the format's version stand in the schema's metadata.
"""

import contextlib
import errno
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.fragment import write_fragments

from graft_core.errors import IndexStoreError
from graft_core.index.files import reason, sync, write_error
from graft_core.index.records import SceneRecord, spec_from_json, spec_to_json
from graft_core.index.staging import F16, StagedRows
from graft_core.types import F32, I64, EncoderSpec

FORMAT = 1
READ_ROWS = 4096
READ_AHEAD = 4
READ_BUFFER = 64 << 20
ROWS_PER_FRAGMENT = 1 << 20

_FORMAT_FIELD, _SPEC_FIELD = b"graft.format", b"graft.spec"
# What Lance raises for a file that is missing, damaged or cannot be written; it has no tree of its own.
_LANCE_ERRORS = (OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Part:
    """One fragment of a version: rows of one scene."""

    fragment: int
    """Lance's fragment id."""
    scene: str
    """Name of the scene all its rows belong to."""
    record_json: str
    """The scene's record; every part of a scene carries the same."""
    rows: int
    """Number of rows."""
    bytes: int
    """Size of the data file."""
    file: str
    """Name of the data file, unique to its content."""


class TableVersion:
    """One committed version, opened for reading. It stays readable until its files are tidied away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _reading(path):
            self._dataset: Any = lance.dataset(str(path))
        self.number: int = self._dataset.version
        self.spec = self._checked_spec()

    def parts(self) -> tuple[Part, ...]:
        """Every fragment, sorted by scene and then by position."""
        with _reading(self.path):
            fragments = {fragment.fragment_id: fragment for fragment in self._dataset.get_fragments()}
            heads = self._dataset.to_table(
                columns=["scene", "record"], filter="record IS NOT NULL", with_row_address=True
            ).to_pylist()
            # The upper half of a row address is the fragment's id.
            parts = [self._part(fragments[head["_rowaddr"] >> 32], head) for head in heads]
        if len(parts) != len(fragments) or len({part.fragment for part in parts}) != len(fragments):
            raise IndexStoreError(_damaged(self.path, "rows without a scene's record"))
        return tuple(sorted(parts, key=lambda part: (part.scene, part.fragment)))

    def positions(self, parts: Iterable[Part]) -> tuple[I64, F32]:
        """``position`` and ``valid`` of the rows of ``parts``, in their order."""
        batches = list(self._scan(parts, ["position", "valid"]))
        position = [batch.column("position").to_numpy() for batch in batches]
        valid = [batch.column("valid").to_numpy() for batch in batches]
        return np.concatenate([np.empty(0, np.int64), *position]), np.concatenate([np.empty(0, np.float32), *valid])

    def vectors(self, parts: Iterable[Part]) -> Iterator[F16]:
        """(rows, D) blocks of the rows of ``parts``, in their order."""
        for batch in self._scan(parts, ["vector"]):
            flat = batch.column("vector").flatten().to_numpy(zero_copy_only=True)
            yield flat.reshape(-1, self.spec.dim)

    def _scan(self, parts: Iterable[Part], columns: list[str]) -> Iterator[Any]:
        with _reading(self.path):
            fragments = [self._dataset.get_fragment(part.fragment) for part in parts]
            if fragments:
                scanner = self._dataset.scanner(
                    columns=columns,
                    fragments=fragments,
                    scan_in_order=True,
                    batch_size=READ_ROWS,
                    batch_readahead=READ_AHEAD,
                    io_buffer_size=READ_BUFFER,
                )
                yield from scanner.to_batches()

    def _part(self, fragment: Any, head: dict[str, Any]) -> Part:
        (file,) = fragment.metadata.files
        size = file.file_size_bytes or (self.path / "data" / file.path).stat().st_size
        return Part(fragment.fragment_id, head["scene"], head["record"], fragment.physical_rows, size, file.path)

    def _checked_spec(self) -> EncoderSpec:
        stored = self._dataset.schema.metadata or {}
        if _FORMAT_FIELD not in stored or _SPEC_FIELD not in stored:
            raise IndexStoreError(f"{self.path} is a Lance table but no index of GRAFT Explorer; move it elsewhere.")
        version = stored[_FORMAT_FIELD].decode()
        if version != str(FORMAT):
            raise IndexStoreError(
                f"The index at {self.path} has format {version}, and this GRAFT Explorer reads format {FORMAT}; "
                "update GRAFT Explorer, or remove the folder and index the scenes again."
            )
        try:
            return spec_from_json(stored[_SPEC_FIELD].decode())
        except (ValueError, TypeError) as error:
            raise IndexStoreError(_damaged(self.path, str(error))) from error


def records(parts: Iterable[Part]) -> tuple[SceneRecord, ...]:
    """The scenes of a version's sorted ``parts``, with their rows and bytes counted."""
    found = []
    for _, group in itertools.groupby(parts, key=lambda part: part.scene):
        own = list(group)
        found.append(
            SceneRecord.from_json(
                own[0].record_json, tiles=sum(part.rows for part in own), size=sum(part.bytes for part in own)
            )
        )
    return tuple(found)


def create(path: Path, spec: EncoderSpec) -> None:
    """Make an empty table for ``spec`` unless there is one."""
    if newest(path):
        return
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = _schema(spec)
        lance.write_dataset(schema.empty_table(), str(path), schema=schema, mode="create")


def newest(path: Path) -> str | None:
    """Name of the newest version's manifest; None before the first commit, even where a killed run left a folder."""
    # Lance counts manifest names down, so that the newest comes first.
    return min((manifest.name for manifest in (path / "_versions").glob("*.manifest")), default=None)


def replace_scene(version: TableVersion, record: SceneRecord, rows: Iterable[StagedRows]) -> None:
    """Commit ``rows`` (by rising position) as the scene's only rows: readers see all the old ones or all the new.

    ``version`` is the newest one; the caller holds the writer's lock.
    """
    path = version.path
    old = [part.fragment for part in version.parts() if part.scene == record.name]
    schema = _schema(version.spec)
    with _writing(path):
        new = write_fragments(
            pa.RecordBatchReader.from_batches(schema, _batches(record, rows, schema)),
            str(path),
            schema=schema,
            max_rows_per_file=ROWS_PER_FRAGMENT,
        )
        for fragment in new:
            for file in fragment.files:
                _check_whole(path / "data" / file.path, file.file_size_bytes)
                sync(path / "data" / file.path)
        sync(path / "data")
        _commit(version, lance.LanceOperation.Update(removed_fragment_ids=old, new_fragments=new))


def remove_scene(version: TableVersion, name: str) -> bool:
    """Commit the table without the scene; False where ``version``, the newest, has none of that name."""
    old = [part.fragment for part in version.parts() if part.scene == name]
    if old:
        with _writing(version.path):
            _commit(version, lance.LanceOperation.Update(removed_fragment_ids=old))
    return bool(old)


def tidy(path: Path, grace: timedelta) -> None:
    """Delete versions superseded for longer than ``grace`` and the files of commits that never came about.

    Only for the holder of the writer's lock: files of a commit still being written would go too.
    """
    with _writing(path):
        dataset = lance.dataset(str(path))
        limit = datetime.now() - grace
        # A version ages from the moment the next one replaced it.
        old = [one["version"] for one, successor in itertools.pairwise(dataset.versions()) if _time(successor) <= limit]
        # Asking for no version at all would mean Lance's own default, two weeks; the newest is never removed.
        dataset.cleanup_old_versions(versions=old or [dataset.version], delete_unverified=True)


def _time(version: Any) -> datetime:
    committed: datetime = version["timestamp"]
    return committed


def _schema(spec: EncoderSpec) -> Any:
    vector = pa.list_(pa.field("item", pa.float16(), nullable=False), spec.dim)
    return pa.schema(
        [
            pa.field("scene", pa.string(), nullable=False),
            pa.field("position", pa.int64(), nullable=False),
            pa.field("valid", pa.float32(), nullable=False),
            pa.field("record", pa.string()),
            pa.field("vector", vector, nullable=False),
        ],
        metadata={_FORMAT_FIELD: str(FORMAT).encode(), _SPEC_FIELD: spec_to_json(spec).encode()},
    )


def _batches(record: SceneRecord, rows: Iterable[StagedRows], schema: Any) -> Iterator[Any]:
    written = 0
    for block in rows:
        count = len(block.position)
        heads = (written + np.arange(count)) % ROWS_PER_FRAGMENT == 0
        vectors = pa.array(np.ascontiguousarray(block.vectors).reshape(-1))
        yield pa.record_batch(
            [
                pa.repeat(pa.scalar(record.name), count),
                pa.array(block.position),
                pa.array(block.valid),
                pa.array([record.to_json() if head else None for head in heads], pa.string()),
                pa.FixedSizeListArray.from_arrays(vectors, type=schema.field("vector").type),
            ],
            schema=schema,
        )
        written += count


def _check_whole(file: Path, expected: int | None) -> None:
    # Lance waits for every write of a data file but the last: a disk that is full by then shows only in the length.
    size = file.stat().st_size
    if expected is not None and size != expected:
        raise OSError(errno.ENOSPC, f"{size} of {expected} bytes arrived in {file}")


def _commit(version: TableVersion, operation: Any) -> None:
    lance.LanceDataset.commit(str(version.path), operation, read_version=version.number)
    manifests = version.path / "_versions"
    sync(manifests / (newest(version.path) or ""))
    sync(manifests)


def _damaged(path: Path, why: str) -> str:
    return f"The index at {path} cannot be read ({why}); remove that folder and index its scenes again."


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except _LANCE_ERRORS as error:
        raise IndexStoreError(_damaged(path, reason(error))) from error


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except _LANCE_ERRORS as error:
        raise write_error(error, path, "the index") from error
