"""A set as Major TOM publishes it, made by a SigLIP of that structure and asked when its photo tower is gone."""

from pathlib import Path

import major_tom
import numpy as np
from released import siglip_release
from safetensors.torch import load, save

from graft_core import settings
from graft_core.index.store import IndexStore
from graft_core.io.fragments import read_middles
from graft_core.models.catalogue import known_models
from graft_core.models.registry import load_encoder
from graft_core.search.embed import prompt_vector
from graft_core.search.query import parse_query
from graft_core.tasks.import_embeddings import import_embeddings
from graft_core.tasks.score import Searcher

NAME = "siglip-so400m-14-384"


def test_words_find_what_the_photo_tower_saw_before_it_was_gone(tmp_path: Path) -> None:
    entry = next(each for each in known_models() if each.name == NAME)
    made = siglip_release(entry, 384, 14)
    entry.folder.mkdir(parents=True)
    for file, content in made.files.items():
        (entry.folder / file).write_bytes(content)
    fragments = [*major_tom.cell(11.95, 50.0), *major_tom.cell(12.1, 50.0, place=(557, 858))]
    tiles = np.random.default_rng(6).integers(0, 256, (len(fragments), 384, 384, 3), dtype=np.uint8)
    tiles //= np.arange(1, len(tiles) + 1, dtype=np.uint8)[:, None, None, None]  # ever darker
    vectors = load_encoder(NAME, device="cpu").encode_tiles(tiles)
    table = major_tom.rows(fragments, 9 * vectors, "20230119T161811")
    source = major_tom.write(tmp_path / "part_00001.parquet", table)

    tensors = load(made.files["model.safetensors"])
    words = {name: tensor for name, tensor in tensors.items() if name.startswith("text_model.")}
    (entry.folder / "model.safetensors").write_bytes(save(words))
    for _ in import_embeddings([source], NAME, settings.indexes_dir(), name="two-cells"):
        pass
    encoder = load_encoder(NAME, device="cpu", sensor="sentinel2")
    (record,) = IndexStore(settings.indexes_dir(), encoder.spec).scenes()
    assert (record.name, record.tiles, record.sensor) == ("two-cells", 18, "sentinel2")
    searcher = Searcher(IndexStore(settings.indexes_dir(), encoder.spec).snapshot(), encoder)
    (found,) = searcher.scores(searcher.resolve(parse_query("lake")), ["two-cells"])

    told = read_middles(record.source)
    assert told is not None
    order = [int(np.abs(told[1] - each.lonlat).sum(axis=1).argmin()) for each in fragments]
    cosines = vectors @ prompt_vector(encoder, "lake", encoder.defaults.templates)
    np.testing.assert_allclose(found.score[order], cosines, atol=1e-3)
    assert np.ptp(cosines) > 0.01, "or nothing is shown"
    grid = found.grid
    assert (grid.tile_px, grid.gsd, grid.stride_px) == (384, 10.0, 48)
