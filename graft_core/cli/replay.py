"""Verb that makes a map again from what stands in its tags."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.change import for_both, report_change
from graft_core.cli.progress import show, shown
from graft_core.cli.search import report_map

if TYPE_CHECKING:
    from graft_core.tasks.density_recipe import DensityRecipe
    from graft_core.tasks.replay import LoadEncoder
    from graft_core.types import Encoder


def replay(
    path: Annotated[Path, typer.Argument(help="A density or change map made by this program.")],
    out: options.MapOut,
    scene: Annotated[
        list[str] | None,
        typer.Option("--scene", help="Where the imagery is now, if it was moved; of a change twice, before and after."),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option("--encoder", help="Where the encoder is now, if it was moved; of a change once or twice."),
    ] = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Make a density or change map again from the recipe in its tags."""
    from graft_core.tasks.replay import replay as density_again
    from graft_core.tasks.replay_change import is_change, replay_change
    from graft_core.tasks.targets import RASTERS, check_target

    check_target(out, RASTERS)
    root, label = settings.indexes_dir(), f"replay {path.name}"
    if is_change(path):
        before, after = (_loader(name, device) for name in for_both(encoder, "--encoder"))
        report_change(out, shown(replay_change(path, out, root, (before, after), _pair(scene)), label), as_json)
        return
    load = _loader(_only(encoder, "--encoder"), device)
    show(density_again(path, out, root, load, source=_only(scene, "--scene")), label)
    report_map(out, as_json)


def _loader(name: str | None, device: str) -> "LoadEncoder":
    from graft_core.tasks.catalog import encoder_of

    def load(recipe: "DensityRecipe") -> "Encoder":
        return encoder_of(recipe, name, device=device)

    return load


def _only(given: Sequence[str] | None, option: str) -> str | None:
    if given and len(given) > 1:
        raise typer.BadParameter(f"A density map has one scene; give {option} once.")
    return given[0] if given else None


def _pair(scenes: Sequence[str] | None) -> tuple[str | None, str | None]:
    if not scenes:
        return None, None
    if len(scenes) != 2:
        raise typer.BadParameter("A change has two scenes; give --scene twice: that before, then that after.")
    return scenes[0], scenes[1]
