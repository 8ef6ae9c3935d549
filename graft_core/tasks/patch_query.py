"""A query for patches: the vectors to compare with, and what the cosines then mean, place by place.

Unlike the tiles of an index, the patches of an area are not all patches of the scene. So nothing here is fitted to what
was asked for: the odds of a patch are the softmax of the query against the background prompts that compete, and what
images are compared with comes from a few windows spread over the whole scene, whatever area is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graft_core.errors import QueryError
from graft_core.geo.patches import part_of
from graft_core.io.scene import Scene, read_tiles
from graft_core.search.calibrate import joint_probability, part_probability, weighed
from graft_core.search.embed import QueryVectors, query_vectors, resolve, unit_rows
from graft_core.search.query import Query, TileRef
from graft_core.search.typical import (
    SOFTER,
    Moments,
    competing_looks,
    moments,
    sample_rows,
    standard_scores,
    typical_tiles,
)
from graft_core.tasks.examples import embed_image
from graft_core.tasks.patch_blocks import check_patch_level, encoded, scene_windows
from graft_core.types import F32, U8, Encoder

SPREAD_WINDOWS = 24
"""Windows that stand for the whole scene; asked for only by queries with images, tiles or thumbs."""
LEAST_SPREAD = 1e-6
"""Standard deviation of cosines below which they are all the same."""


@dataclass(frozen=True, eq=False)
class _Part:
    """One kind of terms, words or images: which cosines are its own, and how they are to be weighed."""

    target: slice
    """The wanted one; empty where nothing of this kind is wanted."""
    against: slice
    """The unwanted ones."""
    alternatives: slice
    """What competes with them."""
    odds: F32
    """Weight of each unwanted one."""
    temperature: float
    """Difference that multiplies the odds by e."""
    usual: Moments | None = None
    """Images only: how the cosines of target, unwanted ones and alternatives, in this order, are spread."""

    def probability(self, cosines: F32) -> F32 | None:
        """(K, N) cosines of all vectors -> (N,); None where the query has no terms of this kind."""
        own, others = np.concatenate([cosines[self.target], cosines[self.against]]), cosines[self.alternatives]
        if not len(own):
            return None
        if self.usual is not None:
            both = standard_scores(np.concatenate([own, others]), self.usual)
            own, others = both[: len(own)], both[len(own) :]
        wanted = self.target.stop - self.target.start
        return part_probability(
            own[0] if wanted else None,
            weighed(own[wanted:], self.odds, self.temperature),
            others,
            temperature=self.temperature,
            fitted=False,
        )


@dataclass(frozen=True, eq=False)
class ResolvedPatchQuery:
    """A query ready to be asked of patches: ``patch_field`` takes ``vectors``, its cosines come back here."""

    query: Query
    """With everything it depends on written into it."""
    vectors: F32
    """(K, D) unit rows; the first is the whole query."""
    words: _Part
    """What the words ask."""
    looks: _Part
    """What images and tiles ask."""
    words_share: float
    """Weight of the words among all that is wanted, in [0, 1]."""

    def score(self, cosines: F32) -> F32:
        """(K, ...) cosines with ``vectors`` -> (...) cosine with the whole query."""
        return np.asarray(cosines[0], np.float32)

    def probability(self, cosines: F32) -> F32:
        """(K, ...) cosines with ``vectors`` -> (...) match probability in [0, 1], NaN where there is no score."""
        flat = cosines.reshape(len(cosines), -1)
        joint = joint_probability(self.words.probability(flat), self.looks.probability(flat), self.words_share)
        return np.asarray(joint.reshape(cosines.shape[1:]), np.float32)


def patch_query(query: Query, scene: Scene, encoder: Encoder) -> ResolvedPatchQuery:
    """Embed a query for the patches of a scene.

    Args:
        query: as it was typed. A tile is a window of this scene, and stands for the mean of its patches.
        scene: the one that will be asked.
        encoder: of patch level.

    Raises:
        QueryError: the terms cancel out, nothing competes with them, or a tile lies in another scene.
        PhotoError: an image cannot be read.
    """
    spread = _Spread(scene, encoder)
    known, found = _resolved(query, spread, encoder)
    rows = _Rows([found.whole[None]])
    words = _words(found, rows)
    looks = _looks(found, rows, spread)
    asked = ResolvedPatchQuery(known, np.concatenate(rows.blocks), words, looks, found.words_share)
    asked.probability(np.zeros((len(asked.vectors), 1), np.float32))  # says now, not hours later, if nothing competes
    return asked


def patch_vector(query: Query, scene: Scene, encoder: Encoder) -> tuple[Query, F32]:
    """The resolved query and the one vector, (D,), whose cosine is its score; arguments and errors of `patch_query`."""
    known, found = _resolved(query, _Spread(scene, encoder), encoder)
    return known, found.whole


def _resolved(query: Query, spread: "_Spread", encoder: Encoder) -> tuple[Query, QueryVectors]:
    check_patch_level(encoder.spec)
    full = query.with_defaults(encoder.defaults)
    known = resolve(full, encoder.spec, lambda term: embed_image(term, encoder), spread.tile)
    center = spread.center if known.likes or known.dislikes else np.zeros(encoder.spec.dim, np.float32)
    return known, query_vectors(known, encoder, center)


class _Rows:
    """The vectors to ask, collected."""

    def __init__(self, blocks: list[F32]) -> None:
        self.blocks = blocks

    def add(self, vectors: F32 | None) -> slice:
        """Where these vectors will stand."""
        start = sum(len(block) for block in self.blocks)
        if vectors is not None:
            self.blocks.append(vectors)
        return slice(start, start + (0 if vectors is None else len(vectors)))


class _Spread:
    """What the scene is like as a whole, from a few windows of it; encoded only when it is asked for."""

    def __init__(self, scene: Scene, encoder: Encoder) -> None:
        self._scene = scene
        self._encoder = encoder
        self._lattice = scene_windows(scene, encoder.spec)

    def tile(self, ref: TileRef) -> F32:
        """(D,) mean of the patches of one window; QueryError where it is not one of this scene's."""
        if ref.scene != self._scene.name:
            raise QueryError(
                f"Tile {ref.name} lies in scene {ref.scene}, and {self._scene.name} is asked; name one of its tiles."
            )
        pixels = list(self._pixels(ref.row, ref.col))
        if not pixels:
            raise QueryError(f"Scene {ref.scene} shows no imagery at tile {ref.row}/{ref.col}; name another tile.")
        vectors = encoded(self._encoder, pixels)
        return unit_rows(vectors.reshape(-1, vectors.shape[-1]).mean(axis=0, dtype=np.float64))

    @cached_property
    def tokens(self) -> F32:
        """(N, D) tokens of the windows."""
        picked = np.unique(np.linspace(0, len(self._lattice) - 1, SPREAD_WINDOWS).astype(np.int64))
        tiles = [self._lattice.tile(i) for i in picked.tolist()]
        pixels = [window for tile in tiles for window in self._pixels(tile.row, tile.col)]
        return encoded(self._encoder, pixels).reshape(-1, self._encoder.spec.dim)

    @property
    def center(self) -> F32:
        """(D,) mean token."""
        return np.asarray(self.tokens.mean(axis=0, dtype=np.float64), np.float32)

    def _pixels(self, row: int, col: int) -> Iterator[U8]:
        """(S, S, 3) of a window that shows imagery."""
        try:
            window = part_of(self._lattice, range(row, row + 1), range(col, col + 1))
        except ValueError:
            return
        for tiles in read_tiles(self._scene, window):
            yield from tiles.pixels


