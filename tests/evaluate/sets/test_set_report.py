"""One table for all that was measured, in JSON and in Markdown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from graft_core.errors import BenchmarkError
from graft_core.evaluate.sets.report import add_to_table, markdown_table, read_table
from graft_core.evaluate.sets.result import SetResult

ROW = SetResult(
    dataset="eurosat",
    fingerprint="0123456789abcdef",
    images=27_000,
    encoder="one|two",
    encoder_key="0" * 16,
    tile_px=224,
    fit="pad",
    templates=("A satellite image of {}.", "{}"),
    words={"Forest": "forest", "River": "river"},
    figures={"zero_shot_top1": 0.6381, "map_at_20": 0.5},
    by_class={"recall": {"Forest": 1.0, "River": 0.2762}},
)
COVER = replace(ROW, dataset="cover", images=3, fit="scene", figures={"miou": 0.25}, by_class={}, templates=("{}",))


def test_table_names_every_choice_and_only_figures_that_occur() -> None:
    assert markdown_table([ROW, COVER]).splitlines() == [
        "| set | images | classes | encoder | fit | prompts | top-1 | mAP@20 | mIoU |",
        "| --- | ---: | ---: | --- | --- | --- | ---: | ---: | ---: |",
        "| eurosat | 27,000 | 2 | one\\|two | pad to 224 px | 1 | 0.638 | 0.500 |  |",
        "| cover | 3 | 2 | one\\|two | scene | 2 |  |  | 0.250 |",
        "",
        "Prompts 1: A satellite image of {}.; {}  ",
        "Prompts 2: {}  ",
    ]


def test_later_runs_add_rows_and_replace_their_own(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    assert add_to_table(path, [ROW]) == [ROW]
    better = replace(ROW, figures={"zero_shot_top1": 0.7, "map_at_20": 0.5})
    resized = replace(ROW, fit="resize")
    assert add_to_table(path, [better, resized]) == [better, resized]
    assert read_table(path) == [better, resized]
    assert json.loads(path.read_text())["rows"][0]["figures"]["zero_shot_top1"] == 0.7
    assert path.with_suffix(".md").read_text() == markdown_table([better, resized])


def test_another_number_of_ranks_and_another_set_of_the_same_name_are_other_rows(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    fewer = replace(ROW, figures={"zero_shot_top1": 0.6381, "map_at_5": 0.6})
    other = replace(ROW, fingerprint="fedcba9876543210")
    for row in (ROW, fewer, other, COVER):
        add_to_table(path, [row])
    assert read_table(path) == [ROW, fewer, other, COVER]
    named = [line.split(" | ")[0] for line in markdown_table(read_table(path)).splitlines()[2:6]]
    assert named == ["| eurosat 012345", "| eurosat 012345", "| eurosat fedcba", "| cover"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset", 3),
        ("images", "many"),
        ("tile_px", True),
        ("templates", "{}"),
        ("templates", [1]),
        ("words", []),
        ("words", {"Forest": 3}),
        ("figures", ["zero_shot_top1"]),
        ("figures", {"zero_shot_top1": None}),
        ("by_class", {"recall": [1.0]}),
    ],
)
def test_row_that_is_damaged_is_told_in_a_sentence(field: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    text = json.dumps({"rows": [ROW.to_json() | {field: value}]})
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=r"table\.json holds no table of benchmark results \(TypeError\)"):
        add_to_table(path, [ROW])
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{"dataset": "eurosat"}]}', '{"rows": 3}'])
def test_file_that_is_no_table_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=r"table\.json holds no table of benchmark results"):
        add_to_table(path, [ROW])
    assert path.read_text() == text
