import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_encoder import COLORS, KnownEncoder, unit_vector

from graft_core.errors import QueryError
from graft_core.search.embed import query_vectors
from graft_core.search.query import Query
from graft_core.tasks.class_list import parse_classes
from graft_core.tasks.class_vectors import ClassVectors, class_vectors
from graft_core.types import F32

ENCODER = KnownEncoder(level="patch")


def asked(text: str) -> ClassVectors:
    def resolved(query: Query) -> tuple[Query, F32]:
        known = query.with_defaults(ENCODER.defaults)
        return known, query_vectors(known, ENCODER, np.zeros(4, np.float32)).whole

    return class_vectors(parse_classes(text), resolved)


def seen(*colors: str) -> F32:
    """(D, N) patches of plain colours."""
    return unit_vector(np.array([COLORS[color] for color in colors])).T


def probability(text: str, *colors: str) -> F32:
    classes = asked(text)
    return classes.probability(classes.vectors @ seen(*colors))


def test_class_of_two_terms_is_either_of_them() -> None:
    found = probability("warm = red + yellow, cold = blue + cyan", "red", "yellow", "blue", "cyan")
    assert found[0, :2].min() > 0.95
    assert found[1, 2:].min() > 0.95


def test_ground_most_like_an_unwanted_term_is_no_class() -> None:
    plain = probability("red, blue", "magenta")
    without = probability("red - magenta, blue", "magenta", "red", "blue")
    np.testing.assert_allclose(plain[:, 0], 0.5, atol=0.01)
    assert without[:, 0].max() < 0.05
    assert without[0, 1] > 0.95
    assert without[1, 2] > 0.95


def test_weight_multiplies_the_odds_of_a_term() -> None:
    even, raised = probability("red, blue", "green"), probability("3*red, blue", "green")
    odds = [float(each[0, 0] / each[1, 0]) for each in (even, raised)]
    assert odds[1] == pytest.approx(3 * odds[0], rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["red, blue", "red + white, 2*blue, green", "red - black, blue"]))
def test_probabilities_are_shares_and_each_place_stands_alone(seed: int, text: str) -> None:
    classes = asked(text)
    cosines = np.random.default_rng(seed).uniform(-1, 1, (len(classes.vectors), 6, 3)).astype(np.float32)
    cosines[:, 2, 1] = np.nan
    found = classes.probability(cosines)
    unknown = np.zeros((6, 3), bool)
    unknown[2, 1] = True
    assert np.array_equal(np.isnan(found), np.broadcast_to(unknown, found.shape))
    total = found.sum(axis=0)[~unknown]
    assert (total <= 1 + 1e-5).all()
    assert "-" in text or np.allclose(total, 1, atol=1e-5)
    np.testing.assert_array_equal(classes.probability(cosines[:, 1:2, 1:2]), found[:, 1:2, 1:2])


def test_queries_keep_signs_weights_and_what_they_depend_on() -> None:
    classes = asked("red - 2*black, blue")
    assert [each.text for each in classes.queries] == ["red - 2*black", "blue"]
    assert classes.queries[0].templates == ENCODER.defaults.templates
    assert classes.temperature == ENCODER.defaults.temperature


def test_words_and_images_in_one_list_are_refused() -> None:
    with pytest.raises(QueryError, match="'red' is given by words and class 'house' by ground photos"):
        asked("red, house = photo:house.jpg")
    with pytest.raises(QueryError, match="by imagery"):
        asked("red + chip:roof.tif, blue")
