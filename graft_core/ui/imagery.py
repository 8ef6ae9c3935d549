"""Imagery of scenes as layers of a map, served by our own port."""

from collections.abc import Sequence

from graft_core.geo.place import bounds_wgs84
from graft_core.serve.addresses import scene_tiles_url
from graft_core.serve.mercator import native_zoom
from graft_core.tasks.retrieve import Bounds
from graft_core.ui import cached
from graft_core.ui.address import tiles_prefix
from graft_core.ui.maps import Pane, TileLayer


def imagery(name: str, pane: Pane | None = None) -> TileLayer:
    """The layer of a known scene, in a pane of the map; SceneError where it cannot be opened."""
    scene = cached.scene(name)
    return TileLayer(
        scene_tiles_url(tiles_prefix(), scene),
        scene.name,
        bounds_wgs84(scene.geobox),
        attribution=f"{scene.name}: embeddings, no picture" if scene.published else scene.name,
        native_zoom=native_zoom(scene.geobox),
        pane=pane,
    )


def bounds_of(scenes: Sequence[str]) -> Bounds | None:
    """West, south, east, north of all of them in degrees; None for no scenes."""
    if not scenes:
        return None
    west, south, east, north = zip(*(bounds_wgs84(cached.scene(name).geobox) for name in scenes), strict=True)
    return min(west), min(south), max(east), max(north)


def common_bounds(scenes: Sequence[str]) -> Bounds | None:
    """West, south, east, north in degrees of what all of them show; that of all together where they share nothing."""
    west, south, east, north = zip(*(bounds_wgs84(cached.scene(name).geobox) for name in scenes), strict=True)
    shared = max(west), max(south), min(east), min(north)
    return shared if shared[0] < shared[2] and shared[1] < shared[3] else bounds_of(scenes)
