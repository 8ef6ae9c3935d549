from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
from four_colors import LEFT, TOP, four_colors, geobox
from known_encoder import COLORS, KnownEncoder
from odc.geo.geom import polygon
from PIL import Image
from shapely.geometry import Point

from graft_core.errors import IndexStoreError, PhotoError, QueryError
from graft_core.geo.place import WGS84, reprojected
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene, open_scene
from graft_core.search.query import Query, parse_query, parse_tile
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.retrieve import hit_at, retrieve, unscored_at
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_hits import thumbnails, write_retrieval


def test_hits_lie_where_the_thing_is_best_first(scene: Scene, searcher: Searcher) -> None:
    found = retrieve(searcher, [scene.name], parse_query("green"), k=12)
    assert [hit.rank for hit in found.hits] == list(range(1, 13))
    merits = [(round(hit.probability, 6), hit.score) for hit in found.hits]
    assert merits == sorted(merits, reverse=True)
    for hit in found.hits:
        left, bottom, right, top = hit.bounds
        assert (left + right) / 2 > LEFT + 112, "east"
        assert (bottom + top) / 2 > TOP - 80, "north"
        assert hit.probability > 0.8
        assert 3.0 < hit.lon < 3.01
        assert 45.1 < hit.lat < 45.2
    assert found.confident


def test_each_place_comes_once(scene: Scene, searcher: Searcher) -> None:
    hits = retrieve(searcher, [scene.name], parse_query("green"), k=100).hits
    boxes = np.array([hit.bounds for hit in hits])
    for i, (left, bottom, right, top) in enumerate(boxes):
        others = np.delete(boxes, i, axis=0)
        width = (np.minimum(others[:, 2], right) - np.maximum(others[:, 0], left)).clip(0)
        height = (np.minimum(others[:, 3], top) - np.maximum(others[:, 1], bottom)).clip(0)
        assert (width * height).max() < 0.25 * 16 * 16


def test_slivers_of_imagery_are_no_hits(write_scene, encoder: KnownEncoder, root: Path, tmp_path: Path) -> None:
    pixels = _plain("green", 96)
    pixels[:, 12:, 12:48] = pixels[:, 52:, 12:] = 0
    scene = open_scene(write_scene("holes.tif", pixels, nodata=0))
    list(index_scene(scene, encoder, root))
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    (scored,) = searcher.scores(searcher.resolve(parse_query("green")), [scene.name])
    found = retrieve(searcher, [scene.name], parse_query("green"), k=1000)
    shown = dict(zip(scored.position.tolist(), scored.valid.tolist(), strict=True))
    assert min(shown.values()) < 0.3
    assert len(found.hits) > 10
    assert min(shown[hit.position] for hit in found.hits) >= 0.5
    write_retrieval(tmp_path / "hits.gpkg", found, {scene.name: scene}, encoder.spec)
    with Image.open(tmp_path / "hits.png") as sheet:
        assert (np.asarray(sheet.convert("RGB")).max(axis=2) > 0).all(), "what is not there is not black"


def test_area_of_interest_keeps_the_tiles_whose_middle_lies_in_it(scene: Scene, searcher: Searcher) -> None:
    corners = [(LEFT + 20, TOP - 30), (LEFT + 150, TOP - 30), (LEFT + 150, TOP - 90), (LEFT + 20, TOP - 30)]
    area = polygon(corners, "EPSG:32631")
    everywhere = retrieve(searcher, [scene.name], parse_query("red"), k=10_000).hits
    hits = retrieve(searcher, [scene.name], parse_query("red"), k=10_000, area=reprojected(area, WGS84)).hits
    assert 5 < len(hits) < len(everywhere)
    whole = reprojected(area, WGS84).buffer(1)
    assert retrieve(searcher, [scene.name], parse_query("red"), k=10_000, area=whole).hits == everywhere
    for hit in hits:
        left, bottom, right, top = hit.bounds
        assert area.geom.buffer(0.01).contains(Point((left + right) / 2, (bottom + top) / 2))


def test_more_hits_wanted_than_there_are_places(scene: Scene, searcher: Searcher) -> None:
    found = retrieve(searcher, [scene.name], parse_query("green"), k=10_000)
    assert 50 < len(found.hits) < len(searcher.snapshot.position)


