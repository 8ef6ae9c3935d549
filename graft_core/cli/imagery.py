"""Verb that finds imagery of an area in a catalogue, and gets it."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core.cli import options
from graft_core.cli.output import bytes_text, print_json, print_lines, say
from graft_core.cli.progress import shown

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from graft_core.io.imagery.item import ImageryItem
    from graft_core.tasks.find_imagery import Wish
    from graft_core.tasks.imagery_plan import How, Plan

_DAYS = ["%Y-%m-%d"]
_WAYS = ("place", "window", "whole", "median")


def imagery(
    catalog: Annotated[
        str, typer.Argument(help="planetary-computer, earth-search, or the https:// address of any STAC API.")
    ],
    area: options.AreaText,
    collection: Annotated[
        str, typer.Option("--collection", help="naip, sentinel2, or the id of a collection in the catalogue.")
    ] = "sentinel2",
    start: Annotated[datetime | None, typer.Option("--from", help="First day.", formats=_DAYS)] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Last day, counted in.", formats=_DAYS)] = None,
    cloud: Annotated[float | None, typer.Option("--cloud", help="Most clouds, percent of the whole image.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Most images to list.", min=1)] = 100,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", help="Get this image; repeat it. Else the clearest or newest that cover the area."),
    ] = None,
    get: Annotated[
        str | None,
        typer.Option(
            "--get",
            help="place: use it where it is. window: fetch the part in the area. whole: fetch whole files. median: "
            "fetch the part in the area as median of all dates without their clouds. Only listed unless given.",
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take clouds out of a window of Sentinel-2.")] = False,
    list_only: Annotated[
        bool, typer.Option("--list-only", help="With --get: say what it would take, no more.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder, instead of that of the scenes.", file_okay=False)
    ] = None,
    footprints: Annotated[
        Path | None, typer.Option("--footprints", help="Write the outlines of what was found (.geojson).")
    ] = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Find NAIP, Sentinel-2 or other imagery of an area in a STAC catalogue, and make scenes of it."""
    from graft_core.io.search_area import search_area
    from graft_core.tasks.find_imagery import find_imagery

    way = _way(get)
    wanted = search_area(area)
    found = find_imagery(catalog, collection, wanted, start=_day(start), end=_day(end), cloud=cloud, limit=limit)
    for sentence in found.unusable:
        say(sentence)
    if footprints is not None:
        _write_footprints(footprints, found.items, wanted)
    if way is None:
        _list(found.items, wanted, as_json)
        if found.more:
            say(f"There are more than {limit}; narrow the dates, or raise --limit.")
        return
    _get(_chosen(found.items, wanted, way, item or []), wanted, way, clear, out, list_only, as_json)


def _get(
    items: "Sequence[ImageryItem]",
    area: "BaseGeometry",
    way: "How",
    clear: bool,
    out: Path | None,
    list_only: bool,
    as_json: bool,
) -> None:
    from graft_core.tasks.find_imagery import uncovered
    from graft_core.tasks.get_imagery import get_imagery
    from graft_core.tasks.imagery_plan import plan_imagery

    plan = plan_imagery(items, area, way, clear=clear, folder=out)
    missing = uncovered([each.item for piece in plan.pieces for each in piece.items], area)
    if missing > 0.005:
        say(f"{missing:.0%} of the area is in none of these images; widen the dates or the cloud limit for the rest.")
    if list_only:
        _report(plan, as_json, done=False)
        return
    if plan.fetched_bytes:
        say(f"Up to {bytes_text(plan.fetched_bytes)} to fetch, {bytes_text(plan.disk_bytes)} on disk meanwhile.")
    shown(get_imagery(plan), "fetch imagery")
    _report(plan, as_json, done=True)


def _way(text: str | None) -> "How | None":
    ways: dict[str, How] = {"place": "place", "window": "window", "whole": "whole", "median": "median"}
    if text is None or text in ways:
        return None if text is None else ways[text]
    raise typer.BadParameter(f"'{text}' is no way to get imagery; write {', '.join(_WAYS)}.")


def _chosen(
    items: "Sequence[ImageryItem]", area: "BaseGeometry", way: "How", names: list[str]
) -> "Sequence[ImageryItem]":
    """The images that are named, else all dates for a median, else those that cover the area best."""
    from graft_core.errors import ImageryError
    from graft_core.tasks.find_imagery import choose

    known = {each.id: each for each in items}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ImageryError(f"{unknown[0]} is not among the {len(items)} images found; list them without --get.")
    if names or way == "median":
        return [known[name] for name in names] or items
    wish: Wish = "newest" if all(each.cloud is None for each in items) else "clearest"
    return choose(items, area, wish)


def _list(items: "Sequence[ImageryItem]", area: "BaseGeometry", as_json: bool) -> None:
    rows = [_row(each, area) for each in items]
    if as_json:
        print_json(rows)
        return
    print_lines(
        f"{row['acquired']:10}  {_cloud(each.cloud):>11}  covers {row['coverage']:>4.0%}  {each.id}"
        for row, each in zip(rows, items, strict=True)
    )


def _row(item: "ImageryItem", area: "BaseGeometry") -> dict[str, object]:
    from graft_core.tasks.find_imagery import coverage

    return {
        "id": item.id,
        "acquired": f"{item.acquired:%Y-%m-%d}",
        "cloud": item.cloud,
        "coverage": round(coverage(item, area), 3),
        "sensor": item.sensor,
        "thumbnail": item.thumbnail,
        "licence": item.product.licence,
    }


def _cloud(cloud: float | None) -> str:
    return "" if cloud is None else f"cloud {cloud:3.0f} %"


def _write_footprints(path: Path, items: "Sequence[ImageryItem]", area: "BaseGeometry") -> None:
    import shapely.geometry

    from graft_core.io.atomic import write_json

    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(each.footprint), "properties": _row(each, area)}
        for each in items
    ]
    write_json(path, {"type": "FeatureCollection", "features": features})


def _report(plan: "Plan", as_json: bool, *, done: bool) -> None:
    scenes = [
        {
            "scene": str(piece.target),
            "record": str(piece.record),
            "items": [each.item.id for each in piece.items],
            "bytes": piece.bytes,
            "there": done or piece.there,
        }
        for piece in plan.pieces
    ]
    if as_json:
        print_json({"fetched_bytes": plan.fetched_bytes, "disk_bytes": plan.disk_bytes, "scenes": scenes})
        return
    if done:
        print_lines(str(piece.target) for piece in plan.pieces)
        credit = plan.pieces[0].items[0].item.product.credit
        say(
            f"To index: `python -m graft_core index {plan.pieces[0].target}`."
            + (f" Credit: {credit}." if credit else "")
        )
        return
    print_lines(f"{bytes_text(piece.bytes):>10}  {piece.target}" for piece in plan.pieces)
    print_lines([f"Up to {bytes_text(plan.fetched_bytes)} to fetch, {bytes_text(plan.disk_bytes)} on disk meanwhile."])


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
