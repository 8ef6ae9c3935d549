"""Latency of map tiles beside rio-tiler's bare read of the same tiles; prints one JSON object.

    python -m benchmarks.map_tiles --side 8192 --tiles 40

The scene is NAIP-like imagery at 1 m with overviews. Each tile is asked for through the ASGI application (route, list
of scenes, colours, PNG) and, in turn with it, read by ``rio_tiler.io.Reader`` without encoding: the limit.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from rio_tiler.io import Reader
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from benchmarks.stand_ins import write_aerial
from graft_core.io.identity import scene_name
from graft_core.serve.tiles import tile_service

Tile = tuple[int, int, int]
"""x, y and z."""


def main() -> None:
    """Read the sizes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8192, help="pixels along each side of the scene")
    parser.add_argument("--tiles", type=int, default=40, help="tiles asked for at each zoom")
    parser.add_argument("--threads", type=int, default=6, help="requests at once in the last figure, as a browser's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRAFT_TILES"] = folder
        path = Path(folder) / "aerial.tif"
        write_aerial(path, options.side)
        print(json.dumps(measure(path, options.tiles, options.threads), indent=2))


def measure(path: Path, count: int, threads: int) -> dict[str, Any]:
    """Milliseconds for a tile at low, middle and native zoom."""
    base = f"/rasters/scenes/{scene_name(str(path))}"
    with TestClient(Starlette(routes=[Mount("/rasters", tile_service("/rasters"))])) as client:
        first = _ms(lambda: client.get(f"{base}/info"))
        info = client.get(f"{base}/info").json()
        native = int(info["maxzoom"])
        low = max(native - round(math.log2(max(info["width"], 512) / 256)), 0)

        def ask(tile: Tile) -> None:
            x, y, z = tile
            answer = client.get(f"{base}/tiles/WebMercatorQuad/{z}/{x}/{y}.png")
            assert answer.status_code == 200, answer.text

        result: dict[str, Any] = {"scene_px": [info["width"], info["height"]], "first_opening_ms": round(first, 1)}
        for label, zoom in (("low", low), ("middle", (low + native) // 2), ("native", native)):
            result[label] = {"zoom": zoom} | _beside(path, _tiles(info["bounds"], zoom, count), ask)
        tiles = _tiles(info["bounds"], native, 4 * count)
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, tiles))
        result["native_tiles_a_second"] = round(len(tiles) / (time.perf_counter() - start), 1)
        return result | {"threads": threads}


def _beside(path: Path, tiles: list[Tile], ask: Callable[[Tile], None]) -> dict[str, float]:
    served, bare = [], []
    for tile in tiles:
        bare.append(_ms(lambda tile=tile: _read(path, tile)))  # type: ignore[misc]
        served.append(_ms(lambda tile=tile: ask(tile)))  # type: ignore[misc]
    return {
        "served_p50_ms": round(statistics.median(served), 1),
        "served_p95_ms": round(float(np.percentile(served, 95)), 1),
        "rio_tiler_read_p50_ms": round(statistics.median(bare), 1),
        "rio_tiler_read_p95_ms": round(float(np.percentile(bare, 95)), 1),
        "served_of_read_p50": round(statistics.median(served) / statistics.median(bare), 2),
    }


def _read(path: Path, tile: Tile) -> None:
    with Reader(str(path)) as reader:
        reader.tile(*tile, indexes=(1, 2, 3), reproject_method="bilinear", resampling_method="bilinear")


def _tiles(bounds: list[float], zoom: int, count: int) -> list[Tile]:
    """Tiles whose middles lie within the bounds, drawn at random, again and again where there are few."""
    west, south, east, north = bounds
    rng = np.random.default_rng(0)
    lons, lats = rng.uniform(west, east, count), rng.uniform(south, north, count)
    ys = [(1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 for lat in lats]
    return [(int((lon / 360 + 0.5) * 2**zoom), int(y * 2**zoom), zoom) for lon, y in zip(lons, ys, strict=True)]


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
