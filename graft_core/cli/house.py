"""Verbs about the installation: what there is, what can be fetched, a demo world, how good the encoders are."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graft_core import settings
from graft_core.cli import evaluate_sets as benchmark
from graft_core.cli import options
from graft_core.cli.output import bytes_text, print_json, print_lines, say
from graft_core.cli.progress import show

if TYPE_CHECKING:
    from graft_core.types import SensorName


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
    kept = found.patches.limit_bytes
    limit = "" if kept is None else f" of {bytes_text(kept)}"
    print_lines([f"patch cache: {bytes_text(found.patches.bytes)}{limit}"])
    print_lines(found.problems or ["Nothing is wrong."])


def world(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.", file_okay=False)],
    seed: Annotated[int, typer.Option("--seed", help="Which world; the same number is always the same world.")],
    size: Annotated[int, typer.Option("--size", help="Side of the 1 m scene, metres.", min=256)] = 4096,
    later: Annotated[bool, typer.Option("--later", help="Write the same place some years later too.")] = False,
) -> None:
    """Write a demo world: imagery at two resolutions, ground photos, and the truth."""
    from graft_core.world.scenes import write_second_date, write_world

    show(write_world(out, seed, size), f"world {seed}")
    if later:
        show(write_second_date(out), f"world {seed} later")
    print_lines(str(path) for path in sorted(out.iterdir()))


def models(as_json: options.JsonFlag = False) -> None:
    """List the encoders and what else can be fetched."""
    from graft_core.models.registry import list_models

    entries = list_models()
    if as_json:
        fields = ("name", "kind", "what", "licence", "sensor", "level", "gsd", "tile_px", "sha256", "present")
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
    from graft_core.models.registry import find_model

    say(f"Licence of {name}: {find_model(name).licence}.")
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
    encoder: Annotated[
        list[str] | None,
        typer.Option("--encoder", help="Encoder by name or path, in place of its sensor's demo encoder; repeat it."),
    ] = None,
    sensor: Annotated[
        list[str] | None,
        typer.Option("--sensor", help="naip or sentinel2; that of the encoders, or both unless given."),
    ] = None,
    segmentation: Annotated[
        bool,
        typer.Option("--segmentation", help="Measure patches too (mIoU), and outlines by SAM where it was fetched."),
    ] = False,
    vqa: Annotated[
        bool,
        typer.Option("--vqa", help="Ask questions about the worlds too; alone, without --world, nothing but that."),
    ] = False,
    rsvqa: Annotated[
        Path | None, typer.Option("--rsvqa", help="Ask the questions of RSVQA's files in this folder.", file_okay=False)
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", help="Side of the scenes, pixels; as `world` makes them.", min=512)
    ] = None,
    images: benchmark.Images = None,
    layout: benchmark.Layout = None,
    fit: benchmark.FitName = None,
    template: options.Template = None,
    words: benchmark.Words = None,
    sample: benchmark.Sample = None,
    ranks: benchmark.Ranks = None,
    out: benchmark.Table = None,
    cache: benchmark.Cache = None,
    device: benchmark.DeviceName = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Measure encoders on worlds or benchmark sets, and answers to questions on worlds or RSVQA."""
    if not (world_figures or vqa or rsvqa or images):
        raise typer.BadParameter("say what to measure on: --world, --vqa, --rsvqa DIR or --images DIR")
    how = benchmark.SetOptions(fit, tuple(template or ()), words, sample, ranks, out, cache, device)
    if images is None:
        benchmark.refuse_without_images(layout, how)
    else:
        benchmark.refuse_with_images(
            {"--world": world_figures, "--vqa": vqa, "--rsvqa": rsvqa, "--seed": seed, "--sensor": sensor}
            | {"--segmentation": segmentation, "--size": size}
        )
        benchmark.evaluate_sets(images, layout, encoder or (), how, as_json)
        return
    seeds, sensors = _seeds(seed or ["7"]), _sensors(sensor or [])
    from graft_core.ask.grammar_planner import GrammarPlanner
    from graft_core.evaluate.rsvqa import load_rsvqa
    from graft_core.evaluate.vqa import evaluate_rsvqa, evaluate_vqa
    from graft_core.evaluate.worlds import SIDE_PX, evaluate_worlds

    sets = None if rsvqa is None else load_rsvqa(rsvqa)
    sides = None if size is None else dict.fromkeys(SIDE_PX, size)
    found: dict[str, Any] = {"seed": seeds[0], "seeds": seeds} if world_figures or vqa else {}
    if world_figures:
        found |= evaluate_worlds(
            seeds, say, encoders=encoder or (), sensors=sensors, segmentation=segmentation, side_px=sides
        )
    if vqa:
        found["vqa"] = evaluate_vqa(
            seeds, say, GrammarPlanner(), encoders=encoder or (), sensors=sensors, side_px=sides
        )
    if sets is not None:
        found["rsvqa"] = evaluate_rsvqa(sets, say, GrammarPlanner())
    if as_json:
        print_json(found)
        return
    for name, figures in found.get("sensors", {}).items():
        print_lines([name, *_figures(figures, 1)])
    for name in ("vqa", "rsvqa"):
        if name in found:
            print_lines([name, *_figures(found[name], 1)])


def _sensors(names: list[str]) -> list["SensorName"]:
    known: dict[str, SensorName] = {"naip": "naip", "sentinel2": "sentinel2"}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no sensor of a world; write naip or sentinel2.")
    return [known[name] for name in names]


def _seeds(texts: list[str]) -> list[int]:
    try:
        return [int(part) for text in texts for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"{', '.join(texts)} are not whole numbers; write --seed 7,8,9.") from error


def _figures(table: Mapping[str, object], depth: int) -> Iterator[str]:
    """One figure a line, tables within tables set in."""
    for name, value in table.items():
        line = f"{'  ' * depth}{name:{26 - 2 * depth}}"
        if isinstance(value, Mapping):
            yield line.rstrip()
            yield from _figures(value, depth + 1)
        else:
            yield f"{line} {value:.3f}" if isinstance(value, float) else f"{line} {value}"
