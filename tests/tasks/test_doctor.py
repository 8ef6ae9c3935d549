import shutil
from collections import namedtuple

import pytest

from graft_core import settings
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene
from graft_core.tasks import doctor
from graft_core.tasks.doctor import diagnose
from graft_core.tasks.index_scene import index_scene

Usage = namedtuple("Usage", "total used free")


def test_missing_package_is_a_problem_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", (*doctor.PACKAGES, "no-such-package"))
    found = diagnose()
    assert found.packages["no-such-package"] is None
    assert any("no-such-package" in problem and "pip install" in problem for problem in found.problems)


def test_full_disk_is_a_problem_before_it_hurts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 10**8))
    assert any("0.1 GB are free" in problem and "GRAFT_TILES" in problem for problem in diagnose().problems)


def test_damaged_index_is_named(scene: Scene, encoder, root) -> None:
    for _ in index_scene(scene, encoder, settings.indexes_dir()):
        pass
    assert diagnose().indexes[0].scenes == 1
    store = IndexStore(settings.indexes_dir(), encoder.spec)
    table = store.root / f"{encoder.spec.key}.lance"
    for manifest in (table / "_versions").iterdir():
        manifest.write_bytes(b"torn")
    found = diagnose()
    assert found.indexes[0].problem
    assert any(encoder.spec.key in problem for problem in found.problems)


def test_patch_cache_and_its_limit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    block = settings.patches_dir() / "key" / "scene" / "64" / "0_0.npy"
    block.parent.mkdir(parents=True)
    block.write_bytes(b"x" * 1234)
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", "0.5")
    assert (diagnose().patches.bytes, diagnose().patches.limit_bytes) == (1234, 2**29)
    monkeypatch.setenv("GRAFT_PATCH_CACHE_GB", "much")
    assert any("GRAFT_PATCH_CACHE_GB is 'much'" in problem for problem in diagnose().problems)


def test_looking_makes_nothing() -> None:
    diagnose()
    assert not settings.tiles_dir().exists()
    assert not settings.weights_dir().exists()
