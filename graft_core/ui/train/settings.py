"""What an analyst sets in the sidebar of the Train page: what is learned, from whom, and how fast."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from graft_core import settings
from graft_core.models.registry import list_models
from graft_core.models.sources import CardRecipe, ClipRecipe, ModelEntry
from graft_core.serve.runs import free_name
from graft_core.types import Level
from graft_core.ui.controls import section
from graft_core.ui.indexing import SENSORS
from graft_core.ui.train.devices import device_names
from graft_core.ui.train.tables import Table

LEVELS: dict[str, Level] = {"Image": "tile", "Pixel": "patch"}
SAYS: dict[Level, str] = {
    "tile": "One vector a tile, drawn to all photos taken in it: finds places.",
    "patch": "One vector a patch, drawn to the photos taken on that very patch: finds where in a place.",
}
REPORTS = 200
"""Points of the loss curve of a whole run."""


@dataclass(frozen=True)
class Pace:
    """How a teacher is learned from, unless somebody knows better."""

    learning_rate: float
    """Peak."""
    epochs: int
    """Times that each tile is seen."""
    batch: int
    """Tiles a step."""
    patch_dropout: float
    """Share of patches that a step does not look at: about as much time is saved."""


@dataclass(frozen=True)
class Chosen:
    """What is set, as far as it goes."""

    config: dict[str, Any]
    """As ``train.config.train_config`` reads it."""
    device: str
    """``auto``, ``cpu`` or ``cuda:N``."""
    tiles: int
    """Tiles to learn from; 0 where no pairs are chosen."""


def choose_training(tables: Sequence[Table]) -> Chosen:
    """The sidebar."""
    section("What it learns")
    pairs = _pairs(tables)
    tiles = sum(table.training_tiles for table in pairs)
    name = st.text_input("Name of the encoder", free_name("my-encoder"), key=f"name-{free_name('my-encoder')}").strip()
    level = LEVELS[
        str(st.segmented_control("Level", list(LEVELS), default="Image", required=True, key="level", width="stretch"))
    ]
    st.caption(SAYS[level])
    teacher = _teacher()
    section("How long and how fast")
    pace = pace_of(teacher, level)
    optimizer = _schedule(f"{teacher.name}-{level}", pace, tiles)
    device = _device()
    loss, optimizer["patch_dropout"] = _loss(f"{teacher.name}-{level}", pace)
    run = _looks(optimizer["steps"])
    config = {
        "name": name, "pairs": [str(table.path) for table in pairs], "teacher": teacher.name, "level": level,
        "optimizer": optimizer, "loss": loss, "run": run,
    }  # fmt: skip
    return Chosen(config, device, tiles)


def teachers() -> list[ModelEntry]:
    """Models on this machine that embed ground photos and words; the demo's first."""
    return [model for model in list_models() if model.present and _reads_photos(model)]


def pace_of(teacher: ModelEntry, level: Level) -> Pace:
    """The paper's peak rates for towers that were trained on much; the small teacher of the demo takes more."""
    if teacher.folder == settings.shipped_weights_dir():
        return Pace(5e-4, 30, 32, 0.5)
    return Pace(1e-5 if level == "tile" else 5e-5, 10, 128, 0.0)


def steps_of(epochs: int, tiles: int, batch: int) -> int:
    """Optimizer steps in which each tile is seen so often; one where there are none yet."""
    return max(1, math.ceil(epochs * tiles / batch))


def _reads_photos(model: ModelEntry) -> bool:
    recipe = model.recipe
    return isinstance(recipe, ClipRecipe) or (isinstance(recipe, CardRecipe) and recipe.card.holds == "clip")


def _pairs(tables: Sequence[Table]) -> list[Table]:
    sensors = list(dict.fromkeys(SENSORS[table.sensor] for table in tables))
    sensor = None
    if sensors:
        sensor = st.segmented_control(
            "Sensor", sensors, default=sensors[0], required=True, key=f"sensor-{hash(tuple(sensors))}", width="stretch"
        )
    known = {table.path.stem: table for table in tables if SENSORS[table.sensor] == sensor}
    chosen = st.multiselect(
        "Pairs",
        list(known),
        default=list(known)[:1],
        key=f"pairs-{hash(tuple(known))}",
        placeholder="Choose" if known else "Make pairs first",
        help="Tables of photos on tiles, as the first tab makes them; several are learned from together.",
        disabled=not known,
    )
    found = [known[name] for name in chosen]
    if found:
        learn, check = sum(table.training_tiles for table in found), sum(table.validation_tiles for table in found)
        st.caption(f"{learn:,} tiles to learn from, {check:,} elsewhere to check with.")
    return found


