"""CLIP towers: the demo's size, the fast path, words remembered, and weights that do not fit."""

from collections.abc import Callable, Sequence

import numpy as np
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.clip import (
    CLIP_MEAN,
    CLIP_STD,
    DEMO_CONFIG,
    ClipTowers,
    PhotoInput,
    assemble,
    build_clip,
    load_state,
    model_config,
    parameter_bytes,
    tokenizer,
)
from graft_core.types import U8

CPU = torch.device("cpu")
PHOTO_INPUT = PhotoInput(128, CLIP_MEAN, CLIP_STD)


@pytest.fixture
def towers(teacher: nn.Module) -> ClipTowers:
    return ClipTowers(teacher, tokenizer(model_config(DEMO_CONFIG)), PHOTO_INPUT, CPU)


def photos(count: int) -> list[U8]:
    random = np.random.default_rng(1)
    sizes = [(128, 128), (240, 180), (90, 300), (500, 333), (129, 128)]
    return [random.integers(0, 256, (*sizes[i % len(sizes)], 3), dtype=np.uint8) for i in range(count)]


def test_the_teacher_and_four_students_stay_under_25_megabytes(teacher: nn.Module) -> None:
    visual = teacher.visual
    assert isinstance(visual, nn.Module)
    assert parameter_bytes(teacher) + 4 * parameter_bytes(visual) < 25e6


def test_the_demo_model_has_the_context_its_tokenizer_gives(teacher: nn.Module) -> None:
    tokens = tokenizer(model_config(DEMO_CONFIG))(["a lake", "word " * 100])
    assert tokens.shape == (2, 32)
    assert tokens.max(dim=1).values.tolist() == [49407, 49407]  # the end marker survives the cut
    with torch.inference_mode():
        assert teacher.encode_text(tokens).shape == (2, 128)  # type: ignore[operator]


def test_a_known_configuration_is_built_without_its_weights() -> None:
    model = assemble(model_config("RN50") | {"text_cfg": model_config(DEMO_CONFIG)["text_cfg"]}, "RN50")
    assert not any(torch.isnan(parameter).any() for parameter in model.parameters())


def test_an_unknown_architecture_is_answered_with_close_ones() -> None:
    with pytest.raises(ModelError, match=r"no architecture 'ViT-B-61'; did you mean .*ViT-B-16"):
        build_clip("ViT-B-61")


@pytest.mark.parametrize("name", ["ViT-B-16-SigLIP", "roberta-ViT-B-32", "coca_ViT-B-32"])
def test_models_with_a_foreign_text_tower_are_refused_before_any_download(name: str) -> None:
    with pytest.raises(ModelError, match=f"'{name}' needs a text tower or tokenizer that is not open_clip's own"):
        build_clip(name)


def test_photos_are_encoded_as_open_clip_does(towers: ClipTowers, teacher: nn.Module) -> None:
    transform = image_transform_v2(PreprocessCfg(size=128), is_train=False)
    mixed = photos(5)
    with torch.inference_mode():
        batch = torch.stack([transform(Image.fromarray(photo)) for photo in mixed])
        expected = teacher.encode_image(batch, normalize=True).numpy()  # type: ignore[operator]
    np.testing.assert_allclose(towers.encode_photos(mixed), expected, atol=2e-6)


def test_words_are_encoded_as_open_clip_does(towers: ClipTowers, teacher: nn.Module) -> None:
    texts = ["forest", "a photo of a lake", "forest"]
    with torch.inference_mode():
        expected = teacher.encode_text(  # type: ignore[operator]
            open_clip.get_tokenizer("ViT-B-16", context_length=32)(texts), normalize=True
        ).numpy()
    np.testing.assert_allclose(towers.encode_texts(texts), expected, atol=1e-6)


def test_a_text_is_encoded_once(teacher: nn.Module) -> None:
    asked: list[str] = []
    tokenize = tokenizer(model_config(DEMO_CONFIG))

    def counting(texts: Sequence[str]) -> Tensor:
        asked.extend(texts)
        return tokenize(texts)

    towers = ClipTowers(teacher, counting, PHOTO_INPUT, CPU)
    first = towers.encode_texts(["lake", "forest", "lake"])
    second = towers.encode_texts(["forest", "quarry", "lake"])
    assert asked == ["lake", "forest", "quarry"]
    assert np.array_equal(first[1], second[0])
    assert np.array_equal(first[0], second[2])


def test_what_is_remembered_does_not_grow_without_end(towers: ClipTowers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graft_core.models.clip.TEXTS_KEPT", 3)
    many = [f"word {i}" for i in range(6)]
    one_by_one = np.concatenate([towers.encode_texts([text]) for text in many])
    np.testing.assert_allclose(towers.encode_texts(many), one_by_one, atol=1e-6)
    assert len(towers._rows) == 3


def test_one_photo_or_text_alone_gives_the_same_row_as_among_eight(towers: ClipTowers) -> None:
    eight = photos(8)
    np.testing.assert_allclose(
        towers.encode_photos(eight), np.concatenate([towers.encode_photos([photo]) for photo in eight]), atol=2e-6
    )


def kernels(run: Callable[[], object]) -> set[str]:
    """Names of the operations torch carries out."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        run()
    return {event.key for event in profile.key_averages()}


def test_attention_takes_its_fast_path(towers: ClipTowers) -> None:
    """Half speed without it on a CPU; it asks for an even number of heads."""
    assert "aten::_native_multi_head_attention" in kernels(lambda: towers.encode_photos(photos(1)))


def test_values_that_are_not_numbers_never_leave_a_tower() -> None:
    broken = build_clip(DEMO_CONFIG)
    with torch.no_grad():
        next(iter(broken.parameters())).fill_(float("nan"))
        broken.logit_scale.fill_(float("nan"))  # type: ignore[operator, union-attr]
        broken.text_projection.fill_(float("nan"))  # type: ignore[operator, union-attr]
    towers = ClipTowers(broken, tokenizer(model_config(DEMO_CONFIG)), PHOTO_INPUT, CPU)
    with pytest.raises(ModelError, match="text tower gave values that are not numbers"):
        towers.encode_texts(["lake"])


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (
            {"weight": torch.zeros(2, 3), "bias": torch.zeros(3)},
            r"weight is \(2, 3\) in the file and \(3, 2\) in the model",
        ),
        ({"weight": torch.zeros(3, 2)}, r"1 tensors are missing \(first bias\)"),
        (
            {"weight": torch.zeros(3, 2), "bias": torch.zeros(3), "extra": torch.zeros(1)},
            r"1 are unknown \(first extra\)",
        ),
    ],
)
def test_weights_that_do_not_fit_name_the_file_the_model_and_the_difference(
    tensors: dict[str, Tensor], message: str
) -> None:
    with pytest.raises(ModelError, match=rf"file\.pt does not fit ViT: .*{message}"):
        load_state(nn.Linear(2, 3), tensors, wanted="ViT", source="file.pt")


def test_weights_in_half_precision_are_widened() -> None:
    layer = nn.Linear(2, 2)
    load_state(layer, {"weight": torch.eye(2).half(), "bias": torch.zeros(2).half()}, wanted="", source="")
    assert layer.weight.dtype == torch.float32
    assert torch.equal(layer.weight, torch.eye(2))
