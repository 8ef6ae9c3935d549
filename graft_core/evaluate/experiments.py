"""The experiments, as data: what is asked, which settings are compared, what is measured (docs/experiments.md)."""

from dataclasses import dataclass, field, replace
from typing import Literal

from graft_core.evaluate.drawn import Taking
from graft_core.train.config import LossConfig
from graft_core.train.pairs.placing import PHOTOS_PER_TILE
from graft_core.types import Level, SensorName

Start = Literal["teacher", "random", "cnn"]
Targets = Literal["photos", "photos and captions", "captions"]
AxisScale = Literal["linear", "log", "symlog"]


@dataclass(frozen=True)
class Setting:
    """How one encoder of an experiment comes about; everything else is the same for all of them."""

    sensors: tuple[SensorName, ...] = ("naip",)
    """Imagery it is trained on, as many tiles of each as of one alone."""
    level: Level = "tile"
    """Image level or pixel level."""
    start: Start = "teacher"
    """``teacher``: a copy of its photo tower. ``random``: the same transformer with random weights. ``cnn``: a small
    ResNet with random weights."""
    lengthened: int = 1
    """Times the usual number of steps; 0 leaves the tower as it starts."""
    patch_dropout: float = 0.5
    """Share of tokens left out of a training step."""
    loss: LossConfig = field(default_factory=LossConfig)
    """What is minimised."""
    taking: Taking = field(default_factory=lambda: Taking(photos_per_place=2))
    """How photos are taken."""
    photos_per_tile: int = PHOTOS_PER_TILE
    """Most photos a tile is trained with."""
    targets: Targets = "photos"
    """What a tile is to land on: its photos, what the teacher makes of their captions, or both."""


@dataclass(frozen=True)
class Row:
    """One line of an experiment's table."""

    label: str
    """Names the line."""
    setting: Setting
    """What is done."""
    x: float | None = None
    """Where it stands on the plot's axis, where the experiment has one."""
    series: str = ""
    """Which curve of the plot it belongs to."""


@dataclass(frozen=True)
class Experiment:
    """A question to the demo world."""

    name: str
    """What the command line calls it."""
    title: str
    """Heading."""
    question: str
    """What is asked."""
    method: str
    """What is compared, beyond what holds for all experiments."""
    rows: tuple[Row, ...]
    """The settings compared."""
    figures: tuple[str, ...] = ("top1", "map_at_20", "miou")
    """What the table shows of each sensor."""
    measured: tuple[SensorName, ...] = ("naip",)
    """Imagery of the held-out worlds."""
    axis: str = ""
    """What the plot's axis shows; empty where the rows are no quantities."""
    axis_scale: AxisScale = "linear"
    """How the axis is divided."""


@dataclass(frozen=True)
class Scale:
    """How much is drawn and trained; the same for all rows of an experiment."""

    name: str
    """What the command line calls it."""
    worlds: int
    """Training worlds of each seed."""
    places: int
    """Places a world that photos are taken at."""
    held_out: int
    """Held-out worlds of each seed."""
    tiles: int
    """Tiles drawn of each held-out world."""
    steps: int
    """Optimizer steps."""
    batch: int
    """Tiles a step."""
    learning_rate: float
    """Peak; reached after a tenth of the steps."""


SCALES = {
    "small": Scale("small", worlds=1, places=40, held_out=1, tiles=60, steps=10, batch=16, learning_rate=5e-4),
    "full": Scale("full", worlds=6, places=150, held_out=3, tiles=250, steps=300, batch=64, learning_rate=1e-3),
}
TRAINING_WORLDS, HELD_OUT_WORLDS = 3000, 5000
"""First worlds; seed s starts ``SEED_STRIDE`` s after them. No encoder that ships was made or judged with them."""
SEED_STRIDE = 100

ERRORS_M = (0, 5, 10, 25, 50, 100, 200)
PHOTO_COUNTS = (1, 2, 5, 10, 25)
DISTRACTOR_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
IMAGE = Setting()
PIXEL = Setting(level="patch")
LEVELS = {"image level": IMAGE, "pixel level": PIXEL}


def _geotag_rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            f"{level}, {error:g} m",
            replace(setting, taking=replace(setting.taking, geotag_error_m=error)),
            x=error,
            series=level,
        )
        for level, setting in LEVELS.items()
        for error in map(float, ERRORS_M)
    )


def _photo_count_rows() -> tuple[Row, ...]:
    many = Taking(photos_per_place=PHOTOS_PER_TILE)
    return tuple(
        Row(
            f"{count} photo{'s' * (count > 1)} a tile",
            Setting(taking=many, photos_per_tile=count),
            x=count,
            series="image level",
        )
        for count in PHOTO_COUNTS
    )


