"""A scene: one georeferenced raster, or several that make one, seen as uint8 colours in north-up metres."""

import datetime
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.windows import Window

from graft_core.errors import SceneError
from graft_core.geo.grid import TileGrid, working_geobox
from graft_core.io.collection import resolve_source
from graft_core.io.identity import NAME_TAG, acquired_date, fingerprint, safe_name, scene_name
from graft_core.io.published import Published, published_of
from graft_core.io.reader import PixelSource, RasterSource, Rendering, View, valid_values
from graft_core.io.resample import Pixels
from graft_core.io.sensors import (
    ProcessingLevel,
    RasterFacts,
    SensorOption,
    alpha_mask_band,
    detect_sensor,
    is_mask,
    processing_level,
    raster_facts,
    rgb_bands,
    split_option,
)
from graft_core.io.source import (
    AnyArray,
    dataset_geobox,
    has_stored_mask,
    open_dataset,
    read_sample,
    refers_elsewhere,
)
from graft_core.io.stretch import AS_IS, Stretch, measure_stretch, needs_sample
from graft_core.io.warp import WarpedSource, base_geobox, native_gsd
from graft_core.types import F32, I64, U8, Bool, SensorName

_ROWS_AT_ONCE = 256
_OVERVIEW_FACTOR = 4
_AT_ONCE_S = 2.0
"""Seconds within which a file that cannot be opened costs nobody anything to try again."""
"""A window this much coarser than the scene is read from the file's overviews where it has some."""


@dataclass(frozen=True)
class Scene:
    """One raster and every decision that turns it into colours; enough to read the same pixels again."""

    name: str
    """Unique and safe as a file name; the index knows the scene by it."""
    source: str
    """Path, URL or VRT that ``open_scene`` accepts again."""
    sensor: SensorName
    """Preset that fits the imagery."""
    geobox: GeoBox
    """North-up grid in metres: the raster's own, or the one it is warped to."""
    bands: tuple[int, int, int]
    """1-based red, green and blue of the source."""
    stretch: Stretch
    """Raw values to uint8; one for the whole scene."""
    acquired: datetime.date | None
    """Day the imagery was taken; None when nothing tells."""
    fingerprint: str
    """Sixteen hex digits over everything that decides the pixels."""
    nodata: float | None = None
    """A pixel is missing when all three bands have this value."""
    mask_band: int | None = None
    """1-based alpha band that really masks (only 0 and the maximum); None for near infrared tagged alpha."""
    published: Published | None = None
    """Whose embeddings it stands for, where it has no picture; None for imagery."""

    @property
    def gsd(self) -> float:
        """Metres per pixel of ``geobox``."""
        return float(self.geobox.resolution.x)

    @property
    def rendering(self) -> Rendering:
        """What the reader needs to know."""
        return Rendering(self.bands, self.stretch, self.nodata, self.mask_band)


@dataclass(frozen=True)
class TileBatch:
    """Encoder inputs, ready to use."""

    index: I64
    """(B,) positions in the grid."""
    pixels: U8
    """(B, S, S, 3) RGB; parts without data are filled by reflection."""
    valid: F32
    """(B,) share of each tile that holds data, above 0."""


def open_scene(
    source: str | Path | Sequence[str | Path],
    *,
    sensor: SensorOption | None = None,
    gsd: float | None = None,
    bands: tuple[int, int, int] | None = None,
    name: str | None = None,
) -> Scene:
    """Describe a raster as a scene; a folder or several files become one collection, or one file per band one image.

    ``sensor``, ``gsd`` (metres per pixel; a coarser or finer one than the raster's resamples it) and ``bands`` (1-based
    red, green, blue) override what is detected. SceneError says what is wrong and what to do.
    """
    path, begun = resolve_source(source), time.monotonic()
    try:
        return _described(path, sensor, gsd, bands, name)
    except SceneError:
        # After an outage GDAL may fail once more, at once and without asking for the file's header.
        if not refers_elsewhere(path) or time.monotonic() - begun > _AT_ONCE_S:
            raise
        return _described(path, sensor, gsd, bands, name)


