from dataclasses import replace
from pathlib import Path

from four_colors import four_colors
from known_encoder import KnownEncoder

from graft_core import settings
from graft_core.index.store import list_indexes
from graft_core.io.scene import open_scene
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.inventory import Imagery, imagery_of, inventory


def look(name: str) -> Imagery | str | None:
    return imagery_of(open_scene(name))


def never(name: str) -> Imagery | str | None:
    raise AssertionError(f"{name} was opened")


def test_indexed_scene_is_described_without_opening_it(write_scene, root: Path) -> None:
    scene = open_scene(write_scene())
    for encoder in (KnownEncoder(), KnownEncoder(level="patch")):
        for _ in index_scene(scene, encoder, root):
            pass
    (found,) = inventory(list_indexes(root), never)
    rows, cols = four_colors().shape[1:]
    assert (found.name, found.label, found.state, found.problem) == (scene.name, scene.name, "indexed", "")
    assert found.imagery == imagery_of(scene)
    assert found.imagery.shape == (rows, cols)
    assert found.imagery.extent == (cols * scene.gsd, rows * scene.gsd)
    assert sorted(spec.level for spec, _ in found.indexed) == ["patch", "tile"]
    assert found.tiles == sum(record.tiles for _, record in found.indexed) > 0
    assert found.index_bytes > 0
    assert found.disk == Path(scene.source).stat().st_size


def test_index_of_an_earlier_version_is_described_by_its_grid(write_scene, encoder: KnownEncoder, root: Path) -> None:
    scene = open_scene(write_scene())
    for _ in index_scene(scene, encoder, root):
        pass
    (index,) = list_indexes(root)
    older = replace(index, scenes=tuple(replace(record, gsd=None, shape=None) for record in index.scenes))
    (found,) = inventory([older], never)
    assert found.imagery is not None
    assert (found.imagery.gsd, found.imagery.shape) == (None, None)
    assert found.imagery.extent == imagery_of(scene).extent


def test_scene_whose_file_is_gone_keeps_its_place(write_scene, encoder: KnownEncoder, root: Path) -> None:
    path = write_scene()
    for _ in index_scene(open_scene(path), encoder, root):
        pass
    path.unlink()
    (found,) = inventory(list_indexes(root), never)
    assert (found.state, found.disk, found.there) == ("file gone", None, False)
    assert path.name in found.problem
    assert found.imagery is not None


def test_files_in_the_folder_of_scenes_are_looked_at_as_far_as_there_is_time(write_scene) -> None:
    folder = settings.tiles_dir()
    folder.mkdir()
    for name in ("good.tif", "bad.tif", "later.tif"):
        write_scene(name).rename(folder / name)

    def some(name: str) -> Imagery | str | None:
        return {"good.tif": look(name), "bad.tif": "It has no place."}.get(Path(name).name)

    found = {holding.label: holding for holding in inventory([], some)}
    assert {label: holding.state for label, holding in found.items()} == {
        "bad.tif": "cannot be opened",
        "good.tif": "not indexed",
        "later.tif": "not opened yet",
    }
    assert found["bad.tif"].problem == "It has no place."
    assert [holding.there for holding in found.values()] == [False, True, False]