def _teacher() -> ModelEntry:
    known = {model.name: model for model in teachers()}
    name = st.selectbox(
        "Teacher",
        list(known),
        key="teacher",
        help="A model of ground photos and words. The encoder starts as its photo tower and learns to put a tile where "
        "the teacher puts the photos taken there. More can be fetched on the Library page.",
    )
    return known[str(name)]


def _schedule(key: str, pace: Pace, tiles: int) -> dict[str, Any]:
    """Keyed by what its defaults depend on."""
    left, right = st.columns(2)
    epochs = left.number_input(
        "Epochs", 1, 100_000, pace.epochs, key=f"epochs-{key}", help="Times that each tile is seen."
    )
    most = max(2, tiles) if tiles else pace.batch
    batch = right.number_input(
        "Batch",
        2,
        most,
        min(pace.batch, most),
        key=f"batch-{key}-{most}",
        help="Tiles a step. Each is told apart from the photos of all others of its batch: larger is better, and takes "
        "more memory.",
    )
    steps = steps_of(epochs, tiles, batch)
    left, right = st.columns(2)
    rate = left.number_input(
        "Peak rate", 1e-7, 1.0, pace.learning_rate, format="%.1e", key=f"rate-{key}", help="Highest learning rate."
    )
    share = right.number_input(
        "Warm-up, %", 0, 90, 5, key=f"warmup-{key}", help="Share of the steps in which the rate rises to its peak."
    )
    return {
        "steps": steps, "batch": int(batch), "learning_rate": float(rate), "warmup": int(steps * share / 100),
        "log_every": max(1, steps // REPORTS),
    }  # fmt: skip


def _device() -> str:
    names = device_names()
    return str(
        st.selectbox(
            "Device",
            list(names),
            format_func=names.__getitem__,
            key="device",
            help="Jobs on one device take turns; those on different ones run side by side.",
        )
    )


def _loss(key: str, pace: Pace) -> tuple[dict[str, Any], float]:
    """The loss, and the share of patches left out."""
    with st.expander("Loss and patches"):
        sigmoid = st.toggle("Sigmoid", key="sigmoid", help="Each pair is judged by itself (SigLIP).")
        both = st.toggle(
            "Both directions",
            key="both-directions",
            disabled=sigmoid,
            help="Photos have to find their tile, too; the paper goes from tile to photo only.",
        )
        radius = st.number_input(
            "Leave out neighbours within, m",
            0.0,
            100_000.0,
            0.0,
            step=50.0,
            key="mask-radius",
            help="Tiles nearer than this are not held against each other, for they may show the same. 0: all are.",
        )
        dropped = st.number_input(
            "Patches left out, %",
            0,
            90,
            round(100 * pace.patch_dropout),
            step=10,
            key=f"patches-{key}",
            help="Of each tile, in every step but the last tenth of them: saves about as much of the time.",
        )
    kind = "sigmoid" if sigmoid else "softmax"
    loss = {"kind": kind, "both_directions": both and not sigmoid, "mask_radius_m": float(radius)}
    return loss, dropped / 100


def _looks(steps: int) -> dict[str, int]:
    often = max(1, steps // 20)
    with st.expander("Checkpoints and validation"):
        checkpoint = st.number_input(
            "Checkpoint every, steps",
            1,
            10_000_000,
            often,
            key=f"checkpoint-{often}",
            help="What a resumed run goes on from.",
        )
        validate = st.number_input(
            "Validate every, steps", 1, 10_000_000, often, key=f"validate-{often}", help="The best of them is kept."
        )
        patience = st.number_input(
            "Stop after validations without gain", 0, 1000, 0, key="patience", help="0: go on to the end."
        )
    return {"checkpoint_every": int(checkpoint), "validate_every": int(validate), "patience": int(patience)}
