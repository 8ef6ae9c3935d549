"""Where the tile service answers; apart from it, for the service takes a second and more to import."""

from urllib.parse import quote, urlencode

from graft_core.io.scene import Scene
from graft_core.serve.known import layers_dir
from graft_core.serve.pictures import COLORMAPS, file_version

GRID = "WebMercatorQuad"
"""Name of the web map's tile grid (OGC 17-083r4)."""


def scene_tiles_url(prefix: str, scene: Scene) -> str:
    """XYZ template of a scene's tiles, beginning with ``prefix``; a scene that changes gets another one."""
    return f"{tiles_path(prefix, 'scenes', scene.name)}?{urlencode({'v': scene.fingerprint})}"


def layer_tiles_url(prefix: str, name: str, *, colormap: str = COLORMAPS[0], maximum: float | None = None) -> str:
    """XYZ template of a layer's tiles, beginning with ``prefix``; a layer exported again gets another one.

    ``maximum`` is the density in the last colour; None leaves it to the layer's own statistics.
    """
    query = {"colormap": colormap}
    if maximum is not None:
        query["max"] = f"{maximum:.6g}"
    path = layers_dir() / f"{name}.tif"
    if path.is_file():
        query["v"] = file_version(path)
    return f"{tiles_path(prefix, 'layers', name)}?{urlencode(query)}"


def tiles_path(prefix: str, kind: str, name: str) -> str:
    return f"/{prefix.strip('/')}/{kind}/{quote(name, safe='')}/tiles/{GRID}/{{z}}/{{x}}/{{y}}.png"