def _described(
    path: str, sensor: SensorOption | None, gsd: float | None, bands: tuple[int, int, int] | None, name: str | None
) -> Scene:
    with _opened(path) as dataset:
        base = base_geobox(dataset, path)
        facts = raster_facts(dataset, path, gsd or native_gsd(dataset, path))
        preset, level = split_option(sensor)
        published = published_of(facts.tags, path)
        preset = preset or (published.sensor if published else detect_sensor(facts))
        rendering = _measured(dataset, facts, preset, rgb_bands(facts, bands), level or processing_level(facts))
        geobox = base if gsd is None else working_geobox(base, gsd)
        return Scene(
            name=safe_name(name) if name else facts.tags.get(NAME_TAG) or scene_name(path),
            source=path,
            sensor=preset,
            geobox=geobox,
            bands=rendering.bands,
            stretch=rendering.stretch,
            acquired=acquired_date(path, facts.tags),
            fingerprint=fingerprint(dataset, path, geobox, rendering),
            nodata=rendering.nodata,
            mask_band=rendering.mask_band,
            published=published,
        )


def read_tiles(scene: Scene, grid: TileGrid, *, batch: int = 32, skip: Container[int] = ()) -> Iterator[TileBatch]:
    """Tiles of ``grid`` in order, at most ``batch`` together; those in ``skip`` and those without data are left out.

    Each block of the scene is decoded once and memory does not grow with its height. SceneError names file and window
    when decoding fails on the way.
    """
    waiting: list[tuple[int, U8, float]] = []
    for tile in _filled_tiles(scene, grid, skip):
        waiting.append(tile)
        if len(waiting) == batch:
            yield _batch(waiting)
            waiting = []
    if waiting:
        yield _batch(waiting)


def _filled_tiles(scene: Scene, grid: TileGrid, skip: Container[int]) -> Iterator[tuple[int, U8, float]]:
    """(position, pixels, valid share) of each wanted tile with data, one row of the lattice after the other."""
    size = grid.tile_px
    left = grid.tile(0).left
    right = left + (grid.cols - 1) * grid.stride_px + size
    with _opened(scene.source) as dataset:
        view = View(_pixel_source(scene, dataset), _same_crs(scene, grid.geobox), left, right)
        for row in range(grid.rows):
            wanted = [i for i in range(row * grid.cols, (row + 1) * grid.cols) if i not in skip]
            if not wanted:
                continue
            top = grid.tile(wanted[0]).top
            band = view.rows(top, top + size)
            for i in wanted:
                first = i % grid.cols * grid.stride_px
                tile = band[:, first : first + size]
                if tile.valid.any():
                    yield i, fill_invalid(tile.rgb, tile.valid), float(tile.valid.mean())


def read_rgb(scene: Scene, geobox: GeoBox) -> tuple[U8, Bool]:
    """(h, w, 3) colours and (h, w) validity on ``geobox``: north-up, in the scene's CRS, of any pixel size.

    At the scene's own or the working grid the pixels are those of ``read_tiles``; at four times coarser or more the
    file's overviews are used.
    """
    height, width = geobox.shape
    out = Pixels.empty(height, width)
    with _opened(scene.source) as full, _overview(scene, full, geobox) as dataset:
        view = View(_pixel_source(scene, dataset), _same_crs(scene, geobox), 0, width)
        for top in range(0, height, _ROWS_AT_ONCE):
            stop = min(top + _ROWS_AT_ONCE, height)
            out[top:stop].fill_from(view.rows(top, stop))
    return out.rgb, out.valid


def fill_invalid(pixels: U8, mask: Bool) -> U8:
    """(S, S, 3) with every pixel filled: the valid bounding box reflected outwards, holes in it in its mean colour."""
    if mask.all():
        return pixels.copy()
    if not mask.any():
        raise ValueError("a tile without any valid pixel cannot be filled")
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    inner, known = pixels[box].copy(), mask[box]
    if not known.all():
        inner[~known] = np.rint(inner[known].mean(axis=0)).astype(np.uint8)
    height, width = mask.shape
    margins = (rows[0], height - 1 - rows[-1]), (cols[0], width - 1 - cols[-1]), (0, 0)
    return np.pad(inner, margins, mode="reflect")


@contextmanager
def _opened(source: str) -> Iterator[DatasetReader]:
    dataset = open_dataset(source)
    try:
        yield dataset
    finally:
        dataset.close()


@contextmanager
def _overview(scene: Scene, dataset: DatasetReader, geobox: GeoBox) -> Iterator[DatasetReader]:
    """The overview whose pixels are at most half as large as the wanted ones, else the dataset itself."""
    factor = float(geobox.resolution.x) / scene.gsd
    levels = [i for i, shrink in enumerate(dataset.overviews(scene.bands[0])) if 2 * shrink <= factor]
    own_grid = dataset_geobox(dataset) == scene.geobox
    if factor < _OVERVIEW_FACTOR or not levels or not own_grid:
        yield dataset
        return
    reduced = open_dataset(scene.source, overview_level=levels[-1])
    try:
        yield reduced
    finally:
        reduced.close()


