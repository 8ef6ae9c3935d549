"""What stands on the ground in the real imagery, what plain indices see of it, and how near an answer comes."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from scipy.stats import rankdata

from graft_core.evaluate.metrics import spearman, top1_accuracy
from graft_core.types import F32, I64, Bool

F64 = npt.NDArray[np.float64]

INSIDE = 0.5
"""A polygon counts when this share of it lies in the scene and in no polygon of another class that is asked for."""


def tree_counts(points: Path, tiles: Sequence[str]) -> list[int]:
    """Points of a GeoJSON that carry each tile's name in the property ``tile``; a tile without any has 0.

    ValueError where a point belongs to none of the tiles, for then the two do not fit together.
    """
    features = json.loads(points.read_text())["features"]
    counted = Counter(feature["properties"]["tile"] for feature in features)
    counts = [counted[name] for name in tiles]
    if sum(counts) != len(features):
        raise ValueError(f"{len(features) - sum(counts)} points of {points} belong to none of the tiles")
    return counts


@dataclass(frozen=True, eq=False)
class LabelledAreas:
    """Polygons on a scene's grid."""

    pixels: tuple[I64, ...]
    """Of each area, the pixels whose centre lies in it, row by row from 0."""
    label: I64
    """(N,) position of its class among those asked for."""
    hectares: F64
    """(N,) size of the whole polygon."""

    def means(self, layers: F32 | F64) -> F32:
        """(K, H, W) layers on the scene's grid -> (N, K) mean over each area."""
        flat = layers.reshape(len(layers), -1)
        return np.stack([flat[:, each].mean(axis=1) for each in self.pixels]).astype(np.float32)


def labelled_areas(path: Path, classes: Sequence[Sequence[str]], geobox: GeoBox) -> LabelledAreas:
    """The polygons of a file whose ``fclass`` is one of the given ones, each shape once.

    Args:
        path: polygons, in any CRS.
        classes: for each class its values of ``fclass``.
        geobox: (H, W) grid of the scene. Pixels that polygons of two classes claim belong to neither.
    """
    frame = geopandas.read_file(path).to_crs(str(geobox.crs))
    label_of = {value: i for i, values in enumerate(classes) for value in values}
    wanted = {
        (label_of[fclass], shape.normalize().wkb): shape
        for fclass, shape in zip(frame["fclass"], frame.geometry, strict=True)
        if fclass in label_of
    }
    burnt = [pixels_inside(shape, geobox) for shape in wanted.values()]
    claimed = np.zeros((len(classes), geobox.shape[0] * geobox.shape[1]), np.bool_)
    for (label, _), pixels in zip(wanted, burnt, strict=True):
        claimed[label, pixels] = True
    alone = claimed.sum(axis=0) == 1
    own = [pixels[alone[pixels]] for pixels in burnt]
    square = float(geobox.resolution.x) ** 2
    kept = [i for i, shape in enumerate(wanted.values()) if len(own[i]) * square >= INSIDE * shape.area]
    labels, sizes = [label for label, _ in wanted], [shape.area / 1e4 for shape in wanted.values()]
    return LabelledAreas(tuple(own[i] for i in kept), np.array(labels)[kept], np.array(sizes)[kept])


def pixels_inside(shape: Any, geobox: GeoBox) -> I64:
    """Pixels of the grid whose centre lies in a polygon of the same CRS, counted row by row from 0."""
    burnt = rasterize([shape], out_shape=tuple(geobox.shape), transform=geobox.affine, dtype="uint8")
    return np.flatnonzero(burnt)


def read_bands(path: Path) -> F64:
    """(4, H, W) red, green, blue and near infrared as stored, whatever the fourth is tagged as."""
    with rasterio.open(path) as source:
        return np.asarray(source.read((1, 2, 3, 4)), np.float64)


def ndvi(bands: F64) -> F64:
    """(H, W) how much brighter near infrared is than red, in [-1, 1]; green leaves are high."""
    red, _, _, infrared = bands
    return _ratio(infrared - red, infrared + red)


def ndwi(bands: F64) -> F64:
    """(H, W) how much brighter green is than near infrared, in [-1, 1] (McFeeters 1996); open water is high."""
    _, green, _, infrared = bands
    return _ratio(green - infrared, green + infrared)


def _ratio(part: F64, whole: F64) -> F64:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole != 0)


def rank_agreement(values: F64, counts: F64) -> dict[str, float]:
    """Spearman's rho and its 95 % interval (Bonett and Wright 2000), which takes the areas for independent."""
    rho = spearman(values, counts)
    middle = np.arctanh(np.clip(rho, -1 + 1e-9, 1 - 1e-9))
    reach = 1.96 * np.sqrt((1 + rho**2 / 2) / (len(counts) - 3))
    low, high = np.tanh([middle - reach, middle + reach])
    return {"rho": round(rho, 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def area_under_curve(scores: F32, relevant: Bool) -> float:
    """Chance that a relevant row scores higher than another, equal scores counting half; 0.5 is guessing."""
    wanted, others = int(relevant.sum()), int((~relevant).sum())
    above = rankdata(scores)[relevant].sum() - wanted * (wanted + 1) / 2
    return float(above / (wanted * others))


def zero_shot_figures(scores: F32, truth: I64, names: Sequence[str]) -> dict[str, Any]:
    """How often the highest column is the true one, in all and by class, and how well each column ranks its class.

    Args:
        scores: (N, C), one column a class.
        truth: (N,) true column; at least two classes occur.
        names: of the C classes; those that do not occur are left out.
    """
    present = np.unique(truth)
    recall = {names[c]: round(top1_accuracy(scores[truth == c], truth[truth == c]), 3) for c in present}
    auc = {names[c]: round(area_under_curve(scores[:, c], truth == c), 3) for c in present}
    return {
        "top-1": round(top1_accuracy(scores, truth), 3),
        "balanced accuracy": round(float(np.mean(list(recall.values()))), 3),
        "mean AUC": round(float(np.mean(list(auc.values()))), 3),
        "recall": recall,
        "AUC": auc,
    }
