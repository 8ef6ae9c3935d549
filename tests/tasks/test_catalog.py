from pathlib import Path

import numpy as np
import pytest
from four_colors import geobox
from known_encoder import KnownEncoder

from graft_core import settings
from graft_core.errors import IndexStoreError, ModelError, SceneError
from graft_core.index.store import IndexStore
from graft_core.io.scene import open_scene
from graft_core.tasks import catalog
from graft_core.tasks.catalog import (
    check_level,
    encoder_for,
    find_scene,
    known_scenes,
    lasting_name,
    remove_scene,
    reopen,
)
from graft_core.tasks.index_scene import index_scene


def index(path: Path, encoder: KnownEncoder, root: Path, **options: object) -> str:
    scene = open_scene(path, **options)
    for _ in index_scene(scene, encoder, root):
        pass
    return scene.name


def test_scene_is_found_by_path_name_beginning_and_in_the_folder_of_scenes(
    write_scene, encoder: KnownEncoder, root: Path, tmp_path: Path
) -> None:
    path = write_scene("first.tif")
    name = index(path, encoder, root)
    settings.tiles_dir().mkdir()
    inside = settings.tiles_dir() / "second.tif"
    write_scene("second.tif").rename(inside)
    assert find_scene(str(path), root).source == str(path)
    assert find_scene(name, root).fingerprint == find_scene("first", root).fingerprint == open_scene(path).fingerprint
    assert find_scene("second.tif", root).source == str(inside)
    listed = known_scenes(root)
    assert [(scene.source, scene.encoders) for scene in listed] == [(str(inside), ()), (str(path), ("known",))]


def test_unknown_and_ambiguous_scenes_are_refused_with_what_is_known(
    write_scene, encoder: KnownEncoder, root: Path, tmp_path: Path
) -> None:
    with pytest.raises(SceneError, match="none is known here yet"):
        find_scene("first", root)
    (tmp_path / "other").mkdir()
    for name in ("first.tif", "other/first.tif"):
        index(write_scene(name), encoder, root)
    with pytest.raises(SceneError, match=r"Several.*first-\w+, first-\w+"):
        find_scene("first", root)
    with pytest.raises(SceneError, match=r"known here: first-"):
        find_scene("second", root)


@pytest.mark.parametrize("text", ["", " ", "~nobody-of-that-name/first.tif"])
def test_what_names_no_place_at_all_is_an_unknown_scene(root: Path, text: str) -> None:
    settings.tiles_dir().mkdir()
    with pytest.raises(SceneError, match=f"There is no scene '{text}'"):
        find_scene(text, root)


def test_scene_opened_with_options_is_the_same_again_by_name(write_scene, encoder: KnownEncoder, root: Path) -> None:
    pixels = np.random.default_rng(0).integers(300, 4000, (3, 64, 64)).astype(np.uint16)
    path = write_scene("haze.tif", pixels, geobox(64, 64, gsd=10.0))
    stated = open_scene(path, sensor="sentinel2-l1c")
    again = reopen(stated.source, stated.name, stated.fingerprint, sensor=stated.sensor)
    assert again == stated


def test_removed_scene_leaves_the_others(write_scene, encoder: KnownEncoder, root: Path) -> None:
    one, other = (index(write_scene(name), encoder, root) for name in ("one.tif", "other.tif"))
    patches = KnownEncoder(level="patch")
    index(write_scene("one.tif"), patches, root)
    assert remove_scene("one", root) == ["known", "known"]
    assert [record.name for record in IndexStore(root, encoder.spec).scenes()] == [other]
    with pytest.raises(IndexStoreError, match=one):
        remove_scene(one, root)


def test_leftovers_of_an_interrupted_run_can_be_removed(scene, encoder: KnownEncoder, root: Path) -> None:
    work = index_scene(scene, encoder, root, batch=8)
    next(work)
    next(work)
    work.close()
    assert remove_scene(scene.name, root) == ["known"]
    steps = list(index_scene(scene, encoder, root))
    assert steps[0].resumed == 0


def test_removing_from_nothing_is_refused(root: Path) -> None:
    with pytest.raises(IndexStoreError, match="Nothing is indexed"):
        remove_scene("one", root)


@pytest.mark.parametrize(
    ("gsd", "dtype", "expected"), [(1.0, np.uint8, "graft-demo-naip"), (10.0, np.uint8, "graft-demo-sentinel2")]
)
def test_encoder_suits_the_scene_unless_one_is_named(
    write_scene, monkeypatch: pytest.MonkeyPatch, gsd: float, dtype: type, expected: str
) -> None:
    asked = []
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: asked.append((name, options)))
    scene = open_scene(write_scene("any.tif", np.full((3, 40, 40), 90, dtype), geobox(40, 40, gsd=gsd)))
    encoder_for(scene)
    encoder_for(scene, "clip-vit-b-16")
    assert asked[0][0] == expected
    name, options = asked[1]
    assert name == "clip-vit-b-16"
    assert options["gsd"] == (None if scene.sensor == "naip" else gsd), "a plain CLIP takes what is there"


def test_encoder_from_a_file_is_named_for_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    assert lasting_name("mine.safetensors") == str(tmp_path / "mine.safetensors")
    assert lasting_name("ViT-B-16@mine.safetensors") == f"ViT-B-16@{tmp_path / 'mine.safetensors'}"
    assert lasting_name("graft-demo-naip") == "graft-demo-naip"
    assert lasting_name("ViT-B-16@openai") == "ViT-B-16@openai"


def test_level_of_an_encoder_is_checked_when_stated() -> None:
    check_level(KnownEncoder(), None)
    check_level(KnownEncoder(), "tile")
    with pytest.raises(ModelError, match="tile level, not patch"):
        check_level(KnownEncoder(), "patch")
    with pytest.raises(ModelError, match="no level 'pixel'"):
        check_level(KnownEncoder(), "pixel")
