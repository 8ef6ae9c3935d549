"""What is known about the ground, to measure a map against: a raster of classes, or polygons with a class each."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import geopandas
import numpy as np
import pyogrio
import rasterio
from odc.geo.geobox import GeoBox
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.warp import Resampling, reproject, transform_bounds

from graft_core.errors import ExportError
from graft_core.io.categories import read_categories
from graft_core.io.geotiff import CLASS_NAMES
from graft_core.io.shapes import mask_of
from graft_core.types import I64

POLYGONS = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".kml", ".parquet", ".geoparquet")
"""Suffixes of files that are read as polygons."""
UNKNOWN = -1
"""Where nothing is known."""
MOST_CLASSES = 1000
"""Distinct values of an attribute, beyond which it is no class."""


class Reference(Protocol):
    """Classes of the ground, on whatever grid is asked."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        ...

    def meets(self, geobox: GeoBox) -> bool:
        """Whether the reference says anything near a grid."""
        ...

    def window(self, geobox: GeoBox) -> I64:
        """(h, w) position of each pixel's class in ``names``, -1 where it is not known."""
        ...


def open_reference(path: str | Path, attribute: str | None = None) -> Reference:
    """Open a class raster, or polygons (by the suffix of the file).

    Args:
        path: a raster with class names in the tag CLASS_NAMES or as GDAL categories (without either its values are the
            names), or a vector file.
        attribute: column of the polygons' classes; the only column of text unless given.

    Raises:
        ExportError: missing, unreadable, without CRS, or without classes.
    """
    path = Path(path)
    if not path.exists():
        raise ExportError(f"The reference {path} does not exist; give a class raster, or polygons with a class column.")
    if path.suffix.lower() in POLYGONS:
        return PolygonReference(path, attribute)
    if attribute is not None:
        raise ExportError(f"The reference {path} is a raster and has no attribute '{attribute}'; leave that out.")
    return RasterReference(path)


class RasterReference:
    """The classes of a raster's first band, each pixel that of the nearest pixel there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                with rasterio.open(path) as src:
                    if src.crs is None:
                        raise ExportError(f"The reference {path} says nothing about its CRS; save it with one.")
                    if np.dtype(src.dtypes[0]).kind not in "iu":
                        raise ExportError(
                            f"The reference {path} holds {src.dtypes[0]} values; give a raster of whole class numbers."
                        )
                    self._ids = _class_ids(src, path)
                    self._nodata = src.nodata
        except RasterioIOError as error:
            reason = str(error).rstrip(".")
            raise ExportError(f"Cannot read the reference {path} ({reason}); give a class raster.") from error
        self.names = tuple(self._ids)

    def meets(self, geobox: GeoBox) -> bool:
        """Whether the two rectangles share anything."""
        with rasterio.open(self.path) as src:
            left, bottom, right, top = transform_bounds(str(geobox.crs), src.crs, *geobox.boundingbox.bbox)
            west, south, east, north = src.bounds
        return bool(left < east and west < right and bottom < north and south < top)

    def window(self, geobox: GeoBox) -> I64:
        """(h, w) positions in ``names``, -1 elsewhere; ExportError where the file cannot be decoded."""
        values = np.full(geobox.shape, np.iinfo(np.int32).min, np.int32)
        place = {"dst_transform": geobox.affine, "dst_crs": str(geobox.crs), "resampling": Resampling.nearest}
        try:
            with rasterio.open(self.path) as src:
                # What the reference does not reach keeps the value that no class has.
                reproject(rasterio.band(src, 1), values, init_dest_nodata=False, **place)
        except RasterioError as error:
            raise ExportError(f"Cannot read the reference {self.path} ({error}); is the file whole?") from error
        found = np.full(geobox.shape, UNKNOWN, np.int64)
        for position, ids in enumerate(self._ids.values()):
            found[np.isin(values, ids)] = position
        return found


class PolygonReference:
    """The classes of polygons; ground under none of them, or under two that disagree, is not known."""

    def __init__(self, path: Path, attribute: str | None) -> None:
        self.path = path
        frame = _read_polygons(path)
        column = _class_column(frame, path, attribute)
        frame = frame[frame[column].notna() & frame.geometry.notna()]
        self._classes = frame[column].astype(str).str.strip()
        self._frame = frame.geometry.make_valid()
        self.names = tuple(sorted(set(self._classes)))
        if len(self.names) > MOST_CLASSES:
            raise ExportError(
                f"Column '{column}' of {path} has {len(self.names)} different values; give one that names the class."
            )
        self._crs: str | None = None

    def meets(self, geobox: GeoBox) -> bool:
        """Whether any polygon lies in the rectangle."""
        left, bottom, right, top = geobox.boundingbox.bbox
        return len(self._in(str(geobox.crs)).cx[left:right, bottom:top]) > 0

    def window(self, geobox: GeoBox) -> I64:
        """(h, w) positions in ``names`` of the polygons that pixels' centres lie in, -1 elsewhere."""
        left, bottom, right, top = geobox.boundingbox.bbox
        near = self._in(str(geobox.crs)).cx[left:right, bottom:top]
        classes = self._classes[near.index]
        found = np.full(geobox.shape, UNKNOWN, np.int64)
        taken = np.zeros(geobox.shape, np.int64)
        for position, name in enumerate(self.names):
            shapes = near[classes == name]
            if len(shapes):
                drawn = mask_of(shapes.union_all(), geobox)
                found[drawn] = position
                taken += drawn
        found[taken > 1] = UNKNOWN
        return found

    def _in(self, crs: str) -> Any:
        """The shapes in a CRS; the last one is kept."""
        if self._crs != crs:
            self._frame, self._crs = self._frame.to_crs(crs), crs
        return self._frame


