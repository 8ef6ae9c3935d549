"""Published embeddings become a scene of the library, which is searched as any other (docs/decisions/0015)."""

import hashlib
import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from graft_core import settings
from graft_core.errors import EmbeddingsError, ModelError
from graft_core.index.store import IndexStore
from graft_core.io.embedding_files import EmbeddingSet, open_embeddings
from graft_core.io.geotiff import read_tags
from graft_core.io.identity import safe_name
from graft_core.io.published import fragments_path, published_of
from graft_core.io.scene import Scene, open_scene
from graft_core.models.registry import load_encoder
from graft_core.tasks.catalog import lasting_name
from graft_core.tasks.index_published import index_published
from graft_core.tasks.index_scene import is_indexed, scene_record
from graft_core.tasks.lay_out_embeddings import LeftOut, lay_out
from graft_core.types import Encoder, EncoderSpec, Progress


@dataclass(frozen=True)
class Imported:
    """What an import brought."""

    scene: Scene
    """As it can be searched now."""
    encoder: Encoder
    """What to ask it with."""
    rows: int
    """Rows of the files."""
    embeddings: int
    """Of them in the index."""
    left_out: LeftOut
    """Rows without a place on the map; none are counted where the map was there before."""
    useless: int
    """Rows whose vector is empty, zeros or no numbers."""
    already: bool
    """Whether all was there before, so that nothing was left to do."""


def import_embeddings(
    sources: Sequence[str | Path],
    encoder: str,
    root: Path,
    *,
    column: str | None = None,
    name: str | None = None,
    area: BaseGeometry | None = None,
    device: str = "auto",
) -> Generator[Progress, None, Imported]:
    """Make a scene of published embeddings, and index it; what an interrupted run has done is not done again.

    Args:
        sources: GeoParquet files, folders or patterns.
        encoder: what made the embeddings, by a name that ``find_model`` understands.
        root: folder of the indexes.
        column: the vectors' column, where there are several.
        name: what to call the scene; else after the file or folder.
        area: polygons in degrees, WGS 84; only embeddings whose middle lies in them are taken.
        device: where the encoder's text tower will run.

    Yields:
        Progress in rows while their places are read, then in embeddings.

    Raises:
        EmbeddingsError: the files cannot be used, or hold nothing in the area.
        ModelError: the encoder is unknown, its weights are missing, or it is none for whole tiles.
        ExportError: the raster or the table cannot be written.
        IndexStoreError: another process is writing to the index, or the disk is full.
    """
    found = open_embeddings(sources, column)
    loaded = load_encoder(encoder, device=device)
    check_fits(found, loaded.spec)
    digest = _digest(found, loaded.spec, area)
    target = settings.tiles_dir() / f"{safe_name(name) if name else _name(sources, column, encoder, area)}.tif"
    left_out = LeftOut()
    if not _is_there(target, digest):
        left_out = yield from lay_out(found, loaded.spec, lasting_name(encoder), digest, area, target)
    scene = open_scene(target)
    assert scene.published is not None  # written above
    loaded = load_encoder(encoder, device=device, gsd=scene.published.gsd)
    record, store = scene_record(scene, loaded.spec), IndexStore(root, loaded.spec)
    already, useless = is_indexed(store, record), 0
    if not already:
        useless = yield from index_published(scene, record, store)
    kept = store.find(scene.name)
    return Imported(scene, loaded, found.rows, kept.tiles if kept else 0, left_out, useless, already)


def check_fits(found: EmbeddingSet, spec: EncoderSpec) -> None:
    """Refuse an encoder that cannot have made the vectors: ModelError or EmbeddingsError."""
    if spec.level != "tile":
        raise ModelError(
            f"{spec.name} gives one vector a patch, and published embeddings are one a tile: choose another."
        )
    if spec.dim != found.dim:
        raise EmbeddingsError(
            f"The vectors in '{found.vector}' of {found.files[0].path} have {found.dim} values, and those of "
            f"{spec.name} {spec.dim}: name the encoder that made them (`python -m graft_core models` lists all)."
        )


def _digest(found: EmbeddingSet, spec: EncoderSpec, area: BaseGeometry | None) -> str:
    facts = [
        [[str(file.path), file.size, file.changed_ns] for file in found.files],
        [found.vector, found.geometry, spec.key, None if area is None else area.wkt],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _name(sources: Sequence[str | Path], column: str | None, encoder: str, area: BaseGeometry | None) -> str:
    """File or folder, and six hex digits of what is wanted of it: two imports collide only where they are one."""
    first = Path(sources[0]).expanduser().resolve()
    while "*" in first.name:
        first = first.parent
    files = [str(Path(source).expanduser().resolve()) for source in sources]
    wanted = json.dumps([files, column, encoder, None if area is None else area.wkt])
    return f"{safe_name(first.stem)}-{hashlib.sha256(wanted.encode()).hexdigest()[:6]}"


def _is_there(target: Path, digest: str) -> bool:
    """Whether this very import was laid out before; EmbeddingsError where imagery has the name."""
    if not target.exists():
        return False
    published = published_of(read_tags(target), str(target))
    if published is None:
        raise EmbeddingsError(f"There is a {target.name} in {target.parent} already; give the import another name.")
    return published.digest == digest and fragments_path(target).is_file()


def left_out_sentences(done: Imported) -> list[str]:
    """Why rows are not in the index, for people; empty where all are."""
    left_out = done.left_out
    reasons = (
        (left_out.outside, "beyond the area"),
        (left_out.placeless, "without a place"),
        (left_out.older, "where a later or nearer one shows the same place"),
        (done.useless, "whose vector is empty, zeros or no numbers"),
    )
    return [f"Left out: {count:,} {why}." for count, why in reasons if count]
