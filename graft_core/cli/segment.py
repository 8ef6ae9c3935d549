"""Verbs that draw on a scene patch by patch: label its land by a list of classes, outline the objects of a query."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graft_core import settings
from graft_core.cli import options
from graft_core.cli.output import print_json, print_lines, say
from graft_core.cli.progress import show, shown
from graft_core.errors import ModelError, QueryError

if TYPE_CHECKING:
    from graft_core.tasks.accuracy import Accuracy
    from graft_core.tasks.classify import LabelMap
    from graft_core.tasks.segment import Segmentation
    from graft_core.tasks.write_labels import WrittenLabels
    from graft_core.types import Level

ClassList = Annotated[
    list[str],
    typer.Option(
        "--classes", "-c", help="Classes with commas between: 'forest, water = lake + river'; @FILE for a list."
    ),
]


def classify(
    scene: options.SceneName,
    classes: ClassList,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="GeoTIFF to write; .qml, .csv, .json and names go beside it.")
    ],
    level: Annotated[
        str, typer.Option("--level", help="patch: each patch by itself. tile: whole tiles, through the index.")
    ] = "patch",
    encoder: options.EncoderName = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="Difference of the two best probabilities below which a pixel is unsure; 0.1."),
    ] = None,
    aoi: options.Aoi = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", help="Class raster or polygons to measure the map against.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Column of the reference's polygons that names the class.")
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option("--same", help="Reference class and class of the map that are one, lake=water; repeat it."),
    ] = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Label every pixel with the class it looks most like: a GeoTIFF in colours, and the area of each class."""
    from graft_core.io.reference import open_reference
    from graft_core.tasks.accuracy import check_reference, match_classes
    from graft_core.tasks.catalog import find_scene, lasting_name
    from graft_core.tasks.classify import MARGIN, class_encoder, label_map, parse_classes
    from graft_core.tasks.targets import RASTERS, check_target
    from graft_core.tasks.write_labels import write_labels

    check_target(out, RASTERS)
    asked = parse_classes(_listed(classes))
    area = options.read_aoi(aoi)
    equal = _pairs(same or [])
    truth = None if reference is None else open_reference(reference, attribute)
    if truth is None and (attribute or same):
        raise QueryError("--attribute and --same say how to read a reference, and there is none; give --reference too.")
    opened = find_scene(scene, settings.indexes_dir(), **options.scene_options(sensor, gsd, bands))
    if truth is not None:
        match_classes(truth, tuple(each.name for each in asked), equal)
        check_reference(truth, opened.geobox, opened.name)
    wanted = _level(level)
    chosen = class_encoder(opened, encoder, level=wanted, device=device)
    store = settings.patches_dir() if wanted == "patch" else settings.indexes_dir()
    made = shown(
        label_map(
            opened,
            chosen,
            asked,
            store,
            margin=MARGIN if margin is None else margin,
            area=area,
            encoder_source=None if encoder is None else lasting_name(encoder),
        ),
        f"look at {opened.name}",
    )
    written = shown(write_labels(out, made, reference=truth, same=equal), f"write {out.name}")
    _report(made, written, as_json)


def segment(
    scene: options.SceneName,
    query: options.QueryText,
    out: Annotated[Path, typer.Option("--out", "-o", help="Polygons to write: .gpkg, .geojson or .parquet.")],
    refine: Annotated[
        str | None,
        typer.Option("--refine", help="sam, or none; SAM where its weights are on this machine unless given."),
    ] = None,
    segmenter: Annotated[
        str | None, typer.Option("--segmenter", help="Which SAM, by its name in `models`; mobile-sam unless given.")
    ] = None,
    encoder: options.EncoderName = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Match probability from which a pixel matches; 0.5.")
    ] = None,
    min_area: Annotated[
        float | None,
        typer.Option("--min-area", help="Smallest object and hole, square metres; one patch of the encoder."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", help="Simplification of the outlines, metres; three quarters of a pixel."),
    ] = None,
    aoi: options.Aoi = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="GeoTIFF of the objects to write as well; .qml goes beside it.")
    ] = None,
    background: options.Background = None,
    template: options.Template = None,
    temperature: options.Temperature = None,
    sensor: options.Sensor = None,
    gsd: options.Gsd = None,
    bands: options.Bands = None,
    save_query: options.SaveQuery = None,
    device: options.DeviceName = "auto",
    as_json: options.JsonFlag = False,
) -> None:
    """Find the objects that match a query and write them as polygons, their outlines drawn by SAM."""
    from graft_core.tasks.catalog import find_scene, lasting_name
    from graft_core.tasks.patch_scores import patch_encoder
    from graft_core.tasks.segment import THRESHOLD, SegmentOptions, segmenter_for
    from graft_core.tasks.segment import segment as find_objects
    from graft_core.tasks.targets import OUTLINES, RASTERS, check_target
    from graft_core.tasks.write_segments import write_object_raster, write_segmentation

    check_target(out, OUTLINES)
    if labels is not None:
        check_target(labels, RASTERS)
    asked = options.build_query(query, background, template, temperature, None, None)
    area = options.read_aoi(aoi)
    wanted = SegmentOptions(THRESHOLD if threshold is None else threshold, min_area, tolerance)
    refiner = segmenter_for(refine, segmenter, device=device)
    opened = find_scene(scene, settings.indexes_dir(), **options.scene_options(sensor, gsd, bands))
    work = find_objects(
        opened,
        patch_encoder(opened, encoder, device=device),
        asked,
        settings.patches_dir(),
        refiner=refiner,
        options=wanted,
        area=area,
        encoder_source=None if encoder is None else lasting_name(encoder),
    )
    found = shown(work, f"look at {opened.name}")
    write_segmentation(out, found)
    if labels is not None:
        show(write_object_raster(labels, found, opened), f"write {labels.name}")
    options.write_query(save_query, found.recipe.query)
    _report_objects(found, out, labels, as_json)


