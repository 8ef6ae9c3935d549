"""Benchmark sets from the command line, as a person types it."""

import json
from pathlib import Path

import miniature_sets as mini
import numpy as np
import pytest
from commands import command, done, refused
from known_encoder import KnownEncoder

from graft_core.models import registry

COLORS = {"blue": ["blue"], "green": ["green", "red"], "red": ["red"]}


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch) -> list[KnownEncoder]:
    """Those that were loaded, whatever names a command gave; of patch level where the name says so."""
    loaded: list[KnownEncoder] = []

    def load(name: str, **options: object) -> KnownEncoder:
        loaded.append(KnownEncoder(level="patch" if "patch" in name else "tile"))
        return loaded[-1]

    monkeypatch.setattr(registry, "load_encoder", load)
    return loaded


@pytest.fixture
def colors(tmp_path: Path) -> Path:
    return mini.write_folders(tmp_path / "colors", COLORS)


def test_set_is_measured_printed_and_kept_as_a_table(
    colors: Path, encoders: list[KnownEncoder], tmp_path: Path
) -> None:
    table = tmp_path / "table.json"
    line = ["evaluate", "--images", colors, "--layout", "folder", "--encoder", "known", "--out", table]
    (row,) = json.loads(done(*line, "--json"))["rows"]
    assert (row["dataset"], row["images"], row["fit"]) == ("colors", 4, "resize")
    assert row["figures"]["zero_shot_top1"] == 0.75
    assert row["templates"] == ["{}", "a picture of {}"]
    said = done(*line, "--fit", "pad", "--template", "only {}", "--ranks", 1)
    assert "| set | images | classes | encoder | fit | prompts | top-1 | balanced | mAP@1 |" in said
    assert "pad to 16 px" in said
    assert "Prompts 1: only {}" in said
    assert len(json.loads(table.read_text())["rows"]) == 2
    assert table.with_suffix(".md").read_text().count("\n| colors |") == 2
    assert [each.tiles_encoded for each in encoders] == [4, 4]
    done(*line)
    assert encoders[-1].tiles_encoded == 0, "the embeddings are kept"


def test_several_encoders_make_several_rows(colors: Path, encoders: list[KnownEncoder]) -> None:
    line = ["evaluate", "--images", colors, "--layout", "folder", "--encoder", "a", "--encoder", "b-patch", "--json"]
    rows = json.loads(done(*line, "--sample", 3))["rows"]
    assert [row["encoder"] for row in rows] == ["known", "known (mean of tokens)"]
    assert {row["images"] for row in rows} == {3}


def test_words_may_come_from_a_file(colors: Path, encoders: list[KnownEncoder], tmp_path: Path) -> None:
    words = tmp_path / "words.json"
    words.write_text(json.dumps({"blue": "red", "red": "blue"}))
    line = ["evaluate", "--images", colors, "--layout", "folder", "--encoder", "known", "--words", words, "--json"]
    assert json.loads(done(*line))["rows"][0]["figures"]["zero_shot_top1"] == 0.25
    for text in ("[]", '{"blue": 3}', '{"blue": " "}'):
        words.write_text(text)
        assert "is no JSON object of words" in refused(*line)
    words.write_text("{")
    assert "cannot be read" in refused(*line)


def test_land_cover_is_measured_by_the_map_that_classify_draws(encoders: list[KnownEncoder], tmp_path: Path) -> None:
    ids = np.ones((64, 64), np.uint8)
    ids[:, 32:] = 2
    root = mini.write_land_cover(tmp_path / "cover", {"a": ("red", ids)}, {1: "red", 2: "blue"})
    line = ["evaluate", "--images", root, "--layout", "landcover", "--encoder", "known-patch"]
    (row,) = json.loads(done(*line, "--json"))["rows"]
    assert row["figures"] == {"miou": 0.25, "overall_accuracy": 0.5}
    assert "| cover | 1 | 2 | known | scene | 1 | 0.250 | 0.500 |" in done(*line)
    assert command(*line, "--fit", "pad").status == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "known"], "say how the set is laid out"),
        (["--layout", "folder"], "say which encoder to measure"),
        (["--layout", "folder", "--encoder", "known", "--out", "table.txt"], "must end in .json"),
        (["--layout", "folder", "--encoder", "known", "--world"], "--world says nothing about --images"),
        (["--layout", "folder", "--encoder", "known", "--seed", "7"], "--seed says nothing about --images"),
    ],
)
def test_wrong_usage_is_told(options: list[str], said: str, colors: Path, encoders: list[KnownEncoder]) -> None:
    answer = command("evaluate", "--images", colors, *options)
    assert answer.status == 2
    assert said in " ".join(answer.err.replace("│", " ").split())


@pytest.mark.parametrize(
    "option", [["--layout", "folder"], ["--template", "{}"], ["--ranks", "5"], ["--out", "a.json"]]
)
def test_options_of_sets_are_refused_where_none_is_measured(option: list[str]) -> None:
    answer = command("evaluate", "--world", *option)
    assert answer.status == 2
    assert f"{option[0]} is for --images" in " ".join(answer.err.replace("│", " ").split())


def test_refusals_are_one_sentence(colors: Path, encoders: list[KnownEncoder], tmp_path: Path) -> None:
    line = ["evaluate", "--images", colors, "--encoder", "known"]
    unknown = refused(*line, "--layout", "imagenet")
    assert "There is no layout 'imagenet'; choose one of eurosat" in unknown
    assert "landcover, satlas" in unknown
    assert "not in the layout of eurosat" in refused(*line, "--layout", "eurosat")
    assert "no fit 'crop'" in refused(*line, "--layout", "folder", "--fit", "crop")
    assert "has no {} for the words" in refused(*line, "--layout", "folder", "--template", "a photo")
    (tmp_path / "kept.json").write_text("{}")
    assert "holds no table" in refused(*line, "--layout", "folder", "--out", tmp_path / "kept.json")
    assert all(each.tiles_encoded == 0 for each in encoders)