def _class_ids(src: Any, path: Path) -> dict[str, list[int]]:
    """Class name -> its values, several where several have one name."""
    text = src.tags().get(CLASS_NAMES)
    try:
        named = read_categories(path) if text is None else {int(i): str(name) for i, name in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise ExportError(f"The class names of {path} (tag {CLASS_NAMES}) cannot be read ({error}).") from error
    if not named:
        named = {value: str(value) for value in _values_in(src)}
    ids: dict[str, list[int]] = {}
    for value, name in sorted(named.items()):
        if src.nodata is None or value != src.nodata:
            ids.setdefault(name.strip(), []).append(value)
    if not ids:
        raise ExportError(f"The reference {path} has no class at all; give a raster of class numbers.")
    return ids


def _values_in(src: Any) -> Sequence[int]:
    """The values of a raster without names, which may be no more than classes."""
    seen: set[int] = set()
    for _, window in src.block_windows(1):
        seen |= set(np.unique(src.read(1, window=window)).tolist())
        if len(seen) > MOST_CLASSES:
            raise ExportError(f"The reference {src.name} has more than {MOST_CLASSES} values; those are no classes.")
    return sorted(seen)


def read_shapes(path: Path, wanted: str) -> Any:
    """The shapes of a vector file as a GeoDataFrame with a CRS, those without geometry left out.

    ExportError where it cannot be read, has several layers, no shape or no CRS; ``wanted`` says what to give instead.
    """
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            frame = geopandas.read_parquet(path)
        else:
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            if len(layers) > 1:
                raise ExportError(f"{path} holds several layers ({', '.join(layers)}); save one as a file of its own.")
            frame = geopandas.read_file(path, engine="pyogrio")
    except (DataSourceError, DataLayerError, ValueError, OSError) as error:
        reason = str(error).partition(";")[0].rstrip(".")
        raise ExportError(f"Cannot read the reference {path} ({reason}); give {wanted}.") from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise ExportError(f"The reference {path} holds no shapes; give {wanted}.")
    if frame.crs is None:
        raise ExportError(f"The reference {path} says nothing about its CRS; save it with one.")
    return frame[frame.geometry.notna()].reset_index(drop=True)


def _read_polygons(path: Path) -> Any:
    wanted = "polygons with a class column"
    frame = read_shapes(path, wanted)
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index(drop=True)
    if not len(frame):
        raise ExportError(f"The reference {path} holds no polygon; give {wanted}.")
    return frame


def _class_column(frame: Any, path: Path, attribute: str | None) -> str:
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    if attribute is not None:
        if attribute not in columns:
            raise ExportError(f"{path} has no column '{attribute}'; it has {', '.join(columns) or 'none'}.")
        return attribute
    texts = [name for name in columns if frame[name].dtype.kind in "OUT"]
    if len(texts) != 1:
        raise ExportError(f"Say which column of {path} names the class with --attribute: {', '.join(columns)}.")
    return texts[0]
