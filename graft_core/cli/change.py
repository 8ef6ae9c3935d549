"""Verb that maps what changed from one scene to another."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines
from graft_core.cli.progress import shown
from graft_core.cli.search import searcher_of

if TYPE_CHECKING:
    from graft_core.io.scene import Scene
    from graft_core.tasks.change import Side
    from graft_core.tasks.change_figures import ChangeFigures


def change(
    before: Annotated[str, typer.Argument(help="Scene that is taken away: a raster, or the name of an indexed scene.")],
    after: Annotated[str, typer.Argument(help="Scene it is taken from; its sensor may be another one.")],
    query: options.QueryText,
    out: options.MapOut,
    least: Annotated[
        float, typer.Option("--least", help="Change of density from which a place counts as gained or lost.")
    ] = 0.1,
    encoder: Annotated[
        list[str] | None,
        typer.Option("--encoder", help="Encoder of both scenes; twice for one each. What suits a scene unless given."),
    ] = None,
    threshold: options.Threshold = None,
    bandwidth: options.Bandwidth = None,
    aoi: options.Aoi = None,
    background: options.Background = None,
    template: options.Template = None,
    temperature: options.Temperature = None,
    stride: options.StridePx = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Map what changed between two scenes of one place: the density of a query after, less that before."""
    from graft_core.tasks.catalog import find_scene
    from graft_core.tasks.change import change_map, check_overlap
    from graft_core.tasks.targets import RASTERS, check_target
    from graft_core.tasks.write_change import check_least, write_change

    check_target(out, RASTERS)
    check_least(least)
    asked = options.build_query(query, background, template, temperature, None, None)
    area = options.read_aoi(aoi)
    names = for_both(encoder, "--encoder")
    scenes = [find_scene(text, settings.indexes_dir()) for text in (before, after)]
    check_overlap(*scenes)
    earlier, later = (_side(scene, name, stride, device) for scene, name in zip(scenes, names, strict=True))
    made = change_map(earlier, later, asked, threshold=threshold, bandwidth=bandwidth, area=area)
    figures = shown(write_change(out, made, least=least), f"write {out.name}")
    report_change(out, figures, as_json)


def for_both(names: Sequence[str] | None, option: str) -> tuple[str | None, str | None]:
    """What is said of the scene before and of that after: once for both, twice for one each, or nothing."""
    given = list(names or ())
    if len(given) > 2:
        raise typer.BadParameter(f"{option} is for two scenes; give it once for both, or twice: before, then after.")
    if not given:
        return None, None
    return given[0], given[-1]


def _side(scene: "Scene", encoder: str | None, stride: int | None, device: str) -> "Side":
    from graft_core.tasks.catalog import encoder_for, lasting_name
    from graft_core.tasks.change import Side

    searcher = searcher_of([scene], encoder_for(scene, encoder, device=device), stride)
    return Side(scene, searcher, None if encoder is None else lasting_name(encoder))


def report_change(out: Path, figures: "ChangeFigures", as_json: bool) -> None:
    """What was gained and lost."""
    files = {"raster": str(out), "style": str(out.with_suffix(".qml")), "stac": str(out.with_suffix(".json"))}
    if as_json:
        print_json(files | asdict(figures))
        return
    if not figures.known_m2:
        print_lines([f"{out}: no pixel with data in both scenes"])
        return
    gained, lost = _hectares(figures.gained_m2), _hectares(figures.lost_m2)
    where = f"by {figures.least:g} or more denser on {gained}, less dense on {lost}"
    print_lines([f"{out}: mean change {figures.mean_change:+.3f} over {_hectares(figures.known_m2)}; {where}"])


def _hectares(square_metres: float) -> str:
    return f"{square_metres / 1e4:,.1f} ha"
