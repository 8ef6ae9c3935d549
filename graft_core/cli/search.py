"""Verbs of the search: index scenes, map a density, retrieve tiles."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import bytes_text, print_json, print_lines, say
from graft_core.cli.progress import show

if TYPE_CHECKING:
    from graft_core.io.scene import Scene
    from graft_core.tasks.retrieve import Retrieval
    from graft_core.tasks.score import Searcher
    from graft_core.types import Encoder


def index(
    scene: Annotated[
        list[str], typer.Argument(help="Rasters, folders or addresses to index; or `list`; or `remove NAME...`.")
    ],
    encoder: options.EncoderName = None,
    stride: options.StridePx = None,
    level: options.LevelName = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Embed scenes once, so that every query afterwards is quick; `index list`, `index remove NAME`."""
    if scene == ["list"]:
        _list_indexes(as_json)
        return
    if scene[0] == "remove":
        _remove_scenes(scene[1:], encoder, as_json)
        return
    from graft_core.tasks.catalog import check_level, encoder_for
    from graft_core.tasks.index_scene import index_scene

    done = []
    for opened in _open(scene, sensor, gsd, bands):
        chosen = encoder_for(opened, encoder, device=device)
        check_level(chosen, level)
        show(index_scene(opened, chosen, settings.indexes_dir(), stride=stride), f"index {opened.name}")
        done.append({"scene": opened.name, "source": opened.source, "encoder": chosen.spec.name})
    if as_json:
        print_json(done)
    else:
        print_lines(f"{each['scene']} is indexed with {each['encoder']}" for each in done)