def _pixel_source(scene: Scene, dataset: DatasetReader) -> PixelSource:
    """The scene on a north-up metric grid: its own, or warped."""
    source = RasterSource(dataset, scene.rendering)
    affine = source.geobox.affine
    if source.geobox.crs == scene.geobox.crs and affine.b == affine.d == 0 and affine.a > 0 > affine.e:
        return source
    return WarpedSource(source, base_geobox(dataset, scene.source))


def _same_crs(scene: Scene, geobox: GeoBox) -> GeoBox:
    if geobox.crs != scene.geobox.crs:
        raise SceneError(f"Scene {scene.name} is in {scene.geobox.crs}, not {geobox.crs}; ask for a window in its CRS.")
    return geobox


def _measured(
    dataset: DatasetReader,
    facts: RasterFacts,
    sensor: SensorName,
    bands: tuple[int, int, int],
    level: ProcessingLevel | None,
) -> Rendering:
    """Decide what marks missing pixels, and measure the stretch on the others."""
    _require_real(facts)
    mask_band, nodata = _mask_band(dataset, facts, bands), _nodata(dataset, facts, sensor, bands)
    sample = None
    if needs_sample(sensor, facts, level) or _may_be_empty(dataset, facts, nodata, mask_band):
        sample = _sample(dataset, facts, Rendering(bands, AS_IS, nodata, mask_band))
    return Rendering(bands, measure_stretch(sensor, facts, bands, level, sample), nodata, mask_band)


def _mask_band(dataset: DatasetReader, facts: RasterFacts, bands: tuple[int, int, int]) -> int | None:
    band = alpha_mask_band(facts, bands)
    return band if band is not None and is_mask(read_sample(dataset, [band])) else None


def _nodata(
    dataset: DatasetReader, facts: RasterFacts, sensor: SensorName, bands: tuple[int, int, int]
) -> float | None:
    declared = dataset.nodatavals[bands[0] - 1]
    if declared is None and sensor == "sentinel2" and facts.dtype in ("uint16", "int16"):
        return 0.0  # the products reserve 0 for "no data" without declaring it
    return None if declared is None else float(declared)


def _require_real(facts: RasterFacts) -> None:
    if facts.dtype.startswith("complex"):
        raise SceneError(f"{facts.label} holds {facts.dtype} values; turn them into real ones (amplitude) first.")


def _may_be_empty(dataset: DatasetReader, facts: RasterFacts, nodata: float | None, mask_band: int | None) -> bool:
    marked = nodata is not None or mask_band is not None or has_stored_mask(dataset)
    return marked or facts.dtype.startswith("float")


def _sample(dataset: DatasetReader, facts: RasterFacts, rendering: Rendering) -> AnyArray:
    """(3, n) raw values of valid pixels, decimated; SceneError when the whole raster has none."""
    raw = read_sample(dataset, rendering.bands)
    valid = valid_values(raw, rendering.nodata)
    if has_stored_mask(dataset):
        valid &= read_sample(dataset, [1], masks=True)[0] > 0
    if rendering.mask_band is not None:
        valid &= read_sample(dataset, [rendering.mask_band])[0] > 0
    sample: AnyArray = raw[:, valid]
    return sample if sample.size else _first_valid(dataset, facts, rendering)


def _first_valid(dataset: DatasetReader, facts: RasterFacts, rendering: Rendering) -> AnyArray:
    """(3, n) raw values of the first rows that hold any; looks at every pixel when all decimated ones are missing."""
    source = RasterSource(dataset, rendering)
    for top in range(0, dataset.height, source.strip_rows):
        window = Window(0, top, dataset.width, min(source.strip_rows, dataset.height - top))
        raw, valid = source.raw(window)
        if valid.any():
            sample: AnyArray = raw[:, valid]
            return sample
    raise SceneError(f"{facts.label} has no valid pixel: all of it is nodata; give a scene with imagery in it.")


def _batch(tiles: list[tuple[int, U8, float]]) -> TileBatch:
    index, pixels, valid = zip(*tiles, strict=True)
    return TileBatch(np.array(index, np.int64), np.stack(pixels), np.array(valid, np.float32))
