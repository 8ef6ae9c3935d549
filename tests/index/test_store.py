import errno
import os
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from indexed_scenes import (
    OTHER_SPEC,
    SPEC,
    assert_holds,
    commit_with_file_limit,
    index,
    index_constant_scenes,
    processes,
    record,
    rows_of,
    start,
)

from graft_core.errors import IndexStoreError
from graft_core.index import store as store_module
from graft_core.index.files import tree_bytes
from graft_core.index.staging import Staging
from graft_core.index.store import IndexStore, list_indexes


def data_files(store):
    return sorted((store.root / f"{SPEC.key}.lance" / "data").iterdir())


def stage_only(store, scene, rows):
    position, valid, vectors = rows_of(scene)
    with store.writer(scene) as writer:
        writer.add(position[rows], valid[rows], vectors[rows])


def test_a_committed_scene_is_listed_with_its_rows_and_bytes(store):
    committed = index(store, record())
    assert committed == replace(record(), tiles=50, bytes=committed.bytes)
    assert committed.bytes == sum(file.stat().st_size for file in data_files(store))
    assert store.scenes() == [committed]
    assert store.find("a") == committed
    assert store.find("b") is None
    assert_holds(store, record())


def test_indexing_again_replaces_the_scene_and_no_other(store):
    index(store, record("a"))
    index(store, record("b"))
    index(store, record("a", "f2"), 20)
    assert [(scene.name, scene.tiles) for scene in store.scenes()] == [("a", 20), ("b", 50)]
    assert_holds(store, record("a", "f2"), 20)
    assert_holds(store, record("b"))


def test_indexing_the_same_again_changes_nothing_but_the_version(store):
    index(store, record())
    index(store, record())
    assert [scene.tiles for scene in store.scenes()] == [50]
    assert_holds(store, record())


def test_an_index_under_one_encoder_knows_nothing_of_another(store):
    index(store, record())
    other = IndexStore(store.root, OTHER_SPEC)
    assert other.scenes() == []
    index(other, record("a", "f2"))
    assert_holds(store, record())


def test_an_index_of_another_encoder_is_never_answered_from(store):
    index(store, record())
    (store.root / f"{SPEC.key}.lance").rename(store.root / f"{OTHER_SPEC.key}.lance")
    other = IndexStore(store.root, OTHER_SPEC)
    for use in (other.scenes, other.snapshot, lambda: index(other, record("b")), lambda: other.remove("a")):
        with pytest.raises(
            IndexStoreError, match=rf"made by encoder 'known' \(key {SPEC.key}\).*index the scene again"
        ):
            use()


def test_opening_and_reading_an_index_that_is_not_there_makes_nothing(store):
    assert store.scenes() == []
    assert store.size_bytes() == store.version() == 0
    assert store.snapshot().scenes == ()
    assert not store.root.exists()


def test_an_interrupted_scene_goes_on_where_it_stopped(store):
    stage_only(store, record(), slice(0, 20))
    assert store.scenes() == []
    with store.writer(record()) as writer:
        assert set(writer.done) == set(rows_of(record())[0][:20].tolist())
        assert (writer.resumed, writer.staged) == (20, 20)
        position, valid, vectors = rows_of(record())
        writer.add(position[20:], valid[20:], vectors[20:])
        assert (writer.resumed, writer.staged) == (20, 50)
        writer.commit()
    assert_holds(store, record())


def test_a_scene_that_changed_starts_afresh(store):
    stage_only(store, record(), slice(0, 20))
    for changed in (record(fingerprint="f2"), record(grid_json="{}")):
        with store.writer(changed) as writer:
            assert not writer.done
        with store.writer(record()) as writer:
            assert not writer.done


def test_an_error_while_embedding_keeps_the_rows_and_frees_the_lock(store):
    def fail_after_nine_rows():
        with store.writer(record()) as writer:
            position, valid, vectors = rows_of(record())
            writer.add(position[:9], valid[:9], vectors[:9])
            raise RuntimeError("encoder")

    with pytest.raises(RuntimeError, match="encoder"):
        fail_after_nine_rows()
    with store.writer(record()) as writer:
        assert len(writer.done) == 9


def test_committing_twice_is_committing_once(store):
    position, valid, vectors = rows_of(record())
    with store.writer(record()) as writer:
        writer.add(position, valid, vectors)
        first = writer.commit()
        version = store.snapshot().version
        assert writer.commit() == first
        with pytest.raises(ValueError, match="cannot add"):
            writer.add(position, valid, vectors)
    assert store.snapshot().version == version
    with store.writer(record()) as writer:
        assert writer.commit() == first
    assert store.snapshot().version == version


