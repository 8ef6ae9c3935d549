"""Objects as files: polygons for a GIS with all that is known of them, and where wanted a raster of them."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.geo.masks import area_from_wkt, inside
from graft_core.geo.place import lon_lat, reprojected
from graft_core.io.categories import write_categories
from graft_core.io.geotiff import write_raster
from graft_core.io.qml import write_class_qml
from graft_core.io.scene import Scene, read_rgb
from graft_core.io.shapes import mask_of
from graft_core.io.vector import SegmentRow, read_segments, write_segments
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.measure import Segment
from graft_core.tasks.provenance import now
from graft_core.tasks.segment import Segmentation
from graft_core.tasks.segment_recipe import SegmentRecipe
from graft_core.tasks.targets import OUTLINES, RASTERS, check_target
from graft_core.tasks.writing import Meter, in_background
from graft_core.types import U8, Progress

OBJECT, ELSEWHERE = 1, 2
"""Values of the raster of objects; 0 is no imagery, or outside the area of interest."""
COLORS = {OBJECT: (213, 94, 0), ELSEWHERE: (224, 224, 224)}
"""Vermilion of Okabe and Ito's palette, which everybody can tell from grey."""


def write_segmentation(path: Path, found: Segmentation) -> None:
    """Write the objects to ``path`` (GeoPackage, GeoJSON or GeoParquet), with the recipe beside them in the file.

    Raises:
        ExportError: unknown suffix, or the file cannot be written.
    """
    check_target(path, OUTLINES)
    recipe = replace(found.recipe, time=found.recipe.time or now())
    meta = {
        "query": recipe.query.text,
        "encoder": recipe.encoder,
        "encoder_key": recipe.encoder_key,
        "segmenter": recipe.segmenter or "",
        "threshold": f"{recipe.threshold:g}",
        "scene": recipe.scene,
        "source": recipe.source,
        "software": recipe.software,
        "time": recipe.time,
    }
    write_segments(path, [_row(each) for each in found.segments], str(found.geobox.crs), meta, recipe.to_json())


def write_object_raster(path: Path, found: Segmentation, scene: Scene) -> Generator[Progress, None, None]:
    """Write where the objects are, as COG of the scene's own pixels with colours and names; ``.qml`` beside it.

    Args:
        path: GeoTIFF to write.
        found: the objects.
        scene: the scene they were found in; it tells where there is imagery.

    Yields:
        Progress in pixels. Closing the generator stops the writing; nothing is left behind.

    Raises:
        ExportError: the path is not a GeoTIFF's, or cannot be written.
    """
    check_target(path, RASTERS)
    recipe = replace(found.recipe, time=found.recipe.time or now())
    names = {OBJECT: recipe.query.text, ELSEWHERE: "no match"}
    shapes = [each.shape for each in found.segments]
    tree = shapely.STRtree(shapes)

    def labels(window: GeoBox) -> U8:
        drawn = np.full(window.shape, ELSEWHERE, np.uint8)
        here = [shapes[i] for i in tree.query(window.extent.geom).tolist()]
        drawn[mask_of(shapely.GeometryCollection(here), window)] = OBJECT
        drawn[~read_rgb(scene, window)[1]] = 0
        within = None if found.area is None else inside(found.area, window)
        if within is not None:
            drawn[~within] = 0
        return drawn

    def write(meter: Meter) -> None:
        def blocks(window: GeoBox) -> U8:
            meter.add(window.shape[0] * window.shape[1])
            return labels(window)[None]

        write_raster(
            path, blocks, found.geobox, descriptions=["objects"], dtype="uint8", nodata=0,
            tags={"GRAFT_SEGMENT_RECIPE": recipe.to_json()}, class_names=names, palette=COLORS,
        )  # fmt: skip

    yield from in_background(write, found.geobox.shape[0] * found.geobox.shape[1])
    write_class_qml(path.with_suffix(".qml"), names, COLORS)
    write_categories(path, names)


def read_segmentation(path: Path, scene: Scene) -> Segmentation:
    """Read objects back from a GeoPackage or GeoParquet.

    Args:
        path: written by `write_segmentation`.
        scene: the scene they were found in.

    Raises:
        ExportError: the file cannot be read, is another program's, or belongs to another scene.
    """
    rows, _, note = read_segments(path)
    recipe = SegmentRecipe.from_json(note)
    check_scene_of(recipe, scene, path)
    aoi = None if recipe.aoi is None or recipe.aoi_crs is None else area_from_wkt(recipe.aoi, recipe.aoi_crs)
    local = None if aoi is None else reprojected(aoi, crs_of(scene))
    geobox = scene.geobox if local is None else cut_to(scene.geobox, local, scene.name)
    return Segmentation(tuple(_segment(row) for row in rows), geobox, local, recipe)


def segment_rows(found: Segmentation) -> list[dict[str, object]]:
    """Objects as JSON values, for whoever prints them; where they lie in degrees."""
    middles = [shapely.point_on_surface(each.shape) for each in found.segments]
    crs = found.geobox.crs
    assert crs is not None  # a scene has one
    lon, lat = lon_lat(crs, np.array([each.x for each in middles]), np.array([each.y for each in middles]))
    return [
        {
            "number": each.number,
            "area_m2": each.area_m2,
            "mean_score": each.mean_score,
            "max_score": each.max_score,
            "mean_match": each.mean_match,
            "max_match": each.max_match,
            "refined": each.refined,
            "note": each.note,
            "lon": east,
            "lat": north,
        }
        for each, east, north in zip(found.segments, lon.tolist(), lat.tolist(), strict=True)
    ]


def check_scene_of(recipe: SegmentRecipe, scene: Scene, path: Path) -> None:
    """Refuse objects that were found in another scene, or in this one before it changed (ExportError)."""
    if recipe.fingerprint != scene.fingerprint:
        raise ExportError(
            f"The objects in {path} were found in scene {recipe.scene} at {recipe.source}, and {scene.name} is another "
            "scene, or has changed since; find them again."
        )


def _row(segment: Segment) -> SegmentRow:
    return SegmentRow(
        number=segment.number,
        shape=segment.shape,
        area_m2=segment.area_m2,
        mean_score=segment.mean_score,
        max_score=segment.max_score,
        mean_match=segment.mean_match,
        max_match=segment.max_match,
        refined=segment.refined,
        note=segment.note,
    )


def _segment(row: SegmentRow) -> Segment:
    return Segment(
        number=row.number,
        shape=row.shape,
        area_m2=row.area_m2,
        mean_score=row.mean_score,
        max_score=row.max_score,
        mean_match=row.mean_match,
        max_match=row.max_match,
        refined=row.refined,
        note=row.note,
    )
