"""The encoders that are measured on real imagery, and their indexes of it."""

from collections.abc import Sequence
from pathlib import Path

from graft_core.index.store import IndexStore
from graft_core.io.scene import Scene
from graft_core.models.registry import find_model, load_encoder
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.types import Encoder, SensorName


def with_photo_tower(name: str, sensor: SensorName, gsd: float | None = None) -> dict[str, Encoder]:
    """The encoder of a name or card, and the photo tower whose space it shares, to be shown the same tiles."""
    encoder = load_encoder(name, sensor=sensor, gsd=gsd)
    beside = find_model(name).folder / f"{encoder.spec.text_encoder}.json"
    photo_tower = str(beside) if beside.is_file() else encoder.spec.text_encoder
    return {"encoder": encoder, "photo tower": load_encoder(photo_tower, sensor=sensor, gsd=encoder.spec.gsd)}


def searcher_of(scenes: Sequence[Scene], encoder: Encoder, indexes: Path, stride: int | None = None) -> Searcher:
    """Index the scenes as the product does; encoders at patch level have a stride of their own."""
    for scene in scenes:
        for _ in index_scene(scene, encoder, indexes, stride=stride if encoder.spec.level == "tile" else None):
            pass
    return Searcher(IndexStore(indexes, encoder.spec).snapshot(), encoder)
