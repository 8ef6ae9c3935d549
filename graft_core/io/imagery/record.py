"""Where fetched imagery comes from: a STAC item beside it, with plain addresses only."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely.geometry
from shapely.geometry.base import BaseGeometry

from graft_core.io.atomic import write_json
from graft_core.io.imagery.opened import Opened
from graft_core.io.stac import PREFIX, write_stac_item

_KEPT_LINKS = ("license", "via", "canonical")


def origin(items: Sequence[Opened], how: str, area: BaseGeometry, clear: bool) -> dict[str, Any]:
    """What was fetched, from where and when, as JSON values."""
    first = items[0].item
    return {
        "catalog": first.catalog.url,
        "collection": first.product.collection,
        "licence": first.product.licence,
        "credit": first.product.credit,
        "how": how,
        "clouds_removed": clear or how == "median",
        "area": shapely.geometry.mapping(area),
        "retrieved": datetime.now(UTC).isoformat(timespec="seconds"),
        "items": [_source(each) for each in items],
    }


def write_window_record(path: Path, raster: Path, items: Sequence[Opened], fields: Mapping[str, Any]) -> None:
    """The item of a raster that this program made of windows of others."""
    days = sorted(each.item.acquired for each in items)
    write_stac_item(
        path,
        raster,
        recipe=fields,
        acquired=days[len(days) // 2],
        title=f"{items[0].item.product.collection}, {len(items)} images" if len(items) > 1 else items[0].item.id,
    )


def write_file_record(path: Path, raster: Path, opened: Opened, fields: Mapping[str, Any]) -> None:
    """The catalogue's own item of a whole image, with what is here beside what is there."""
    document = json.loads(opened.item.document)
    document.pop("collection", None)  # an item with a collection needs a link to it, and that is not here
    source = opened.item.self_link
    document["links"] = [link for link in opened.item.links if link.get("rel") in _KEPT_LINKS]
    document["links"] += [{"rel": "derived_from", "href": source, "type": "application/geo+json"}] if source else []
    document["properties"] |= {PREFIX + key: value for key, value in fields.items()}
    document["assets"] = {
        "data": {"href": f"./{raster.name}", "title": opened.item.id, "roles": ["data"]},
        **{key: asset for key, asset in document["assets"].items() if key != "data"},
    }
    write_json(path, document)


def _source(opened: Opened) -> dict[str, Any]:
    item = opened.item
    return {
        "id": item.id,
        "href": item.self_link,
        "acquired": item.acquired.isoformat(),
        "cloud": item.cloud,
        "processing_baseline": item.baseline,
        "offset": opened.offset,
        "offset_known_by": _offset_known_by(opened),
        "files": {key: asset.href for key, asset in item.files.items()},
    }


def _offset_known_by(opened: Opened) -> str:
    if not opened.item.offset_doubtful:
        return "item"
    return "item, not refuted by the values" if opened.offset == opened.item.offset else "values"
