"""Writes a demo world to disk: imagery at two resolutions, the truth, and geotagged ground photos."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from graft_core.errors import ExportError
from graft_core.io.geotiff import read_info, write_raster
from graft_core.io.photo import PhotoTags, write_photo
from graft_core.io.vector import write_points
from graft_core.types import Progress, SensorName
from graft_core.world import land, overhead
from graft_core.world.album import take_photos
from graft_core.world.years import is_later, later, place_of

WORLD_CRS = "EPSG:3395"
"""World Mercator: near 0 N 0 E, over open ocean, its metres are world metres to a millionth."""
SENTINEL2_PX = 2048
"""Least side of the 10 m scene: land use changes over kilometres, so it is wider than the 1 m scene."""
PHOTOS = 800
PHOTO_PX = 160
POSITION_ERROR_M = 4.0
"""Standard deviation of a photo's position along each axis, as of a telephone under open sky."""
STRIP_PX = 256
SEED_TAG = "GRAFT_WORLD_SEED"
FILES = ("naip.tif", "truth_naip.tif", "sentinel2.tif", "truth_sentinel2.tif", "photos", "photos.parquet")
LATER_FILES = ("naip_later.tif", "truth_naip_later.tif", "sentinel2_later.tif", "truth_sentinel2_later.tif")
"""What a world has more of where its second date is wanted."""
FIRST_YEAR, LATER_YEAR = 2024, 2030
CLASS_NAMES = {number: name for name, number in land.ID.items()}

Render = Callable[[int, int, int, int, int], tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]]


@dataclass(frozen=True)
class SceneKind:
    """How one sensor sees the world."""

    render: Render
    """(seed, left, top, width, height) -> (H, W, 4) pixels and (H, W) class ids."""
    gsd: int
    """Metres per pixel."""
    dtype: str
    """Of the pixels."""
    bands: tuple[str, ...]
    """Descriptions, as the real product names them."""
    scale: float
    """Physical value of one digital number."""
    product: str
    """What kind of product it imitates."""


KINDS: dict[SensorName, SceneKind] = {
    "naip": SceneKind(overhead.render_naip, 1, "uint8", ("Red", "Green", "Blue", "NIR"), 1.0, "aerial photo"),
    "sentinel2": SceneKind(overhead.render_sentinel2, 10, "uint16", ("B04", "B03", "B02", "B08"), 1e-4, "L2A"),
}
SEASON_MONTH = {"spring": 4, "summer": 7, "autumn": 10, "dry season": 8}


