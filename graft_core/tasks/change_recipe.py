"""Everything that made a change map: the recipes of both densities, and what was counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from graft_core.errors import ExportError
from graft_core.tasks.density_recipe import DensityRecipe
from graft_core.tasks.provenance import SOFTWARE, recipe_fields

VERSION = 1
"""Of the JSON form; a reader refuses any other."""
TAG = "GRAFT_CHANGE"
"""Dataset tag that holds the whole recipe."""


@dataclass(frozen=True, kw_only=True)
class ChangeRecipe:
    """How a change map was made."""

    before: DensityRecipe
    """How the density was made that is taken away."""
    after: DensityRecipe
    """How the density was made that it is taken from."""
    least: float
    """Change of density from which a place counts as gained or lost in the figures."""
    software: str = SOFTWARE
    """Program and version."""
    time: str = ""
    """When it was made, UTC, ISO 8601."""

    def to_json(self) -> str:
        """One line of JSON."""
        sides = {name: json.loads(each.to_json()) for name, each in (("before", self.before), ("after", self.after))}
        return json.dumps(
            {"version": VERSION, **sides, "least": self.least, "software": self.software, "time": self.time}
        )

    @staticmethod
    def from_json(text: str) -> "ChangeRecipe":
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is no recipe, of another version, or damaged.
        """
        fields = recipe_fields(text, VERSION)
        try:
            before, after = (DensityRecipe.from_json(json.dumps(fields.pop(name))) for name in ("before", "after"))
            return ChangeRecipe(before=before, after=after, **fields)
        except (KeyError, TypeError) as error:
            raise ExportError(f"The recipe is damaged ({error}); make the map again from its query.") from error

    def tags(self) -> dict[str, str]:
        """Dataset tags: the whole recipe, and its parts one by one for whoever reads them in a GIS."""
        threshold = self.after.threshold
        told = {
            "QUERY": self.after.query.text,
            "THRESHOLD": "none (expected share)" if threshold is None else f"{threshold:g}",
            "BANDWIDTH_M": f"{self.after.bandwidth:g}",
            "LEAST_CHANGE": f"{self.least:g}",
            "AOI": self.after.aoi or "whole scenes",
            "SOFTWARE": self.software,
            "TIME": self.time,
        }
        for name, side in (("BEFORE", self.before), ("AFTER", self.after)):
            told |= {
                f"{name}_SCENE": side.scene,
                f"{name}_SOURCE": side.source,
                f"{name}_FINGERPRINT": side.fingerprint,
                f"{name}_ENCODER": side.encoder,
                f"{name}_ENCODER_KEY": side.encoder_key,
                f"{name}_WEIGHTS_SHA256": side.weights_sha256,
                f"{name}_GSD_M": f"{side.gsd:g}",
            }
        return {TAG: self.to_json()} | {f"GRAFT_{name}": value for name, value in told.items()}


def change_recipe_of(tags: Mapping[str, str], where: str) -> ChangeRecipe:
    """The recipe among the tags of a raster.

    Raises:
        ExportError: there is none; ``where`` names the raster.
    """
    if TAG not in tags:
        raise ExportError(f"{where} carries no recipe of a change; only change maps made by this program have one.")
    return ChangeRecipe.from_json(tags[TAG])
