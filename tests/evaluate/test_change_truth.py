"""What a change map is held against: the truth of two dates, under the same kernel."""

from pathlib import Path

import numpy as np
import pytest
from four_colors import four_colors, geobox
from known_encoder import COLORS, KnownEncoder

from benchmarks.two_dates import summary
from graft_core.evaluate.change_truth import ChangeAgreement, agree, measure_change, true_density
from graft_core.index.store import IndexStore
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.tasks.change import ChangeMap, Side, change_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher


def side(folder: Path, name: str, pixels: np.ndarray) -> Side:
    names = ("red", "green", "blue")
    write_raster(folder / name, pixels, geobox(), descriptions=names, photometric="rgb")
    scene, encoder = open_scene(folder / name), KnownEncoder()
    for _ in index_scene(scene, encoder, folder / "indexes", stride=16):
        pass
    return Side(scene, Searcher(IndexStore(folder / "indexes", encoder.spec).snapshot(), encoder))


def yellow_tiles(change: ChangeMap) -> np.ndarray:
    """(N,) share of each tile of the north-east quarter, where green becomes yellow."""
    grid = change.after.scores.grid
    centers = grid.centers
    east, north = centers[:, 0] > geobox().affine.c + 112, centers[:, 1] > geobox().affine.f - 80
    return (east & north).astype(np.float32) * change.after.scores.lattice(change.after.scores.valid, 0).ravel()


@pytest.fixture
def made(tmp_path: Path) -> ChangeMap:
    turned = four_colors()
    turned[:, :80, 112:] = np.array(COLORS["yellow"], np.uint8)[:, None, None]
    sides = (side(tmp_path, "before.tif", four_colors()), side(tmp_path, "after.tif", turned))
    return change_map(*sides, parse_query("yellow"), bandwidth=8.0)


def test_map_that_shows_what_came_agrees_with_the_truth(made: ChangeMap) -> None:
    came = yellow_tiles(made)
    agreement = agree(made, np.zeros_like(came), came)
    assert agreement is not None
    assert agreement.name == "yellow"
    assert agreement.r > 0.95
    assert agreement.sign > 0.99
    assert agreement.false_change < 0.01


def test_map_of_the_wrong_way_round_disagrees(made: ChangeMap) -> None:
    came = yellow_tiles(made)
    agreement = agree(made, came, np.zeros_like(came))
    assert agreement is not None
    assert agreement.r < -0.95
    assert agreement.sign < 0.01


def test_nothing_is_said_where_nothing_changed(made: ChangeMap) -> None:
    same = yellow_tiles(made)
    assert agree(made, same, same) is None


def test_true_density_of_everything_is_one(made: ChangeMap) -> None:
    everywhere = made.after.scores.lattice(made.after.scores.valid, 0).ravel()
    seen = true_density(made.after, everywhere).window(made.geobox)[0]
    assert seen == pytest.approx(np.ones_like(seen), abs=1e-6)


def test_change_of_a_drawn_place_is_found_by_the_demo_encoder() -> None:
    """At 10 m, where a scene of few pixels shows kilometres; means over the classes that changed."""
    found = measure_change("sentinel2", 7, 768)
    assert len(found) >= 4
    assert np.mean([each.r for each in found]) > 0.3
    assert np.mean([each.sign for each in found]) > 0.7
    assert max(each.r for each in found) > 0.8


def test_summary_holds_means_over_worlds_and_classes() -> None:
    worlds = [
        [ChangeAgreement("forest", 0.8, 1.0, 0.1), ChangeAgreement("lake", 0.4, 0.5, 0.1)],
        [ChangeAgreement("forest", 0.2, 0.0, 0.3)],
    ]
    found = summary(worlds)
    assert found["changed_classes"] == 3
    assert found["r"] == {"mean": 0.4, "spread": 0.2}
    assert found["false_change"]["mean"] == 0.2
    assert found["by_class"]["forest"] == {"r": 0.5, "sign": 0.5}
