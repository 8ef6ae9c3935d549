import numpy as np

from graft_core.search.typical import KINDS, competing_looks, typical_tiles
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


def test_typical_tile_like_the_example_does_not_compete_with_it() -> None:
    shared = np.array([3.0, 0, 0, 0])
    typical = unit(shared + np.eye(4)[1:])
    assert competing_looks(unit(shared + np.array([0.1, 0, 0.9, 0.1])), typical).tolist() == [True, False, True]
