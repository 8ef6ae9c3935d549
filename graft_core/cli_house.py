"""Verbs about the installation: what there is, what can be fetched, a demo world, how good the encoders are."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from graft_core import cli_options as options
from graft_core import settings
from graft_core.cli_output import bytes_text, print_json, print_lines, say
from graft_core.cli_progress import show


def doctor(as_json: options.JsonFlag = False) -> None:
    """Say what this installation has, what it lacks, and how to get it."""
    from graft_core.tasks.doctor import diagnose

    found = diagnose()
    if as_json:
        print_json(asdict(found))
        return
    print_lines([f"graft-explorer {found.software}, Python {found.python}, {found.system}, device {found.device}"])
    print_lines(f"  {name:18} {number or 'MISSING'}" for name, number in found.packages.items())
    print_lines(
        f"{name:8} {folder.path}{'' if folder.exists else ' (made when first needed)'}, "
        f"{bytes_text(folder.free_bytes)} free"
        for name, folder in found.folders.items()
    )
    print_lines(f"  {model.name:24} {'present' if model.present else model.hint}" for model in found.models)
    print_lines(f"index of {each.encoder}: {each.scenes} scenes, {bytes_text(each.bytes)}" for each in found.indexes)
    print_lines(found.problems or ["Nothing is wrong."])


def world(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.", file_okay=False)],
    seed: Annotated[int, typer.Option("--seed", help="Which world; the same number is always the same world.")],
    size: Annotated[int, typer.Option("--size", help="Side of the 1 m scene, metres.", min=256)] = 4096,
) -> None:
    """Write a demo world: imagery at two resolutions, ground photos, and the truth."""
    from graft_core.world.scenes import write_world

    show(write_world(out, seed, size), f"world {seed}")
    print_lines(str(path) for path in sorted(out.iterdir()))


def models(as_json: options.JsonFlag = False) -> None:
    """List the encoders and what else can be fetched."""
    from graft_core.models.registry import list_models

    entries = list_models()
    if as_json:
        fields = ("name", "kind", "what", "licence", "sensor", "level", "gsd", "present")
        print_json([{name: getattr(entry, name) for name in fields} | {"get": entry.how_to_get} for entry in entries])
        return
    for entry in entries:
        state = "present" if entry.present else "missing"
        print_lines([f"{entry.name:24} {state:8} {entry.what} ({entry.licence})"])


def fetch(
    name: Annotated[str, typer.Argument(help="Name of a model, from `models`.")],
    to: Annotated[Path | None, typer.Option("--to", help="Folder, instead of where the program looks.")] = None,
) -> None:
    """Get a model's weights: from this machine, else from its mirrors."""
    from graft_core.models.fetch import fetch as fetch_model
    from graft_core.models.fetch import fetched_paths

    show(fetch_model(name, dest=to), name)
    print_lines(str(path) for path in fetched_paths(name, dest=to))


def scenes(as_json: options.JsonFlag = False) -> None:
    """List the scenes that are indexed or lie in the folder of scenes."""
    from graft_core.tasks.catalog import known_scenes

    found = known_scenes(settings.indexes_dir())
    if as_json:
        print_json([asdict(scene) for scene in found])
        return
    for scene in found:
        state = f"{scene.tiles:,} tiles with {', '.join(scene.encoders)}" if scene.encoders else "not indexed"
        print_lines([f"{scene.name:32} {state:40} {scene.source}"])
    if not found:
        say(
            f"No scene is known yet; put rasters into {settings.tiles_dir()}, or run `python -m graft_core index FILE`."
        )


def evaluate(
    world_figures: Annotated[
        bool, typer.Option("--world", help="On generated worlds that were never trained on.")
    ] = False,
    seed: Annotated[list[str] | None, typer.Option("--seed", help="World; repeat it, or write 7,8,9.")] = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Measure the encoders against the truth of generated worlds."""
    if not world_figures:
        raise typer.BadParameter("say what to measure on: --world")
    seeds = _seeds(seed or ["7"])
    from graft_core.evaluate.worlds import evaluate_worlds

    found = evaluate_worlds(seeds, say)
    if as_json:
        print_json(found)
        return
    for sensor, figures in found.get("sensors", {}).items():
        print_lines([sensor, *(f"  {name:24} {_figure(value)}" for name, value in figures.items())])


def _seeds(texts: list[str]) -> list[int]:
    try:
        return [int(part) for text in texts for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"{', '.join(texts)} are not whole numbers; write --seed 7,8,9.") from error


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
