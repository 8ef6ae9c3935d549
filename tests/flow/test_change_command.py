"""The change of two scenes as a person types it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from commands import command, done, refused
from four_colors import LEFT, four_colors, geobox
from known_encoder import COLORS, KnownEncoder

from graft_core.io.geotiff import write_raster
from graft_core.tasks import catalog
from graft_core.world import scenes


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Scenes get an encoder that needs no weights and sees their own pixels; how often each name was loaded."""
    loaded: dict[str, int] = {}

    def load(name: str, *, gsd: float | None = None, **options: object) -> KnownEncoder:
        loaded[name] = loaded.get(name, 0) + 1
        return KnownEncoder(gsd=gsd or 1.0)

    monkeypatch.setattr(catalog, "load_encoder", load)
    monkeypatch.setattr(catalog, "encoder_for", lambda scene, name=None, **options: load(name or "own", gsd=scene.gsd))
    return loaded


def written(path: Path, pixels: np.ndarray, **place: float) -> Path:
    box = geobox(*pixels.shape[1:], **place)
    write_raster(path, pixels, box, descriptions=("red", "green", "blue"), photometric="rgb")
    return path


def turned() -> np.ndarray:
    """The four colours, the north-east yellow where it was green."""
    pixels = four_colors()
    pixels[:, :80, 112:] = np.array(COLORS["yellow"], np.uint8)[:, None, None]
    return pixels


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return written(tmp_path / "then_20200601.tif", four_colors())


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return written(tmp_path / "now_20240601.tif", turned())


