"""What the jobs that look at patches leave on disk, and what they tell; run here, not in a process of their own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from four_colors import geobox

from graft_core import settings
from graft_core.errors import GraftError, JobError, QuestionError
from graft_core.geo.place import bounds_wgs84
from graft_core.index.patch_cache import patch_bytes
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.serve.job_report import Report
from graft_core.serve.job_status import read_status
from graft_core.serve.job_work import WORK
from graft_core.serve.jobs import jobs_dir, start_job
from graft_core.tasks.patch_scores import patch_encoder, patches_missing
from graft_core.tasks.write_segments import read_segmentation

SIDE = 256
"""Metres; a few windows of the demo encoder."""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A small aerial scene, one half of it dark."""
    pixels = np.random.default_rng(7).integers(60, 255, (3, SIDE, SIDE), np.uint8)
    pixels[:, :, : SIDE // 2] //= 4
    path = tmp_path / "scene.tif"
    write_raster(path, pixels, geobox(SIDE, SIDE), descriptions=("red", "green", "blue"), photometric="rgb")
    return path


def work(kind: str, arguments: Mapping[str, Any]) -> str:
    """Do what a job of that kind does; what it says at its end."""
    folder = jobs_dir() / f"20260101-000000-{len(list(jobs_dir().glob('*'))):08x}"
    folder.mkdir(parents=True)
    report = Report(folder)
    WORK[kind](json.loads(json.dumps(arguments)), report)
    report.computes_on("cpu")  # writes down what was said last
    return read_status(folder).message


@pytest.mark.parametrize("area", [None, "quarter"])
def test_patches_are_known_after_the_job_and_nothing_is_missing(scene: Path, area: str | None) -> None:
    opened = open_scene(scene)
    encoder = patch_encoder(opened)
    asked = None
    if area is not None:
        west, south, east, north = bounds_wgs84(opened.geobox)
        asked = f"{west}, {south}, {(west + east) / 2}, {(south + north) / 2}"
    missing, total = patches_missing(opened, encoder, settings.patches_dir())
    assert missing == total > 0
    said = work("patches", {"scene": str(scene), "area": asked, "margin_px": 8})
    assert encoder.spec.name in said
    assert patch_bytes(settings.patches_dir()) > 0
    if area is None:
        assert patches_missing(opened, encoder, settings.patches_dir())[0] == 0


def test_objects_are_written_with_their_recipe_and_can_be_read_back(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "objects.gpkg"
    arguments = {"scene": str(scene), "query": parse_query("forest").to_json(), "refine": "none", "out": str(out)}
    options = {"threshold": 0.05, "min_area_m2": 0.0, "tolerance_m": None}
    said = work("segment", arguments | {"options": options})
    found = read_segmentation(out, open_scene(scene))
    assert found.recipe.query.text == "forest"
    assert found.recipe.threshold == 0.05
    assert found.recipe.segmenter is None
    assert f"{len(found.segments):,} objects" in said


def test_objects_without_sam_fail_with_the_command_that_fetches_it(scene: Path, tmp_path: Path) -> None:
    arguments = {"scene": str(scene), "query": parse_query("forest").to_json(), "refine": "sam"}
    with pytest.raises(GraftError, match="fetch mobile-sam"):
        work("segment", arguments | {"out": str(tmp_path / "objects.gpkg")})
    assert not (tmp_path / "objects.gpkg").exists()


def test_label_map_is_written_with_names_and_areas(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "classes.tif"
    classes = [
        {"name": "woods", "words": "forest + orchard", "color": [0, 158, 115]},
        {"name": "water", "words": "lake", "color": [0, 114, 178]},
    ]
    said = work("classify", {"scene": str(scene), "classes": classes, "level": "patch", "margin": 0.1, "out": str(out)})
    assert str(out) in said
    with rasterio.open(out) as opened:
        assert "woods" in opened.tags()["CLASS_NAMES"]
    assert {path.suffix for path in out.parent.iterdir()} >= {".tif", ".qml", ".csv", ".json"}


ANSWER = {"question": "Is there a forest?", "planner": "grammar", "notices": ["Said beside it."]}


def test_program_of_a_question_is_answered_and_the_answer_kept_with_where_it_was_asked(
    scene: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answers" / "one.json"
    said = work("ask", ANSWER | {"scene": str(scene), "program": 'share(scene, "forest")', "out": str(out)})
    told = json.loads(out.read_text())
    assert told["looking"] == {"scene": str(scene), "encoder": None, "area": None}
    assert told["refined"] is False
    assert len(told["said"]) == len(told["answer"]["steps"]) == 1
    assert told["answer"].items() >= ANSWER.items()
    assert said == told["answer"]["sentence"]


def test_program_that_is_none_leaves_no_answer(scene: Path, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="Line 1"):
        work("ask", ANSWER | {"scene": str(scene), "program": "import os", "out": str(tmp_path / "one.json")})
    assert not (tmp_path / "one.json").exists()


@pytest.mark.parametrize(
    ("kind", "needed"), [("patches", "scene"), ("segment", "out"), ("classify", "out"), ("ask", "out")]
)
def test_job_that_lacks_what_it_is_about_is_not_started(kind: Any, needed: str) -> None:
    with pytest.raises(JobError, match=f"'{kind}' with a {needed}"):
        start_job(kind, "Nothing", {})
