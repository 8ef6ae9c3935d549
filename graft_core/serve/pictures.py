"""Map tiles of a scene and of a density layer, drawn from their files: colours and opacity on web-mercator squares."""

import hashlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rasterio.io import DatasetReader
from rio_tiler.colormap import cmap
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.reader import Options

from graft_core.geo.place import bounds_wgs84
from graft_core.io.reader import valid_values
from graft_core.io.scene import Scene
from graft_core.io.source import dataset_geobox, gdal_env, has_stored_mask, open_dataset, read_sample, require_place
from graft_core.serve.mercator import Bounds, covered, draw, native_zoom, shrink_at, tile_affine
from graft_core.tasks.change_recipe import TAG as CHANGE_TAG
from graft_core.tasks.density import FAINTEST
from graft_core.tasks.map_picture import FADE, painted_change
from graft_core.types import U8

COLORMAPS = ("viridis", "magma", "cividis", "inferno", "plasma", "turbo", "ylorrd", "greys", "reds", "blues", "greens")
"""Colours a layer can be asked in, by the names of rio-tiler."""

_BRIGHT, _MOST_GAIN = 230, 4.0
"""What the brightest hundredth of a dark scene is raised to, and how far it is raised at most."""
_LAYER_CACHE_BYTES = 64 * 2**20
_SMOOTH: Options = {"resampling_method": "bilinear", "reproject_method": "bilinear"}


@dataclass(frozen=True)
class MapTile:
    """One square of the map."""

    rgb: U8
    """(3, S, S)."""
    alpha: U8
    """(S, S); 0 where nothing is shown."""

    @classmethod
    def empty(cls, size: int) -> "MapTile":
        """A tile on which nothing is shown."""
        return cls(np.zeros((3, size, size), np.uint8), np.zeros((size, size), np.uint8))


class Picture(Protocol):
    """Something that has a place on the map and can be drawn on tiles."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Hex digits that change when the picture does."""
        ...

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north in degrees."""
        ...

    @property
    def maxzoom(self) -> int:
        """Zoom at which a tile's pixels are as fine as the picture's own, or just finer."""
        ...

    def tile(self, x: int, y: int, z: int, size: int) -> MapTile:
        """The square of the web-mercator grid, ``size`` pixels wide; empty beside the picture."""
        ...

    def info(self) -> dict[str, Any]:
        """What to tell about it, as JSON values."""
        ...


@dataclass(frozen=True)
class ScenePicture:
    """A scene in its own colours; those of a dark scene are brightened as a whole."""

    scene: Scene
    """The scene; its bands, stretch and nodata decide the colours."""
    gain: float
    """Factor on the colours for display, 1 to 4."""
    overviews: tuple[int, ...]
    """Factors of the file's overviews."""
    bounds: Bounds
    """West, south, east, north in degrees."""
    files: Mapping[str, tuple[int, int]]
    """Size and time of change (ns) of each local file, as they were when the scene was opened."""

    @classmethod
    def of(cls, scene: Scene) -> "ScenePicture":
        """Measure what drawing needs to know; SceneError when the scene cannot be read."""
        with open_dataset(scene.source) as dataset:
            require_place(dataset, scene.name)
            overviews = tuple(int(factor) for factor in dataset.overviews(scene.bands[0]))
            bounds = bounds_wgs84(dataset_geobox(dataset))
            return cls(scene, _display_gain(scene, dataset), overviews, bounds, file_stamps(dataset.files))

    @property
    def name(self) -> str:
        """The scene's."""
        return self.scene.name

    @property
    def version(self) -> str:
        """The scene's fingerprint."""
        return self.scene.fingerprint

    @property
    def maxzoom(self) -> int:
        """Zoom of the scene's own pixels."""
        return native_zoom(self.scene.geobox)

    def tile(self, x: int, y: int, z: int, size: int) -> MapTile:
        """The square in the scene's colours; SceneError when the file cannot be read."""
        grid = tile_affine(x, y, z, size)
        parts = covered(self.bounds, grid, size)
        if not parts:
            return MapTile.empty(size)
        drawn = np.zeros((4, size, size), np.uint8)
        with open_dataset(self.scene.source) as dataset:
            level = self._level(shrink_at(dataset, grid, parts[0]))
            if level is None:
                draw(dataset, self.scene.rendering, grid, parts, drawn)
        if level is not None:
            with open_dataset(self.scene.source, overview_level=level) as dataset:
                draw(dataset, self.scene.rendering, grid, parts, drawn)
        return MapTile(_gain_table(self.gain)[drawn[:3]], np.where(drawn[3] >= 128, np.uint8(255), np.uint8(0)))

    def _level(self, shrink: float) -> int | None:
        """The coarsest overview that is still as fine as the tile."""
        fitting = [i for i, factor in enumerate(self.overviews) if factor <= shrink * 1.01]
        return max(fitting, key=lambda i: self.overviews[i]) if fitting else None

    def info(self) -> dict[str, Any]:
        """Sensor, grid and colours of the scene."""
        scene = self.scene
        return {
            "sensor": scene.sensor,
            "gsd": scene.gsd,
            "acquired": scene.acquired.isoformat() if scene.acquired else None,
            "crs": str(scene.geobox.crs),
            "width": scene.geobox.shape[1],
            "height": scene.geobox.shape[0],
            "bands": list(scene.bands),
            "stretch": {"kind": scene.stretch.kind, "low": list(scene.stretch.low), "high": list(scene.stretch.high)},
            "gain": round(self.gain, 4),
        }