def pixels_of(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return np.asarray(file.read())


def test_change_is_written_summed_up_and_made_again(before: Path, after: Path, tmp_path: Path) -> None:
    out = tmp_path / "change.tif"
    said = done("change", before, after, "-q", "yellow", "-o", out, "--bandwidth", "0", "--least", "0.5")
    assert "by 0.5 or more denser on 0.9 ha, less dense on 0.0 ha" in said
    change, then, now = pixels_of(out)
    assert change[16:60, 130:210].min() > 0.8
    assert np.abs(change[96:]).max() < 0.1
    np.testing.assert_array_equal(change, now - then)
    assert out.with_suffix(".qml").is_file()
    assert out.with_suffix(".json").is_file()

    figures = json.loads(done("replay", out, "-o", tmp_path / "again.tif", "--json"))
    assert np.array_equal(pixels_of(out), pixels_of(tmp_path / "again.tif"), equal_nan=True)
    assert figures["raster"] == str(tmp_path / "again.tif")
    assert figures["least"] == 0.5
    assert figures["gained_m2"] == (change >= 0.5).sum() == pytest.approx(80 * 112, rel=0.1)
    assert figures["lost_m2"] == 0
    assert figures["mean_change"] == pytest.approx(change.mean(), abs=1e-6)


def test_what_went_is_lost(before: Path, after: Path, tmp_path: Path) -> None:
    figures = json.loads(done("change", before, after, "-q", "green", "-o", tmp_path / "c.tif", "--json"))
    assert figures["lost_m2"] > 5000
    assert figures["gained_m2"] == 0
    assert figures["mean_change"] < -0.1


def test_two_resolutions_are_compared_on_the_coarser_grid(before: Path, tmp_path: Path, gdalinfo: str) -> None:
    coarse = written(tmp_path / "coarse.tif", turned()[:, ::4, ::4], gsd=4.0)
    out = tmp_path / "change.tif"
    done("change", before, coarse, "-q", "yellow", "-o", out)
    told = subprocess.run([gdalinfo, "-json", str(out)], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    info = json.loads(told.stdout)
    assert info["size"] == [56, 40]
    assert info["geoTransform"][1] == 4
    assert [band["description"] for band in info["bands"]] == ["change: yellow", "before: yellow", "after: yellow"]
    assert {band["noDataValue"] for band in info["bands"]} == {"NaN"}
    tags = info["metadata"][""]
    assert tags["GRAFT_BEFORE_ENCODER_KEY"] != tags["GRAFT_AFTER_ENCODER_KEY"]
    assert info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"


def test_encoders_are_named_once_for_both_or_twice(
    before: Path, after: Path, tmp_path: Path, encoders: dict[str, int]
) -> None:
    done("change", before, after, "-q", "green", "-o", tmp_path / "a.tif", "--encoder", "one")
    assert encoders == {"one": 2}
    done("change", before, after, "-q", "green", "-o", tmp_path / "b.tif", "--encoder", "one", "--encoder", "other")
    assert encoders == {"one": 3, "other": 1}
    three = [word for name in "abc" for word in ("--encoder", name)]
    said = command("change", before, after, "-q", "green", "-o", tmp_path / "c.tif", *three)
    assert said.status == 2
    assert "once for both, or twice" in said.err


def test_moved_scenes_are_given_twice(before: Path, after: Path, tmp_path: Path) -> None:
    out = tmp_path / "change.tif"
    done("change", before, after, "-q", "green", "-o", out)
    (tmp_path / "moved").mkdir()
    places = [path.rename(tmp_path / "moved" / path.name) for path in (before, after)]
    assert "cannot be opened" in refused("replay", out, "-o", tmp_path / "again.tif")
    assert command("replay", out, "-o", tmp_path / "again.tif", "--scene", places[0]).status == 2
    done("replay", out, "-o", tmp_path / "again.tif", "--scene", places[0], "--scene", places[1])
    assert np.array_equal(pixels_of(out), pixels_of(tmp_path / "again.tif"), equal_nan=True)


def test_density_map_is_replayed_with_one_scene(before: Path, tmp_path: Path) -> None:
    out = tmp_path / "density.tif"
    done("density", before, "-q", "green", "-o", out)
    done("replay", out, "-o", tmp_path / "again.tif", "--scene", before)
    twice = command("replay", out, "-o", tmp_path / "again.tif", "--scene", before, "--scene", before)
    assert twice.status == 2
    assert "one scene" in twice.err


def test_what_makes_no_sense_is_refused_before_anything_is_indexed(
    before: Path, after: Path, tmp_path: Path, encoders: dict[str, int]
) -> None:
    elsewhere = written(tmp_path / "elsewhere.tif", four_colors(), left=LEFT + 9000)
    asked = ("-q", "green", "-o", tmp_path / "c.tif")
    assert "do not overlap" in refused("change", before, elsewhere, *asked)
    assert "like 0.1" in refused("change", before, after, *asked, "--least", "2")
    assert "does not end in one of" in refused("change", before, after, "-q", "green", "-o", tmp_path / "c.png")
    assert "no scene 'nowhere'" in refused("change", before, "nowhere", *asked)
    assert encoders == {}
    assert not (tmp_path / "c.tif").exists()


def test_scenes_that_share_no_imagery_are_said_to_share_none(tmp_path: Path) -> None:
    west, east = four_colors(), four_colors()
    west[:, :, 112:] = 7
    east[:, :, :112] = 7
    names = ("red", "green", "blue")
    for name, pixels in (("west", west), ("east", east)):
        write_raster(tmp_path / f"{name}.tif", pixels, geobox(), descriptions=names, photometric="rgb", nodata=7)
    said = done("change", tmp_path / "west.tif", tmp_path / "east.tif", "-q", "green", "-o", tmp_path / "c.tif")
    assert "no pixel with data in both scenes" in said
    figures = json.loads(done("replay", tmp_path / "c.tif", "-o", tmp_path / "again.tif", "--json"))
    assert figures["mean_change"] is None
    assert figures["known_m2"] == 0


def test_second_date_of_a_drawn_place_is_compared_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "SENTINEL2_PX", 300)
    monkeypatch.setattr(scenes, "PHOTOS", 4)
    listed = done("world", "--out", tmp_path / "land", "--seed", 7, "--size", 256, "--later")
    assert "truth_sentinel2_later.tif" in listed
    pair = (tmp_path / "land" / f"sentinel2{ending}.tif" for ending in ("", "_later"))
    figures = json.loads(done("change", *pair, "-q", "green", "-o", tmp_path / "c.tif", "--json"))
    assert figures["known_m2"] == 3000 * 3000
    item = json.loads((tmp_path / "c.json").read_text())
    assert item["properties"]["datetime"].startswith("2030-")