def _report_objects(found: "Segmentation", out: Path, labels: Path | None, as_json: bool) -> None:
    from graft_core.tasks.write_segments import segment_rows

    if found.notice:
        say(found.notice)
    if not found.confident:
        say(
            f"Low confidence: no pixel matches with a probability above {found.recipe.best:.2f}; the query may not "
            "occur here."
        )
    refined = sum(each.refined for each in found.segments)
    if as_json:
        print_json(
            {"polygons": str(out), "labels": None if labels is None else str(labels), "query": found.recipe.query.text}
            | {"encoder": found.recipe.encoder, "segmenter": found.recipe.segmenter, "notice": found.notice}
            | {"confident": found.confident, "best_match": found.recipe.best, "refined": refined}
            | {"area_m2": sum(each.area_m2 for each in found.segments), "objects": segment_rows(found)}
        )
        return
    total = sum(each.area_m2 for each in found.segments)
    print_lines([f"{out}: {len(found.segments)} objects, {total / 10_000:,.2f} ha in all, {refined} outlined by SAM"])


def _level(text: str) -> "Level":
    levels: dict[str, Level] = {"patch": "patch", "tile": "tile"}
    if text not in levels:
        raise ModelError(f"There is no level '{text}'; label each 'patch' by itself, or whole 'tile's.")
    return levels[text]


def _listed(given: list[str]) -> list[str]:
    """The lists as typed, or as they stand in a file."""
    lists = []
    for text in given:
        path = Path(text[1:])
        try:
            lists.append(path.read_text(encoding="utf-8").strip() if text.startswith("@") else text)
        except (OSError, UnicodeDecodeError) as error:
            raise QueryError(f"The list of classes '{path}' cannot be read ({error}); give a text file.") from error
    return lists


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        theirs, equals, own = (part.strip() for part in text.partition("="))
        if not (theirs and equals and own):
            raise QueryError(f"'{text}' does not say which two classes are one; write it like lake=water.")
        pairs[theirs] = own
    return pairs


def _report(made: "LabelMap", written: "WrittenLabels", as_json: bool) -> None:
    found = written.accuracy
    if made.notice:
        say(made.notice)
    if as_json:
        words = {each.name: each.words for each in made.classes}
        print_json(
            {name: str(path) for name, path in written.files.items()}
            | {"encoder": made.spec.name, "level": made.recipe.level, "notice": made.notice, "margin": made.margin}
            | {
                "classes": [
                    {"value": row.value, "name": row.name, "words": words.get(row.name), "color": row.color}
                    | {"pixels": row.pixels, "m2": row.m2, "ha": row.hectares, "share": row.share}
                    for row in written.areas.rows
                ],
                "unknown_pixels": written.areas.unknown,
                "accuracy": None if found is None else _figures(found),
            }
        )
        return
    print_lines([str(written.files["raster"])])
    print_lines(f"  {row.name:24} {row.hectares:12,.2f} ha  {row.share:7.1%}" for row in written.areas.rows)
    if found is not None:
        print_lines(_agreement(found))


def _figures(found: "Accuracy") -> Mapping[str, Any]:
    return {
        "reference": found.reference,
        "pixels": found.pixels,
        "oa": found.overall,
        "miou": found.mean_iou,
        "unsure": found.unsure,
        "classes": {
            each.name: {"precision": each.precision, "recall": each.recall, "iou": each.iou, "truth": each.truth}
            for each in found.classes
        },
        "confusion": found.confusion.tolist(),
        "left_out": found.left_out,
    }


def _agreement(found: "Accuracy") -> list[str]:
    """The figures for people."""
    lines = [
        f"agreement with {found.reference} on {found.pixels:,} pixels: "
        f"OA {found.overall:.3f}, mIoU {found.mean_iou:.3f}, unsure {found.unsure:.1%}"
    ]
    lines += [
        f"  {each.name:24} precision {each.precision:.3f}  recall {each.recall:.3f}  IoU {each.iou:.3f}"
        for each in found.classes
        if each.truth
    ]
    if found.left_out:
        lines.append(f"  left out, for the map has no such class: {', '.join(found.left_out)}")
    return lines
