import os
import signal
import threading

import pytest
from full_disk import largest_file
from indexed_scenes import hold_the_lock, processes

from graft_core.errors import IndexStoreError
from graft_core.index.lock import writer_lock


def test_a_second_writer_is_told_who_writes_and_what_to_do(tmp_path):
    path = tmp_path / "new" / "k.lock"
    with (
        writer_lock(path, "graft-naip"),
        pytest.raises(IndexStoreError, match=rf"'graft-naip' at .*new is being .* process {os.getpid()} .*wait"),
        writer_lock(path, "graft-naip"),
    ):
        pass


def test_the_lock_is_free_after_its_holder_left(tmp_path):
    for _ in range(2):
        with writer_lock(tmp_path / "k.lock", "known"):
            pass


def test_threads_of_one_process_exclude_each_other_too(tmp_path):
    seen = []

    def second():
        try:
            with writer_lock(tmp_path / "k.lock", "known"):
                seen.append("locked")
        except IndexStoreError:
            seen.append("refused")

    with writer_lock(tmp_path / "k.lock", "known"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert seen == ["refused"]


def test_an_unreadable_note_does_not_hide_the_refusal(tmp_path):
    path = tmp_path / "k.lock"
    with writer_lock(path, "known"):
        path.write_text("{")
        with pytest.raises(IndexStoreError, match="another process"), writer_lock(path, "known"):
            pass


@pytest.mark.parametrize("fork", [False, True], ids=["alone", "with a child that outlives it"])
def test_the_lock_dies_with_a_killed_holder(tmp_path, fork):
    path = tmp_path / "k.lock"
    ready, tell = processes().Pipe(duplex=False)
    holder = processes().Process(target=hold_the_lock, args=(path, tell), kwargs={"fork": fork})
    holder.start()
    child = ready.recv()
    try:
        with pytest.raises(IndexStoreError, match=f"process {holder.pid} "), writer_lock(path, "known"):
            pass
        holder.kill()
        holder.join()
        with writer_lock(path, "known"):
            pass
    finally:
        if child:
            os.kill(child, signal.SIGKILL)


def test_a_disk_too_full_for_the_note_keeps_nobody_from_the_lock(tmp_path):
    path = tmp_path / "k.lock"
    with (
        largest_file(0),
        writer_lock(path, "known"),
        pytest.raises(IndexStoreError, match="another process"),
        writer_lock(path, "known"),
    ):
        pass
    with writer_lock(path, "known"):
        assert str(os.getpid()) in path.read_text()


def test_a_folder_that_cannot_be_written_gives_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(IndexStoreError, match="the lock of index 'known'"),
        writer_lock(tmp_path / "file" / "k.lock", "known"),
    ):
        pass
