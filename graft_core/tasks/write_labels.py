"""A label map as files: the GeoTIFF with its colours and names, the style for QGIS, the table of areas, a STAC item."""

import csv
import io
import json
import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from odc.geo.geobox import GeoBox

from graft_core.io.atomic import write_text
from graft_core.io.categories import categories_path, write_categories
from graft_core.io.geotiff import write_raster
from graft_core.io.qml import write_class_qml
from graft_core.io.reference import Reference
from graft_core.io.stac import Extra, write_stac_item
from graft_core.tasks.accuracy import Accuracy, Agreement, check_reference, match_classes
from graft_core.tasks.class_areas import AreaCount, AreaTable
from graft_core.tasks.class_list import UNSURE
from graft_core.tasks.class_recipe import ClassRecipe
from graft_core.tasks.classify import LabelMap
from graft_core.tasks.provenance import now
from graft_core.tasks.targets import RASTERS, check_target
from graft_core.tasks.writing import Meter, in_background
from graft_core.types import U8, Progress


@dataclass(frozen=True)
class WrittenLabels:
    """A label map on disk."""

    files: Mapping[str, Path]
    """What each file is -> where it is."""
    areas: AreaTable
    """Area of each class."""
    accuracy: Accuracy | None
    """Agreement with the reference, where one was given."""


def write_labels(
    path: Path, made: LabelMap, *, reference: Reference | None = None, same: Mapping[str, str] | None = None
) -> Generator[Progress, None, WrittenLabels]:
    """Write ``path`` (COG of class values) and what belongs to it; each file whole or not at all.

    Beside it: ``.qml`` (QGIS colours), ``.tif.aux.xml`` (category names for GDAL), ``.csv`` (areas), ``.json`` (STAC
    item) and, with a reference, ``.confusion.csv``. Every pixel is computed once for all of them.

    Args:
        path: GeoTIFF to write.
        made: the map.
        reference: what is known about the ground.
        same: reference class -> class of the map, where they are called differently.

    Yields:
        Progress in pixels. Closing the generator stops the writing; nothing is left behind.

    Raises:
        ExportError: the path is not a GeoTIFF's or cannot be written, or the reference does not fit the map.
    """
    check_target(path, RASTERS)
    areas = AreaCount(made)
    compared = None
    if reference is not None:
        check_reference(reference, made.geobox, made.scene.name)
        compared = Agreement(made, reference, match_classes(reference, tuple(each.name for each in made.classes), same))
    recipe = replace(made.recipe, time=now())
    yield from _raster(path, made, recipe, [areas.add] if compared is None else [areas.add, compared.add])
    table = areas.table()
    files = {"raster": path} | _companions(path, made, table)
    agreed = None if compared is None else compared.accuracy()
    if agreed is not None:
        files["confusion"] = path.with_suffix(".confusion.csv")
        write_text(files["confusion"], confusion_csv(agreed))
    files["stac"] = path.with_suffix(".json")
    _write_item(files, made, recipe)
    return WrittenLabels(files, table, agreed)


def areas_csv(areas: AreaTable) -> str:
    """The table of areas as comma-separated text, one class a line."""
    header = ("value", "class", "pixels", "m2", "ha", "share")
    rows = [
        (row.value, row.name, row.pixels, f"{row.m2:.2f}", f"{row.hectares:.4f}", f"{row.share:.6f}")
        for row in areas.rows
    ]
    return _csv([header, *rows])


def confusion_csv(found: Accuracy) -> str:
    """The confusion matrix (truth by row) with precision, recall and IoU of each class, and OA and mIoU below it."""
    header = ("reference \\ map", *found.names, UNSURE, "precision", "recall", "iou")
    rows: list[Sequence[object]] = [
        (each.name, *counts, _figure(each.precision), _figure(each.recall), _figure(each.iou))
        for each, counts in zip(found.classes, found.confusion.tolist(), strict=True)
    ]
    below = [("overall accuracy", _figure(found.overall)), ("mean IoU", _figure(found.mean_iou))]
    left = [(f"left out: {name}", pixels) for name, pixels in found.left_out.items()]
    return _csv([header, *rows, *below, *left])


def _raster(
    path: Path, made: LabelMap, recipe: ClassRecipe, watchers: Sequence[Callable[[GeoBox, U8], None]]
) -> Generator[Progress, None, None]:
    def write(meter: Meter) -> None:
        def blocks(window: GeoBox) -> U8:
            labels = made.window(window)
            for watch in watchers:
                watch(window, labels)
            meter.add(labels.size)
            return labels[None]

        write_raster(
            path, blocks, made.geobox, descriptions=["class"], dtype="uint8", nodata=0, tags=recipe.tags(),
            class_names=made.names, palette=made.colors,
        )  # fmt: skip

    yield from in_background(write, made.geobox.shape[0] * made.geobox.shape[1])


def _companions(path: Path, made: LabelMap, areas: AreaTable) -> dict[str, Path]:
    """What belongs to the raster whatever else is known."""
    files = {"style": path.with_suffix(".qml"), "names": categories_path(path), "areas": path.with_suffix(".csv")}
    write_class_qml(files["style"], made.names, made.colors)
    write_categories(path, made.names)
    write_text(files["areas"], areas_csv(areas))
    return files


def _write_item(files: Mapping[str, Path], made: LabelMap, recipe: ClassRecipe) -> None:
    described = {
        "style": ("QGIS style", "application/xml", "style"),
        "names": ("Category names", "application/xml", "metadata"),
        "areas": ("Area of each class", "text/csv", "metadata"),
        "confusion": ("Agreement with the reference", "text/csv", "metadata"),
    }
    write_stac_item(
        files["stac"],
        files["raster"],
        recipe=json.loads(recipe.to_json()),
        acquired=made.scene.acquired,
        created=datetime.fromisoformat(recipe.time),
        title=f"Classes of {recipe.scene}",
        extras=[
            Extra(files[name], title, media_type, (role,))
            for name, (title, media_type, role) in described.items()
            if name in files
        ],
    )


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"
