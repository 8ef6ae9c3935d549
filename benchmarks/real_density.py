"""Densities of real scenes against what stands on the ground, cell by cell, beside plain indices of the same cells."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from benchmarks.ground_truth import F64, ndvi, ndwi, read_bands
from graft_core.evaluate.class_maps import result
from graft_core.evaluate.density_check import Cells, Layers, agreement, cells_of
from graft_core.evaluate.green import excess_green
from graft_core.io.amounts import Amount, open_amount
from graft_core.io.scene import Scene
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.score import Searcher
from graft_core.types import F32

INDICES: Mapping[str, Callable[[F64], F64]] = {"excess green": excess_green, "NDVI": ndvi, "NDWI": ndwi}
"""What needs no model; (4, H, W) raw bands to (H, W)."""
DENSITY = "density"


def check_tiles(
    scenes: Mapping[str, Sequence[Scene]],
    references: Mapping[str, Path],
    searchers: Mapping[str, Searcher],
    query: str,
    cells_m: Sequence[float],
) -> dict[str, Any]:
    """Town by town and all together: many small scenes, points counted on them, and cells of each of these sides.

    The calibration curve is kept for all together.
    """
    found: dict[str, Any] = {}
    counted = {town: open_amount(path) for town, path in references.items()}
    for side in cells_m:
        towns = {
            town: reduce(add, [_cells(scene, counted[town], searchers, query, side) for scene in tiles])
            for town, tiles in scenes.items()
        }
        groups = {**towns, "both": reduce(add, towns.values())}
        found[f"cells of {side:g} m"] = {name: _figures(each, curve=name == "both") for name, each in groups.items()}
    return found


def check_land(
    scene: Scene,
    polygons: Path,
    classes: Mapping[str, tuple[str, Sequence[str]]],
    searchers: Mapping[str, Searcher],
    cell_m: float,
) -> dict[str, Any]:
    """Class -> query and values of ``fclass``: densities on the ground that some polygon knows."""
    found: dict[str, Any] = {"cell_m": cell_m}
    for name, (query, values) in classes.items():
        amount = open_amount(polygons, attribute="fclass", values=values, elsewhere="unknown")
        cells = _cells(scene, amount, searchers, query, cell_m)
        found[name] = {"share": round(float(cells.truth.mean()), 3), **_figures(cells, curve=True)}
    return found


def _cells(scene: Scene, amount: Amount, searchers: Mapping[str, Searcher], query: str, side: float) -> Cells:
    return result(cells_of(_layers(scene, searchers, query), scene.geobox, amount, side))


def _layers(scene: Scene, searchers: Mapping[str, Searcher], query: str) -> Layers:
    """The density as it is mapped by default, the match probability, and the indices, on the scene's own pixels."""
    asked = parse_query(query)
    whole: dict[str, F32] = {}
    for who, searcher in searchers.items():
        whole[f"{who}: {DENSITY}"] = density_map(scene, searcher, asked).window(scene.geobox)[0]
        whole[f"{who}: match probability"] = density_map(scene, searcher, asked, bandwidth=0).window(scene.geobox)[0]
    bands = read_bands(Path(scene.source))
    whole |= {name: index(bands).astype(np.float32) for name, index in INDICES.items()}

    def window(target: GeoBox) -> dict[str, F32]:
        corner = ~scene.geobox.affine @ (target.affine.c, target.affine.f)
        left, top = (round(each) for each in corner)
        rows, cols = target.shape
        return {name: values[top : top + rows, left : left + cols] for name, values in whole.items()}

    return window


def _figures(cells: Cells, *, curve: bool) -> dict[str, Any]:
    """Agreement of every way to look; the curve of densities alone, as it is long."""
    found = {way: agreement(cells, way, calibrated=way not in INDICES) for way in cells.said}
    for way, figures in found.items():
        points = figures.pop("curve")
        figures.pop("cells")
        if curve and way.endswith(DENSITY):
            figures["curve"] = {name: [point[name] for point in points] for name in ("cells", "said", "true")}
    return {"cells": len(cells), **found}
