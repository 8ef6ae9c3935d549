"""Makes the shipped demo encoders: draws worlds, teaches the teacher, brings satellites into its space.

Text is read by the teacher alone; the satellite towers see tiles and photos, never words or truth.
"""

import functools
import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from open_clip import CLIP
from torch import nn

from graft_core.errors import TrainError
from graft_core.evaluate.drawn import (
    PIXEL_M,
    TILE_PX,
    DrawnPairs,
    LabelledTiles,
    draw_labelled_photos,
    draw_labelled_tiles,
    draw_pairs,
    for_each_seed,
    join_pairs,
)
from graft_core.evaluate.metrics import mean_average_precision_at_k, top1_accuracy
from graft_core.models.card import Card, Holds, save_card
from graft_core.models.clip import CLIP_MEAN, CLIP_STD, DEMO_CONFIG, build_clip, model_config, tokenizer
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.train.config import OptimizerConfig, optimizer_config, read_toml
from graft_core.train.data import PairSet
from graft_core.train.graft import train_image_level
from graft_core.train.loop import StepMetrics
from graft_core.train.teacher import embed_images, train_teacher
from graft_core.types import F32, EncoderSpec, QueryDefaults, SensorName
from graft_core.world import land

TEACHER = "demo-teacher"
ENCODERS: dict[SensorName, str] = {"naip": "graft-demo-naip", "sentinel2": "graft-demo-sentinel2"}
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class DemoConfig:
    """Which worlds are drawn and how long each tower is trained."""

    training_seeds: tuple[int, ...]
    """Worlds that pairs and captions come from."""
    validation_seeds: tuple[int, ...]
    """Worlds that temperatures are chosen on; never trained on."""
    photos_per_world: int
    """Photos scattered over each world and sensor."""
    validation_tiles: int
    """Tiles drawn of each validation world."""
    validation_photos: int
    """Photos drawn of each validation world."""
    teacher: OptimizerConfig
    """Schedule of the small CLIP."""
    encoder: OptimizerConfig
    """Schedule of each satellite tower."""
    defaults: QueryDefaults
    """How the demo encoders like to be asked; the temperature is replaced by the measured one."""


def read_config(path: Path) -> DemoConfig:
    """Read a demo training configuration.

    Raises:
        TrainError: the file is missing, not TOML, or has an unknown or missing key.
    """
    table = read_toml(path)
    try:
        worlds, query = table.pop("worlds"), table.pop("query")
        config = DemoConfig(
            training_seeds=tuple(range(worlds.pop("first_seed"), worlds.pop("last_seed") + 1)),
            validation_seeds=tuple(worlds.pop("validation_seeds")),
            photos_per_world=worlds.pop("photos_per_world"),
            validation_tiles=worlds.pop("validation_tiles"),
            validation_photos=worlds.pop("validation_photos"),
            teacher=optimizer_config(table.pop("teacher"), where="[teacher]"),
            encoder=optimizer_config(table.pop("encoder"), where="[encoder]"),
            defaults=QueryDefaults(
                tuple(query.pop("templates")),
                tuple(query.pop("background")),
                query.pop("temperature"),
                query.pop("bandwidth_tiles"),
            ),
        )
    except KeyError as error:
        raise TrainError(f"'{path}' lacks {error}.") from error
    unknown = [*table, *worlds, *query]
    if unknown:
        raise TrainError(f"Unknown key '{unknown[0]}' in '{path}'.")
    return config


def draw_to_cache(sensor: SensorName, photos: int, cache: Path, seed: int) -> Path:
    """Draw one world's pairs once; the file is named after everything that decides it."""
    path = cache / f"pairs-{sensor}-{seed}-{photos}.npz"
    if not path.exists():
        pairs = draw_pairs(sensor, seed, photos)
        partial = path.with_suffix(f".{os.getpid()}.part.npz")
        np.savez(partial, tiles=pairs.tiles, photos=pairs.photos, owner=pairs.owner, captions=np.array(pairs.captions))
        partial.replace(path)
    return path


def drawn_pairs(sensor: SensorName, config: DemoConfig, cache: Path, workers: int) -> DrawnPairs:
    """Pairs of every training world, drawn in ``workers`` processes where the cache lacks them."""
    cache.mkdir(parents=True, exist_ok=True)
    draw = functools.partial(draw_to_cache, sensor, config.photos_per_world, cache)
    parts = []
    for path in for_each_seed(draw, config.training_seeds, workers):
        with np.load(path) as stored:
            parts.append(
                DrawnPairs(stored["tiles"], stored["photos"], stored["owner"], tuple(map(str, stored["captions"])))
            )
    return join_pairs(parts)


def validation_tiles(sensor: SensorName, config: DemoConfig, workers: int) -> LabelledTiles:
    """Labelled tiles of every validation world."""
    draw = functools.partial(_labelled, sensor, config.validation_tiles)
    parts = for_each_seed(draw, config.validation_seeds, workers)
    return LabelledTiles(np.concatenate([p.tiles for p in parts]), np.concatenate([p.labels for p in parts]))


def _labelled(sensor: SensorName, count: int, seed: int) -> LabelledTiles:
    return draw_labelled_tiles(sensor, seed, count)


