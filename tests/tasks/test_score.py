import numpy as np
import pytest
from known_encoder import KnownEncoder

from graft_core.errors import IndexStoreError
from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene, open_scene
from graft_core.search.embed import unit_rows
from graft_core.search.query import Example, Query, Term, TileRef, parse_query
from graft_core.tasks import score
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher


def test_tile_of_an_indexed_scene_is_looked_up_by_row_and_column(searcher: Searcher, scene: Scene) -> None:
    found = searcher.scores(searcher.resolve(parse_query("red")), [scene.name])[0]
    for row in (0, 7, len(found.position) - 1):
        tile = found.grid.tile(int(found.position[row]))
        vector = searcher.vector(TileRef(scene.name, tile.row, tile.col))
        assert np.array_equal(vector, searcher.snapshot.matrix[row].astype(np.float32))
    with pytest.raises(IndexStoreError, match="no indexed tile"):
        searcher.vector(TileRef(scene.name, tile.row, tile.col + 1))


def test_lattice_puts_each_row_in_its_place(searcher: Searcher, scene: Scene) -> None:
    found = searcher.scores(searcher.resolve(parse_query("green")), [scene.name])[0]
    lattice = found.lattice(found.score)
    assert lattice.shape == (found.grid.rows, found.grid.cols)
    row, col = np.unravel_index(int(np.nanargmax(lattice)), lattice.shape)
    assert row < found.grid.rows / 2
    assert col > found.grid.cols / 2
    assert not np.isnan(lattice).any()


def test_tile_the_encoder_failed_on_is_unknown(write_scene, root) -> None:
    class Failing(KnownEncoder):
        def encode_tiles(self, tiles):
            rows = super().encode_tiles(tiles)
            rows[0] = np.nan
            return rows

    encoder = Failing()
    scene = open_scene(write_scene())
    for _ in index_scene(scene, encoder, root, batch=64):
        pass
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    found = searcher.scores(searcher.resolve(parse_query("red")), [scene.name])[0]
    unknown = np.isnan(found.score)
    assert 0 < unknown.sum() < 20
    assert np.array_equal(np.isnan(found.probability), unknown)
    assert found.best > 0.8


def test_prompts_are_not_scored_again_for_the_next_query(searcher: Searcher, scene: Scene, monkeypatch) -> None:
    asked: list[int] = []
    scan = score.scores
    monkeypatch.setattr(score, "scores", lambda matrix, queries: asked.append(len(queries)) or scan(matrix, queries))
    for text in ("red", "green"):
        searcher.scores(searcher.resolve(parse_query(text)), [scene.name])
    assert sorted(asked, reverse=True)[:2] == [5, 1], "the five background prompts once"


def test_photo_that_is_far_from_every_tile_still_finds_its_kind_with_confidence(write_scene, root) -> None:
    class ApartEncoder(KnownEncoder):
        """Photos lie apart from tiles, as in every encoder whose towers were trained against each other."""

        def encode_photos(self, photos):
            return unit_rows(super().encode_photos(photos) + np.array([0, 0, 0, -1.5]))

    encoder = ApartEncoder()
    scene = open_scene(write_scene())
    list(index_scene(scene, encoder, root))
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    green = np.tile(np.array([0, 255, 0], np.uint8), (8, 8, 1))
    (vector,) = encoder.encode_photos([green])
    photo = Term("image", "green.jpg", view="ground", example=Example(tuple(vector.tolist()), encoder.spec.key))
    (by_photo,) = searcher.scores(searcher.resolve(Query((photo,))), [scene.name])
    (by_word,) = searcher.scores(searcher.resolve(parse_query("green")), [scene.name])
    assert by_photo.score.max() < 0.6, "apart"
    assert by_photo.best > 0.8
    sure = by_word.probability > 0.9
    assert by_photo.probability[sure].mean() > 0.7
    assert by_photo.probability[by_word.probability < 0.1].mean() < 0.1
