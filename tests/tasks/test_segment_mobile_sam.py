"""The same promises with the real MobileSAM: no seam, and nothing made worse."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from four_colors import CRS, LEFT, TOP, geobox
from green_things import iou
from known_encoder import KnownEncoder
from needed import put_mobile_sam
from odc.geo.geom import Geometry

from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene
from graft_core.models.sam import load_segmenter
from graft_core.search.query import parse_query
from graft_core.tasks.clicks import Click, outline_at, refine_segment
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.tasks.segment import Refiner, Segmentation, SegmentOptions, segment

SIDE = 256
ROWS, COLS = np.ogrid[:SIDE, :SIDE]
LOOKS = WindowLooks()
"""Shared by the tests, for a look takes seconds."""
ROW, COL, RADIUS = 80, 90, 40


@pytest.fixture(autouse=True)
def prepared() -> None:
    put_mobile_sam()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A green disc and a strip through the whole scene, on noisy white ground."""
    pixels = np.random.default_rng(0).integers(200, 256, (3, SIDE, SIDE), dtype=np.uint8)
    disc = (ROWS - ROW) ** 2 + (COLS - COL) ** 2 <= RADIUS**2
    strip = np.broadcast_to(np.abs(ROWS - 190) <= 20, (SIDE, SIDE))
    pixels[:, disc | strip] = np.array([[20], [230], [20]], np.uint8)
    path = tmp_path_factory.mktemp("scene") / "green.tif"
    write_raster(path, pixels, geobox(SIDE, SIDE), descriptions=("red", "green", "blue"), photometric="rgb")
    return open_scene(path)


def found(scene: Scene, folder: Path, area: Geometry | None = None, *, sam: bool = True) -> Segmentation:
    work = segment(
        scene,
        KnownEncoder(level="patch", tile_px=64),
        parse_query("green"),
        folder / "patches",
        refiner=Refiner(load_segmenter(device="cpu") if sam else None, ""),
        options=SegmentOptions(window_px=256),
        area=area,
        looks=LOOKS,
    )
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Segmentation = end.value
            return result


def disc() -> Any:
    return shapely.Point(LEFT + COL + 0.5, TOP - ROW - 0.5).buffer(RADIUS)


def union(made: Segmentation) -> Any:
    return shapely.union_all([each.shape for each in made.segments])


def test_whole_scene_and_overlapping_halves_give_the_same_polygons(scene: Scene, tmp_path: Path) -> None:
    whole = found(scene, tmp_path)
    assert len(whole.segments) == 2
    assert any(each.refined for each in whole.segments)
    for left, right in ((0, 150), (100, SIDE)):
        area = Geometry(shapely.box(LEFT + left, TOP - SIDE, LEFT + right, TOP), CRS)
        part = found(scene, tmp_path, area)
        assert iou(union(part), union(whole) & area.geom) > 0.99
        assert len(part.segments) == sum(each.shape.intersection(area.geom).area > 0 for each in whole.segments)


def test_outline_of_a_disc_is_nearer_to_the_truth_with_sam(scene: Scene, tmp_path: Path) -> None:
    plain, refined = found(scene, tmp_path, sam=False), found(scene, tmp_path)
    before, after = (max(iou(each.shape, disc()) for each in made.segments) for made in (plain, refined))
    assert after > max(before, 0.9)


def test_click_outlines_a_disc_and_a_second_one_beside_it_does_not_change_that(scene: Scene) -> None:
    sam, middle = load_segmenter(device="cpu"), Click(LEFT + COL, TOP - ROW, True)
    first = outline_at(scene, [middle], sam, LOOKS)
    assert iou(first.shape, disc()) > 0.9
    second = refine_segment(scene, first, [Click(LEFT + COL + 60, TOP - ROW, False)], sam, LOOKS)
    assert iou(second.shape, disc()) > 0.9
