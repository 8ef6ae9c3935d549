"""Hits as files: tile outlines for a GIS, and a contact sheet to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from graft_core.geo.grid import TileGrid
from graft_core.geo.place import pixel_window
from graft_core.io.contact_sheet import Caption, write_contact_sheet
from graft_core.io.scene import Scene, read_rgb
from graft_core.io.vector import TileOutline, write_hits
from graft_core.tasks.fragment_cards import fragment_cards
from graft_core.tasks.provenance import SOFTWARE, now
from graft_core.tasks.retrieve import Hit, Retrieval
from graft_core.tasks.targets import OUTLINES, check_target
from graft_core.types import U8, Bool, EncoderSpec

NO_IMAGERY = 236
"""Grey of a thumbnail where its scene has nothing."""
BRIGHT = 230
"""What the brightest hundredth of a scene's thumbnails should reach, so that a winter scene can be looked at."""
MOST_GAIN = 4.0
"""A scene darker than this makes up for is shown dark: what is left of it is noise."""
SHEET_TILES = 60
"""Tiles on a contact sheet; a page with more is no longer looked at."""


def write_retrieval(path: Path, found: Retrieval, scenes: Mapping[str, Scene], spec: EncoderSpec) -> Path | None:
    """Write the outlines to ``path`` (GeoPackage, GeoJSON or GeoParquet) and the contact sheet beside it.

    Args:
        path: its suffix decides the format.
        found: what a search brought.
        scenes: the scenes searched, by name.
        spec: the encoder asked.

    Returns:
        The contact sheet's path; None where there was no hit to show.

    Raises:
        ExportError: unknown suffix, or the files cannot be written.
    """
    check_target(path, OUTLINES)
    outlines = [
        TileOutline(
            hit.rank, hit.score, hit.probability, hit.scene, hit.row, hit.col, hit.bounds, hit.crs, hit.fragment
        )
        for hit in found.hits
    ]
    meta = {
        "query": found.query.text,
        "encoder": spec.name,
        "encoder_key": spec.key,
        "source": "; ".join(scene.source for scene in scenes.values()),
        "software": SOFTWARE,
        "time": now(),
    }
    write_hits(path, outlines, meta=meta)
    if not found.hits:
        return None
    sheet = path.with_suffix(".png")
    _write_sheet(sheet, found, scenes, spec.name)
    return sheet


def _write_sheet(path: Path, found: Retrieval, scenes: Mapping[str, Scene], encoder: str) -> None:
    shown = found.hits[:SHEET_TILES]
    doubt = "" if found.confident else f"Low confidence: the best match has a probability of {found.best:.2f}. "
    write_contact_sheet(
        path,
        thumbnails(shown, scenes, found.grids),
        [Caption(hit.rank, hit.score, f"{hit.scene}\n{hit.lat:.5f}, {hit.lon:.5f}", hit.probability) for hit in shown],
        title=found.query.text,
        subtitle=f"{doubt}{len(found.hits)} tiles by {encoder}",
    )


def thumbnails(hits: Sequence[Hit], scenes: Mapping[str, Scene], grids: Mapping[str, TileGrid]) -> list[U8]:
    """(S, S, 3) colours of each hit, light grey where its scene has nothing; a dark scene is brightened as a whole.

    Hits of a scene without a picture have a card that says where and when.
    """
    pictures: dict[Hit, U8] = {}
    for name in {hit.scene for hit in hits}:
        own, scene = [hit for hit in hits if hit.scene == name], scenes[name]
        drawn = fragment_cards(own, scene) if scene.published else _seen(own, scene, grids[name])
        pictures.update(zip(own, drawn, strict=True))
    return [pictures[hit] for hit in hits]


def _seen(hits: Sequence[Hit], scene: Scene, grid: TileGrid) -> list[U8]:
    own = [_colors(scene, grid, hit.position) for hit in hits]
    seen = np.concatenate([rgb[valid] for rgb, valid in own])
    brightest = float(np.percentile(seen, 99)) if seen.size else BRIGHT
    gain = np.clip(BRIGHT / max(brightest, 1), 1, MOST_GAIN)
    for rgb, valid in own:
        rgb[:] = np.minimum(rgb * gain, 255).astype(np.uint8)
        rgb[~valid] = NO_IMAGERY
    return [rgb for rgb, _ in own]


def _colors(scene: Scene, grid: TileGrid, position: int) -> tuple[U8, Bool]:
    tile = grid.tile(position)
    return read_rgb(scene, pixel_window(grid.geobox, tile.top, tile.left, grid.tile_px, grid.tile_px))


def hit_rows(hits: Sequence[Hit]) -> list[dict[str, object]]:
    """Hits as JSON values, for whoever prints them; published embeddings with what their publisher says of them."""
    return [
        {
            "rank": hit.rank,
            "tile": hit.tile,
            "score": hit.score,
            "match_probability": hit.probability,
            "lon": hit.lon,
            "lat": hit.lat,
            "bounds": list(hit.bounds),
            "crs": hit.crs,
        }
        | ({} if hit.fragment is None else asdict(hit.fragment))
        for hit in hits
    ]
