import numpy as np

from graft_core.search.typical import KINDS, competing_looks, standard_scores, typical_tiles
from graft_core.types import F32


def unit(rows: np.ndarray) -> F32:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def test_each_kind_of_land_has_a_typical_tile_even_a_rare_one() -> None:
    rng = np.random.default_rng(1)
    kinds = unit(rng.normal(size=(5, 32)))
    kind = np.repeat(np.arange(5), [400, 300, 200, 97, 3])
    rows = unit(kinds[kind] + 0.05 * rng.normal(size=(1000, 32)))
    typical = typical_tiles(rows)
    assert len(typical) <= KINDS
    assert (kinds @ typical.T).max(axis=1).min() > 0.95
    np.testing.assert_allclose(np.linalg.norm(typical, axis=1), 1, atol=1e-6)


def test_same_tiles_give_the_same_answer_and_few_tiles_are_enough() -> None:
    rows = unit(np.random.default_rng(2).normal(size=(3, 8)))
    assert np.array_equal(typical_tiles(rows), typical_tiles(rows.copy()))
    assert len(typical_tiles(rows)) <= 3
    assert len(typical_tiles(np.repeat(rows[:1], 50, axis=0))) == 1


def test_typical_tile_that_looks_for_the_same_does_not_compete() -> None:
    typical = standard_scores(np.array([[0.9, 0.1, 0.2, 0.1], [0.1, 0.9, 0.8, 0.1], [0.1, 0.2, 0.1, 0.9]], np.float32))
    photo = standard_scores(np.array([[0.31, 0.4, 0.38, 0.3]], np.float32))[0]
    assert competing_looks(photo, typical).tolist() == [True, False, True]


def test_what_stands_out_counts_however_high_or_wide_the_cosines_are() -> None:
    rng = np.random.default_rng(3)
    cosines = rng.uniform(-1, 1, (2, 50)).astype(np.float32)
    cosines[:, [4, 9]] = np.nan
    scores = standard_scores(cosines)
    np.testing.assert_allclose(standard_scores(0.2 * cosines + 0.3), scores, atol=1e-5)
    assert np.isnan(scores[:, [4, 9]]).all()
    np.testing.assert_allclose(np.nanmean(scores, axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(np.nanstd(scores, axis=1), 1, atol=1e-6)


def test_scene_that_is_the_same_everywhere_has_nothing_that_stands_out() -> None:
    same = standard_scores(np.full((2, 9), 0.7, np.float32))
    assert (same == 0).all()
    assert competing_looks(same[0], same).all()
    assert competing_looks(np.full(3, np.nan, np.float32), np.full((2, 3), np.nan, np.float32)).all()
