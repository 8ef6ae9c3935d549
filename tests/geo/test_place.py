import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.geom import polygon

from graft_core.geo.place import WGS84, bounds_wgs84, lon_lat, pixel_window, reprojected


def grid(crs: str, left: float, top: float, gsd: float = 10.0, side: int = 100) -> GeoBox:
    return GeoBox((side, side), Affine(gsd, 0, left, 0, -gsd, top), crs)


def test_window_of_a_grid_keeps_its_pixels_also_beyond_its_rim() -> None:
    window = pixel_window(grid("EPSG:32631", 500_000, 5_000_000), -2, 3, 4, 5)
    assert tuple(window.shape) == (4, 5)
    assert window.affine == Affine(10, 0, 500_030, 0, -10, 5_000_020)


def test_longitude_comes_before_latitude() -> None:
    lon, lat = lon_lat(grid("EPSG:32631", 0, 0).crs, np.array([500_000.0]), np.array([5_000_000.0]))
    assert lon[0] == pytest.approx(3.0)
    assert lat[0] == pytest.approx(45.15, abs=0.01)


def test_bounds_hold_every_pixel_of_a_scene_whose_edges_bend() -> None:
    box = grid("EPSG:32633", 300_000, 8_000_000, gsd=1000, side=400)
    west, south, east, north = bounds_wgs84(box)
    x, y = np.meshgrid(np.linspace(300_000, 700_000, 201), np.linspace(7_600_000, 8_000_000, 201))
    lon, lat = lon_lat(box.crs, x.ravel(), y.ravel())
    assert west <= lon.min() + 1e-3
    assert east >= lon.max() - 1e-3
    assert south <= lat.min() + 1e-3
    assert north >= lat.max() - 1e-3


def test_bounds_across_the_antimeridian_go_the_short_way() -> None:
    west, _, east, _ = bounds_wgs84(grid("EPSG:32660", 820_000, 100_000, gsd=1000))
    assert west > 179
    assert east < -179


def test_reprojected_area_covers_the_same_ground() -> None:
    corners = [(500_000, 5_000_000), (501_000, 5_000_000), (501_000, 5_001_000), (500_000, 5_000_000)]
    area = polygon(corners, "EPSG:32631")
    there = reprojected(area, WGS84)
    back = reprojected(there, area.crs)
    assert there.crs == WGS84
    assert there.boundingbox.left == pytest.approx(3.0)
    assert np.allclose(back.geom.exterior.coords, corners, atol=1e-3)
    assert reprojected(area, area.crs) is area
