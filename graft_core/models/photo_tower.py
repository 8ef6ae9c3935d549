"""The photo tower of a CLIP: what GRAFT aims at, and what it starts from."""

from dataclasses import dataclass
from pathlib import Path

from open_clip.transformer import VisionTransformer

from graft_core.errors import ModelError
from graft_core.models.architectures import config_files, model_config
from graft_core.models.encoder import LazyEncoder
from graft_core.models.registry import find_model, load_encoder
from graft_core.models.sources import CardRecipe, ClipRecipe, ModelEntry


@dataclass(frozen=True)
class PhotoTower:
    """A teacher, ready to be copied."""

    name: str
    """What a card calls it: a registry name, or an absolute path."""
    encoder: LazyEncoder
    """Its photo and text tower."""
    config: str
    """open_clip configuration that builds the same architecture."""
    licence: str
    """Of its weights."""

    @property
    def visual(self) -> VisionTransformer:
        """The tower itself, shared with everybody who embeds photos with it.

        Raises:
            ModelError: it is no vision transformer with a CLS token.
        """
        visual = self.encoder.space().visual
        if not isinstance(visual, VisionTransformer):
            raise ModelError(
                f"The photo tower of {self.name!r} is a {type(visual).__name__}, and GRAFT starts from a vision "
                "transformer: choose a teacher like clip-vit-b-16."
            )
        return visual


def photo_tower(name: str, *, device: str = "auto") -> PhotoTower:
    """The teacher of a name that ``find_model`` understands.

    Raises:
        ModelError: there is no such model, it has no photo tower, or its weights are missing.
    """
    entry = find_model(name)
    config = _config(entry)
    is_file = name.endswith((".json", ".safetensors")) and Path(name).expanduser().is_file()
    called = str(Path(name).expanduser().resolve()) if is_file else entry.name
    return PhotoTower(called, load_encoder(name, device=device), config, entry.licence)


def _config(entry: ModelEntry) -> str:
    recipe = entry.recipe
    if isinstance(recipe, CardRecipe) and recipe.card.holds == "clip":
        return recipe.card.config
    if not isinstance(recipe, ClipRecipe):
        raise ModelError(
            f"{entry.name!r} has no photo tower to start from: choose a CLIP as the teacher, such as clip-vit-b-16."
        )
    quick = recipe.quick_gelu and not model_config(recipe.config).get("quick_gelu", False)
    config = f"{recipe.config}-quickgelu" if quick else recipe.config
    if quick and config not in config_files():
        raise ModelError(
            f"open_clip has no configuration {config}, which {entry.name!r} needs: choose another teacher."
        )
    return config
