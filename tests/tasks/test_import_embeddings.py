"""Published embeddings as a scene: what they find is what their vectors say, where their publisher put them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import major_tom
import numpy as np
import pytest
import rasterio
import rasterio.warp
import shapely
from affine import Affine
from long_work import finish, followed
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from pyarrow import parquet

from graft_core import settings
from graft_core.errors import EmbeddingsError, IndexStoreError, ModelError, SceneError
from graft_core.geo.grid import TileGrid
from graft_core.index.store import IndexStore, list_indexes
from graft_core.io.fragments import read_middles
from graft_core.io.geotiff import write_raster
from graft_core.io.published import fragments_path
from graft_core.models.registry import load_encoder
from graft_core.search.embed import prompt_vector
from graft_core.search.query import parse_query
from graft_core.tasks.catalog import encoder_for, encoder_of, find_scene, known_scenes, remove_scene
from graft_core.tasks.density import density_map
from graft_core.tasks.import_embeddings import Imported, import_embeddings, left_out_sentences
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.inventory import inventory
from graft_core.tasks.replay import replay
from graft_core.tasks.retrieve import hit_at, retrieve, unscored_at
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import write_density
from graft_core.tasks.write_hits import hit_rows, thumbnails, write_retrieval
from graft_core.types import F32

ENCODER = "graft-demo-sentinel2"
SIDE_PX = 128
"""Of the encoder's tile; its fragments are 1.28 km wide."""
DAY = "20230119T161811"
ROOT = Path(__file__).resolve().parents[2]


def words(*texts: str) -> F32:
    """(N, D) what the encoder's text tower makes of words."""
    encoder = load_encoder(ENCODER, device="cpu")
    return np.stack([prompt_vector(encoder, text, encoder.defaults.templates) for text in texts])


def land() -> list[major_tom.Fragment]:
    """Two cells in zone 32 and two in zone 33, on either side of the 12th meridian."""
    places = [(11.90, 50.0), (11.95, 50.05), (12.05, 50.0), (12.10, 50.05)]
    return [
        each
        for number, place in enumerate(places)
        for each in major_tom.cell(*place, place=(557, 857 + number), side_px=SIDE_PX)
    ]


def vectors(fragments: Sequence[major_tom.Fragment], lake: int) -> F32:
    """One lake among fields, none of unit length."""
    water, field = words("water", "farmland")
    noise = np.random.default_rng(3).normal(0, 0.01, (len(fragments), len(water)))
    rows = np.where(np.arange(len(fragments))[:, None] == lake, water, field)
    return np.asarray(3 * rows + noise, np.float32)


def imported(source: Path, **options: Any) -> Imported:
    return finish(import_embeddings([source], ENCODER, settings.indexes_dir(), **options))


def searcher(done: Imported) -> Searcher:
    return Searcher(IndexStore(settings.indexes_dir(), done.encoder.spec).snapshot(), done.encoder)


@pytest.fixture
def lake() -> int:
    return 22


@pytest.fixture
def source(tmp_path: Path, lake: int) -> Path:
    """A set in two parts over two UTM zones."""
    fragments, folder = land(), tmp_path / "embeddings"
    values = vectors(fragments, lake)
    major_tom.write(folder / "part_00001.parquet", major_tom.rows(fragments[:20], values[:20], DAY))
    major_tom.write(folder / "part_00002.parquet", major_tom.rows(fragments[20:], values[20:], DAY))
    return folder


def test_scores_are_the_cosines_of_the_published_vectors(source: Path, lake: int) -> None:
    done = imported(source)
    assert (done.rows, done.embeddings, done.already, done.useless) == (36, 36, False, 0)
    found = searcher(done).scores(searcher(done).resolve(parse_query("water")), [done.scene.name])[0]
    (water,), rows = words("water"), vectors(land(), lake)
    cosines = rows @ water / np.linalg.norm(rows, axis=1)
    told = read_middles(done.scene.source)
    assert told is not None
    order = [np.abs(told[1] - each.lonlat).sum(axis=1).argmin() for each in land()]
    assert sorted(order) == list(range(36))
    np.testing.assert_allclose(found.score[order], cosines, atol=2e-3)
    assert found.position.tolist() == told[0].tolist()


