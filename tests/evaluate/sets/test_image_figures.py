"""What one harness says of miniature sets in every layout, beside what was counted by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import miniature_sets as mini
import numpy as np
import pytest
from known_encoder import COLORS, KnownEncoder
from long_work import finish

from graft_core.errors import BenchmarkError, QueryError
from graft_core.evaluate.sets import class_words, embed
from graft_core.evaluate.sets.image_figures import evaluate_images
from graft_core.evaluate.sets.labelled_set import LabelledSet, drawn_at_random
from graft_core.evaluate.sets.layouts import open_set
from graft_core.evaluate.sets.result import SetResult
from graft_core.evaluate.templated import TemplatedEncoder

THREE = {"blue": ["violet"], "green": ["green", "red"], "red": ["purple", "orange", "orange"]}
"""Class -> colours of its images, in order from 0: 2 and 3 are nearer to the colour of another class than of theirs."""
CLASSES = ["blue", "green", "red"]


def measured(asked: LabelledSet, cache: Path, encoder: Any = None, **options: Any) -> SetResult:
    return finish(evaluate_images(asked, encoder or KnownEncoder(), cache, **options))


@pytest.fixture
def three(tmp_path: Path) -> LabelledSet:
    return open_set(mini.write_folders(tmp_path / "three", THREE), "folder")


def test_accuracy_and_map_of_three_classes_are_those_counted_by_hand(three: LabelledSet, tmp_path: Path) -> None:
    found = measured(three, tmp_path / "cache", ranks=2)
    assert (found.dataset, found.images, list(found.words)) == ("three", 6, CLASSES)
    assert found.figures["zero_shot_top1"] == pytest.approx(4 / 6, abs=1e-4)
    assert found.by_class["recall"] == {"blue": 1.0, "green": 0.5, "red": pytest.approx(2 / 3, abs=1e-4)}
    assert found.figures["balanced_accuracy"] == pytest.approx((1 + 1 / 2 + 2 / 3) / 3, abs=1e-4)
    # Of two ranks: blue has its image first. Green has one of its two. Red has image 2, which is green's, then its own.
    assert found.figures["map_at_2"] == pytest.approx((1 + 1 / 2 + (1 / 2) / 2) / 3, abs=1e-4)


def test_map_over_more_ranks_counts_what_lies_behind(three: LabelledSet, tmp_path: Path) -> None:
    # Green: ranks 1 and 4, behind the two of orange. Red: ranks 2, 3 and 4, behind the red one of green.
    expected = (1 + (1 + 2 / 4) / 2 + (1 / 2 + 2 / 3 + 3 / 4) / 3) / 3
    assert measured(three, tmp_path / "cache").figures["map_at_20"] == pytest.approx(expected, abs=1e-4)


def eurosat_words(**words: str) -> dict[str, str]:
    """Words for classes that are looked at; grey images are annual crops, and no image is black."""
    return dict.fromkeys(class_words.EUROSAT, "black") | {"AnnualCrop": "grey"} | words


def test_eurosat_knows_its_ten_classes_whatever_folder_wraps_them(tmp_path: Path) -> None:
    root = mini.write_eurosat(
        tmp_path / "set", {"Forest": ("green", "green"), "River": ("blue", "green"), "Residential": ("red",)}
    )
    asked = open_set(root, "eurosat", eurosat_words(Forest="green", River="blue", Residential="red"))
    found = measured(asked, tmp_path / "cache", fit="resize")
    assert (found.dataset, found.images, len(found.words)) == ("eurosat", 12, 10)
    assert open_set(root, "eurosat").words["SeaLake"] == "sea or lake"
    # The seven grey classes are all said to be annual crops; one image of the river is said to be forest.
    assert found.figures["zero_shot_top1"] == pytest.approx(5 / 12, abs=1e-4)
    assert found.figures["balanced_accuracy"] == pytest.approx((1 + 1 + 1 / 2 + 1) / 10, abs=1e-4)


def test_eurosat_of_13_bands_is_seen_in_its_true_colours(tmp_path: Path) -> None:
    root = mini.write_eurosat_ms(tmp_path / "set", {"Forest": ("green",), "River": ("blue",), "Highway": ("red",)})
    words = eurosat_words(Forest="green", River="blue", Highway="red")
    found = measured(open_set(root, "eurosat", words), tmp_path / "cache")
    assert found.dataset == "eurosat-ms"
    assert found.figures["zero_shot_top1"] == pytest.approx(4 / 10, abs=1e-4)


@pytest.mark.parametrize(
    ("layout", "write", "table"),
    [
        ("ucm", mini.write_ucm, class_words.UCM),
        ("resisc45", mini.write_resisc45, class_words.RESISC45),
        ("rsscn7", mini.write_rsscn7, class_words.RSSCN7),
    ],
)
def test_sets_of_class_folders(layout: str, write: Any, table: Mapping[str, str], tmp_path: Path) -> None:
    """Image i is of colour i and asked for by that colour's name; once the colours are used up, by another mixture."""
    known = list(COLORS)
    words = {name: known[i] if i < len(known) else "yellow magenta" for i, name in enumerate(table)}
    asked = open_set(write(tmp_path / "set"), layout, words)
    found = measured(asked, tmp_path / "cache")
    told_apart = min(len(known), len(table))
    assert (found.dataset, found.images) == (layout, len(table))
    assert found.figures["zero_shot_top1"] == pytest.approx(told_apart / len(table), abs=1e-4)
    assert found.by_class["recall"] == {name: float(i < told_apart) for i, name in enumerate(table)}


