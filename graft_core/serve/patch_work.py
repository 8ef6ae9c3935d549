"""The jobs that look at the patches of a scene: embed them, outline a query, label a list of classes, run a program."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graft_core import settings
from graft_core.serve.job_report import Report
from graft_core.serve.queue import turn
from graft_core.types import Encoder, Level, Progress

if TYPE_CHECKING:
    from odc.geo.geom import Geometry

    from graft_core.io.scene import Scene

LOADING = "Loading torch and the encoder."


def patches(arguments: Mapping[str, Any], report: Report) -> None:
    """Embed the patches of a scene or an area, for whatever will be asked of them."""
    with turn(report, arguments.get("device")) as device:
        scene, encoder, area = _opened(arguments, device, report)
        import numpy as np

        from graft_core.tasks.patch_scores import patch_field

        def work() -> Generator[Progress, None, None]:
            anything = np.eye(1, encoder.spec.dim, dtype=np.float32)  # only the cache is wanted
            margin = arguments.get("margin_px", 0)
            yield from patch_field(scene, encoder, anything, settings.patches_dir(), area=area, margin_px=margin)

        report.follow(work())
        report.made(f"The patches of {scene.name} are known to {encoder.spec.name}.")


def segment(arguments: Mapping[str, Any], report: Report) -> None:
    """Outline what a query finds, and write the objects with their recipe."""
    with turn(report, arguments.get("device")) as device:
        scene, encoder, area = _opened(arguments, device, report)
        from graft_core.search.query import Query
        from graft_core.tasks.segment import SegmentOptions, segmenter_for
        from graft_core.tasks.segment import segment as find_objects
        from graft_core.tasks.write_segments import write_segmentation

        out = Path(arguments["out"])
        out.parent.mkdir(parents=True, exist_ok=True)
        query, options = Query.from_json(arguments["query"]), SegmentOptions(**arguments.get("options", {}))
        refiner = segmenter_for(arguments.get("refine"), device=device)

        def work() -> Generator[Progress, None, None]:
            found = yield from find_objects(
                scene, encoder, query, settings.patches_dir(), refiner=refiner, options=options, area=area
            )
            write_segmentation(out, found)
            refined = sum(each.refined for each in found.segments)
            report.made(f"{len(found.segments):,} objects in {scene.name}, {refined:,} of them outlined by SAM.")

        report.follow(work())


def classify(arguments: Mapping[str, Any], report: Report) -> None:
    """Write the label map of a list of classes, and measure it."""
    with turn(report, arguments.get("device")) as device:
        level = arguments.get("level", "patch")
        scene, encoder, area = _opened(arguments, device, report, level)
        from graft_core.tasks.class_list import ClassName
        from graft_core.tasks.classify import label_map
        from graft_core.tasks.write_labels import write_labels

        out = Path(arguments["out"])
        out.parent.mkdir(parents=True, exist_ok=True)
        classes = [ClassName(each["name"], each["words"], tuple(each["color"])) for each in arguments["classes"]]
        store = settings.patches_dir() if level == "patch" else settings.indexes_dir()

        def work() -> Generator[Progress, None, None]:
            made = yield from label_map(scene, encoder, classes, store, margin=arguments["margin"], area=area)
            yield from write_labels(out, made)

        report.follow(work())
        report.made(f"The label map of {scene.name} is in {out}.")


def ask(arguments: Mapping[str, Any], report: Report) -> None:
    """Run the program of a question, and write the answer."""
    with turn(report, arguments.get("device")) as device:
        scene, encoder, area = _opened(arguments, device, report)
        from graft_core.ask.answer import run_program
        from graft_core.ask.scene_eyes import SceneEyes
        from graft_core.serve.answers import write_answer
        from graft_core.tasks.segment import segmenter_for

        refine = arguments.get("refine", "none")
        refiner = segmenter_for(refine, device=device)
        eyes = SceneEyes(scene, encoder, settings.patches_dir(), area=area, refiner=refiner)
        looking = {name: arguments.get(name) for name in ("scene", "encoder", "area")}

        def work() -> Generator[Progress, None, None]:
            written = {name: arguments[name] for name in ("question", "planner", "notices")}
            reply = yield from run_program(arguments["program"], eyes, **written)
            write_answer(Path(arguments["out"]), reply, eyes, looking, refined=refine == "sam")
            report.made(reply.sentence)

        report.follow(work())


def _opened(
    arguments: Mapping[str, Any], device: str, report: Report, level: Level = "patch"
) -> "tuple[Scene, Encoder, Geometry | None]":
    report.runs("Opening the scene.")
    from graft_core.geo.masks import area_from_text
    from graft_core.tasks.catalog import find_scene
    from graft_core.tasks.classify import class_encoder

    scene = find_scene(arguments["scene"], settings.indexes_dir())
    report.says(LOADING)
    encoder = class_encoder(scene, arguments.get("encoder"), level=level, device=device)
    area = arguments.get("area")
    return scene, encoder, None if area is None else area_from_text(area)