def teach(config: DemoConfig, sets: Sequence[DrawnPairs], device: torch.device) -> Iterator[StepMetrics | CLIP]:
    """Train the teacher on the photos and captions of the sets; the last value yielded is the model."""
    torch.manual_seed(config.teacher.seed)
    model = cast(CLIP, build_clip(DEMO_CONFIG).to(device))
    photos = torch.from_numpy(np.concatenate([drawn.photos for drawn in sets])).to(device)
    tokens = tokenizer(model_config(DEMO_CONFIG))([c for drawn in sets for c in drawn.captions]).to(device)
    yield from train_teacher(model, photos, tokens, _normalize(device), config.teacher)
    yield model


def bring_into_space(
    teacher: CLIP, drawn: DrawnPairs, config: DemoConfig, device: torch.device
) -> Iterator[StepMetrics | SatelliteTower]:
    """Train one image-level satellite tower from the teacher's photo tower; the last value yielded is the tower."""
    normalize = _normalize(device)
    photos = embed_images(teacher.visual, torch.from_numpy(drawn.photos).to(device), normalize)
    pairs = PairSet.of(drawn.tiles, photos, drawn.owner, device)
    tower = SatelliteTower.from_photo_tower(teacher.visual, "tile").to(device)
    yield from train_image_level(tower, pairs, normalize, config.encoder)
    yield tower


def _normalize(device: torch.device) -> nn.Module:
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


def save_tower(
    path: Path, name: str, sensor: SensorName, tensors: nn.Module, config: DemoConfig, provenance: dict[str, Any]
) -> Card:
    """Write weights and card of the teacher (sensor ``rgb``) or of a satellite tower."""
    spec = EncoderSpec(
        name=name,
        level="tile",
        sensor=sensor,
        gsd=float(PIXEL_M.get(sensor, 1)),
        tile_px=TILE_PX,
        patch_px=model_config(DEMO_CONFIG)["vision_cfg"]["patch_size"],
        dim=model_config(DEMO_CONFIG)["embed_dim"],
        mean=CLIP_MEAN,
        std=CLIP_STD,
        text_encoder=TEACHER,
        weights_sha256="",
    )
    what = {
        "rgb": "Small CLIP of the demo world: ground photos and words",
        "naip": "Demo world at 1 m: GRAFT, image level",
        "sentinel2": "Demo world at 10 m: GRAFT, image level",
    }[sensor]
    holds: Holds = "clip" if sensor == "rgb" else "satellite"
    card = Card(spec, config.defaults, DEMO_CONFIG, holds, what, LICENCE, provenance)
    return save_card(path / name, tensors.state_dict(), card)


def provenance_of(config: DemoConfig, figures: dict[str, Any], seconds: float, device: torch.device) -> dict[str, Any]:
    """What a card says about where its weights come from."""
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "CPU"
    return {
        "training_seeds": [config.training_seeds[0], config.training_seeds[-1]],
        "validation_seeds": list(config.validation_seeds),
        "photos_per_world": config.photos_per_world,
        "teacher": asdict(config.teacher),
        "encoder": asdict(config.encoder),
        "validation": figures,
        "seconds": round(seconds),
        "hardware": hardware,
        "torch": torch.__version__,
    }


def make_demo_encoders(
    config: DemoConfig, out: Path, cache: Path, device: torch.device, workers: int
) -> Iterator[tuple[str, StepMetrics | dict[str, float]]]:
    """Draw, teach, train and save everything that ships.

    Yields:
        The name of the model at work with the metrics of a reported step, or with its validation figures.
    """
    drawn = {sensor: drawn_pairs(sensor, config, cache, workers) for sensor in ENCODERS}
    started = time.monotonic()
    for step in teach(config, list(drawn.values()), device):
        if isinstance(step, StepMetrics):
            yield TEACHER, step
        else:
            teacher = step
    texts = embed_words(teacher, land.CLASSES, config.defaults.templates, device)
    figures = _photo_figures(teacher, texts, config, device)
    yield TEACHER, figures
    save_tower(out, TEACHER, "rgb", teacher, config, provenance_of(config, figures, time.monotonic() - started, device))
    for sensor, name in ENCODERS.items():
        started = time.monotonic()
        check = validation_tiles(sensor, config, workers)
        asked = torch.from_numpy(check.tiles).to(device)
        for step in bring_into_space(teacher, drawn[sensor], config, device):
            if isinstance(step, StepMetrics):
                yield name, step
                continue
            figures = zero_shot_figures(embed_images(step, asked, _normalize(device)), check.labels, texts)
            plain = zero_shot_figures(embed_images(teacher.visual, asked, _normalize(device)), check.labels, texts)
            figures |= {f"teacher_{key}": value for key, value in plain.items()}
            yield name, figures
            card = provenance_of(config, figures, time.monotonic() - started, device)
            save_tower(out, name, sensor, step, config, card)


def _photo_figures(teacher: CLIP, texts: F32, config: DemoConfig, device: torch.device) -> dict[str, float]:
    """Zero-shot on photos of the validation worlds."""
    photos, labels = draw_labelled_photos(config.validation_seeds, config.validation_photos)
    return zero_shot_figures(
        embed_images(teacher.visual, torch.from_numpy(photos).to(device), _normalize(device)),
        labels,
        texts,
    )
