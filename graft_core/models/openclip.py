"""Models by open_clip's own names: ``ViT-B-16@openai``, ``ViT-B-32@/path/file.pt``, ``hf-hub:owner/name``."""

import os
from pathlib import Path
from typing import Any

from graft_core.errors import ModelError
from graft_core.models.architectures import CLIP_MEAN, CLIP_STD, config_files, input_shape, model_config, preprocessing
from graft_core.models.catalogue import SATELLITE_WORDS, SENSOR_GSD
from graft_core.models.sources import ClipRecipe, HubFile, ModelEntry, ResizeMode, Url, WantedFile, default_folder

HUB = "hf-hub:"
FOLDER = "local-dir:"
HUB_CONFIG = "open_clip_config.json"
HUB_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
WEIGHT_ENDINGS = (".pt", ".pth", ".bin", ".safetensors", ".ckpt")


def entry_by_name(name: str) -> ModelEntry | None:
    """The model an open_clip name stands for, or None where the name has none of the three forms."""
    if name.startswith(HUB):
        return _hub_entry(name, name.removeprefix(HUB))
    if name.startswith(FOLDER):
        return _folder_entry(name, Path(name.removeprefix(FOLDER)))
    architecture, at, weights = name.partition("@")
    if not at:
        return None
    model_config(architecture)  # an unknown one is refused here
    if os.sep in weights or weights.endswith(WEIGHT_ENDINGS):
        return _file_entry(name, architecture, Path(os.path.expanduser(weights)))
    return _tag_entry(name, architecture, weights)


def _file_entry(name: str, architecture: str, path: Path) -> ModelEntry:
    if not path.is_file():
        raise ModelError(f"There is no file {path}: check what stands after the @ in {name!r}.")
    recipe = ClipRecipe(architecture, None, CLIP_MEAN, CLIP_STD)
    what = f"{architecture} with the weights in {path.name}"
    return _entry(name, what, "of the file", (WantedFile((path.name,)),), path.resolve().parent, recipe)


def _tag_entry(name: str, architecture: str, tag: str) -> ModelEntry:
    """Weights that open_clip knows by a tag; its list of them can only be read by importing it."""
    import open_clip

    known: dict[str, Any] = open_clip.get_pretrained_cfg(architecture, tag)
    if not known:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise ModelError(
            f"open_clip knows no weights {tag!r} for {architecture}; it has {', '.join(tags) or 'none'}, "
            f"or write the path of a file: {architecture}@/path/file.pt."
        )
    stem = f"{architecture}.{tag}"
    sources: list[HubFile | Url] = []
    if hub := known.get("hf_hub"):
        repo, _, file = hub.rpartition("/")
        for path in [file] if file else HUB_WEIGHTS:
            sources.append(HubFile(repo, path, stem + Path(path).suffix))
    if address := known.get("url"):
        sources.append(Url(address, stem + Path(address).suffix))
    names = tuple(dict.fromkeys(source.saved_as for source in sources))
    recipe = ClipRecipe(architecture, bool(known.get("quick_gelu")), *_colours(known), _resize(known))
    what = f"{architecture} as open_clip knows it under {tag}"
    return _entry(name, what, "see its hub page", (WantedFile(names, tuple(sources)),), default_folder(), recipe)


def _hub_entry(name: str, repo: str) -> ModelEntry:
    if repo.count("/") != 1 or repo.startswith("/") or repo.endswith("/"):
        raise ModelError(f"{name!r} is not a model on the hub: write hf-hub:owner/name.")
    folder = default_folder() / repo.replace("/", "--")
    weights = WantedFile(HUB_WEIGHTS, tuple(HubFile(repo, path, path) for path in HUB_WEIGHTS))
    config = WantedFile((HUB_CONFIG,), (HubFile(repo, HUB_CONFIG, HUB_CONFIG),))
    recipe = _recipe_of(config.locate(folder))
    what = f"{repo} on the Hugging Face hub"
    return _entry(name, what, "see its hub page", (weights, config), folder, recipe)


def _folder_entry(name: str, folder: Path) -> ModelEntry:
    if not (folder / HUB_CONFIG).is_file():
        raise ModelError(f"There is no {HUB_CONFIG} in {folder}: choose a folder that open_clip wrote.")
    files = (WantedFile(HUB_WEIGHTS), WantedFile((HUB_CONFIG,)))
    what = f"open_clip model in {folder}"
    return _entry(name, what, "of the folder", files, folder.resolve(), _recipe_of(folder / HUB_CONFIG))


def _recipe_of(config: Path | None) -> ClipRecipe | None:
    """What an ``open_clip_config.json`` asks for; None as long as it has not been fetched."""
    if config is None:
        return None
    model_config(str(config))  # an unreadable one is refused here
    settings = preprocessing(config)
    return ClipRecipe(str(config.resolve()), None, *_colours(settings), _resize(settings))


def _entry(
    name: str, what: str, licence: str, files: tuple[WantedFile, ...], folder: Path, recipe: ClipRecipe | None
) -> ModelEntry:
    size = input_shape(model_config(recipe.config), name).tile_px if recipe else None
    return ModelEntry(
        name=name,
        kind="encoder",
        what=what,
        licence=licence,
        files=files,
        folder=folder,
        recipe=recipe,
        sensor="rgb",
        level="tile",
        gsd=SENSOR_GSD["rgb"],
        tile_px=size,
        defaults=SATELLITE_WORDS,
    )


def _colours(settings: dict[str, Any]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and standard deviation of a preprocessing configuration, CLIP's where it states none."""
    mean, std = settings.get("mean") or CLIP_MEAN, settings.get("std") or CLIP_STD
    return (float(mean[0]), float(mean[1]), float(mean[2])), (float(std[0]), float(std[1]), float(std[2]))


def _resize(settings: dict[str, Any]) -> ResizeMode:
    """How photos are resized; ``longest`` pads, which no model here was trained on, so it is read as ``shortest``."""
    return "squash" if settings.get("resize_mode") == "squash" else "shortest"


def is_architecture(name: str) -> bool:
    """Whether a name is an open_clip architecture without weights."""
    return name in config_files()
