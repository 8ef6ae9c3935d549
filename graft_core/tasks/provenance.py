"""What every export says of where it comes from: encoder, scene, area, program and time."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from odc.geo.geom import Geometry

from graft_core import __version__
from graft_core.errors import ExportError
from graft_core.io.scene import Scene
from graft_core.types import EncoderSpec, SensorName

SOFTWARE = f"graft-explorer {__version__}"
"""This program, as exports name it."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What an export was made from; recipes add what was asked."""

    encoder: str
    """Its name."""
    encoder_source: str
    """What to load it by: its name, or the file it was loaded from."""
    encoder_key: str
    """Hash over everything that decides an embedding."""
    weights_sha256: str
    """Of the encoder's weights file, hex."""
    aoi: str | None
    """Area of interest, WKT; None: the whole scene."""
    aoi_crs: str | None
    """CRS of that area."""
    scene: str
    """Name of the scene."""
    source: str
    """Path or address of the scene's imagery."""
    sensor: SensorName
    """Preset the imagery was read with."""
    bands: tuple[int, int, int]
    """Bands shown as red, green and blue, counted from 1."""
    scene_gsd: float
    """Metres per pixel of the scene's grid, which is a map's."""
    fingerprint: str
    """Of the scene: whatever decides its pixels."""
    software: str = SOFTWARE
    """Program and version."""
    time: str = ""
    """When it was made, UTC, ISO 8601."""


def provenance(scene: Scene, spec: EncoderSpec, encoder_source: str | None, area: Geometry | None) -> dict[str, Any]:
    """The fields of a `Provenance`; ``encoder_source`` None: the encoder goes by its name."""
    return {
        "encoder": spec.name,
        "encoder_source": encoder_source or spec.name,
        "encoder_key": spec.key,
        "weights_sha256": spec.weights_sha256,
        "aoi": None if area is None else area.wkt,
        "aoi_crs": None if area is None else str(area.crs),
        "scene": scene.name,
        "source": scene.source,
        "sensor": scene.sensor,
        "bands": scene.bands,
        "scene_gsd": scene.gsd,
        "fingerprint": scene.fingerprint,
    }


def provenance_tags(made: Provenance) -> dict[str, str]:
    """Parts of it one by one, as dataset tags, for whoever reads them in a GIS."""
    return {
        "GRAFT_ENCODER": made.encoder,
        "GRAFT_ENCODER_KEY": made.encoder_key,
        "GRAFT_WEIGHTS_SHA256": made.weights_sha256,
        "GRAFT_AOI": made.aoi or "whole scene",
        "GRAFT_SCENE": made.scene,
        "GRAFT_SOURCE": made.source,
        "GRAFT_SOFTWARE": made.software,
        "GRAFT_TIME": made.time,
    }


def recipe_fields(text: str, version: int) -> dict[str, Any]:
    """The fields of a map's recipe, as JSON wrote them, without their ``version``.

    Raises:
        ExportError: it is no recipe, or of another version.
    """
    try:
        fields: dict[str, Any] = json.loads(text)
        found = fields.pop("version")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ExportError(f"The recipe cannot be read ({error}); make the map again from its query.") from error
    if found != version:
        maker = fields.get("software", "the program that made it")
        raise ExportError(f"The recipe has version {found}, this program reads {version}; replay with {maker}.")
    return fields


def now() -> str:
    """This moment as exports write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
