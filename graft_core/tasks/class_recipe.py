"""Everything that made a label map, small enough to travel inside it."""

import json
from dataclasses import asdict, dataclass, replace

from graft_core.search.query import Query
from graft_core.tasks.class_list import Color
from graft_core.tasks.recipe import SOFTWARE
from graft_core.types import Level, SensorName

VERSION = 1
"""Of the JSON form."""
TAG = "GRAFT_CLASSIFICATION"
"""Dataset tag that holds the whole recipe."""


@dataclass(frozen=True)
class AskedClass:
    """One class as it was asked."""

    name: str
    """In the legend."""
    query: Query
    """With the embeddings of its examples; templates and temperature are those of the map."""
    color: Color
    """Red, green and blue, 0-255."""


@dataclass(frozen=True)
class ClassRecipe:
    """How a label map was made."""

    classes: tuple[AskedClass, ...]
    """In the order of their values, from 1."""
    level: Level
    """Whether tiles were told apart, or the patches in them."""
    margin: float
    """Difference between the probabilities of the two best classes below which a pixel is unsure."""
    temperature: float
    """Cosine difference that multiplies the odds by e."""
    templates: tuple[str, ...]
    """Prompt ensemble, ``{}`` for the words."""
    encoder: str
    """Its name."""
    encoder_source: str
    """What to load it by: its name, or the file it was loaded from."""
    encoder_key: str
    """Hash over everything that decides an embedding."""
    weights_sha256: str
    """Of the weights file, hex."""
    notice: str
    """What whoever looks at the map must know about the encoder; else empty."""
    gsd: float
    """Metres per pixel the encoder saw."""
    tile_px: int
    """Side of a tile at that GSD, pixels."""
    patch_px: int
    """Side of a patch, pixels."""
    stride_px: int
    """Step from one tile to the next, pixels."""
    aoi: str | None
    """Area written, WKT; None: the whole scene."""
    aoi_crs: str | None
    """CRS of that area."""
    scene: str
    """Its name."""
    source: str
    """Path or address of the scene's imagery."""
    sensor: SensorName
    """Preset the imagery was read with."""
    bands: tuple[int, int, int]
    """Bands shown as red, green and blue, counted from 1."""
    scene_gsd: float
    """Metres per pixel of the scene's grid, which is the map's."""
    fingerprint: str
    """Of the scene: whatever decides its pixels."""
    software: str = SOFTWARE
    """Program and version."""
    time: str = ""
    """When it was made, UTC, ISO 8601."""

    def to_json(self) -> str:
        """One line of JSON."""
        terms = [replace(each.query, templates=(), background=(), temperature=None) for each in self.classes]
        classes = [
            {"name": each.name, "color": each.color, "query": json.loads(query.to_json())}
            for each, query in zip(self.classes, terms, strict=True)
        ]
        return json.dumps(asdict(self) | {"classes": classes, "version": VERSION}, ensure_ascii=False)

    def tags(self) -> dict[str, str]:
        """Dataset tags: the whole recipe, and its parts one by one for whoever reads them in a GIS."""
        parts = {
            "CLASSES": json.dumps({each.name: each.query.text for each in self.classes}, ensure_ascii=False),
            "LEVEL": self.level,
            "MARGIN": f"{self.margin:g}",
            "TEMPERATURE": f"{self.temperature:g}",
            "ENCODER": self.encoder,
            "ENCODER_KEY": self.encoder_key,
            "WEIGHTS_SHA256": self.weights_sha256,
            "NOTICE": self.notice,
            "TEMPLATES": json.dumps(self.templates, ensure_ascii=False),
            "TILE_PX": str(self.tile_px),
            "PATCH_PX": str(self.patch_px),
            "STRIDE_PX": str(self.stride_px),
            "GSD_M": f"{self.gsd:g}",
            "AOI": self.aoi or "whole scene",
            "SCENE": self.scene,
            "SOURCE": self.source,
            "SOFTWARE": self.software,
            "TIME": self.time,
        }
        return {TAG: self.to_json()} | {f"GRAFT_{name}": value for name, value in parts.items() if value}
