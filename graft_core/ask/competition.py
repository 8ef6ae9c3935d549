"""Texts that compete for every patch: with each other, and with the encoder's background prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graft_core.errors import QueryError
from graft_core.search.calibrate import class_probability, weighed
from graft_core.search.embed import prompt_vector, query_vectors
from graft_core.search.query import Query, parse_query
from graft_core.types import F32, I64, Encoder


@dataclass(frozen=True, eq=False)
class Competition:
    """What a set of texts asks of every patch.

    Each wanted term is a row of a softmax, and a text is as probable as its terms together: "lake + river" is either of
    the two. Unwanted terms, and the background prompts that say something else than every text, are all the rest.
    """

    vectors: F32
    """(N, D) unit rows."""
    owner: I64
    """(N,) text of each row; K for what is none of the K texts."""
    weight: F32
    """(N,) above 0: a term of twice the weight has twice the odds."""
    temperature: float
    """Cosine difference that multiplies the odds by e."""
    texts: int
    """K."""

    def probability(self, cosines: F32) -> F32:
        """(N, ...) cosines with ``vectors`` -> (K + 1, ...) probability of each text, and of the likeliest of the rest.

        The rest is one thing at a time: twenty prompts that are all unlikely are no reason against a text.
        """
        raised = weighed(cosines.reshape(len(cosines), -1), self.weight, self.temperature)
        rows = class_probability(raised, temperature=self.temperature)
        found = [rows[self.owner == text].sum(axis=0) for text in range(self.texts)]
        rest = rows[self.owner == self.texts]
        found.append(rest.max(axis=0) if len(rest) else np.where(np.isnan(rows[0]), rows[0], 0))
        return np.stack(found).reshape(self.texts + 1, *cosines.shape[1:]).astype(np.float32)


def competition(texts: Sequence[str], encoder: Encoder) -> Competition:
    """Embed texts and what competes with them.

    Raises:
        QueryError: a text is no query of words.
    """
    rows, owner, weight = [], [], []
    competes = np.ones(0, np.bool_)
    for number, text in enumerate(texts):
        query = words_only(text).with_defaults(encoder.defaults)
        for term in query.terms:
            rows.append(prompt_vector(encoder, term.value, query.templates))
            owner.append(number if term.weight > 0 else len(texts))
            weight.append(abs(term.weight))
        known = query_vectors(query, encoder, np.zeros(encoder.spec.dim, np.float32))
        competes = known.competes if not number else competes & known.competes
    others = known.background[competes]
    return Competition(
        vectors=np.concatenate([np.stack(rows), others]),
        owner=np.array(owner + [len(texts)] * len(others), np.int64),
        weight=np.array(weight + [1.0] * len(others), np.float32),
        temperature=known.temperature,
        texts=len(texts),
    )


def words_only(text: str) -> Query:
    """A query as a program may ask it: a program comes from anywhere, so it must not name files of this machine.

    Raises:
        QueryError: it is no query, or it names an image or a tile.
    """
    query = parse_query(text)
    for term in query.terms:
        if term.kind != "text":
            raise QueryError(f"'{term}' is not words; a program looks for words only, such as \"lake\".")
    return query