def _words(found: QueryVectors, rows: _Rows) -> _Part:
    target = slice(0, 0)
    if found.words is not None:
        # The whole query is often nothing but its words; then one row serves both.
        target = slice(0, 1) if np.array_equal(found.words, found.whole) else rows.add(found.words[None])
    against = rows.add(found.against_words)
    competing = found.background[found.competes] if found.words is not None or len(found.against_words) else None
    return _Part(target, against, rows.add(competing), found.words_odds, found.temperature)


def _looks(found: QueryVectors, rows: _Rows, spread: _Spread) -> _Part:
    """Images against typical patches, by how far each patch stands out for them."""
    target = rows.add(None if found.looks is None else found.looks[None])
    against = rows.add(found.against_looks)
    if target.start == against.stop:
        return _Part(target, against, rows.add(None), found.looks_odds, found.temperature)
    sample = spread.tokens[sample_rows(len(spread.tokens))]
    typical = typical_tiles(sample)
    examples = np.concatenate(rows.blocks)[target.start : against.stop]
    own, usual = (_cosines(sample, vectors) for vectors in (examples, typical))
    background = _cosines(sample, found.background) if len(found.background) else usual
    competes = np.logical_and.reduce([competing_looks(each, standard_scores(usual)) for each in standard_scores(own)])
    temperature = SOFTER * found.temperature / max(float(moments(background).deviation.mean()), LEAST_SPREAD)
    over = moments(np.concatenate([own, usual[competes]]))
    return _Part(target, against, rows.add(typical[competes]), found.looks_odds, temperature, over)


def _cosines(rows: F32, vectors: F32) -> F32:
    """(N, D) tokens, (K, D) vectors -> (K, N)."""
    return np.asarray(vectors @ rows.T, np.float32)
