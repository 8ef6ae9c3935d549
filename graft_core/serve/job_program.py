"""What the process of a job runs: ``python -m graft_core.serve.job_program FOLDER``, started by jobs.py."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from graft_core import settings
from graft_core.errors import ExportError, GraftError, JobError
from graft_core.serve import jobs
from graft_core.serve.job_status import State, Status, write_status
from graft_core.serve.processes import find_process
from graft_core.types import Progress

if TYPE_CHECKING:
    from graft_core.io.scene import Scene

NICER = 3
"""How much the process steps back behind the server that draws the pages."""
TELL_EVERY_S = 0.25
"""Seconds between two lines on disk about the progress."""
LOOK_EVERY_S = 0.5
"""Seconds between two looks at whether it is a waiting job's turn."""
LOADING = "Loading torch and the encoder."
DEMO_SIZE = 2048
"""Metres of the demo world's aerial scene: something to look at within a minute."""
LONGEST = 300
"""Characters of an unexpected error's text that are shown on a page."""


class Report:
    """Tells on disk how far the job is and, when the context is left, how it ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._status = Status("waiting", None, "", None, None, find_process(os.getpid()))
        self._told = 0.0
        self._tell()

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        """Write the last state; an error that nobody expected goes on to become a traceback in the log."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the end is decided
        state, message = _ending(error, (self.folder / "cancel").exists())
        self._status = replace(self._status, state=state, finished=datetime.now(UTC))
        if message is not None:
            self._status = replace(self._status, message=message)
        _note(": ".join(filter(None, (state, self._status.message))))
        try:
            self._tell()
        except ExportError as failure:  # the disk is full or the folder was removed: the log is all there is
            _note(str(failure))
        return error is None or isinstance(error, GraftError | KeyboardInterrupt)

    @property
    def failed(self) -> bool:
        """Whether the job ended with an error."""
        return self._status.state == "failed"

    def says(self, message: str) -> None:
        """What it waits for, or loads."""
        if message != self._status.message:
            self._status = replace(self._status, message=message)
            self._tell()

    def runs(self, message: str) -> None:
        """The work has begun."""
        self._status = replace(self._status, state="running", message=message, started=datetime.now(UTC))
        self._tell()

    def follow(self, work: Iterator[Progress]) -> None:
        """Run the work to its end; left early, it is stopped, not forgotten."""
        self._told = 0.0  # the first step says how much there is to do
        with contextlib.ExitStack() as stack:
            if isinstance(work, Generator):
                stack.callback(work.close)
            for step in work:
                # The first step only counts what an earlier run did: whatever is being loaded is not there yet.
                message = self._status.message if step.done == step.resumed else ""
                self._status = replace(self._status, progress=step, message=message)
                if time.monotonic() - self._told >= TELL_EVERY_S:
                    self._tell()

    def made(self, message: str) -> None:
        """What there is now that was not there before."""
        self._status = replace(self._status, message=message)

    def _tell(self) -> None:
        write_status(self.folder, self._status)
        self._told = time.monotonic()


def index(arguments: Mapping[str, Any], report: Report) -> None:
    """Embed a scene; index jobs take turns, as an index has one writer and the machine one processor to give."""
    with turn(report):
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
        _embed(scene, arguments, report)


def demo(arguments: Mapping[str, Any], report: Report) -> None:
    """Draw the demo world into the folder of scenes, and embed both of its scenes."""
    with turn(report):
        report.runs("Drawing the demo world.")
        from graft_core.io.scene import open_scene
        from graft_core.world.scenes import write_world

        folder = settings.tiles_dir() / "demo"
        report.follow(write_world(folder, arguments["seed"], arguments.get("size", DEMO_SIZE)))
        for name in ("naip.tif", "sentinel2.tif"):
            _embed(open_scene(folder / name), arguments, report)
        report.made(f"The demo world is in {folder}, and its scenes are indexed.")


def _embed(scene: "Scene", arguments: Mapping[str, Any], report: Report) -> None:
    from graft_core.index.store import IndexStore
    from graft_core.tasks.catalog import encoder_for
    from graft_core.tasks.index_scene import index_scene

    report.says(LOADING)
    encoder = encoder_for(scene, arguments.get("encoder"))
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


WORK: Mapping[str, Callable[[Mapping[str, Any], Report], None]] = {
    "index": index,
    "fetch": fetch,
    "demo": demo,
}
"""What each kind of job does."""


@contextlib.contextmanager
def turn(report: Report) -> Iterator[None]:
    """Held by the one index job that runs; the others wait, the oldest next."""
    while True:
        before = _before(report.folder)
        if before is None:
            with jobs.file_lock(report.folder.parent / "index.lock", wait=False) as mine:
                if mine:
                    yield
                    return
        report.says(f"Waiting for '{before.title}'." if before else "Waiting for another index job to stop.")
        time.sleep(LOOK_EVERY_S)


def main(folder: Path) -> int:
    """Run the job of a folder: 0 it ended well or was cancelled, 1 it failed."""
    signal.signal(signal.SIGTERM, _stop)
    os.nice(NICER)
    try:
        if sys.stdin.buffer.read() != jobs.GO:
            return 1  # whoever started this was killed before the job was complete
        with Report(folder) as report:
            job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            _note(f"{job['title']}, process {os.getpid()}")
            WORK[job["kind"]](job["arguments"], report)
    except KeyboardInterrupt:
        return 0  # before there was anything to report
    except GraftError as error:
        _note(str(error))
        return 1
    return 1 if report.failed else 0


def _before(folder: Path) -> jobs.Job | None:
    """The index job whose end this one has to wait for first: the running one, else the oldest before it."""
    queue = [job for job in reversed(jobs.list_jobs()) if job.active and job.kind != "fetch"]
    names = [job.id for job in queue]
    if folder.name not in names:
        if not folder.is_dir():
            raise JobError(f"The folder {folder} of this job was removed; start the job again.")
        return None
    running = [job for job in queue if job.state == "running"]
    return next(iter(running + queue[: names.index(folder.name)]), None)


def _ending(error: BaseException | None, told_to_stop: bool) -> tuple[State, str | None]:
    """The last state, and what to say of it; None leaves what was said."""
    if error is None:
        return "done", None
    # A library may make an error of its own out of the interruption.
    if told_to_stop or isinstance(error, KeyboardInterrupt):
        return "cancelled", ""
    if isinstance(error, GraftError):
        return "failed", str(error)
    text = str(error).strip().partition("\n")[0][:LONGEST]
    return "failed", f"Something went wrong: {type(error).__name__}: {text}; see log.txt"


def _stop(number: int, frame: FrameType | None) -> None:
    """SIGTERM stops the work as Ctrl-C would; what hangs all the same is killed by the system's alarm clock."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, jobs.GRACE_S)
    raise KeyboardInterrupt


def _note(line: str) -> None:
    """A line in the log."""
    with contextlib.suppress(OSError):  # a full disk must not hide how the job ended
        sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
