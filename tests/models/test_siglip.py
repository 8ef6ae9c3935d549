"""SigLIPs as transformers writes them: words, sizes, and files that are not what they should be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from released import PIECES, Release, preprocessor_config, siglip_config, siglip_release, tokenizer_json
from safetensors.torch import load, save

from graft_core.errors import ModelError
from graft_core.models import registry
from graft_core.models.catalogue import known_models
from graft_core.models.registry import load_encoder
from graft_core.models.siglip import END, siglip_tokenizer
from graft_core.models.siglip_config import read_siglip
from graft_core.models.sources import ModelEntry, SiglipRecipe
from graft_core.types import U8

NAME = "git-rsclip-base"
PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
Change = Callable[[dict[str, Any]], None]


def entry() -> ModelEntry:
    return next(each for each in known_models() if each.name == NAME)


@pytest.fixture(scope="module")
def made() -> Release:
    return siglip_release(entry(), 224)


@pytest.fixture
def folder(made: Release) -> Path:
    """Where the files of a model that was fetched lie."""
    place = entry().folder
    place.mkdir(parents=True)
    for file, content in made.files.items():
        (place / file).write_bytes(content)
    return place


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer_json(), encoding="utf-8")
    return path


def pieces(row: torch.Tensor) -> list[str]:
    return [PIECES[number] for number in row.tolist()]


def test_a_text_is_lower_case_words_without_punctuation_and_ends_up_to_its_length(words: Path) -> None:
    tokens = siglip_tokenizer(words, 10, 32000)(["  A  Satellite\timage!", "lake", "", "a lake."])
    assert tokens.shape == (4, 10)
    assert pieces(tokens[0]) == ["▁a", "▁sa", "te", "ll", "i", "te", "▁image", END, END, END]
    assert pieces(tokens[1]) == ["▁lake"] + [END] * 9
    assert set(pieces(tokens[2])) == {END}
    assert pieces(tokens[3])[:3] == ["▁a", "▁lake", END]


def test_a_long_text_is_cut_and_still_ends(words: Path) -> None:
    row = siglip_tokenizer(words, 8, 32000)(["lake " * 50])[0]
    assert pieces(row) == ["▁lake"] * 7 + [END]


def test_a_padding_that_the_file_asks_for_does_not_count(tmp_path: Path, words: Path) -> None:
    document = json.loads(words.read_text())
    document["truncation"] = {"max_length": 1, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    words.write_text(json.dumps(document))
    assert pieces(siglip_tokenizer(words, 4, 32000)(["a lake"])[0]) == ["▁a", "▁lake", END, END]


def of(part: str, **values: Any) -> Change:
    """Changes values of a part of a document."""
    return lambda document: (document[part] if part else document).update(values)


def words_with(part: str, **values: Any) -> str:
    """A SigLIP's words with changed values of a part of their document."""
    document = json.loads(tokenizer_json())
    of(part, **values)(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is damaged or no tokenizer.json"),
        ("[]", "is damaged or no tokenizer.json"),
        ('{"model": {"vocab": 3}}', "is damaged or no tokenizer.json"),
        ('{"model": {"vocab": [["a", "b"]], "unk_id": 0}}', "is not a SigLIP's: its vocabulary does not fit 32000 tok"),
        ('{"model": {"vocab": [["a", 0]]}}', r"is damaged or no tokenizer.json \(KeyError\('unk_id'\)\)"),
        (
            '{"model": {"vocab": {"a": 1}, "unk_id": 0}}',
            "is not a SigLIP's: its vocabulary|is damaged or no tokenizer.json",
        ),
        (words_with("model", unk_id=None), "is damaged or no tokenizer.json"),
        (words_with("model", unk_id=32000), "is not a SigLIP's: its vocabulary does not fit 32000 tokens"),
        (words_with("model", type="BPE"), "is damaged or no tokenizer.json"),
        (words_with("", normalizer={"type": "Nope"}), "is damaged or no tokenizer.json"),
        (tokenizer_json().replace(END, "<end>"), "has no </s>, with which a SigLIP ends its texts"),
        (None, "is damaged or no tokenizer.json"),
    ],
)
def test_words_that_are_not_a_siglips_are_refused_with_the_next_step(
    tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "tokenizer.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=rf"tokenizer\.json ({message}).*fetch it again"):
        siglip_tokenizer(path, 64, 32000)


def test_more_words_than_the_model_has_room_for_are_refused(words: Path) -> None:
    with pytest.raises(ModelError, match="its vocabulary does not fit 4 tokens"):
        siglip_tokenizer(words, 64, 4)
    words.write_text(words_with("", added_tokens=[{"id": len(PIECES), "content": "lake", **PLAIN}]))
    with pytest.raises(ModelError, match=f"its vocabulary does not fit {len(PIECES)} tokens"):
        siglip_tokenizer(words, 64, len(PIECES))


def test_a_word_that_no_piece_makes_is_unknown(words: Path) -> None:
    assert pieces(siglip_tokenizer(words, 4, 32000)(["lake 湖"])[0]) == ["▁lake", "▁", "<unk>", END]


def test_what_a_file_leaves_out_is_the_base_models(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "siglip", "text_config": {}, "vision_config": {}}')
    recipe = entry().recipe
    assert isinstance(recipe, SiglipRecipe)
    config = read_siglip(recipe)
    assert (config.vision.width, config.vision.mlp_width, config.vision.layers, config.vision.heads) == (
        768,
        3072,
        12,
        12,
    )
    assert config.text == config.vision
    assert (config.image_px, config.patch_px, config.context, config.vocabulary) == (224, 16, 64, 32000)
    assert config.mean == config.std == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", of("", model_type="clip"), r"config\.json describes a 'clip', not a SigLIP: fetch it again"),
        ("config.json", of("vision_config", hidden_act="relu"), r"an activation relu that no SigLIP has"),
        ("config.json", of("vision_config", hidden_size="wide"), r"is not a SigLIP's \(ValueError"),
        ("config.json", of("", vision_config=None), r"is not a SigLIP's \(TypeError\('vision_config None'"),
        ("config.json", of("", text_config=[]), r"is not a SigLIP's \(TypeError\('text_config"),
        ("config.json", of("vision_config", hidden_size=0), r"is not a SigLIP's \(ValueError\('hidden_size 0'"),
        ("config.json", of("vision_config", hidden_size=float("inf")), r"is not a SigLIP's \(OverflowError"),
        ("config.json", of("text_config", vocab_size=-1), r"is not a SigLIP's \(ValueError\('vocab_size -1'"),
        ("config.json", of("vision_config", num_attention_heads=3), r"a width of 64 for 3 heads"),
        ("config.json", of("vision_config", patch_size=256), r"patches of 256 px in photos of 224 px"),
        ("config.json", of("text_config", hidden_size=128), r"towers of different widths, 64 and 128"),
        ("config.json", of("vision_config", image_size=256), r"photos of .*224.* for a tower of 256 px"),
        ("preprocessor_config.json", of("", size={"shortest_edge": 224}), r"for a tower of 224 px"),
        ("preprocessor_config.json", of("", image_mean=[0.5]), r"is not a SigLIP's \(IndexError"),
        ("preprocessor_config.json", of("", image_std=[0.5, 0.0, 0.5]), r"is not a SigLIP's \(ValueError\('image_std"),
        ("preprocessor_config.json", lambda document: document.pop("image_std"), r"is not a SigLIP's \(KeyError"),
    ],
)
def test_a_configuration_that_does_not_fit_is_named_with_the_next_step(
    folder: Path, file: str, change: Change, message: str
) -> None:
    document = siglip_config(224, 64, 256, 2, 2) if file == "config.json" else preprocessor_config(224)
    change(document)
    (folder / file).write_text(json.dumps(document))
    with pytest.raises(ModelError, match=message):
        load_encoder(NAME)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"model_type": "sig'])
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_a_damaged_configuration_is_named_with_the_next_step(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{file} (cannot be read|is no configuration).*fetch it again"):
        load_encoder(NAME)


def test_weights_of_another_size_or_kind_are_named(folder: Path, made: Release) -> None:
    (folder / "config.json").write_text(json.dumps(siglip_config(224, 64, 256, 3, 2)))
    with pytest.raises(ModelError, match=r"model\.safetensors does not fit the SigLIP of .*json: \d+ tensors are"):
        load_encoder(NAME, device="cpu").encode_texts(["lake"])


def test_a_siglip_gives_the_same_alone_and_among_eight_and_a_photo_of_any_size(folder: Path) -> None:
    encoder = load_encoder(NAME, device="cpu")
    tiles: U8 = np.random.default_rng(1).integers(0, 256, (8, 224, 224, 3), dtype=np.uint8)
    one_by_one = np.concatenate([encoder.encode_tiles(tile[None]) for tile in tiles])
    np.testing.assert_allclose(encoder.encode_tiles(tiles), one_by_one, atol=1e-5)
    wide = np.repeat(np.repeat(tiles[0], 2, axis=0), 3, axis=1)  # squashed to a square, as its authors do
    np.testing.assert_allclose(np.linalg.norm(encoder.encode_photos([wide])), 1, atol=1e-5)


def test_every_token_of_a_siglip_cannot_be_asked_for_and_the_message_says_what_can(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"needs a vision transformer with a CLS token.*choose an architecture like"):
        load_encoder(NAME, device="cpu", level="patch").encode_tiles(np.zeros((1, 224, 224, 3), np.uint8))


def test_a_model_whose_words_were_not_fetched_is_missing(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=rf"tokenizer\.json is not in .*; run `python -m graft_core fetch {NAME}`"):
        registry.load_encoder(NAME)


def test_words_need_no_photo_tower(folder: Path, made: Release) -> None:
    assert made.word_rows is not None
    weights = load(made.files["model.safetensors"])
    text_alone = {name: tensor for name, tensor in weights.items() if name.startswith("text_model.")}
    (folder / "model.safetensors").write_bytes(save(text_alone))
    encoder = load_encoder(NAME, device="cpu")
    np.testing.assert_allclose(encoder.encode_texts(["lake"]), made.word_rows, atol=2e-5)
    with pytest.raises(ModelError, match=r"model\.safetensors does not fit the SigLIP of .*json: \d+ tensors are"):
        encoder.encode_photos([np.zeros((224, 224, 3), np.uint8)])
