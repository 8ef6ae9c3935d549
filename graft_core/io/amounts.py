"""How much of a thing stands on the ground, to check a density against: points, polygons, or a raster of classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.io.reference import POLYGONS, UNKNOWN, Reference, open_reference, read_shapes
from graft_core.io.shapes import mask_of
from graft_core.types import F32, I64, Bool

Unit = Literal["share", "per hectare"]
"""What an amount over an area is: the share of it that the thing covers, or how many stand on a hectare of it."""
Elsewhere = Literal["absent", "unknown"]
"""What is said of ground under no polygon: that the thing is not there, or nothing."""
SHOWN = 12
"""Names that a message lists."""
_WANTED = "points, or polygons, of the thing that is looked for"


class Amount(Protocol):
    """A thing on the ground, on whatever grid is asked."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def unit(self) -> Unit:
        """What its sum over an area, divided by the area, is."""
        ...

    def meets(self, geobox: GeoBox) -> bool:
        """Whether anything that is looked for may stand on a grid; cheap, to be asked before any work is done."""
        ...

    def window(self, geobox: GeoBox) -> tuple[F32, Bool]:
        """(h, w) amount in each pixel of a north-up grid (1 or 0, or a number of points), and where it is known."""
        ...


def open_amount(
    path: str | Path,
    *,
    attribute: str | None = None,
    values: Sequence[str] = (),
    elsewhere: Elsewhere = "absent",
) -> Amount:
    """Open points, polygons (by the suffix of the file and what is in it), or a raster of classes.

    Args:
        path: vector file, or class raster as ``open_reference`` reads it.
        attribute: column of a vector file that tells things apart.
        values: what it says of the thing that is looked for; of a raster, the names of its classes. All shapes count
            without.
        elsewhere: what is known where there is no polygon. With ``unknown`` the other polygons say where the thing is
            not.

    Raises:
        ExportError: missing, unreadable, without CRS, or without the column or the values.
    """
    path = Path(path)
    if not path.exists():
        raise ExportError(f"The reference {path} does not exist; give {_WANTED}, or a class raster.")
    if path.suffix.lower() not in POLYGONS:
        return ClassAmount(open_reference(path, attribute), values)
    frame = read_shapes(path, _WANTED)
    wanted = _wanted(frame, path, attribute, values)
    kinds = set(frame.geom_type)
    if kinds <= {"Point", "MultiPoint"} and kinds:
        return PointAmount(path, frame.geometry[wanted])
    if not kinds & {"Polygon", "MultiPolygon"}:
        raise ExportError(f"The reference {path} holds neither points nor polygons; give {_WANTED}.")
    if elsewhere == "unknown" and wanted.all():
        raise ExportError(
            f"All polygons of {path} are of the thing that is looked for, so nothing says where it is not; take the "
            "ground elsewhere for absent, or say which polygons are meant with an attribute and its values."
        )
    return PolygonAmount(path, frame.geometry.make_valid(), wanted, elsewhere)


class PointAmount:
    """Things that are counted; ground without a point has none."""

    unit: Unit = "per hectare"

    def __init__(self, path: Path, points: Any) -> None:
        self.path = path
        self._points = points.explode(ignore_index=True)
        self._crs: str | None = None

    def meets(self, geobox: GeoBox) -> bool:
        """Whether a point lies on the grid."""
        return len(self._pixels(geobox)[0]) > 0

    def window(self, geobox: GeoBox) -> tuple[F32, Bool]:
        """(h, w) points in each pixel; all is known."""
        counted = np.zeros(geobox.shape, np.float32)
        np.add.at(counted, self._pixels(geobox), 1)
        return counted, np.ones(geobox.shape, np.bool_)

    def _pixels(self, geobox: GeoBox) -> tuple[I64, I64]:
        """Row and column of every point on the grid."""
        crs = str(geobox.crs)
        if self._crs != crs:
            self._points, self._crs = self._points.to_crs(crs), crs
        col, row = ~geobox.affine @ (self._points.x.to_numpy(), self._points.y.to_numpy())
        rows, cols = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
        height, width = geobox.shape
        inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
        return rows[inside], cols[inside]


class PolygonAmount:
    """Ground that is covered, by the pixels' centres; of what two sorts of polygon claim nothing is known."""

    unit: Unit = "share"

    def __init__(self, path: Path, shapes: Any, wanted: Bool, elsewhere: Elsewhere) -> None:
        self.path = path
        self._shapes, self._wanted, self._elsewhere = shapes, wanted, elsewhere
        self._crs: str | None = None

    def meets(self, geobox: GeoBox) -> bool:
        """Whether a wanted polygon lies near the grid."""
        return len(self._near(self._wanted, geobox)) > 0

    def window(self, geobox: GeoBox) -> tuple[F32, Bool]:
        """(h, w) 1 under a wanted polygon, and where that is known."""
        here, other = (self._drawn(chosen, geobox) for chosen in (self._wanted, ~self._wanted))
        known = here ^ other if self._elsewhere == "unknown" else ~(here & other)
        return here.astype(np.float32), known

    def _drawn(self, chosen: Bool, geobox: GeoBox) -> Bool:
        near = self._near(chosen, geobox)
        return mask_of(near.union_all(), geobox) if len(near) else np.zeros(geobox.shape, np.bool_)

    def _near(self, chosen: Bool, geobox: GeoBox) -> Any:
        """Polygons that meet the grid's rectangle, in its CRS."""
        crs = str(geobox.crs)
        if self._crs != crs:
            self._shapes, self._crs = self._shapes.to_crs(crs), crs
        left, bottom, right, top = geobox.boundingbox.bbox
        return self._shapes[chosen].cx[left:right, bottom:top]


class ClassAmount:
    """Ground whose class is one of those wanted."""

    unit: Unit = "share"

    def __init__(self, reference: Reference, values: Sequence[str]) -> None:
        """``values``: names of classes; ExportError where there are none, or one is not in the reference."""
        self.path, self._reference = reference.path, reference
        own = {name.casefold(): i for i, name in enumerate(reference.names)}
        missing = [value for value in values if value.casefold() not in own]
        if missing or not values:
            said = f"has no class '{missing[0]}'" if missing else "has several classes, and which is meant is not said"
            raise ExportError(f"The reference {reference.path} {said}; it has {_listed(reference.names)}.")
        self._wanted = [own[value.casefold()] for value in values]

    def meets(self, geobox: GeoBox) -> bool:
        """Whether the raster says anything near the grid."""
        return self._reference.meets(geobox)

    def window(self, geobox: GeoBox) -> tuple[F32, Bool]:
        """(h, w) 1 where the class is wanted, and where the raster knows one."""
        found = self._reference.window(geobox)
        return np.isin(found, self._wanted).astype(np.float32), found != UNKNOWN


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _wanted(frame: Any, path: Path, attribute: str | None, values: Sequence[str]) -> Bool:
    """(N,) which shapes are of the thing."""
    if attribute is None and not values:
        return np.ones(len(frame), np.bool_)
    if attribute is None or not values:
        raise ExportError(f"To choose shapes of {path} give both a column and its values, or neither.")
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    if attribute not in columns:
        raise ExportError(f"{path} has no column '{attribute}'; it has {', '.join(columns) or 'none'}.")
    said = frame[attribute].astype(str).str.strip()
    missing = [value for value in values if not (said == value).any()]
    if missing:
        raise ExportError(f"Column '{attribute}' of {path} never says '{missing[0]}'; check how it is written.")
    return np.asarray(said.isin(values), np.bool_)
