"""Everything that made a label map, small enough to travel inside it."""

import json
from dataclasses import asdict, dataclass, replace

from graft_core.search.query import Query
from graft_core.tasks.class_list import Color
from graft_core.tasks.provenance import Provenance, provenance_tags
from graft_core.types import Level

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


@dataclass(frozen=True, kw_only=True)
class ClassRecipe(Provenance):
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
            "NOTICE": self.notice,
            "TEMPLATES": json.dumps(self.templates, ensure_ascii=False),
            "TILE_PX": str(self.tile_px),
            "PATCH_PX": str(self.patch_px),
            "STRIDE_PX": str(self.stride_px),
            "GSD_M": f"{self.gsd:g}",
        }
        told = {f"GRAFT_{name}": value for name, value in parts.items() if value}
        return {TAG: self.to_json()} | provenance_tags(self) | told
