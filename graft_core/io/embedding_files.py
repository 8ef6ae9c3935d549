"""Files of published embeddings: Parquet with one vector and one place a row, as one file or as many parts of one set.

Major TOM's sets are such (https://huggingface.co/Major-TOM), and whatever keeps to GeoParquet 1.1 with a list of floats
beside the geometry. Here they are found and checked by their schemas; no row is read but the first.
"""

import glob
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet
from pyproj import CRS
from pyproj.exceptions import CRSError

from graft_core.errors import EmbeddingsError

SUFFIXES = (".parquet", ".geoparquet")
WGS84 = "OGC:CRS84"
"""Longitude before latitude: what GeoParquet takes for granted, and what Major TOM's geometries are in."""
NAMES = {
    "id": ("unique_id", "id", "fragment_id", "tile_id", "chip_id", "grid_cell"),
    "product": ("product_id", "product", "scene_id", "item_id", "source"),
    "date": ("timestamp", "datetime", "acquired", "acquisition_date", "date"),
    "lon": ("centre_lon", "center_lon", "lon", "longitude"),
    "lat": ("centre_lat", "center_lat", "lat", "latitude"),
}
"""What columns are called, the likeliest first."""


@dataclass(frozen=True)
class EmbeddingFile:
    """One part of a set."""

    path: Path
    """Where it lies."""
    rows: int
    """Rows in it."""
    changed_ns: int
    """When it was last changed."""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class EmbeddingSet:
    """Files whose rows belong together, and what their columns are."""

    files: tuple[EmbeddingFile, ...]
    """By path."""
    vector: str
    """Column of the vectors."""
    dim: int
    """Values of a vector."""
    geometry: str | None
    """Column of places in well-known binary; None where longitude and latitude have columns instead."""
    crs: str
    """Of that column."""
    columns: dict[str, str]
    """Which of ``NAMES`` there are, and what they are called here."""

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)


def open_embeddings(sources: Sequence[str | Path], column: str | None = None) -> EmbeddingSet:
    """Find the files and see what is in them.

    Args:
        sources: files, folders (all Parquet files in them and below) or patterns with ``*``.
        column: the vectors' column; found by itself where only one holds lists of floats.

    Raises:
        EmbeddingsError: nothing is there, a file cannot be read, or it has no vectors, several, or no places.
    """
    paths = find_files(sources)
    first = _schema(paths[0])
    vector = _vector_column(first, column, paths[0])
    geometry, crs = _places(first, paths[0])
    columns = {role: found for role in NAMES if (found := _named(first, role))}
    if geometry is None and not {"lon", "lat"} <= columns.keys():
        raise EmbeddingsError(
            f"{paths[0]} does not say where its rows lie: it needs a column of geometry, or of {NAMES['lon'][0]} and "
            f"{NAMES['lat'][0]}; write it again as GeoParquet."
        )
    needed = {vector, *([geometry] if geometry else (columns["lon"], columns["lat"])), *columns.values()}
    files = tuple(_file(path, needed, paths[0]) for path in paths)
    return EmbeddingSet(files, vector, _width(files, vector), geometry, crs, columns)


def find_files(sources: Sequence[str | Path]) -> list[Path]:
    """Every Parquet file that is meant, each once, by path; EmbeddingsError where there is none."""
    found: dict[Path, None] = {}
    for source in map(str, sources):
        if "://" in source:
            raise EmbeddingsError(f"{source} is not on this machine; download it, and give the file or its folder.")
        path = Path(source).expanduser()
        if path.is_dir():
            parts = [each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file()]
        elif path.is_file():
            parts = [path]
        else:
            parts = [Path(each) for each in glob.glob(str(path), recursive=True) if Path(each).is_file()]
        if not parts:
            what = "has no Parquet files in it" if path.is_dir() else "is no file, folder or pattern that fits one"
            raise EmbeddingsError(f"{source} {what}; give where the embeddings lie.")
        found.update((part.resolve(), None) for part in parts)
    return sorted(found)


