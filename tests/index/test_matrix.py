import errno
import os

import numpy as np
import pytest

from graft_core.errors import IndexStoreError
from graft_core.index import matrix
from graft_core.index.matrix import delete_matrices, make_matrix, open_matrix

ROWS = np.arange(24, dtype=np.float16).reshape(6, 4)


def blocks():
    yield ROWS[:4]
    yield ROWS[4:]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "v2-abc.npy"


def test_a_matrix_is_mapped_read_only_and_found_again(path):
    made = make_matrix(path, 6, 4, blocks())
    np.testing.assert_array_equal(made, ROWS)
    assert not made.flags.writeable
    np.testing.assert_array_equal(open_matrix(path, 6, 4), ROWS)
    assert [file.name for file in path.parent.iterdir()] == ["v2-abc.npy"]


def test_a_missing_matrix_has_to_be_made(path):
    assert open_matrix(path, 6, 4) is None


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def empty(path):
    path.write_bytes(b"")


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def flip_a_byte_through_a_map(path):
    changed = np.load(path, mmap_mode="r+")
    changed[2, 2] = -1
    changed.flush()


@pytest.mark.parametrize("damage", [truncate, empty, flip_a_byte, flip_a_byte_through_a_map])
def test_a_touched_matrix_is_not_believed(path, damage):
    make_matrix(path, 6, 4, blocks())
    damage(path)
    assert open_matrix(path, 6, 4) is None


def test_a_matrix_of_another_size_is_not_believed(path):
    make_matrix(path, 6, 4, blocks())
    assert open_matrix(path, 7, 4) is None
    assert open_matrix(path, 6, 5) is None


def test_a_map_outlives_its_file(path):
    made = make_matrix(path, 6, 4, blocks())
    path.unlink()
    np.testing.assert_array_equal(made, ROWS)


def test_a_full_disk_gives_a_sentence_and_leaves_nothing(path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(IndexStoreError, match="No space left to write the scan matrix"):
        make_matrix(path, 6, 4, blocks())
    assert list(path.parent.iterdir()) == []


def test_too_few_vectors_make_no_matrix(path):
    with pytest.raises(IndexStoreError, match="does not hold 7 vectors of 4"):
        make_matrix(path, 7, 4, blocks())
    assert list(path.parent.iterdir()) == []


def test_old_matrices_are_deleted_but_not_those_being_made_or_about_to_be_named(path):
    path.parent.mkdir()
    for name in ("v1-a.npy", "v2-b.npy", "v21-c.npy", ".making-begun", ".making-sealed"):
        (path.parent / name).write_bytes(b"")
    os.utime(path.parent / ".making-sealed", (0, 0))
    delete_matrices(path.parent, "v2-")
    assert sorted(file.name for file in path.parent.iterdir()) == [".making-begun", ".making-sealed", "v2-b.npy"]
    delete_matrices(path.parent / "missing", "v2-")


def test_what_a_killed_reader_left_is_deleted_in_the_end(path, monkeypatch):
    path.parent.mkdir()
    (path.parent / ".making-old").write_bytes(b"")
    monkeypatch.setattr(matrix, "ABANDONED_S", -1.0)
    delete_matrices(path.parent, "v2-")
    assert list(path.parent.iterdir()) == []
