"""A density map as files: the GeoTIFF, its colours for QGIS, its STAC item."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.io.geotiff import BandInfo, write_cog
from graft_core.io.qml import write_qml
from graft_core.io.stac import Extra, write_stac_item
from graft_core.tasks.density import DensityMap
from graft_core.tasks.density_recipe import DensityRecipe
from graft_core.tasks.provenance import now
from graft_core.tasks.targets import RASTERS, check_target
from graft_core.tasks.writing import Meter, in_background
from graft_core.types import F32, Progress

STEP = 2.0**-16
"""Both bands are written in such steps: finer than float16 embeddings are sure of, and files are a third as large."""


def write_density(path: Path, density: DensityMap) -> Iterator[Progress]:
    """Write ``path`` (COG, bands density and score), ``.qml`` and ``.json`` beside it; each whole or not at all.

    Yields:
        Progress in pixels. Closing the generator stops the writing; nothing is left behind.

    Raises:
        ExportError: the path is not a GeoTIFF's, or cannot be written.
    """
    check_target(path, RASTERS)
    recipe = replace(density.recipe, time=now())
    bands = [BandInfo(f"{name}: {recipe.query.text}") for name in ("density", "score")]

    def write(meter: Meter) -> None:
        def blocks(window: GeoBox) -> F32:
            values = in_steps(density.window(window))
            meter.add(values[0].size)
            return values

        write_cog(path, density.geobox, bands, blocks, tags=recipe.tags())

    yield from in_background(write, density.geobox.shape[0] * density.geobox.shape[1])
    _write_companions(path, density, recipe)


def in_steps(values: F32) -> F32:
    """Values rounded to whole steps, in place; NaN stays."""
    values *= np.float32(1 / STEP)
    np.rint(values, out=values)
    values *= np.float32(STEP)
    return values


def _write_companions(path: Path, density: DensityMap, recipe: DensityRecipe) -> None:
    style = path.with_suffix(".qml")
    write_qml(style, opacity=0.7, ramp="viridis", minimum=0.0, maximum=density.brightest)
    write_stac_item(
        path.with_suffix(".json"),
        path,
        recipe=json.loads(recipe.to_json()),
        acquired=density.scores.record.acquired,
        created=datetime.fromisoformat(recipe.time),
        title=f"Density of {recipe.query.text} in {recipe.scene}",
        extras=[Extra(style, "QGIS style", "application/xml", ("style",))],
    )
