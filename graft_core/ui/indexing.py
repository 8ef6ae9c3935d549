"""How a scene is to be indexed: chosen by a person, or as it was before."""

from typing import TypedDict

import streamlit as st

from graft_core.geo.grid import TileGrid
from graft_core.index.store import SceneRecord
from graft_core.io.sensors import SensorOption
from graft_core.models.registry import list_models
from graft_core.serve.jobs import start_job
from graft_core.tasks.catalog import sensor_stated
from graft_core.types import EncoderSpec

SUITS = "Encoder that suits it"
"""The choice of encoder that leaves it to the scene."""
AS_FILE = "Sensor as the file says"
"""The choice of sensor that leaves it to the file."""
SENSORS: dict[SensorOption, str] = {
    "naip": "NAIP", "sentinel2": "Sentinel-2", "sentinel2-l1c": "Sentinel-2 L1C", "sentinel2-l2a": "Sentinel-2 L2A",
    "rgb": "RGB",
}  # fmt: skip
"""What sensors are called on the pages."""


class AsBefore(TypedDict):
    """What a scene was indexed with."""

    encoder: str
    sensor: SensorOption
    stride: int | None


def start_indexing(
    scene: str, label: str, *, encoder: str | None, sensor: SensorOption | None = None, stride: int | None = None
) -> None:
    """Start a job that indexes a scene; what is None is left to the scene."""
    title = f"Index {label}" + (f" with {encoder}" if encoder else "")
    start_job("index", title, {"scene": scene, "encoder": encoder, "stride": stride, "sensor": sensor})


def choose_encoder(key: str) -> str | None:
    """One of the encoders on this machine; None for the one that suits the imagery."""
    names = [model.name for model in list_models() if model.kind == "encoder" and model.present]
    chosen = st.selectbox("Encoder", [SUITS, *names], key=key, label_visibility="collapsed")
    return None if chosen == SUITS else str(chosen)


def choose_sensor(key: str) -> SensorOption | None:
    """What the imagery is to be read as; None for what the file says."""
    words = {said: option for option, said in SENSORS.items()}
    return words.get(st.selectbox("Sensor", [AS_FILE, *words], key=key, label_visibility="collapsed"))


def again(spec: EncoderSpec, record: SceneRecord) -> AsBefore:
    """How to index a scene as it was, after it was removed.

    Raises:
        SceneError: its file is gone.
    """
    stride = TileGrid.from_json(record.grid_json).stride_px
    # The rows of a patch encoder are its patches: their grid says nothing about its windows, which have one stride.
    return AsBefore(encoder=spec.name, sensor=sensor_stated(record), stride=stride if spec.level == "tile" else None)
