"""What getting images will take, before anything is fetched: files, bytes, room on the disk."""

import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

import shapely.geometry
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from graft_core import settings
from graft_core.errors import ImageryError
from graft_core.io.identity import safe_name
from graft_core.io.imagery.asset import BANDS, IMAGE, SCL, Asset
from graft_core.io.imagery.composite import composite_layout
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.opened import Opened, open_item
from graft_core.io.imagery.remote import Attempts, lasting_path
from graft_core.io.imagery.remote_size import asset_bytes
from graft_core.io.imagery.sas_token import SasTokens
from graft_core.io.imagery.window import window_layout
from graft_core.io.imagery.window_grid import window_grid
from graft_core.tasks.find_imagery import clearest_dates, coverage

How = Literal["place", "window", "whole", "median"]
"""Read where it is; the part in the area; whole files; the part in the area as median of all dates."""

SPARE = 200 * 10**6
"""Bytes that have to stay free: what an index and the jobs write besides."""
COMPOSITE_MOST = 12
"""Dates of a median at each place: more of them cost as much again each and change little."""
_RASTERS = (".tif", ".tiff", ".jp2")
"""How files that are fetched whole may end here, whatever their makers called them."""


@dataclass(frozen=True)
class Piece:
    """One scene that will be there."""

    target: Path
    """Its file: a GeoTIFF, or a virtual raster where the imagery stays elsewhere or is a file a band."""
    items: tuple[Opened, ...]
    """What it is made of; several for a composite."""
    geobox: GeoBox | None
    """Its window; None for whole files."""
    files: tuple[tuple[Asset, Path, int], ...]
    """Files to fetch whole: what, to where, and their bytes, 0 where nothing tells."""
    bytes: int
    """To be fetched, at most: windows travel compressed."""
    median: bool = False
    """Whether it is the median of its items, which may be one: its values have no offset and no clouds."""

    @property
    def record(self) -> Path:
        """The STAC item beside it."""
        return self.target.with_suffix(".json")

    @property
    def there(self) -> bool:
        """Whether it was made before: the item is written last."""
        return self.target.is_file() and self.record.is_file()

    @property
    def layout(self) -> Layout:
        """What the file of its window is."""
        if self.geobox is None:
            raise ValueError("whole files have the layout their makers gave them")
        if self.median:
            return composite_layout(self.items, self.geobox)
        return window_layout(self.items[0], self.geobox)


@dataclass(frozen=True)
class Plan:
    """What will be fetched, and what it takes."""

    how: How
    """What is done with the images."""
    area: BaseGeometry
    """Degrees east and north."""
    pieces: tuple[Piece, ...]
    """The scenes there will be."""
    folder: Path
    """Where they will lie."""
    clear: bool
    """Whether clouds are taken out of windows of single dates of Sentinel-2."""

    @property
    def fetched_bytes(self) -> int:
        """To be fetched, at most, of what is not there yet."""
        return sum(piece.bytes for piece in self.pieces if not piece.there)

    @property
    def disk_bytes(self) -> int:
        """Room the work needs on the disk, at most: a window lies there raw while its file is written."""
        if self.how == "place":
            return 0
        twice = [2 * piece.layout.bytes for piece in self.pieces if piece.geobox is not None and not piece.there]
        return sum(twice) if self.how in ("window", "median") else self.fetched_bytes


def plan_imagery(
    items: Sequence[ImageryItem],
    area: BaseGeometry,
    how: How,
    *,
    clear: bool = False,
    folder: Path | None = None,
    attempts: Attempts | None = None,
) -> Plan:
    """Look at the images' files and say what getting them will take; nothing is fetched but their headers.

    Args:
        items: the images; for a median all its dates, of which the clearest of each place are taken.
        area: what is wanted of them, degrees east and north.
        how: what is to be done.
        clear: take clouds out of windows of single dates, by the scene classification.
        folder: where the scenes go; the folder of scenes unless given.
        attempts: how often to try again.

    Raises:
        ImageryError: there is nothing to get, or not in that way.
        SceneError: a file cannot be opened.
    """
    if not items:
        raise ImageryError("No image is chosen; search first, and give some of what was found.")
    attempts, folder = attempts or Attempts(), folder or settings.tiles_dir()
    if clear and how != "window":
        raise ImageryError("Clouds are taken out of windows only; get a window, or a median, which leaves them out.")
    if clear or how == "median":
        _require_classes(items)
    if how == "whole":
        _require_http(items)
    if how == "median":
        pieces = [_median_piece(items, area, folder, attempts)]
    elif how == "window":
        pieces = [_window_piece(open_item(item, attempts), area, folder, clear) for item in items]
    else:
        pieces = [_file_piece(open_item(item, attempts), how, folder) for item in items]
    return Plan(how, area, tuple(pieces), folder, clear)


