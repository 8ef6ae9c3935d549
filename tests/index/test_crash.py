"""kill -9 while scenes are being indexed: nothing that was acknowledged is lost, and the next run finishes the work."""

import random
import time

import pytest
from indexed_scenes import SPEC, assert_holds, index, index_and_acknowledge, processes, record, rows_of, start

from graft_core.index.store import IndexStore, list_indexes

PLAN = [record("a", "f1"), record("b", "f1"), record("a", "f2"), record("c", "f1")]
WHOLE_RUN_S = 0.25


def after(committed):
    """Fingerprint of each scene once the first ``committed`` steps of the plan are done."""
    return {scene.name: scene.fingerprint for scene in PLAN[:committed]}


def assert_rows_are_whole(store, scenes):
    for name, fingerprint in scenes.items():
        assert_holds(store, record(name, fingerprint))


@pytest.mark.parametrize("trial", range(20))
def test_a_killed_run_loses_no_committed_scene_and_can_be_finished(tmp_path, trial):
    root, acknowledged = tmp_path / "index", tmp_path / "acknowledged"
    ready, tell = processes().Pipe(duplex=False)
    run = start(index_and_acknowledge, root, PLAN, acknowledged, tell)
    ready.recv()
    time.sleep(random.Random(trial).uniform(0, WHOLE_RUN_S))
    run.kill()
    run.join()

    store = IndexStore(root, SPEC)
    done = len(acknowledged.read_text().splitlines()) if acknowledged.exists() else 0
    found = {scene.name: scene.fingerprint for scene in store.scenes()}
    # A commit may have happened whose acknowledgement the kill prevented.
    assert found in (after(done), after(done + 1))
    assert_rows_are_whole(store, found)

    done = max(step for step in range(len(PLAN) + 1) if after(step) == found)
    for scene in PLAN[done:]:
        with store.writer(scene) as writer:
            assert set(writer.done) <= set(rows_of(scene)[0].tolist())
        index(store, scene)
    assert {scene.name: scene.fingerprint for scene in store.scenes()} == after(len(PLAN))
    assert_rows_are_whole(store, after(len(PLAN)))
    assert [info.problem for info in list_indexes(root)] == [None]
    store.tidy()
    assert len(list((root / f"{SPEC.key}.lance" / "data").iterdir())) == 3
