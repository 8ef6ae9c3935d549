import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.index import scan
from graft_core.index.scan import scores, thread_count, top_k


def unit(rng, count, dim, *, outlier=0.0):
    rows = rng.standard_normal((count, dim))
    rows[:, 0] += outlier
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def exact(matrix, queries):
    return queries.astype(np.float64) @ matrix.astype(np.float64).T


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(0, 40),
    queries=st.integers(0, 9),
    dim=st.integers(1, 300),
    outlier=st.sampled_from([0.0, 5.0, 50.0]),
)
def test_scores_are_dot_products_within_the_tolerance(seed, rows, queries, dim, outlier):
    rng = np.random.default_rng(seed)
    matrix = unit(rng, rows, dim, outlier=outlier).astype(np.float16)
    asked = unit(rng, queries, dim, outlier=outlier)
    got = scores(matrix, asked)
    assert got.dtype == np.float32
    assert got.shape == (queries, rows)
    np.testing.assert_allclose(got, exact(matrix, asked), atol=1e-4, rtol=0)


@pytest.mark.parametrize("dim", [512, 768, 1024])
def test_scores_of_embeddings_of_the_usual_lengths_keep_the_tolerance(dim):
    rng = np.random.default_rng(dim)
    matrix = unit(rng, 5000, dim).astype(np.float16)
    asked = np.concatenate([unit(rng, 6, dim), matrix[:3].astype(np.float32)])
    for some in (asked[:1], asked):
        assert np.abs(scores(matrix, some) - exact(matrix, some)).max() < 1e-4


def test_queries_whose_rounding_would_shift_every_score_keep_the_tolerance():
    halfway = np.float32(0.9 * 2**11 // 1 + 0.5) / np.float32(2**11)  # between two float16 numbers
    # Some of CLIP's components are very large in every vector; toy encoders give all components alike.
    one_huge = np.full(512, np.sqrt((1 - halfway**2) / 511), np.float32)
    one_huge[7] = halfway
    all_alike = np.full(973, 1 / np.sqrt(973), np.float32)  # float16 is off by 0.00047 of it
    for query in (one_huge, all_alike):
        matrix = np.repeat(query[None], 3, axis=0).astype(np.float16)
        assert np.abs(scores(matrix, query[None]) - exact(matrix, query[None])).max() < 1e-5


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), exponent=st.integers(-60, 0), dim=st.integers(1, 64))
def test_short_queries_are_scored_in_proportion(seed, exponent, dim):
    rng = np.random.default_rng(seed)
    matrix, query = unit(rng, 5, dim).astype(np.float16), unit(rng, 1, dim)
    scaled = np.ldexp(query, exponent)
    np.testing.assert_allclose(np.ldexp(scores(matrix, scaled), -exponent), exact(matrix, query), atol=1e-4, rtol=0)


def test_long_queries_keep_the_tolerance_too():
    rng = np.random.default_rng(5)
    matrix, asked = unit(rng, 500, 512).astype(np.float16), 20 * unit(rng, 4, 512)
    assert np.abs(scores(matrix, asked) - exact(matrix, asked)).max() < 1e-4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), dim=st.sampled_from([3, 64, 512]), queries=st.integers(1, 6), data=st.data())
def test_a_score_does_not_depend_on_the_rows_beside_it(seed, dim, queries, data):
    rng = np.random.default_rng(seed)
    matrix, asked = unit(rng, 150, dim).astype(np.float16), unit(rng, queries, dim)
    whole = scores(matrix, asked)
    start = data.draw(st.integers(0, 149))
    stop = data.draw(st.integers(start, 150))
    np.testing.assert_array_equal(scores(matrix[start:stop], asked), whole[:, start:stop])


def test_a_score_hardly_depends_on_the_queries_beside_it():
    rng = np.random.default_rng(3)
    matrix, asked = unit(rng, 100, 512).astype(np.float16), unit(rng, 9, 512)
    whole = scores(matrix, asked)
    for one in range(9):
        np.testing.assert_allclose(scores(matrix, asked[one : one + 1])[0], whole[one], atol=1e-6, rtol=0)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("queries", [1, 3])
def test_chunks_and_threads_change_nothing(monkeypatch, threads, queries):
    rng = np.random.default_rng(0)
    matrix, asked = unit(rng, 1001, 16).astype(np.float16), unit(rng, queries, 16)
    whole = scores(matrix, asked, threads=1)
    monkeypatch.setattr(scan, "CHUNK_BYTES", 130 * 2 * 16)
    np.testing.assert_array_equal(scores(matrix, asked, threads=threads), whole)


