"""What an index remembers of a scene, and the encoder it belongs to, as JSON that travels with the rows."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, cast

from graft_core.errors import IndexStoreError
from graft_core.types import EncoderSpec, SensorName

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east crosses the antimeridian."""


@dataclass(frozen=True)
class SceneRecord:
    """One scene of an index: what was embedded, on which grid, and where it lies."""

    name: str
    """Unique within an index; indexing another scene under the name replaces this one."""
    source: str
    """Path or URL the pixels came from."""
    fingerprint: str
    """Hash of everything that decides the pixels (see io.scene.Scene)."""
    sensor: SensorName
    """Imagery the scene was read as."""
    acquired: date | None
    """Day the imagery was taken, None where the file does not say."""
    grid_json: str
    """The TileGrid that positions count in, from ``TileGrid.to_json``."""
    crs: str
    """CRS of the grid, as WKT or an authority code."""
    bounds_wgs84: Bounds
    """Footprint: west, south, east, north in degrees."""
    tiles: int = 0
    """Rows stored; 0 before the commit. Tiles without imagery have no row."""
    bytes: int = 0
    """Size of the rows on disk; 0 before the commit."""
    gsd: float | None = None
    """Metres per pixel of the imagery itself; None where an earlier version made the index."""
    shape: tuple[int, int] | None = None
    """Rows and columns of the imagery's pixels; None where an earlier version made the index."""

    @property
    def identity(self) -> str:
        """Sixteen hex digits over what decides the vectors: pixels and grid. The same identity means the same rows."""
        decisive = json.dumps([self.fingerprint, self.sensor, self.crs, self.grid_json])
        return hashlib.sha256(decisive.encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """The record without ``tiles`` and ``bytes``, which the table itself knows."""
        stored = asdict(self) | {"acquired": self.acquired.isoformat() if self.acquired else None}
        del stored["tiles"], stored["bytes"]
        return json.dumps(stored, sort_keys=True)

    @staticmethod
    def from_json(text: str, *, tiles: int, size: int) -> "SceneRecord":
        """The record of ``to_json`` with the rows and bytes counted in the table."""
        stored = cast(dict[str, Any], json.loads(text))
        stored["acquired"] = date.fromisoformat(stored["acquired"]) if stored["acquired"] else None
        stored["bounds_wgs84"] = tuple(stored["bounds_wgs84"])
        stored["shape"] = tuple(stored["shape"]) if stored.get("shape") else None
        return SceneRecord(**stored, tiles=tiles, bytes=size)


def spec_to_json(spec: EncoderSpec) -> str:
    """Every field of the spec, as it is stored with the table."""
    return json.dumps(asdict(spec), sort_keys=True)


def spec_from_json(text: str) -> EncoderSpec:
    """The spec of ``spec_to_json``; ValueError where fields are missing or unknown."""
    stored = json.loads(text)
    expected = {field.name for field in fields(EncoderSpec)}
    if not isinstance(stored, Mapping) or set(stored) != expected:
        raise ValueError(f"the stored encoder does not have the fields {sorted(expected)}")
    values = dict(stored)
    values["mean"], values["std"] = tuple(values["mean"]), tuple(values["std"])
    return EncoderSpec(**values)


def select_scenes(
    records: Iterable[SceneRecord],
    *,
    names: Collection[str] | None = None,
    bounds: Bounds | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[SceneRecord, ...]:
    """The records that pass every filter given, in their order.

    ``bounds`` keeps footprints that share area with it; ``since`` and ``until`` are inclusive and leave out scenes
    without a date. Raises IndexStoreError for a name that no record has.
    """
    pool = tuple(records)
    missing = sorted(set(names or ()) - {record.name for record in pool})
    if missing:
        known = ", ".join(sorted(record.name for record in pool)) or "none"
        raise IndexStoreError(f"Scene '{missing[0]}' is not indexed (indexed: {known}); choose another or index it.")

    def passes(record: SceneRecord) -> bool:
        in_time = since is None and until is None
        if record.acquired is not None:
            in_time = (since or date.min) <= record.acquired <= (until or date.max)
        return (
            in_time
            and (names is None or record.name in names)
            and (bounds is None or share_area(record.bounds_wgs84, bounds))
        )

    return tuple(record for record in pool if passes(record))


def share_area(one: Bounds, other: Bounds) -> bool:
    """Whether two footprints overlap, on either side of the antimeridian too."""
    if not (one[1] < other[3] and other[1] < one[3]):
        return False
    return any(a[0] < b[1] and b[0] < a[1] for a in _longitudes(one) for b in _longitudes(other))


def _longitudes(bounds: Bounds) -> list[tuple[float, float]]:
    """Bounds across the antimeridian are two spans of longitude."""
    west, _, east, _ = bounds
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