def test_several_scenes_are_searched_together(
    write_scene, scene: Scene, searcher: Searcher, encoder: KnownEncoder, root: Path
) -> None:
    other = open_scene(write_scene("yellow.tif", _plain("yellow"), geobox(64, 64, left=LEFT + 5000)))
    list(index_scene(other, encoder, root))
    both = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    query = replace(parse_query("3*yellow + red"), background=("black", "cyan"))
    hits = retrieve(both, [scene.name, other.name], query, k=40).hits
    assert hits[0].scene == other.name
    assert {hit.scene for hit in hits} == {scene.name, other.name}


def _plain(color: str, size: int = 64) -> np.ndarray:
    return np.tile(np.array(COLORS[color], np.uint8)[:, None, None], (1, size, size))


def test_same_place_in_two_scenes_comes_once(
    write_scene, scene: Scene, searcher: Searcher, encoder: KnownEncoder, root: Path
) -> None:
    copy = open_scene(write_scene("copy.tif", four_colors()))
    list(index_scene(copy, encoder, root))
    both = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    alone = retrieve(both, [scene.name], parse_query("blue"), k=10_000).hits
    together = retrieve(both, [scene.name, copy.name, scene.name], parse_query("blue"), k=10_000).hits
    assert len(together) == len(alone)


def test_scene_without_the_thing_says_so(write_scene, encoder: KnownEncoder, root: Path) -> None:
    rng = np.random.default_rng(0)
    shades = rng.integers(0, 60, (3, 96, 96), dtype=np.uint8)
    scene = open_scene(write_scene("dark.tif", shades))
    list(index_scene(scene, encoder, root))
    found = retrieve(Searcher(IndexStore(root, encoder.spec).snapshot(), encoder), [scene.name], parse_query("yellow"))
    assert found.hits, "the least bad ones are shown all the same"
    assert not found.confident
    assert found.best < 0.5


def test_written_query_finds_the_same(scene: Scene, searcher: Searcher) -> None:
    found = retrieve(searcher, [scene.name], parse_query("green - white"), k=5)
    assert retrieve(searcher, [scene.name], Query.from_json(found.query.to_json()), k=5).hits == found.hits


