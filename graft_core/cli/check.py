"""Verb that says whether a density is right: a scene's cells against what is known to stand on the ground."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines
from graft_core.cli.progress import show, shown

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox

    from graft_core.io.amounts import Elsewhere, Unit
    from graft_core.io.scene import Scene
    from graft_core.tasks.density import DensityMap
    from graft_core.types import F32

_TRUE: "Mapping[Unit, str]" = {"share": "share of the ground", "per hectare": "per hectare"}


def check(
    scene: options.SceneName,
    query: options.QueryText,
    reference: Annotated[
        Path, typer.Option("--reference", "-r", help="Points or polygons of what is looked for, or a class raster.")
    ],
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Column of the reference that tells things apart.")
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option("--value", help="What it says of the thing looked for, or its class; repeat it.")
    ] = None,
    elsewhere: Annotated[
        str, typer.Option("--elsewhere", help="Ground under no polygon is without the thing (absent), or unknown.")
    ] = "absent",
    cell: Annotated[
        float | None, typer.Option("--cell", help="Side of a cell, metres; half a tile of the encoder unless given.")
    ] = None,
    encoder: options.EncoderName = None,
    threshold: options.Threshold = None,
    bandwidth: options.Bandwidth = None,
    background: options.Background = None,
    template: options.Template = None,
    temperature: options.Temperature = None,
    stride: options.StridePx = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Compare a density, cell by cell, with points, polygons or classes; beside it a plain green index."""
    from graft_core.evaluate.density_check import agreement, cell_px, cells_of, require_near, require_telling
    from graft_core.index.store import IndexStore
    from graft_core.io.amounts import open_amount
    from graft_core.tasks.catalog import encoder_for, find_scene
    from graft_core.tasks.density import density_map
    from graft_core.tasks.index_scene import ensure_indexed
    from graft_core.tasks.score import Searcher

    amount = open_amount(reference, attribute=attribute, values=value or (), elsewhere=_elsewhere(elsewhere))
    asked = options.build_query(query, background, template, temperature, None, None)
    opened = find_scene(scene, settings.indexes_dir(), **options.scene_options(sensor, gsd, bands))
    require_near(amount, opened.geobox)
    chosen = encoder_for(opened, encoder, device=device)
    side = chosen.spec.tile_px * chosen.spec.gsd / 2 if cell is None else cell
    cell_px(opened.geobox, side)
    show(ensure_indexed(opened, chosen, settings.indexes_dir(), stride=stride), f"index {opened.name}")
    searcher = Searcher(IndexStore(settings.indexes_dir(), chosen.spec).snapshot(), chosen)
    made = density_map(opened, searcher, asked, threshold=threshold, bandwidth=bandwidth)

    def layers(window: "GeoBox") -> "Mapping[str, F32]":
        return _layers(opened, made, window)

    cells = shown(cells_of(layers, opened.geobox, amount, side), f"compare {opened.name}")
    require_telling(cells, reference)
    ways = {"density": True, "excess green": False}
    found = {
        "scene": opened.name,
        "query": made.recipe.query.text,
        "encoder": chosen.spec.name,
        "reference": str(reference),
        "cell_m": side,
        "true": _TRUE[cells.unit],
        **{way: agreement(cells, way, calibrated=calibrated) for way, calibrated in ways.items()},
    }
    if as_json:
        print_json(found)
    else:
        _report(found, list(ways))


def _layers(scene: "Scene", made: "DensityMap", window: "GeoBox") -> "Mapping[str, F32]":
    """What is said of each pixel of a window: the density, and how green it is."""
    import numpy as np

    from graft_core.evaluate.green import excess_green
    from graft_core.io.scene import read_rgb

    rgb, valid = read_rgb(scene, window)
    green = np.where(valid, excess_green(np.moveaxis(rgb, 2, 0).astype(np.float64)), np.nan)
    return {"density": made.window(window)[0], "excess green": green.astype(np.float32)}


def _elsewhere(text: str) -> "Elsewhere":
    known: dict[str, Elsewhere] = {"absent": "absent", "unknown": "unknown"}
    if text not in known:
        raise typer.BadParameter(f"ground under no polygon is 'absent' or 'unknown', not '{text}'")
    return known[text]


def _report(found: Mapping[str, Any], ways: list[str]) -> None:
    """The figures for people, then the calibration curve of the density."""
    print_lines(
        [f"'{found['query']}' in {found['scene']}, {found['density']['cells']:,} cells of {found['cell_m']:g} m"]
    )
    for way in ways:
        figures = found[way]
        error = f"  calibration error {figures['calibration_error']:.3f}" if "calibration_error" in figures else ""
        print_lines([f"  {way:14} Spearman {figures['spearman']:6.3f}  Pearson {figures['pearson']:6.3f}{error}"])
    print_lines([f"  cells   mean density   mean true ({found['true']})"])
    print_lines(
        f"  {point['cells']:5}   {point['said']:12.3f}   {point['true']:9.3f}" for point in found["density"]["curve"]
    )
