"""Everything that made a density map, small enough to travel inside it, whole enough to make it again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from graft_core.errors import ExportError, QueryError
from graft_core.search.query import Query
from graft_core.tasks.provenance import Provenance, provenance_tags, recipe_fields

VERSION = 1
"""Of the JSON form; a reader refuses any other."""
TAG = "GRAFT_RECIPE"
"""Dataset tag that holds the whole recipe."""


@dataclass(frozen=True, kw_only=True)
class DensityRecipe(Provenance):
    """How a density map was made."""

    query: Query
    """Whole: embeddings of its examples, templates, background prompts and temperature written out."""
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

    def to_json(self) -> str:
        """One line of JSON."""
        fields = asdict(self) | {"query": json.loads(self.query.to_json()), "version": VERSION}
        return json.dumps(fields)

    @staticmethod
    def from_json(text: str) -> "DensityRecipe":
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is no recipe, of another version, or damaged.
        """
        fields = recipe_fields(text, VERSION)
        try:
            query = Query.from_json(json.dumps(fields.pop("query")))
            return DensityRecipe(query=query, bands=tuple(fields.pop("bands")), **fields)
        except (KeyError, TypeError, QueryError) as error:
            raise ExportError(f"The recipe is damaged ({error}); make the map again from its query.") from error

    def tags(self) -> dict[str, str]:
        """Dataset tags: the whole recipe, and its parts one by one for whoever reads them in a GIS."""
        parts = {
            "QUERY": self.query.text,
            "TEMPLATES": json.dumps(self.query.templates, ensure_ascii=False),
            "BACKGROUND": json.dumps(self.query.background, ensure_ascii=False),
            "TEMPERATURE": f"{self.query.temperature:g}" if self.query.temperature is not None else "",
            "THRESHOLD": "none (expected share)" if self.threshold is None else f"{self.threshold:g}",
            "BANDWIDTH_M": f"{self.bandwidth:g}",
            "TILE_PX": str(self.tile_px),
            "STRIDE_PX": str(self.stride_px),
            "GSD_M": f"{self.gsd:g}",
        }
        return {TAG: self.to_json()} | provenance_tags(self) | {f"GRAFT_{name}": value for name, value in parts.items()}


def recipe_of(tags: Mapping[str, str], where: str) -> DensityRecipe:
    """The recipe among the tags of a raster.

    Raises:
        ExportError: there is none; ``where`` names the raster.
    """
    if TAG not in tags:
        raise ExportError(f"{where} carries no recipe; only density maps made by this program can be replayed.")
    return DensityRecipe.from_json(tags[TAG])
