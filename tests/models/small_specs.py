"""Specs of demo-sized encoders."""

from graft_core.models.architectures import CLIP_MEAN, CLIP_STD
from graft_core.types import EncoderSpec, Level, QueryDefaults, SensorName

DEFAULTS = QueryDefaults(("a satellite image of {}",), ("water", "a road"), 0.05, 0.5)


def spec(
    name: str, *, level: Level = "tile", sensor: SensorName = "naip", text_encoder: str = "teacher"
) -> EncoderSpec:
    """The spec of a demo-sized encoder; its hash is filled in when it is saved."""
    gsd = 10.0 if sensor == "sentinel2" else 1.0
    return EncoderSpec(name, level, sensor, gsd, 128, 16, 128, CLIP_MEAN, CLIP_STD, text_encoder, "")
