"""Makes the shipped demo encoders: draws worlds, teaches the teacher, brings satellites into its space.

Text is read by the teacher alone; the satellite towers see tiles and photos, never words or truth.
"""

import functools
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
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
    draw_mapped_tiles,
    draw_pairs,
    for_each_seed,
    join_pairs,
    placed_photos,
)
from graft_core.evaluate.metrics import confusion_matrix, mean_average_precision_at_k, mean_iou, top1_accuracy
from graft_core.models.card import Card, Holds, save_card
from graft_core.models.clip import CLIP_MEAN, CLIP_STD, DEMO_CONFIG, build_clip, model_config, tokenizer
from graft_core.models.device import hardware_name
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.models.registry import load_encoder
from graft_core.train.config import LossConfig, OptimizerConfig, optimizer_config, read_toml
from graft_core.train.data import PairSet
from graft_core.train.graft import train_encoder
from graft_core.train.loop import StepMetrics
from graft_core.train.teacher import embed_images, train_teacher
from graft_core.types import F32, I64, U8, EncoderSpec, Level, QueryDefaults, SensorName
from graft_core.world import land

TEACHER = "demo-teacher"


@dataclass(frozen=True)
class DemoEncoder:
    """One satellite tower that ships."""

    name: str
    """Registry name."""
    sensor: SensorName
    """Imagery it reads."""
    level: Level
    """Image level or pixel level."""
    what: str
    """One line for the list of models."""


ENCODERS = (
    DemoEncoder("graft-demo-naip", "naip", "tile", "Demo world at 1 m: GRAFT, image level"),
    DemoEncoder("graft-demo-sentinel2", "sentinel2", "tile", "Demo world at 10 m: GRAFT, image level"),
    DemoEncoder("graft-demo-naip-patch", "naip", "patch", "Demo world at 1 m: GRAFT, pixel level"),
    DemoEncoder("graft-demo-sentinel2-patch", "sentinel2", "patch", "Demo world at 10 m: GRAFT, pixel level"),
)
SENSORS: tuple[SensorName, ...] = ("naip", "sentinel2")
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
    """Schedule of each image-level tower."""
    pixel_encoder: OptimizerConfig
    """Schedule of each pixel-level tower."""
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
            pixel_encoder=optimizer_config(table.pop("pixel_encoder"), where="[pixel_encoder]"),
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
    for seed, path in zip(config.training_seeds, for_each_seed(draw, config.training_seeds, workers), strict=True):
        placed = placed_photos(sensor, seed, config.photos_per_world)
        with np.load(path) as stored:
            captions = tuple(map(str, stored["captions"]))
            drawn = DrawnPairs(
                stored["tiles"], stored["photos"], stored["owner"], captions, placed.pixel, placed.centers
            )
        parts.append(drawn)
    return join_pairs(parts)


def teach(config: DemoConfig, sets: Sequence[DrawnPairs], device: torch.device) -> Iterator[StepMetrics | CLIP]:
    """Train the teacher on the photos and captions of the sets; the last value yielded is the model."""
    torch.manual_seed(config.teacher.seed)
    model = cast(CLIP, build_clip(DEMO_CONFIG).to(device))
    photos = torch.from_numpy(np.concatenate([drawn.photos for drawn in sets])).to(device)
    tokens = tokenizer(model_config(DEMO_CONFIG))([c for drawn in sets for c in drawn.captions]).to(device)
    yield from train_teacher(model, photos, tokens, _normalize(device), config.teacher)
    yield model


def bring_into_space(
    teacher: CLIP, drawn: DrawnPairs, optimizer: OptimizerConfig, level: Level, device: torch.device
) -> Iterator[StepMetrics | SatelliteTower]:
    """Train one satellite tower from the teacher's photo tower; the last value yielded is the tower."""
    normalize = _normalize(device)
    photos = embed_images(teacher.visual, torch.from_numpy(drawn.photos).to(device), normalize)
    pairs = PairSet.of(drawn.tiles, photos, drawn.owner, device, pixel=drawn.pixel, centers=drawn.centers)
    tower = SatelliteTower.from_photo_tower(teacher.visual, level).to(device)
    yield from train_encoder(tower, pairs, normalize, optimizer, LossConfig(), level)
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


def tile_figures(tower: nn.Module, teacher: CLIP, texts: F32, check: "Check") -> dict[str, float]:
    """Zero-shot on labelled tiles of the validation worlds, of an image-level tower and of where it started."""
    tiles = torch.from_numpy(check.tiles).to(check.device)
    figures: dict[str, float] = {}
    for prefix, each in {"": tower, "teacher_": teacher.visual}.items():
        embedded = embed_images(each, tiles, _normalize(check.device))
        figures |= {f"{prefix}{key}": v for key, v in zero_shot_figures(embedded, check.labels, texts).items()}
    return figures


def patch_figures(tower: nn.Module, teacher: CLIP, texts: F32, check: "Check") -> dict[str, float]:
    """mIoU of the classes over the pixels of validation tiles, of a pixel-level tower and of where it started."""
    start = SatelliteTower.from_photo_tower(teacher.visual, "patch").eval()
    tiles = torch.from_numpy(check.tiles).to(check.device)
    figures = {}
    for name, each in {"miou": tower, "teacher_miou": start}.items():
        tokens = embed_images(each, tiles, _normalize(check.device))  # (T, h, w, D)
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