def test_the_best_hit_is_the_published_fragment_with_its_name_and_day(source: Path, lake: int) -> None:
    done = imported(source)
    hit = retrieve(searcher(done), [done.scene.name], parse_query("water"), 3).hits[0]
    fragment = land()[lake]
    assert (hit.lon, hit.lat) == pytest.approx(fragment.lonlat, abs=1e-5)
    assert hit.fragment is not None
    assert hit.fragment.id == major_tom.identity(fragment, DAY)
    assert (hit.fragment.acquired, hit.fragment.product) == ("2023-01-19", major_tom.product(DAY))
    assert hit.score > 0.99
    left, bottom, right, top = hit.bounds
    assert (right - left, top - bottom) == pytest.approx((1280, 1280))
    assert hit_rows([hit])[0]["id"] == hit.fragment.id


def test_neighbours_that_overlap_by_a_ninth_are_places_of_their_own(source: Path) -> None:
    done = imported(source)
    assert len(retrieve(searcher(done), [done.scene.name], parse_query("farmland"), 36).hits) == 36


def test_a_clicked_place_is_the_fragment_that_covers_it(source: Path, lake: int) -> None:
    done = imported(source)
    found = searcher(done).scores(searcher(done).resolve(parse_query("water")), [done.scene.name])[0]
    lon, lat = land()[lake].lonlat
    hit = hit_at(found, lon + 0.004, lat - 0.002)
    assert hit is not None
    assert (hit.lon, hit.lat, hit.rank) == pytest.approx((lon, lat, 1), abs=1e-5)
    assert hit_at(found, 11.0, 50.0) is None
    before = unscored_at(done.scene.name, found.grid, lon + 0.004, lat - 0.002, done.scene.source)
    assert before is not None
    assert (before.position, before.bounds, before.fragment) == (hit.position, hit.bounds, hit.fragment)
    assert unscored_at(done.scene.name, found.grid, 11.0, 50.0, done.scene.source) is None


def test_only_fragments_in_the_area_of_interest_are_hits(source: Path, lake: int) -> None:
    done = imported(source)
    lon, lat = land()[lake].lonlat
    area = Geometry(shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001), "EPSG:4326")
    (hit,) = retrieve(searcher(done), [done.scene.name], parse_query("farmland"), 9, area=area).hits
    assert (hit.lon, hit.lat) == pytest.approx((lon, lat), abs=1e-5)


def test_density_lies_where_the_fragment_lies_and_nothing_is_said_beside_the_set(
    source: Path, lake: int, tmp_path: Path
) -> None:
    done = imported(source)
    made = density_map(done.scene, searcher(done), parse_query("water"), bandwidth=0)
    list(write_density(tmp_path / "water.tif", made))
    with rasterio.open(tmp_path / "water.tif") as raster:
        assert raster.crs.to_epsg() == 32632
        density = raster.read(1)
        to_map = rasterio.warp.transform("EPSG:4326", raster.crs, *([each] for each in land()[lake].lonlat))
        row, col = raster.index(*(each[0] for each in to_map))
        assert density[row, col] == np.nanmax(density) > 0.9
        bright = np.argwhere(density > 0.5) - (row, col)
        assert np.abs(bright).max() * raster.res[0] < 1280
        covered = ~np.isnan(density)
        inside = sum(shapely.area(shapely.box(*each.utm)) for each in land())
    assert 0.6 * inside < covered.sum() * 160**2 < inside
    assert covered.mean() < 0.6


def test_the_map_is_replayed_to_the_bit_also_after_the_index_is_gone(source: Path, tmp_path: Path) -> None:
    done = imported(source)
    list(write_density(tmp_path / "a.tif", density_map(done.scene, searcher(done), parse_query("water"))))
    remove_scene(done.scene.name, settings.indexes_dir())
    list(replay(tmp_path / "a.tif", tmp_path / "b.tif", settings.indexes_dir(), encoder_of))
    with rasterio.open(tmp_path / "a.tif") as one, rasterio.open(tmp_path / "b.tif") as other:
        np.testing.assert_array_equal(one.read(), other.read())


