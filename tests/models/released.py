"""Weights files with random values and exactly the structure of the published ones: names, containers, companions.

Widths are the smallest that keep the structure; the towers of full size are checked without memory, by their shapes.
What a publisher states of a model (activation, colours, container) stands here a second time, apart from the catalogue.
"""

import io
import json
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from safetensors.torch import save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipModel,
)
from transformers import SiglipConfig as TransformersSiglip

from graft_core.models.architectures import CLIP_MEAN, CLIP_STD, model_config
from graft_core.models.sources import ClipRecipe, ModelEntry
from graft_core.types import F32, U8

WORD = "lake"
DIM = 64
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Facts:
    """What its publisher states of a CLIP."""

    architecture: str
    quick_gelu: bool
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD


OPENAI_B16, OPENAI_B32 = Facts("ViT-B-16", True), Facts("ViT-B-32", True)
OPENAI_L14 = Facts("ViT-L-14", True)
CLIPS = {
    "clip-vit-b-16": OPENAI_B16,
    "clip-vit-b-32": OPENAI_B32,
    "clip-vit-l-14": OPENAI_L14,
    "laion-clip-vit-b-16": Facts("ViT-B-16", False),
    "laion-clip-vit-b-32": Facts("ViT-B-32", False),
    "laion-clip-vit-l-14": Facts("ViT-L-14", False, HALF, HALF),
    "remoteclip-rn50": Facts("RN50", True),
    "remoteclip-vit-b-32": OPENAI_B32,
    "remoteclip-vit-l-14": OPENAI_L14,
    "georsclip-vit-b-32": OPENAI_B32,
    "georsclip-vit-l-14": OPENAI_L14,
    "georsclip-vit-h-14": Facts("ViT-H-14", False),
    "skyclip-vit-b-32": Facts("ViT-B-32", False),
    "skyclip-vit-l-14": OPENAI_L14,
    "senclip-vit-b-32": Facts("ViT-B-32", True, (0.347, 0.376, 0.296), (0.269, 0.261, 0.276)),
}


@dataclass(frozen=True)
class Release:
    """What a publisher offers, and what its own code makes of it."""

    files: dict[str, bytes]
    """Where it is offered (path in a repository, name behind an address) -> content."""
    entry: ModelEntry
    """The entry of the registry, its architecture narrowed as the files are."""
    tile: U8
    """(1, S, S, 3) tile."""
    tile_rows: F32 = field(default_factory=lambda: np.zeros((1, DIM), np.float32))
    """What the publisher's code gives for it: (1, DIM), or (1, h, w, DIM) at patch level."""
    word_rows: F32 | None = None
    """(1, DIM) for WORD; None where another model gives the words."""


def tile_of(side: int) -> U8:
    return np.random.default_rng(2).integers(0, 256, (1, side, side, 3), dtype=np.uint8)


def pixels(tile: U8, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """The usual preprocessing of a tile that has the right size."""
    scaled = torch.from_numpy(tile).permute(0, 3, 1, 2) / 255
    return (scaled - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)


def scatter(model: nn.Module) -> None:
    """Random values, spread so that every layer matters and activations are driven into their bend."""
    generator = torch.Generator().manual_seed(5)
    kinds = (nn.LayerNorm, nn.BatchNorm2d)
    norms = {f"{name}.weight" for name, part in model.named_modules() if isinstance(part, kinds)}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.3 if parameter.ndim < 2 else parameter.shape[-1] ** -0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale + (name in norms))


def narrow(architecture: str) -> dict[str, Any]:
    """open_clip's configuration with two blocks and the least width; input, patches and vocabulary stay."""
    config = model_config(architecture)
    vision, text = config["vision_cfg"], config["text_cfg"]
    if isinstance(vision["layers"], list):
        small = {"layers": [1, 1, 1, 1], "width": 16}
    else:
        small = {"layers": 2, "width": 2 * vision.get("head_width", 64)}
    return config | {
        "embed_dim": DIM,
        "vision_cfg": vision | small,
        "text_cfg": text | {"width": 64, "heads": 2, "layers": 2},
    }


