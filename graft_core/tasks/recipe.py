"""Everything that made an export, small enough to travel inside it, whole enough to make it again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from graft_core import __version__
from graft_core.errors import ExportError, QueryError
from graft_core.search.query import Query
from graft_core.types import SensorName

VERSION = 1
"""Of the JSON form; a reader refuses any other."""
SOFTWARE = f"graft-explorer {__version__}"
"""This program, as exports name it."""
TAG = "GRAFT_RECIPE"
"""Dataset tag that holds the whole recipe."""


@dataclass(frozen=True)
class Recipe:
    """How a density map was made."""

    query: Query
    """Whole: embeddings of its examples, templates, background prompts and temperature written out."""
    encoder: str
    """Its name."""
    encoder_source: str
    """What to load it by: its name, or the file it was loaded from."""
    encoder_key: str
    """Hash over everything that decides an embedding."""
    weights_sha256: str
    """Of the weights file, hex."""
    threshold: float | None
    """Match probability from which a tile counts; None: the expected share is mapped."""
    bandwidth: float
    """Standard deviation of the kernel, metres."""
    gsd: float
    """Metres per pixel the encoder saw."""
    tile_px: int
    """Side of a tile at that GSD, pixels."""
    stride_px: int
    """Step from one tile to the next, pixels."""
    aoi: str | None
    """Area written, WKT; None: the whole scene."""
    aoi_crs: str | None
    """CRS of that area."""
    scene: str
    """Name of the scene in the index."""
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
        fields = asdict(self) | {"query": json.loads(self.query.to_json()), "version": VERSION}
        return json.dumps(fields)

    @staticmethod
    def from_json(text: str) -> "Recipe":
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is no recipe, of another version, or damaged.
        """
        try:
            fields = json.loads(text)
            version = fields.pop("version")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ExportError(f"The recipe cannot be read ({error}); make the map again from its query.") from error
        if version != VERSION:
            maker = fields.get("software", "the program that made it")
            raise ExportError(f"The recipe has version {version}, this program reads {VERSION}; replay with {maker}.")
        try:
            query = Query.from_json(json.dumps(fields.pop("query")))
            return Recipe(query=query, bands=tuple(fields.pop("bands")), **fields)
        except (KeyError, TypeError, QueryError) as error:
            raise ExportError(f"The recipe is damaged ({error}); make the map again from its query.") from error

    def tags(self) -> dict[str, str]:
        """Dataset tags: the whole recipe, and its parts one by one for whoever reads them in a GIS."""
        parts = {
            "QUERY": self.query.text,
            "ENCODER": self.encoder,
            "ENCODER_KEY": self.encoder_key,
            "WEIGHTS_SHA256": self.weights_sha256,
            "TEMPLATES": json.dumps(self.query.templates, ensure_ascii=False),
            "BACKGROUND": json.dumps(self.query.background, ensure_ascii=False),
            "TEMPERATURE": f"{self.query.temperature:g}" if self.query.temperature is not None else "",
            "THRESHOLD": "none (expected share)" if self.threshold is None else f"{self.threshold:g}",
            "BANDWIDTH_M": f"{self.bandwidth:g}",
            "TILE_PX": str(self.tile_px),
            "STRIDE_PX": str(self.stride_px),
            "GSD_M": f"{self.gsd:g}",
            "AOI": self.aoi or "whole scene",
            "SCENE": self.scene,
            "SOURCE": self.source,
            "SOFTWARE": self.software,
            "TIME": self.time,
        }
        return {TAG: self.to_json()} | {f"GRAFT_{name}": value for name, value in parts.items()}


def recipe_of(tags: Mapping[str, str], where: str) -> Recipe:
    """The recipe among the tags of a raster.

    Raises:
        ExportError: there is none; ``where`` names the raster.
    """
    if TAG not in tags:
        raise ExportError(f"{where} carries no recipe; only density maps made by this program can be replayed.")
    return Recipe.from_json(tags[TAG])


def now() -> str:
    """This moment as recipes write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
