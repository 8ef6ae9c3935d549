"""Published embeddings into the index: what `index_scene` does where there are vectors and no picture."""

import itertools
import time
from collections.abc import Generator

import numpy as np

from graft_core.errors import EmbeddingsError, SceneError
from graft_core.geo.grid import TileGrid, tile_grid
from graft_core.index.store import IndexStore, SceneRecord, SceneWriter
from graft_core.io.embedding_files import EmbeddingSet
from graft_core.io.embedding_rows import read_vectors
from graft_core.io.fragments import Fragments, read_fragments, vectors_of
from graft_core.io.published import Published
from graft_core.io.scene import Scene
from graft_core.types import I64, EncoderSpec, Progress


def published_grid(scene: Scene, published: Published, spec: EncoderSpec, stride: int | None = None) -> TileGrid:
    """The lattice that a set was laid on; SceneError for another stride, or another encoder than its own."""
    if spec.key != published.encoder_key:
        raise SceneError(
            f"Scene {scene.name} is embeddings by {published.encoder} at {published.gsd:g} m without a picture, so "
            f"{spec.name} at {spec.gsd:g} m cannot embed it; ask it with {published.encoder}."
        )
    if stride not in (None, published.stride_px):
        raise SceneError(
            f"Scene {scene.name} is embeddings that lie where their publisher put them, {published.stride_px} px from "
            f"step to step; leave out the stride of {stride}."
        )
    return tile_grid(scene.geobox, gsd=spec.gsd, tile_px=spec.tile_px, stride_px=published.stride_px)


def index_published(scene: Scene, record: SceneRecord, store: IndexStore) -> Generator[Progress, None, int]:
    """Read the vectors of a set and commit them together; what an interrupted run has staged is not read again.

    Yields:
        Progress in embeddings.

    Returns:
        How many have no vector that could be used: nothing, zeros, or what is no number.

    Raises:
        EmbeddingsError: a file is gone, has changed or is damaged, or no vector can be used.
        IndexStoreError: another process is writing to this index, or the disk is full.
    """
    started = time.monotonic()
    fragments, found = read_fragments(scene.source), vectors_of(scene.source)
    total, useless = len(fragments.position), 0
    with store.writer(record) as writer:
        done = writer.resumed
        yield Progress(done, total, "embeddings", 0.0, writer.resumed)
        waiting = _in_file_order(fragments, np.fromiter(writer.done, np.int64, done))
        bounds = np.searchsorted(waiting.file, np.arange(len(found.files) + 1))
        for number, (start, stop) in enumerate(itertools.pairwise(bounds.tolist())):
            for read, bad in _add_file(writer, found, number, waiting.row[start:stop], waiting.position[start:stop]):
                done += read
                useless += bad
                yield Progress(min(done, total), total, "embeddings", time.monotonic() - started, writer.resumed)
        if not writer.staged:
            raise EmbeddingsError(
                f"No vector in '{found.vector}' of {found.files[0].path} is one: all are empty, zeros or no numbers; "
                "download the files again."
            )
        writer.commit()
    return useless


def _in_file_order(fragments: Fragments, done: I64) -> Fragments:
    """Those whose position is not done yet, file by file and row by row."""
    waiting = np.flatnonzero(~np.isin(fragments.position, done))
    order = waiting[np.lexsort((fragments.row[waiting], fragments.file[waiting]))]
    return Fragments(fragments.position[order], fragments.file[order], fragments.row[order])


def _add_file(
    writer: SceneWriter, found: EmbeddingSet, number: int, rows: I64, position: I64
) -> Generator[tuple[int, int], None, None]:
    """Stage the vectors of some (N,) rising rows of a file; how many each block had, and how many are useless."""
    if not len(rows):
        return
    for first, vectors in read_vectors(found, number):
        start, stop = np.searchsorted(rows, (first, first + len(vectors)))
        wanted = vectors[rows[start:stop] - first]
        usable = np.isfinite(wanted).all(axis=1)
        kept = position[start:stop][usable]
        if len(kept):
            writer.add(kept, np.ones(len(kept), np.float32), wanted[usable])
        yield int(stop - start), int(np.count_nonzero(~usable))