def clip_of(facts: Facts, half: bool = False) -> nn.Module:
    """A narrow CLIP with random values, built by open_clip itself."""
    model: nn.Module = open_clip.CLIP(**narrow(facts.architecture) | {"quick_gelu": facts.quick_gelu}).eval()
    scatter(model)
    if half:
        model.load_state_dict(halved(model.state_dict()))
    return model


def saved(content: Any) -> bytes:
    """torch.save's zip."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


class Scripted(nn.Module):
    """Parameters by dotted name, in modules that can be scripted: the layout of OpenAI's archives."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        for name in dict.fromkeys(name.partition(".")[0] for name in tensors):
            if name in tensors:
                self.register_buffer(name, tensors[name])
            else:
                inner = {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
                self.add_module(name, Scripted(inner))
        self.attn_mask = torch.zeros(2)  # no parameter, but stored as one

    def forward(self, x: Tensor) -> Tensor:
        return x


KEPT_WHOLE = ("embedding", "ln_", "logit_scale", "bn", "downsample.1.")
"""What OpenAI's archives hold in single precision; the rest is in half."""


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: tensor if any(part in name for part in KEPT_WHOLE) else tensor.half() for name, tensor in tensors.items()
    }


def torchscript(tensors: dict[str, Tensor]) -> bytes:
    """An archive as OpenAI published CLIP: partly in half precision, and its settings among the tensors."""
    model = Scripted(halved(tensors))
    for name, value in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
        model.register_buffer(name, torch.tensor(value))
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(model), buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def safetensors(tensors: dict[str, Tensor]) -> bytes:
    return save(tensors)


def state_dict(tensors: dict[str, Tensor]) -> bytes:
    """A plain state dict, as RemoteCLIP, GeoRSCLIP, SenCLIP and LAION's older files are."""
    return saved(OrderedDict(tensors))


def training_zip(tensors: dict[str, Tensor]) -> bytes:
    """A zip around a checkpoint that open_clip's parallel training wrote, as SkyScript's authors publish theirs."""
    parallel = OrderedDict((f"module.{name}", tensor) for name, tensor in tensors.items())
    state = {0: {"step": torch.tensor(9.0), "exp_avg": torch.zeros(3)}}
    optimizer = {"state": state, "param_groups": [{"lr": 3e-9, "betas": (0.9, 0.98), "params": [0]}]}
    checkpoint = saved({"epoch": 20, "name": "SkyCLIP", "state_dict": parallel, "optimizer": optimizer})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("SkyCLIP/epoch_20.pt", checkpoint)
        archive.writestr("SkyCLIP/params.txt", "model: ViT\n")
    return buffer.getvalue()


def clip_release(entry: ModelEntry, folder: Path, offered: str, write: Callable[[dict[str, Tensor]], bytes]) -> Release:
    """A CLIP in one container."""
    facts = CLIPS[entry.name]
    model = clip_of(facts, half=write is torchscript)
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tile = tile_of(224)
    with torch.inference_mode():
        rows = model.encode_image(pixels(tile, facts.mean, facts.std), normalize=True).numpy()  # type: ignore[operator]
        words = model.encode_text(open_clip.tokenize([WORD]), normalize=True).numpy()  # type: ignore[operator]
    return Release({offered: write(tensors)}, narrowed(entry, folder), tile, rows, words)


def narrowed(entry: ModelEntry, folder: Path) -> ModelEntry:
    """A CLIP's entry, its architecture narrowed and everything else as it is."""
    assert isinstance(entry.recipe, ClipRecipe)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{entry.name}.json"
    config.write_text(json.dumps(narrow(entry.recipe.config)))
    return replace(entry, recipe=replace(entry.recipe, config=str(config)))


class Satellite(nn.Module):
    """The layout of the checkpoints that GRAFT's authors released."""

    def __init__(self) -> None:
        super().__init__()
        self.satellite_image_backbone = CLIPVisionModelWithProjection(satellite_config(128, 2, DIM))
        self.projector = nn.Sequential(nn.LayerNorm(128), nn.Linear(128, DIM, bias=False))
        self.register_buffer("logit_scale", torch.ones([]) / 0.07)


def satellite_config(width: int, layers: int, dim: int) -> CLIPVisionConfig:
    """openai/clip-vit-base-patch16, which the released towers started from, at any width."""
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        image_size=224,
        patch_size=16,
        projection_dim=dim,
        hidden_act="quick_gelu",
    )


