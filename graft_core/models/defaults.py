"""How encoders of satellite imagery are asked and fed where they do not say otherwise."""

from graft_core.types import QueryDefaults, SensorName

SENSOR_GSD: dict[SensorName, float] = {"naip": 1.0, "sentinel2": 10.0, "rgb": 1.0}

SATELLITE_WORDS = QueryDefaults(
    templates=(
        "A satellite image of {}.",
        "A satellite photo of {}.",
        "An aerial image of {}.",
        "An aerial photo of {}.",
        "{} seen from above.",
    ),
    background=("cropland", "grassland", "trees", "bare ground", "water", "buildings", "a road", "a parking lot"),
    # CLIP was trained with a logit scale of 100, and every model known here keeps its text tower, starts from it, or
    # (SigLIP) learned one near it.
    temperature=0.01,
    bandwidth_tiles=0.5,
)
