"""Lists of ground photos: folders, files and tables in; where, when and how exactly each was taken out."""

import math
import os
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from glob import glob, has_magic
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import pandas
import pyarrow
import requests
from pyarrow import parquet

from graft_core.errors import PhotoError
from graft_core.io.exif import NO_POSITION, check_position, read_facts
from graft_core.io.photo import BadPhotoError, file_problem
from graft_core.io.photo_tables import table_rows
from graft_core.types import Progress

PHOTOS = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".heic", ".heif")
"""Files of a folder that are taken for photos."""
TABLES = (".csv", ".tsv", ".txt", ".parquet", ".geoparquet")
"""Files that are taken for tables of photos."""
WEB = ("http://", "https://")
UNREACHABLE = "address unreachable"
LARGEST_BYTES = 100 * 2**20
"""Of a photo on the web; more is no photo."""
_TIMEOUT_S = (10, 60)
"""To connect, and between two pieces of an answer."""
_THREADS = 8
_AT_ONCE = 512


@dataclass(frozen=True)
class ListedPhoto:
    """One photo of a list, not opened yet beyond its header."""

    place: str
    """Absolute path, or address."""
    lon: float = math.nan
    """Degrees east, WGS 84; NaN where unknown."""
    lat: float = math.nan
    """Degrees north, WGS 84; NaN where unknown."""
    taken: datetime | None = None
    """Local time of the exposure."""
    accuracy_m: float = math.nan
    """Horizontal positioning error, metres; NaN where unknown."""
    problem: BadPhotoError | None = None
    """Why it cannot be placed."""

    @property
    def placed(self) -> bool:
        """Whether its position is known."""
        return math.isfinite(self.lon) and math.isfinite(self.lat)

    @property
    def needs_exif(self) -> bool:
        """Whether the file may say what is not known yet."""
        known = self.placed and self.taken is not None
        return not known and self.problem is None and not self.place.startswith(WEB)


@dataclass(frozen=True)
class PhotoList:
    """Photos in the order they were given, as columns."""

    places: tuple[str, ...]
    """(N,) absolute paths or addresses; one may occur twice."""
    lonlat: npt.NDArray[np.float64]
    """(N, 2) degrees, WGS 84; NaN where there is a problem."""
    taken: npt.NDArray[np.datetime64]
    """(N,) local time to the second; NaT where unknown."""
    accuracy_m: npt.NDArray[np.float64]
    """(N,) horizontal positioning error, metres; NaN where unknown."""
    problems: dict[int, BadPhotoError]
    """Row -> why it has no place."""


def list_photos(sources: Sequence[str | Path]) -> Generator[Progress, None, PhotoList]:
    """Every photo of folders (with their subfolders), files, patterns, tables and addresses.

    What a table says of a photo is used; the EXIF of local files is asked for what it does not say. A photo that cannot
    be used is listed with its problem.

    Raises:
        PhotoError: a folder, pattern or table is not there, holds no photo, or cannot be read as a table.
    """
    photos = [photo for source in sources for photo in _expand(str(source))]
    started = time.monotonic()
    for start in range(0, len(photos), _AT_ONCE):
        chunk = photos[start : start + _AT_ONCE]
        photos[start : start + _AT_ONCE] = _completed(chunk)
        yield Progress(start + len(chunk), len(photos), "photos", time.monotonic() - started)
    return _columns(photos)


def read_bytes(place: str) -> bytes:
    """The bytes of a photo at a path or an address.

    Raises:
        BadPhotoError: it cannot be read.
    """
    if place.startswith(WEB):
        return _download(place)
    try:
        return Path(place).read_bytes()
    except OSError as error:
        raise file_problem(error) from error


def _download(address: str) -> bytes:
    data = bytearray()
    try:
        with requests.get(address, timeout=_TIMEOUT_S, stream=True) as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(1 << 16):
                data += piece
                if len(data) > LARGEST_BYTES:
                    raise BadPhotoError(UNREACHABLE, f"it is larger than {LARGEST_BYTES >> 20} MB")
    except requests.HTTPError as error:
        raise BadPhotoError(UNREACHABLE, f"the server refuses it ({_status(error)})") from error
    except requests.RequestException as error:
        raise BadPhotoError(UNREACHABLE, f"{type(error).__name__}; check the address and the network") from error
    return bytes(data)


def _status(error: requests.HTTPError) -> str:
    return "no answer" if error.response is None else str(error.response.status_code)


