"""A query asked of patches means what it means for tiles, and nothing hangs on what area was asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from four_colors import HEIGHT, WIDTH, geobox
from hypothesis import given, settings
from hypothesis import strategies as st
from known_encoder import KnownEncoder
from long_work import finish
from PIL import Image

from graft_core.errors import ModelError, QueryError
from graft_core.io.scene import Scene
from graft_core.io.stretch import AS_IS
from graft_core.search.query import parse_query, parse_tile
from graft_core.tasks.patch_blocks import scene_windows
from graft_core.tasks.patch_scores import ResolvedPatchQuery, patch_field, patch_query
from graft_core.types import F32

QUADRANTS = {
    "red": (slice(4, 72), slice(4, 104)),
    "green": (slice(4, 72), slice(120, WIDTH - 4)),
    "blue": (slice(88, HEIGHT - 4), slice(4, 104)),
    "white": (slice(88, HEIGHT - 4), slice(120, WIDTH - 4)),
}


@pytest.fixture
def encoder() -> KnownEncoder:
    return KnownEncoder(level="patch")


def match(text: str, scene: Scene, encoder: KnownEncoder, cache: Path) -> F32:
    asked = patch_query(parse_query(text), scene, encoder)
    return asked.probability(finish(patch_field(scene, encoder, asked.vectors, cache)).window(scene.geobox))


def words_only() -> ResolvedPatchQuery:
    """No window of its scene is looked at, so any will do."""
    box = geobox()
    scene = Scene("none", "none", "rgb", box, (1, 2, 3), AS_IS, None, "0" * 16)
    return patch_query(parse_query("red - 2*blue"), scene, KnownEncoder(level="patch"))


def middle(scene: Scene, encoder: KnownEncoder, place: tuple[slice, slice]) -> str:
    """The window in the middle of some pixels, as a query names it."""
    windows = scene_windows(scene, encoder.spec)
    y, x = ((each.start + each.stop) / 2 for each in place)
    at = np.array(scene.geobox.affine * (x, y))
    tile = windows.tile(int(np.abs(windows.centers - at).sum(axis=1).argmin()))
    return f"{scene.name}/{tile.row}/{tile.col}"


@pytest.mark.parametrize("color", list(QUADRANTS))
def test_match_is_sure_where_the_thing_is_and_nowhere_else(
    scene: Scene, encoder: KnownEncoder, tmp_path: Path, color: str
) -> None:
    found = match(color, scene, encoder, tmp_path / "c")
    for name, place in QUADRANTS.items():
        assert found[place].min() > 0.9 if name == color else found[place].max() < 0.1


def test_unwanted_words_take_their_place_away(scene: Scene, encoder: KnownEncoder, tmp_path: Path) -> None:
    both = match("red + green", scene, encoder, tmp_path / "c")
    minus = match("red - green", scene, encoder, tmp_path / "c")
    assert both[QUADRANTS["green"]].mean() > 0.2
    assert minus[QUADRANTS["green"]].max() < 0.05
    assert minus[QUADRANTS["red"]].min() > 0.8


@pytest.mark.parametrize("prefix", ["photo", "chip"])
def test_image_finds_its_like(scene: Scene, encoder: KnownEncoder, tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "blue.png"
    Image.new("RGB", (64, 48), (10, 10, 240)).save(path)
    found = match(f"{prefix}:{path}", scene, encoder, tmp_path / "c")
    worst = max(found[place].max() for name, place in QUADRANTS.items() if name != "blue")
    assert found[QUADRANTS["blue"]].min() > worst + 0.3


def test_tile_stands_for_the_mean_of_its_patches(scene: Scene, encoder: KnownEncoder, tmp_path: Path) -> None:
    tile = middle(scene, encoder, QUADRANTS["green"])
    found = match(f"tile:{tile}", scene, encoder, tmp_path / "c")
    worst = max(found[place].max() for name, place in QUADRANTS.items() if name != "green")
    assert found[QUADRANTS["green"]].min() > worst + 0.3


def test_liked_tile_raises_the_score_of_its_like(scene: Scene, encoder: KnownEncoder, tmp_path: Path) -> None:
    plain = parse_query("magenta")
    liked = replace(plain, likes=(parse_tile(middle(scene, encoder, QUADRANTS["blue"])),))
    scores = []
    for query in (plain, liked):
        asked = patch_query(query, scene, encoder)
        field = finish(patch_field(scene, encoder, asked.vectors, tmp_path / "c"))
        scores.append(asked.score(field.window(scene.geobox)))
    gain = {name: float((scores[1] - scores[0])[place].mean()) for name, place in QUADRANTS.items()}
    assert max(gain, key=lambda name: gain[name]) == "blue"


def test_words_and_image_together_ask_for_both(scene: Scene, encoder: KnownEncoder, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (32, 32), (250, 0, 0)).save(path)
    found = match(f"red + photo:{path}", scene, encoder, tmp_path / "c")
    assert found[QUADRANTS["red"]].min() > 0.5
    assert found[QUADRANTS["white"]].max() < 0.1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_probability_of_a_patch_does_not_depend_on_the_others(seed: int, count: int) -> None:
    asked = words_only()
    rng = np.random.default_rng(seed)
    cosines = rng.uniform(-1, 1, (len(asked.vectors), count)).astype(np.float32)
    together = asked.probability(cosines)
    assert ((together >= 0) & (together <= 1)).all()
    alone = np.array([asked.probability(cosines[:, i : i + 1])[0] for i in range(count)])
    np.testing.assert_array_equal(alone, together)


def test_probability_takes_any_shape_and_keeps_the_unknown() -> None:
    asked = words_only()
    cosines = np.random.default_rng(0).uniform(-1, 1, (len(asked.vectors), 5, 7)).astype(np.float32)
    cosines[:, 2, 3] = np.nan
    found = asked.probability(cosines)
    assert found.shape == (5, 7)
    assert np.argwhere(np.isnan(found)).tolist() == [[2, 3]]
    flat = asked.probability(cosines.reshape(len(cosines), -1))
    np.testing.assert_array_equal(found.ravel(), flat)


def test_resolved_query_holds_all_it_depends_on(scene: Scene, encoder: KnownEncoder) -> None:
    tile = middle(scene, encoder, QUADRANTS["blue"])
    asked = patch_query(parse_query(f"red + tile:{tile}"), scene, encoder)
    assert asked.query.templates == encoder.defaults.templates
    assert asked.query.terms[1].example is not None
    encoder.tiles_encoded = 0
    again = patch_query(asked.query, scene, encoder)
    np.testing.assert_array_equal(asked.vectors, again.vectors)


def test_words_alone_encode_no_window(scene: Scene, encoder: KnownEncoder) -> None:
    patch_query(parse_query("2*red + green - blue"), scene, encoder)
    assert encoder.tiles_encoded == 0


@pytest.mark.parametrize(
    ("tile", "says"), [("elsewhere/1/2", "lies in scene elsewhere"), ("SCENE/0/0", "shows no imagery at tile 0/0")]
)
def test_tile_that_is_not_there_is_named(scene: Scene, encoder: KnownEncoder, tile: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        patch_query(parse_query(f"tile:{tile.replace('SCENE', scene.name)}"), scene, encoder)


def test_encoder_of_tile_level_is_refused(scene: Scene) -> None:
    with pytest.raises(ModelError, match="one vector a tile"):
        patch_query(parse_query("red"), scene, KnownEncoder())


def test_query_that_nothing_competes_with_is_refused_before_any_work(scene: Scene, encoder: KnownEncoder) -> None:
    query = replace(parse_query("red"), background=("red",))
    with pytest.raises(QueryError, match="background prompt"):
        patch_query(query, scene, encoder)