def test_a_hit_has_a_card_in_place_of_a_picture_and_a_contact_sheet(source: Path, tmp_path: Path) -> None:
    done = imported(source)
    found = retrieve(searcher(done), [done.scene.name], parse_query("water"), 2)
    first, second = thumbnails(found.hits, {done.scene.name: done.scene}, found.grids)
    assert first.shape == second.shape == (256, 256, 3)
    assert (first != second).any(), "the dot is elsewhere"
    write_retrieval(tmp_path / "hits.geojson", found, {done.scene.name: done.scene}, done.encoder.spec)
    assert (tmp_path / "hits.png").is_file()
    written = json.loads((tmp_path / "hits.geojson").read_text())["features"][0]["properties"]
    assert written["id"] == major_tom.identity(land()[22], DAY)
    assert written["acquired"] == "2023-01-19"


def test_importing_again_changes_nothing_and_doubles_nothing(source: Path) -> None:
    done = imported(source)
    raster = Path(done.scene.source)
    before = raster.stat().st_mtime_ns
    again = imported(source)
    assert again.already
    assert again.embeddings == 36
    assert raster.stat().st_mtime_ns == before
    (index,) = list_indexes(settings.indexes_dir())
    assert [record.tiles for record in index.scenes] == [36]
    assert left_out_sentences(again) == []


def test_a_changed_file_replaces_the_scene(source: Path) -> None:
    first = imported(source)
    fragments = land()[:20]
    time.sleep(0.01)
    table = major_tom.rows(fragments, vectors(fragments, 3), "20240119T161811")
    major_tom.write(source / "part_00001.parquet", table)
    done = imported(source)
    assert done.scene.name == first.scene.name
    (record,) = IndexStore(settings.indexes_dir(), done.encoder.spec).scenes()
    assert record.tiles == 36
    hits = retrieve(searcher(done), [done.scene.name], parse_query("water"), 2).hits
    assert {hit.fragment.acquired for hit in hits if hit.fragment} == {"2024-01-19", "2023-01-19"}


def test_of_one_place_at_two_dates_the_later_stays(tmp_path: Path, lake: int) -> None:
    fragments, values = land(), vectors(land(), lake)
    old = major_tom.rows(fragments, values, "20220119T161811")
    major_tom.write(tmp_path / "set" / "b_old.parquet", old)
    major_tom.write(tmp_path / "set" / "a_new.parquet", major_tom.rows(fragments[:30], values[:30], DAY))
    done = imported(tmp_path / "set")
    assert (done.rows, done.embeddings, done.left_out.older) == (66, 36, 30)
    assert left_out_sentences(done) == ["Left out: 30 where a later or nearer one shows the same place."]
    told = parquet.read_table(fragments_path(done.scene.source)).to_pydict()
    assert sorted(map(str, told["acquired"])) == ["2022-01-19"] * 6 + ["2023-01-19"] * 30


def test_rows_that_cannot_be_used_are_counted_and_said(tmp_path: Path, lake: int) -> None:
    values: list[Any] = list(vectors(land(), lake))
    values[0], values[1], values[2] = None, np.zeros(SIDE_PX), np.full(SIDE_PX, np.nan)
    table = major_tom.rows(land(), values, DAY)
    geometry = table["geometry"].to_pylist()
    geometry[5] = None
    table = table.set_column(7, "geometry", [geometry])
    source = major_tom.write(tmp_path / "set.parquet", table)
    done = imported(source, area=shapely.box(0, 0, 12.0, 80))
    assert done.left_out.outside == 18
    assert (done.left_out.placeless, done.useless, done.embeddings) == (1, 3, 14)
    assert left_out_sentences(done) == [
        "Left out: 18 beyond the area.",
        "Left out: 1 without a place.",
        "Left out: 3 whose vector is empty, zeros or no numbers.",
    ]


