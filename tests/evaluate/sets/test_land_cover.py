"""mIoU of scenes of one colour against rasters of classes, counted by hand."""

import os
from dataclasses import replace
from pathlib import Path

import miniature_sets as mini
import numpy as np
import pytest
from known_encoder import KnownEncoder
from long_work import finish
from PIL import Image

from graft_core.errors import BenchmarkError, ExportError, QueryError
from graft_core.evaluate.sets.land_cover import LandCoverSet, evaluate_land_cover, open_land_cover
from graft_core.evaluate.sets.result import SetResult
from graft_core.io.satlas import SatlasTile
from graft_core.types import Level

NAMES = {1: "brick", 2: "water", 3: "meadow", 9: "cloud"}
WORDS = {"brick": "red", "water": "blue", "meadow": "green"}


def halves(left: int, right: int, side: int = 64) -> np.ndarray:
    """(side, side) class numbers."""
    ids = np.full((side, side), left, np.uint8)
    ids[:, side // 2 :] = right
    return ids


@pytest.fixture
def two(tmp_path: Path) -> LandCoverSet:
    """A red scene of which the labels call half water; a green one that is half meadow, half not known."""
    scenes = {"a": ("red", halves(1, 2)), "b": ("green", halves(3, 0))}
    return open_land_cover(mini.write_land_cover(tmp_path / "two", scenes, NAMES), "landcover", tmp_path, WORDS)


def measured(asked: LandCoverSet, cache: Path, encoder: KnownEncoder) -> SetResult:
    return finish(evaluate_land_cover(asked, encoder, cache))


@pytest.mark.parametrize("level", ["patch", "tile"])
def test_miou_over_all_scenes_is_that_counted_by_hand(level: Level, two: LandCoverSet, tmp_path: Path) -> None:
    found = measured(two, tmp_path / "cache", KnownEncoder(level=level))
    # Everything is called brick in the first scene and meadow in the second, of which half counts.
    assert found.by_class["iou"] == {"brick": 0.5, "water": 0.0, "meadow": 1.0}
    assert found.figures == {"miou": 0.5, "overall_accuracy": pytest.approx(2 / 3, abs=1e-4)}
    assert (found.dataset, found.images, found.fit) == ("two", 2, "scene")
    assert found.words == WORDS


def test_pixels_that_two_classes_claim_nearly_alike_are_of_the_nearer_one(tmp_path: Path) -> None:
    root = mini.write_land_cover(tmp_path / "set", {"a": ("indigo", halves(2, 2))}, NAMES)
    asked = open_land_cover(root, "landcover", tmp_path, {"water": "blue", "brick": "magenta"})
    assert measured(asked, tmp_path / "cache", KnownEncoder(level="patch")).by_class["iou"] == {"water": 1.0}


def test_scenes_that_were_counted_are_not_looked_at_again(two: LandCoverSet, tmp_path: Path) -> None:
    first, cache = KnownEncoder(level="patch"), tmp_path / "cache"
    work = evaluate_land_cover(two, first, cache)
    assert next(work).done == 1
    work.close()
    half = first.tiles_encoded
    second = KnownEncoder(level="patch")
    steps = list(evaluate_land_cover(two, second, cache))
    assert second.tiles_encoded == half, "the other scene, which is as large"
    assert [(step.done, step.resumed) for step in steps] == [(1, 1), (2, 1)]
    third = KnownEncoder(level="patch")
    assert measured(two, cache, third) == measured(two, tmp_path / "other", KnownEncoder(level="patch"))
    assert third.tiles_encoded == 0


def test_other_words_are_counted_anew_without_encoding_again(two: LandCoverSet, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    measured(two, cache, KnownEncoder(level="patch"))
    turned = replace(two, words=WORDS | {"brick": "blue", "water": "red"})
    encoder = KnownEncoder(level="patch")
    assert measured(turned, cache, encoder).by_class["iou"] == {"brick": 0.0, "water": 0.5, "meadow": 1.0}
    assert encoder.tiles_encoded == 0


def test_labels_give_the_classes_unless_some_are_named(tmp_path: Path) -> None:
    root = mini.write_land_cover(tmp_path / "set", {"a": ("red", halves(1, 2))}, NAMES)
    assert open_land_cover(root, "landcover", tmp_path).words == {name: name for name in NAMES.values()}
    with pytest.raises(BenchmarkError, match="have no class 'sea'; they have brick, water, meadow, cloud"):
        open_land_cover(root, "landcover", tmp_path, {"sea": "sea"})


def test_numbers_without_names_can_be_given_words(tmp_path: Path) -> None:
    root = mini.write_land_cover(tmp_path / "set", {"a": ("red", halves(1, 2))}, None)
    asked = open_land_cover(root, "landcover", tmp_path, {"1": "red", "2": "blue"})
    assert measured(asked, tmp_path / "cache", KnownEncoder(level="patch")).by_class["iou"] == {"1": 0.5, "2": 0.0}


@pytest.mark.parametrize("names", [NAMES, None], ids=["named", "numbers"])
def test_a_scene_without_any_of_the_classes_adds_nothing(names: dict[int, str] | None, tmp_path: Path) -> None:
    scenes = {"a": ("red", halves(1, 2)), "b": ("red", halves(9, 9)), "c": ("red", halves(9, 1))}
    root = mini.write_land_cover(tmp_path / "set", scenes, names)
    first, second = ("brick", "water") if names else ("1", "2")
    asked = open_land_cover(root, "landcover", tmp_path, {first: "red", second: "blue"})
    found = measured(asked, tmp_path / "cache", KnownEncoder(level="patch"))
    # All is called brick: half of the first scene is, half of the third, and nothing of the second counts at all.
    assert found.by_class["iou"] == {first: pytest.approx(2 / 3, abs=1e-4), second: 0.0}
    assert found.images == 3


def test_labels_that_show_none_of_the_classes_are_refused(tmp_path: Path) -> None:
    root = mini.write_land_cover(tmp_path / "set", {"a": ("red", halves(9, 9))}, NAMES)
    asked = open_land_cover(root, "landcover", tmp_path, WORDS)
    with pytest.raises(BenchmarkError, match="labels of set show none of the classes brick, water, meadow on"):
        measured(asked, tmp_path / "cache", KnownEncoder(level="patch"))


@pytest.mark.parametrize("layout", ["landcover", "satlas"])
def test_a_changed_set_has_another_fingerprint(layout: str, tmp_path: Path) -> None:
    root = tmp_path / "set"
    if layout == "satlas":
        mini.write_satlas(root, {"1867_3287": ("red", halves(2, 1, 512))})
    else:
        mini.write_land_cover(root, {"a": ("red", halves(1, 2))}, NAMES)
    before = open_land_cover(root, layout, tmp_path / "work").fingerprint
    assert open_land_cover(root, layout, tmp_path / "elsewhere").fingerprint == before
    labels = next(root.glob("labels/a.tif" if layout == "landcover" else "static/*/land_cover.png"))
    os.utime(labels, ns=(0, 0))
    assert open_land_cover(root, layout, tmp_path / "work").fingerprint != before


def test_one_class_alone_makes_no_map(two: LandCoverSet, tmp_path: Path) -> None:
    alone = replace(two, words={"brick": "red"})
    with pytest.raises(QueryError, match="needs 2 to"):
        measured(alone, tmp_path / "cache", KnownEncoder(level="patch"))


def test_scene_without_labels_and_labels_without_a_scene_are_named(tmp_path: Path) -> None:
    scenes = {"a": ("red", halves(1, 2)), "b": ("red", halves(1, 2))}
    root = mini.write_land_cover(tmp_path / "set", scenes, NAMES)
    (root / "labels" / "b.tif").unlink()
    with pytest.raises(BenchmarkError, match=r"'b' of .* has no raster of that name in labels/"):
        open_land_cover(root, "landcover", tmp_path)
    (root / "images" / "a.tif").unlink()
    (root / "images" / "b.tif").unlink()
    with pytest.raises(BenchmarkError, match="images holds no raster"):
        open_land_cover(root, "landcover", tmp_path)
    for layout in ("landcover", "satlas"):
        with pytest.raises(BenchmarkError, match=r"There is no folder .*nowhere"):
            open_land_cover(tmp_path / "nowhere", layout, tmp_path)


def test_damaged_labels_are_named(tmp_path: Path) -> None:
    root = mini.write_land_cover(tmp_path / "set", {"a": ("red", halves(1, 2))}, NAMES)
    (root / "labels" / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(ExportError, match=r"Cannot read the reference .*a\.tif"):
        open_land_cover(root, "landcover", tmp_path)


def test_satlas_tiles_lie_where_web_mercator_puts_them() -> None:
    box = SatlasTile(0, 0, Path(), Path()).geobox
    assert box.boundingbox.left == pytest.approx(-20037508.342789244)
    assert box.boundingbox.top == pytest.approx(20037508.342789244)
    middle = SatlasTile(4096, 4096, Path(), Path()).geobox.boundingbox
    assert (middle.left, middle.top) == (0, 0)
    assert middle.right == pytest.approx(20037508.342789244 / 4096)


def test_satlas_is_measured_on_its_latest_pictures(tmp_path: Path) -> None:
    tiles = {"1867_3287": ("red", halves(2, 1, 512)), "1867_3288": ("red", halves(0, 0, 512))}
    asked = open_land_cover(
        mini.write_satlas(tmp_path / "satlas", tiles),
        "satlas",
        tmp_path / "work",
        {"developed": "red", "water": "blue"},
    )
    assert len(asked.pairs) == 1, "labels that know nothing are left out"
    found = measured(asked, tmp_path / "cache", KnownEncoder(level="patch", gsd=8, tile_px=64))
    assert found.by_class["iou"]["water"] == 0.0
    assert found.by_class["iou"]["developed"] == pytest.approx(0.5, abs=0.01)


def test_satlas_that_is_none_is_refused(tmp_path: Path) -> None:
    tiles = {"1867_3287": ("red", halves(2, 1, 512))}
    root = mini.write_satlas(tmp_path / "satlas", tiles)
    with pytest.raises(BenchmarkError, match=r"0 land cover labels .* and 0 tiles of imagery"):
        open_land_cover(tmp_path, "satlas", tmp_path / "work")
    labels = root / "static" / "1867_3287" / "land_cover.png"
    for picture, said in [
        (np.full((512, 512), 40, np.uint8), "has the class 40, and there are 11"),
        (np.ones((256, 256), np.uint8), "is 256 x 256 pixels, not 512 x 512"),
        (np.ones((512, 512, 3), np.uint8), "holds RGB pixels"),
    ]:
        Image.fromarray(picture).save(labels)
        with pytest.raises(BenchmarkError, match=said):
            open_land_cover(root, "satlas", tmp_path / "work")
    labels.write_bytes(b"no picture")
    with pytest.raises(BenchmarkError, match=r"land_cover\.png is no image"):
        open_land_cover(root, "satlas", tmp_path / "work")
    labels.parent.rename(root / "static" / "here_there")
    (root / "sentinel2" / "x" / "tci").mkdir(parents=True)
    Image.fromarray(mini.plain("red", 512)).save(root / "sentinel2" / "x" / "tci" / "here_there.png")
    with pytest.raises(BenchmarkError, match="not named COL_ROW"):
        open_land_cover(root, "satlas", tmp_path / "work")