def _expand(source: str) -> Iterable[ListedPhoto]:
    if source.startswith(WEB):
        return [ListedPhoto(source)]
    path = Path(os.path.abspath(os.path.expanduser(source)))
    if path.is_dir():
        return _required(_in_folder(path), f"The folder {source} holds no photo ({', '.join(PHOTOS)})")
    if has_magic(source) and not path.exists():
        found = [Path(name) for name in sorted(glob(str(path), recursive=True))]
        photos = (ListedPhoto(str(name)) for name in found if name.suffix.lower() in PHOTOS)
        return _required(photos, f"No photo ({', '.join(PHOTOS)}) matches {source}")
    if not path.exists():
        raise PhotoError(f"There is no {source}; give a folder of photos, a photo, or a table of photos.")
    if path.suffix.lower() in TABLES:
        return _in_table(path)
    return [ListedPhoto(str(path))]


def _required(photos: Iterable[ListedPhoto], otherwise: str) -> list[ListedPhoto]:
    found = list(photos)
    if not found:
        raise PhotoError(f"{otherwise}; check the path, or give a table of photos.")
    return found


def _in_folder(folder: Path) -> Iterator[ListedPhoto]:
    """The photos of a folder and its subfolders by name; hidden ones are left alone."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and name.lower().endswith(PHOTOS):
                yield ListedPhoto(os.path.join(parent, name))


def _in_table(path: Path) -> Iterator[ListedPhoto]:
    unnamed = BadPhotoError("no path", "the row says neither a path nor an address")
    for number, (place, lon, lat, taken, accuracy) in enumerate(table_rows(_open_table(path), path), start=1):
        if place:
            yield ListedPhoto(place, lon, lat, taken, accuracy)
        else:
            yield ListedPhoto(f"{path} row {number}", problem=unnamed)


def _open_table(path: Path) -> Any:
    """A table as a data frame; points of a geometry become columns lon and lat."""
    try:
        if path.suffix.lower() not in (".parquet", ".geoparquet"):
            return pandas.read_csv(path, sep=_separator(path), encoding="utf-8-sig", skipinitialspace=True)
        placed = b"geo" in (parquet.read_schema(path).metadata or {})
        return _with_lon_lat(geopandas.read_parquet(path), path) if placed else pandas.read_parquet(path)
    except (OSError, ValueError, KeyError, pyarrow.ArrowException, pandas.errors.ParserError) as error:
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise PhotoError(
            f"{path} cannot be read as a table of photos ({reason}); give CSV, Parquet or GeoParquet."
        ) from error


def _with_lon_lat(frame: geopandas.GeoDataFrame, path: Path) -> Any:
    points = frame.geometry
    if points.crs is None or not set(points.geom_type.dropna()) <= {"Point"}:
        raise PhotoError(f"The geometry of {path} is not points with a CRS; give points, or columns lon and lat.")
    points = points.to_crs("EPSG:4326")
    return pandas.DataFrame(frame.drop(columns=points.name)).assign(lon=points.x, lat=points.y)


def _separator(path: Path) -> str:
    """The character that the first line has most of."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline()
    return max(",;\t", key=first.count)


def _completed(photos: Sequence[ListedPhoto]) -> list[ListedPhoto]:
    # Pillow warns of large pictures and of odd tags; what counts is said in the problem.
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        warnings.simplefilter("ignore")
        completed = iter(pool.map(_complete, [photo for photo in photos if photo.needs_exif]))
        return [next(completed) if photo.needs_exif else _checked(photo) for photo in photos]


def _complete(photo: ListedPhoto) -> ListedPhoto:
    """The photo with what its EXIF adds, and with its problem where it has one."""
    try:
        facts = read_facts(photo.place)
    except BadPhotoError as problem:
        return _checked(photo) if photo.placed else replace(photo, problem=problem)
    taken = photo.taken or facts.taken
    if photo.placed:
        return _checked(replace(photo, taken=taken))
    return _checked(replace(photo, lon=facts.lon, lat=facts.lat, taken=taken, accuracy_m=facts.accuracy_m))


def _checked(photo: ListedPhoto) -> ListedPhoto:
    if photo.problem is not None:
        return photo
    if photo.place.startswith(WEB) and not photo.placed:
        return replace(photo, problem=BadPhotoError(NO_POSITION, "of a photo on the web a table must say lon and lat"))
    return replace(photo, problem=check_position(photo.lon, photo.lat))


def _columns(photos: Sequence[ListedPhoto]) -> PhotoList:
    lonlat = np.array([(photo.lon, photo.lat) for photo in photos], np.float64).reshape(-1, 2)
    problems = {i: photo.problem for i, photo in enumerate(photos) if photo.problem is not None}
    lonlat[list(problems)] = math.nan
    return PhotoList(
        places=tuple(photo.place for photo in photos),
        lonlat=lonlat,
        taken=np.array([photo.taken or "NaT" for photo in photos], "datetime64[s]"),
        accuracy_m=np.array([photo.accuracy_m for photo in photos], np.float64),
        problems=problems,
    )
