"""One row of an experiment with one seed: a tower is started, trained and measured."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from graft_core.evaluate.experiment_sets import HeldOut, held_out_set, training_set
from graft_core.evaluate.experiments import Experiment, Row, Scale, Setting
from graft_core.evaluate.metrics import confusion_matrix, mean_average_precision_at_k, mean_iou, top1_accuracy
from graft_core.evaluate.segmentation import class_rows
from graft_core.models.catalogue import DEMO_TEACHER
from graft_core.models.clip import DEMO_CONFIG, build_clip, unit
from graft_core.models.device import pick_device
from graft_core.models.encoder import LazyEncoder
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.models.registry import load_encoder
from graft_core.search.embed import unit_rows
from graft_core.train.config import OptimizerConfig
from graft_core.train.data import PairSet
from graft_core.train.graft import train_encoder
from graft_core.train.teacher import embed_images
from graft_core.types import F32
from graft_core.world import land

RANKS = 20


@dataclass(frozen=True)
class Trial:
    """What one process does at a time."""

    experiment: Experiment
    """Decides what is measured."""
    row: Row
    """What is done."""
    scale: Scale
    """How much is drawn and trained."""
    seed: int
    """Decides the worlds trained on, the worlds held out, batches and random weights."""


@dataclass(frozen=True)
class Outcome:
    """What came out, as it is written down."""

    row: str
    """Label of the row."""
    seed: int
    """Of the trial."""
    tiles: int
    """Tiles trained on."""
    targets: int
    """Photos and captions they were brought near to."""
    steps: int
    """Optimizer steps taken."""
    seconds: float
    """Time of training and measuring."""
    figures: dict[str, float]
    """``top1``, ``map_at_20`` and, where the tower has tokens, ``miou``, in [0, 1]; the sensor stands before the name
    where several are measured."""


class ConvTower(nn.Module):
    """A small ResNet with random weights, of about the transformer's cost."""

    def __init__(self, dim: int, side: int) -> None:
        super().__init__()
        self.network = ModifiedResNet(layers=(1, 1, 1, 1), output_dim=dim, heads=8, image_size=side, width=16)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, D) unit rows."""
        return unit(self.network(pixels))


def run_trial(cache: Path, device: str, trial: Trial) -> Outcome:
    """Train and measure; what it learns from must be in the cache."""
    started = time.monotonic()
    where, setting, scale = pick_device(device), trial.row.setting, trial.scale
    teacher = load_encoder(DEMO_TEACHER, device=device)
    normalize = Normalize(teacher.spec.mean, teacher.spec.std).to(where)
    pairs = training_set(setting, scale, trial.seed, cache, where)
    tower = start_tower(setting, teacher, trial.seed).to(where)
    steps = scale.steps * setting.lengthened
    if steps:
        _train(tower, pairs, normalize, schedule(setting, scale, trial.seed), setting)
    figures: dict[str, float] = {}
    for sensor in trial.experiment.measured:
        held_out = held_out_set(sensor, scale, trial.seed, cache)
        prefix = f"{sensor}_" if len(trial.experiment.measured) > 1 else ""
        measured = measure(tower.eval(), normalize, held_out, class_rows(teacher), where)
        figures |= {f"{prefix}{name}": value for name, value in measured.items()}
    seconds = time.monotonic() - started
    return Outcome(trial.row.label, trial.seed, len(pairs), len(pairs.photos), steps, round(seconds, 1), figures)


def schedule(setting: Setting, scale: Scale, seed: int) -> OptimizerConfig:
    """The same for all rows of an experiment, but for what the row is about."""
    steps = scale.steps * setting.lengthened
    return OptimizerConfig(
        steps=steps,
        batch=scale.batch,
        learning_rate=scale.learning_rate,
        warmup=steps // 10,
        patch_dropout=setting.patch_dropout,
        seed=seed,
        log_every=steps,
    )


def _train(
    tower: nn.Module, pairs: PairSet, normalize: nn.Module, optimizer: OptimizerConfig, setting: Setting
) -> None:
    for _ in train_encoder(tower, pairs, normalize, optimizer, setting.loss, setting.level):
        pass


def start_tower(setting: Setting, teacher: LazyEncoder, seed: int) -> nn.Module:
    """A tower before its first step."""
    torch.manual_seed(seed)
    if setting.start == "cnn":
        return ConvTower(teacher.spec.dim, teacher.spec.tile_px)
    visual = build_clip(DEMO_CONFIG).visual if setting.start == "random" else teacher.space().visual
    return SatelliteTower.from_photo_tower(cast(VisionTransformer, visual), setting.level)


def measure(
    tower: nn.Module, normalize: nn.Module, held_out: HeldOut, words: F32, device: torch.device
) -> dict[str, float]:
    """Zero-shot figures of a tower on held-out tiles.

    Args:
        tower: image level, or pixel level, whose tile is then the mean of its tokens.
        normalize: (B, 3, S, S) in [0, 1] -> the tower's input.
        held_out: tiles and the class of every pixel.
        words: (C, D) text row of every class.
        device: where the tower is.
    """
    tiles = torch.from_numpy(held_out.tiles).to(device)
    kept, labels = held_out.dominated()
    figures: dict[str, float] = {}
    pixel_level = isinstance(tower, SatelliteTower) and tower.level == "patch"
    rows = None if pixel_level else embed_images(tower, tiles, normalize)
    if isinstance(tower, SatelliteTower):
        all_tokens = SatelliteTower.from_photo_tower(tower.visual, "patch").eval()
        tokens = embed_images(all_tokens, tiles, normalize)  # (T, h, w, D)
        rows = unit_rows(tokens.mean(axis=(1, 2))) if rows is None else rows
        figures["miou"] = patch_miou(tokens, held_out, words)
    assert rows is not None
    scores = rows[kept] @ words.T
    figures["top1"] = top1_accuracy(scores, labels)
    figures["map_at_20"] = mean_average_precision_at_k(scores, labels, RANKS)
    return {name: round(value, 4) for name, value in sorted(figures.items())}


def patch_miou(tokens: F32, held_out: HeldOut, words: F32) -> float:
    """mIoU over the pixels of the tiles, every patch (T, h, w, D) drawn as a square of its class."""
    said = (tokens @ words.T).argmax(axis=-1)  # (T, h, w)
    across = held_out.labels.shape[1] // said.shape[1]
    pixels = said.repeat(across, axis=1).repeat(across, axis=2)  # (T, S, S)
    return mean_iou(confusion_matrix(held_out.labels, pixels, len(land.CLASSES)))
