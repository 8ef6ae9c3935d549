"""What the files that transformers writes beside a SigLIP's weights say of it; read without torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graft_core.errors import ModelError
from graft_core.models.sources import SiglipRecipe

ACTIVATION = "gelu_pytorch_tanh"


@dataclass(frozen=True)
class TransformerSizes:
    """Sizes of one of the two towers; a value that a file leaves out is that of SigLIP's base model."""

    width: int
    """Length of a token."""
    mlp_width: int
    """Length inside a block's MLP."""
    layers: int
    """Number of blocks."""
    heads: int
    """Attention heads."""
    norm_eps: float
    """What layer norms add to the variance."""


@dataclass(frozen=True)
class SiglipConfig:
    """Everything that decides what a SigLIP computes, besides its weights."""

    vision: TransformerSizes
    """Photo tower."""
    text: TransformerSizes
    """Text tower; as wide as the photo tower."""
    image_px: int
    """Side of the square input, pixels."""
    patch_px: int
    """Side of a patch, pixels."""
    context: int
    """Tokens of a text, padded or cut to this."""
    vocabulary: int
    """Different tokens."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1]."""
    std: tuple[float, float, float]
    """RGB is divided by it."""


def read_siglip(recipe: SiglipRecipe) -> SiglipConfig:
    """Sizes from ``config.json``, colours from ``preprocessor_config.json``.

    Raises:
        ModelError: a file cannot be read, is of another kind of model, or the two do not fit each other.
    """
    document, photos = _json(recipe.config), _json(recipe.preprocessor)
    if document.get("model_type") != "siglip":
        raise ModelError(f"{recipe.config} describes a {document.get('model_type')!r}, not a SigLIP: fetch it again.")
    try:
        config = _config(_part(document, "vision_config"), _part(document, "text_config"), photos)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ModelError(
            f"{recipe.config} or {recipe.preprocessor.name} beside it is not a SigLIP's ({error!r}): fetch them again."
        ) from error
    if config.vision.width != config.text.width:
        raise ModelError(
            f"{recipe.config} has towers of different widths, {config.vision.width} and {config.text.width}: "
            "choose a SigLIP whose towers share one."
        )
    return config


def _config(vision: Mapping[str, Any], text: Mapping[str, Any], photos: Mapping[str, Any]) -> SiglipConfig:
    for tower in (vision, text):
        if tower.get("hidden_act", ACTIVATION) != ACTIVATION:
            raise ValueError(f"an activation {tower['hidden_act']} that no SigLIP has")
    side, patch = _count(vision, "image_size", 224), _count(vision, "patch_size", 16)
    if {"height": side, "width": side} != photos["size"]:
        raise ValueError(f"photos of {photos['size']} for a tower of {side} px")
    if patch > side:
        raise ValueError(f"patches of {patch} px in photos of {side} px")
    return SiglipConfig(
        vision=_sizes(vision),
        text=_sizes(text),
        image_px=side,
        patch_px=patch,
        context=_count(text, "max_position_embeddings", 64),
        vocabulary=_count(text, "vocab_size", 32000),
        mean=_colour(photos["image_mean"]),
        std=_positive(_colour(photos["image_std"])),
    )


def _sizes(tower: Mapping[str, Any]) -> TransformerSizes:
    width, heads = _count(tower, "hidden_size", 768), _count(tower, "num_attention_heads", 12)
    if width % heads:
        raise ValueError(f"a width of {width} for {heads} heads")
    return TransformerSizes(
        width=width,
        mlp_width=_count(tower, "intermediate_size", 3072),
        layers=_count(tower, "num_hidden_layers", 12),
        heads=heads,
        norm_eps=float(tower.get("layer_norm_eps", 1e-6)),
    )


def _part(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise TypeError(f"{name} {part}")
    return part


def _count(tower: Mapping[str, Any], name: str, usual: int) -> int:
    count = int(tower.get(name, usual))
    if count < 1:
        raise ValueError(f"{name} {count}")
    return count


def _colour(values: Any) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _positive(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    if not min(colour) > 0:
        raise ValueError(f"image_std {colour}")
    return colour


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): fetch it again.") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path} is no configuration: fetch it again.")
    return document
