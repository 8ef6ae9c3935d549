"""Models by open_clip's own names: files, tags, hub repositories and folders, all from disk."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from graft_core import settings
from graft_core.errors import ModelError
from graft_core.models.architectures import CLIP_MEAN, CLIP_STD, architecture_of, config_files, model_config
from graft_core.models.clip import DEMO_CONFIG, build_clip
from graft_core.models.registry import find_model, load_encoder
from graft_core.types import U8


@pytest.fixture
def weights(teacher: nn.Module) -> dict[str, Tensor]:
    """The state of a small model, as open_clip's own training saves it."""
    return {name: tensor.clone() for name, tensor in teacher.state_dict().items()}


def tiles(count: int) -> U8:
    return np.random.default_rng(4).integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)


def expected(teacher: nn.Module, mean: Any = CLIP_MEAN, std: Any = CLIP_STD) -> np.ndarray:
    """What open_clip itself gives for the tiles."""
    scaled = torch.from_numpy(tiles(2)).permute(0, 3, 1, 2) / 255
    pixels = (scaled - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    with torch.inference_mode():
        rows: Tensor = teacher.encode_image(pixels, normalize=True)  # type: ignore[operator]
    return rows.numpy()


@pytest.mark.parametrize("form", ["plain.pt", "lightning.ckpt", "parallel.pth", "flat.safetensors", "axis.bin"])
def test_every_form_a_file_comes_in_gives_open_clips_own_embeddings(
    tmp_path: Path, teacher: nn.Module, weights: dict[str, Tensor], form: str
) -> None:
    path = tmp_path / form
    if form.endswith("safetensors"):
        save_file(weights, path)
    elif form.startswith("lightning"):
        torch.save({"epoch": 1, "state_dict": weights}, path)
    elif form.startswith("parallel"):
        torch.save({f"module.{name}": tensor for name, tensor in weights.items()}, path)
    elif form.startswith("axis"):
        torch.save(weights | {"logit_scale": weights["logit_scale"].reshape(1)}, path)
    else:
        torch.save(weights, path)
    encoder = load_encoder(f"{DEMO_CONFIG}@{path}", device="cpu")
    np.testing.assert_allclose(encoder.encode_tiles(tiles(2)), expected(teacher), atol=2e-6)
    tokens = open_clip.get_tokenizer("ViT-B-16", context_length=32)(["a lake"])
    with torch.inference_mode():
        text = teacher.encode_text(tokens, normalize=True).numpy()  # type: ignore[operator]
    np.testing.assert_allclose(encoder.encode_texts(["a lake"]), text, atol=2e-6)
    spec = encoder.spec
    assert (spec.sensor, spec.gsd, spec.level, spec.tile_px, spec.patch_px, spec.dim) == (
        "rgb",
        1,
        "tile",
        128,
        16,
        128,
    )


def test_the_activation_is_part_of_the_architectures_name(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14"):
        assert not model_config(name).get("quick_gelu")
        assert model_config(f"{name}-quickgelu")["quick_gelu"]
    for name in ("clip-vit-b-16", "remoteclip-vit-l-14", "georsclip-vit-b-32"):
        recipe = find_model(name).recipe
        assert getattr(recipe, "quick_gelu") is True  # noqa: B009 - one of several kinds of recipe


def test_weights_of_another_architecture_name_both(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    torch.save(weights, tmp_path / "w.pt")
    with pytest.raises(
        ModelError, match=r"w\.pt does not fit ViT-S-32-alt: .* It looks like graft-demo: write graft-demo@.*w\.pt"
    ):
        load_encoder(f"ViT-S-32-alt@{tmp_path / 'w.pt'}", device="cpu").encode_tiles(
            np.zeros((1, 224, 224, 3), np.uint8)
        )


def test_architectures_are_recognised_by_their_tensors() -> None:
    with torch.device("meta"):
        for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336", DEMO_CONFIG):
            shapes = {key: tuple(tensor.shape) for key, tensor in build_clip(name).state_dict().items()}
            assert architecture_of(shapes) == name
    assert architecture_of({"a": (1,)}) is None


def test_our_configurations_stand_beside_open_clips() -> None:
    assert {DEMO_CONFIG, "ViT-B-16", "RN50"} <= config_files().keys()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ViT-B-99@/tmp/w.pt", "no architecture 'ViT-B-99'"),
        (f"{DEMO_CONFIG}@/nowhere/w.pt", r"There is no file /nowhere/w\.pt: check what stands after the @"),
        ("ViT-B-16@opnai", r"open_clip knows no weights 'opnai' for ViT-B-16; it has openai, .*or write the path"),
        (f"{DEMO_CONFIG}@openai", "it has none, or write the path of a file"),
        ("hf-hub:justone", "write hf-hub:owner/name"),
        ("hf-hub:a/b/c", "write hf-hub:owner/name"),
        ("local-dir:/nowhere", r"There is no open_clip_config\.json in /nowhere"),
    ],
)
def test_names_that_lead_nowhere_are_answered_with_the_next_step(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_encoder(name)


def test_a_hub_model_that_was_not_fetched_says_what_to_do_without_asking_the_network() -> None:
    with pytest.raises(
        ModelError, match=r"is not in .*owner--model; run `python -m graft_core fetch hf-hub:owner/model`"
    ):
        load_encoder("hf-hub:owner/model")
    with pytest.raises(
        ModelError, match=r"fetch ViT-B-32@laion2b_e16`, or put ViT-B-32\.laion2b_e16\.safetensors into"
    ):
        load_encoder("ViT-B-32@laion2b_e16")


COLOURS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}


def write_folder(folder: Path, weights: dict[str, Tensor]) -> None:
    """An open_clip model folder, as its training writes and the hub holds it."""
    folder.mkdir(parents=True)
    config = {"model_cfg": model_config(DEMO_CONFIG), "preprocess_cfg": COLOURS | {"resize_mode": "squash"}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file(weights, folder / "open_clip_model.safetensors")


@pytest.mark.parametrize("place", ["folder", "fetched", "cache"])
def test_a_hub_model_is_found_wherever_it_lies_and_brings_its_own_colours(
    tmp_path: Path, teacher: nn.Module, weights: dict[str, Tensor], place: str
) -> None:
    name = "hf-hub:owner/model"
    if place == "folder":
        write_folder(tmp_path / "model", weights)
        name = f"local-dir:{tmp_path / 'model'}"
    elif place == "fetched":
        write_folder(settings.weights_dir() / "owner--model", weights)
    else:
        repo = Path(os.environ["HF_HOME"]) / "hub" / "models--owner--model"
        write_folder(repo / "snapshots" / "abc", weights)
        (repo / "refs").mkdir()
        (repo / "refs" / "main").write_text("abc")
    encoder = load_encoder(name, device="cpu")
    assert encoder.spec.mean == (0.5, 0.4, 0.3)
    assert encoder.spec.std == (0.2, 0.25, 0.3)
    np.testing.assert_allclose(encoder.encode_tiles(tiles(2)), expected(teacher, **COLOURS), atol=3e-6)
    wide = np.random.default_rng(1).integers(0, 256, (50, 300, 3), dtype=np.uint8)
    assert encoder.encode_photos([wide]).shape == (1, 128)


def test_one_file_under_two_activations_gives_two_models(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    write_folder(tmp_path / "quick", weights)
    config = {"model_cfg": model_config(DEMO_CONFIG) | {"quick_gelu": True}}
    (tmp_path / "quick" / "open_clip_config.json").write_text(json.dumps(config))
    plain = load_encoder(f"{DEMO_CONFIG}@{tmp_path / 'quick' / 'open_clip_model.safetensors'}", device="cpu")
    quick = load_encoder(f"local-dir:{tmp_path / 'quick'}", device="cpu")
    assert plain.spec.weights_sha256 == quick.spec.weights_sha256
    assert plain.spec.key != quick.spec.key
    assert np.abs(plain.encode_texts(["lake"]) - quick.encode_texts(["lake"])).max() > 1e-4


def test_a_hub_model_with_a_configuration_that_is_none_is_refused(weights: dict[str, Tensor]) -> None:
    write_folder(settings.weights_dir() / "owner--model", weights)
    (settings.weights_dir() / "owner--model" / "open_clip_config.json").write_text('{"model_cfg": {"a": 1}}')
    with pytest.raises(ModelError, match="is not an open_clip configuration"):
        load_encoder("hf-hub:owner/model")


class Holder(nn.Module):
    """Parameters by dotted name, in modules that can be scripted: the layout of OpenAI's archives."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        for name in dict.fromkeys(name.partition(".")[0] for name in tensors):
            if name in tensors:
                self.register_parameter(name, nn.Parameter(tensors[name]))
            else:
                inner = {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
                self.add_module(name, Holder(inner))
        self.attn_mask = torch.zeros(2)  # no parameter, but stored as one

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_openais_own_torchscript_files_load_with_their_activation(tmp_path: Path, teacher: nn.Module) -> None:
    quick = build_clip(DEMO_CONFIG, quick_gelu=True).eval()
    quick.load_state_dict(teacher.state_dict())
    path = tmp_path / "ViT.pt"
    torch.jit.save(torch.jit.script(Holder(quick.state_dict()).half()), path)  # type: ignore[no-untyped-call]
    quick.load_state_dict({name: tensor.half().float() for name, tensor in quick.state_dict().items()})
    encoder = load_encoder(f"{DEMO_CONFIG}@{path}", device="cpu")
    np.testing.assert_allclose(encoder.encode_tiles(tiles(2)), expected(quick), atol=2e-6)
    assert np.abs(expected(quick) - expected(teacher)).max() > 1e-4
