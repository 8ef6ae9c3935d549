"""Cells, correlations and calibration curves are those worked out by hand."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from long_work import finish
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError, QueryError
from graft_core.evaluate import density_check
from graft_core.evaluate.density_check import Cells, Layers, agreement, calibration_curve, cells_of, require_telling
from graft_core.types import F32, Bool

GRID = GeoBox((5, 7), Affine(10, 0, 0, 0, -10, 0), "EPSG:32631")


class Drawn:
    """An amount (io.amounts.Amount) out of an array."""

    path = None

    def __init__(self, values: np.ndarray, known: np.ndarray, unit: str) -> None:
        self.values, self.known, self.unit = values.astype(np.float32), known, unit

    def window(self, geobox: GeoBox) -> tuple[F32, Bool]:
        rows, cols = within(geobox)
        return self.values[rows, cols], self.known[rows, cols]


def within(geobox: GeoBox) -> tuple[slice, slice]:
    top, left = round(-geobox.affine.f / 10), round(geobox.affine.c / 10)
    return slice(top, top + geobox.shape[0]), slice(left, left + geobox.shape[1])


def layers(**arrays: np.ndarray) -> Layers:
    def of(geobox: GeoBox) -> Mapping[str, F32]:
        return {name: values.astype(np.float32)[within(geobox)] for name, values in arrays.items()}

    return of


def cells(
    said: np.ndarray, true: np.ndarray, known: np.ndarray | None = None, unit: str = "share", m: float = 20
) -> Cells:
    known = np.ones(true.shape, np.bool_) if known is None else known
    return finish(cells_of(layers(a=said), GRID, Drawn(true, known, unit), m))  # type: ignore[arg-type]


def numbers() -> np.ndarray:
    return np.arange(35.0).reshape(5, 7)


def test_cells_are_averaged_from_the_corner_and_what_is_left_over_is_not() -> None:
    found = cells(numbers(), numbers() / 100)
    # Two rows of three cells of 2 x 2 pixels: (0 + 1 + 7 + 8) / 4 and so on.
    assert found.said["a"].tolist() == [4, 6, 8, 18, 20, 22]
    np.testing.assert_allclose(found.truth, np.array([4, 6, 8, 18, 20, 22]) / 100, rtol=1e-6)


@pytest.mark.parametrize("at_once", [1, 20, 1 << 22])
def test_cells_do_not_depend_on_how_much_is_looked_at_together(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(density_check, "AT_ONCE", at_once)
    steps = list(cells_of(layers(a=numbers()), GRID, Drawn(numbers(), numbers() >= 0, "share"), 20))  # type: ignore[arg-type]
    assert steps[-1].done == 28
    assert len(steps) == (1 if at_once > 20 else 2)
    assert cells(numbers(), numbers()).said["a"].tolist() == [4, 6, 8, 18, 20, 22]


def test_only_ground_that_is_seen_and_known_counts() -> None:
    said, known = numbers(), np.ones((5, 7), np.bool_)
    said[0, 0] = np.nan  # the first cell has three pixels left
    known[0, 2:4] = False  # the second has two
    known[0:2, 4] = known[0, 5] = False  # the third has one, and is left out
    found = cells(said, numbers(), known)
    np.testing.assert_allclose(found.said["a"], [(1 + 7 + 8) / 3, (9 + 10) / 2, 18, 20, 22])
    np.testing.assert_allclose(found.truth, [(1 + 7 + 8) / 3, (9 + 10) / 2, 18, 20, 22])


def test_all_ways_to_look_are_compared_on_the_same_ground() -> None:
    hole = numbers()
    hole[0, :2] = np.nan
    found = finish(cells_of(layers(a=numbers(), b=hole), GRID, Drawn(numbers(), numbers() >= 0, "share"), 20))  # type: ignore[arg-type]
    assert found.said["a"][0] == found.said["b"][0] == found.truth[0] == 7.5


def test_things_are_counted_per_hectare() -> None:
    points = np.zeros((5, 7))
    points[0, 0], points[1, 1], points[3, 4] = 1, 2, 1
    found = cells(numbers(), points, unit="per hectare")
    np.testing.assert_allclose(found.truth, [3 / 0.04, 0, 0, 0, 0, 1 / 0.04])


@pytest.mark.parametrize("meters", [4, 60, 0, -20, math.nan, math.inf])
def test_impossible_cells_are_refused(meters: float) -> None:
    with pytest.raises(QueryError, match=f"A cell of {meters} m is not possible; give metres between 10 and .* 50"):
        cells(numbers(), numbers(), m=meters)


def two_groups() -> Cells:
    """Eight cells: four of which a fifth was said and nothing is true, four of 0.6 and 0.8."""
    said = np.array([0.1, 0.2, 0.2, 0.3, 0.5, 0.6, 0.6, 0.7])
    true = np.array([0.0, 0.0, 0.0, 0.0, 0.7, 0.8, 0.8, 0.9])
    return Cells({"density": said, "index": -said}, true, "share")


def test_curve_has_equally_many_cells_a_group_and_equal_values_share_one() -> None:
    found = two_groups()
    curve = calibration_curve(found.said["density"], found.truth, bins=2)
    assert [point["cells"] for point in curve] == [4, 4]
    assert [point["said"] for point in curve] == pytest.approx([0.2, 0.6])
    assert [point["true"] for point in curve] == pytest.approx([0.0, 0.8])
    flat = calibration_curve(np.array([0.0] * 9 + [1.0]), np.arange(10.0))
    assert [(point["cells"], point["true"]) for point in flat] == [(9, 4.0), (1, 9.0)]


def test_agreement_by_hand() -> None:
    found = agreement(two_groups(), "density", calibrated=True)
    assert found["cells"] == 8
    assert found["pearson"] == pytest.approx(
        np.corrcoef(two_groups().said["density"], two_groups().truth)[0, 1], abs=1e-3
    )
    # Ranks 1, 2.5, 2.5, 4, 5, 6.5, 6.5, 8 against 2.5 (four times), 5, 6.5, 6.5, 8.
    ranks = np.array([1, 2.5, 2.5, 4, 5, 6.5, 6.5, 8]), np.array([2.5] * 4 + [5, 6.5, 6.5, 8])
    assert found["spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-3)
    # Every cell of the lower half says 0.2 too much on the mean, every one of the upper half 0.2 too little.
    assert found["calibration_error"] == pytest.approx(0.2)


def test_an_index_has_a_curve_but_no_calibration() -> None:
    found = agreement(two_groups(), "index", calibrated=False)
    assert "calibration_error" not in found
    assert found["spearman"] < 0
    assert found["curve"][0]["said"] == -0.7
    counted = Cells(two_groups().said, two_groups().truth, "per hectare")
    assert "calibration_error" not in agreement(counted, "density", calibrated=True)


def test_cells_of_several_scenes_are_put_together() -> None:
    both = two_groups() + two_groups()
    assert len(both) == 16
    assert both.said["index"].tolist() == two_groups().said["index"].tolist() * 2


def test_what_does_not_vary_explains_nothing() -> None:
    flat = Cells({"density": np.zeros(5)}, np.arange(5.0) / 5, "share")
    found = agreement(flat, "density", calibrated=True)
    assert (found["spearman"], found["pearson"]) == (0, 0)
    assert found["curve"] == [{"cells": 5, "said": 0.0, "true": 0.4}]
    assert found["calibration_error"] == 0.4


def test_cells_from_which_nothing_can_be_learned_are_refused() -> None:
    empty = Cells({"density": np.zeros(5)}, np.zeros(5), "per hectare")
    with pytest.raises(ExportError, match=r"trees\.gpkg has nothing of what is looked for on the ground of the scene"):
        require_telling(empty, Path("trees.gpkg"))
    few = Cells({"density": np.zeros(2)}, np.ones(2), "share")
    with pytest.raises(ExportError, match=r"Only 2 cells of the scene hold ground .* take smaller"):
        require_telling(few, Path("trees.gpkg"))
    require_telling(two_groups(), Path("trees.gpkg"))