def opened(path: Path) -> Any:
    """A Parquet file, open for reading; EmbeddingsError where it is none."""
    try:
        return parquet.ParquetFile(path)
    except FileNotFoundError:
        raise EmbeddingsError(
            f"{path} is gone; put it back, or import the embeddings from where they are now."
        ) from None
    except (OSError, pyarrow.ArrowException) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: BaseException) -> EmbeddingsError:
    """What to say of a file that breaks while it is read."""
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return EmbeddingsError(f"{path} is no Parquet file, or a damaged one ({reason[:120]}); download it again.")


def is_vector(kind: Any) -> bool:
    """Whether a column's type is a list of floats, or Major TOM's list of one such list."""
    if not _is_list(kind):
        return False
    inner = kind.value_type
    return bool(pyarrow.types.is_floating(inner)) or (_is_list(inner) and pyarrow.types.is_floating(inner.value_type))


def _is_list(kind: Any) -> bool:
    types = pyarrow.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _schema(path: Path) -> Any:
    with opened(path) as file:
        return file.schema_arrow


def _vector_column(schema: Any, stated: str | None, path: Path) -> str:
    vectors = [field.name for field in schema if is_vector(field.type)]
    if stated is not None:
        if stated not in vectors:
            what = "is not a list of floats" if stated in schema.names else "is not there"
            raise EmbeddingsError(f"Column '{stated}' {what} in {path}; {_choice(vectors, schema.names)}.")
        return stated
    if len(vectors) != 1:
        what = "has no column of vectors" if not vectors else f"has {len(vectors)} columns of vectors"
        raise EmbeddingsError(f"{path} {what}; {_choice(vectors, schema.names)}.")
    return str(vectors[0])


def _choice(vectors: Sequence[str], names: Sequence[str]) -> str:
    if vectors:
        return f"state which of {', '.join(vectors)} is meant (--column on the command line)"
    return f"its columns are {', '.join(names[:12])}, and an embedding is a list of floats"


def _places(schema: Any, path: Path) -> tuple[str | None, str]:
    """The geometry's column and its CRS; no column where there is none in well-known binary."""
    binary = [field.name for field in schema if _is_binary(field.type)]
    geo = (schema.metadata or {}).get(b"geo")
    if geo is None:
        return ("geometry" if "geometry" in binary else None), WGS84
    try:
        told = json.loads(geo)
        name = str(told["primary_column"])
        column = told["columns"][name]
        crs = column.get("crs", WGS84)
        if crs is not None:
            CRS.from_user_input(crs)
    except (ValueError, KeyError, TypeError, AttributeError, CRSError) as error:
        raise EmbeddingsError(f"What {path} says of its geometry cannot be read ({error}); write it again.") from error
    if column.get("encoding", "WKB") != "WKB" or name not in binary:
        return None, WGS84
    if crs is None:
        raise EmbeddingsError(f"{path} says that its geometry has no CRS; write it again as GeoParquet with one.")
    return name, crs if isinstance(crs, str) else json.dumps(crs)


def _is_binary(kind: Any) -> bool:
    return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))


def _named(schema: Any, role: str) -> str | None:
    return next((name for name in NAMES[role] if name in schema.names), None)


def _file(path: Path, needed: set[str], first: Path) -> EmbeddingFile:
    with opened(path) as file:
        missing = sorted(needed - set(file.schema_arrow.names))
        rows = file.metadata.num_rows
    if missing:
        raise EmbeddingsError(
            f"{path} has no column '{missing[0]}', which {first.name} has: they are no parts of one set; "
            "import them one by one."
        )
    stat = path.stat()
    return EmbeddingFile(path, rows, stat.st_mtime_ns, stat.st_size)


def _width(files: Sequence[EmbeddingFile], vector: str) -> int:
    """Values of the first vector there is."""
    for file in files:
        with opened(file.path) as source:
            try:
                for batch in source.iter_batches(batch_size=64, columns=[vector]):
                    lengths = (len(_flat(each)) for each in batch.column(0).to_pylist() if each)
                    if width := next(lengths, 0):
                        return width
            except (OSError, pyarrow.ArrowException) as error:
                raise damaged(file.path, error) from error
    raise EmbeddingsError(f"There is no embedding in {files[0].path}: column '{vector}' is empty; give other files.")


def _flat(value: list[Any]) -> list[Any]:
    return value[0] or [] if isinstance(value[0], list) else value
