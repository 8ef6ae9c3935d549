"""Whether a density is right: a scene is cut into cells, and each is compared with what stands on its ground."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError, QueryError
from graft_core.evaluate.metrics import F64, pearson, spearman
from graft_core.geo.place import pixel_window
from graft_core.io.amounts import Amount, Unit
from graft_core.types import F32, Bool, Progress

Layers = Callable[[GeoBox], Mapping[str, F32]]
"""Window -> name -> (h, w) values on its pixels, NaN where there are none; the same names for every window."""

SEEN = 0.5
"""Share of a cell that must have imagery and known ground for the cell to count."""
FEWEST = 3
"""Cells below which there is nothing to compare."""
BINS = 10
"""Groups of equally many cells in a calibration curve."""
AT_ONCE = 1 << 22
"""Pixels looked at together, about."""
HECTARE = 10_000.0


@dataclass(frozen=True, eq=False)
class Cells:
    """What was said of N cells, and what is true of them."""

    said: Mapping[str, F64]
    """Way to look -> (N,) mean over each cell."""
    truth: F64
    """(N,) share of the ground in [0, 1], or things per hectare."""
    unit: Unit
    """Which of the two."""

    def __add__(self, more: "Cells") -> "Cells":
        """The cells of another scene too."""
        said = {way: np.concatenate([values, more.said[way]]) for way, values in self.said.items()}
        return Cells(said, np.concatenate([self.truth, more.truth]), self.unit)

    def __len__(self) -> int:
        return len(self.truth)


def cells_of(layers: Layers, geobox: GeoBox, amount: Amount, cell_m: float) -> Generator[Progress, None, Cells]:
    """Cut a scene into square cells from its north-west corner, and average each; memory does not grow with its height.

    Only pixels count on which every layer has a value and the ground is known, so all layers are compared on the same
    ground. A cell with less than half of it known is left out, and so is what is left over at the edges.

    Args:
        layers: what is said.
        geobox: the scene's pixels, in metres.
        amount: what is true.
        cell_m: side of a cell, metres; made a whole number of pixels.

    Yields:
        Progress in pixels.

    Raises:
        QueryError: the cell is smaller than a pixel or larger than the scene.
        ExportError: the reference cannot be read.
    """
    side = cell_px(geobox, cell_m)
    height, width = geobox.shape
    hectares = abs(geobox.resolution.x * geobox.resolution.y) / HECTARE if amount.unit == "per hectare" else 1.0
    sums: list[F64] = []
    names: list[str] = []
    started, total = time.monotonic(), height * width
    for window in _strips(geobox, side):
        found = layers(window)
        names = list(found)
        true, known = amount.window(window)
        seen = known & np.logical_and.reduce([np.isfinite(values) for values in found.values()])
        parts = [seen.astype(np.float64), np.where(seen, true, 0)]
        parts += [np.where(seen, values, 0) for values in found.values()]
        sums.append(np.stack([_cell_sums(part, side) for part in parts]))  # (2 + L, cells)
        done = round((window.affine.f - geobox.affine.f) / geobox.affine.e + window.shape[0]) * width
        yield Progress(done, total, "pixels", time.monotonic() - started)
    counted = np.concatenate(sums, axis=1)
    counted = counted[:, counted[0] >= SEEN * side**2]
    means = counted[1:] / counted[0]
    return Cells(dict(zip(names, means[1:], strict=True)), means[0] / hectares, amount.unit)


def cell_px(geobox: GeoBox, cell_m: float) -> int:
    """Side of a cell in pixels; QueryError where it is smaller than one, or larger than the scene."""
    size = abs(float(geobox.resolution.x))
    longest = min(geobox.shape) * size
    if not (math.isfinite(cell_m) and 1 <= round(cell_m / size) <= min(geobox.shape)):
        raise QueryError(
            f"A cell of {cell_m:g} m is not possible; give metres between {size:g} and the scene's {longest:g}."
        )
    return round(cell_m / size)


def require_near(amount: Amount, geobox: GeoBox) -> None:
    """Refuse a reference that lies elsewhere (ExportError), before any work is done for it."""
    if not amount.meets(geobox):
        raise _elsewhere(amount.path)


def require_telling(cells: Cells, path: Path) -> None:
    """Refuse cells from which nothing can be learned about a scene (ExportError): too few, or all of them empty."""
    if len(cells) < FEWEST:
        raise ExportError(
            f"Only {len(cells)} cells of the scene hold ground that {path} knows, and {FEWEST} are wanted; take "
            "smaller cells."
        )
    if not cells.truth.any():
        raise _elsewhere(path)


def _elsewhere(path: Path) -> ExportError:
    return ExportError(
        f"The reference {path} has nothing of what is looked for on the ground of the scene; check that it lies "
        "over it."
    )


def agreement(cells: Cells, way: str, *, calibrated: bool) -> dict[str, Any]:
    """How far one way to look agrees with the truth, as a JSON object.

    Args:
        cells: at least two.
        way: name in ``cells.said``.
        calibrated: whether its values claim to be shares of the ground, as a density does; an index does not.

    Returns:
        ``cells``, ``spearman``, ``pearson`` (0 where either does not vary), ``curve`` (for groups of about equally many
        cells by what was said: ``cells``, mean ``said`` and mean ``true``) and, where both are shares,
        ``calibration_error`` (mean over the cells of how far ``said`` and ``true`` of their group lie apart).
    """
    said, truth = cells.said[way], cells.truth
    curve = calibration_curve(said, truth)
    found: dict[str, Any] = {
        "cells": len(cells),
        "spearman": round(spearman(said, truth), 3),
        "pearson": round(pearson(said, truth), 3),
    }
    if calibrated and cells.unit == "share":
        apart = sum(point["cells"] * abs(point["said"] - point["true"]) for point in curve) / len(cells)
        found["calibration_error"] = round(apart, 3)
    return found | {"curve": [{name: round(value, 4) for name, value in point.items()} for point in curve]}


def calibration_curve(said: F64, truth: F64, bins: int = BINS) -> list[dict[str, float]]:
    """Mean of both in groups of about equally many cells, by what was said, lowest first; equal values share one."""
    edges = np.unique(np.quantile(said, np.linspace(0, 1, bins + 1)[1:-1]))
    group = np.searchsorted(edges, said, side="right")
    return [
        {"cells": int(chosen.sum()), "said": float(said[chosen].mean()), "true": float(truth[chosen].mean())}
        for chosen in (group == number for number in range(len(edges) + 1))
        if chosen.any()
    ]


def _strips(geobox: GeoBox, side: int) -> Iterator[GeoBox]:
    """Windows of whole rows of cells, about as many as may be looked at together; what is left below is not in any."""
    height, width = geobox.shape
    across = width // side * side
    rows = max(1, AT_ONCE // (side * across)) * side
    for top in range(0, height // side * side, rows):
        yield pixel_window(geobox, top, 0, min(rows, height // side * side - top), across)


def _cell_sums(values: F64 | Bool, side: int) -> F64:
    """(rows * side, cols * side) -> (rows * cols,) sums over squares."""
    height, width = values.shape
    squares = values.reshape(height // side, side, width // side, side).sum(axis=(1, 3), dtype=np.float64)
    return np.asarray(squares.ravel(), np.float64)