def test_tile_photo_and_chip_find_their_like(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    Image.fromarray(np.moveaxis(_plain("blue", 40), 0, -1)).save(tmp_path / "blue.png")
    blue = retrieve(searcher, [scene.name], parse_query("blue"), k=3)
    terms = (f"photo:{tmp_path}/blue.png", f"chip:{tmp_path}/blue.png", f"tile:{blue.hits[0].tile}")
    for text in terms:
        found = retrieve(searcher, [scene.name], parse_query(text), k=3)
        assert found.confident, text
        for hit in found.hits:
            assert hit.bounds[2] <= LEFT + 112 + 8, text
            assert hit.bounds[3] <= TOP - 80 + 8, text
    assert found.query.terms[0].example is not None


def test_image_and_words_work_together(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    Image.fromarray(np.moveaxis(_plain("blue", 40), 0, -1)).save(tmp_path / "blue.png")
    found = retrieve(searcher, [scene.name], parse_query(f"photo:{tmp_path}/blue.png - red - green + blue"), k=3)
    assert found.confident
    assert all(hit.bounds[3] <= TOP - 72 for hit in found.hits)


def test_thumbs_move_the_ranking(scene: Scene, searcher: Searcher) -> None:
    blue = retrieve(searcher, [scene.name], parse_query("blue"), k=1).hits[0].tile
    white = retrieve(searcher, [scene.name], parse_query("white"), k=1).hits[0].tile
    query = replace(parse_query("cyan"), likes=(parse_tile(blue),), dislikes=(parse_tile(white),))
    before = {hit.tile: hit.rank for hit in retrieve(searcher, [scene.name], parse_query("cyan"), k=10_000).hits}
    after = {hit.tile: hit.rank for hit in retrieve(searcher, [scene.name], query, k=10_000).hits}
    assert after.get(blue, 10_000) <= before.get(blue, 10_000)
    assert after.get(white, 10_000) >= before.get(white, 10_000)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_hits_and_contact_sheet_are_written(scene: Scene, searcher: Searcher, tmp_path: Path, suffix: str) -> None:
    found = retrieve(searcher, [scene.name], parse_query("green"), k=5)
    path = tmp_path / f"hits{suffix}"
    sheet = write_retrieval(path, found, {scene.name: scene}, searcher.encoder.spec)
    read = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert read["rank"].tolist() == [1, 2, 3, 4, 5]
    assert read["scene"].unique().tolist() == [scene.name]
    assert read["query"].unique().tolist() == ["green"]
    assert read["encoder_key"].unique().tolist() == [searcher.encoder.spec.key]
    places = read.to_crs("EPSG:32631").geometry
    assert np.allclose(places.bounds.to_numpy(), [hit.bounds for hit in found.hits], atol=0.02)
    assert sheet == tmp_path / "hits.png"
    with Image.open(sheet) as picture:
        colors = np.array(picture.convert("RGB")).reshape(-1, 3)
    assert (colors == COLORS["green"]).all(axis=1).mean() > 0.1, "green tiles are on the sheet"
    assert not (colors == COLORS["red"]).all(axis=1).any()


@pytest.mark.parametrize("k", [0, -1, 10_001])
def test_number_of_hits_outside_its_range_is_refused(scene: Scene, searcher: Searcher, k: int) -> None:
    with pytest.raises(QueryError, match="1 to 10000"):
        retrieve(searcher, [scene.name], parse_query("red"), k=k)


def test_scene_that_is_not_indexed_is_refused(searcher: Searcher) -> None:
    with pytest.raises(IndexStoreError, match="nowhere"):
        retrieve(searcher, ["nowhere"], parse_query("red"))


def test_example_that_cannot_be_read_is_refused(scene: Scene, searcher: Searcher, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(PhotoError, match=r"text\.jpg"):
        retrieve(searcher, [scene.name], parse_query(f"photo:{tmp_path}/text.jpg"))
    with pytest.raises(QueryError, match="no image at"):
        retrieve(searcher, [scene.name], parse_query("photo:gone.jpg"))
    with pytest.raises(IndexStoreError, match="choose a tile"):
        retrieve(searcher, [scene.name], parse_query(f"tile:{scene.name}/0/0"))


def test_dark_scene_is_brightened_as_a_whole_and_a_bright_one_is_left(
    write_scene, encoder: KnownEncoder, root: Path
) -> None:
    shades = np.random.default_rng(0).integers(1, 255, (3, 96, 96), dtype=np.uint8)
    scenes = {"bright.tif": (shades, 1), "dark.tif": (shades // 4, 230 / 62), "night.tif": (shades // 25, 4)}
    for name, (pixels, gain) in scenes.items():
        scene = open_scene(write_scene(name, pixels))
        list(index_scene(scene, encoder, root))
        searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
        found = retrieve(searcher, [scene.name], parse_query("green"), k=30)
        shown = thumbnails(found.hits, {scene.name: scene}, found.grids)
        for hit, picture in zip(found.hits, shown, strict=True):
            tile = found.grids[scene.name].tile(hit.position)
            true = pixels[:, max(tile.top, 0) : tile.top + 16, max(tile.left, 0) : tile.left + 16]
            if true.shape == (3, 16, 16):
                np.testing.assert_allclose(picture, np.minimum(np.moveaxis(true, 0, 2) * gain, 255), atol=8)


def test_tile_at_a_place_is_the_one_whose_middle_is_nearest(scene: Scene, searcher: Searcher) -> None:
    found = retrieve(searcher, [scene.name], parse_query("green"), k=10)
    (scored,) = searcher.scores(found.query, [scene.name])
    for hit in found.hits:
        seen = hit_at(scored, hit.lon + 1e-7, hit.lat - 1e-7)
        assert seen is not None
        assert (seen.tile, seen.score, seen.probability) == (hit.tile, hit.score, hit.probability)
        better = np.count_nonzero(scored.probability > hit.probability)
        assert better < seen.rank <= better + np.count_nonzero(scored.probability == hit.probability)
        bare = unscored_at(scene.name, scored.grid, hit.lon, hit.lat, scene.source)
        assert bare is not None
        assert (bare.tile, bare.rank) == (hit.tile, 0)
    assert hit_at(scored, *(found.hits[0].lon, found.hits[0].lat)).rank == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("place", [(0.0, 0.0), (3.0, -45.0), (179.9, 89.9), (3.0, 95.0)])
def test_no_tile_lies_beside_the_scene(place: tuple[float, float], scene: Scene, searcher: Searcher) -> None:
    (scored,) = searcher.scores(searcher.resolve(parse_query("green")), [scene.name])
    assert hit_at(scored, *place) is None
    assert unscored_at(scene.name, scored.grid, *place, scene.source) is None
