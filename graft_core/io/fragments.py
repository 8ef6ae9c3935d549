"""The table beside a raster of published embeddings: which row of which file lies at which place of the lattice.

It is GeoParquet of the fragments' middles, and opens in QGIS. The vectors are in the index; the files they came from
are read again only where they are to be indexed again.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
from pyarrow import parquet

from graft_core.errors import EmbeddingsError
from graft_core.io.embedding_files import EmbeddingFile, EmbeddingSet
from graft_core.io.geoparquet import PointTable, write_point_table
from graft_core.io.published import fragments_path
from graft_core.types import I64

F64 = npt.NDArray[np.float64]

NOTE = "graft_embeddings"
"""Under which the file's metadata hold where the vectors are."""


@dataclass(frozen=True, eq=False)
class Fragments:
    """Fragments of a set, by rising position unless said otherwise."""

    position: I64
    """(N,) in the grid of the scene."""
    file: I64
    """(N,) number of the file in the set."""
    row: I64
    """(N,) number of the row in that file."""


@dataclass(frozen=True)
class Fragment:
    """What the publisher says of one."""

    id: str
    """Empty where the files have none."""
    product: str
    """Product it was cut from; empty where the files do not say."""
    acquired: str
    """Day of the imagery as YYYY-MM-DD; empty where nothing tells."""


def write_fragments(source: str | Path, table: PointTable, found: EmbeddingSet) -> None:
    """Write the table beside its raster, whole or not at all.

    ``table`` has columns ``position`` (rising), ``file``, ``row``, ``id``, ``product`` and ``acquired``.
    """
    note = {
        "vector": found.vector,
        "dim": found.dim,
        "files": [[str(file.path), file.rows, file.changed_ns, file.size] for file in found.files],
    }
    write_point_table(fragments_path(source), PointTable(table.lonlat, table.columns, json.dumps(note)), NOTE)


def read_fragments(source: str | Path) -> Fragments:
    """Where each vector goes; EmbeddingsError where the table is gone or damaged."""
    table = _read(source, ["position", "file", "row"])
    return Fragments(*(table[name].to_numpy().astype(np.int64) for name in ("position", "file", "row")))


def read_middles(source: str | Path) -> tuple[I64, F64] | None:
    """(N,) positions and (N, 2) degrees of the middles as published; None where there is no table."""
    if not fragments_path(source).is_file():
        return None
    table = _read(source, ["position", "lon", "lat"])
    lonlat = np.stack([table["lon"].to_numpy(), table["lat"].to_numpy()], axis=1)
    return table["position"].to_numpy(), lonlat


def describe_fragments(source: str | Path, positions: Collection[int]) -> dict[int, Fragment]:
    """What the publisher says of the fragments at some positions; what is not known is left out."""
    if not positions or not fragments_path(source).is_file():
        return {}
    wanted = [("position", "in", list(positions))]
    rows = _read(source, ["position", "id", "product", "acquired"], wanted).to_pylist()
    return {
        row["position"]: Fragment(row["id"] or "", row["product"] or "", str(row["acquired"] or "")) for row in rows
    }


def vectors_of(source: str | Path) -> EmbeddingSet:
    """The files the vectors are in, as they were when they were imported.

    Raises:
        EmbeddingsError: the table cannot be read, or a file is gone or has changed since.
    """
    path = fragments_path(source)
    try:
        note = json.loads((parquet.read_schema(path).metadata or {})[NOTE.encode()])
        files = tuple(EmbeddingFile(Path(file), rows, changed, size) for file, rows, changed, size in note["files"])
        found = EmbeddingSet(files, str(note["vector"]), int(note["dim"]), None, "", {})
    except (OSError, pyarrow.ArrowException, KeyError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    for file in files:
        if not file.path.is_file():
            raise EmbeddingsError(
                f"{file.path} is gone; put it back, or import the embeddings from where they are now."
            )
        stat = file.path.stat()
        if (stat.st_mtime_ns, stat.st_size) != (file.changed_ns, file.size):
            raise EmbeddingsError(f"{file.path} has changed since its embeddings were imported; import them again.")
    return found


def _read(source: str | Path, columns: list[str], wanted: list[tuple[str, str, list[int]]] | None = None) -> Any:
    path = fragments_path(source)
    try:
        return parquet.read_table(path, columns=columns, filters=wanted)
    except (OSError, pyarrow.ArrowException, KeyError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> EmbeddingsError:
    if isinstance(error, FileNotFoundError):
        return EmbeddingsError(f"{path} is gone, which belongs to its embeddings; import them again.")
    return EmbeddingsError(f"{path} cannot be read ({str(error).splitlines()[0][:120]}); import the embeddings again.")