def require_room(plan: Plan) -> None:
    """Refuse what the disk has no room for (ImageryError)."""
    at = next(folder for folder in (plan.folder, *plan.folder.parents) if folder.is_dir())
    free = shutil.disk_usage(at).free
    if plan.disk_bytes + SPARE > free:
        raise ImageryError(
            f"This takes up to {plan.disk_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in {plan.folder}; free "
            "some space, choose a smaller area, or use the images where they are."
        )


def _window_piece(opened: Opened, area: BaseGeometry, folder: Path, clear: bool) -> Piece:
    geobox = window_grid(opened, area)
    name = _name(opened.item, shapely.geometry.mapping(area), clear)
    return Piece(folder / f"{name}.tif", (opened,), geobox, (), window_layout(opened, geobox).bytes)


def _median_piece(items: Sequence[ImageryItem], area: BaseGeometry, folder: Path, attempts: Attempts) -> Piece:
    opened = [open_item(item, attempts) for item in clearest_dates(items, area, COMPOSITE_MOST)]
    if not opened:
        raise ImageryError("None of the images has anything of the area; choose others, or another area.")
    grid_of = max(opened, key=lambda each: round(coverage(each.item, area), 3))
    geobox = window_grid(grid_of, area, beyond=True)
    days = sorted(f"{each.item.acquired:%Y%m%d}" for each in opened)
    origins = sorted(_origin(each.item) for each in opened)
    name = f"sentinel2-median-{days[0]}-{days[-1]}-{_digest(shapely.geometry.mapping(area), origins)}"
    dates = round(sum(coverage(each.item, area.envelope) for each in opened), 3)  # a tile has only its part of it
    size = math.ceil(composite_layout(opened, geobox).bytes * dates)
    opened.sort(key=lambda each: each is not grid_of)  # the first is the one on whose pixels the others are laid
    return Piece(folder / f"{name}.tif", tuple(opened), geobox, (), size, median=True)


def _file_piece(opened: Opened, how: How, folder: Path) -> Piece:
    item, name = opened.item, _name(opened.item)
    if how == "place":
        for asset in item.files.values():
            lasting_path(item, asset)  # refuses what cannot be read
        return Piece(folder / f"{name}-remote.vrt", (opened,), None, (), 0)
    tokens = SasTokens(item.catalog.token_url)
    wanted = {key: item.files[key] for key in (IMAGE, *BANDS) if key in item.files}
    files = []
    for key, asset in wanted.items():
        suffix = _suffix(asset)
        path = folder / f"{name}{suffix}" if key == IMAGE else folder / name / f"{name}_{key}{suffix}"
        files.append((asset, path, asset_bytes(asset, address(item, asset, tokens))))
    target = files[0][1] if IMAGE in wanted else folder / f"{name}.vrt"
    return Piece(target, (opened,), None, tuple(files), sum(size for _, _, size in files))


def _suffix(asset: Asset) -> str:
    suffix = PurePosixPath(urlsplit(asset.href).path).suffix.lower()
    return suffix if suffix in _RASTERS else ".tif"


def address(item: ImageryItem, asset: Asset, tokens: SasTokens) -> str:
    """Where a file can be fetched at this moment; not to be written down."""
    if item.catalog.token_url:
        return tokens.signed(asset.href, item.product.collection)
    return asset.signed or asset.href


def _require_http(items: Sequence[ImageryItem]) -> None:
    for item in items:
        other = next(
            (asset for asset in item.files.values() if not asset.href.startswith(("http://", "https://"))), None
        )
        if other is not None:
            raise ImageryError(
                f"{item.id} lies at {other.href}, which is not fetched whole; get a window of it (reading that bucket "
                "may need AWS keys and AWS_REQUEST_PAYER=requester), or choose planetary-computer."
            )


def _require_classes(items: Sequence[ImageryItem]) -> None:
    for item in items:
        if item.sensor != "sentinel2":
            raise ImageryError(
                f"{item.id} is no Sentinel-2 image, so its clouds are unknown; get a plain window of it."
            )
        if SCL not in item.files:
            raise ImageryError(
                f"{item.id} has no scene classification (SCL), so its clouds are unknown; get a plain window of it."
            )


def _name(item: ImageryItem, *more: object) -> str:
    """What a scene of an item is called: its id as a file can be named, and what tells it from any other."""
    return f"{safe_name(item.id)}-{_digest(_origin(item), *more)}"


def _origin(item: ImageryItem) -> tuple[str, str, str]:
    """An id is unique in its collection only, and a collection's name in its catalogue."""
    return item.catalog.url, item.product.collection, item.id


def _digest(*parts: object) -> str:
    """Ten hex digits of what decides the pixels."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
