from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from graft_core.errors import ExportError
from graft_core.io.atomic import write_json
from graft_core.serve.answers import VERSION
from graft_core.ui.ask.history import (
    MOST,
    Entry,
    asked_at,
    can_restore,
    clear_entries,
    entry_path,
    let_go,
    load_entries,
    new_id,
    restore_entries,
)
from graft_core.ui.patch_controls import Looking

ANSWER: dict[str, Any] = {
    "question": "Is there a lake?", "program": 'exists(find(scene, "lake"))', "planner": "grammar",
    "sentence": "Yes.", "sure": 0.9, "notices": [], "steps": [],
    "evidence": {"type": "FeatureCollection", "features": []},
}  # fmt: skip


def entry(name: str | None = None) -> Entry:
    return Entry(name or new_id(), Looking("town", None, "1, 2, 3, 4"), True, ("1 lake",), ANSWER)


def save_entry(folder: Path, kept: Entry) -> None:
    """As a page or a job writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {"version": VERSION, "looking": asdict(kept.looking), "refined": kept.refined, "said": list(kept.said)}
    write_json(entry_path(folder, kept.id), {**told, "answer": kept.answer})


def test_answers_are_read_back_as_they_were_the_newest_first(tmp_path: Path) -> None:
    entries = [entry() for _ in range(3)]
    for each in entries:
        save_entry(tmp_path / "key", each)
    assert load_entries(tmp_path / "key") == entries[::-1]
    assert asked_at(entries[0]) <= asked_at(entries[2])


def test_oldest_answers_go_when_there_are_many(tmp_path: Path) -> None:
    names = [f"20260101-000000{number:06}-abcdef" for number in range(MOST + 3)]
    for name in names:
        save_entry(tmp_path / "key", entry(name))
    let_go(tmp_path / "key")
    assert [each.id for each in load_entries(tmp_path / "key")] == names[:2:-1]


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": 99}', "\xff"])
def test_damaged_answer_is_left_out_and_the_others_stay(tmp_path: Path, text: str) -> None:
    good = entry()
    save_entry(tmp_path / "key", good)
    (tmp_path / "key" / f"{new_id()}.json").write_bytes(text.encode("latin-1"))
    assert load_entries(tmp_path / "key") == [good]


def test_cleared_answers_come_back_beside_what_was_asked_since(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    first, second = entry(), entry()
    save_entry(folder, first)
    clear_entries(folder)
    assert load_entries(folder) == []
    save_entry(folder, second)
    assert can_restore(folder)
    restore_entries(folder)
    assert load_entries(folder) == [second, first]
    assert not can_restore(folder)


def test_only_what_was_cleared_last_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    first, second = entry(), entry()
    for each in (first, second):
        save_entry(folder, each)
        clear_entries(folder)
    restore_entries(folder)
    assert load_entries(folder) == [second]


def test_folder_that_cannot_be_cleared_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be cleared"):
        clear_entries(tmp_path / "nowhere")
