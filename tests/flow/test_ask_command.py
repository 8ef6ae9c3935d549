"""Questions from the command line, as a person types them."""

import json
from pathlib import Path

import geopandas
import pytest
from commands import command, done, refused
from green_things import DISCS, GREEN, write_corner
from known_encoder import KnownEncoder


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests names no language model."""
    monkeypatch.delenv("GRAFT_LLM_URL", raising=False)


@pytest.fixture
def count_green(tmp_path: Path) -> Path:
    path = tmp_path / "count.txt"
    path.write_text('things = find(scene, "green")\ncount(larger_than(things, 3000))\n')
    return path


def test_question_is_answered_with_the_program_and_its_steps(green: Path, known_patches: KnownEncoder) -> None:
    said = command("ask", green, "How many green are there?")
    assert said.status == 0, said.err
    sentence, sure, *rest = said.out.splitlines()
    assert f"{len(GREEN)} green" in sentence
    assert "sure (" in sure
    assert '  count(find(scene, "green"))' in rest
    steps = rest[rest.index("steps:") + 1 :]
    assert [line.split()[0] for line in steps] == ["1", "2"]
    assert f"{len(GREEN)} green" in steps[0]


def test_json_holds_program_value_steps_and_evidence(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    out = tmp_path / "evidence.geojson"
    told = json.loads(done("ask", green, "Is there green?", "--json", "-o", out))
    assert told["value"] is True
    assert told["planner"] == "grammar"
    assert told["program"] == 'exists(find(scene, "green"))'
    assert (told["scene"].startswith("green"), told["encoder"]) == (True, "known")
    assert told["evidence"] == json.loads(out.read_text())
    frame = geopandas.read_file(out)
    assert len(frame) == len(GREEN)
    assert frame.to_crs("EPSG:32631").area.sum() == pytest.approx(frame["area_m2"].sum(), rel=0.01)


def test_program_of_a_file_is_run_in_place_of_a_planned_one(
    green: Path, known_patches: KnownEncoder, count_green: Path
) -> None:
    told = json.loads(done("ask", green, "--program", count_green, "--json"))
    assert (told["planner"], told["question"]) == ("analyst", "")
    assert told["value"] == sum(disc.sum() > 3000 for disc in DISCS) + 1
    named = json.loads(done("ask", green, "Which are large?", "--program", count_green, "--json"))
    assert named["question"] == "Which are large?"


def test_only_the_area_of_interest_is_asked(green: Path, known_patches: KnownEncoder, tmp_path: Path) -> None:
    area = write_corner(tmp_path / "area.geojson")
    assert json.loads(done("ask", green, "How many green are there?", "--aoi", area, "--json"))["value"] == 1


def test_second_question_about_a_scene_encodes_nothing(green: Path, known_patches: KnownEncoder) -> None:
    done("ask", green, "Is there green?")
    encoded = known_patches.tiles_encoded
    done("ask", green, "Is there white?")
    assert known_patches.tiles_encoded == encoded > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("What is the meaning of life?",), "Is there a lake?"),
        (("Is there green?", "--planner", "llm"), "GRAFT_LLM_URL"),
        (("Is there green?", "--planner", "oracle"), "choose grammar or llm"),
        (("Is there green?", "--refine", "perhaps"), "choose sam or none"),
        (("Is there green?", "--refine", "sam"), "fetch mobile-sam"),
        (("Is there green?", "-o", "evidence.gpkg"), "does not end in one of .geojson"),
        (("--program", "nowhere.txt"), "cannot be read"),
        (("--program", "bad.txt"), "Line 1"),
        (("--program", "binary.txt"), "cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_any_work(
    green: Path, known_patches: KnownEncoder, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(green.parent)
    Path("bad.txt").write_text("import os")
    Path("binary.txt").write_bytes(b"\xff\xfe\x00")
    assert said in refused("ask", green, *words)
    assert known_patches.tiles_encoded == 0


def test_without_question_and_program_the_use_is_wrong(green: Path) -> None:
    assert command("ask", green).status == 2
