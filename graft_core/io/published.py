"""What a raster says that stands for published embeddings: it has no picture, only where they are.

The raster is made by the import (tasks/import_embeddings.py): one pixel a lattice step, valid where an embedding lies,
with this in its tags. Beside it lies the table of the fragments (io/fragments.py).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from graft_core.errors import SceneError
from graft_core.types import SensorName

TAG = "GRAFT_EMBEDDINGS"
"""Dataset tag that holds a `Published` as JSON."""
FRAGMENTS = ".fragments.parquet"
"""What the table's name has in place of the raster's suffix."""


@dataclass(frozen=True)
class Published:
    """Embeddings that came without imagery."""

    encoder: str
    """What made them, as the registry loads it."""
    encoder_key: str
    """Its key."""
    sensor: SensorName
    """Imagery it looked at."""
    gsd: float
    """Metres per pixel it saw: side of a fragment over the pixels of the encoder's input."""
    stride_px: int
    """Step of the lattice, pixels of that size."""
    digest: str
    """Hash of the files, the column, the encoder and the area: an import that has it is there already."""

    def to_tag(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


def published_of(tags: Mapping[str, str], label: str) -> Published | None:
    """What the tags of a raster say; None where it is imagery, SceneError where it cannot be understood."""
    if TAG not in tags:
        return None
    try:
        return Published(**json.loads(tags[TAG]))
    except (ValueError, TypeError) as error:
        raise SceneError(f"What {label} says of its embeddings is damaged ({error}); import them again.") from error


def fragments_path(source: str | Path) -> Path:
    """Where the table of the fragments lies, beside their raster."""
    path = Path(source)
    return path.with_name(path.stem + FRAGMENTS)
