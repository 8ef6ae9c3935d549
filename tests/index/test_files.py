import errno
import os

import pytest

from graft_core.index.files import reason, tree_bytes, write_error


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_a_disk_is_full_says_what_to_do(tmp_path, code):
    error = write_error(OSError(code, os.strerror(code)), tmp_path, "the index")
    assert str(tmp_path) in str(error)
    assert "No space left to write the index" in str(error)
    assert "free some space" in str(error)


def test_a_full_disk_is_recognised_in_the_words_of_lance(tmp_path):
    lance = OSError("LanceError(IO): No space left on device (os error 28), /home/x/rust/lance/src/io.rs:190:9")
    assert "free some space" in str(write_error(lance, tmp_path, "the index"))


def test_other_write_errors_keep_their_reason_without_source_lines(tmp_path):
    error = write_error(OSError("LanceError(IO): denied, /home/x/rust/src/io.rs:1:9, /home/x/a.rs:2:2"), tmp_path, "it")
    assert (
        str(error) == f"Could not write it at {tmp_path} (LanceError(IO): denied); check its permissions and the disk."
    )
    assert reason(ValueError("plain")) == "plain"


def test_sizes_add_up_and_a_missing_folder_is_empty(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(bytes(10))
    (tmp_path / "y").write_bytes(bytes(5))
    assert tree_bytes(tmp_path) == 15
    assert tree_bytes(tmp_path / "y") == 5
    assert tree_bytes(tmp_path / "missing") == 0
