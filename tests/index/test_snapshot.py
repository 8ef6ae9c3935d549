from datetime import date

import numpy as np
import pytest
from indexed_scenes import SPEC, assert_holds, index, record, rows_of

from graft_core.errors import IndexStoreError
from graft_core.index.scan import scores, top_k
from graft_core.index.staging import scene_folder


def matrices(store):
    return sorted((store.root / f"{SPEC.key}.matrix").glob("*"))


def test_rows_are_sorted_by_scene_and_position(store):
    index(store, record("b"), 20)
    index(store, record("a"), 30)
    snapshot = store.snapshot()
    assert [scene.name for scene in snapshot.scenes] == ["a", "b"]
    assert snapshot.scene.tolist() == [0] * 30 + [1] * 20
    assert (snapshot.rows("a"), snapshot.rows("b")) == (slice(0, 30), slice(30, 50))
    assert snapshot.position.tolist() == [*rows_of(record("a"), 30)[0], *rows_of(record("b"), 20)[0]]
    assert snapshot.matrix.shape == (50, SPEC.dim)
    assert snapshot.spec == SPEC


def test_an_index_without_scenes_is_an_empty_snapshot_that_can_be_scanned(store):
    index(store, record())
    store.remove("a")
    for empty in (store.snapshot(), type(store)(store.root / "other", SPEC).snapshot()):
        assert empty.scenes == ()
        assert empty.scene.shape == empty.position.shape == empty.valid.shape == (0,)
        assert top_k(scores(empty.matrix, np.ones((1, SPEC.dim), np.float32))[0], 5).tolist() == []


def test_a_tile_can_be_looked_up_as_a_query(store):
    index(store, record("a"))
    index(store, record("b"))
    snapshot = store.snapshot()
    position, _, vectors = rows_of(record("b"))
    for row in (0, 17, 49):
        found = snapshot.vector("b", int(position[row]))
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, vectors[row].astype(np.float16))
        assert top_k(scores(snapshot.matrix, found[None])[0], 1)[0] == snapshot.rows("b").start + row


@pytest.mark.parametrize("position", [-5, 0, 2, 149, 10**12])
def test_a_position_without_a_row_is_named(store, position):
    index(store, record())
    with pytest.raises(IndexStoreError, match=f"'a' has no indexed tile at position {position}"):
        store.snapshot().vector("a", position)


def test_an_unknown_scene_is_named_with_the_known_ones(store):
    index(store, record())
    snapshot = store.snapshot()
    for look in (snapshot.rows, snapshot.record, lambda name: snapshot.vector(name, 1)):
        with pytest.raises(IndexStoreError, match=r"'b' is not indexed \(indexed: a\)"):
            look("b")


def test_scenes_of_a_snapshot_are_filtered_by_name_bounds_and_date(store):
    index(store, record("a", acquired=date(2020, 1, 1)))
    index(store, record("b", bounds_wgs84=(10.0, 50.0, 11.0, 51.0)))
    snapshot = store.snapshot()

    def names(**filters):
        return [scene.name for scene in snapshot.select(**filters)]

    assert names() == ["a", "b"]
    assert names(names=["b"]) == ["b"]
    assert names(bounds=(10.5, 50.5, 12.0, 52.0)) == ["b"]
    assert names(until=date(2021, 1, 1)) == ["a"]


def test_a_snapshot_stays_as_it_was_while_writers_go_on(store):
    index(store, record("a"))
    before = store.snapshot()
    expected = np.array(before.matrix)
    index(store, record("a", "f2"), 20)
    store.remove("a")
    store.tidy()
    assert store.snapshot().scenes == ()
    assert before.record("a").fingerprint == "f1"
    np.testing.assert_array_equal(before.matrix, expected)
    np.testing.assert_array_equal(before.vector("a", 1), expected[0].astype(np.float32))


def test_the_matrix_is_made_once_for_a_version(store):
    index(store, record())
    store.snapshot()
    (made,) = matrices(store)
    identity = made.stat().st_ino
    assert store.snapshot().version == store.version()
    assert [(file, file.stat().st_ino) for file in matrices(store)] == [(made, identity)]


def test_matrices_of_earlier_versions_go_with_the_next_commit(store):
    index(store, record())
    store.snapshot()
    index(store, record("b"))
    assert matrices(store) == []
    store.snapshot()
    assert len(matrices(store)) == 1


@pytest.mark.parametrize("damage", ["deleted", "truncated", "overwritten"])
def test_a_spoiled_matrix_is_made_again(store, damage):
    index(store, record())
    store.snapshot()
    (made,) = matrices(store)
    content = made.read_bytes()
    made.unlink()
    if damage != "deleted":
        made.write_bytes(content[:-100] + (b"" if damage == "truncated" else bytes(100)))
    assert_holds(store, record())


def test_a_matrix_is_never_taken_for_one_of_another_index_with_the_same_version(store, tmp_path):
    table = store.root / f"{SPEC.key}.lance"
    index(store, record("a", "f1"))
    table.rename(tmp_path / "backup")
    index(store, record("a", "f2"))
    version = store.snapshot().version
    table.rename(tmp_path / "gone")
    (tmp_path / "backup").rename(table)
    assert store.snapshot().version == version
    assert_holds(store, record("a", "f1"))


def test_a_version_tidied_away_under_a_reader_sends_it_to_the_next(store, monkeypatch):
    index(store, record("a", "f1"))
    from graft_core.index import snapshot as module

    real = module.make_matrix
    calls = []

    def overtaken(*arguments):
        calls.append(1)
        if len(calls) == 1:
            index(store, record("a", "f2"), 30)
            store.tidy()
        return real(*arguments)

    monkeypatch.setattr(module, "make_matrix", overtaken)
    assert store.snapshot().record("a").fingerprint == "f2"
    assert len(calls) == 2
    monkeypatch.undo()
    assert_holds(store, record("a", "f2"), 30)
    assert not scene_folder(store.root / f"{SPEC.key}.staging", "a").exists()