def _loss_rows() -> tuple[Row, ...]:
    options = {
        "softmax (paper)": LossConfig(),
        "both directions": LossConfig(both_directions=True),
        "neighbours masked": LossConfig(mask_radius_m=256),
        "sigmoid": LossConfig(kind="sigmoid"),
    }
    return tuple(Row(label, Setting(loss=loss)) for label, loss in options.items())


def _resolution_rows() -> tuple[Row, ...]:
    both = Setting(sensors=("naip", "sentinel2"))
    return (
        Row("trained at 1 m", Setting()),
        Row("trained at 10 m", Setting(sensors=("sentinel2",))),
        Row("one for both, as many steps", both),
        Row("one for both, twice the steps", replace(both, lengthened=2)),
    )


def _tower_rows() -> tuple[Row, ...]:
    starts: dict[str, Start] = {"ViT, random weights": "random", "CNN, random weights": "cnn"}
    whole = Setting(patch_dropout=0.0)  # a CNN has no tokens to leave out
    first = Row("ViT, from the teacher", whole)
    as_long = (Row(label, replace(whole, start=start)) for label, start in starts.items())
    longer = (Row(f"{label}, 3 x steps", replace(whole, start=start, lengthened=3)) for label, start in starts.items())
    return (first, *as_long, *longer)


def _distractor_rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            f"{share:.0%}",
            replace(IMAGE, taking=replace(IMAGE.taking, distractor_share=share)),
            x=100 * share,
            series="image level",
        )
        for share in DISTRACTOR_SHARES
    )


_ALL = (
    Experiment(
        name="towers",
        title="What training brings",
        question="How well does the teacher's photo tower see from above, and what do the two kinds of training add?",
        method="The photo tower as it is, and both kinds of encoder started from it. A tile of the pixel-level encoder "
        "is the mean of its tokens; patches of the others are their tokens through the last layer norm and projection.",
        rows=(Row("teacher's photo tower", Setting(lengthened=0)), *(Row(k, v) for k, v in LEVELS.items())),
    ),
    Experiment(
        name="geotag-error",
        title="How exact geotags have to be",
        question="How far from the truth may the reported positions of photos lie?",
        method="Photos are taken where they are taken, and reported with a normal error of this standard deviation "
        "along each axis, which photos of one place share; tiles are placed on what is reported. A tile is 128 m wide, "
        "a patch 16 m.",
        rows=_geotag_rows(),
        axis="geotag error, m",
        axis_scale="symlog",
    ),
    Experiment(
        name="photos-per-tile",
        title="How many photos a tile needs",
        question="Do more photos of the same tiles help?",
        method=f"{PHOTOS_PER_TILE} photos are taken near each place, and so many of them are used; the tiles are the "
        "same.",
        rows=_photo_count_rows(),
        axis="photos a tile",
        axis_scale="log",
    ),
    Experiment(
        name="losses",
        title="Options of the loss",
        question="Does the paper's loss, from tile to photo alone, leave anything on the table?",
        method="The paper's loss; the same in both directions; the same with tiles whose centres are less than 256 m "
        "apart not held against each other; SigLIP's sigmoid.",
        rows=_loss_rows(),
    ),
    Experiment(
        name="resolutions",
        title="One encoder for both resolutions",
        question="Does one encoder serve 1 m and 10 m imagery, or is one for each worth its weights?",
        method="Each is measured on both kinds of imagery. The encoder for both learns from the tiles of both.",
        rows=_resolution_rows(),
        figures=("top1", "map_at_20"),
        measured=("naip", "sentinel2"),
    ),
    Experiment(
        name="architectures",
        title="Transformer or convolutions",
        question="Is a vision transformer needed, and what is the teacher's photo tower worth as a start?",
        method="The transformer has 0.9 million parameters, the ResNet 1.4 million and about the same cost a step. All "
        "see every token in training.",
        rows=_tower_rows(),
        figures=("top1", "map_at_20"),
    ),
    Experiment(
        name="captions",
        title="What captions add",
        question="Does it help to bring tiles near what people wrote under their photos, beside the photos themselves?",
        method="Each caption is embedded by the teacher's text tower and counts as one more photo of its tile; or it "
        "takes the photo's place.",
        rows=(
            Row("photos", IMAGE),
            Row("photos and captions", replace(IMAGE, targets="photos and captions")),
            Row("captions alone", replace(IMAGE, targets="captions")),
        ),
    ),
    Experiment(
        name="distractors",
        title="Photos that show no place",
        question="How many photos of food, faces and rooms does training bear?",
        method="A share of the photos is replaced by pictures that show nothing of the place. None is filtered out.",
        rows=_distractor_rows(),
        axis="photos that show no place, %",
    ),
)
EXPERIMENTS = {experiment.name: experiment for experiment in _ALL}
