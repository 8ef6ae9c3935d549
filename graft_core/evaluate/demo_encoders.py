"""Makes the shipped demo encoders: draws worlds, teaches the teacher, brings satellites into its space.

Text is read by the teacher alone; the satellite towers see tiles and photos, never words or truth.
"""

import functools
import os
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from open_clip import CLIP
from torch import nn

from graft_core.errors import TrainError
from graft_core.evaluate.demo_figures import (
    embed_words,
    patch_figures,
    photo_figures,
    plain,
    tile_figures,
    validation_set,
)
from graft_core.evaluate.demo_recipe import ENCODERS, SENSORS, TEACHER, DemoConfig, DemoEncoder
from graft_core.evaluate.drawn import (
    PIXEL_M,
    TILE_PX,
    DrawnPairs,
    draw_pairs,
    for_each_seed,
    join_pairs,
    placed_photos,
)
from graft_core.models.card import Card, Holds, save_card
from graft_core.models.clip import CLIP_MEAN, CLIP_STD, DEMO_CONFIG, build_clip, model_config, tokenizer
from graft_core.models.device import hardware_name
from graft_core.models.graft import SatelliteTower
from graft_core.models.registry import load_encoder
from graft_core.train.config import LossConfig, OptimizerConfig
from graft_core.train.data import PairSet
from graft_core.train.graft import train_encoder
from graft_core.train.loop import StepMetrics
from graft_core.train.teacher import embed_images, train_teacher
from graft_core.types import EncoderSpec, Level, SensorName
from graft_core.world import land

LICENCE = "Apache-2.0"


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
    yield from train_teacher(model, photos, tokens, plain(device), config.teacher)
    yield model


def bring_into_space(
    teacher: CLIP, drawn: DrawnPairs, optimizer: OptimizerConfig, level: Level, device: torch.device
) -> Iterator[StepMetrics | SatelliteTower]:
    """Train one satellite tower from the teacher's photo tower; the last value yielded is the tower."""
    normalize = plain(device)
    photos = embed_images(teacher.visual, torch.from_numpy(drawn.photos).to(device), normalize)
    pairs = PairSet.of(drawn.tiles, photos, drawn.owner, device, pixel=drawn.pixel, centers=drawn.centers)
    tower = SatelliteTower.from_photo_tower(teacher.visual, level).to(device)
    yield from train_encoder(tower, pairs, normalize, optimizer, LossConfig(), level)
    yield tower


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
        figures = photo_figures(teacher, config, device)
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
