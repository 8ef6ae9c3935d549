"""What the shipped demo encoders are, and the configuration they are made by."""

from dataclasses import dataclass
from pathlib import Path

from graft_core.errors import TrainError
from graft_core.train.config import OptimizerConfig, optimizer_config, read_toml
from graft_core.types import Level, QueryDefaults, SensorName

TEACHER = "demo-teacher"
SENSORS: tuple[SensorName, ...] = ("naip", "sentinel2")


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
