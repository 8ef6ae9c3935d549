from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from four_colors import HEIGHT, LEFT, TOP, WIDTH
from odc.geo.geobox import GeoBox
from odc.geo.geom import polygon

from graft_core.errors import ExportError
from graft_core.geo.web_mercator import web_view
from graft_core.io.qml import RAMPS
from graft_core.io.scene import Scene
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.map_picture import LESS, LONGEST, MORE, coarser, density_picture, difference_picture, painted
from graft_core.tasks.score import Searcher


def test_picture_shows_the_thing_where_it_is(scene: Scene, searcher: Searcher) -> None:
    made = density_map(scene, searcher, parse_query("green"))
    picture = density_picture(made)
    assert picture.rgba.dtype == np.uint8
    assert max(picture.rgba.shape[:2]) == LONGEST
    assert picture.maximum == made.brightest
    view = web_view(scene.geobox, LONGEST)
    visible = picture.rgba[..., 3]
    north_east = (view.row > 10) & (view.row < HEIGHT / 2 - 10) & (view.col > WIDTH / 2 + 10) & (view.col < WIDTH - 10)
    south_west = (view.row > HEIGHT / 2 + 10) & (view.row < HEIGHT) & (view.col > 0) & (view.col < WIDTH / 2 - 10)
    assert (visible[north_east] == 255).all()
    assert visible[south_west].max() < 30
    assert (visible[(view.row < 0) | (view.col < 0)] == 0).all()


def test_area_of_interest_is_all_that_is_drawn(scene: Scene, searcher: Searcher) -> None:
    corners = [(LEFT + 130, TOP - 10), (LEFT + 170, TOP - 10), (LEFT + 130, TOP - 60), (LEFT + 130, TOP - 10)]
    made = density_map(scene, searcher, parse_query("green"), area=polygon(corners, "EPSG:32631"))
    picture = density_picture(made)
    west, south, east, north = picture.bounds
    assert (east - west) < 0.0006
    assert (north - south) < 0.0006
    assert 0.3 < (picture.rgba[..., 3] > 0).mean() < 0.7, "a triangle"


def test_what_is_nowhere_is_not_painted_bright(scene: Scene, searcher: Searcher) -> None:
    made = density_map(scene, searcher, parse_query("magenta - red - blue"), bandwidth=0)
    assert made.brightest >= 0.25
    assert density_picture(made).maximum >= 0.25


def test_colours_are_the_ramps_and_fade_towards_nothing() -> None:
    drawn = painted(np.array([[0, 0.1, 0.5, 1, 2, np.nan]], np.float32), "viridis")[0]
    assert drawn[:, 3].tolist() == [0, 128, 255, 255, 255, 0]
    assert "#" + drawn[3, :3].tobytes().hex() == RAMPS["viridis"][-1]
    assert np.abs(drawn[2, :3].astype(int) - [int(RAMPS["viridis"][5][i : i + 2], 16) for i in (1, 3, 5)]).max() <= 2
    with pytest.raises(ExportError, match=r"'rainbow'.*viridis"):
        painted(np.zeros((1, 1), np.float32), "rainbow")


def test_difference_shows_what_is_denser_and_what_less(scene: Scene, searcher: Searcher) -> None:
    green, red = (density_map(scene, searcher, parse_query(color)) for color in ("green", "red"))
    picture = difference_picture(green, red)
    view = web_view(scene.geobox, LONGEST)
    inner = (view.row > 10) & (view.row < HEIGHT / 2 - 10)
    east, west = inner & (view.col > WIDTH / 2 + 10), inner & (view.col < WIDTH / 2 - 10) & (view.col > 10)
    east &= view.col < WIDTH - 10
    assert (picture.rgba[east][:, :3] == MORE).all()
    assert (picture.rgba[west][:, :3] == LESS).all()
    assert (picture.rgba[east][:, 3] == 255).all()
    assert difference_picture(green, green).rgba[..., 3].max() == 0


def test_maps_of_two_scenes_are_not_compared(scene: Scene, searcher: Searcher) -> None:
    made = density_map(scene, searcher, parse_query("green"))
    record = replace(made.scores.record, name="elsewhere")
    with pytest.raises(ExportError, match="two scenes"):
        difference_picture(made, replace(made, scores=replace(made.scores, record=record)))


def test_coarser_grid_begins_in_the_same_corner() -> None:
    box = GeoBox((10, 7), Affine(2, 0, 100, 0, -2, 50), "EPSG:32631")
    found = coarser(box, 4)
    assert found.shape == (3, 2)
    assert found.affine == Affine(8, 0, 100, 0, -8, 50)


def test_layer_below_another_has_one_colour_and_covers_more_where_there_is_more(
    scene: Scene, searcher: Searcher
) -> None:
    density = density_map(scene, searcher, parse_query("green"))
    plain, tinted = density_picture(density), density_picture(density, tint=(0, 114, 178))
    assert tinted.bounds == plain.bounds
    assert np.all(tinted.rgba[..., :3] == (0, 114, 178))
    assert (plain.rgba[..., 3][tinted.rgba[..., 3] > 0] > 0).all()
    share = density_picture(density, maximum=4 * density.brightest, tint=(0, 114, 178))
    assert share.rgba[..., 3].astype(int).sum() < tinted.rgba[..., 3].astype(int).sum()