def test_a_run_killed_between_commit_and_cleaning_up_can_be_repeated(store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Staging, "discard", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            index(store, record())
    assert_holds(store, record())
    with store.writer(record()) as writer:
        assert len(writer.done) == 50
        assert writer.commit().tiles == 50
    assert_holds(store, record())
    assert [scene.tiles for scene in store.scenes()] == [50]


def test_a_scene_without_a_tile_is_no_scene(store):
    with store.writer(record()) as writer, pytest.raises(IndexStoreError, match=r"No tile of scene 'a'.*/scenes/a.tif"):
        writer.commit()
    index(store, record())
    changed = record(fingerprint="f2")
    with store.writer(changed) as writer, pytest.raises(IndexStoreError, match="No tile of scene 'a'"):
        writer.commit()
    assert_holds(store, record())


@pytest.mark.parametrize("shape", [(3, SPEC.dim + 1), (2, SPEC.dim), (3 * SPEC.dim,)])
def test_rows_of_the_wrong_shape_are_refused(store, shape):
    with store.writer(record()) as writer, pytest.raises(ValueError, match="cannot add"):
        writer.add(np.arange(3), np.ones(3, np.float32), np.ones(shape, np.float32))


def test_a_vector_float16_cannot_hold_is_stored_as_missing(store):
    vectors = np.ones((4, SPEC.dim), np.float32)
    vectors[1, 2], vectors[2, 3], vectors[3, 0] = np.nan, np.inf, 1e6
    with store.writer(record()) as writer:
        writer.add(np.arange(4), np.ones(4, np.float32), vectors)
        writer.commit()
    assert np.isnan(store.snapshot().matrix).all(axis=1).tolist() == [False, True, True, True]


def test_a_second_writer_is_refused_and_the_first_goes_on(store):
    second = IndexStore(store.root, SPEC)
    with store.writer(record()) as writer:
        for use in (lambda: index(second, record("b")), lambda: second.remove("a"), second.tidy):
            with pytest.raises(IndexStoreError, match=rf"'known' at .* is being written by process {os.getpid()}"):
                use()
        assert second.scenes() == []
        index(IndexStore(store.root, OTHER_SPEC), record("b"))
        writer.add(*rows_of(record()))
        writer.commit()
    assert_holds(store, record())


def test_removing_forgets_one_scene_and_frees_its_space(store):
    index(store, record("a"), 2000)
    index(store, record("b"))
    store.snapshot()
    before = store.size_bytes()
    store.remove("a")
    assert [scene.name for scene in store.scenes()] == ["b"]
    assert_holds(store, record("b"))
    assert before - store.size_bytes() > 2 * 2000 * SPEC.dim * 2  # rows and matrix
    with pytest.raises(IndexStoreError, match=r"'a' is not indexed \(indexed: b\)"):
        store.remove("a")


def test_removing_forgets_staged_rows_too(store):
    stage_only(store, record(), slice(0, 20))
    store.remove("a")
    with store.writer(record()) as writer:
        assert not writer.done
    with pytest.raises(IndexStoreError, match="'b' is not indexed"):
        store.remove("b")


def test_the_disk_does_not_fill_with_old_versions(store, monkeypatch):
    monkeypatch.setattr(store_module, "KEEP_SUPERSEDED", timedelta(0))
    for turn in range(6):
        index(store, record("a", f"f{turn}"))
        index(store, record("b", f"f{turn}"))
    assert len(data_files(store)) <= 3  # two scenes, and the one just replaced
    store.tidy()
    assert len(data_files(store)) == 2
    assert_holds(store, record("a", "f5"))


def test_a_version_readers_may_still_use_is_kept(store):
    index(store, record("a", "f1"))
    index(store, record("a", "f2"))
    index(store, record("a", "f3"))
    assert len(data_files(store)) == 3


def test_what_a_killed_commit_left_is_swept_up(store):
    index(store, record())
    junk = store.root / f"{SPEC.key}.lance" / "data" / "half.lance"
    junk.write_bytes(bytes(1000))
    index(store, record("b"))
    assert not junk.exists()
    assert_holds(store, record())


def test_a_full_disk_at_the_commit_loses_nothing(store):
    index(store, record("a", "f1"))
    changed = record("a", "f2")
    position, valid, vectors = rows_of(changed, 3000)
    with store.writer(changed) as writer:
        writer.add(position, valid, vectors)
    files = data_files(store)
    answer, tell = processes().Pipe(duplex=False)
    child = start(commit_with_file_limit, store.root, changed, 20_000, tell)
    sentence = answer.recv()
    child.join()
    assert "No space left to write the index" in sentence
    assert "free some space and run the same command again" in sentence
    assert data_files(store) == files
    assert_holds(store, record("a", "f1"))
    with store.writer(changed) as writer:
        assert len(writer.done) == 3000
        writer.commit()
    assert_holds(store, changed, 3000)


@pytest.mark.parametrize("missing", [1, 1000])
def test_a_disk_that_fills_with_the_last_bytes_of_a_commit_loses_nothing(store, tmp_path, missing):
    index(store, record("a", "f1"))
    changed = record("a", "f2")
    elsewhere = IndexStore(tmp_path / "elsewhere", SPEC)
    index(elsewhere, changed)
    (whole,) = data_files(elsewhere)
    stage_only(store, changed, slice(None))
    answer, tell = processes().Pipe(duplex=False)
    child = start(commit_with_file_limit, store.root, changed, whole.stat().st_size - missing, tell)
    sentence = answer.recv()
    child.join()
    assert "No space left to write the index" in sentence
    assert_holds(store, record("a", "f1"))
    index(store, changed)
    assert_holds(store, changed)


def test_a_full_disk_for_the_matrix_leaves_the_index_as_it_is(store, monkeypatch):
    index(store, record())

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(IndexStoreError, match="No space left to write the scan matrix"):
            store.snapshot()
    assert_holds(store, record())


def test_readers_beside_a_writer_see_whole_versions_only(tmp_path):
    values = [*range(3, 25), *range(25, 3, -1)]
    store = IndexStore(tmp_path, SPEC)
    index_constant_scenes(tmp_path, [2])
    kept = store.snapshot()
    writer = start(index_constant_scenes, tmp_path, values)
    versions = []
    while writer.is_alive():
        snapshot = store.snapshot()
        versions.append(snapshot.version)
        value = int(snapshot.record("a").fingerprint)
        assert snapshot.position.tolist() == list(range(value))
        assert (snapshot.matrix == value).all()
    assert writer.exitcode == 0
    assert versions == sorted(versions)
    assert len(set(versions)) > 3
    assert (kept.matrix == 2).all()


def test_every_index_is_listed_with_spec_scenes_and_bytes(store):
    assert list_indexes(store.root) == []
    committed = index(store, record())
    other = IndexStore(store.root, replace(SPEC, name="another"))
    with other.writer(record("unfinished")) as writer:
        writer.add(*rows_of(record()))
    first, second = list_indexes(store.root)
    assert (first.spec, first.scenes, first.problem) == (other.spec, (), None)
    assert (second.key, second.spec, second.scenes) == (SPEC.key, SPEC, (committed,))
    assert (first.bytes, second.bytes) == (other.size_bytes(), store.size_bytes())
    assert first.bytes > 50 * SPEC.dim * 2


def test_an_unreadable_index_is_listed_with_its_problem_beside_the_others(store):
    index(store, record())
    index(IndexStore(store.root, OTHER_SPEC), record())
    for manifest in (store.root / f"{OTHER_SPEC.key}.lance" / "_versions").iterdir():
        manifest.write_bytes(b"garbage" * 50)
    (store.root / "0123.lance").mkdir()
    (store.root / "note.lance").write_text("not a folder")
    (store.root / f"{SPEC.key}.lance").rename(store.root / "renamed.lance")
    found = {info.key: info for info in list_indexes(store.root)}
    assert "cannot be read" in found[OTHER_SPEC.key].problem
    assert "never finished" in found["0123"].problem
    assert "never finished" in found["note"].problem
    assert f"rename it to {SPEC.key}.lance" in found["renamed"].problem
    assert all(info.spec is None and info.scenes == () for info in found.values())
    assert found["note"].bytes == tree_bytes(store.root / "note.lance") == len("not a folder")


class AnIndexAgainstADictionary(RuleBasedStateMachine):
    """Whatever is indexed, interrupted and removed in whatever order, a snapshot holds what a dictionary would."""

    def __init__(self):
        super().__init__()
        self.root = self.folder()
        self.expected = {}

    scenes = st.sampled_from(["a", "b", "c"])
    fingerprints = st.sampled_from(["f1", "f2"])
    counts = st.integers(1, 20)

    @property
    def store(self):
        return IndexStore(self.root, SPEC)

    @rule(name=scenes, fingerprint=fingerprints, count=counts)
    def index(self, name, fingerprint, count):
        scene = record(name, fingerprint, grid_json=str(count))
        index(self.store, scene, count)
        self.expected[name] = (scene, count)

    @rule(name=scenes, fingerprint=fingerprints, count=counts)
    def interrupted(self, name, fingerprint, count):
        scene = record(name, fingerprint, grid_json=str(count))
        position, valid, vectors = rows_of(scene, count)
        with self.store.writer(scene) as writer:
            missing = [row for row in range(count) if position[row] not in writer.done][:3]
            writer.add(position[missing], valid[missing], vectors[missing])

    @rule(name=scenes)
    def remove(self, name):
        try:
            self.store.remove(name)
        except IndexStoreError:
            assert name not in self.expected
        self.expected.pop(name, None)

    @rule()
    def tidy(self):
        self.store.tidy()

    @invariant()
    def holds_what_the_dictionary_holds(self):
        assert [scene.name for scene in self.store.scenes()] == sorted(self.expected)
        for scene, count in self.expected.values():
            assert_holds(self.store, scene, count)


def test_any_order_of_actions_ends_as_in_a_dictionary(tmp_path_factory):
    AnIndexAgainstADictionary.folder = staticmethod(lambda: tmp_path_factory.mktemp("index"))
    machine = AnIndexAgainstADictionary.TestCase
    machine.settings = settings(max_examples=15, stateful_step_count=8, deadline=None)
    machine("runTest").runTest()
