"""The report of a run: what became of the photos, and the whole in one sentence."""

from collections.abc import Sequence

import numpy as np

from graft_core.io.photos import PhotoList
from graft_core.train.pairs import ledger as reasons
from graft_core.train.pairs.ledger import Ledger
from graft_core.train.pairs.report import PairReport, counted
from graft_core.train.pairs.scenes import ScenePool, nearest_scene, outline
from graft_core.train.pairs.tiles import Tiles
from graft_core.types import I64, Bool


def pair_report(
    ledger: Ledger, listed: PhotoList, pool: ScenePool, tiles: Tiles, validation: Bool, warnings: Sequence[str]
) -> PairReport:
    """Everything the report says."""
    sizes, counts = np.unique(np.bincount(tiles.owner, minlength=len(tiles.scene)), return_counts=True)
    in_scene = np.bincount(tiles.scene[tiles.owner], minlength=len(pool.scenes)).tolist()
    by_scene = {scene.name: count for scene, count in zip(pool.scenes, in_scene, strict=True)}
    left_out = ledger.counts()
    if len(tiles.scene):
        used = sum(count > 0 for count in in_scene)
        outcome = (
            f"{counted(len(tiles.photo), 'photo')} of {len(listed.places):,} in {counted(len(tiles.scene), 'tile')} of "
            f"{counted(used, 'scene')}; {int(validation.sum()):,} of the tiles are for validation."
        )
    else:
        outcome = _why_none(listed, pool, left_out)
    return PairReport(
        asked=len(listed.places),
        kept=len(tiles.photo),
        tiles=len(tiles.scene),
        validation_tiles=int(validation.sum()),
        left_out=left_out,
        named=ledger.named(),
        photos_per_tile=dict(zip(sizes.tolist(), counts.tolist(), strict=True)),
        by_scene=by_scene,
        warnings=tuple(warnings),
        tiles_left_out=dict(ledger.tiles),
        outlines={
            scene.name: tuple((lon, lat) for lon, lat in outline(scene).round(7).tolist()) for scene in pool.scenes
        },
        left_out_at=ledger.places(),
        outcome=outcome,
    )


def distance(metres: float) -> str:
    """``120 m``, ``9,312 km``."""
    return f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.0f} km"


def _why_none(listed: PhotoList, pool: ScenePool, left_out: dict[str, int]) -> str:
    """Why there are no pairs, in one sentence that says what to do."""
    count, scenes = len(listed.places), len(pool.scenes)
    placed = np.flatnonzero(np.isfinite(listed.lonlat).all(axis=1))
    none = f"None of the {count:,} photos" if count > 1 else "The photo"
    verb = "" if count > 1 else " not"
    if not len(placed):
        return (
            f"{none} {'has' if count > 1 else 'does not have'} a usable position ({_listed(left_out)}); give photos "
            "with GPS in their EXIF, or a table with lon and lat."
        )
    if left_out.get(reasons.OUTSIDE, 0) + len(listed.problems) == count:
        where = f"one of the {scenes:,} scenes" if scenes > 1 else f"the scene {pool.scenes[0].name}"
        near = _how_near(listed, placed, pool)
        return f"{none} lies{verb} in {where}: {near}; give scenes of the places where the photos were taken."
    left = "is" if count > 1 else "is not"
    return f"{none} {left} left ({_listed(left_out)}); loosen what leaves them out, or give more photos."


def _how_near(listed: PhotoList, placed: I64, pool: ScenePool) -> str:
    nearest, metres = nearest_scene(listed.lonlat[placed], pool)
    closest = int(np.argmin(metres))
    scene = pool.scenes[int(nearest[closest])].name
    if not metres[closest]:
        return f"the nearest is in a gap of the imagery of {scene}"
    return f"the nearest is {distance(metres[closest])} away from {scene if len(pool.scenes) > 1 else 'it'}"


def _listed(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
