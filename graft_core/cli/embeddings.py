"""Verb that makes a scene of embeddings somebody else has computed and published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines, say
from graft_core.cli.progress import shown

if TYPE_CHECKING:
    from graft_core.tasks.import_embeddings import Imported


def embeddings(
    files: Annotated[
        list[Path], typer.Argument(help="GeoParquet files with a column of vectors, folders of them, or patterns.")
    ],
    encoder: Annotated[
        str, typer.Option("--encoder", help="What made them, from `models`; its text tower answers queries.")
    ],
    column: Annotated[
        str | None, typer.Option("--column", help="The vectors' column, where there are several.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What to call the scene; after the file or folder unless given.")
    ] = None,
    area: Annotated[
        str | None,
        typer.Option(
            "--area", help="Only those in WEST,SOUTH,EAST,NORTH degrees, or in the polygons of a file (GeoJSON ...)."
        ),
    ] = None,
    as_json: options.JsonFlag = False,
) -> None:
    """Import published embeddings as a scene to search, with no imagery and no GPU."""
    from graft_core.io.search_area import search_area
    from graft_core.tasks.import_embeddings import import_embeddings, left_out_sentences

    work = import_embeddings(
        files,
        encoder,
        settings.indexes_dir(),
        column=column,
        name=name,
        area=None if area is None else search_area(area),
    )
    done = shown(work, "import embeddings")
    for sentence in left_out_sentences(done):
        say(sentence)
    if as_json:
        print_json(_figures(done))
        return
    state = "was there already" if done.already else f"is made of {done.rows:,} rows"
    print_lines([f"{done.scene.name} {state}: {done.embeddings:,} embeddings by {done.encoder.spec.name}."])


def _figures(done: "Imported") -> dict[str, object]:
    left_out = done.left_out
    return {
        "scene": done.scene.name,
        "source": done.scene.source,
        "encoder": done.encoder.spec.name,
        "rows": done.rows,
        "embeddings": done.embeddings,
        "already": done.already,
        "left_out": {
            "outside": left_out.outside,
            "placeless": left_out.placeless,
            "older": left_out.older,
            "useless": done.useless,
        },
    }
