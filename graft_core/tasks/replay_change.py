"""A change map made again from the recipe in its tags."""

from collections.abc import Generator
from pathlib import Path

from graft_core.io.geotiff import read_tags
from graft_core.tasks.change import change_of
from graft_core.tasks.change_figures import ChangeFigures
from graft_core.tasks.change_recipe import TAG, change_recipe_of
from graft_core.tasks.replay import LoadEncoder, density_again
from graft_core.tasks.write_change import write_change
from graft_core.types import Progress

Pair = tuple[str | None, str | None]
"""Of the scene before and of that after; None where nothing is to be said."""


def is_change(path: Path) -> bool:
    """Whether a raster is a change map; ExportError where it cannot be read."""
    return TAG in read_tags(path)


def replay_change(
    path: Path, out: Path, root: Path, load: tuple[LoadEncoder, LoadEncoder], sources: Pair = (None, None)
) -> Generator[Progress, None, ChangeFigures]:
    """Write ``out`` with the same pixels as the change map at ``path``, indexing its scenes first where needed.

    Args:
        path: a change map this program wrote.
        out: the map to write.
        root: folder of the indexes.
        load: the encoders that the recipes before and after name.
        sources: where the imagery of the scenes is now, where it was moved.

    Yields:
        Progress in tiles while indexing, then in pixels.

    Raises:
        ExportError: there is no recipe, or a scene, an encoder or weights are not what they were.
    """
    recipe = change_recipe_of(read_tags(path), f"'{path}'")
    before = yield from density_again(recipe.before, root, load[0], source=sources[0])
    after = yield from density_again(recipe.after, root, load[1], source=sources[1])
    return (yield from write_change(out, change_of(before, after), least=recipe.least))
