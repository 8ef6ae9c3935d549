import lance
import numpy as np
import pyarrow as pa
import pytest
from indexed_scenes import SPEC, assert_holds, index, record

from graft_core.errors import IndexStoreError
from graft_core.index import store as store_module
from graft_core.index import table
from graft_core.index.store import IndexStore


def table_path(store):
    return store.root / f"{SPEC.key}.lance"


def with_metadata(path, metadata):
    schema = pa.schema([pa.field("x", pa.int64())], metadata=metadata)
    lance.write_dataset(schema.empty_table(), str(path), schema=schema)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({}, "no index of GRAFT Explorer; move it elsewhere"),
        ({"graft.format": "2", "graft.spec": "{}"}, r"format 2, and this GRAFT Explorer reads format 1; update"),
        ({"graft.format": "1", "graft.spec": "{}"}, "cannot be read .*index its scenes again"),
        ({"graft.format": "1", "graft.spec": "{"}, "cannot be read .*index its scenes again"),
    ],
    ids=["foreign", "future", "other fields", "no json"],
)
def test_a_table_that_is_not_ours_to_read_gives_a_sentence(store, metadata, sentence):
    with_metadata(table_path(store), metadata)
    for use in (store.scenes, store.snapshot, lambda: index(store, record()), lambda: store.remove("a")):
        with pytest.raises(IndexStoreError, match=sentence):
            use()


def test_a_damaged_table_gives_a_sentence_without_source_lines(store):
    index(store, record())
    (newest,) = [p for p in (table_path(store) / "_versions").iterdir() if p.name == table.newest(table_path(store))]
    newest.write_bytes(b"garbage" * 50)
    with pytest.raises(
        IndexStoreError, match=r"cannot be read .*remove that folder and index its scenes again"
    ) as caught:
        store.scenes()
    assert ".rs:" not in str(caught.value)


def test_a_missing_data_file_gives_a_sentence(store):
    index(store, record())
    for file in (table_path(store) / "data").iterdir():
        file.unlink()
    with pytest.raises(IndexStoreError, match="cannot be read"):
        store.snapshot()


def test_rows_without_a_record_are_refused_rather_than_served(store):
    index(store, record())
    dataset = lance.dataset(str(table_path(store)))
    dataset.update({"record": "null"})
    with pytest.raises(IndexStoreError, match="rows without a scene's record"):
        store.scenes()


def test_a_scene_of_many_fragments_is_one_scene(store, monkeypatch):
    monkeypatch.setattr(table, "ROWS_PER_FRAGMENT", 16)
    monkeypatch.setattr(store_module, "COMMIT_ROWS", 5)
    monkeypatch.setattr(table, "READ_ROWS", 3)
    for scene in (record("b"), record("a"), record("b", "f2")):
        index(store, scene)
    parts = table.TableVersion(table_path(store)).parts()
    assert [part.rows for part in parts] == [16, 16, 16, 2] * 2
    assert [scene.tiles for scene in store.scenes()] == [50, 50]
    assert_holds(store, record("a"))
    assert_holds(store, record("b", "f2"))
    store.remove("b")
    assert [part.scene for part in table.TableVersion(table_path(store)).parts()] == ["a"] * 4


def test_a_row_can_be_read_with_plain_lance(store):
    # What others may rely on: one row a tile, its scene, its position, its vector.
    index(store, record("it's"))
    found = lance.dataset(str(table_path(store))).to_table(filter="scene = 'it''s' AND position = 7").to_pylist()
    assert [(row["scene"], row["position"], len(row["vector"])) for row in found] == [("it's", 7, SPEC.dim)]
    assert found[0]["vector"] == store.snapshot().vector("it's", 7).astype(np.float16).tolist()


def test_a_folder_left_by_a_run_killed_before_its_first_commit_is_no_index(store):
    (table_path(store) / "data").mkdir(parents=True)
    assert store.scenes() == []
    assert IndexStore(store.root, SPEC).snapshot().version == 0
    index(store, record())
    assert_holds(store, record())
