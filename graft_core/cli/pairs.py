"""Verb that makes pairs: photos and scenes in, a table of tiles with their photos out."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines, say
from graft_core.cli.progress import show
from graft_core.errors import TrainError
from graft_core.types import Progress, SensorName

if TYPE_CHECKING:
    from graft_core.train.pairs.table import PairTable


def pairs(
    photos: Annotated[
        list[str],
        typer.Option("--photos", help="Folder, photo, 'pattern', or table (CSV, Parquet) of photos; repeat it."),
    ],
    scenes: Annotated[
        list[str], typer.Option("--scenes", help="Raster, folder, 'pattern' or address of a scene; repeat it.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="GeoParquet to write; a report goes beside it.")],
    teacher: Annotated[str, typer.Option("--teacher", help="Encoder by name or path.")] = "demo-teacher",
    sensor: Annotated[
        str | None, typer.Option("--sensor", help="naip, sentinel2 or rgb, where the scenes are of several kinds.")
    ] = None,
    cap: Annotated[int, typer.Option("--cap", help="Most photos a tile keeps.", min=1)] = 25,
    accuracy: Annotated[
        float | None, typer.Option("--accuracy", help="Leave out photos placed worse than this, metres.", min=0)
    ] = None,
    days: Annotated[
        float | None, typer.Option("--days", help="Largest gap between photo and scene, days.", min=0)
    ] = None,
    no_filter: Annotated[
        bool, typer.Option("--no-filter", help="Keep photos that show no place (rooms, faces, food, screens).")
    ] = False,
    validation_share: Annotated[
        float, typer.Option("--validation-share", help="Share of the tiles kept for validation.", min=0, max=0.9)
    ] = 0.1,
    seed: Annotated[int, typer.Option("--seed", help="Of the placing and the split.", min=0)] = 0,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Pair geotagged photos with tiles of scenes: what `train` learns from. Says what became of every photo."""
    from graft_core.tasks.targets import check_target
    from graft_core.train.pairs.make import PairOptions, save_pairs
    from graft_core.train.pairs.report import NoPairsError, report_json, summary

    check_target(out, (".parquet", ".geoparquet"))
    wanted = PairOptions(
        teacher=teacher,
        sensor=_sensor(sensor),
        cap=cap,
        accuracy_m=accuracy,
        places_only=not no_filter,
        days=days,
        validation_share=validation_share,
        seed=seed,
        device=device,
    )
    made: list[PairTable] = []
    page = out.with_suffix(".report.html")
    try:
        show(_keeping(save_pairs(photos, scenes, wanted, out), made), f"pairs {out.name}")
    except NoPairsError as error:
        raise TrainError(f"{error} The report is {page}.") from error
    report = made[0].report
    for warning in report.warnings:
        say(warning)
    if as_json:
        files = {"table": str(out), "report": str(page)}
        print_json(files | {key: value for key, value in report_json(report).items() if key not in _LONG})
    else:
        print_lines([f"{out}: {summary(report)[0]}", *summary(report)[1:]])
        say(f"The report is {page}.")


_LONG = ("outlines", "left_out_at")
"""Parts of a report that are for its map."""


def _keeping(work: "Generator[Progress, None, PairTable]", made: "list[PairTable]") -> Generator[Progress, None, None]:
    made.append((yield from work))


def _sensor(text: str | None) -> SensorName | None:
    if text is None:
        return None
    names: tuple[SensorName, ...] = get_args(SensorName)
    for name in names:
        if name == text:
            return name
    raise TrainError(f"There is no sensor '{text}' for pairs; choose one of {', '.join(get_args(SensorName))}.")
