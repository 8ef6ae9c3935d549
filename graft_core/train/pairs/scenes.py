"""The scenes that pairs are cut from: opened, of one kind, and which of them shows the place of each photo."""

import datetime
import os
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from graft_core.errors import SceneError, TrainError
from graft_core.geo.frame import metres_to_box
from graft_core.geo.grid import tile_grid
from graft_core.geo.place import WGS84, bounds_wgs84, lon_lat
from graft_core.io.collection import SUFFIXES
from graft_core.io.footprint import Footprint, footprint
from graft_core.io.photos import PhotoList
from graft_core.io.scene import Scene, open_scene
from graft_core.types import I64, Bool, Progress, SensorName

COARSEST = 2.0
"""A scene whose pixels are more than this many times coarser than the encoder's is left out."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairScene:
    """A scene of a pairs table, and how to open it again."""

    source: str
    """What ``open_scene`` takes: absolute path of a file or folder, pattern, or address."""
    name: str
    """Name of the scene."""
    sensor: SensorName
    """To be stated when it is opened again."""
    fingerprint: str
    """Of the scene as it was; another one means other pixels."""
    acquired: datetime.date | None
    """Day the imagery was taken, where it is known."""
    geobox: GeoBox
    """Working grid that tile corners are counted in: the scene at the encoder's GSD."""

    def open(self) -> Scene:
        """The same scene again.

        Raises:
            SceneError: it is gone, or its imagery is no longer the same.
        """
        scene = open_scene(self.source, sensor=self.sensor, name=self.name)
        if scene.fingerprint != self.fingerprint:
            raise SceneError(f"{self.source} has changed since the pairs were made; make the pairs again.")
        return scene


@dataclass(frozen=True)
class ScenePool:
    """The scenes that can be used."""

    sensor: SensorName
    """Kind of all of them."""
    gsd: float
    """Metres per pixel of the encoder."""
    scenes: tuple[PairScene, ...]
    """In the order they were given."""
    opened: tuple[Scene, ...]
    """The same, open for reading."""
    warnings: tuple[str, ...]
    """Scenes that were left out, and why."""


@dataclass
class Located:
    """Which scene shows the place of each photo."""

    scene: I64
    """(N,) position of the scene, -1 for none."""
    pixel: F64
    """(N, 2) row and column in that scene's working grid."""
    too_far: Bool
    """(N,) lies in a scene, and all of them were taken too long before or after."""
    footprints: dict[int, Footprint] = field(default_factory=dict)
    """Scene -> where it has imagery, for those that may have gaps."""
    warnings: list[str] = field(default_factory=list)
    """Scenes that could not be read."""


def open_scenes(
    sources: Sequence[str], sensor: SensorName | None, gsd_of: dict[SensorName, float], tile_px: int
) -> Generator[Progress, None, ScenePool]:
    """Open every source: a file, a folder that is one scene or holds several, a pattern, an address.

    A scene that cannot be used is named in the warnings.

    Raises:
        TrainError: no scene can be used, or they are of several kinds and none was chosen.
    """
    found: list[tuple[str, Scene]] = []
    warnings: list[str] = []
    started = time.monotonic()
    for i, source in enumerate(sources, start=1):
        for text, scene in _each_scene(source, sensor):
            if isinstance(scene, SceneError):
                warnings.append(f"Scene left out: {scene}")
            else:
                found.append((text, scene))
        yield Progress(i, len(sources), "scenes", time.monotonic() - started)
    kind = sensor or _only_kind([scene for _, scene in found], warnings)
    gsd = gsd_of[kind]
    usable: dict[str, tuple[str, Scene]] = {}
    for text, scene in found:
        problem = _unsuitable(scene, kind, gsd, tile_px)
        if problem:
            warnings.append(f"Scene {scene.name} left out: {problem}.")
        else:
            usable.setdefault(scene.fingerprint, (text, scene))
    if not usable:
        raise TrainError(f"None of the scenes can be used for {kind} pairs. {' '.join(warnings[:3])}")
    described = tuple(_described(text, scene, gsd, tile_px) for text, scene in usable.values())
    return ScenePool(kind, gsd, described, tuple(scene for _, scene in usable.values()), tuple(warnings))


