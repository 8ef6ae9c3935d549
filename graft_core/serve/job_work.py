"""What each kind of job does. Everything heavy is imported when it is needed: a job that waits takes little room."""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graft_core import settings
from graft_core.serve.job_report import Report
from graft_core.serve.patch_work import LOADING, ask, classify, patches, segment
from graft_core.serve.queue import turn
from graft_core.types import Progress

if TYPE_CHECKING:
    from graft_core.io.scene import Scene

DEMO_SIZE = 2048
"""Metres of the demo world's aerial scene: something to look at within a minute."""
OWNED = "owns-run"
"""File in the folder of a training job from the moment when the folder of the run is its own."""


def index(arguments: Mapping[str, Any], report: Report) -> None:
    """Embed a scene."""
    with turn(report, arguments.get("device")) as device:
        report.runs("Opening the scene.")
        from graft_core.tasks.catalog import find_scene

        bands = arguments.get("bands")
        scene = find_scene(
            arguments["scene"],
            settings.indexes_dir(),
            sensor=arguments.get("sensor"),
            gsd=arguments.get("gsd"),
            bands=tuple(bands) if bands else None,
        )
        _embed(scene, arguments, device, report)


def demo(arguments: Mapping[str, Any], report: Report) -> None:
    """Draw the demo world into the folder of scenes, and embed both of its scenes."""
    with turn(report, arguments.get("device")) as device:
        report.runs("Drawing the demo world.")
        from graft_core.io.scene import open_scene
        from graft_core.world.scenes import write_world

        folder = settings.tiles_dir() / "demo"
        report.follow(write_world(folder, arguments["seed"], arguments.get("size", DEMO_SIZE)))
        for name in ("naip.tif", "sentinel2.tif"):
            _embed(open_scene(folder / name), arguments, device, report)
        report.made(f"The demo world is in {folder}, and its scenes are indexed.")


def later(arguments: Mapping[str, Any], report: Report) -> None:
    """Draw a world some years later into its folder, and embed both scenes."""
    with turn(report, arguments.get("device")) as device:
        report.runs("Drawing the same place some years later.")
        from graft_core.io.scene import open_scene
        from graft_core.world.scenes import write_second_date

        folder = Path(arguments["folder"])
        report.follow(write_second_date(folder))
        for name in ("naip_later.tif", "sentinel2_later.tif"):
            _embed(open_scene(folder / name), arguments, device, report)
        report.made(f"The second date is in {folder}, and its scenes are indexed.")


def _embed(scene: "Scene", arguments: Mapping[str, Any], device: str, report: Report) -> None:
    from graft_core.index.store import IndexStore
    from graft_core.tasks.catalog import encoder_for
    from graft_core.tasks.index_scene import index_scene

    report.says(LOADING)
    encoder = encoder_for(scene, arguments.get("encoder"), device=device)
    report.follow(index_scene(scene, encoder, settings.indexes_dir(), stride=arguments.get("stride")))
    record = IndexStore(settings.indexes_dir(), encoder.spec).find(scene.name)
    report.made(f"{scene.name} is indexed with {encoder.spec.name}: {record.tiles if record else 0:,} tiles.")


def fetch(arguments: Mapping[str, Any], report: Report) -> None:
    """Get a model's files."""
    name = arguments["name"]
    report.runs("Asking the mirrors.")
    from graft_core.models.fetch import fetch as fetch_model
    from graft_core.models.fetch import fetched_paths

    report.follow(fetch_model(name))
    report.made(f"{name} is here: {', '.join(str(path) for path in fetched_paths(name))}.")


def imagery(arguments: Mapping[str, Any], report: Report) -> None:
    """Get images of a catalogue, and embed them where ``index`` is said; what is there already is left as it is."""
    report.runs("Asking the catalogue.")
    import shapely.geometry

    from graft_core.tasks.find_imagery import imagery_of
    from graft_core.tasks.get_imagery import get_imagery
    from graft_core.tasks.imagery_plan import plan_imagery

    items = imagery_of(arguments["catalog"], arguments["collection"], arguments["ids"])
    area = shapely.geometry.shape(arguments["area"])
    plan = plan_imagery(items, area, arguments["how"], clear=bool(arguments.get("clear")))
    report.follow(get_imagery(plan))
    names = ", ".join(piece.target.name for piece in plan.pieces)
    report.made(f"{names} {'is' if len(plan.pieces) == 1 else 'are'} in {plan.folder}.")
    if arguments.get("index"):
        from graft_core.io.scene import open_scene

        with turn(report, arguments.get("device")) as device:
            report.runs(LOADING)
            for piece in plan.pieces:
                _embed(open_scene(piece.target), arguments, device, report)