@dataclass(frozen=True)
class LayerPicture:
    """An exported map: a density in the colours of a ramp, a change in purple and orange; where there is little of it,
    the imagery stays visible."""

    name: str
    """Name of the file without its suffix."""
    path: Path
    """The GeoTIFF; band 1 is the density or the change, NaN where it is not known."""
    version: str
    """Sixteen hex digits over the file's name, size and time of change."""
    bounds: Bounds
    """West, south, east, north in degrees."""
    maxzoom: int
    """Zoom of the layer's own pixels."""
    description: str
    """The band's, with the query in it."""
    maximum: float
    """Density, or change without its sign, in the last colour."""
    colormap: str = COLORMAPS[0]
    """One of ``COLORMAPS``; a change has colours of its own."""
    change: bool = False
    """Whether it is a change."""

    @classmethod
    def of(cls, name: str, path: Path, version: str) -> "LayerPicture":
        """Read the place and the statistics; SceneError when the file is no georeferenced raster."""
        with open_dataset(str(path)) as dataset:
            require_place(dataset, name)
            geobox = dataset_geobox(dataset)
            change = CHANGE_TAG in dataset.tags()
            limits = [float(dataset.tags(1).get(f"STATISTICS_{name}", 1)) for name in ("MAXIMUM", "MINIMUM")]
            highest = max(map(abs, limits)) if change else limits[0]
            return cls(
                name=name,
                path=path,
                version=version,
                bounds=bounds_wgs84(geobox),
                maxzoom=native_zoom(geobox),
                description=dataset.descriptions[0] or "",
                maximum=max(highest, FAINTEST) if math.isfinite(highest) else 1.0,
                change=change,
            )

    def tile(self, x: int, y: int, z: int, size: int) -> MapTile:
        """The square in the ramp's colours; SceneError or RasterioError when the file cannot be read."""
        with gdal_env(str(self.path), _LAYER_CACHE_BYTES), open_dataset(str(self.path)) as dataset:
            try:
                image = Reader(None, dataset=dataset, options=_SMOOTH).tile(x, y, z, tilesize=size, indexes=1)
            except TileOutsideBounds:
                return MapTile.empty(size)
        density = image.array[0]
        known = np.isfinite(density.data) & ~np.ma.getmaskarray(density)
        if self.change:
            painted = painted_change(np.where(known, density.data / self.maximum, np.nan).astype(np.float32))
            return MapTile(np.moveaxis(painted[..., :3], -1, 0), painted[..., 3])
        share = np.clip(np.where(known, density.data, 0) / self.maximum, 0, 1)
        colors = _ramp(self.colormap)[np.rint(share * 255).astype(np.uint8)]  # (S, S, 4)
        return MapTile(np.moveaxis(colors[..., :3], -1, 0), np.where(known, colors[..., 3], np.uint8(0)))

    def info(self) -> dict[str, Any]:
        """What the layer shows and how it is coloured."""
        return {"description": self.description, "colormap": self.colormap, "maximum": self.maximum}


def file_stamps(paths: list[str]) -> dict[str, tuple[int, int]]:
    """Size and time of change (ns) of those paths that are files."""
    found = {}
    for path in paths:
        if os.path.isfile(path):
            stat = os.stat(path)
            found[path] = (stat.st_size, stat.st_mtime_ns)
    return found


def file_version(path: Path) -> str:
    """Sixteen hex digits over a file's name, size and time of change; FileNotFoundError without it."""
    stat = path.stat()
    return hashlib.sha256(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]


def _display_gain(scene: Scene, dataset: DatasetReader) -> float:
    """Factor that raises the brightest hundredth of a dark scene."""
    raw = read_sample(dataset, scene.bands)  # (3, h, w)
    valid = valid_values(raw, scene.nodata)
    if scene.mask_band is not None:
        valid &= read_sample(dataset, [scene.mask_band])[0] > 0
    if has_stored_mask(dataset):
        valid &= read_sample(dataset, [1], masks=True)[0] > 0
    if not valid.any():
        return 1.0
    colors = np.zeros((1, int(valid.sum()), 3), np.uint8)
    scene.stretch.apply(raw[:, valid][:, None], colors)
    brightest = float(np.percentile(colors, 99))
    return float(np.clip(_BRIGHT / max(brightest, 1), 1, _MOST_GAIN))


@lru_cache(maxsize=64)
def _gain_table(gain: float) -> U8:
    table: U8 = np.minimum(np.arange(256) * gain, 255).astype(np.uint8)
    return table


@lru_cache(maxsize=len(COLORMAPS))
def _ramp(colormap: str) -> U8:
    """(256, 4) colours and opacity, which fades away towards 0 as in the page's own pictures."""
    colors = cmap.get(colormap)
    table = np.array([colors[i] for i in range(256)], np.uint8)
    table[:, 3] = np.rint(255 * np.minimum(np.linspace(0, 1, 256) / FADE, 1))
    return table