def test_two_areas_of_one_set_are_two_scenes(source: Path) -> None:
    west = imported(source, area=shapely.box(0, 0, 12.0, 80))
    east = imported(source, area=shapely.box(12.0, 0, 30, 80))
    assert west.embeddings == east.embeddings == 18
    assert len(known_scenes(settings.indexes_dir())) == 2
    found = retrieve(searcher(east), [west.scene.name, east.scene.name], parse_query("water"), 1)
    assert found.hits[0].scene == east.scene.name


def test_two_columns_of_one_file_are_two_scenes(tmp_path: Path, lake: int) -> None:
    table = major_tom.rows(land(), vectors(land(), lake), DAY)
    table = table.append_column("other", major_tom.rows(land(), vectors(land(), 3), DAY)["embedding"])
    source = major_tom.write(tmp_path / "both.parquet", table)
    scenes = [imported(source, column=column) for column in ("embedding", "other")]
    best = [retrieve(searcher(each), [each.scene.name], parse_query("water"), 1).hits[0] for each in scenes]
    assert [(hit.lon, hit.lat) for hit in best] == [
        pytest.approx(land()[which].lonlat, abs=1e-5) for which in (lake, 3)
    ]


def test_a_removed_scene_is_indexed_again_from_its_files(source: Path) -> None:
    done = imported(source, name="saxony")
    assert remove_scene("saxony", settings.indexes_dir()) == [ENCODER]
    (left,) = known_scenes(settings.indexes_dir())
    assert (left.encoders, left.tiles) == ((), 0)
    scene = find_scene(left.name, settings.indexes_dir())
    list(index_scene(scene, encoder_for(scene), settings.indexes_dir()))
    (back,) = known_scenes(settings.indexes_dir())
    assert (back.name, back.encoders, back.tiles) == ("saxony", (ENCODER,), 36)
    remove_scene("saxony", settings.indexes_dir())
    (source / "part_00001.parquet").unlink()
    with pytest.raises(EmbeddingsError, match=r"part_00001\.parquet is gone; put it back, or import"):
        list(index_scene(done.scene, done.encoder, settings.indexes_dir()))


def test_files_that_have_changed_are_not_indexed_under_the_old_map(source: Path) -> None:
    done = imported(source)
    remove_scene(done.scene.name, settings.indexes_dir())
    os.utime(source / "part_00002.parquet")
    with pytest.raises(EmbeddingsError, match=r"part_00002\.parquet has changed since its embeddings were imported"):
        list(index_scene(done.scene, done.encoder, settings.indexes_dir()))


def test_without_the_table_of_fragments_the_lattice_still_answers(source: Path, lake: int) -> None:
    done = imported(source)
    fragments_path(done.scene.source).unlink()
    hit = retrieve(searcher(done), [done.scene.name], parse_query("water"), 1).hits[0]
    assert (hit.lon, hit.lat) == pytest.approx(land()[lake].lonlat, abs=0.002)
    assert hit.fragment is None
    remove_scene(done.scene.name, settings.indexes_dir())
    with pytest.raises(EmbeddingsError, match=r"\.fragments\.parquet is gone, which belongs to its embeddings"):
        list(index_scene(done.scene, done.encoder, settings.indexes_dir()))


