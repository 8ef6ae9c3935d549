"""The verb that answers questions about a scene, each by a program that is shown with its answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines, say
from graft_core.cli.progress import shown
from graft_core.errors import QuestionError

if TYPE_CHECKING:
    from graft_core.ask.reply import Reply

EVIDENCE = (".geojson", ".json")
"""Suffixes of the evidence."""


def ask(
    scene: options.SceneName,
    question: Annotated[
        str,
        typer.Argument(help="Such as 'How many houses are within 100 m of a lake?'; beside --program for the record."),
    ] = "",
    program: Annotated[
        Path | None, typer.Option("--program", help="Run the program in this file instead of writing one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="GeoJSON to write: everything that the answer stands on.")
    ] = None,
    planner: Annotated[
        str | None,
        typer.Option(
            "--planner",
            help="grammar: on this machine. llm: the model behind GRAFT_LLM_URL, which is sent the question and the "
            "functions' signatures and nothing else; llm where the environment names one, unless given.",
        ),
    ] = None,
    refine: Annotated[
        str, typer.Option("--refine", help="sam: outline what is found with SAM. none: as the match map has it.")
    ] = "none",
    encoder: options.EncoderName = None,
    aoi: options.Aoi = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Answer a question about a scene: a sentence, how sure it is, and the program with what each step came to."""
    from graft_core.ask.answer import ask as ask_scene
    from graft_core.ask.answer import run_program
    from graft_core.ask.language import parse
    from graft_core.ask.planners import chosen_planner
    from graft_core.ask.reply_json import reply_json
    from graft_core.ask.scene_eyes import SceneEyes
    from graft_core.io.atomic import write_json
    from graft_core.tasks.catalog import find_scene
    from graft_core.tasks.patch_scores import patch_encoder
    from graft_core.tasks.segment import segmenter_for
    from graft_core.tasks.targets import check_target

    if not question.strip() and program is None:
        raise typer.BadParameter("Ask a question, or give a program with --program.")
    if out is not None:
        check_target(out, EVIDENCE)
    text = None if program is None else _read_program(program)
    if text is not None:
        parse(text)  # refused before the scene is opened
    writer = chosen_planner(planner)
    area = options.read_aoi(aoi)
    refiner = segmenter_for(refine, device=device)
    opened = find_scene(scene, settings.indexes_dir(), **options.scene_options(sensor, gsd, bands))
    chosen = patch_encoder(opened, encoder, device=device)
    eyes = SceneEyes(opened, chosen, settings.patches_dir(), area=area, refiner=refiner)
    work = ask_scene(question, eyes, writer) if text is None else run_program(text, eyes, question)
    reply = shown(work, f"look at {opened.name}")
    told = reply_json(reply, eyes)
    if out is not None:
        write_json(out, told["evidence"])
    for notice in reply.notices:
        say(notice)
    if as_json:
        print_json({"scene": opened.name, "encoder": chosen.spec.name} | told)
    else:
        print_lines(_lines(reply))


def _read_program(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"The program '{path}' cannot be read ({error}); give a text file.") from error


def _lines(reply: "Reply") -> Iterator[str]:
    """The answer for people."""
    from graft_core.ask.in_words import sure_in_words, value_in_words

    yield reply.sentence
    yield f"  {sure_in_words(reply.sure)}{f' ({reply.sure:.0%})' if reply.sure else ''}"
    yield f"program, by {reply.planner}:"
    yield from (f"  {line}" for line in reply.program.rstrip().splitlines())
    yield "steps:"
    widest = min(max((len(step.call) for step in reply.steps), default=0), 60)
    for number, step in enumerate(reply.steps, start=1):
        yield f"  {number:2}  {step.call:{widest}}  {step.seconds:6.2f} s  {value_in_words(step.value)}"
