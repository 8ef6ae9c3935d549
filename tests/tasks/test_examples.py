import hashlib
from pathlib import Path

import numpy as np
import pytest
from four_colors import geobox
from known_encoder import COLORS, KnownEncoder, unit_vector
from PIL import Image

from graft_core.errors import PhotoError, QueryError
from graft_core.search.query import Query, Term, parse_query
from graft_core.tasks.examples import check_images, embed_chip, embed_image, read_photo


def color(name: str) -> np.ndarray:
    return unit_vector(np.array(COLORS[name]))


def test_photo_and_chip_go_to_their_towers_and_are_known_by_their_hash(tmp_path: Path, encoder: KnownEncoder) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (40, 30), COLORS["red"]).save(path)
    photo = embed_image(Term("image", str(path), view="ground"), encoder)
    assert encoder.tiles_encoded == 0
    chip = embed_image(Term("image", str(path), view="above"), encoder)
    assert encoder.tiles_encoded == 1
    for example in (photo, chip):
        np.testing.assert_allclose(example.array(), color("red"), atol=1e-6)
        assert example.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert example.encoder_key == encoder.spec.key


def test_photo_is_turned_upright(tmp_path: Path) -> None:
    lying = Image.new("RGB", (40, 20), COLORS["blue"])
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    lying.save(tmp_path / "lying.jpg", exif=exif)
    assert read_photo(tmp_path / "lying.jpg").shape == (40, 20, 3)


def test_middle_of_a_large_picture_is_what_counts(tmp_path: Path, encoder: KnownEncoder) -> None:
    picture = Image.new("RGB", (100, 60), COLORS["white"])
    picture.paste(COLORS["green"], (42, 22, 58, 38))
    picture.save(tmp_path / "large.png")
    np.testing.assert_allclose(embed_chip(tmp_path / "large.png", encoder), color("green"), atol=1e-6)


def test_small_picture_is_reflected_not_enlarged(tmp_path: Path) -> None:
    pixels = np.zeros((6, 6, 3), np.uint8)
    pixels[::2] = 255
    Image.fromarray(pixels).save(tmp_path / "small.png")
    seen = []

    class Looking(KnownEncoder):
        def encode_tiles(self, tiles):
            seen.append(tiles)
            return super().encode_tiles(tiles)

    embed_chip(tmp_path / "small.png", Looking())
    (tiles,) = seen
    assert tiles.shape == (1, 16, 16, 3)
    assert set(np.unique(tiles)) == {0, 255}, "no value in between"


def test_chip_with_a_place_is_brought_to_the_encoders_scale(write_scene, encoder: KnownEncoder) -> None:
    pixels = np.tile(np.array(COLORS["white"], np.uint8)[:, None, None], (1, 120, 120))
    pixels[:, 44:76, 44:76] = np.array(COLORS["blue"], np.uint8)[:, None, None]  # 16 m of half-metre pixels
    path = write_scene("chip.tif", pixels, geobox(120, 120, gsd=0.5))
    vector = embed_chip(path, encoder)
    assert vector @ color("blue") > 0.98


def test_picture_in_a_tif_without_a_place_is_a_picture(tmp_path: Path, encoder: KnownEncoder) -> None:
    Image.new("RGB", (40, 40), COLORS["cyan"]).save(tmp_path / "plain.tif")
    np.testing.assert_allclose(embed_chip(tmp_path / "plain.tif", encoder), color("cyan"), atol=1e-6)


def test_patch_level_chip_is_the_mean_of_its_patches(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), COLORS["red"]).save(tmp_path / "red.png")
    vector = embed_chip(tmp_path / "red.png", KnownEncoder(level="patch"))
    np.testing.assert_allclose(vector, color("red"), atol=1e-6)


def test_what_is_no_image_is_refused(tmp_path: Path, encoder: KnownEncoder) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(PhotoError, match=r"text\.jpg"):
        read_photo(tmp_path / "text.jpg")
    with pytest.raises(QueryError, match=r"gone\.jpg"):
        check_images(parse_query(f"red + photo:{tmp_path}/gone.jpg"))
    check_images(Query((Term("text", "red"),)))


def test_home_of_nobody_holds_no_image(encoder: KnownEncoder) -> None:
    for read in (lambda term: check_images(Query((term,))), lambda term: embed_image(term, encoder)):
        with pytest.raises(QueryError, match="no image at '~nobody-of-that-name/red"):
            read(Term("image", "~nobody-of-that-name/red.png", view="ground"))
