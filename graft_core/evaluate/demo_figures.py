"""What the cards of the demo encoders state: figures on worlds that no tower was trained on."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from open_clip import CLIP
from torch import nn

from graft_core.evaluate.demo_recipe import DemoConfig, DemoEncoder
from graft_core.evaluate.drawn import (
    LabelledTiles,
    draw_labelled_photos,
    draw_labelled_tiles,
    draw_mapped_tiles,
    for_each_seed,
)
from graft_core.evaluate.metrics import confusion_matrix, mean_average_precision_at_k, mean_iou, top1_accuracy
from graft_core.models.clip import CLIP_MEAN, CLIP_STD, DEMO_CONFIG, model_config, tokenizer
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.train.teacher import embed_images
from graft_core.types import F32, I64, U8, SensorName
from graft_core.world import land


def plain(device: torch.device) -> nn.Module:
    """Pixels in [0, 1] -> the input of every tower of the demo."""
    return Normalize(CLIP_MEAN, CLIP_STD).to(device)


def embed_words(model: CLIP, words: Sequence[str], templates: Sequence[str], device: torch.device) -> F32:
    """N words -> (N, D) unit rows, the mean over the templates."""
    tokenize = tokenizer(model_config(DEMO_CONFIG))
    with torch.inference_mode():
        rows = sum(
            model.encode_text(tokenize([t.format(w) for w in words]).to(device), normalize=True).float()
            for t in templates
        )
    result: F32 = nn.functional.normalize(rows, dim=-1).cpu().numpy()
    return result


def zero_shot_figures(embedded: F32, labels: np.ndarray, class_texts: F32) -> dict[str, float]:
    """Top-1 and mAP@20 of embedded tiles or photos against one text row a class."""
    scores = embedded @ class_texts.T
    return {
        "top1": round(top1_accuracy(scores, labels), 4),
        "map_at_20": round(mean_average_precision_at_k(scores, labels, 20), 4),
    }


def tile_figures(tower: nn.Module, teacher: CLIP, texts: F32, check: "Check") -> dict[str, float]:
    """Zero-shot on labelled tiles of the validation worlds, of an image-level tower and of where it started."""
    tiles = torch.from_numpy(check.tiles).to(check.device)
    figures: dict[str, float] = {}
    for prefix, each in {"": tower, "teacher_": teacher.visual}.items():
        embedded = embed_images(each, tiles, plain(check.device))
        figures |= {f"{prefix}{key}": v for key, v in zero_shot_figures(embedded, check.labels, texts).items()}
    return figures


def patch_figures(tower: nn.Module, teacher: CLIP, texts: F32, check: "Check") -> dict[str, float]:
    """mIoU of the classes over the pixels of validation tiles, of a pixel-level tower and of where it started."""
    start = SatelliteTower.from_photo_tower(teacher.visual, "patch").eval()
    tiles = torch.from_numpy(check.tiles).to(check.device)
    figures = {}
    for name, each in {"miou": tower, "teacher_miou": start}.items():
        tokens = embed_images(each, tiles, plain(check.device))  # (T, h, w, D)
        said = (tokens @ texts.T).argmax(axis=-1)  # (T, h, w)
        across = check.tiles.shape[1] // said.shape[1]
        pixels = said.repeat(across, axis=1).repeat(across, axis=2)  # (T, S, S)
        figures[name] = round(mean_iou(confusion_matrix(check.labels, pixels, len(texts))), 4)
    return figures


@dataclass(frozen=True)
class Check:
    """Tiles of the validation worlds and what is true of them."""

    tiles: U8
    """(T, S, S, 3) RGB."""
    labels: I64
    """Class row of each tile (T,), or of each of its pixels (T, S, S); -1 where there is none."""
    device: torch.device
    """Where they are embedded."""


def validation_set(made: DemoEncoder, config: DemoConfig, device: torch.device, workers: int) -> Check:
    """Tiles to measure an encoder on, drawn from every validation world."""
    draw = draw_labelled_tiles if made.level == "tile" else draw_mapped_tiles
    parts = for_each_seed(
        functools.partial(_check, draw, made.sensor, config.validation_tiles), config.validation_seeds, workers
    )
    return Check(
        np.concatenate([part.tiles for part in parts]), np.concatenate([part.labels for part in parts]), device
    )


def _check(
    draw: Callable[[SensorName, int, int], LabelledTiles], sensor: SensorName, count: int, seed: int
) -> LabelledTiles:
    return draw(sensor, seed, count)


def photo_figures(teacher: CLIP, config: DemoConfig, device: torch.device) -> dict[str, float]:
    """Zero-shot on photos of the validation worlds."""
    photos, labels = draw_labelled_photos(config.validation_seeds, config.validation_photos)
    embedded = embed_images(teacher.visual, torch.from_numpy(photos).to(device), plain(device))
    texts = embed_words(teacher, land.CLASSES, config.defaults.templates, device)
    return zero_shot_figures(embedded, labels, texts)
