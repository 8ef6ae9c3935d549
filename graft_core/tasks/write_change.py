"""A change map as files: the GeoTIFF, its colours for QGIS, its STAC item."""

import json
from collections.abc import Generator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from odc.geo.geobox import GeoBox

from graft_core.errors import QueryError
from graft_core.io.geotiff import BandInfo, write_cog
from graft_core.io.qml import write_change_qml
from graft_core.io.stac import Extra, write_stac_item
from graft_core.tasks.change import ChangeMap
from graft_core.tasks.change_figures import LEAST, ChangeFigures, Tally
from graft_core.tasks.change_recipe import ChangeRecipe
from graft_core.tasks.density import FAINTEST
from graft_core.tasks.provenance import now
from graft_core.tasks.targets import RASTERS, check_target
from graft_core.tasks.writing import Meter, in_background
from graft_core.types import F32, Progress


def write_change(path: Path, made: ChangeMap, *, least: float = LEAST) -> Generator[Progress, None, ChangeFigures]:
    """Write ``path`` (COG, bands change, before and after), ``.qml`` and ``.json`` beside it; each whole or not at all.

    Args:
        path: the GeoTIFF.
        made: band 1 is exactly band 3 less band 2.
        least: change of density, in (0, 1], from which a place counts as gained or lost in the figures.

    Yields:
        Progress in pixels. Closing the generator stops the writing; nothing is left behind.

    Returns:
        What was gained and lost.

    Raises:
        ExportError: the path is not a GeoTIFF's, or cannot be written.
        QueryError: ``least`` is no change of a density.
    """
    check_target(path, RASTERS)
    check_least(least)
    recipe = ChangeRecipe(before=made.before.recipe, after=made.after.recipe, least=least, time=now())
    text = recipe.after.query.text
    bands = [BandInfo(f"{name}: {text}") for name in ("change", "before", "after")]
    tally = Tally(least, float(made.geobox.resolution.x) ** 2)

    def write(meter: Meter) -> None:
        def blocks(window: GeoBox) -> F32:
            values = made.window(window)
            tally.add(values[0])
            meter.add(values[0].size)
            return values

        write_cog(path, made.geobox, bands, blocks, tags=recipe.tags())

    yield from in_background(write, made.geobox.shape[0] * made.geobox.shape[1])
    figures = tally.figures()
    _write_companions(path, made, recipe, figures)
    return figures


def check_least(least: float) -> None:
    """Refuse what is no change of a density (QueryError)."""
    if not 0 < least <= 1:
        raise QueryError(f"A change of {least:g} is none to count from; give a number above 0, up to 1, like 0.1.")


def _write_companions(path: Path, made: ChangeMap, recipe: ChangeRecipe, figures: ChangeFigures) -> None:
    style = path.with_suffix(".qml")
    write_change_qml(style, highest=max(figures.highest, FAINTEST))
    before, after = made.before.scores.record, made.after.scores.record
    write_stac_item(
        path.with_suffix(".json"),
        path,
        recipe=json.loads(recipe.to_json()) | {"figures": asdict(figures)},
        acquired=after.acquired,
        since=before.acquired,
        created=datetime.fromisoformat(recipe.time),
        title=f"Change of {recipe.after.query.text} from {recipe.before.scene} to {recipe.after.scene}",
        extras=[Extra(style, "QGIS style", "application/xml", ("style",))],
        sources=[recipe.before.source, recipe.after.source],
    )
