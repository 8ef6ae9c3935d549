import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graft_core.search.feedback import refine
from graft_core.types import F32


def unit(rows: np.ndarray) -> F32:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def tiles(seed: int, dim: int = 16) -> tuple[F32, np.ndarray, F32]:
    """Tiles of four kinds, all sharing one large direction; their kinds; words near kind 0 from elsewhere in space."""
    rng = np.random.default_rng(seed)
    shared, words, *kinds = np.linalg.qr(rng.normal(size=(dim, 6)))[0].T
    kind = np.arange(200) % 4
    rows = unit(shared + 0.6 * np.array(kinds)[kind] + 0.15 * rng.normal(size=(200, dim)))
    return rows, kind, unit(words + 0.25 * kinds[0])


NONE = np.zeros((0, 16), np.float32)


def test_without_marks_the_query_keeps_its_bits() -> None:
    query = tiles(0)[2]
    assert refine(query, NONE, NONE, np.ones(16, np.float32)).tobytes() == query.tobytes()


@given(st.integers(0, 10_000))
def test_liked_tiles_do_not_fall_and_the_answer_gets_better(seed: int) -> None:
    rows, kind, query = tiles(seed)
    liked = np.flatnonzero(kind == 0)[:2]
    moved = refine(query, rows[liked], NONE, rows.mean(axis=0))
    before, after = rank(rows @ query), rank(rows @ moved)
    assert (after[liked] <= np.maximum(before[liked], 50)).all(), "within its own kind of 50 the order may change"
    assert after[kind == 0].mean() <= before[kind == 0].mean() + 1


@given(st.integers(0, 10_000))
def test_disliked_tiles_lose_score_against_the_rest(seed: int) -> None:
    rows, kind, query = tiles(seed)
    disliked = np.flatnonzero(kind == 1)[:3]
    moved = refine(query, NONE, rows[disliked], rows.mean(axis=0))
    before, after = rank(rows @ query), rank(rows @ moved)
    assert after[kind == 1].mean() >= before[kind == 1].mean() - 1


def test_order_of_marks_does_not_matter_and_length_stays_one() -> None:
    rows, _, query = tiles(3)
    one = refine(query, rows[:4], rows[4:7], rows.mean(axis=0))
    other = refine(query, rows[:4][::-1], rows[4:7][::-1], rows.mean(axis=0))
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert abs(np.linalg.norm(one) - 1) < 1e-6


def test_one_thumb_does_not_drown_the_words() -> None:
    rows, kind, query = tiles(5)
    moved = refine(query, rows[kind == 2][:1], NONE, rows.mean(axis=0))
    assert moved @ query > 0.5


def rank(scores: F32) -> np.ndarray:
    return np.argsort(np.argsort(-scores))
