"""The change between two scenes: where it is, which sign it has, and what the file says of it."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pystac
import pytest
import rasterio
from four_colors import CRS, HEIGHT, LEFT, TOP, WIDTH, four_colors, geobox
from known_encoder import COLORS, KnownEncoder
from odc.geo.geobox import GeoBox
from odc.geo.geom import polygon
from pystac.validation import validate_dict
from rio_cogeo import cog_validate

from graft_core.errors import ExportError, QueryError
from graft_core.geo.web_mercator import web_view
from graft_core.index.store import IndexStore
from graft_core.io.scene import open_scene
from graft_core.search.query import Query, parse_query, parse_tile
from graft_core.tasks import change as change_task
from graft_core.tasks.change import ChangeMap, Side, change_map, change_of
from graft_core.tasks.change_figures import ChangeFigures
from graft_core.tasks.change_picture import change_picture
from graft_core.tasks.change_recipe import TAG, ChangeRecipe, change_recipe_of
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.map_picture import LESS, LONGEST, MORE
from graft_core.tasks.replay import read_recipe
from graft_core.tasks.replay_change import is_change, replay_change
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_change import write_change

FIELD = (slice(72, 136), slice(124, 188))
"""What is green before and yellow after, in pixels of 1 m: one tile of 16 pixels of 4 m, sixteen of 1 m."""


def with_field(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    pixels = np.repeat(np.array(COLORS["green"], np.uint8)[:, None], height * width, axis=1).reshape(3, height, width)
    pixels[:, *FIELD] = np.array(COLORS["yellow"], np.uint8)[:, None, None]
    return pixels


def all_green(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    pixels = with_field(height, width)
    pixels[:] = np.array(COLORS["green"], np.uint8)[:, None, None]
    return pixels


@pytest.fixture
def side(write_scene, root: Path):
    """``side(name, pixels, gsd=..., box=...)``: a scene, indexed by an encoder that sees 16 pixels of that size."""

    def make(name: str, pixels: np.ndarray, *, gsd: float = 1.0, box: GeoBox | None = None) -> Side:
        grid = box or geobox(*pixels.shape[1:], gsd=gsd)
        scene = open_scene(write_scene(name, pixels, grid))
        encoder = KnownEncoder(gsd=gsd, tile_px=16)
        for _ in index_scene(scene, encoder, root, stride=16):
            pass
        return Side(scene, Searcher(IndexStore(root, encoder.spec).snapshot(), encoder))

    return make


def changed(before: Side, after: Side, text: str = "yellow", **options) -> ChangeMap:
    return change_map(before, after, parse_query(text), **{"bandwidth": 0.0, **options})


def write(path: Path, made: ChangeMap, **options: float) -> ChangeFigures:
    work = write_change(path, made, **options)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def pixels_of(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return np.asarray(file.read())


def test_what_came_is_where_it_came_and_nowhere_else(side) -> None:
    made = changed(side("before.tif", all_green()), side("after.tif", with_field()))
    change, before, after = made.window(made.geobox)
    assert made.geobox.shape == (HEIGHT, WIDTH)
    assert change[FIELD].min() > 0.9
    outside = np.ones_like(change, dtype=bool)
    outside[FIELD] = False
    assert np.abs(change[outside]).max() < 1e-3
    np.testing.assert_array_equal(change, after - before)


def test_same_scene_twice_has_not_changed(side) -> None:
    made = changed(side("before.tif", four_colors()), side("after.tif", four_colors()), "red + white")
    assert (made.window(made.geobox)[0] == 0).all()


def test_the_other_way_round_is_the_negative_on_the_same_grid(side) -> None:
    one, other = side("before.tif", with_field()), side("after.tif", all_green())
    there, back = changed(one, other), changed(other, one)
    assert there.geobox == back.geobox
    np.testing.assert_array_equal(there.window(there.geobox)[0], -back.window(back.geobox)[0])


def test_two_resolutions_meet_on_the_coarser_grid_at_the_right_pixel(side) -> None:
    """1 m before, 4 m after, each by an encoder of its own; the field is the only thing that came."""
    fine = side("fine.tif", all_green())
    coarse = side("coarse.tif", with_field()[:, ::4, ::4], gsd=4.0)
    for made, sign in ((changed(fine, coarse), 1), (changed(coarse, fine), -1)):
        assert made.geobox == geobox(HEIGHT // 4, WIDTH // 4, gsd=4.0)
        change = sign * made.window(made.geobox)[0]
        assert change[18:34, 31:47].min() > 0.9, "rows 72 to 136 and columns 124 to 188 of 1 m"
        change[18:34, 31:47] = 0
        assert np.abs(change).max() < 1e-3


def test_finer_density_is_averaged_over_each_coarser_pixel(side) -> None:
    fine = side("fine.tif", four_colors())
    coarse = side("coarse.tif", all_green()[:, ::4, ::4], gsd=4.0)
    made = changed(fine, coarse, "green")
    own = made.before.window(made.before.geobox)[0]
    wanted = own.reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3))
    assert made.window(made.geobox)[1] == pytest.approx(wanted, abs=2e-5)


def test_windows_agree_with_the_whole(side, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = side("fine.tif", four_colors())
    made = changed(fine, side("coarse.tif", with_field()[:, ::4, ::4], gsd=4.0), "green")
    whole = made.window(made.geobox)
    monkeypatch.setattr(change_task, "_AT_ONCE", 20)
    np.testing.assert_allclose(made.window(made.geobox), whole, atol=2e-5)
    np.testing.assert_allclose(made.window(made.geobox[7:30, 11:40]), whole[:, 7:30, 11:40], atol=2e-5)


def test_only_what_both_show_is_compared(side) -> None:
    before = side("before.tif", all_green(96, 128))
    hole = with_field()
    after = side("after.tif", hole[:, 32:, 48:], box=geobox(HEIGHT - 32, WIDTH - 48, left=LEFT + 48, top=TOP - 32))
    made = changed(before, after)
    assert made.geobox == geobox(64, 80, left=LEFT + 48, top=TOP - 32)
    assert np.isfinite(made.window(made.geobox)).all()


def test_place_without_imagery_in_one_scene_is_unknown_in_all_bands(side, write_scene, root: Path) -> None:
    pixels = four_colors()
    pixels[:, 40:80, 30:90] = 7
    empty = open_scene(write_scene("empty.tif", pixels, nodata=7))
    encoder = KnownEncoder()
    for _ in index_scene(empty, encoder, root, stride=16):
        pass
    after = Side(empty, Searcher(IndexStore(root, encoder.spec).snapshot(), encoder))
    values = changed(side("before.tif", all_green()), after).window(empty.geobox)
    assert np.isnan(values[:, 40:80, 30:90]).all()
    assert np.isfinite(values[:, 90:, 100:]).all()


def test_area_of_interest_bounds_the_map(side) -> None:
    corners = [(LEFT + x, TOP - y) for x, y in [(120, 60), (170, 60), (170, 100), (120, 100), (120, 60)]]
    made = changed(side("b.tif", all_green()), side("a.tif", with_field()), area=polygon(corners, CRS))
    assert made.geobox == geobox(40, 50, left=LEFT + 120, top=TOP - 60)


def test_both_densities_speak_of_the_wider_neighbourhood_unless_told_otherwise(side) -> None:
    fine, coarse = side("fine.tif", all_green()), side("coarse.tif", all_green()[:, ::4, ::4], gsd=4.0)
    made = change_map(fine, coarse, parse_query("green"))
    assert made.before.recipe.bandwidth == made.after.recipe.bandwidth == 0.5 * 16 * 4
    stated = change_map(fine, coarse, parse_query("green"), bandwidth=7.0)
    assert stated.before.recipe.bandwidth == stated.after.recipe.bandwidth == 7.0


def test_scenes_of_two_places_are_named_with_where_they_lie(side) -> None:
    here = side("here.tif", all_green())
    there = side("there.tif", all_green(), box=geobox(left=LEFT + 5000))
    with pytest.raises(ExportError, match=r"here-\w+ \(lon 3\.00.*there-\w+ \(lon 3\.06.*do not overlap"):
        changed(here, there)
    one, other = changed(here, here).before, changed(there, there).after
    with pytest.raises(ExportError, match="do not overlap"):
        change_of(one, other)


@pytest.mark.parametrize("marked", ["term", "like", "dislike"])
def test_tile_of_one_encoder_is_refused_for_two(side, marked: str) -> None:
    fine, coarse = side("fine.tif", all_green()), side("coarse.tif", all_green()[:, ::4, ::4], gsd=4.0)
    grid = fine.searcher.scores(fine.searcher.resolve(parse_query("green")), [fine.scene.name])[0].grid
    name = f"{fine.scene.name}/{grid.row0 + 2}/{grid.col0 + 2}"
    queries: dict[str, Query] = {
        "term": parse_query(f"tile:{name}"),
        "like": replace(parse_query("green"), likes=(parse_tile(name),)),
        "dislike": replace(parse_query("green"), dislikes=(parse_tile(name),)),
    }
    with pytest.raises(QueryError, match=f"Tile {name} means something to one"):
        change_map(fine, coarse, queries[marked])
    assert change_map(fine, fine, queries[marked]).window(fine.scene.geobox).shape == (3, HEIGHT, WIDTH)


@pytest.fixture
def written(side, tmp_path: Path) -> tuple[Path, ChangeMap, ChangeFigures]:
    made = changed(side("before.tif", all_green()), side("after.tif", with_field()), threshold=0.4)
    path = tmp_path / "change.tif"
    return path, made, write(path, made, least=0.25)


def test_file_is_a_cog_with_the_change_and_both_densities(written) -> None:
    path, made, _ = written
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])
    with rasterio.open(path) as file:
        assert file.dtypes == ("float32",) * 3
        assert np.isnan(file.nodatavals).all()
        assert file.descriptions == ("change: yellow", "before: yellow", "after: yellow")
        change, before, after = file.read()
        assert float(file.tags(1)["STATISTICS_MAXIMUM"]) == change.max() == 1
        tags = file.tags()
    np.testing.assert_array_equal(np.stack([change, before, after]), made.window(made.geobox))
    assert tags["GRAFT_QUERY"] == "yellow"
    assert tags["GRAFT_THRESHOLD"] == "0.4"
    assert tags["GRAFT_BANDWIDTH_M"] == "0"
    assert tags["GRAFT_LEAST_CHANGE"] == "0.25"
    for name, density in (("BEFORE", made.before), ("AFTER", made.after)):
        recipe = density.recipe
        assert tags[f"GRAFT_{name}_SCENE"] == recipe.scene
        assert tags[f"GRAFT_{name}_FINGERPRINT"] == recipe.fingerprint
        assert tags[f"GRAFT_{name}_ENCODER_KEY"] == recipe.encoder_key
        assert tags[f"GRAFT_{name}_WEIGHTS_SHA256"] == "0" * 64


def test_figures_are_those_of_the_pixels(written) -> None:
    path, _, figures = written
    change = pixels_of(path)[0]
    assert figures.least == 0.25
    assert figures.gained_m2 == (change >= 0.25).sum() > 500
    assert figures.lost_m2 == 0
    assert figures.known_m2 == change.size
    assert figures.mean_change == pytest.approx(change.mean(), rel=1e-6)
    assert figures.highest == 1


def test_style_is_even_around_no_change_which_it_leaves_bare(written) -> None:
    style = ElementTree.parse(written[0].with_suffix(".qml")).getroot()
    (renderer,) = style.iter("rasterrenderer")
    assert (renderer.get("type"), renderer.get("band")) == ("singlebandpseudocolor", "1")
    items = [(float(item.get("value", "nan")), int(item.get("alpha", -1))) for item in renderer.iter("item")]
    assert [value for value, _ in items] == pytest.approx([-1, -0.4, 0, 0.4, 1])
    assert [alpha for _, alpha in items] == [255, 255, 0, 255, 255]


def test_item_beside_it_is_valid_and_names_both_sources(written) -> None:
    path, made, figures = written
    fields = json.loads(path.with_suffix(".json").read_text())
    validate_dict(fields | {"stac_extensions": []}, stac_object_type=pystac.STACObjectType.ITEM)
    properties = fields["properties"]
    sides = (made.before.recipe, made.after.recipe)
    assert [properties[f"graft:{name}"]["source"] for name in ("before", "after")] == [each.source for each in sides]
    assert [link["href"] for link in fields["links"] if link["rel"] == "derived_from"] == [e.source for e in sides]
    assert properties["graft:figures"]["gained_m2"] == figures.gained_m2
    assert "start_datetime" not in properties, "the scenes have no date"


def test_item_spans_the_time_between_two_dated_scenes(side, tmp_path: Path) -> None:
    made = changed(side("s_20200103.tif", all_green()), side("s_20230405.tif", with_field()))
    write(tmp_path / "out.tif", made)
    properties = json.loads((tmp_path / "out.json").read_text())["properties"]
    assert properties["start_datetime"].startswith("2020-01-03")
    assert properties["end_datetime"].startswith(properties["datetime"][:10])
    assert properties["datetime"].startswith("2023-04-05")


@pytest.mark.parametrize("least", [0.0, -0.2, 1.5, float("nan")])
def test_change_to_count_from_must_be_one(written, tmp_path: Path, least: float) -> None:
    with pytest.raises(QueryError, match=r"like 0\.1"):
        write(tmp_path / "other.tif", written[1], least=least)
    assert not (tmp_path / "other.tif").exists()


def encoders(**specs: object) -> tuple:
    return tuple(lambda recipe: KnownEncoder(gsd=recipe.gsd, **specs) for _ in range(2))


def again(path: Path, out: Path, root: Path, **options) -> None:
    for _ in replay_change(path, out, root, encoders(), **options):
        pass


def test_map_is_made_again_from_its_tags_to_the_pixel(side, root: Path, tmp_path: Path) -> None:
    fine, coarse = side("fine.tif", four_colors()), side("coarse.tif", with_field()[:, ::4, ::4], gsd=4.0)
    path, out = tmp_path / "change.tif", tmp_path / "again.tif"
    write(path, changed(fine, coarse, "2*green - red", threshold=0.3, bandwidth=9.0), least=0.2)
    shutil.rmtree(root)
    again(path, out, root)
    assert np.array_equal(pixels_of(path), pixels_of(out), equal_nan=True)
    with rasterio.open(path) as one, rasterio.open(out) as other:
        recipes = [replace(change_recipe_of(file.tags(), "it"), time="") for file in (one, other)]
    assert recipes[0] == recipes[1]
    assert recipes[0].least == 0.2
    assert path.with_suffix(".qml").read_text() == out.with_suffix(".qml").read_text()


def test_moved_scenes_are_found_at_their_new_places(written, root: Path, tmp_path: Path) -> None:
    path, made, _ = written
    (tmp_path / "moved").mkdir()
    places = [shutil.move(density.recipe.source, tmp_path / "moved") for density in (made.before, made.after)]
    again(path, tmp_path / "again.tif", root, sources=tuple(places))
    assert np.array_equal(pixels_of(path), pixels_of(tmp_path / "again.tif"), equal_nan=True)


def test_changed_scene_is_named_and_nothing_is_written(written, root: Path, tmp_path: Path) -> None:
    path, made, _ = written
    os.utime(made.after.recipe.source, (0, 0))
    with pytest.raises(ExportError, match=f"{made.after.recipe.scene}.*has changed"):
        again(path, tmp_path / "again.tif", root)
    assert not (tmp_path / "again.tif").exists()


def test_change_maps_are_told_from_others(written, write_scene) -> None:
    path = written[0]
    plain = write_scene("plain.tif")
    assert is_change(path)
    assert not is_change(plain)
    with pytest.raises(ExportError, match="no recipe of a change"):
        again(plain, path.with_name("again.tif"), path.parent / "indexes")
    with pytest.raises(ExportError, match="no recipe"):
        read_recipe(path)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda fields: fields.update(version=99), "version 99"),
        (lambda fields: fields.pop("version"), "cannot be read"),
        (lambda fields: fields.pop("after"), "damaged"),
        (lambda fields: fields["before"].pop("threshold"), "damaged"),
        (lambda fields: fields.update(mood="sunny"), "damaged"),
    ],
)
def test_damaged_recipe_is_refused(written, damage, says: str) -> None:
    with rasterio.open(written[0]) as file:
        fields = json.loads(file.tags()[TAG])
    damage(fields)
    with pytest.raises(ExportError, match=says):
        ChangeRecipe.from_json(json.dumps(fields))


def test_text_that_is_no_recipe_is_refused() -> None:
    for text in ("", "[]", "{", "null"):
        with pytest.raises(ExportError, match="cannot be read"):
            ChangeRecipe.from_json(text)


def test_picture_is_orange_where_there_is_more_and_purple_where_less(side) -> None:
    empty, full = side("before.tif", all_green()), side("after.tif", with_field())
    grown, gone = change_picture(changed(empty, full)), change_picture(changed(full, empty))
    view = web_view(empty.scene.geobox, LONGEST)
    there = (view.row > 76) & (view.row < 132) & (view.col > 128) & (view.col < 184)
    elsewhere = (view.col < 118) | (view.row < 66)
    for picture, color in ((grown, MORE), (gone, LESS)):
        assert max(picture.rgba.shape[:2]) == LONGEST
        assert (picture.rgba[there][:, :3] == color).all()
        assert picture.rgba[there][:, 3].min() > 200
        assert picture.rgba[elsewhere][:, 3].max() < 10


def test_picture_of_two_resolutions_looks_like_what_is_written(side) -> None:
    fine, coarse = side("fine.tif", four_colors()), side("coarse.tif", with_field()[:, ::4, ::4], gsd=4.0)
    made = changed(fine, coarse, "green")
    exact = made.window(made.geobox)[0]
    glance = made.window(made.geobox, glance=True)[0]
    assert np.nanmax(np.abs(exact - glance)) < 0.05
