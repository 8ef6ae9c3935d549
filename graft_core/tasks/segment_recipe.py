"""Everything that made a set of objects, small enough to travel inside their file."""

import json
from dataclasses import asdict, dataclass

from graft_core.errors import ExportError, QueryError
from graft_core.search.query import Query
from graft_core.tasks.provenance import Provenance

VERSION = 1
"""Of the JSON form; a reader refuses any other."""


@dataclass(frozen=True, kw_only=True)
class SegmentRecipe(Provenance):
    """How objects were found and outlined."""

    query: Query
    """Whole: embeddings of its examples, templates, background prompts and temperature written out."""
    segmenter: str | None
    """SAM's registry name; None where it was not asked."""
    segmenter_sha256: str | None
    """Of SAM's weights file, hex."""
    threshold: float
    """Match probability from which a pixel matches."""
    min_area_m2: float
    """Smaller objects and holes were dropped."""
    tolerance_m: float
    """How far a simplified outline may lie from the first."""
    window_px: int
    """Side of SAM's windows, pixels of the scene."""
    patch_px: float
    """Side of the encoder's patch, pixels of the scene."""
    best: float
    """Highest match probability in the area; NaN where there is no imagery."""
    by_hand: int = 0
    """Objects that a person corrected, drew or removed afterwards."""
    notice: str
    """What whoever looks at the objects must know: that SAM was not there, for example; else empty."""

    def to_json(self) -> str:
        """One line of JSON; a number that is none becomes null."""
        fields = asdict(self) | {"query": json.loads(self.query.to_json()), "version": VERSION}
        return json.dumps(fields | {"best": self.best if self.best >= 0 else None}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> "SegmentRecipe":
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is no recipe, of another version, or damaged.
        """
        try:
            fields = json.loads(text)
            version = fields.pop("version")
            if version != VERSION:
                raise ExportError(f"The objects have recipe version {version}, this program reads {VERSION}.")
            query, bands = Query.from_json(json.dumps(fields.pop("query"))), tuple(fields.pop("bands"))
            best = fields.pop("best")
            return SegmentRecipe(query=query, bands=bands, best=float("nan") if best is None else best, **fields)
        except (ValueError, KeyError, AttributeError, TypeError, QueryError) as error:
            raise ExportError(f"The recipe of the objects is damaged ({error}); find them again.") from error
