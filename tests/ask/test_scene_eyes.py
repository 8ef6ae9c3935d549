"""What a program sees of a real scene: the right things, in metres, only where it was asked to look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from four_colors import CRS, LEFT, TOP, four_colors, geobox
from green_things import DISCS, GREEN, RIVER, SIDE, green_pixels, iou, outlined
from known_encoder import KnownEncoder
from long_work import finish, followed
from odc.geo.geom import Geometry

from graft_core.ask.eyes import Eyes
from graft_core.ask.scene_eyes import SceneEyes
from graft_core.ask.values import Region, Thing
from graft_core.errors import ExportError, QueryError
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene

GREENISH = (128, 208, 128)
"""Matches "green" with a probability of a little less than one half."""


@pytest.fixture
def encoder() -> KnownEncoder:
    return KnownEncoder(level="patch", tile_px=32)


@pytest.fixture
def write_scene(tmp_path: Path) -> Callable[..., Scene]:
    def write(pixels: np.ndarray, **tags: float) -> Scene:
        path, names = tmp_path / "scene.tif", ("red", "green", "blue")
        box = geobox(*pixels.shape[1:])
        write_raster(path, pixels, box, descriptions=names, photometric="rgb", **tags)
        return open_scene(path)

    return write


@pytest.fixture
def green(write_scene: Callable[..., Scene], encoder: KnownEncoder, tmp_path: Path) -> Callable[..., SceneEyes]:
    """Eyes on the green things, or on an area of them."""
    scene = write_scene(green_pixels())
    return lambda **options: SceneEyes(scene, encoder, tmp_path / "patches", **options)


@pytest.fixture
def quarters(write_scene: Callable[..., Scene], encoder: KnownEncoder, tmp_path: Path) -> SceneEyes:
    """Eyes on the scene of four colours."""
    return SceneEyes(write_scene(four_colors()), encoder, tmp_path / "patches")


def part(eyes: SceneEyes, left: float, top: float, right: float, bottom: float) -> Region:
    """Shares of the width and height of the scene, as a region."""
    west, south, east, north = shapely.union_all([each.shape for each in eyes.scene.things]).bounds
    width, height = east - west, north - south
    box = shapely.box(west + left * width, north - bottom * height, west + right * width, north - top * height)
    return Region((Thing(box, 1.0),), "part")


def north_west(shape: Any) -> Geometry:
    return Geometry(shape, CRS)


def test_scene_eyes_are_eyes(green: Callable[..., SceneEyes]) -> None:
    eyes: Eyes = green()
    assert eyes.scene.what == "scene"


def test_each_thing_is_found_in_its_place_on_the_ground(green: Callable[..., SceneEyes]) -> None:
    eyes = green()
    found = finish(eyes.find("green"))
    assert (len(found.things), found.what) == (len(GREEN), "green")
    for mask in GREEN:
        wanted = outlined(mask)
        (here,) = [each for each in found.things if eyes.outline(each.shape).geom.intersects(wanted)]
        assert iou(eyes.outline(here.shape).geom, wanted) > 0.8
        assert str(eyes.outline(here.shape).crs) == CRS
    assert [each.match for each in found.things] == sorted((each.match for each in found.things), reverse=True)


def test_places_are_metres_that_grow_to_the_north_and_the_east(green: Callable[..., SceneEyes]) -> None:
    eyes = green()
    found = finish(eyes.find("green")).things
    by_place = {
        name: next(each.shape for each in found if eyes.outline(each.shape).geom.intersects(outlined(mask).centroid))
        for name, mask in (("north-west", DISCS[0]), ("north-east", DISCS[1]), ("south-west", DISCS[2]))
    }
    assert by_place["north-west"].centroid.y > by_place["south-west"].centroid.y + 300
    assert by_place["north-west"].centroid.x < by_place["north-east"].centroid.x - 300
    assert by_place["south-west"].area == pytest.approx(np.pi * 60**2, rel=0.1)
    assert eyes.scene.things[0].shape.area == pytest.approx(SIDE**2)


def test_only_the_area_of_interest_is_seen(green: Callable[..., SceneEyes]) -> None:
    area = north_west(shapely.box(LEFT, TOP - 200, LEFT + 200, TOP))
    eyes = green(area=area)
    assert eyes.scene.things[0].shape.area == pytest.approx(200**2)
    (one,) = finish(eyes.find("green")).things
    assert iou(eyes.outline(one.shape).geom, outlined(DISCS[0])) > 0.8


def test_what_only_reaches_over_the_border_of_the_area_is_no_object_of_it(green: Callable[..., SceneEyes]) -> None:
    rim = outlined(DISCS[2]).bounds
    touching = north_west(shapely.box(rim[0] - 60, rim[1], rim[0] + 3, rim[3]))
    assert finish(green(area=touching).find("green")).things == ()
    reaching = north_west(shapely.box(rim[0] - 60, rim[1], rim[0] + 40, rim[3]))
    assert len(finish(green(area=reaching).find("green")).things) == 1


def test_crumb_of_a_thing_inside_the_area_is_no_object_of_it(green: Callable[..., SceneEyes]) -> None:
    middle = outlined(DISCS[2]).centroid
    around = shapely.box(LEFT + 400, TOP - 60, LEFT + 460, TOP - 20)
    for reach, things in ((3, 0), (12, 1)):
        area = shapely.union_all([around, middle.buffer(reach, quad_segs=1, cap_style="square")])
        assert len(finish(green(area=north_west(area)).find("green")).things) == things


def test_likeness_is_not_the_thing(write_scene: Callable[..., Scene], encoder: KnownEncoder, tmp_path: Path) -> None:
    pixels = green_pixels(DISCS[0])
    pixels[:, DISCS[2]] = np.array(GREENISH, np.uint8)[:, None]
    eyes = SceneEyes(write_scene(pixels), encoder, tmp_path / "patches")
    (one,) = finish(eyes.find("green")).things
    assert eyes.outline(one.shape).geom.intersects(outlined(DISCS[0]))


def test_area_beside_the_scene_is_refused(green: Callable[..., SceneEyes]) -> None:
    with pytest.raises(ExportError, match="does not meet scene"):
        green(area=north_west(shapely.box(LEFT - 900, TOP - 10, LEFT - 800, TOP)))


def test_nothing_found_says_how_near_it_came(green: Callable[..., SceneEyes]) -> None:
    eyes = green()
    nothing, things = finish(eyes.find("magenta")), finish(eyes.find("green"))
    assert nothing.things == ()
    assert 0 <= nothing.best < 0.5 < things.best <= 1


def test_asking_twice_costs_nothing(green: Callable[..., SceneEyes], encoder: KnownEncoder) -> None:
    eyes = green()
    first = (
        finish(eyes.find("green")),
        finish(eyes.shares(eyes.scene, ["green"])),
        finish(eyes.scores(first_of(eyes), ["green"])),
    )
    asked = encoder.tiles_encoded, encoder.texts_encoded
    again, steps = followed(eyes.find(" green"))
    assert again is first[0]
    assert steps == []
    assert followed(eyes.shares(eyes.scene, ["green"])) == (first[1], [])
    assert followed(eyes.scores(first_of(eyes), ["green"])) == (first[2], [])
    assert (encoder.tiles_encoded, encoder.texts_encoded) == asked


def first_of(eyes: SceneEyes) -> Region:
    """A region made anew each time, as a program makes it."""
    return Region(eyes.scene.things, "again")


def test_texts_compete_for_the_area_of_a_region(quarters: SceneEyes) -> None:
    four = finish(quarters.shares(quarters.scene, ["red", "green", "blue", "white"]))
    assert four == pytest.approx([0.25] * 4, abs=0.03)
    west = part(quarters, 0, 0, 0.5, 1)
    assert finish(quarters.shares(west, ["red", "green"])) == pytest.approx([0.5, 0], abs=0.03)
    assert finish(quarters.shares(part(quarters, 0, 0, 0.4, 0.4), ["red"])) == pytest.approx([1.0], abs=0.03)


def test_everything_else_competes_though_nobody_names_it(quarters: SceneEyes) -> None:
    assert finish(quarters.shares(quarters.scene, ["red"])) == pytest.approx([0.25], abs=0.03)
    assert finish(quarters.shares(quarters.scene, ["magenta"])) == pytest.approx([0.0], abs=0.05)


def test_union_of_names_adds_up(quarters: SceneEyes) -> None:
    assert finish(quarters.shares(quarters.scene, ["red + blue", "green"])) == pytest.approx([0.5, 0.25], abs=0.03)
    (union,) = finish(quarters.scores(quarters.scene, ["red + blue"]))
    red, blue = finish(quarters.scores(quarters.scene, ["red", "blue"]))
    assert union > 0.9 * (red + blue)


def test_scores_tell_what_a_region_looks_like(quarters: SceneEyes) -> None:
    red, green = finish(quarters.scores(part(quarters, 0, 0, 0.4, 0.4), ["red", "green"]))
    assert green < 0.2 < 0.8 < red <= 1


def test_region_without_imagery_is_unknown(
    write_scene: Callable[..., Scene], encoder: KnownEncoder, tmp_path: Path
) -> None:
    pixels = four_colors()
    pixels[:, :, :64] = 7
    eyes = SceneEyes(write_scene(pixels, nodata=7), encoder, tmp_path / "patches")
    assert sum(each.shape.area for each in eyes.scene.things) == pytest.approx(160 * 160)
    hole = hole_of(eyes)
    assert np.isnan(finish(eyes.shares(hole, ["red", "green"]))).all()
    assert np.isnan(finish(eyes.scores(hole, ["red"]))).all()


def hole_of(eyes: SceneEyes) -> Region:
    """The 64 metres west of the imagery."""
    west, south, _, north = shapely.union_all([each.shape for each in eyes.scene.things]).bounds
    return Region((Thing(shapely.box(west - 60, south, west - 20, north), 1.0),), "hole")


def test_region_thinner_than_a_pixel_is_still_seen(quarters: SceneEyes) -> None:
    thin = part(quarters, 0.1001, 0.1, 0.1002, 0.4)
    assert finish(quarters.shares(thin, ["red"])) == (1.0,)


def test_region_of_nothing_is_unknown(quarters: SceneEyes) -> None:
    assert np.isnan(finish(quarters.shares(Region((), "nothing"), ["red"]))).all()


def test_progress_is_told_by_every_look(green: Callable[..., SceneEyes]) -> None:
    eyes = green()
    for work in (eyes.find("green"), eyes.shares(eyes.scene, ["green", "white"]), eyes.scores(eyes.scene, ["green"])):
        _, steps = followed(work)
        assert {step.unit for step in steps} == {"windows", "cells"}
        assert steps[-1].done == steps[-1].total


@pytest.mark.parametrize("text", ["photo:/etc/passwd", "red + chip:secret.tif", "tile:scene/0/0"])
def test_program_cannot_name_files(quarters: SceneEyes, text: str) -> None:
    for ask in (quarters.find, lambda text: quarters.shares(quarters.scene, [text])):
        with pytest.raises(QueryError, match="words only"):
            finish(ask(text))


def test_nothing_to_look_for_is_refused(quarters: SceneEyes) -> None:
    with pytest.raises(QueryError, match="empty"):
        finish(quarters.find("  "))
    with pytest.raises(QueryError, match="at least one"):
        finish(quarters.shares(quarters.scene, []))


def test_river_is_one_thing_however_many_cells_it_crosses(green: Callable[..., SceneEyes]) -> None:
    eyes = green()
    wanted = outlined(RIVER)
    found = [each for each in finish(eyes.find("green")).things if eyes.outline(each.shape).geom.intersects(wanted)]
    assert len(found) == 1