def test_every_class_of_a_published_set_has_words_of_its_own() -> None:
    for table in (
        class_words.EUROSAT, class_words.UCM, class_words.RESISC45, class_words.RSSCN7, class_words.SAT4,
        class_words.SAT6, class_words.BIGEARTHNET, class_words.SATLAS,
    ):  # fmt: skip
        assert len(set(table.values())) == len(table)
        assert all(words and "_" not in words and words == words.strip() for words in table.values())
    sizes = (class_words.EUROSAT, class_words.UCM, class_words.RESISC45, class_words.RSSCN7, class_words.BIGEARTHNET)
    assert [len(table) for table in sizes] == [10, 21, 45, 7, 19]
    corine = set(class_words.CORINE_TO_19) | class_words.CORINE_LEFT_OUT
    assert len(corine) == len(class_words.CORINE_TO_19) + len(class_words.CORINE_LEFT_OUT) == 43
    assert set(class_words.CORINE_TO_19.values()) == set(class_words.BIGEARTHNET)


PATCHES = {
    "S2A_MSIL2A_20170613T101031_0_45": ("magenta", ["Continuous urban fabric", "Vineyards", "Airports"]),
    "S2A_MSIL2A_20170613T101031_0_46": ("green", ["Coniferous forest", "Water bodies"]),
    "S2B_MSIL2A_20170613T101031_1_1": ("blue", ["Water bodies", "Water courses"]),
    "S2B_MSIL2A_20170613T101031_1_2": ("red", ["Airports", "Bare rock"]),
}
NINETEEN = {"Urban fabric": "red", "Coniferous forest": "green", "Inland waters": "blue", "Permanent crops": "white"}


def test_bigearthnet_maps_many_labels_to_19_classes(tmp_path: Path) -> None:
    asked = open_set(mini.write_bigearthnet(tmp_path / "set", PATCHES), "bigearthnet", NINETEEN)
    found = measured(asked, tmp_path / "cache", ranks=2)
    assert (found.images, len(found.words)) == (3, 19), "a patch without any of the 19 classes is not measured"
    # Waters: the blue patch first; the green one, which has them too, behind the magenta one, which has not.
    assert found.by_class["average_precision"] == {
        "Urban fabric": 1.0,
        "Permanent crops": 1.0,
        "Coniferous forest": 1.0,
        "Inland waters": pytest.approx((1 + 2 / 3) / 2, abs=1e-4),
    }
    assert found.figures == {
        "map": pytest.approx((3 + 5 / 6) / 4, abs=1e-4),
        "map_at_2": pytest.approx((3 + 1 / 2) / 4, abs=1e-4),
    }


def test_second_version_of_bigearthnet_is_measured_on_its_test_split(tmp_path: Path) -> None:
    patches = {
        "S2A_x_0_1": ("red", ["Urban fabric"], "test"),
        "S2A_x_0_2": ("green", ["Coniferous forest", "Transitional woodland, shrub"], "test"),
        "S2A_x_0_3": ("blue", ["Inland waters"], "train"),
    }
    asked = open_set(mini.write_reben(tmp_path / "set", patches), "bigearthnet", NINETEEN)
    assert asked.truth.sum(axis=0)[list(asked.words).index("Inland waters")] == 0
    found = measured(asked, tmp_path / "cache")
    assert found.images == 2
    assert found.by_class["average_precision"]["Coniferous forest"] == 1.0


@pytest.mark.parametrize("rows", [False, True])
def test_sat6_is_measured_on_its_test_chips(rows: bool, tmp_path: Path) -> None:
    chips = [("red", 0), ("green", 2), ("green", 2), ("green", 3), ("blue", 5), ("blue", 0), ("red", 0)]
    path = mini.write_sat(tmp_path / "sat-6-full.mat", chips, 6, rows=rows)
    words = {"building": "red", "trees": "green", "water": "blue", "grassland": "yellow"}
    found = measured(open_set(path, "sat6", words), tmp_path / "cache")
    assert (found.dataset, found.images, len(found.words)) == ("sat6", 7, 6)
    assert found.figures["zero_shot_top1"] == pytest.approx(5 / 7, abs=1e-4)
    assert found.by_class["recall"] == {
        "building": pytest.approx(2 / 3, abs=1e-4), "trees": 1.0, "grassland": 0.0, "water": 1.0
    }  # fmt: skip


