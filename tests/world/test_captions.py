"""Captions: true of the photo, varied, and free of the words kept back for measuring."""

import re

import numpy as np
import pytest

from graft_core.world import captions
from graft_core.world.ground import DISTRACTORS
from graft_core.world.land import CLASSES


def draw(name: str, count: int = 400, **facts: object) -> list[str]:
    dice = np.random.default_rng(sum(map(ord, name)))
    return [captions.caption(name, dice, **facts) for _ in range(count)]  # type: ignore[arg-type]


def holds(text: str, word: str) -> bool:
    """The word stands in the text as a whole."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def allowed(name: str) -> set[str]:
    """Words that are true of a class."""
    shared = {word for word, classes in captions.SHARED.items() if name in classes}
    return shared | set(captions.NOUNS[name]) | set(captions.HELD_OUT.get(name, ()))


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_nouns_and_words_kept_back(name: str) -> None:
    assert captions.NOUNS[name][0] == name
    assert len(captions.NOUNS[name]) >= 6
    assert len(captions.HELD_OUT[name]) >= 2
    assert not set(captions.HELD_OUT[name]) & {noun for nouns in captions.NOUNS.values() for noun in nouns}


def test_shared_words_name_known_classes_only() -> None:
    assert all(set(classes) <= set(CLASSES) for classes in captions.SHARED.values())


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("trees", "forest"),
        ("trees", "orchard"),
        ("water", "lake"),
        ("water", "river"),
        ("houses", "residential area"),
        ("farmland", "crop field"),
        ("car park", "parking lot"),
        ("runway", "airport"),
        ("planes", "airport"),
        ("ships", "harbour"),
        ("marina", "harbour"),
        ("solar panels", "solar farm"),
        ("sand", "beach"),
        ("marsh", "wetland"),
        ("baseball diamond", "baseball field"),
        ("graves", "cemetery"),
        ("road", "highway"),
        ("motorway", "highway"),
        ("pond", "lake"),
        ("buildings", "downtown"),
    ],
)
def test_words_that_analysts_type_are_taught(word: str, name: str) -> None:
    assert any(holds(text, word) for text in draw(name, 1500))


@pytest.mark.parametrize("name", CLASSES)
def test_training_captions_never_hold_a_word_kept_back(name: str) -> None:
    kept = [word for words in captions.HELD_OUT.values() for word in words]
    for text in draw(name, behind="forest", weather="sunset", season="autumn"):
        assert not [word for word in kept if holds(text, word)], text


@pytest.mark.parametrize("name", CLASSES)
def test_held_out_captions_use_only_words_kept_back(name: str) -> None:
    for text in draw(name, 60, held_out=True):
        assert any(holds(text, word) for word in captions.HELD_OUT[name]), text


@pytest.mark.parametrize("name", CLASSES)
def test_no_caption_names_a_class_that_is_not_there(name: str) -> None:
    mine = allowed(name)
    words = {word for other in captions.NOUNS for word in allowed(other)} - mine
    for text in draw(name, 300):
        rest = text
        for word in sorted(mine, key=len, reverse=True):
            rest = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", "", rest)
        assert not [word for word in words if holds(rest, word)], text


def test_the_class_behind_is_named_in_some_captions_and_only_when_given() -> None:
    with_forest = draw("beach", behind="forest")
    trees = [text for text in with_forest if any(holds(text, word) for word in allowed("forest"))]
    assert 40 < len(trees) < 250
    assert not [text for text in draw("beach") if holds(text, "forest")]


def test_weather_and_season_are_named_only_when_given() -> None:
    words = [*captions.WEATHER["sunset"], *captions.SEASON["autumn"]]
    told = [text for text in draw("meadow", weather="sunset", season="autumn") if any(word in text for word in words)]
    silent = [text for text in draw("meadow") if any(word in text for word in words)]
    assert len(told) > 50
    assert not silent


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("forest", "a forest"), ("orchard", "an orchard"), ("trees", "trees"), ("farmland", "farmland"),
     ("compass", "a compass"), ("city centre", "a city centre")],
)  # fmt: skip
def test_nouns_stand_in_their_singular_or_plural_form(noun: str, expected: str) -> None:
    assert captions.phrase(noun) == expected


@pytest.mark.parametrize("kind", DISTRACTORS)
def test_distractors_have_captions_that_name_no_class(kind: str) -> None:
    words = {word for name in CLASSES for word in allowed(name)}
    for text in draw(kind, 60):
        assert not [word for word in words if holds(text, word)], text


def test_captions_are_varied_and_follow_the_generator() -> None:
    assert len(set(draw("forest"))) > 120
    assert draw("forest", 20) == draw("forest", 20)
