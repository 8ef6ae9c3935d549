"""Scores of every tile of an indexed scene, and what they mean; no image goes through an encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graft_core.geo.grid import TileGrid
from graft_core.index.scan import scores
from graft_core.index.snapshot import IndexSnapshot
from graft_core.index.store import SceneRecord
from graft_core.search.calibrate import joint_probability, part_probability, weighed
from graft_core.search.embed import QueryVectors, query_vectors, resolve
from graft_core.search.query import Query, TileRef
from graft_core.search.typical import SOFTER, competing_looks, sample_rows, standard_scores, typical_tiles
from graft_core.tasks.examples import embed_image
from graft_core.tasks.fragment_places import true_middles
from graft_core.types import F32, I64, Encoder

F64 = npt.NDArray[np.float64]

KEPT = 16
"""Sets of prompts whose scores are kept, the least recently used forgotten first; 13 MB each for 100,000 tiles."""
BLOCK_ROWS = 65_536
"""Rows of the matrix that are brought to float32 at a time."""


@dataclass(frozen=True, eq=False)
class TileScores:
    """What a query found in one scene; rows as in the index."""

    record: SceneRecord
    """The scene."""
    grid: TileGrid
    """Where the tiles lie."""
    position: I64
    """(N,) position of each row in the grid."""
    valid: F32
    """(N,) share of each tile that holds imagery."""
    score: F32
    """(N,) cosine with the query; NaN where the encoder failed."""
    probability: F32
    """(N,) match probability, in [0, 1]; NaN where there is no score."""
    middles: F64 | None = None
    """(N, 2) x and y in the grid's CRS where rows lie beside their lattice, as published embeddings do."""

    @property
    def best(self) -> float:
        """Highest match probability; NaN where no tile could be scored."""
        known = self.probability[np.isfinite(self.probability)]
        return float(known.max()) if len(known) else float("nan")

    def lattice(self, values: F32, missing: float = np.nan) -> F32:
        """(N,) values of the rows -> (R, C) on the grid, ``missing`` where there is no row."""
        filled = np.full(len(self.grid), missing, dtype=np.float32)
        filled[self.position] = values
        return filled.reshape(self.grid.rows, self.grid.cols)


