"""The disposable matrix: every vector of one version as one memory-mapped float16 array, made from the table once.

A finished matrix carries a fixed modification time as its seal. Whatever touches the file afterwards (a truncation, a
stray write, a copy) breaks the seal, and the matrix is made again; so is one that was deleted.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from graft_core.errors import IndexStoreError
from graft_core.index.files import write_error
from graft_core.index.staging import F16

_SEAL_NS = 946_684_800 * 10**9  # 2000-01-01T00:00:00Z, in whole seconds: every file system can keep it
_MAKING = ".making-"
ABANDONED_S = 3600.0


def open_matrix(path: Path, rows: int, dim: int) -> F16 | None:
    """Map the sealed (rows, dim) matrix at ``path``, read-only; None where it has to be made first.

    The map stays valid after the file is deleted.
    """
    try:
        if path.stat().st_mtime_ns != _SEAL_NS:
            return None
        matrix = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (FileNotFoundError, ValueError, EOFError):
        return None
    except OSError as error:
        raise IndexStoreError(f"The matrix {path} cannot be read ({error}); check the folder's permissions.") from error
    return matrix if matrix.shape == (rows, dim) and matrix.dtype == np.float16 else None


def make_matrix(path: Path, rows: int, dim: int, blocks: Iterable[F16]) -> F16:
    """Write the matrix from (n, dim) blocks, whole or not at all, and map it. Two readers may do so at one time."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_MAKING, delete=False) as file:
            temporary = Path(file.name)
            header = {"descr": np.dtype(np.float16).str, "fortran_order": False, "shape": (rows, dim)}
            np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:
                file.write(np.ascontiguousarray(block).data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        os.utime(temporary, ns=(_SEAL_NS, _SEAL_NS))
        # Mapped before it gets its name, for a writer's tidying may take the name away at once.
        matrix = open_matrix(temporary, rows, dim)
        if matrix is None:
            raise IndexStoreError(f"The index of {path.parent} does not hold {rows} vectors of {dim}; index it again.")
        temporary.replace(path)
        return matrix
    except OSError as error:
        raise write_error(error, path, "the scan matrix") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def delete_matrices(folder: Path, keep: str) -> None:
    """Free the disk of matrices whose name does not start with ``keep``, and of what killed readers left unfinished.

    Open maps are not disturbed.
    """
    for file in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            # Not the modification time: a matrix about to get its name is sealed already.
            in_work = file.name.startswith(_MAKING) and time.time() - file.stat().st_ctime < ABANDONED_S
            if not in_work and not file.name.startswith(keep):
                file.unlink()
