"""A small scene, photos on it and a teacher that needs no weights, for the tests of pairs."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from PIL import Image
from pyproj import Transformer
from rasterio.transform import Affine

LEFT, TOP, CRS = 500_000.0, 5_000_000.0, "EPSG:32631"
"""A place in France, where the metres of its CRS are metres."""


def write_scene(
    path: Path,
    side: int = 400,
    *,
    left: float = LEFT,
    top: float = TOP,
    gsd: float = 1.0,
    crs: str = CRS,
    empty: tuple[slice, slice] | None = None,
    day: str | None = None,
) -> Path:
    """An RGB raster of noise; ``empty`` rows and columns hold no data."""
    values = np.random.default_rng(3).integers(1, 256, (3, side, side)).astype(np.uint8)
    if empty is not None:
        values[:, empty[0], empty[1]] = 0
    profile: dict[str, Any] = {"driver": "GTiff", "count": 3, "height": side, "width": side, "dtype": "uint8"}
    place = Affine(gsd, 0, left, 0, -gsd, top)
    with rasterio.open(path, "w", crs=crs, transform=place, nodata=None if empty is None else 0, **profile) as out:
        out.write(values)
        if day:
            out.update_tags(ACQUISITION_DATE=day)
    return path


def lon_lat(x: npt.ArrayLike, y: npt.ArrayLike, crs: str = CRS) -> npt.NDArray[np.float64]:
    """(N, 2) degrees of places in a CRS."""
    return np.stack(Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y), axis=-1)


def write_photos(
    folder: Path,
    positions: npt.NDArray[np.float64],
    *,
    columns: dict[str, list[object]] | None = None,
    name: str = "photos.csv",
) -> Path:
    """A table of photos at (N, 2) metres east and south of the scene's corner, and the photos; all of them differ."""
    folder.mkdir(exist_ok=True)
    degrees = lon_lat(LEFT + positions[:, 0], TOP - positions[:, 1])
    extra = columns or {}
    lines = [",".join(["path", "lon", "lat", *extra])]
    for i, (lon, lat) in enumerate(degrees.tolist()):
        color = (i % 251, i // 251 % 251, 40)
        Image.new("RGB", (8, 8), color).save(folder / f"{i}.png")
        lines.append(",".join([f"{i}.png", f"{lon!r}", f"{lat!r}", *(str(values[i]) for values in extra.values())]))
    (folder / name).write_text("\n".join(lines))
    return folder / name