class OmegaConfig:
    """Stands for the OmegaConf objects that the released files pickle."""

    def __init__(self) -> None:
        self._content = {"lr": 1e-5}


def graft_release(entry: ModelEntry, offered: str) -> Release:
    """A Lightning checkpoint with foreign objects and the stale position_ids."""
    model = Satellite().eval()
    scatter(model)
    tile = tile_of(224)
    with torch.inference_mode():
        found = model.satellite_image_backbone(pixels(tile, CLIP_MEAN, CLIP_STD))
        if entry.level == "tile":
            rows = found.image_embeds
        else:
            rows = model.projector(found.last_hidden_state)[:, 1:].reshape(1, 14, 14, DIM)
    tensors = dict(model.state_dict())
    tensors["satellite_image_backbone.vision_model.embeddings.position_ids"] = torch.arange(197)[None]
    content = saved({"epoch": 9, "state_dict": tensors, "hyper_parameters": OmegaConfig()})
    return Release({offered: content}, entry, tile, nn.functional.normalize(rows, dim=-1).numpy())


def siglip_config(
    side: int, width: int, mlp_width: int, layers: int, heads: int, patch: int | None = None
) -> dict[str, Any]:
    """``config.json`` of a SigLIP, as transformers 4 writes it: a patch of 16 px is not stated."""
    sizes = {
        "hidden_size": width,
        "intermediate_size": mlp_width,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
    }
    return {
        "architectures": ["SiglipModel"],
        "initializer_factor": 1.0,
        "model_type": "siglip",
        "text_config": sizes | {"model_type": "siglip_text_model"},
        "torch_dtype": "float16",
        "transformers_version": "4.37.0.dev0",
        "vision_config": sizes
        | {"image_size": side, "model_type": "siglip_vision_model"}
        | ({} if patch is None else {"patch_size": patch}),
    }


def preprocessor_config(side: int) -> dict[str, Any]:
    return {
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": list(HALF),
        "image_processor_type": "SiglipImageProcessor",
        "image_std": list(HALF),
        "processor_class": "SiglipProcessor",
        "resample": 3,
        "rescale_factor": 0.00392156862745098,
        "size": {"height": side, "width": side},
    }


PIECES = ["<pad>", "</s>", "<unk>", "▁", "▁lake", "▁a", "▁sa", "te", "ll", "i", "▁image"]


def tokenizer_json() -> str:
    """Pieces with scores, split at spaces: what a SigLIP's words come as."""
    vocabulary = [(piece, 0.0 if number < 3 else -float(number)) for number, piece in enumerate(PIECES)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer.to_str()


def transformers_config(config: dict[str, Any]) -> TransformersSiglip:
    """The same for transformers itself, without the marks of other models' words that its defaults hold."""
    text = config["text_config"] | {"bos_token_id": None, "eos_token_id": None}
    return TransformersSiglip(text_config=text, vision_config=config["vision_config"])


def siglip_companions(side: int, patch: int | None = None) -> dict[str, bytes]:
    """What lies beside the weights of a narrow SigLIP."""
    return {
        "config.json": json.dumps(siglip_config(side, DIM, 4 * DIM, 2, 2, patch)).encode(),
        "preprocessor_config.json": json.dumps(preprocessor_config(side)).encode(),
        "tokenizer.json": tokenizer_json().encode(),
    }


def siglip_release(entry: ModelEntry, side: int, patch: int | None = None) -> Release:
    """The four files of a repository that transformers wrote, in half precision."""
    companions = siglip_companions(side, patch)
    model = SiglipModel(transformers_config(json.loads(companions["config.json"]))).eval()
    scatter(model)
    model.load_state_dict({name: tensor.half().to(tensor.dtype) for name, tensor in model.state_dict().items()})
    tile, words = tile_of(side), torch.tensor([[PIECES.index("▁lake")] + [1] * 63])
    with torch.inference_mode():
        rows = model.vision_model(pixels(tile, HALF, HALF)).pooler_output
        word_rows = model.text_model(words).pooler_output
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    files = {"model.safetensors": save(weights, {"format": "pt"}), **companions}
    unit = nn.functional.normalize
    return Release(files, entry, tile, unit(rows).numpy(), unit(word_rows).numpy())
