"""Figures on generated worlds: through the index and the density of the product, against the truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from needed import put_mobile_sam
from odc.geo.geobox import GeoBox

from graft_core import settings
from graft_core.evaluate.objects import Counts, Found
from graft_core.evaluate.worlds import Measured, WorldFigures, _summary, class_shares, evaluate_worlds
from graft_core.geo.grid import tile_grid
from graft_core.models.card import load_card, save_card
from graft_core.types import SensorName
from graft_core.world import land


def test_class_shares_are_areas_of_the_tiles() -> None:
    classes = np.random.default_rng(0).integers(0, len(land.CLASSES) + 1, (70, 50)).astype(np.uint8)
    grid = tile_grid(GeoBox((70, 50), Affine(1, 0, 13, 0, -1, -7), "EPSG:3395"), gsd=1, tile_px=16, stride_px=8)
    shares = class_shares(classes, grid)
    for i in range(len(grid)):
        tile = grid.tile(i)
        part = classes[max(tile.top, 0) : tile.top + 16, max(tile.left, 0) : tile.left + 16]
        counts = np.bincount(part.ravel(), minlength=len(land.CLASSES) + 1)[1:]
        np.testing.assert_allclose(shares[i], counts / 256, atol=1e-6)


def test_figures_of_several_worlds_are_means_with_their_spread() -> None:
    figures = WorldFigures(100, 0.6, 0.2, 0.9, 0.3, 0.4, 0.8), WorldFigures(50, 0.8, 0.2, 0.7, 0.3, 0.4, 0.9)
    worlds = [Measured(each, {}) for each in figures]
    found = _summary(worlds)
    assert found["tiles"] == 150
    assert found["zero_shot_top1"] == pytest.approx(0.7)
    assert found["spread"]["zero_shot_top1"] == pytest.approx(np.std([0.6, 0.8], ddof=1), abs=1e-4)
    assert "spread" not in _summary(worlds[:1])
    assert "iou" not in found


def test_a_class_counts_in_the_worlds_that_have_it() -> None:
    figures = WorldFigures(100, 0.6, 0.2, 0.9, 0.3, 0.4, 0.8)
    absent = np.full(len(land.CLASSES), np.nan)
    first, second = absent.copy(), absent.copy()
    first[:2], second[1:3] = (0.2, 0.4), (0.6, 0.9)
    found = _summary([Measured(figures, {"teacher": iou}) for iou in (first, second)])
    assert found["iou"]["teacher"] == pytest.approx(dict(zip(land.CLASSES, (0.2, 0.5, 0.9), strict=False)))
    assert found["miou_teacher"] == pytest.approx((0.3 + 0.75) / 2)
    assert found["spread"]["miou_teacher"] == pytest.approx(np.std([0.3, 0.75], ddof=1), abs=1e-4)


def test_objects_of_several_worlds_are_counted_together() -> None:
    figures = WorldFigures(100, 0.6, 0.2, 0.9, 0.3, 0.4, 0.8)
    lake = Found(Counts(1, 1, 1), Counts(2, 0, 0)), Found(Counts(1, 0, 0), Counts(0, 1, 1))
    quarry, none = Found(Counts(0, 1, 1), Counts(1, 0, 0)), Found(Counts(0, 1, 0), Counts(0, 0, 0))
    worlds = [{"lake": lake[0], "harbour": none}, {"lake": lake[1], "quarry": quarry}]
    found = _summary([Measured(figures, {}, each) for each in worlds])["object_f1"]
    assert found == {
        "lake": {
            "without_sam": pytest.approx(4 / 6, abs=1e-4),
            "with_sam": pytest.approx(4 / 6, abs=1e-4),
            "objects": 3,
        },
        "quarry": {"without_sam": 0.0, "with_sam": 1.0, "objects": 1},
    }
    assert "object_f1" not in _summary([Measured(figures, {})])


def no_segmenter() -> None:
    raise AssertionError("SAM's weights are not here")


@pytest.fixture
def pixel_level(tmp_path: Path) -> str:
    """The shipped image-level weights under a card that says pixel level."""
    card, tensors = load_card(settings.shipped_weights_dir() / "graft-demo-naip")
    save_card(tmp_path / "tokens", tensors, replace(card, spec=replace(card.spec, name="tokens", level="patch")))
    return str(tmp_path / "tokens.safetensors")


@pytest.mark.parametrize("sensor", ["naip", "sentinel2"])
def test_shipped_encoders_know_a_world_they_never_saw(sensor: SensorName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small scenes and few labelled colours, so the bounds are wider than those of whole worlds."""
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_SEEDS", (1000,))
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_TILES", 100)
    found = evaluate_worlds([11], lambda _: None, side_px={sensor: 1024})["sensors"][sensor]
    assert found["tiles"] > 100
    assert found["zero_shot_top1"] > found["baseline_top1"] + 0.25
    assert found["zero_shot_top1"] > found["colour_knn_top1"] + 0.15
    assert found["map_at_20"] > 0.7
    assert found["density_r"] > 0.7


def test_a_pixel_level_encoder_is_measured_by_its_patches_and_their_mean(
    pixel_level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the shipped image-level tower with its tokens let out, so the two patch figures must be one."""
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_SEEDS", (1000,))
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_TILES", 50)
    monkeypatch.setattr("graft_core.evaluate.segmentation.SLIDING_WINDOWS", 64)
    monkeypatch.setattr("graft_core.evaluate.worlds.load_segmenter", no_segmenter)
    said: list[str] = []
    found = evaluate_worlds([11], said.append, encoders=[pixel_level], segmentation=True, side_px={"naip": 512})
    figures = found["sensors"]["naip"]
    assert (figures["encoder"], figures["image_level"]) == ("tokens", "graft-demo-naip")
    assert figures["pixel_level"] == "tokens"
    assert figures["miou_pixel_level"] == figures["miou_image_level"] > figures["miou_teacher"]
    assert any("miou_pixel_sam and object_f1 are left out" in each and "fetch mobile-sam" in each for each in said)
    assert set(figures["iou"]) == {
        "teacher",
        "image_level",
        "image_level_sliding",
        "image_level_sliding_mean",
        "pixel_level",
    }
    assert figures["zero_shot_top1"] > figures["baseline_top1"]
    assert -1 <= figures["density_r"] <= 1


def test_with_sam_here_its_maps_and_objects_are_measured_too(monkeypatch: pytest.MonkeyPatch) -> None:
    put_mobile_sam()
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_SEEDS", (1000,))
    monkeypatch.setattr("graft_core.evaluate.colour_baseline.COLOUR_TILES", 50)
    monkeypatch.setattr("graft_core.evaluate.segmentation.SLIDING_WINDOWS", 64)
    monkeypatch.setattr("graft_core.evaluate.objects.COMPACT", ("cemetery", "harbour"))
    found = evaluate_worlds([1011], lambda _: None, segmentation=True, side_px={"naip": 384})
    figures = found["sensors"]["naip"]
    assert (
        figures["miou_teacher"] < figures["miou_image_level"] < figures["miou_pixel_level"] < figures["miou_pixel_sam"]
    )
    assert set(figures["iou"]["pixel_sam"]) == set(figures["iou"]["pixel_level"])
    assert set(figures["object_f1"]) == {"cemetery", "harbour"}
    for each in figures["object_f1"].values():
        assert 0 <= each["without_sam"] <= 1
        assert 0 <= each["with_sam"] <= 1