@pytest.mark.parametrize("dim", [8, 512])
@pytest.mark.parametrize("queries", [1, 4])
def test_a_row_without_an_embedding_scores_nan_and_spoils_no_other(dim, queries):
    rng = np.random.default_rng(1)
    matrix, asked = unit(rng, 30, dim).astype(np.float16), unit(rng, queries, dim)
    clean = scores(matrix, asked)
    matrix[[3, 17, 29]] = np.nan
    got = scores(matrix, asked)
    assert np.isnan(got[:, [3, 17, 29]]).all()
    rest = np.delete(np.arange(30), [3, 17, 29])
    np.testing.assert_array_equal(got[:, rest], clean[:, rest])


def test_a_query_that_is_not_finite_scores_nan_and_spoils_no_other():
    rng = np.random.default_rng(1)
    matrix, asked = unit(rng, 5, 8).astype(np.float16), unit(rng, 3, 8)
    clean = scores(matrix, asked)
    asked[0, 1], asked[1, 2] = np.nan, np.inf
    got = scores(matrix, asked)
    assert np.isnan(got[:2]).all()
    np.testing.assert_array_equal(got[2], clean[2])


def test_a_memory_map_and_a_strided_view_are_scored_like_an_array(tmp_path):
    rng = np.random.default_rng(2)
    matrix, asked = unit(rng, 20, 8).astype(np.float16), unit(rng, 2, 8)
    np.save(tmp_path / "m.npy", matrix)
    mapped = np.load(tmp_path / "m.npy", mmap_mode="r")
    np.testing.assert_array_equal(scores(mapped, asked), scores(matrix, asked))
    np.testing.assert_array_equal(scores(matrix[::3], asked), scores(matrix, asked)[:, ::3])


def test_rows_and_queries_that_do_not_fit_are_refused():
    for matrix, queries in (
        (np.zeros((2, 4), np.float16), np.zeros((1, 5), np.float32)),
        (np.zeros((2, 4), np.float32), np.zeros((1, 4), np.float32)),
        (np.zeros((2, 4), np.float16), np.zeros(4, np.float32)),
    ):
        with pytest.raises(ValueError, match="cannot score"):
            scores(matrix, queries)


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert thread_count() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert thread_count() >= 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert thread_count() >= 1


def best_by_sorting(values, k):
    known = [row for row in range(len(values)) if not np.isnan(values[row])]
    return sorted(known, key=lambda row: (-values[row], row))[:k]


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.floats(width=32) | st.sampled_from([0.0, -0.0, 0.5, float("nan")]), max_size=60),
    k=st.integers(0, 70),
)
def test_the_best_come_first_ties_in_row_order_and_nan_never(values, k):
    array = np.array(values, np.float32)
    assert top_k(array, k).tolist() == best_by_sorting(array, k)


KINDS = [
    "plain",
    "few values",
    "rising",
    "peaks the sample misses",
    "peaks only the sample sees",
    "mostly nan",
    "all nan",
]


def draws(kind, rng, count):
    if kind == "few values":
        return rng.integers(0, 5, count).astype(np.float32)
    drawn = rng.standard_normal(count).astype(np.float32)
    if kind == "rising":
        return np.sort(drawn)
    if kind == "peaks the sample misses":
        drawn = np.zeros(count, np.float32)
        drawn[1::997] = 1 + rng.random(len(drawn[1::997]), np.float32)
    if kind == "peaks only the sample sees":
        drawn[:: count // scan.SAMPLE] += 100
    if kind == "mostly nan":
        drawn[rng.random(count) < 0.999] = np.nan
    if kind == "all nan":
        drawn[:] = np.nan
    return drawn


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(KINDS),
    count=st.integers(3 * scan.SAMPLE, 9 * scan.SAMPLE),
    k=st.sampled_from([1, 20, 100, 3000, 10_000]),
)
def test_the_sampled_threshold_loses_nothing_whatever_the_scores_are(seed, kind, count, k):
    drawn = draws(kind, np.random.default_rng(seed), count)
    order = np.argsort(-drawn, kind="stable")
    assert top_k(drawn, k).tolist() == order[~np.isnan(drawn[order])][:k].tolist()


def test_a_negative_k_and_a_table_of_scores_are_refused():
    with pytest.raises(ValueError, match="best -1"):
        top_k(np.zeros(3, np.float32), -1)
    with pytest.raises(ValueError, match="shape"):
        top_k(np.zeros((1, 3), np.float32), 1)
