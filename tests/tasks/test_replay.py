import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from four_colors import LEFT, TOP
from known_encoder import KnownEncoder
from odc.geo.geom import polygon
from PIL import Image

from graft_core.errors import ExportError
from graft_core.io.scene import Scene
from graft_core.search.query import parse_query, parse_tile
from graft_core.tasks.density import density_map
from graft_core.tasks.density_recipe import TAG, DensityRecipe
from graft_core.tasks.replay import read_recipe, replay
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import write_density


@pytest.fixture
def exported(scene: Scene, searcher: Searcher, tmp_path: Path) -> Path:
    """A map with everything in its recipe: an image, thumbs, an area, a threshold, prompts of its own."""
    Image.new("RGB", (30, 30), (255, 40, 10)).save(tmp_path / "reddish.png")
    grid = searcher.scores(searcher.resolve(parse_query("red")), [scene.name])[0].grid
    query = replace(
        parse_query(f"2*red + photo:{tmp_path}/reddish.png - 0.5*blue"),
        background=("green", "white", "cyan"),
        templates=("{} ground",),
        likes=(parse_tile(f"{scene.name}/{grid.row0 + 4}/{grid.col0 + 5}"),),
    )
    corners = [(LEFT + x, TOP - y) for x, y in [(10, 10), (150, 20), (120, 150), (10, 10)]]
    density = density_map(scene, searcher, query, threshold=0.3, bandwidth=12, area=polygon(corners, "EPSG:32631"))
    path = tmp_path / "out.tif"
    for _ in write_density(path, density):
        pass
    (tmp_path / "reddish.png").unlink()
    return path


def pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return np.asarray(file.read())


def run(path: Path, out: Path, root: Path, encoder: KnownEncoder) -> None:
    for _ in replay(path, out, root, lambda recipe: encoder):
        pass


def test_replayed_map_is_the_same_to_the_pixel(
    exported: Path, root: Path, encoder: KnownEncoder, tmp_path: Path
) -> None:
    run(exported, tmp_path / "again.tif", root, encoder)
    assert np.array_equal(pixels(exported), pixels(tmp_path / "again.tif"), equal_nan=True)
    assert np.isfinite(pixels(exported)).any()
    assert encoder.tiles_encoded == 0
    assert replace(read_recipe(exported), time="") == replace(read_recipe(tmp_path / "again.tif"), time="")


def test_map_is_replayed_from_an_empty_index(exported: Path, encoder: KnownEncoder, root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root)
    run(exported, tmp_path / "again.tif", root, encoder)
    assert np.array_equal(pixels(exported), pixels(tmp_path / "again.tif"), equal_nan=True)
    assert encoder.tiles_encoded > 0


def test_moved_scene_is_replayed_from_its_new_place(
    exported: Path, scene: Scene, root: Path, encoder: KnownEncoder, tmp_path: Path
) -> None:
    (tmp_path / "moved").mkdir()
    moved = shutil.move(scene.source, tmp_path / "moved" / "four.tif")
    for _ in replay(exported, tmp_path / "again.tif", root, lambda recipe: encoder, source=str(moved)):
        pass
    assert np.array_equal(pixels(exported), pixels(tmp_path / "again.tif"), equal_nan=True)


def test_changed_scene_is_named(
    exported: Path, scene: Scene, root: Path, encoder: KnownEncoder, tmp_path: Path
) -> None:
    os.utime(scene.source, (0, 0))
    with pytest.raises(ExportError, match=f"{scene.name}.*has changed"):
        run(exported, tmp_path / "again.tif", root, encoder)
    assert not (tmp_path / "again.tif").exists()


def test_missing_scene_is_named(
    exported: Path, scene: Scene, root: Path, encoder: KnownEncoder, tmp_path: Path
) -> None:
    Path(scene.source).unlink()
    with pytest.raises(ExportError, match=f"{scene.name}.*cannot be opened"):
        run(exported, tmp_path / "again.tif", root, encoder)


def test_other_weights_are_named(exported: Path, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"weights 0{12} .* 1{12}"):
        run(exported, tmp_path / "again.tif", root, KnownEncoder(weights="1" * 64))


def test_encoder_of_another_resolution_is_named(exported: Path, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="resolution or input"):
        run(exported, tmp_path / "again.tif", root, KnownEncoder(gsd=2.0))


def test_raster_without_recipe_is_refused(write_scene, root: Path, encoder: KnownEncoder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no recipe"):
        run(write_scene("plain.tif"), tmp_path / "again.tif", root, encoder)
    with pytest.raises(ExportError, match=r"gone\.tif"):
        run(tmp_path / "gone.tif", tmp_path / "again.tif", root, encoder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda fields: fields.update(version=99), "version 99"),
        (lambda fields: fields.pop("version"), "cannot be read"),
        (lambda fields: fields.pop("threshold"), "damaged"),
        (lambda fields: fields.update(mood="sunny"), "damaged"),
        (lambda fields: fields.update(query={"version": 1}), "damaged"),
    ],
)
def test_damaged_recipe_is_refused(exported: Path, tmp_path: Path, change, says: str) -> None:
    fields = json.loads(read_recipe(exported).to_json())
    change(fields)
    with rasterio.open(exported) as file:
        profile = file.profile
    damaged = tmp_path / "damaged.tif"
    with rasterio.open(damaged, "w", **{**profile, "count": 1, "driver": "GTiff"}) as file:
        file.update_tags(**{TAG: json.dumps(fields)})
    with pytest.raises(ExportError, match=says):
        read_recipe(damaged)


def test_recipe_read_back_is_the_same(exported: Path) -> None:
    recipe = read_recipe(exported)
    assert DensityRecipe.from_json(recipe.to_json()) == recipe
    assert recipe.query.terms[1].example is not None
    assert recipe.query.terms[1].example.sha256
    assert recipe.threshold == 0.3
    assert recipe.bandwidth == 12