def locate(photos: PhotoList, wanted: Bool, pool: ScenePool, days: float | None) -> Generator[Progress, None, Located]:
    """The scene of each wanted photo: of those with imagery there the nearest in time, else the finest, else the first.

    Args:
        photos: all of them.
        wanted: (N,) those that are still asked about.
        pool: the scenes.
        days: a scene that was taken longer before or after the photo does not count; unknown days always do.
    """
    count = len(wanted)
    found = Located(np.full(count, -1, np.int64), np.full((count, 2), np.nan), np.zeros(count, np.bool_))
    best = np.full((count, 2), np.inf)  # days apart, metres per pixel
    started = time.monotonic()
    for i, (described, scene) in enumerate(zip(pool.scenes, pool.opened, strict=True)):
        near = np.flatnonzero(wanted & _within(photos.lonlat, bounds_wgs84(described.geobox)))
        rows, pixel = _inside(photos.lonlat, near, described.geobox)
        if len(rows):
            try:
                imagery = footprint(scene)
            except SceneError as error:
                found.warnings.append(f"Scene left out: {error}")
                continue
            if imagery is not None:
                found.footprints[i] = imagery
                covered = imagery.covers(*positions(described.geobox, pixel))
                rows, pixel = rows[covered], pixel[covered]
        apart = _days_apart(photos.taken[rows], described.acquired)
        late = np.zeros(len(rows), np.bool_) if days is None else np.isfinite(apart) & (apart > days)
        found.too_far[rows[late]] = True
        rows, pixel, apart = rows[~late], pixel[~late], apart[~late]
        better = (apart < best[rows, 0]) | ((apart == best[rows, 0]) & (scene.gsd < best[rows, 1]))
        rows, pixel, apart = rows[better], pixel[better], apart[better]
        found.scene[rows], found.pixel[rows] = i, pixel
        best[rows] = np.stack([apart, np.full(len(rows), scene.gsd)], axis=1)
        yield Progress(i + 1, len(pool.scenes), "scenes", time.monotonic() - started)
    found.too_far &= found.scene < 0
    return found


def nearest_scene(lonlat: F64, pool: ScenePool) -> tuple[I64, F64]:
    """(N,) the scene nearest to each place, and (N,) metres to its bounding box."""
    nearest, least = np.zeros(len(lonlat), np.int64), np.full(len(lonlat), np.inf)
    for i, scene in enumerate(pool.scenes):
        metres = metres_to_box(lonlat, bounds_wgs84(scene.geobox))
        closer = metres < least
        nearest[closer], least[closer] = i, metres[closer]
    return nearest, least


def _each_scene(source: str, sensor: SensorName | None) -> Iterator[tuple[str, Scene | SceneError]]:
    """The scene of a source, or, where its rasters do not make one, that of each raster."""
    local = "://" not in source and not source.startswith("/vsi")
    source = os.path.abspath(os.path.expanduser(source)) if local else source
    whole = _open_as(source, sensor)
    rasters = _rasters(source) if isinstance(whole, SceneError) and local else []
    if len(rasters) > 1:
        yield from ((raster, _open_as(raster, sensor)) for raster in rasters)
    else:
        yield source, whole


def _rasters(source: str) -> list[str]:
    """The rasters of a folder or a pattern, by name; none of anything else."""
    found = [os.path.join(source, name) for name in os.listdir(source)] if os.path.isdir(source) else glob(source)
    return sorted(path for path in found if path.lower().endswith(SUFFIXES))


def _open_as(source: str, sensor: SensorName | None) -> Scene | SceneError:
    """As detected; where nothing was detected, as what was stated."""
    try:
        scene = open_scene(source)
        return scene if sensor is None or scene.sensor != "rgb" else open_scene(source, sensor=sensor)
    except SceneError as error:
        return error


