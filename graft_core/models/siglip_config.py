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
        config = _config(document.get("vision_config", {}), document.get("text_config", {}), photos)
    except (KeyError, TypeError, ValueError, IndexError) as error:
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
    side = int(vision.get("image_size", 224))
    if {"height": side, "width": side} != photos["size"]:
        raise ValueError(f"photos of {photos['size']} for a tower of {side} px")
    return SiglipConfig(
        vision=_sizes(vision),
        text=_sizes(text),
        image_px=side,
        patch_px=int(vision.get("patch_size", 16)),
        context=int(text.get("max_position_embeddings", 64)),
        vocabulary=int(text.get("vocab_size", 32000)),
        mean=_colour(photos["image_mean"]),
        std=_colour(photos["image_std"]),
    )


def _sizes(tower: Mapping[str, Any]) -> TransformerSizes:
    return TransformerSizes(
        width=int(tower.get("hidden_size", 768)),
        mlp_width=int(tower.get("intermediate_size", 3072)),
        layers=int(tower.get("num_hidden_layers", 12)),
        heads=int(tower.get("num_attention_heads", 12)),
        norm_eps=float(tower.get("layer_norm_eps", 1e-6)),
    )


def _colour(values: Any) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): fetch it again.") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path} is no configuration: fetch it again.")
    return document
