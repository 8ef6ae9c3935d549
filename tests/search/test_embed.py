from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from known_encoder import COLORS, KnownEncoder, unit_vector

from graft_core.errors import QueryError
from graft_core.search.embed import prompt_vector, query_vectors, resolve
from graft_core.search.query import Example, Query, Term, TileRef, parse_query
from graft_core.types import F32

CENTER = np.zeros(4, np.float32)


def color(name: str) -> F32:
    return unit_vector(np.array(COLORS[name]))


def no_image(term: Term) -> Example:
    raise AssertionError("no image in this query")


def no_tile(ref: TileRef) -> F32:
    raise AssertionError("no tile in this query")


class Drifting(KnownEncoder):
    """Every template pulls the words to another side."""

    def encode_texts(self, texts: Sequence[str]) -> F32:
        self.texts_encoded += len(texts)
        rows = {"a x": [1, 0, 0, 0], "b x": [0, 1, 0, 0]}
        return np.array([rows[text] for text in texts], np.float32)


def test_prompt_ensemble_is_the_unit_mean_of_its_prompts() -> None:
    half = np.sqrt(0.5)
    np.testing.assert_allclose(prompt_vector(Drifting(), "x", ("a {}", "b {}")), [half, half, 0, 0], atol=1e-7)


def test_one_word_points_at_its_colour() -> None:
    vectors = query_vectors(parse_query("red"), KnownEncoder(), CENTER)
    np.testing.assert_allclose(vectors.whole, color("red"), atol=1e-6)
    assert vectors.words is not None
    assert vectors.looks is None
    assert vectors.words_share == 1
    assert vectors.temperature == 0.1


def test_terms_add_up_with_their_weights_and_signs() -> None:
    vectors = query_vectors(parse_query("2*red + green - blue"), KnownEncoder(), CENTER)
    total = 2 * color("red") + color("green") - color("blue")
    np.testing.assert_allclose(vectors.whole, total / np.linalg.norm(total), atol=1e-6)
    wanted = 2 * color("red") + color("green")
    np.testing.assert_allclose(vectors.words, wanted / np.linalg.norm(wanted), atol=1e-6)
    np.testing.assert_allclose(vectors.against_words, color("blue")[None], atol=1e-6)


def test_background_prompt_that_is_the_query_itself_does_not_compete() -> None:
    vectors = query_vectors(parse_query("red - blue"), KnownEncoder(), CENTER)
    assert vectors.competes.tolist() == [False, True, False, True, True], "red, green, blue, white, black"
    assert len(vectors.background) == 5, "all of them are scored, whatever the query, so that their scores can be kept"


def test_query_overrides_the_encoders_prompts() -> None:
    query = replace(parse_query("red"), background=("grey",), templates=("only {}",), temperature=0.5)
    encoder = KnownEncoder()
    vectors = query_vectors(query, encoder, CENTER)
    np.testing.assert_allclose(vectors.background, color("grey")[None], atol=1e-6)
    assert vectors.temperature == 0.5
    assert encoder.texts_encoded == 2


def test_terms_that_cancel_are_refused() -> None:
    query = Query((Term("text", "red", 1.0), Term("text", "red !", -1.0)))
    with pytest.raises(QueryError, match="cancel"):
        query_vectors(query, KnownEncoder(), CENTER)


def test_images_and_tiles_are_looked_up_once_and_kept_in_the_query() -> None:
    spec = KnownEncoder().spec
    query = replace(parse_query("red + photo:a.jpg + tile:s/-1/2"), likes=(TileRef("s", 3, 4),))
    asked: list[str] = []

    def image(term: Term) -> Example:
        asked.append(term.value)
        return Example(tuple(color("green").tolist()), spec.key, "f" * 64)

    def tile(ref: TileRef) -> F32:
        asked.append(ref.name)
        return color("blue")

    resolved = resolve(query, spec, image, tile)
    assert asked == ["a.jpg", "s/-1/2", "s/3/4"]
    again = Query.from_json(resolved.to_json())
    assert resolve(again, spec, no_image, no_tile) == resolved, "a written query needs neither the file nor the index"
    vectors = query_vectors(again, KnownEncoder(), CENTER)
    looks = color("green") + color("blue")
    assert vectors.looks is not None
    assert vectors.looks @ looks / np.linalg.norm(looks) > 0.9, "moved a little by the like"
    assert vectors.words_share == pytest.approx(1 / 3)


def test_embedding_of_another_encoder_is_refused() -> None:
    other = KnownEncoder(weights="1" * 64)
    query = replace(
        parse_query("red"), likes=(TileRef("s", 0, 0, Example(tuple(color("red").tolist()), other.spec.key)),)
    )
    with pytest.raises(QueryError, match="s/0/0"):
        resolve(query, KnownEncoder().spec, no_image, no_tile)


def test_unresolved_image_is_refused() -> None:
    with pytest.raises(QueryError, match=r"a\.jpg"):
        query_vectors(parse_query("photo:a.jpg"), KnownEncoder(), CENTER)


def test_likes_pull_towards_the_liked_and_dislikes_away() -> None:
    spec = KnownEncoder().spec
    liked = TileRef("s", 0, 0, Example(tuple(color("green").tolist()), spec.key))
    plain = query_vectors(parse_query("red"), KnownEncoder(), CENTER)
    toward = query_vectors(replace(parse_query("red"), likes=(liked,)), KnownEncoder(), CENTER)
    away = query_vectors(replace(parse_query("red"), dislikes=(liked,)), KnownEncoder(), CENTER)
    assert toward.whole @ color("green") > plain.whole @ color("green") > away.whole @ color("green")
