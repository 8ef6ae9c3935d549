"""Writing a density map (GeoTIFF with overviews, QGIS style, STAC item) beside its parts and GDAL; one JSON object.

    python -m benchmarks.density --side 8192
    taskset -c 0 python -m benchmarks.density                        on one core

Rates are million pixels of the map (two float32 bands each) a second: by CPU time, all threads together, which other
work on the machine hardly changes, and by wall time and core. The limits, measured on the same map in the same run:
drawing its windows and nothing else, encoding its tiles and nothing else, a plain write of as many bytes, and GDAL
writing its own COG of a part of the map that is in memory already.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox

from benchmarks.stand_ins import CheapEncoder, exhaust, write_aerial
from graft_core.geo.place import pixel_window
from graft_core.index.scan import thread_count
from graft_core.index.store import IndexStore
from graft_core.io.cog import ZSTD_LEVEL, encode_tile
from graft_core.io.pyramid import BLOCK
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.tasks.density import DensityMap, density_map
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import in_steps, write_density
from graft_core.types import F32

QUICK_SIDE = 2048
WINDOW_PX = 2 * BLOCK


@dataclass(frozen=True)
class Cost:
    """What a piece of work took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, all threads together."""


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8192, help="pixels of 1 m along each side of the map")
    parser.add_argument("--tile", type=int, default=224, help="pixels along each side of a tile; the stride is half")
    parser.add_argument("--gdal-side", type=int, default=4096, help="side of the part that GDAL writes")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a small map, to try this out")
    options = parser.parse_args()
    if options.quick:
        options.side, options.repeats = QUICK_SIDE, 1
    with tempfile.TemporaryDirectory() as name:
        density = made_density(Path(name), options.side, options.tile)
        result = measure(Path(name), density, min(options.gdal_side, options.side), options.repeats)
    setting = {"benchmark": "density", "threads": thread_count(), "side": options.side, "tile_px": options.tile}
    print(json.dumps(setting | {"bands": 2, "repeats": options.repeats} | result, indent=2))


def made_density(folder: Path, side: int, tile_px: int) -> DensityMap:
    """The map of a query over a scene of that size, indexed with an encoder that costs nothing."""
    encoder = CheapEncoder(tile_px)
    write_aerial(folder / "scene.tif", side)
    scene = open_scene(folder / "scene.tif")
    exhaust(index_scene(scene, encoder, folder / "index"))
    searcher = Searcher(IndexStore(folder / "index", encoder.spec).snapshot(), encoder)
    return density_map(scene, searcher, parse_query("harbour"))


def measure(folder: Path, density: DensityMap, gdal_side: int, repeats: int) -> dict[str, Any]:
    """Writing, its parts and GDAL, in turn."""
    path = folder / "map.tif"
    part = in_steps(density.window(pixel_window(density.geobox, 0, 0, gdal_side, gdal_side)))
    write: list[Cost] = []
    draw: list[Cost] = []
    encode: list[Cost] = []
    disk: list[Cost] = []
    gdal: list[Cost] = []
    for _ in range(repeats):
        write.append(_cost(lambda: exhaust(write_density(path, density))))
        draw.append(_cost(lambda: exhaust(_windows(density))))
        encode.append(_encoding(density))
        disk.append(_cost(partial(_write_through, folder / "plain.bin", path.read_bytes())))
        gdal.append(_cost(lambda: _write_with_gdal(folder / "gdal.tif", part, density.geobox)))
    mpx, gdal_mpx = np.prod(density.geobox.shape) / 1e6, gdal_side**2 / 1e6
    used = min(thread_count(), os.cpu_count() or 1)
    cpu, wall = _median_cpu(write), statistics.median(cost.wall for cost in write)
    return {
        "mpx": round(float(mpx), 2),
        "mpx_per_cpu_s": round(mpx / cpu, 2),
        "mpx_per_s_and_core": round(mpx / wall / used, 2),
        "cpu_of_wall": round(cpu / wall, 2),
        "draw_share_of_cpu": round(_median_cpu(draw) / cpu, 3),
        "encode_full_size_share_of_cpu": round(_median_cpu(encode) / cpu, 3),
        "plain_write_of_wall": round(statistics.median(cost.wall for cost in disk) / wall, 3),
        "gdal_mpx_per_cpu_s": round(gdal_mpx / _median_cpu(gdal), 2),
        "times_gdal_by_cpu": round(mpx / cpu / (gdal_mpx / _median_cpu(gdal)), 2),
        "bytes_per_px": round(path.stat().st_size / mpx / 1e6, 2),
        "gdal_bytes_per_px": round((folder / "gdal.tif").stat().st_size / gdal_mpx / 1e6, 2),
    }


def _windows(density: DensityMap) -> Iterator[F32]:
    """Every window of the map once, as the writer asks for them."""
    height, width = density.geobox.shape
    for top in range(0, height, WINDOW_PX):
        for left in range(0, width, WINDOW_PX):
            rows, cols = min(WINDOW_PX, height - top), min(WINDOW_PX, width - left)
            yield in_steps(density.window(pixel_window(density.geobox, top, left, rows, cols)))


def _encoding(density: DensityMap) -> Cost:
    """Predictor and compression of all tiles at full size, the time of drawing them not counted."""
    wall = cpu = 0.0
    with ThreadPoolExecutor(thread_count()) as pool:
        for window in _windows(density):
            tiles = [
                band[None, top : top + BLOCK, left : left + BLOCK]
                for band in window
                for top in range(0, window.shape[1], BLOCK)
                for left in range(0, window.shape[2], BLOCK)
            ]
            cost = _cost(partial(_encode_all, pool, tiles))
            wall, cpu = wall + cost.wall, cpu + cost.cpu
    return Cost(wall, cpu)


def _encode_all(pool: ThreadPoolExecutor, tiles: list[F32]) -> None:
    exhaust(pool.map(encode_tile, tiles))


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_with_gdal(path: Path, values: F32, geobox: GeoBox) -> None:
    profile = {
        "driver": "COG", "width": values.shape[2], "height": values.shape[1], "count": len(values),
        "dtype": "float32", "nodata": np.nan, "crs": str(geobox.crs), "transform": geobox.affine,
        "blocksize": BLOCK, "compress": "ZSTD", "level": ZSTD_LEVEL, "predictor": "YES",
        "overview_resampling": "AVERAGE", "num_threads": thread_count(),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dst:
        dst.write(values)


def _cost(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def _median_cpu(costs: list[Cost]) -> float:
    return statistics.median(cost.cpu for cost in costs)


if __name__ == "__main__":
    main()