def test_a_killed_import_goes_on_and_leaves_one_scene(tmp_path: Path) -> None:
    fragments = [
        each
        for row in range(8)
        for col in range(4)
        for each in major_tom.cell(11 + 0.08 * col, 48 + 0.05 * row, place=(row, col), side_px=SIDE_PX)
    ]
    values = np.random.default_rng(5).normal(size=(len(fragments), SIDE_PX)).astype(np.float32)
    for part in range(8):
        some = slice(36 * part, 36 * (part + 1))
        major_tom.write(tmp_path / "set" / f"{part}.parquet", major_tom.rows(fragments[some], values[some], DAY))
    staged = settings.indexes_dir() / f"{load_encoder(ENCODER).spec.key}.staging"
    program = (
        "import sys, time; from pathlib import Path; from graft_core import settings\n"
        "from graft_core.tasks.import_embeddings import import_embeddings\n"
        f"for step in import_embeddings([Path(sys.argv[1])], {ENCODER!r}, settings.indexes_dir()):\n"
        "    print(step.unit, step.done, flush=True)\n"
        "    time.sleep(0.1 if step.unit == 'embeddings' else 0)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "set")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        for line in victim.stdout:
            if line.startswith("embeddings") and int(line.split()[1]) > 36:
                victim.send_signal(signal.SIGKILL)
                break
    assert list(staged.rglob("tiles.log"))
    assert not list_indexes(settings.indexes_dir())[0].scenes, "nothing is committed yet"
    done, steps = followed(import_embeddings([tmp_path / "set"], ENCODER, settings.indexes_dir()))
    assert done.embeddings == len(fragments)
    assert {step.unit for step in steps} == {"embeddings"}, "the places are not read again"
    assert 36 <= steps[0].resumed < len(fragments)
    assert steps[-1].done == steps[-1].total == len(fragments)
    assert len(known_scenes(settings.indexes_dir())) == 1


def test_an_import_stopped_while_places_are_read_leaves_nothing(source: Path) -> None:
    work = import_embeddings([source], ENCODER, settings.indexes_dir())
    assert next(work).unit == "rows"
    work.close()
    assert not settings.tiles_dir().exists()


def test_an_encoder_of_another_width_is_refused(source: Path) -> None:
    table = major_tom.rows(land()[:2], np.ones((2, 7), np.float32), DAY)
    with pytest.raises(
        EmbeddingsError, match=r"have 7 values, and those of graft-demo-sentinel2 128: name the encoder"
    ):
        imported(major_tom.write(source / "other" / "narrow.parquet", table))


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("clip-of-nobody", "There is no model 'clip-of-nobody'"),
        ("siglip-so400m-14-384", "No weights for 'siglip-so400m-14-384'.*run `python -m graft_core fetch"),
        ("graft-demo-sentinel2-patch", "gives one vector a patch, and published embeddings are one a tile"),
    ],
)
def test_an_encoder_that_cannot_answer_is_refused_before_anything_is_written(
    source: Path, encoder: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        finish(import_embeddings([source], encoder, settings.indexes_dir()))
    assert not settings.tiles_dir().exists()


def test_an_area_without_embeddings_is_refused(source: Path) -> None:
    with pytest.raises(EmbeddingsError, match=r"None of the 36 rows of .* lies in the area asked for"):
        imported(source, area=shapely.box(0, 0, 1, 1))


def test_a_set_of_the_whole_globe_is_taken_by_continents(tmp_path: Path) -> None:
    fragments = [major_tom.cell(lon, lat, side_px=SIDE_PX)[0] for lon, lat in ((0, 5), (100, 5), (-100, 5), (0, 60))]
    source = major_tom.write(tmp_path / "globe.parquet", major_tom.rows(fragments, words(*"abcd"), DAY))
    with pytest.raises(EmbeddingsError, match=r"cannot be on one map: .*take one continent at a time, by an area"):
        imported(source)
    assert imported(source, area=shapely.box(-20, -40, 60, 40)).embeddings == 1


def test_a_set_wider_than_a_zone_lies_on_an_equal_area_map(tmp_path: Path) -> None:
    fragments = [major_tom.cell(lon, lat, side_px=SIDE_PX)[4] for lon in range(0, 15, 3) for lat in range(44, 55, 3)]
    values = vectors(fragments, 13)
    done = imported(major_tom.write(tmp_path / "europe.parquet", major_tom.rows(fragments, values, DAY)))
    assert "Lambert_Azimuthal_Equal_Area" in str(done.scene.geobox.crs).replace(" ", "_")
    found = retrieve(searcher(done), [done.scene.name], parse_query("water"), 1)
    assert (found.hits[0].lon, found.hits[0].lat) == pytest.approx(fragments[13].lonlat, abs=1e-4)
    made = density_map(done.scene, searcher(done), parse_query("water"))
    list(write_density(tmp_path / "europe_water.tif", made))
    with rasterio.open(tmp_path / "europe_water.tif") as raster:
        row, col = np.unravel_index(np.nanargmax(raster.read(1)), raster.shape)
        (lon,), (lat,) = rasterio.warp.transform(raster.crs, "EPSG:4326", *([each] for each in raster.xy(row, col)))
    assert (lon, lat) == pytest.approx(fragments[13].lonlat, abs=0.02)


def test_fragments_of_another_size_tell_the_resolution(tmp_path: Path) -> None:
    fragments = major_tom.cell(12.0, 50.0, side_px=2 * SIDE_PX)
    source = major_tom.write(tmp_path / "coarse.parquet", major_tom.rows(fragments, vectors(fragments, 4), DAY))
    done = imported(source)
    assert done.encoder.spec.gsd == pytest.approx(20, rel=0.01)
    scene = find_scene(done.scene.name, settings.indexes_dir())
    assert encoder_for(scene).spec.key == done.encoder.spec.key
    grid = TileGrid.from_json(IndexStore(settings.indexes_dir(), done.encoder.spec).scenes()[0].grid_json)
    assert grid.tile_px * grid.gsd == pytest.approx(2560, rel=0.01)


def test_there_is_no_picture_for_another_encoder_or_for_patches(source: Path) -> None:
    done = imported(source)
    with pytest.raises(ModelError, match=r"is embeddings by graft-demo-sentinel2 without a picture.*graft-demo-naip"):
        encoder_for(done.scene, "graft-demo-naip")
    with pytest.raises(ModelError, match=r"without a picture, so nothing is there that could be seen patch by patch"):
        encoder_for(done.scene, level="patch")
    other = load_encoder("graft-demo-naip", device="cpu")
    with pytest.raises(SceneError, match=r"so graft-demo-naip at 1 m cannot embed it; ask it with"):
        list(index_scene(done.scene, other, settings.indexes_dir()))
    with pytest.raises(SceneError, match=r"leave out the stride of 64"):
        list(index_scene(done.scene, done.encoder, settings.indexes_dir(), stride=64))


def test_a_scene_of_imagery_is_not_overwritten(source: Path) -> None:
    settings.tiles_dir().mkdir()
    pixels, box = np.ones((3, 4, 4), np.uint8), GeoBox((4, 4), Affine(10, 0, 3e5, 0, -10, 5e6), "EPSG:32633")
    write_raster(settings.tiles_dir() / "field.tif", pixels, box, descriptions=("red", "green", "blue"))
    with pytest.raises(EmbeddingsError, match=r"There is a field\.tif in .* already; give the import another name"):
        imported(source, name="field")


def test_similar_fragments_are_found_by_one_of_them(source: Path, lake: int) -> None:
    done = imported(source)
    hit = retrieve(searcher(done), [done.scene.name], parse_query("water"), 1).hits[0]
    found = retrieve(searcher(done), [done.scene.name], parse_query(f"tile:{hit.tile}"), 1).hits[0]
    assert (found.position, found.score) == (hit.position, pytest.approx(1, abs=1e-3))
    with pytest.raises(IndexStoreError, match="has no indexed tile at position"):
        retrieve(searcher(done), [done.scene.name], parse_query(f"tile:{done.scene.name}/{hit.row + 1}/{hit.col}"), 1)


def test_the_library_knows_that_there_is_no_picture(source: Path) -> None:
    imported(source)
    (holding,) = inventory(list_indexes(settings.indexes_dir()), lambda name: None)
    assert (holding.state, holding.pictured, holding.tiles) == ("indexed", False, 36)
    assert holding.imagery is not None
    west, south, east, north = holding.imagery.bounds
    assert (west, south, east, north) == pytest.approx((11.87, 49.98, 12.13, 50.07), abs=0.02)
