"""A density map made again from the recipe in its tags."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

from graft_core.errors import ExportError, GraftError
from graft_core.geo.masks import area_from_wkt
from graft_core.index.store import IndexStore
from graft_core.io.geotiff import read_tags
from graft_core.io.scene import Scene
from graft_core.tasks.catalog import reopen
from graft_core.tasks.density import DensityMap, density_map
from graft_core.tasks.density_recipe import DensityRecipe, recipe_of
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.score import Searcher
from graft_core.tasks.write_density import write_density
from graft_core.types import Encoder, Progress

LoadEncoder = Callable[[DensityRecipe], Encoder]


def read_recipe(path: Path) -> DensityRecipe:
    """The recipe in a density map's tags.

    Raises:
        ExportError: the file cannot be read, or carries none.
    """
    return recipe_of(read_tags(path), f"'{path}'")


def replay(path: Path, out: Path, root: Path, load: LoadEncoder, *, source: str | None = None) -> Iterator[Progress]:
    """Write ``out`` with the same pixels as the density map at ``path``, indexing its scene first where needed.

    Args:
        path: a density map this program wrote.
        out: the map to write.
        root: folder of the indexes.
        load: the encoder a recipe names.
        source: where the scene's imagery is now, if it was moved.

    Yields:
        Progress in tiles while indexing, then in pixels.

    Raises:
        ExportError: there is no recipe, or scene, encoder or weights are not what they were; the message says which.
    """
    density = yield from density_again(read_recipe(path), root, load, source=source)
    yield from write_density(out, density)


def density_again(
    recipe: DensityRecipe, root: Path, load: LoadEncoder, *, source: str | None = None
) -> Generator[Progress, None, DensityMap]:
    """The density map of a recipe, its scene indexed first where needed; arguments and errors as of ``replay``."""
    encoder = load(recipe)
    check_encoder(recipe, encoder)
    scene = check_scene(recipe if source is None else replace(recipe, source=source))
    yield from index_scene(scene, encoder, root, stride=recipe.stride_px)
    searcher = Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)
    area = None if recipe.aoi is None or recipe.aoi_crs is None else area_from_wkt(recipe.aoi, recipe.aoi_crs)
    return density_map(
        scene,
        searcher,
        recipe.query,
        threshold=recipe.threshold,
        bandwidth=recipe.bandwidth,
        area=area,
        encoder_source=recipe.encoder_source,
    )


def check_encoder(recipe: DensityRecipe, encoder: Encoder) -> None:
    """Refuse an encoder whose embeddings mean something else (ExportError)."""
    spec = encoder.spec
    if spec.key == recipe.encoder_key:
        return
    if spec.weights_sha256 != recipe.weights_sha256:
        raise ExportError(
            f"The map was made with weights {recipe.weights_sha256[:12]} of encoder {recipe.encoder}, and those here "
            f"are {spec.weights_sha256[:12]}; put the old file back, or make a new map."
        )
    raise ExportError(
        f"Encoder {recipe.encoder} is no longer what the map was made with (key {recipe.encoder_key}, now {spec.key}: "
        "its resolution or input has changed); use the version of the program that made it, or make a new map."
    )


def check_scene(recipe: DensityRecipe) -> Scene:
    """Open the scene of a recipe; ExportError where it is gone or is no longer the same."""
    try:
        scene = reopen(
            recipe.source,
            recipe.scene,
            recipe.fingerprint,
            sensor=recipe.sensor,
            bands=recipe.bands,
            gsd=recipe.scene_gsd,
        )
    except GraftError as error:
        raise ExportError(f"Scene {recipe.scene} of the map cannot be opened again: {error}") from error
    if scene.fingerprint != recipe.fingerprint:
        raise ExportError(
            f"Scene {recipe.scene} at {recipe.source} has changed since the map was made; "
            "put the old file back, or make a new map."
        )
    return scene
