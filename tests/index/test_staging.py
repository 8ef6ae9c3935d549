import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graft_core.errors import IndexStoreError
from graft_core.index import staging
from graft_core.index.staging import Staging, discard_staged, scene_folder

DIM = 4
ROW_BYTES = 16 + 2 * DIM


def rows(positions):
    position = np.array(positions, np.int64)
    return position, (position % 5 / 4).astype(np.float32), np.outer(position, np.ones(DIM)).astype(np.float16)


def stage(root, positions, scene="s", identity="i"):
    with Staging(root, scene, identity, DIM) as log:
        log.append(*rows(positions))


def read_back(root, scene="s", identity="i", batch=2):
    with Staging(root, scene, identity, DIM) as log:
        return [int(p) for block in log.sorted_rows(batch) for p in block.position], set(log.done)


def log_file(root):
    (path,) = root.rglob("tiles.log")
    return path


def test_rows_of_several_runs_come_back_sorted(tmp_path):
    stage(tmp_path, [9, 3, 7])
    stage(tmp_path, [1, 8])
    with Staging(tmp_path, "s", "i", DIM) as log:
        blocks = list(log.sorted_rows(2))
    assert [len(block.position) for block in blocks] == [2, 2, 1]
    expected = rows([1, 3, 7, 8, 9])
    for got, wanted in zip(zip(*blocks, strict=True), expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(got), wanted)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 6 * ROW_BYTES))
def test_whatever_a_killed_run_left_of_the_log_counts_up_to_the_last_whole_row(tmp_path_factory, cut):
    root = tmp_path_factory.mktemp("staging")
    stage(root, range(6))
    os.truncate(log_file(root), cut)
    assert read_back(root)[1] == set(range(cut // ROW_BYTES))
    stage(root, [100])
    assert read_back(root)[1] == {*range(cut // ROW_BYTES), 100}


@settings(max_examples=40, deadline=None)
@given(where=st.integers(0, 6 * ROW_BYTES - 1), flip=st.integers(1, 255))
def test_nothing_from_a_damaged_byte_on_is_believed(tmp_path_factory, where, flip):
    root = tmp_path_factory.mktemp("staging")
    stage(root, range(6))
    content = bytearray(log_file(root).read_bytes())
    content[where] ^= flip
    log_file(root).write_bytes(content)
    assert read_back(root)[1] == set(range(where // ROW_BYTES))


def test_a_log_longer_than_one_check_is_recovered_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "CHECK_ROWS", 4)
    stage(tmp_path, range(11))
    assert read_back(tmp_path)[1] == set(range(11))


def test_a_hole_of_zeros_after_a_power_cut_is_no_row(tmp_path):
    stage(tmp_path, range(3))
    with log_file(tmp_path).open("ab") as file:
        file.write(bytes(5 * ROW_BYTES))
    assert read_back(tmp_path)[1] == {0, 1, 2}


def test_another_identity_discards_what_was_staged(tmp_path):
    stage(tmp_path, [1, 2], identity="old")
    assert read_back(tmp_path, identity="new")[1] == set()
    assert read_back(tmp_path, identity="old")[1] == set()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../etc", "é" * 300, "a b", "a_b", "A_b"])
def test_any_scene_name_has_a_folder_of_its_own_inside_the_root(tmp_path, name):
    stage(tmp_path, [4], scene=name)
    assert log_file(tmp_path).parent.parent.parent == tmp_path
    others = {"", ".", "..", "a/b", "a b", "a_b", "A_b"} - {name}
    assert scene_folder(tmp_path, name) not in {scene_folder(tmp_path, other) for other in others}


def test_a_position_cannot_be_staged_twice(tmp_path):
    stage(tmp_path, [1])
    with Staging(tmp_path, "s", "i", DIM) as log:
        for positions in ([1], [2, 2]):
            with pytest.raises(ValueError, match="added twice"):
                log.append(*rows(positions))
    assert read_back(tmp_path) == ([1], {1})


def test_a_full_disk_loses_only_the_batch_that_did_not_fit(tmp_path, monkeypatch):
    def half_then_full(file, content):
        file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Staging(tmp_path, "s", "i", DIM) as log:
        log.append(*rows([1, 2]))
        with monkeypatch.context() as patch:
            patch.setattr(staging, "_write_all", half_then_full)
            with pytest.raises(IndexStoreError, match=r"No space left .*staged tiles of scene 's'.*free some space"):
                log.append(*rows([3, 4, 5]))
        assert set(log.done) == {1, 2}
        log.append(*rows([3]))
    assert read_back(tmp_path) == ([1, 2, 3], {1, 2, 3})


def test_discarding_leaves_nothing_and_says_whether_there_was_something(tmp_path):
    stage(tmp_path, [1])
    assert discard_staged(tmp_path, "s")
    assert not discard_staged(tmp_path, "s")
    assert list(tmp_path.iterdir()) == []


def test_a_staging_root_that_is_no_folder_gives_a_sentence(tmp_path):
    root = tmp_path / "file"
    root.write_text("")
    with pytest.raises(IndexStoreError, match="staged tiles of scene 's'"), Staging(Path(root), "s", "i", DIM):
        pass
