"""Files appear whole or not at all, and a failure says what to do."""

import errno
import json
import os
import re
from pathlib import Path

import pytest

from graft_core.errors import ExportError, QueryError
from graft_core.io.atomic import replacing, write_error, write_json, write_text


def test_the_target_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with replacing(target) as draft:
        draft.write_text("half")
        assert draft.name == "out.txt"
        assert not target.exists()
        draft.with_name("out.txt-journal").write_text("a side file of some driver")
    assert target.read_text() == "half"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(RuntimeError("stop"), RuntimeError), (KeyboardInterrupt(), KeyboardInterrupt), (QueryError("x"), QueryError)],
)
def test_any_failure_keeps_the_old_file_and_leaves_nothing_else(
    tmp_path: Path, failure: BaseException, raised: type[BaseException]
) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(raised):
        _write_and_fail(target, failure)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def _write_and_fail(target: Path, failure: BaseException) -> None:
    with replacing(target) as draft:
        draft.write_text("new")
        raise failure


@pytest.mark.parametrize("step", ["mkdir", "open", "fsync", "replace"])
def test_a_full_disk_is_named_at_whatever_step_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = tmp_path / "out.json"
    target.write_text("old")
    if step == "open":
        monkeypatch.setattr(Path, "write_text", full)
    else:
        monkeypatch.setattr(os, step, full)
    with pytest.raises(ExportError, match=rf"Cannot write {target}: the disk is full; free some space in {tmp_path}"):
        write_json(target, {"a": 1})
    assert target.read_text() == "old"
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EDQUOT, "Quota exceeded"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "no permission to write in .*; choose a folder you own"),
        (OSError(errno.EROFS, "Read-only file system"), "no permission to write"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error; check"),
    ],
)
def test_causes_are_told_apart(tmp_path: Path, error: OSError, said: str) -> None:
    assert re.search(said, str(write_error(tmp_path / "out.tif", error)))


def test_a_reason_hidden_behind_another_error_is_found(tmp_path: Path) -> None:
    outer = OSError("Write failed. See previous exception for details.")
    outer.__cause__ = RuntimeError("_tiffWriteProc: No space left on device")
    assert "the disk is full" in str(write_error(tmp_path / "out.tif", outer))


def test_a_folder_or_a_missing_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for target, said in [
        (tmp_path, "it is a folder"),
        (tmp_path / "no" / "out.txt", "does not exist; create it first"),
        (tmp_path / "file" / "out.txt", "is a file, not a folder"),
    ]:
        with pytest.raises(ExportError, match=said):
            write_text(target, "x")


def test_json_is_readable_and_knows_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"query": "Wälder", "k": 20})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"query": "Wälder", "k": 20}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "b.json", {"score": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_new_files_are_readable_by_others_as_usual(tmp_path: Path) -> None:
    write_text(tmp_path / "ours.txt", "x")
    (tmp_path / "plain.txt").write_text("x")
    assert (tmp_path / "ours.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
