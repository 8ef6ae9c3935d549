"""Options that several verbs share, and their texts turned into values."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graft_core.errors import QueryError

if TYPE_CHECKING:
    from odc.geo.geom import Geometry

    from graft_core.search.query import Query

SceneName = Annotated[str, typer.Argument(help="Raster, folder, address, or the name of an indexed scene.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]
EncoderName = Annotated[
    str | None, typer.Option("--encoder", help="Encoder by name or path; the demo encoder for the sensor unless given.")
]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
MapOut = Annotated[Path, typer.Option("--out", "-o", help="GeoTIFF to write; .qml and .json go beside it.")]
AreaText = Annotated[
    str, typer.Option("--area", help="WEST,SOUTH,EAST,NORTH in degrees, or a file with polygons (GeoJSON ...).")
]
StridePx = Annotated[
    int | None,
    typer.Option("--stride", help="Pixels from tile to tile; half a tile unless given, or as the scene is indexed."),
]
Sensor = Annotated[
    str | None,
    typer.Option("--sensor", help="naip, sentinel2, sentinel2-l1c, sentinel2-l2a or rgb, where detection is wrong."),
]
Gsd = Annotated[float | None, typer.Option("--gsd", help="Metres per pixel, where the file is wrong or has none.")]
Bands = Annotated[str | None, typer.Option("--bands", help="Red, green and blue as numbers from 1, like 4,3,2.")]
LevelName = Annotated[str | None, typer.Option("--level", help="tile or patch: refuse an encoder of the other level.")]
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", help="Match probability from which a tile counts; else the expected share."),
]
Bandwidth = Annotated[float | None, typer.Option("--bandwidth", help="Standard deviation of the smoothing, metres.")]
Aoi = Annotated[Path | None, typer.Option("--aoi", help="Write only inside these polygons (GeoJSON, GeoPackage).")]
QueryText = Annotated[
    str,
    typer.Option(
        "--query",
        "-q",
        help="What to look for: 'forest - orchard', '2*pool + house', photo:FILE, chip:FILE, tile:SCENE/ROW/COL; "
        "or @FILE for a query saved with --save-query.",
    ),
]
SaveQuery = Annotated[
    Path | None, typer.Option("--save-query", help="Write the query, whole, to this JSON file.", dir_okay=False)
]
Background = Annotated[
    list[str] | None, typer.Option("--background", help="What else a tile may be; repeat it. Replaces the encoder's.")
]
Template = Annotated[
    list[str] | None,
    typer.Option("--template", help="Prompt with {} for the words; repeat it. Replaces the encoder's."),
]
Temperature = Annotated[
    float | None, typer.Option("--temperature", help="Cosine difference that multiplies the odds by e.")
]
Like = Annotated[list[str] | None, typer.Option("--like", help="Tile that is right, SCENE/ROW/COL; repeat it.")]
Dislike = Annotated[list[str] | None, typer.Option("--dislike", help="Tile that is wrong, SCENE/ROW/COL; repeat it.")]


def scene_options(sensor: str | None, gsd: float | None, bands: str | None) -> dict[str, Any]:
    """How a scene is to be opened."""
    return {"sensor": sensor, "gsd": gsd, "bands": None if bands is None else _bands(bands)}


def _bands(text: str) -> tuple[int, int, int]:
    try:
        red, green, blue = (int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not three band numbers; write them like 4,3,2.") from error
    return red, green, blue


def build_query(
    text: str,
    background: list[str] | None,
    templates: list[str] | None,
    temperature: float | None,
    likes: list[str] | None,
    dislikes: list[str] | None,
) -> "Query":
    """The query of a command line; what is given beside a saved query replaces that part of it."""
    from graft_core.search.query import parse_query, parse_tile
    from graft_core.tasks.examples import check_images

    query = _saved_query(Path(text[1:])) if text.startswith("@") else parse_query(text)
    given: dict[str, Any] = {
        "background": tuple(background or ()),
        "templates": tuple(templates or ()),
        "temperature": temperature,
        "likes": tuple(parse_tile(each) for each in likes or ()),
        "dislikes": tuple(parse_tile(each) for each in dislikes or ()),
    }
    check_images(query)
    return replace(query, **{name: value for name, value in given.items() if value not in ((), None)})


def write_query(path: Path | None, query: "Query") -> None:
    """Keep a query, whole, where asked to."""
    if path is not None:
        from graft_core.io.atomic import write_text

        write_text(path, query.to_json() + "\n")


def read_aoi(path: Path | None) -> "Geometry | None":
    """The area of interest in a vector file."""
    if path is None:
        return None
    from odc.geo.geom import Geometry

    from graft_core.io.vector import read_area

    shape, crs = read_area(path)
    return Geometry(shape, crs)


def _saved_query(path: Path) -> "Query":
    from graft_core.search.query import Query

    try:
        return Query.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(
            f"The saved query '{path}' cannot be read ({error}); save it again with --save-query."
        ) from error
    except QueryError as error:
        raise QueryError(f"'{path}': {error}") from error
