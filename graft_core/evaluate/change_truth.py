"""Whether a change map finds what changed: two dates of one drawn place, whose truth is known."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graft_core.evaluate.metrics import pearson
from graft_core.evaluate.worlds import class_shares
from graft_core.geo.blend import LatticeField
from graft_core.geo.density import lattice_sigma, smooth_lattice
from graft_core.geo.grid import TileGrid
from graft_core.index.store import IndexStore
from graft_core.io.geotiff import read_classes
from graft_core.io.scene import open_scene
from graft_core.search.query import parse_query
from graft_core.tasks.catalog import encoder_for
from graft_core.tasks.change import ChangeMap, Side, change_map
from graft_core.tasks.density import DensityMap
from graft_core.tasks.index_scene import index_scene
from graft_core.tasks.map_picture import coarser
from graft_core.tasks.score import Searcher
from graft_core.types import F32, Encoder, SensorName
from graft_core.world import land
from graft_core.world.scenes import write_scene
from graft_core.world.years import later

STANDS_OUT = 0.1
"""Change of the true density from which a place has changed, and of the map's from which it says so."""
STILL = 0.01
"""Change of the true density below which a place has not changed."""
LOOKS_A_TILE = 4
"""Places compared along each side of a tile."""


@dataclass(frozen=True)
class ChangeAgreement:
    """How one class's change map agrees with what changed; both under the same kernel."""

    name: str
    """The class, which is the query."""
    r: float
    """Pearson's r between the change the map shows and the true one."""
    sign: float
    """Share of the places that changed at which the map has the right sign."""
    false_change: float
    """Share of the places that did not change at which the map shows a change all the same."""


def measure_change(
    sensor: SensorName, seed: int, side_px: int, encoder: Encoder | None = None
) -> list[ChangeAgreement]:
    """Draw a world twice, map the change of every class's word, and compare it with the truth.

    Args:
        sensor: which imagery.
        seed: of the place.
        side_px: side of the scenes, pixels.
        encoder: the demo encoder of the sensor unless given.

    Returns:
        One entry for each class whose true density changes by ``STANDS_OUT`` somewhere.
    """
    with tempfile.TemporaryDirectory(prefix="graft-change-") as name:
        folder = Path(name)
        write_scene(folder, sensor, seed, side_px)
        write_scene(folder, sensor, later(seed), side_px)
        before, was = _date(folder, sensor, encoder)
        after, became = _date(folder, f"{sensor}_later", encoder)
        found = []
        for i in np.flatnonzero(was.any(axis=0) | became.any(axis=0)):
            made = change_map(before, after, parse_query(land.CLASSES[i]))
            agreement = agree(made, was[:, i], became[:, i])
            if agreement is not None:
                found.append(agreement)
        return found


def agree(made: ChangeMap, was: F32, became: F32) -> ChangeAgreement | None:
    """Compare a change map with the truth; None where nothing changed that could be found.

    Args:
        made: of two scenes.
        was: (N,) share of each tile's square of the scene before that shows the thing (`class_shares`).
        became: (N,) the same of the scene after.
    """
    size = made.after.scores.grid.tile_px * made.after.scores.grid.gsd / LOOKS_A_TILE
    target = coarser(made.geobox, max(1, round(size / float(made.geobox.resolution.x))))
    true = true_density(made.after, became).window(target)[0] - true_density(made.before, was).window(target)[0]
    said = made.window(target, glance=True)[0]
    known = np.isfinite(said) & np.isfinite(true)
    said, true = said[known], true[known]
    changed, still = np.abs(true) >= STANDS_OUT, np.abs(true) < STILL
    if not changed.any():
        return None
    return ChangeAgreement(
        name=made.after.recipe.query.text,
        r=pearson(said, true),
        sign=float((np.sign(said[changed]) == np.sign(true[changed])).mean()),
        false_change=float((np.abs(said[still]) >= STANDS_OUT).mean()) if still.any() else 0.0,
    )


def true_density(density: DensityMap, shares: F32) -> LatticeField:
    """The density that a perfect encoder would give: true shares of the tiles' area under the same kernel.

    ``shares`` (N,) as of ``agree``.
    """
    scores = density.scores
    valid = scores.lattice(scores.valid, 0)
    true = np.divide(shares.reshape(valid.shape), valid, out=np.full_like(valid, np.nan), where=valid > 0)
    smooth = smooth_lattice(true, valid, lattice_sigma(density.recipe.bandwidth, scores.grid))
    return LatticeField(np.where(valid > 0, smooth, np.float32(np.nan))[None], scores.grid)


def _date(folder: Path, name: str, encoder: Encoder | None) -> tuple[Side, F32]:
    """The scene of one date, indexed, and (N, C) shares of its tiles that each class covers."""
    scene = open_scene(folder / f"{name}.tif")
    tower = encoder or encoder_for(scene)
    for _ in index_scene(scene, tower, folder / "indexes"):
        pass
    searcher = Searcher(IndexStore(folder / "indexes", tower.spec).snapshot(), tower)
    classes, _ = read_classes(folder / f"truth_{name}.tif")
    grid = TileGrid.from_json(searcher.snapshot.record(scene.name).grid_json)
    return Side(scene, searcher), class_shares(classes, grid)
