"""A query and an encoder to vectors: what ranks the tiles, what is wanted, and what it competes with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graft_core.errors import QueryError
from graft_core.search.calibrate import competing
from graft_core.search.feedback import refine
from graft_core.search.query import Example, Query, Term, TileRef, parse_tile
from graft_core.types import F32, Bool, Encoder, EncoderSpec, TextEncoder

CANCELLED = 1e-3
"""Length of a weighted sum of unit vectors below which nothing of it is left."""


@dataclass(frozen=True)
class QueryVectors:
    """A query in the space of one encoder. Words and images are kept apart, for they live in different places of it."""

    whole: F32
    """(D,) all terms, signed and weighted, moved by thumbs: its cosine is the score."""
    words: F32 | None
    """(D,) wanted words, moved by thumbs; None where no words are wanted."""
    looks: F32 | None
    """(D,) wanted images and tiles, moved by thumbs; None where none is wanted."""
    words_share: float
    """Weight of the words among all that is wanted, in [0, 1]."""
    against_words: F32
    """(K, D) unwanted words."""
    words_odds: F32
    """(K,) weight of each, which multiplies its odds."""
    against_looks: F32
    """(M, D) unwanted images and tiles."""
    looks_odds: F32
    """(M,) weight of each."""
    background: F32
    """(B, D) every background prompt, whatever the query."""
    competes: Bool
    """(B,) background prompts that do not say the same as one of the query's terms."""
    temperature: float
    """Cosine difference between words and tiles that multiplies the odds by e."""


def prompt_vector(encoder: TextEncoder, words: str, templates: Sequence[str]) -> F32:
    """Mean over the templates of the unit vectors of each prompt, (D,), of unit length again.

    One call of the tower for each words, so the bits do not depend on what else is asked.
    """
    vectors = encoder.encode_texts([template.replace("{}", words) for template in templates])  # (T, D)
    return unit_rows(vectors.mean(axis=0, dtype=np.float64))


def unit_rows(rows: npt.NDArray[np.floating]) -> F32:
    """(..., D) vectors made of length 1, float32."""
    exact = rows.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    return np.asarray(exact / np.maximum(lengths, np.finfo(np.float64).tiny), dtype=np.float32)


def resolve(query: Query, spec: EncoderSpec, image: Callable[[Term], Example], tile: Callable[[TileRef], F32]) -> Query:
    """The same query with the embedding of every image and tile written into it.

    Args:
        query: as it was typed; parts that already hold an embedding of this encoder are kept.
        spec: the encoder that will be asked.
        image: embeds an image term.
        tile: looks up the embedding of an indexed tile, (D,).
    """

    def known(ref: TileRef) -> TileRef:
        if _belongs(ref.example, spec, ref.name):
            return ref
        return replace(ref, example=Example(tuple(tile(ref).tolist()), spec.key))

    def with_example(term: Term) -> Term:
        if term.kind == "text" or _belongs(term.example, spec, term.value):
            return term
        found = known(parse_tile(term.value)).example if term.kind == "tile" else image(term)
        return replace(term, example=found)

    return replace(
        query,
        terms=tuple(with_example(term) for term in query.terms),
        likes=tuple(known(ref) for ref in query.likes),
        dislikes=tuple(known(ref) for ref in query.dislikes),
    )


def query_vectors(query: Query, encoder: Encoder, center: F32) -> QueryVectors:
    """Embed a resolved query.

    Args:
        query: with the embeddings of its images and tiles (`resolve`).
        encoder: its text tower is asked for the words and the background prompts.
        center: (D,) mean embedding of the tiles searched; thumbs are measured from it.

    Raises:
        QueryError: the terms cancel out, or an image or tile has no embedding yet.
    """
    full = query.with_defaults(encoder.defaults)
    if not full.templates or full.temperature is None:
        raise QueryError(f"Encoder {encoder.spec.name} has no prompts of its own; add a template like 'photo of {{}}'.")
    vectors = _term_vectors(full, encoder)  # (T, D)
    background = _word_vectors(encoder, full.background, full.templates)
    weights = np.array([term.weight for term in full.terms])
    text = np.array([term.kind == "text" for term in full.terms])
    want = weights > 0
    likes, dislikes = _marked(full.likes, encoder.spec.dim), _marked(full.dislikes, encoder.spec.dim)

    def moved(chosen: Bool) -> F32:
        return refine(_combined(vectors[chosen], weights[chosen]), likes, dislikes, center)

    competes = np.ones(len(background), dtype=bool)
    for word in vectors[text]:
        competes &= competing(word, background)
    return QueryVectors(
        whole=moved(np.ones_like(want)),
        words=moved(text & want) if (text & want).any() else None,
        looks=moved(~text & want) if (~text & want).any() else None,
        words_share=float(weights[text & want].sum() / weights[want].sum()),
        against_words=vectors[text & ~want],
        words_odds=-weights[text & ~want].astype(np.float32),
        against_looks=vectors[~text & ~want],
        looks_odds=-weights[~text & ~want].astype(np.float32),
        background=background,
        competes=competes,
        temperature=full.temperature,
    )


def _term_vectors(query: Query, encoder: Encoder) -> F32:
    return np.stack(
        [
            prompt_vector(encoder, term.value, query.templates) if term.kind == "text" else _example(term)
            for term in query.terms
        ]
    )


def _word_vectors(encoder: Encoder, words: Sequence[str], templates: Sequence[str]) -> F32:
    if not words:
        return np.zeros((0, encoder.spec.dim), np.float32)
    return np.stack([prompt_vector(encoder, each, templates) for each in words])


def _combined(vectors: F32, weights: npt.NDArray[np.floating]) -> F32:
    total = weights @ vectors.astype(np.float64)
    if np.linalg.norm(total) < CANCELLED:
        raise QueryError("The terms of the query cancel each other out; take one of them away or change its weight.")
    return unit_rows(total)


def _marked(refs: tuple[TileRef, ...], dim: int) -> F32:
    return np.stack([_example(ref) for ref in refs]) if refs else np.zeros((0, dim), np.float32)


def _example(part: Term | TileRef) -> F32:
    if part.example is None:
        raise QueryError(f"'{part}' has no embedding yet; resolve the query first.")
    return part.example.array()


def _belongs(example: Example | None, spec: EncoderSpec, name: str) -> bool:
    if example is None:
        return False
    if example.encoder_key != spec.key:
        raise QueryError(
            f"The embedding of '{name}' in this query was made by encoder {example.encoder_key}, not by {spec.name} "
            f"({spec.key}); ask with the encoder it was made with, or name the image or tile again."
        )
    return True
