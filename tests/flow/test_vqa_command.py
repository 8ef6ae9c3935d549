"""``evaluate`` asks questions: about generated worlds, and those of RSVQA's files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import command, done
from four_colors import four_colors, geobox

from graft_core.evaluate import worlds
from graft_core.io.geotiff import write_raster


@pytest.fixture
def rsvqa(tmp_path: Path) -> Path:
    """A set of one image and two questions."""
    box = geobox(gsd=10.0)
    write_raster(tmp_path / "5.tif", four_colors(), box, descriptions=("red", "green", "blue"), photometric="rgb")
    asked = ("Is it a rural or an urban area", "rural_urban", "rural"), ("Who lives here?", "presence", "no")
    entries = {
        "images": [{"id": 5, "res_x": "10m", "active": True}],
        "questions": [
            {"id": i, "img_id": 5, "type": family, "question": text, "answers_ids": [i], "active": True}
            for i, (text, family, _) in enumerate(asked)
        ],
        "answers": [{"id": i, "answer": answer, "active": True} for i, (_, _, answer) in enumerate(asked)],
    }
    for what, content in entries.items():
        (tmp_path / f"XX_{what}.json").write_text(json.dumps({what: content}))
    return tmp_path


def test_vqa_alone_measures_nothing_else() -> None:
    found = json.loads(done("evaluate", "--vqa", "--seed", 11, "--sensor", "naip", "--size", 512, "--json"))
    assert set(found) == {"seed", "seeds", "vqa"}
    assert (found["seed"], found["seeds"]) == (11, [11])
    vqa = found["vqa"]
    assert 0 <= vqa["overall"] <= 1
    assert {"presence", "area"} <= set(vqa["families"]) == set(vqa["sensors"]["naip"]["families"])


def test_world_and_vqa_are_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate_worlds(seeds: list[int], report: Callable[[str], None], **options: object) -> dict[str, object]:
        return {"seed": seeds[0], "seeds": seeds, "sensors": {"naip": {"tiles": 3}}}

    monkeypatch.setattr(worlds, "evaluate_worlds", evaluate_worlds)
    words = ("evaluate", "--world", "--vqa", "--seed", 11, "--sensor", "naip", "--size", 512)
    found = json.loads(done(*words, "--json"))
    assert found["sensors"] == {"naip": {"tiles": 3}}
    assert 0 <= found["vqa"]["overall"] <= 1
    printed = done(*words)
    assert "  tiles                    3\n" in printed
    assert "\nvqa\n  overall" in printed


def test_rsvqa_is_asked_by_set(rsvqa: Path) -> None:
    found = json.loads(done("evaluate", "--rsvqa", rsvqa, "--json"))
    assert set(found) == {"rsvqa"}
    one = found["rsvqa"]["XX"]
    assert (one["questions"], one["refused"], one["encoder"]) == (2, 0.5, "graft-demo-sentinel2-patch")


def test_broken_rsvqa_is_one_sentence(rsvqa: Path) -> None:
    (rsvqa / "XX_answers.json").write_text("{")
    said = command("evaluate", "--rsvqa", rsvqa)
    assert said.status == 1
    assert "XX_answers.json" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_nothing_to_measure_on_is_wrong_usage() -> None:
    said = command("evaluate")
    assert said.status == 2
    assert "--vqa" in said.err
