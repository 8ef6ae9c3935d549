"""Builds towers from weights on disk; imported when the first tower is used."""

import threading
from pathlib import Path
from typing import cast

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.architectures import architecture_of, input_shape, model_config
from graft_core.models.card import load_card
from graft_core.models.clip import ClipTowers, PhotoInput, assemble, build_clip, load_state, tokenizer
from graft_core.models.graft import SatelliteTower, TileRunner
from graft_core.models.hf_vit import VitShape, to_open_clip
from graft_core.models.siglip import SiglipTowers
from graft_core.models.sources import CardRecipe, ClipRecipe, SiglipRecipe, SpaceRecipe
from graft_core.models.torch_file import open_torch_file
from graft_core.models.weights import read_weights
from graft_core.types import EncoderSpec, Level

SMALLEST_TEXT = {"context_length": 1, "vocab_size": 1, "width": 64, "heads": 1, "layers": 1}

_spaces: dict[tuple[str, str, ClipRecipe | SiglipRecipe | None], ClipTowers] = {}
_spaces_lock = threading.Lock()


def shared_space(recipe: SpaceRecipe, weights: Path, sha256: str, device: torch.device) -> ClipTowers:
    """Photo and text tower; encoders that lean on the same weights share one copy of them."""
    with _spaces_lock:
        key = (sha256, str(device), None if isinstance(recipe, CardRecipe) else recipe)
        if key not in _spaces:
            if isinstance(recipe, CardRecipe):
                _spaces[key] = _card_space(recipe, device)
            elif isinstance(recipe, SiglipRecipe):
                _spaces[key] = SiglipTowers(recipe, weights, device)
            else:
                _spaces[key] = _clip_space(recipe, weights, device)
        return _spaces[key]


def _card_space(recipe: CardRecipe, device: torch.device) -> ClipTowers:
    card, tensors = load_card(recipe.path)
    if card.holds != "clip":
        raise ModelError(f"{recipe.path} holds a satellite tower, no text tower: name a CLIP as the text encoder.")
    model = build_clip(card.config)
    load_state(model, tensors, wanted=card.config, source=str(recipe.path))
    photo = PhotoInput(card.spec.tile_px, card.spec.mean, card.spec.std)
    return ClipTowers(model, tokenizer(model_config(card.config)), photo, device)


def _clip_space(recipe: ClipRecipe, weights: Path, device: torch.device) -> ClipTowers:
    config, found = model_config(recipe.config), read_weights(weights)
    quick_gelu = True if found.scripted and recipe.quick_gelu is None else recipe.quick_gelu
    model = assemble(config, recipe.config, quick_gelu=quick_gelu)
    tensors = dict(found.tensors)
    if found.scripted:  # masks and other constants stand among the parameters there
        tensors = {name: tensors[name] for name in model.state_dict() if name in tensors}
    for scalar in ("logit_scale", "logit_bias"):  # some trainers save them with one axis, some with none
        own = getattr(model, scalar, None)
        if isinstance(own, Tensor) and scalar in tensors and tensors[scalar].numel() == own.numel():
            tensors[scalar] = tensors[scalar].reshape(own.shape)
    try:
        load_state(model, tensors, wanted=recipe.config, source=str(weights))
    except ModelError as error:
        likely = architecture_of({name: tuple(tensor.shape) for name, tensor in tensors.items()})
        if likely is None or likely.removesuffix("-quickgelu") == recipe.config.removesuffix("-quickgelu"):
            raise
        raise ModelError(f"{error} It looks like {likely}: write {likely}@{weights}.") from error
    photo = PhotoInput(input_shape(config, recipe.config).tile_px, recipe.mean, recipe.std, recipe.resize)
    return ClipTowers(model, tokenizer(config), photo, device)


def card_tower(recipe: CardRecipe, spec: EncoderSpec, device: torch.device) -> TileRunner:
    """The satellite tower of one of our own files."""
    card, tensors = load_card(recipe.path)
    config = model_config(card.config)
    visual = cast(VisionTransformer, assemble({**config, "text_cfg": SMALLEST_TEXT}, card.config).visual)
    tower = SatelliteTower(visual, spec.level)
    load_state(tower, tensors, wanted=f"a {spec.level}-level tower of {card.config}", source=str(recipe.path))
    return TileRunner(tower, spec, device)


def released_tower(weights: Path, shape: VitShape, level: Level, spec: EncoderSpec, device: torch.device) -> TileRunner:
    """The satellite tower of a checkpoint that GRAFT's authors released; it began as CLIP, so it has QuickGELU.

    ``level`` is what the checkpoint was trained for; what leaves the tower is up to the spec.
    """
    tensors = to_open_clip(open_torch_file(weights).read(), level, str(weights))
    config = {"embed_dim": shape.dim, "vision_cfg": shape.vision_config, "text_cfg": SMALLEST_TEXT}
    visual = cast(VisionTransformer, assemble(config, spec.name, quick_gelu=True).visual)
    load_state(visual, tensors, wanted=f"a vision transformer of width {shape.width}", source=str(weights))
    return TileRunner(SatelliteTower(visual, spec.level), spec, device)


def photo_tokens(visual: nn.Module) -> SatelliteTower:
    """Every token of a photo tower, in a copy: the tower itself goes on embedding photos."""
    return SatelliteTower.from_photo_tower(cast(VisionTransformer, visual), "patch")