def photos(arguments: Mapping[str, Any], report: Report) -> None:
    """Get ground photos of an area and their table; started again, it asks for nothing that is here."""
    report.runs("Asking the service.")
    import shapely.geometry

    from graft_core.io.harvest.harvest import plan_harvest, run_harvest
    from graft_core.io.harvest.services import open_service

    provider, out = open_service(arguments["service"]), Path(arguments["out"])
    area = shapely.geometry.shape(arguments["area"])

    def work() -> Generator[Progress, None, None]:
        plan = yield from plan_harvest(provider, area, out, arguments.get("limit"))
        made = yield from run_harvest(provider, plan)
        report.made(f"{made.kept:,} of {made.found:,} photos of {provider.title} are in {out}.")

    with provider.opened():
        report.follow(work())


def embeddings(arguments: Mapping[str, Any], report: Report) -> None:
    """Make a scene of published embeddings; reading them computes on no device."""
    report.runs("Reading the files.")
    from graft_core.tasks.import_embeddings import import_embeddings, left_out_sentences

    def work() -> Generator[Progress, None, None]:
        done = yield from import_embeddings(
            arguments["files"],
            arguments["encoder"],
            settings.indexes_dir(),
            column=arguments.get("column"),
            name=arguments.get("name"),
            device="cpu",
        )
        made = f"{done.scene.name} is indexed with {done.encoder.spec.name}: {done.embeddings:,} embeddings."
        report.made(" ".join([made, *left_out_sentences(done)]))

    report.follow(work())


def pairs(arguments: Mapping[str, Any], report: Report) -> None:
    """Place photos on scenes, and write the table with its report; the report alone where nothing matches."""
    with turn(report, arguments.get("device")) as device:
        report.runs("Reading the photos.")
        from graft_core.train.pairs.make import PairOptions, save_pairs
        from graft_core.train.pairs.report import NoPairsError

        out = Path(arguments["out"])
        out.parent.mkdir(parents=True, exist_ok=True)
        options = PairOptions(**arguments.get("options", {}), device=device)

        def work() -> Generator[Progress, None, None]:
            table = yield from save_pairs(arguments["photos"], arguments["scenes"], options, out)
            report.made(table.report.outcome)

        try:
            report.follow(work())
        except NoPairsError as nothing:  # an answer like any other: its report says why
            report.made(nothing.report.outcome)


def train(arguments: Mapping[str, Any], report: Report) -> None:
    """Teach an encoder; started again, it goes on from the last checkpoint of its own run."""
    with turn(report, arguments.get("device")) as device:
        report.runs("Loading torch and the teacher.")
        from graft_core.serve.runs import figures, folder_of
        from graft_core.train.config import train_config
        from graft_core.train.run import train as train_encoder

        config = train_config(arguments["config"], where="the job")
        owned = report.folder / OWNED
        # Another run of that name is never gone on with by accident: train() refuses to start over it.
        resume = bool(arguments.get("resume")) or owned.exists() or not folder_of(config.name).exists()
        if resume:
            owned.touch()
        report.follow(
            train_encoder(config, device=device, resume=resume),
            says=lambda step: figures(config.name) if step.unit == "steps" else "",
        )
        report.made(f"{config.name} is trained and can index scenes: {figures(config.name)}.")


WORK: Mapping[str, Callable[[Mapping[str, Any], Report], None]] = {
    "index": index,
    "fetch": fetch,
    "imagery": imagery,
    "embeddings": embeddings,
    "demo": demo,
    "later": later,
    "photos": photos,
    "pairs": pairs,
    "train": train,
    "patches": patches,
    "segment": segment,
    "classify": classify,
    "ask": ask,
}
"""By the kind of the job."""