def density(
    scene: options.SceneName,
    query: options.QueryText,
    out: options.MapOut,
    encoder: options.EncoderName = None,
    threshold: options.Threshold = None,
    bandwidth: options.Bandwidth = None,
    aoi: options.Aoi = None,
    background: options.Background = None,
    template: options.Template = None,
    temperature: options.Temperature = None,
    like: options.Like = None,
    dislike: options.Dislike = None,
    stride: options.StridePx = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    save_query: options.SaveQuery = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Map where a query matches: a GeoTIFF that QGIS opens in colour. The scene is indexed first where needed."""
    from graft_core.tasks.catalog import encoder_for, lasting_name
    from graft_core.tasks.density import density_map
    from graft_core.tasks.targets import RASTERS, check_target
    from graft_core.tasks.write_density import write_density

    check_target(out, RASTERS)
    asked = options.build_query(query, background, template, temperature, like, dislike)
    area = options.read_aoi(aoi)
    (opened,) = _open([scene], sensor, gsd, bands)
    searcher = searcher_of([opened], encoder_for(opened, encoder, device=device), stride)
    source = None if encoder is None else lasting_name(encoder)
    made = density_map(
        opened, searcher, asked, threshold=threshold, bandwidth=bandwidth, area=area, encoder_source=source
    )
    show(write_density(out, made), f"write {out.name}")
    options.write_query(save_query, made.recipe.query)
    report_map(out, as_json, best=made.scores.best)


def retrieve(
    scene: Annotated[list[str], typer.Argument(help="Rasters, folders, addresses, or names of indexed scenes.")],
    query: options.QueryText,
    k: Annotated[int, typer.Option("-k", help="How many tiles.")] = 20,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=".gpkg, .geojson or .parquet; a contact sheet goes beside it.")
    ] = None,
    encoder: options.EncoderName = None,
    background: options.Background = None,
    template: options.Template = None,
    temperature: options.Temperature = None,
    like: options.Like = None,
    dislike: options.Dislike = None,
    stride: options.StridePx = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    save_query: options.SaveQuery = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Find the tiles that match a query best, each place once."""
    from graft_core.tasks.catalog import encoder_for_all
    from graft_core.tasks.retrieve import retrieve as best_tiles
    from graft_core.tasks.targets import OUTLINES, check_target
    from graft_core.tasks.write_hits import write_retrieval

    if out is not None:
        check_target(out, OUTLINES)
    asked = options.build_query(query, background, template, temperature, like, dislike)
    opened = _open(scene, sensor, gsd, bands)
    searcher = searcher_of(opened, encoder_for_all(opened, encoder, device=device), stride)
    found = best_tiles(searcher, [each.name for each in opened], asked, k)
    if out is not None:
        write_retrieval(out, found, {each.name: each for each in opened}, searcher.encoder.spec)
    options.write_query(save_query, found.query)
    _report_hits(found, as_json)


def _open(texts: Sequence[str], sensor: str | None, gsd: float | None, bands: str | None) -> "list[Scene]":
    from graft_core.tasks.catalog import find_scene

    stated = options.scene_options(sensor, gsd, bands)
    return [find_scene(text, settings.indexes_dir(), **stated) for text in texts]


def searcher_of(scenes: "Sequence[Scene]", encoder: "Encoder", stride: int | None) -> "Searcher":
    """What searches scenes, which are indexed first where they are not."""
    from graft_core.index.store import IndexStore
    from graft_core.tasks.index_scene import ensure_indexed
    from graft_core.tasks.score import Searcher

    root = settings.indexes_dir()
    for scene in scenes:
        show(ensure_indexed(scene, encoder, root, stride=stride), f"index {scene.name}")
    return Searcher(IndexStore(root, encoder.spec).snapshot(), encoder)


def _list_indexes(as_json: bool) -> None:
    from graft_core.index.store import list_indexes

    found = list_indexes(settings.indexes_dir())
    if as_json:
        print_json(
            [
                {
                    "encoder": each.spec.name if each.spec else None,
                    "key": each.key,
                    "bytes": each.bytes,
                    "problem": each.problem,
                    "scenes": [
                        {"name": record.name, "source": record.source, "tiles": record.tiles, "bytes": record.bytes}
                        for record in each.scenes
                    ],
                }
                for each in found
            ]
        )
        return
    for each in found:
        print_lines([f"{each.spec.name if each.spec else 'unreadable'} ({each.key}): {bytes_text(each.bytes)} on disk"])
        print_lines(f"  {record.name:32} {record.tiles:10,} tiles  {record.source}" for record in each.scenes)
        if each.problem:
            say(each.problem)
    if not found:
        say("Nothing is indexed yet; run `python -m graft_core index FILE`.")


def _remove_scenes(names: Sequence[str], encoder: str | None, as_json: bool) -> None:
    from graft_core.tasks.catalog import remove_scene

    if not names:
        raise typer.BadParameter("say which scene to remove: `index remove NAME`")
    removed = [{"scene": name, "encoders": remove_scene(name, settings.indexes_dir(), encoder)} for name in names]
    if as_json:
        print_json(removed)
    else:
        print_lines(f"{each['scene']} is removed from {', '.join(each['encoders'])}" for each in removed)


def report_map(path: Path, as_json: bool, best: float | None = None) -> None:
    """What a density map holds."""
    from graft_core.io.geotiff import read_info

    figures = read_info(path).statistics[0]
    files = {"raster": str(path), "style": str(path.with_suffix(".qml")), "stac": str(path.with_suffix(".json"))}
    if as_json:
        print_json(files | {"density": figures} | ({} if best is None else {"best_match": best}))
        return
    known = f"mean density {figures['mean']:.3f}, highest {figures['maximum']:.3f}" if figures else "no pixel with data"
    print_lines([f"{path}: {known}"])
    if best is not None:
        _warn_unsure(best)


def _report_hits(found: "Retrieval", as_json: bool) -> None:
    from graft_core.tasks.write_hits import hit_rows

    if as_json:
        outcome = {"query": found.query.text, "confident": found.confident, "best_match": found.best}
        print_json(outcome | {"hits": hit_rows(found.hits)})
        return
    print_lines(
        f"{hit.rank:4}  score {hit.score:.3f}  match {hit.probability:.2f}  {hit.lat:.5f}, {hit.lon:.5f}  {hit.tile}"
        for hit in found.hits
    )
    _warn_unsure(found.best)


def _warn_unsure(best: float) -> None:
    from graft_core.tasks.retrieve import CONFIDENT

    if not best >= CONFIDENT:
        say(f"Low confidence: no tile matches with a probability above {best:.2f}; the query may not occur here.")
