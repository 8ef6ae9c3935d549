"""What the library holds: every known scene, what it is, what it is indexed with, what it takes on disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from graft_core.errors import SceneError
from graft_core.geo.grid import TileGrid
from graft_core.geo.place import bounds_wgs84
from graft_core.index.records import Bounds
from graft_core.index.store import IndexInfo, SceneRecord
from graft_core.io.disk import imagery_bytes
from graft_core.io.published import fragments_path
from graft_core.io.scene import Scene
from graft_core.tasks.catalog import KnownScene, scenes_of
from graft_core.types import EncoderSpec, SensorName

State = Literal["indexed", "not indexed", "file gone", "cannot be opened", "not opened yet"]


@dataclass(frozen=True)
class Imagery:
    """What the pixels of a scene are."""

    sensor: SensorName
    """Imagery it is read as."""
    gsd: float | None
    """Metres per pixel; None where an earlier version made the index."""
    shape: tuple[int, int] | None
    """Rows and columns; None where an earlier version made the index."""
    extent: tuple[float, float]
    """Width and height, metres."""
    bounds: Bounds
    """West, south, east, north in degrees; west > east crosses the antimeridian."""
    acquired: date | None
    """Day it was taken, None where the file does not say."""


@dataclass(frozen=True)
class Holding:
    """One scene of the library."""

    name: str
    """What to call it by: its name in the index, else its path."""
    source: str
    """Path or address of the imagery."""
    state: State
    """Whether it can be searched, and what is in the way."""
    problem: str
    """What is wrong and what to do; empty where all is well."""
    imagery: Imagery | None
    """None for a file that was not opened, or cannot be."""
    indexed: tuple[tuple[EncoderSpec, SceneRecord], ...]
    """Encoders it is indexed with, and what each index remembers of it."""
    disk: int | None
    """Bytes of the imagery; None where it is remote or gone."""

    @property
    def label(self) -> str:
        """Its name, or that of its file."""
        return self.name if self.indexed else Path(self.source).name

    @property
    def there(self) -> bool:
        """Whether its pixels can be shown."""
        return self.state in ("indexed", "not indexed")

    @property
    def pictured(self) -> bool:
        """Whether it is imagery; published embeddings have a place and no picture."""
        return not fragments_path(self.source).is_file()

    @property
    def tiles(self) -> int:
        """Rows in all indexes."""
        return sum(record.tiles for _, record in self.indexed)

    @property
    def index_bytes(self) -> int:
        """Bytes of its rows in all indexes."""
        return sum(record.bytes for _, record in self.indexed)


Look = Callable[[str], Imagery | str | None]
"""Opens the scene of a path: what it is, what is wrong with it, or None where there was no time for it."""


def inventory(indexes: Sequence[IndexInfo], look: Look) -> list[Holding]:
    """Everything in the indexes and in the folder of scenes, by name; only what is not indexed is ever opened."""
    indexed: dict[str, list[tuple[EncoderSpec, SceneRecord]]] = {}
    for index in indexes:
        for record in index.scenes:
            if index.spec is not None:
                indexed.setdefault(record.name, []).append((index.spec, record))
    return [_holding(known, tuple(indexed.get(known.name, ())), look) for known in scenes_of(indexes)]


def imagery_of(scene: Scene) -> Imagery:
    """What an opened scene is."""
    rows, cols = scene.geobox.shape
    extent = (cols * scene.gsd, rows * scene.gsd)
    return Imagery(scene.sensor, scene.gsd, (rows, cols), extent, bounds_wgs84(scene.geobox), scene.acquired)


def _holding(known: KnownScene, indexed: tuple[tuple[EncoderSpec, SceneRecord], ...], look: Look) -> Holding:
    state: State = "indexed" if indexed else "not indexed"
    disk, problem = None, ""
    imagery: Imagery | str | None = _remembered(indexed[0][1]) if indexed else None
    try:
        disk = imagery_bytes(known.source)
    except SceneError as error:
        state, problem = "file gone", str(error)
    else:
        if not indexed:
            imagery = look(known.name)
    if isinstance(imagery, str):
        state, problem, imagery = "cannot be opened", imagery, None
    elif imagery is None:
        state = "not opened yet"
    return Holding(known.name, known.source, state, problem, imagery, indexed, disk)


def _remembered(record: SceneRecord) -> Imagery:
    if record.gsd is None or record.shape is None:
        grid = TileGrid.from_json(record.grid_json)
        rows, cols, gsd = *grid.geobox.shape, grid.gsd
    else:
        rows, cols, gsd = *record.shape, record.gsd
    extent = (cols * gsd, rows * gsd)
    return Imagery(record.sensor, record.gsd, record.shape, extent, record.bounds_wgs84, record.acquired)
