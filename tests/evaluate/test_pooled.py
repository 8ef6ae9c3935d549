import numpy as np
from known_encoder import KnownEncoder

from graft_core.evaluate.pooled import PooledEncoder


def test_a_tile_is_the_mean_of_its_unit_tokens() -> None:
    tokens = KnownEncoder(level="patch")
    pooled = PooledEncoder(tokens)
    tiles = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    mean = tokens.encode_tiles(tiles).mean(axis=(1, 2))
    found = pooled.encode_tiles(tiles)
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean, axis=1, keepdims=True), rtol=1e-6)
    assert (pooled.spec.level, pooled.spec.dim) == ("tile", 4)
    assert pooled.spec.key != tokens.spec.key


def test_words_and_photos_stay_what_they_are() -> None:
    tokens = KnownEncoder(level="patch")
    pooled = PooledEncoder(tokens)
    photo = np.full((4, 5, 3), 200, np.uint8)
    np.testing.assert_array_equal(pooled.encode_texts(["red"]), tokens.encode_texts(["red"]))
    np.testing.assert_array_equal(pooled.encode_photos([photo]), tokens.encode_photos([photo]))
    assert pooled.defaults == tokens.defaults
