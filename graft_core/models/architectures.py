"""Model configurations in open_clip's format, read without importing it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from graft_core.errors import ModelError

CONFIGS_DIR = Path(__file__).resolve().parent / "configs"
DEMO_CONFIG = "graft-demo"
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
RESNET_STRIDE = 32


@dataclass(frozen=True)
class InputShape:
    """What a photo tower takes and gives."""

    tile_px: int
    """Side of the square input, pixels."""
    patch_px: int
    """Side of one token, pixels; the stride of a convolutional tower."""
    dim: int
    """Length of an embedding."""


@cache
def config_files() -> dict[str, Path]:
    """Name -> file of every configuration: ours, then those in open_clip's wheel."""
    folders = [CONFIGS_DIR]
    package = find_spec("open_clip")
    if package is not None and package.origin is not None:
        folders.insert(0, Path(package.origin).parent / "model_configs")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}


def model_config(name: str) -> dict[str, Any]:
    """The architecture called ``name``, or the one in an ``open_clip_config.json`` if ``name`` is its path."""
    path = Path(name) if name.endswith(".json") else config_files().get(name)
    if path is None:
        close = get_close_matches(name, config_files(), n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "ViT-B-16 and ViT-B-32 are two it has."
        raise ModelError(f"open_clip has no architecture {name!r}; {hint}")
    try:
        document = json.loads(path.read_bytes())
        config: dict[str, Any] = document.get("model_cfg", document)
        if not {"embed_dim", "vision_cfg", "text_cfg"} <= config.keys():
            raise ModelError(f"{path} is not an open_clip configuration: it lacks embed_dim, vision_cfg or text_cfg.")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"The configuration {path} cannot be read ({error}): fetch it again.") from error
    return config


def preprocessing(path: Path) -> dict[str, Any]:
    """The ``preprocess_cfg`` of an ``open_clip_config.json``, empty where it has none."""
    settings = json.loads(path.read_bytes()).get("preprocess_cfg", {})
    return dict(settings)


def input_shape(config: dict[str, Any], name: str) -> InputShape:
    """Sizes a configuration promises; ``name`` is what an error calls it."""
    vision = config["vision_cfg"]
    size = vision.get("image_size", 224)
    if isinstance(size, list):
        if len(set(size)) != 1:
            raise ModelError(
                f"{name!r} takes {size[0]} x {size[1]} px images, and tiles are square: choose another model."
            )
        size = size[0]
    if isinstance(vision.get("layers"), list):
        patch = RESNET_STRIDE
    elif timm_name := vision.get("timm_model_name"):
        stated = re.search(r"patch(\d+)", timm_name)
        patch = int(stated.group(1)) if stated else RESNET_STRIDE
    else:
        patch = vision.get("patch_size", 16)
    return InputShape(int(size), int(patch), int(config["embed_dim"]))


def architecture_of(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The open_clip configuration that tensors of these shapes belong to, or None where none is found."""
    first, text, head = (shapes.get(name) for name in ("visual.conv1.weight", "token_embedding.weight", "visual.proj"))
    if first is None or text is None or head is None or "visual.positional_embedding" not in shapes:
        return None
    blocks = {name.split(".")[3] for name in shapes if name.startswith("visual.transformer.resblocks.")}
    side = round((shapes["visual.positional_embedding"][0] - 1) ** 0.5) * first[-1]
    sizes = (first[0], first[-1], len(blocks), side, head[1], text[1])
    matches = [name for name in config_files() if _sizes(model_config(name)) == sizes]
    return min(matches, key=len, default=None)


def _sizes(config: dict[str, Any]) -> tuple[Any, ...]:
    vision, text = config["vision_cfg"], config["text_cfg"]
    photo = (vision.get("width", 768), vision.get("patch_size", 16), vision.get("layers", 12))
    return (*photo, vision.get("image_size", 224), config["embed_dim"], text.get("width", 512))
