"""A raster of four colours: what a test of places can see at a glance."""

import numpy as np
from affine import Affine
from known_encoder import COLORS
from odc.geo.geobox import GeoBox

CRS = "EPSG:32631"
LEFT, TOP = 500_100.0, 5_000_200.0
HEIGHT, WIDTH = 160, 224


def geobox(
    height: int = HEIGHT, width: int = WIDTH, *, left: float = LEFT, top: float = TOP, gsd: float = 1.0
) -> GeoBox:
    return GeoBox((height, width), Affine(gsd, 0, left, 0, -gsd, top), CRS)


def four_colors(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(3, h, w): red in the north-west, green in the north-east, blue in the south-west, white in the south-east."""
    pixels = np.zeros((3, height, width), np.uint8)
    north, west = slice(None, height // 2), slice(None, width // 2)
    south, east = slice(height // 2, None), slice(width // 2, None)
    for rows, cols, name in [
        (north, west, "red"),
        (north, east, "green"),
        (south, west, "blue"),
        (south, east, "white"),
    ]:
        pixels[:, rows, cols] = np.array(COLORS[name], np.uint8)[:, None, None]
    return pixels