def write_world(out: Path, seed: int, size: int = 4096) -> Iterator[Progress]:
    """Write ``FILES`` of one world into a folder, each whole or not at all.

    Args:
        out: made if missing; files of an earlier world in it are replaced.
        seed: the same number is always the same world.
        size: side of the 1 m scene, metres; the 10 m scene is ``SENTINEL2_PX`` pixels wide, or as wide as this one.

    Raises:
        ExportError: the folder cannot be written, or the disk is full.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Cannot write the world to {out}: {error.strerror}; choose another folder.") from error
    started = time.monotonic()
    wide = max(SENTINEL2_PX, size // 10)
    sides: dict[SensorName, int] = {"naip": size, "sentinel2": wide}
    total = size * size + wide * wide + PHOTOS * PHOTO_PX * PHOTO_PX
    done = 0
    for sensor, side in sides.items():
        for pixels in _write_scene(out, sensor, seed, side):
            done += pixels
            yield Progress(done, total, "pixels", time.monotonic() - started)
    for _ in _write_photos(out, seed, size):
        done += PHOTO_PX * PHOTO_PX
        yield Progress(done, total, "pixels", time.monotonic() - started)


def write_second_date(folder: Path) -> Iterator[Progress]:
    """Write ``LATER_FILES`` into the folder of a world: the same place some years later, in scenes as large.

    Raises:
        ExportError: there is no world in the folder, or it takes no more.
    """
    started = time.monotonic()
    first = {sensor: read_info(folder / f"{sensor}.tif") for sensor in KINDS}
    total = sum(info.geobox.width * info.geobox.height for info in first.values())
    done = 0
    for sensor, info in first.items():
        seed = info.tags.get(SEED_TAG, "")
        if not seed.isdecimal():
            raise ExportError(f"{folder / sensor}.tif is no scene of a drawn world; give the folder of one.")
        for pixels in _write_scene(folder, sensor, later(int(seed)), info.geobox.width):
            done += pixels
            yield Progress(done, total, "pixels", time.monotonic() - started)


def write_scene(out: Path, sensor: SensorName, seed: int, side: int) -> None:
    """Write one square scene of ``side`` pixels around the world's origin, and its truth, into an existing folder.

    The files of a later seed (`graft_core.world.years.later`) end in ``_later``.
    """
    for _ in _write_scene(out, sensor, seed, side):
        pass


def _write_scene(out: Path, sensor: SensorName, seed: int, side: int) -> Iterator[int]:
    """Yields the pixels of each strip that is done."""
    kind = KINDS[sensor]
    half = side // 2 * kind.gsd
    geobox = GeoBox((side, side), Affine(kind.gsd, 0, -half, 0, -kind.gsd, half), WORLD_CRS)
    pixels = np.empty((4, side, side), kind.dtype)
    classes = np.empty((1, side, side), np.uint8)
    for row in range(0, side, STRIP_PX):
        height = min(STRIP_PX, side - row)
        strip, ids = kind.render(seed, -half, half - row * kind.gsd, side, height)
        pixels[:, row : row + height], classes[0, row : row + height] = np.moveaxis(strip, 2, 0), ids
        yield height * side
    ending = "_later" if is_later(seed) else ""
    write_raster(
        out / f"{sensor}{ending}.tif",
        pixels,
        geobox,
        descriptions=kind.bands,
        tags={"PRODUCT": kind.product, SEED_TAG: str(place_of(seed)), "ACQUISITION_DATE": _day(seed).isoformat()},
        photometric="rgb" if sensor == "naip" else "gray",
        scales=[kind.scale] * 4,
    )
    write_raster(
        out / f"truth_{sensor}{ending}.tif", classes, geobox, descriptions=["class"], nodata=0, class_names=CLASS_NAMES
    )


def _day(seed: int) -> date:
    """The day the imagery is of: one in its season, at the first date in the month of the photos."""
    return date(LATER_YEAR if is_later(seed) else FIRST_YEAR, SEASON_MONTH[land.style(seed).season], 15)


def _write_photos(out: Path, seed: int, size: int) -> Iterator[None]:
    """The folder and the table; an earlier folder stays until the new one is complete."""
    rng = np.random.default_rng([seed, size])
    positions = _positions(rng, size)
    x, y = (positions + rng.normal(0, POSITION_ERROR_M, positions.shape)).T
    lon, lat = Transformer.from_crs(WORLD_CRS, "EPSG:4326", always_xy=True).transform(x, y)
    times = _times(land.style(seed).season, rng)
    folder = Path(tempfile.mkdtemp(prefix=".photos.", dir=out))
    headings: list[float] = []
    texts: list[str] = []
    try:
        for i, photo in enumerate(take_photos(seed, positions, rng, PHOTO_PX)):
            tags = PhotoTags(float(lon[i]), float(lat[i]), photo.heading, POSITION_ERROR_M, times[i])
            write_photo(folder / f"{i:04d}.jpg", photo.pixels, tags)
            headings.append(photo.heading)
            texts.append(photo.caption)
            yield
        _replace_folder(folder, out / "photos")
    except OSError as error:
        raise ExportError(f"Cannot write the photos to {out}: {error.strerror}; free some space.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    columns: dict[str, Sequence[object]] = {
        "path": [f"photos/{i:04d}.jpg" for i in range(PHOTOS)],
        "time": times,
        "heading": headings,
        "accuracy_m": [POSITION_ERROR_M] * PHOTOS,
        "caption": texts,
    }
    write_points(out / "photos.parquet", lon.tolist(), lat.tolist(), columns)


def _positions(rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """(PHOTOS, 2) world metres: half of the photos lie in the 1 m scene, half anywhere in the 10 m scene."""
    half = np.where(np.arange(PHOTOS) % 2 == 0, size / 2, max(SENTINEL2_PX * 10, size) / 2)
    return rng.uniform(-1, 1, (PHOTOS, 2)) * half[:, None]


def _times(season: str, rng: np.random.Generator) -> list[datetime]:
    """Moments by daylight in a world's season."""
    start = datetime(FIRST_YEAR, SEASON_MONTH[season], 1, 8)
    days, seconds = rng.integers(28, size=PHOTOS), rng.integers(10 * 3600, size=PHOTOS)
    return [start + timedelta(days=int(d), seconds=int(s)) for d, s in zip(days, seconds, strict=True)]


def _replace_folder(new: Path, target: Path) -> None:
    """A folder cannot be renamed over another one that holds files."""
    if target.exists():
        shutil.rmtree(target)
    new.chmod(0o755)  # it was made for its owner alone
    new.rename(target)
