import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.errors import QueryError
from graft_core.search import calibrate
from graft_core.search.calibrate import competing, joint_probability, match_probability, part_probability
from graft_core.types import F32

KINDS = 12
NOISE = 0.02
GAP = 0.06
TEMPERATURE = NOISE**2 / GAP  # what makes the softmax of these Gaussians a true posterior


def scene(share: float, tiles: int = 3000, seed: int = 0) -> tuple[F32, np.ndarray]:
    """Scores of tiles of KINDS kinds, the first of which holds ``share`` of the scene, and which tiles those are."""
    rng = np.random.default_rng(seed)
    shares = np.full(KINDS, (1 - share) / (KINDS - 1))
    shares[0] = share
    kind = rng.choice(KINDS, size=tiles, p=shares)
    scores = rng.normal(0.2, NOISE, (tiles, KINDS))
    scores[np.arange(tiles), kind] += GAP
    return scores.astype(np.float32), kind == 0


def softmax(scores: F32) -> F32:
    """The same without looking at the scene as a whole."""
    odds = np.exp((scores - scores.max(axis=1, keepdims=True)) / TEMPERATURE)
    return np.asarray(odds[:, 0] / odds.sum(axis=1))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_mean_probability_is_near_the_true_share(share: float) -> None:
    scores, there = scene(share)
    probability = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    assert probability.mean() == pytest.approx(there.mean(), abs=0.08)
    assert abs(probability.mean() - there.mean()) <= abs(softmax(scores).mean() - there.mean()) + 0.005
    assert probability[there].mean() > 4 * probability[~there].mean()


def test_scene_without_the_thing_gets_fewer_matches_than_chance_gives() -> None:
    scores, _ = scene(0.0)
    probability = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    assert probability.mean() < 0.9 * softmax(scores).mean()
    assert (probability > 0.5).mean() < 0.03


def test_scene_full_of_the_thing_is_not_divided_among_the_alternatives() -> None:
    scores, _ = scene(1.0)
    probability = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    assert probability.mean() > max(0.9, softmax(scores).mean() + 0.05)


def test_a_few_tiles_cannot_talk_themselves_into_a_prior() -> None:
    probability = match_probability(np.full(4, 0.21, np.float32), np.full((9, 4), 0.2, np.float32), temperature=0.02)
    assert (probability < 0.4).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 200), st.integers(1, 8), st.floats(0.003, 0.2))
def test_probability_is_in_range_and_grows_with_score(seed: int, tiles: int, kinds: int, temperature: float) -> None:
    rng = np.random.default_rng(seed)
    target = rng.uniform(-1, 1, tiles).astype(np.float32)
    alternatives = np.tile(rng.uniform(-1, 1, kinds), (tiles, 1)).T.astype(np.float32)
    probability = match_probability(target, alternatives, temperature=temperature)
    assert probability.dtype == np.float32
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (np.diff(probability[np.argsort(target)]) >= 0).all()


def test_what_could_not_be_scored_stays_unknown_and_changes_nothing_else() -> None:
    scores, _ = scene(0.3, tiles=500)
    without = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    holes = np.insert(scores, [0, 250, 500], np.nan, axis=0)
    holes[0, 1:] = 0.1  # one missing score is enough
    probability = match_probability(holes[:, 0], holes[:, 1:].T, temperature=TEMPERATURE)
    unknown = np.isnan(holes).any(axis=1)
    assert np.array_equal(np.isnan(probability), unknown)
    assert np.array_equal(probability[~unknown], without)


def test_scene_of_unknowns_is_unknown() -> None:
    nothing = np.full((3, 4), np.nan, np.float32)
    probability = match_probability(nothing[:, 0], nothing[:, 1:].T, temperature=0.01)
    assert np.isnan(probability).all()


def test_many_tiles_are_fitted_on_a_part_that_says_the_same_as_all(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, _ = scene(0.25, tiles=60_000)
    part = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    monkeypatch.setattr(calibrate, "EM_TILES", 10**6)
    whole = match_probability(scores[:, 0], scores[:, 1:].T, temperature=TEMPERATURE)
    np.testing.assert_allclose(part, whole, atol=0.01)


def test_query_needs_something_to_compete_with() -> None:
    with pytest.raises(QueryError, match="background prompt"):
        match_probability(np.zeros(3, np.float32), np.zeros((0, 3), np.float32), temperature=0.01)


def test_background_prompt_that_says_the_same_does_not_compete() -> None:
    background = np.eye(3, dtype=np.float32)
    assert competing(np.array([0.995, 0.07, 0.07], np.float32), background).tolist() == [False, True, True]


def test_prompts_that_all_look_alike_to_the_encoder_still_compete() -> None:
    """As in CLIP, where a large common part makes every cosine high."""
    shared = np.zeros(13)
    shared[12] = 4.0
    things = np.eye(12, 13)
    background = shared + things
    background /= np.linalg.norm(background, axis=1, keepdims=True)
    synonym = shared + things[3] + 0.3 * things[4]
    synonym /= np.linalg.norm(synonym)
    assert (background @ synonym).min() > 0.9
    competes = competing(synonym.astype(np.float32), background.astype(np.float32))
    assert np.flatnonzero(~competes).tolist() == [3]


def test_unwanted_thing_competes_with_the_wanted_one() -> None:
    """Tiles of the wanted kind 0, the unwanted kind 1 that looks half like it, and others."""
    scores, _ = scene(0.2)
    kind = scores.argmax(axis=1)
    scores[:, 0] += np.where(kind == 1, 0.03, 0)
    target, against, others = scores[:, 0], scores[:, 1:2].T, scores[:, 2:].T
    alone = part_probability(target, against[:0], others, temperature=TEMPERATURE)
    minus = part_probability(target, against, others, temperature=TEMPERATURE)
    assert alone is not None
    assert minus is not None
    assert minus[kind == 1].mean() < 0.5 * alone[kind == 1].mean()
    assert minus[kind == 0].mean() > 0.6


def test_only_unwanted_words_beside_an_image_lower_its_matches() -> None:
    scores, there = scene(0.3)
    absent = part_probability(None, scores[:, :1].T, scores[:, 1:].T, temperature=TEMPERATURE)
    assert absent is not None
    assert absent[there].mean() < 0.2
    assert absent[~there].mean() > 0.9
    assert part_probability(None, scores[:, :0].T, scores[:, 1:].T, temperature=TEMPERATURE) is None


def test_words_and_images_are_joined_by_their_weights() -> None:
    words, looks = np.array([1.0, 0.25, 0.0], np.float32), np.array([0.25, 1.0, 0.5], np.float32)
    np.testing.assert_allclose(joint_probability(words, looks, 0.5), [0.5, 0.5, 0.0])
    np.testing.assert_allclose(joint_probability(words, looks, 1.0), [0.25, 0.25, 0.0])
    assert joint_probability(words, None, 1.0) is words
    assert joint_probability(None, looks, 0.0) is looks