def save_tower(
    path: Path, made: DemoEncoder | None, tower: nn.Module, config: DemoConfig, provenance: dict[str, Any]
) -> Card:
    """Write weights and card of the teacher (``made`` is None) or of a satellite tower."""
    spec = EncoderSpec(
        name=made.name if made else TEACHER,
        level=made.level if made else "tile",
        sensor=made.sensor if made else "rgb",
        gsd=float(PIXEL_M[made.sensor]) if made else 1.0,
        tile_px=TILE_PX,
        patch_px=model_config(DEMO_CONFIG)["vision_cfg"]["patch_size"],
        dim=model_config(DEMO_CONFIG)["embed_dim"],
        mean=CLIP_MEAN,
        std=CLIP_STD,
        text_encoder=TEACHER,
        weights_sha256="",
    )
    what = made.what if made else "Small CLIP of the demo world: ground photos and words"
    holds: Holds = "satellite" if made else "clip"
    card = Card(spec, config.defaults, DEMO_CONFIG, holds, what, LICENCE, provenance)
    return save_card(path / spec.name, tower.state_dict(), card)


def provenance_of(
    config: DemoConfig, schedule: OptimizerConfig, figures: dict[str, float], seconds: float, device: torch.device
) -> dict[str, Any]:
    """What a card says about where its weights come from."""
    return {
        "training_seeds": [config.training_seeds[0], config.training_seeds[-1]],
        "validation_seeds": list(config.validation_seeds),
        "photos_per_world": config.photos_per_world,
        "schedule": asdict(schedule),
        "validation": figures,
        "seconds": round(seconds),
        "hardware": hardware_name(device),
        "torch": torch.__version__,
    }


def make_demo_encoders(
    config: DemoConfig,
    out: Path,
    cache: Path,
    device: torch.device,
    workers: int,
    only: Collection[str] = (),
) -> Iterator[tuple[str, StepMetrics | dict[str, float]]]:
    """Draw, teach, train and save what ships.

    Args:
        config: worlds and schedules.
        out: folder of the weights and cards.
        cache: folder of the drawn worlds.
        device: where towers are trained.
        workers: processes that draw.
        only: names of the models to make, instead of all; the teacher is then taken from ``out``, or as it ships.

    Yields:
        The name of the model at work with the metrics of a reported step, or with its validation figures.

    Raises:
        TrainError: a name is none of those that ship.
    """
    known = (TEACHER, *(made.name for made in ENCODERS))
    if unknown := sorted(set(only) - set(known)):
        raise TrainError(f"'{unknown[0]}' is not made by this configuration; it makes {', '.join(known)}.")
    wanted = [made for made in ENCODERS if not only or made.name in only]
    sensors = SENSORS if not only or TEACHER in only else tuple({made.sensor: None for made in wanted})
    drawn = {sensor: drawn_pairs(sensor, config, cache, workers) for sensor in sensors}
    if not only or TEACHER in only:
        started = time.monotonic()
        for step in teach(config, list(drawn.values()), device):
            if isinstance(step, StepMetrics):
                yield TEACHER, step
            else:
                teacher = step
        figures = _photo_figures(teacher, config, device)
        card = provenance_of(config, config.teacher, figures, time.monotonic() - started, device)
        save_tower(out, None, teacher, config, card)
        yield TEACHER, figures
    teacher = _existing_teacher(out, device)  # as it was saved, in half precision: what photos are embedded with later
    for made in wanted:
        yield from _make_encoder(made, teacher, drawn[made.sensor], config, out, device, workers)


def _make_encoder(
    made: DemoEncoder,
    teacher: CLIP,
    drawn: DrawnPairs,
    config: DemoConfig,
    out: Path,
    device: torch.device,
    workers: int,
) -> Iterator[tuple[str, StepMetrics | dict[str, float]]]:
    schedule = config.encoder if made.level == "tile" else config.pixel_encoder
    check = validation_set(made, config, device, workers)
    texts = embed_words(teacher, land.CLASSES, config.defaults.templates, device)
    started = time.monotonic()
    for step in bring_into_space(teacher, drawn, schedule, made.level, device):
        if isinstance(step, StepMetrics):
            yield made.name, step
            continue
        measure = tile_figures if made.level == "tile" else patch_figures
        figures = measure(step, teacher, texts, check)
        card = provenance_of(config, schedule, figures, time.monotonic() - started, device)
        save_tower(out, made, step, config, card)
        yield made.name, figures


def _existing_teacher(out: Path, device: torch.device) -> CLIP:
    saved = out / f"{TEACHER}.json"
    return cast(CLIP, load_encoder(str(saved) if saved.is_file() else TEACHER, device=str(device)).space().model)


def _photo_figures(teacher: CLIP, config: DemoConfig, device: torch.device) -> dict[str, float]:
    """Zero-shot on photos of the validation worlds."""
    photos, labels = draw_labelled_photos(config.validation_seeds, config.validation_photos)
    embedded = embed_images(teacher.visual, torch.from_numpy(photos).to(device), _normalize(device))
    texts = embed_words(teacher, land.CLASSES, config.defaults.templates, device)
    return zero_shot_figures(embedded, labels, texts)