def _only_kind(scenes: Sequence[Scene], warnings: Sequence[str]) -> SensorName:
    kinds = Counter(scene.sensor for scene in scenes)
    if not kinds:
        raise TrainError(f"None of the scenes can be opened. {' '.join(warnings[:3])}")
    if len(kinds) > 1:
        shown = " and ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))
        raise TrainError(f"The scenes are of several kinds, {shown}; choose one with --sensor.")
    return next(iter(kinds))


def _unsuitable(scene: Scene, kind: SensorName, gsd: float, tile_px: int) -> str:
    """Why a scene cannot be used; empty where it can."""
    if scene.sensor != kind:
        return f"it is {scene.sensor} imagery, and the pairs are for {kind}; make pairs of their own for it"
    if scene.gsd > COARSEST * gsd:
        return f"its pixels are {scene.gsd:g} m and the encoder wants {gsd:g} m; give finer imagery"
    height, width = tile_grid(scene.geobox, gsd=gsd, tile_px=tile_px, stride_px=tile_px).geobox.shape
    if min(height, width) < tile_px:
        small = f"at {gsd:g} m it has {width} x {height} pixels, less than one tile of {tile_px}"
        return f"{small}; give a larger one, or the folder of files it belongs to"
    return ""


def _described(source: str, scene: Scene, gsd: float, tile_px: int) -> PairScene:
    grid = tile_grid(scene.geobox, gsd=gsd, tile_px=tile_px, stride_px=tile_px).geobox
    return PairScene(source, scene.name, scene.sensor, scene.fingerprint, scene.acquired, grid)


def _within(lonlat: F64, bounds: tuple[float, float, float, float]) -> Bool:
    west, south, east, north = bounds
    across = (lonlat[:, 0] - west) % 360 <= (east - west) % 360
    return np.asarray(across & (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north))


def _inside(lonlat: F64, near: I64, geobox: GeoBox) -> tuple[I64, F64]:
    """Those of the ``near`` rows that lie in the grid, and their (row, column) in it."""
    if geobox.crs is None:
        raise ValueError("a working grid without a CRS has no place")
    x, y = WGS84.transformer_to_crs(geobox.crs, always_xy=True)(lonlat[near, 0], lonlat[near, 1])
    col, row = ~geobox.affine @ (np.asarray(x), np.asarray(y))
    height, width = geobox.shape
    keep = (row >= 0) & (row < height) & (col >= 0) & (col < width)
    return near[keep], np.stack([row, col], axis=1)[keep]


def positions(geobox: GeoBox, pixel: F64) -> tuple[F64, F64]:
    """x and y in the CRS of (N, 2) rows and columns of a north-up grid."""
    affine = geobox.affine
    return affine.c + affine.a * pixel[:, 1], affine.f + affine.e * pixel[:, 0]


def _days_apart(taken: npt.NDArray[np.datetime64], acquired: datetime.date | None) -> F64:
    """Days between photos and a scene; infinite where one of the two is unknown."""
    if acquired is None:
        return np.full(len(taken), np.inf)
    apart = np.abs(taken.astype("datetime64[D]") - np.datetime64(acquired, "D")).astype(np.float64)
    return np.where(np.isnat(taken), np.inf, apart)


def outline(scene: PairScene, points: int = 8) -> F64:
    """(4 * points, 2) lon and lat along the border of a scene."""
    if scene.geobox.crs is None:
        raise ValueError("a working grid without a CRS has no place")
    left, bottom, right, top = scene.geobox.boundingbox.bbox
    forth = np.linspace(0, 1, points, endpoint=False)
    zero, one = np.zeros(points), np.ones(points)
    x = left + (right - left) * np.concatenate([forth, one, 1 - forth, zero])
    y = top + (bottom - top) * np.concatenate([zero, forth, one, 1 - forth])
    return np.stack(lon_lat(scene.geobox.crs, x, y), axis=1)