class Searcher:
    """One version of an index and its encoder. What does not depend on the query is computed once and kept."""

    def __init__(self, snapshot: IndexSnapshot, encoder: Encoder) -> None:
        self.snapshot = snapshot
        """The version searched."""
        self.encoder = encoder
        """Only its text and photo towers are used."""
        self._totals: dict[str, tuple[F64, int]] = {}
        self._typical: dict[str, F32] = {}
        self._places: dict[str, F64 | None] = {}
        self._kept: dict[tuple[str, bytes], F32] = {}

    def resolve(self, query: Query) -> Query:
        """The query with everything it depends on written into it: prompts, temperature, embeddings of its examples."""
        full = query.with_defaults(self.encoder.defaults)
        return resolve(full, self.encoder.spec, lambda term: embed_image(term, self.encoder), self.vector)

    def vector(self, ref: TileRef) -> F32:
        """(D,) embedding of an indexed tile; IndexStoreError where there is none."""
        grid = TileGrid.from_json(self.snapshot.record(ref.scene).grid_json)
        row, col = ref.row - grid.row0, ref.col - grid.col0
        inside = 0 <= row < grid.rows and 0 <= col < grid.cols
        return self.snapshot.vector(ref.scene, row * grid.cols + col if inside else -1)

    def scores(self, query: Query, scenes: Sequence[str]) -> list[TileScores]:
        """Every tile of the scenes, scored and calibrated scene by scene.

        Args:
            query: resolved (`resolve`).
            scenes: names of indexed scenes; together they are the tiles that thumbs are measured from.
        """
        vectors = query_vectors(query, self.encoder, self._center(scenes))
        return [self._score(scene, vectors) for scene in scenes]

    def _score(self, scene: str, vectors: QueryVectors) -> TileScores:
        record, rows = self.snapshot.record(scene), self.snapshot.rows(scene)
        words, looks = self._words(scene, vectors), self._looks(scene, vectors)
        return TileScores(
            record=record,
            grid=TileGrid.from_json(record.grid_json),
            position=self.snapshot.position[rows],
            valid=self.snapshot.valid[rows],
            score=self._cosines(scene, vectors.whole[None])[0],
            probability=joint_probability(words, looks, vectors.words_share),
            middles=self._middles(record, self.snapshot.position[rows]),
        )

    def _middles(self, record: SceneRecord, position: I64) -> F64 | None:
        if record.name not in self._places:
            self._places[record.name] = true_middles(record, position)
        return self._places[record.name]

    def _words(self, scene: str, vectors: QueryVectors) -> F32 | None:
        return part_probability(
            None if vectors.words is None else self._cosines(scene, vectors.words[None])[0],
            weighed(self._cosines(scene, vectors.against_words), vectors.words_odds, vectors.temperature),
            self._kept_cosines(scene, vectors.background)[vectors.competes],
            temperature=vectors.temperature,
        )

    def _looks(self, scene: str, vectors: QueryVectors) -> F32 | None:
        """Images against the scene's typical tiles, by how far each tile stands out for them."""
        wanted = vectors.against_looks[:0] if vectors.looks is None else vectors.looks[None]
        examples = np.concatenate([wanted, vectors.against_looks])
        if len(examples) == 0:
            return None
        own = standard_scores(self._cosines(scene, examples))
        cosines = self._kept_cosines(scene, self._typical_tiles(scene))
        usual = standard_scores(cosines)
        background = self._kept_cosines(scene, vectors.background)
        temperature = SOFTER * vectors.temperature / _spread(background if len(background) else cosines)
        competes = np.logical_and.reduce([competing_looks(each, usual) for each in own])
        return part_probability(
            own[0] if len(wanted) else None,
            weighed(own[len(wanted) :], vectors.looks_odds, temperature),
            usual[competes],
            temperature=temperature,
        )

    def _cosines(self, scene: str, vectors: F32) -> F32:
        """(Q, N) of the scene's rows."""
        return scores(self.snapshot.matrix[self.snapshot.rows(scene)], vectors)

    def _kept_cosines(self, scene: str, vectors: F32) -> F32:
        """The same for vectors that many queries share."""
        key = (scene, vectors.tobytes())
        cosines = self._kept.pop(key, None)
        self._kept[key] = self._cosines(scene, vectors) if cosines is None else cosines
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return self._kept[key]

    def _typical_tiles(self, scene: str) -> F32:
        if scene not in self._typical:
            rows = self.snapshot.matrix[self.snapshot.rows(scene)]
            picked = rows[sample_rows(len(rows))].astype(np.float32)
            self._typical[scene] = typical_tiles(picked[np.isfinite(picked).all(axis=1)])
        return self._typical[scene]

    def _center(self, scenes: Sequence[str]) -> F32:
        """(D,) mean embedding of all tiles of the scenes."""
        totals = [self._total(scene) for scene in scenes]
        tiles = sum(count for _, count in totals)
        return np.asarray(sum(total for total, _ in totals) / max(tiles, 1), dtype=np.float32)

    def _total(self, scene: str) -> tuple[F64, int]:
        if scene not in self._totals:
            rows = self.snapshot.matrix[self.snapshot.rows(scene)]
            total, tiles = np.zeros(rows.shape[1]), 0
            for start in range(0, len(rows), BLOCK_ROWS):
                block = rows[start : start + BLOCK_ROWS].astype(np.float32)
                known = block[np.isfinite(block).all(axis=1)]
                total += known.sum(axis=0, dtype=np.float64)
                tiles += len(known)
            self._totals[scene] = total, tiles
        return self._totals[scene]


def _spread(cosines: F32) -> float:
    """Mean over the rows of (K, N) of how much they differ from tile to tile."""
    return max(float(np.nanstd(cosines, axis=1).mean()), 1e-6)
