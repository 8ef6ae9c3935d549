"""What ``evaluate --images`` does: encoders on benchmark sets, as a table."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli.output import print_json, print_lines, say
from graft_core.cli.progress import shown
from graft_core.errors import BenchmarkError

if TYPE_CHECKING:
    from graft_core.evaluate.sets.result import SetResult
    from graft_core.types import Encoder, Progress

    Measure = Callable[[Encoder], Generator[Progress, None, SetResult]]

Images = Annotated[
    Path | None, typer.Option("--images", help="On a benchmark set: its folder, or the file of SAT-4 and SAT-6.")
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        help="With --images: eurosat, ucm, resisc45, rsscn7, bigearthnet, sat4, sat6, folder (any class folders), "
        "landcover (images/ and labels/ of the same names) or satlas.",
    ),
]
FitName = Annotated[
    str | None,
    typer.Option(
        "--fit",
        help="How an image fills the input: resize, pad (black) or reflect; pad for encoders of a sensor unless given.",
    ),
]
Words = Annotated[
    Path | None,
    typer.Option("--words", help="JSON object, class -> what to ask for it with.", exists=True, dir_okay=False),
]
Sample = Annotated[
    int | None, typer.Option("--sample", help="So many images of the set, the same ones for every encoder.", min=1)
]
Ranks = Annotated[int | None, typer.Option("--ranks", help="k of mAP@k; 20.", min=1)]
DeviceName = Annotated[str | None, typer.Option("--device", help="With --images: auto, cpu or cuda.")]
Table = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Table to write or to add to: JSON, and Markdown beside it.", dir_okay=False),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache", help="Folder of embeddings, to go on from; benchmarks/ in the folder of scenes.", file_okay=False
    ),
]

_NAMES = {"templates": "template"}


@dataclass(frozen=True)
class SetOptions:
    """How a set is to be measured."""

    fit: str | None
    """None: as suits the encoder."""
    templates: tuple[str, ...]
    """Empty: the encoder's own."""
    words: Path | None
    """None: the usual ones."""
    sample: int | None
    """None: every image."""
    ranks: int | None
    """k of mAP@k; None: the usual one."""
    out: Path | None
    """None: printed only."""
    cache: Path | None
    """None: in the folder of scenes."""
    device: str | None
    """auto, cpu or cuda; None: auto."""


def refuse_with_images(given: Mapping[str, object]) -> None:
    """Refuse options that say nothing about a benchmark set: name -> what was given for it."""
    for name, value in given.items():
        if value:
            raise typer.BadParameter(f"{name} says nothing about --images; leave one of them out")


def refuse_without_images(layout: str | None, options: SetOptions) -> None:
    """Refuse options that are for benchmark sets where none is measured."""
    for name, value in ({"layout": layout} | asdict(options)).items():
        if value:
            raise typer.BadParameter(f"--{_NAMES.get(name, name)} is for --images DIR; give that, or leave it out")


def evaluate_sets(
    images: Path, layout: str | None, encoders: Sequence[str], options: SetOptions, as_json: bool
) -> None:
    """Measure encoders on one set, print a row each, and add the rows to a table."""
    from graft_core.evaluate.sets import land_cover, layouts
    from graft_core.evaluate.sets.report import add_to_table, markdown_table, read_table

    known = (*layouts.LAYOUTS, *land_cover.LAYOUTS)
    if layout is None:
        raise typer.BadParameter("say how the set is laid out, for example --layout eurosat")
    if layout not in known:
        raise BenchmarkError(f"There is no layout '{layout}'; choose one of {', '.join(known)}.")
    if not encoders:
        raise typer.BadParameter("say which encoder to measure, for example --encoder graft-demo-sentinel2")
    if options.out is not None:
        if options.out.suffix.lower() != ".json":
            raise typer.BadParameter(f"the table {options.out} must end in .json; Markdown goes beside it")
        if options.out.exists():
            read_table(options.out)
    measure, load = (_scenes if layout in land_cover.LAYOUTS else _images)(images, layout, options)
    rows = []
    for name in encoders:
        rows.append(shown(measure(_templated(load(name), options.templates)), f"{name} on {layout}"))
        if options.out is not None:
            add_to_table(options.out, rows[-1:])
    if options.out is not None:
        say(f"{options.out} and {options.out.with_suffix('.md')} hold the table.")
    if as_json:
        print_json({"rows": [row.to_json() for row in rows]})
    else:
        print_lines(markdown_table(rows).splitlines())


def _images(images: Path, layout: str, options: SetOptions) -> "tuple[Measure, Callable[[str], Encoder]]":
    from graft_core.evaluate.sets.image_figures import RANKS, evaluate_images
    from graft_core.evaluate.sets.labelled_set import drawn_at_random
    from graft_core.evaluate.sets.layouts import open_set
    from graft_core.models.registry import load_encoder

    asked = drawn_at_random(open_set(images, layout, _read_words(options.words)), options.sample)
    return (
        lambda encoder: evaluate_images(asked, encoder, _cache(options), fit=options.fit, ranks=options.ranks or RANKS),
        lambda name: load_encoder(name, device=options.device or "auto"),
    )


def _scenes(images: Path, layout: str, options: SetOptions) -> "tuple[Measure, Callable[[str], Encoder]]":
    from graft_core.evaluate.sets.land_cover import evaluate_land_cover, open_land_cover
    from graft_core.models.registry import load_encoder

    if any((options.fit, options.sample, options.ranks)):
        raise typer.BadParameter(
            f"--fit, --sample and --ranks are for images; the scenes of {layout} are cut into windows, all of them"
        )
    asked = open_land_cover(images, layout, _cache(options) / layout, _read_words(options.words))
    sensor = asked.scene(0).sensor
    return (
        lambda encoder: evaluate_land_cover(asked, encoder, _cache(options)),
        lambda name: load_encoder(name, device=options.device or "auto", sensor=sensor),
    )


def _templated(encoder: "Encoder", templates: Sequence[str]) -> "Encoder":
    from graft_core.evaluate.templated import TemplatedEncoder

    return TemplatedEncoder(encoder, templates) if templates else encoder


def _cache(options: SetOptions) -> Path:
    return options.cache or settings.tiles_dir() / "benchmarks"


def _read_words(path: Path | None) -> Mapping[str, str] | None:
    if path is None:
        return None
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"The words in {path} cannot be read ({error}); write a JSON object.") from error
    if not isinstance(words, dict) or not all(isinstance(each, str) and each.strip() for each in words.values()):
        raise BenchmarkError(f'{path} is no JSON object of words; write it like {{"SeaLake": "sea or lake"}}.')
    return words