def test_sat4_is_found_in_its_folder(tmp_path: Path) -> None:
    mini.write_sat(tmp_path / "sat-4-full.mat", [("white", 3), ("red", 0)], 4)
    asked = open_set(tmp_path, "sat4", {"none": "white", "barren land": "red"})
    assert measured(asked, tmp_path / "cache").figures["zero_shot_top1"] == 1.0


def test_padding_and_resizing_differ_and_are_named(tmp_path: Path) -> None:
    """An image of a quarter of the tile's area: padded with black, three quarters of what is seen are black."""
    colors = {"black": ["black"], "red": ["red"]}
    asked = open_set(mini.write_folders(tmp_path / "set", colors, side=16), "folder")
    encoder = KnownEncoder(tile_px=32)
    seen = {fit: measured(asked, tmp_path / "cache", encoder, fit=fit) for fit in ("resize", "pad", "reflect")}
    assert {fit: found.fit for fit, found in seen.items()} == {"resize": "resize", "pad": "pad", "reflect": "reflect"}
    top1 = {fit: found.figures["zero_shot_top1"] for fit, found in seen.items()}
    assert top1 == {"resize": 1.0, "pad": 0.5, "reflect": 1.0}
    assert measured(asked, tmp_path / "cache", encoder).fit == "resize", "for an encoder of no sensor"


def test_templates_are_asked_and_named(three: LabelledSet, tmp_path: Path) -> None:
    asked = TemplatedEncoder(KnownEncoder(), ["{} and yellow"])
    found = measured(three, tmp_path / "cache", asked)
    assert found.templates == ("{} and yellow",)
    assert found.figures != measured(three, tmp_path / "cache").figures
    with pytest.raises(QueryError, match="Template 'a photo' has no "):
        TemplatedEncoder(KnownEncoder(), ["a photo"])


def test_pixel_level_encoders_are_asked_for_the_mean_of_their_tokens(three: LabelledSet, tmp_path: Path) -> None:
    found = measured(three, tmp_path / "cache", KnownEncoder(level="patch"))
    assert found.encoder == "known (mean of tokens)"
    assert found.figures == measured(three, tmp_path / "cache").figures


def test_an_interrupted_run_goes_on_without_encoding_again(
    three: LabelledSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "PART", 2)
    first = KnownEncoder()
    work = evaluate_images(three, first, tmp_path / "cache")
    while next(work).done < 5:
        pass
    work.close()
    assert first.tiles_encoded == 6, "the third part was seen, but not kept yet"
    second = KnownEncoder()
    steps = list(evaluate_images(three, second, tmp_path / "cache"))
    assert second.tiles_encoded == 2
    assert [(step.done, step.resumed) for step in steps] == [(4, 4), (6, 4)]
    third = KnownEncoder()
    again = measured(three, tmp_path / "cache", third)
    assert third.tiles_encoded == 0
    assert again == measured(three, tmp_path / "other")


def test_what_changes_the_embeddings_is_encoded_again(three: LabelledSet, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    measured(three, cache)
    for encoder, options in [(KnownEncoder(weights="1" * 64), {}), (KnownEncoder(), {"fit": "pad"})]:
        measured(three, cache, encoder, **options)
        assert encoder.tiles_encoded == 6
    image = three.root / "blue" / "blue_1.png"
    mini.Image.fromarray(mini.plain("red", 24)).save(image)
    changed, encoder = open_set(three.root, "folder"), KnownEncoder()
    assert measured(changed, cache, encoder).figures["zero_shot_top1"] == pytest.approx(3 / 6)
    assert encoder.tiles_encoded == 6


def test_a_damaged_part_of_the_cache_is_made_again(three: LabelledSet, tmp_path: Path) -> None:
    found = measured(three, tmp_path / "cache")
    (part,) = (tmp_path / "cache").rglob("*.npy")
    whole = part.read_bytes()
    for damaged in (whole[:-7], b"", b"no array"):
        part.write_bytes(damaged)
        assert measured(three, tmp_path / "cache") == found


def test_a_sample_is_the_same_for_every_encoder(three: LabelledSet, tmp_path: Path) -> None:
    some = drawn_at_random(three, 4)
    found = measured(some, tmp_path / "cache")
    assert found.images == 4
    assert np.array_equal(some.truth, drawn_at_random(three, 4).truth)
    assert drawn_at_random(three, 6) is three
    assert drawn_at_random(three, None) is three


def test_an_image_that_cannot_be_read_stops_the_run_and_is_named(three: LabelledSet, tmp_path: Path) -> None:
    path = three.root / "green" / "green_2.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(BenchmarkError, match=r"green_2\.png cannot be decoded"):
        measured(open_set(three.root, "folder"), tmp_path / "cache")


def test_an_unknown_fit_is_refused(three: LabelledSet, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="no fit 'stretch'; choose one of resize, pad, reflect"):
        measured(three, tmp_path / "cache", fit="stretch")
