"""Verb that gets ground photos of an area from a service that shares them."""

from pathlib import Path
from typing import Annotated

import typer

from graft_core.cli import options
from graft_core.cli.output import bytes_text, print_json, print_lines, say
from graft_core.cli.progress import shown


def photos(
    service: Annotated[str, typer.Argument(help="mapillary, flickr or commons.")],
    area: options.AreaText,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="GeoParquet to write; the photos go into a folder of its name.")
    ],
    limit: Annotated[
        int | None, typer.Option("--limit", help="Most photos, spread over the area as all are.", min=1)
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list-only", help="List the photos and say what they would take; download none.")
    ] = False,
    as_json: options.JsonFlag = False,
) -> None:
    """Get freely licensed ground photos of an area, with their authors: what `pairs --photos` takes."""
    from graft_core.io.harvest.harvest import plan_harvest, run_harvest
    from graft_core.io.harvest.services import open_service
    from graft_core.io.search_area import search_area
    from graft_core.tasks.targets import check_target

    check_target(out, (".parquet", ".geoparquet"))
    provider = open_service(service)
    wanted = search_area(area)
    with provider.opened():
        plan = shown(plan_harvest(provider, wanted, out, limit), f"list {provider.title}")
        left_out = dict(plan.left_out.most_common())
        if plan.crowded_spots:
            say(
                f"{provider.title} does not tell of all photos at {plan.crowded_spots:,} spots: more lie there than it "
                "lists, however small the area."
            )
        if list_only:
            listed = {"found": plan.found, "wanted": len(plan.photos), "bytes": plan.bytes_to_come}
            if as_json:
                print_json(listed | {"left_out": left_out})
            else:
                print_lines(
                    [
                        f"{provider.title}: {_counted(len(plan.photos))} of {plan.found:,}, "
                        f"about {bytes_text(plan.bytes_to_come)} to download.",
                        *_reasons(left_out),
                    ]
                )
            return
        if plan.bytes_to_come:
            say(f"{_counted(len(plan.photos))} of {plan.found:,}, about {bytes_text(plan.bytes_to_come)} to download.")
        report = shown(run_harvest(provider, plan), f"photos {out.name}")
    if as_json:
        print_json({"table": str(out)} | report.to_json())
        return
    licences = ", ".join(f"{count:,} {name}" for name, count in report.licences.items())
    print_lines(
        [
            f"{out}: {_counted(report.kept)} of {report.found:,}, {bytes_text(report.bytes)}.",
            f"  licences: {licences}; {report.authors:,} authors to credit (columns author, licence, page)",
            *_reasons(report.left_out),
        ]
    )


def _counted(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


def _reasons(left_out: dict[str, int]) -> list[str]:
    return [f"  left out: {count:,} {reason}" for reason, count in left_out.items()]
