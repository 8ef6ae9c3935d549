"""Objects from the command line, as a person types it."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas
import pytest
import rasterio
from color_segmenter import ColorSegmenter
from commands import command, done, refused
from green_things import GREEN, write_corner
from known_encoder import KnownEncoder

from graft_core.tasks import segment


@pytest.fixture
def with_sam(monkeypatch: pytest.MonkeyPatch) -> ColorSegmenter:
    """A segmenter that needs no weights, in place of MobileSAM."""
    known = ColorSegmenter()
    monkeypatch.setattr(segment, "segmenter_present", lambda name: True)
    monkeypatch.setattr(segment, "load_segmenter", lambda name, **options: known)
    return known


Run = Callable[..., object]


def test_objects_are_written_with_sam_where_it_is_there(
    green: Path, known_patches: KnownEncoder, with_sam: ColorSegmenter, tmp_path: Path
) -> None:
    out, labels = tmp_path / "green.gpkg", tmp_path / "green_objects.tif"
    told = json.loads(done("segment", green, "-q", "green", "-o", out, "--labels", labels, "--json"))
    assert told["segmenter"] == "colors"
    assert told["notice"] == ""
    assert told["confident"] is True
    assert len(told["objects"]) == len(GREEN) == len(geopandas.read_file(out))
    assert told["refined"] == sum(each["refined"] for each in told["objects"]) > 0
    assert told["area_m2"] == pytest.approx(sum(each["area_m2"] for each in told["objects"]))
    with rasterio.open(labels) as file:
        assert set(file.read(1).ravel().tolist()) == {1, 2}
    assert labels.with_suffix(".qml").exists()
    assert known_patches.tiles_encoded > 0


def test_without_sam_the_result_comes_with_the_command_that_fetches_it(
    green: Path, known_patches: KnownEncoder, tmp_path: Path
) -> None:
    said = command("segment", green, "-q", "green", "-o", tmp_path / "green.geojson")
    assert said.status == 0
    assert f"{len(GREEN)} objects" in said.out
    assert "0 outlined by SAM" in said.out
    assert "not refined" in said.err
    assert "python -m graft_core fetch mobile-sam" in said.err
    told = json.loads(done("segment", green, "-q", "green", "-o", tmp_path / "green.geojson", "--json"))
    assert "fetch mobile-sam" in told["notice"]
    assert told["segmenter"] is None


def test_without_sam_on_purpose_nothing_is_said(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    said = command("segment", green, "-q", "green", "--refine", "none", "-o", tmp_path / "green.parquet")
    assert (said.status, said.err) == (0, "")


def test_sam_asked_for_and_missing_is_refused(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    sentence = refused("segment", green, "-q", "green", "--refine", "sam", "-o", tmp_path / "green.gpkg")
    assert "fetch mobile-sam" in sentence
    assert not (tmp_path / "green.gpkg").exists()


def test_second_query_encodes_nothing(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    done("segment", green, "-q", "green", "--refine", "none", "-o", tmp_path / "green.gpkg")
    encoded = known_patches.tiles_encoded
    done("segment", green, "-q", "white", "--refine", "none", "-o", tmp_path / "white.gpkg")
    assert known_patches.tiles_encoded == encoded


def test_area_threshold_and_least_area_are_obeyed(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    area = write_corner(tmp_path / "area.geojson")
    out = tmp_path / "green.gpkg"
    common = ("segment", green, "-q", "green", "--refine", "none", "-o", out)
    done(*common, "--aoi", area)
    assert len(geopandas.read_file(out)) == 1
    done(*common, "--min-area", 5000)
    assert len(geopandas.read_file(out)) == 3
    wide = json.loads(done(*common, "--threshold", 0.2, "--json"))["area_m2"]
    narrow = json.loads(done(*common, "--threshold", 0.9, "--json"))["area_m2"]
    assert wide > narrow


def test_what_is_not_there_is_told_with_how_near_it_came(
    green: Path, known_patches: KnownEncoder, tmp_path: Path
) -> None:
    said = command("segment", green, "-q", "magenta", "--refine", "none", "-o", tmp_path / "none.gpkg")
    assert said.status == 0
    assert "Low confidence" in said.err
    assert "0 objects" in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "green.kml"), "does not end in one of .gpkg"),
        (("-o", "green.gpkg", "--labels", "green.png"), "does not end in one of .tif"),
        (("-o", "green.gpkg", "--threshold", "3"), "Threshold 3"),
        (("-o", "green.gpkg", "--min-area", "-3"), "minimum area of -3"),
        (("-o", "green.gpkg", "--refine", "perhaps"), "choose sam or none"),
        (("-o", "green.gpkg", "--refine", "sam", "--segmenter", "demo-teacher"), "'demo-teacher' is no segmenter"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    green: Path, known_patches: KnownEncoder, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(green.parent)
    assert said in refused("segment", green, "-q", "green", *words)
    assert known_patches.tiles_encoded == 0
