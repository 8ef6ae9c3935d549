"""What getting images will take, before anything is fetched: files, bytes, room on the disk."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import shapely.geometry
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from graft_core import settings
from graft_core.errors import ImageryError
from graft_core.io.identity import safe_name
from graft_core.io.imagery.draft import Layout
from graft_core.io.imagery.item import BANDS, IMAGE, Asset, ImageryItem
from graft_core.io.imagery.remote import Attempts, remote_path
from graft_core.io.imagery.remote_size import asset_bytes
from graft_core.io.imagery.sas_token import SasTokens
from graft_core.io.imagery.window import Opened, composite_layout, open_item, window_grid, window_layout
from graft_core.tasks.find_imagery import coverage

How = Literal["place", "window", "whole", "median"]
"""Read where it is; the part in the area; whole files; the part in the area as median of all dates."""

SPARE = 200 * 10**6
"""Bytes that have to stay free: what an index and the jobs write besides."""
COMPOSITE_MOST = 12
"""Dates of a median: more of them cost as much again each and change little."""


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
        if len(self.items) > 1:
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
        items: the images; for a median all its dates, of which the clearest are taken.
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
    name = f"{safe_name(opened.item.id)}-{_digest(area, clear)}"
    return Piece(folder / f"{name}.tif", (opened,), geobox, (), window_layout(opened, geobox).bytes)


def _median_piece(items: Sequence[ImageryItem], area: BaseGeometry, folder: Path, attempts: Attempts) -> Piece:
    ranked = sorted(items, key=lambda item: (item.cloud or 0.0, -item.acquired.timestamp(), item.id))
    opened = [open_item(item, attempts) for item in ranked[:COMPOSITE_MOST]]
    grid_of = max(opened, key=lambda each: round(coverage(each.item, area), 3))
    geobox = window_grid(grid_of, area, beyond=True)
    days = sorted(f"{each.item.acquired:%Y%m%d}" for each in opened)
    name = f"sentinel2-median-{days[0]}-{days[-1]}-{_digest(area, *sorted(each.item.id for each in opened))}"
    size = composite_layout(opened, geobox).bytes * len(opened)
    opened.sort(key=lambda each: each is not grid_of)  # the first is the one on whose pixels the others are laid
    return Piece(folder / f"{name}.tif", tuple(opened), geobox, (), size)


def _file_piece(opened: Opened, how: How, folder: Path) -> Piece:
    item, name = opened.item, safe_name(opened.item.id)
    if how == "place":
        for asset in item.files.values():
            remote_path(item, asset)  # refuses what cannot be read
        return Piece(folder / f"{name}-remote.vrt", (opened,), None, (), 0)
    tokens = SasTokens(item.catalog.token_url)
    wanted = {key: item.files[key] for key in (IMAGE, *BANDS) if key in item.files}
    files = []
    for key, asset in wanted.items():
        suffix = Path(asset.href).suffix.lower() or ".tif"
        path = folder / f"{name}{suffix}" if key == IMAGE else folder / name / f"{name}_{key}{suffix}"
        files.append((asset, path, asset_bytes(asset, address(item, asset, tokens))))
    target = files[0][1] if IMAGE in wanted else folder / f"{name}.vrt"
    return Piece(target, (opened,), None, tuple(files), sum(size for _, _, size in files))


def address(item: ImageryItem, asset: Asset, tokens: SasTokens) -> str:
    """Where a file can be fetched at this moment; not to be written down."""
    return tokens.signed(asset.href, item.product.collection) if item.catalog.token_url else asset.href


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
    other = next((item for item in items if item.sensor != "sentinel2"), None)
    if other is not None:
        raise ImageryError(f"{other.id} is no Sentinel-2 image, so its clouds are unknown; get a plain window of it.")


def _digest(area: BaseGeometry, *more: object) -> str:
    """Six hex digits of what else decides the pixels."""
    text = json.dumps([shapely.geometry.mapping(area), *map(str, more)])
    return hashlib.sha256(text.encode()).hexdigest()[:6]
