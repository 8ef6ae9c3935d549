"""Whose photos are asked for, and what is told of those that came."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from four_colors import geobox

from graft_core.errors import PhotoError, SceneError
from graft_core.geo.place import bounds_wgs84
from graft_core.io.geotiff import write_raster
from graft_core.ui.train import photos as train_photos
from graft_core.ui.train.photos import PhotoTable, photo_tables, photos_dir, places, start_photos


@pytest.fixture
def scene(tmp_path: Path) -> str:
    """A scene of 60 by 40 pixels."""
    path = tmp_path / "my town.tif"
    pixels = np.full((3, 40, 60), 90, np.uint8)
    write_raster(path, pixels, geobox(40, 60), descriptions=("red", "green", "blue"), photometric="rgb")
    return str(path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have been started."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(train_photos, "start_job", lambda *args: asked.append(args))
    return asked


def test_photos_are_asked_for_where_the_scenes_lie(scene: str, started: list[tuple[Any, ...]]) -> None:
    start_photos("commons", [scene], 50)
    ((kind, title, asked),) = started
    assert (kind, title) == ("photos", "Get photos from Wikimedia Commons")
    assert shapely.geometry.shape(asked["area"]).bounds == pytest.approx(bounds_wgs84(geobox(40, 60)))
    assert (asked["service"], asked["limit"]) == ("commons", 50)
    out = Path(asked["out"])
    assert out.parent == photos_dir().absolute()
    assert out.name.startswith("commons-my-town-")


def test_the_same_question_goes_on_and_another_begins_anew(
    scene: str, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLICKR_KEY", "0123")
    for service, limit in (("commons", 50), ("commons", 100), ("flickr", 50)):
        start_photos(service, [scene], limit)
    first, more, other = (asked["out"] for _, _, asked in started)
    assert first == more != other


def test_scenes_on_both_sides_of_the_antimeridian_are_two_areas(monkeypatch: pytest.MonkeyPatch, scene: str) -> None:
    monkeypatch.setattr(train_photos, "bounds_wgs84", lambda _: (179.5, -17.0, -179.5, -16.0))
    assert places([scene]).bounds == (-180.0, -17.0, 180.0, -16.0)
    assert places([scene]).area == pytest.approx(1.0)


def test_what_is_missing_is_said_before_a_job_is_started(
    scene: str, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAPILLARY_TOKEN", raising=False)
    with pytest.raises(PhotoError, match="Choose the scenes first"):
        start_photos("commons", [], 50)
    with pytest.raises(PhotoError, match="MAPILLARY_TOKEN"):
        start_photos("mapillary", [scene], 50)
    with pytest.raises(SceneError, match=r"nowhere\.tif"):
        start_photos("commons", ["nowhere.tif"], 50)
    assert started == []


def test_tables_of_services_are_listed_with_whom_to_credit() -> None:
    assert photo_tables() == []
    photos_dir().mkdir(parents=True)
    table = photos_dir() / "commons-town.parquet"
    table.touch()
    assert photo_tables() == [], "what an upload brought has no report"
    report = table.with_suffix(".report.json")
    report.write_text(json.dumps({"kept": 35, "authors": 3, "licences": {"CC BY-SA 4.0": 30, "CC0": 5}}))
    assert photo_tables() == [PhotoTable(table, 35, 3, ("CC BY-SA 4.0", "CC0"))]
    report.write_text("{}")
    with pytest.raises(PhotoError, match="is no report of photos"):
        photo_tables()
