"""Long jobs as processes of their own, with everything about them on disk.

A job is a folder ``tiles/jobs/ID``: ``job.json`` (what was asked, written once), ``progress.json`` (how far it is,
always whole), ``log.txt`` (what the program said) and, once somebody wants it to stop, ``cancel`` or ``pause``.
Whoever looks reads these files, so a rerun, another tab and a restarted server see the same jobs. The program is
job_program.py.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from graft_core import settings
from graft_core.errors import JobError
from graft_core.io.atomic import write_json
from graft_core.serve.job_status import STOPS, State, Status, read_status, told_to_stop
from graft_core.serve.launch import launch, reap
from graft_core.serve.lock import explained, file_lock
from graft_core.serve.processes import is_alive, send_signal
from graft_core.types import Progress

Kind = Literal[
    "index", "fetch", "demo", "later", "pairs", "train", "patches", "segment", "classify", "ask", "imagery", "photos",
    "embeddings",
]  # fmt: skip

ACTIVE = ("waiting", "running")
"""States of a job that has a process."""
FINISHED = ("done", "failed", "cancelled")
"""States of a job that nobody is expected to go on with."""
GRACE_S = 10.0
"""Seconds that a process which was told to stop has to stop by itself."""
TRAIN_GRACE_S = 120.0
"""The same for training, which ends its step and writes a checkpoint."""

_NEEDED = {
    "index": "scene", "fetch": "name", "demo": "seed", "later": "folder", "pairs": "out", "train": "config",
    "patches": "scene", "segment": "out", "classify": "out", "ask": "out", "imagery": "ids",
    "photos": "out", "embeddings": "files",
}  # fmt: skip
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_INTERRUPTED = "The job's process ended before its work did; resume the job to go on where it stopped."
_BY_HAND_S = 5.0


@dataclass(frozen=True)
class Job:
    """A job as it is on disk now."""

    id: str
    """Name of its folder."""
    kind: Kind
    """``index``: embed a scene. ``fetch``: get a model's files. ``demo``: draw the demo world and embed its scenes.
    ``later``: the same for a second date of a drawn world.
    ``pairs``: place photos on scenes. ``train``: teach an encoder. ``patches``: embed the patches of an area.
    ``segment``: outline what a query finds. ``classify``: a label map of a list of classes.
    ``ask``: run the program of a question. ``imagery``: get images of a catalogue, and embed them where asked.
    ``photos``: get ground photos of an area from a service. ``embeddings``: make a scene of published embeddings."""
    title: str
    """For people, e.g. "Index claremont with graft-demo-naip"."""
    arguments: Mapping[str, Any]
    """JSON values of the kind; what was None is left out."""
    state: State
    """``interrupted``: it was running, and its process is gone without a word."""
    progress: Progress | None
    """How far it is or was, with ``rate`` and ``seconds_left``; None before its first step."""
    message: str
    """What it waits for or loads while active; why it failed; what was made when it is done."""
    created: datetime
    """When it was asked for."""
    started: datetime | None
    """When the work of the last run began; None while it waits."""
    finished: datetime | None
    """When the last run ended; None while it is active, and where nobody saw the end."""
    folder: Path
    """Where its files are, ``log.txt`` among them."""
    device: str | None
    """What it computes on; None where it does not compute, or has not looked yet."""
    stopping: bool
    """Whether it was told to stop and its process is still there, to write down what it has."""

    @property
    def active(self) -> bool:
        """Whether it is waiting or running: what a page polls for, and what can be cancelled."""
        return self.state in ACTIVE


def grace_s(kind: Kind) -> float:
    """Seconds that a job of a kind has to stop by itself."""
    return TRAIN_GRACE_S if kind == "train" else GRACE_S


def jobs_dir() -> Path:
    """Folder of the jobs."""
    return settings.tiles_dir() / "jobs"


def start_job(kind: Kind, title: str, arguments: Mapping[str, Any]) -> Job:
    """Start a job in a process of its own; where an equal one is active already, that one is returned.

    Args:
        kind: what to do.
        title: what to call it in front of people.
        arguments: ``index``: scene, and where stated encoder, stride, sensor, gsd and bands. ``fetch``: name.
            ``demo``: seed, and where stated size. ``later``: folder, of a world. ``pairs``: photos, scenes, options and
            out, the table to write.
            ``train``: config (``train.config.config_table``), and where stated device and resume. ``patches``: scene,
            and where stated encoder, area (`geo.masks.area_from_text`) and margin_px. ``segment``: as ``patches``, and
            query (JSON), options (`tasks.segment.SegmentOptions`), refine and out, the file to write. ``classify``: as
            ``patches``, and classes, level, margin and out. ``ask``: as ``patches``, and program, question, planner,
            notices, refine and out. ``imagery``: catalog, collection, ids, area (GeoJSON geometry) and how
            (`tasks.imagery_plan.How`), and where stated clear, index, encoder, and scenes, the files there will be, for
            whoever asks for them afterwards. ``photos``: service, area (GeoJSON geometry)
            and out, the table to write, and where stated limit.

    Raises:
        JobError: there is no such kind, its first argument is missing, or no process can be started.
        ExportError: the folder of the jobs cannot be written.
    """
    if kind not in _NEEDED or arguments.get(_NEEDED[kind]) in (None, ""):
        kinds = ", ".join(f"'{each}' with a {needed}" for each, needed in _NEEDED.items())
        raise JobError(f"Cannot start '{title}': give one of the kinds {kinds}.")
    asked = json.loads(json.dumps({name: value for name, value in arguments.items() if value is not None}))
    with _changing_jobs() as root:
        return _equal_active(kind, asked) or _create(root, {"kind": kind, "title": title, "arguments": asked})


def list_jobs() -> list[Job]:
    """Every job, newest first. Cheap enough to be asked every second.

    A process that was told to stop and did not within its grace is killed by whoever looks next.
    """
    reap()
    try:
        names = os.listdir(jobs_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [_read(jobs_dir() / name) for name in names if _ID.fullmatch(name)]
    return sorted((job for job in found if job), key=lambda job: (job.created, job.id), reverse=True)


def find_job(job_id: str) -> Job:
    """The job of an id; JobError where there is none."""
    reap()
    job = _read(jobs_dir() / job_id) if _ID.fullmatch(job_id) else None
    if job is None:
        raise JobError(f"There is no job '{job_id}'; it may have been removed from the list, start it again.")
    return job


def cancel_job(job_id: str) -> Job:
    """Tell an active job to stop, and return at once; any other job is left as it is. What it finished is kept."""
    return _stop(job_id, "cancel")


def pause_job(job_id: str) -> Job:
    """Tell a training to write a checkpoint and make room for others, and return at once; JobError for another kind."""
    job = find_job(job_id)
    if job.kind != "train":
        raise JobError(f"'{job.title}' cannot be paused; cancel it, and resume it later.")
    return _stop(job_id, "pause")


def resume_job(job_id: str) -> Job:
    """Run a paused, cancelled, failed or interrupted job again in its folder; the work goes on where it stopped.

    An active job is returned as it is, and where an equal one is active, that one.

    Raises:
        JobError: there is no such job, it is done already or still writing, or no process can be started.
    """
    with _changing_jobs():
        job = find_job(job_id)
        if job.state == "done":
            raise JobError(f"'{job.title}' is done already; there is nothing to resume.")
        active = job if job.active else _equal_active(job.kind, job.arguments)
        if active:
            return active
        _end(job)
        with explained(job.folder):
            for name in STOPS:
                (job.folder / name).unlink(missing_ok=True)
        launch(job.folder, job.folder)
    return find_job(job_id)


def forget_job(job_id: str) -> None:
    """Remove a job that is not active from the list, with its log; what it made stays. JobError for an active one."""
    with _changing_jobs():
        _forget(find_job(job_id))


def clear_finished_jobs() -> int:
    """Remove the jobs that are over; how many. What was interrupted or paused stays, it waits for a person."""
    with _changing_jobs():
        finished = [job for job in list_jobs() if job.state in FINISHED and not job.stopping]
        for job in finished:
            _forget(job)
    return len(finished)


@contextlib.contextmanager
def _changing_jobs() -> Iterator[Path]:
    """The folder of the jobs, with nobody else starting, resuming or removing one."""
    root = jobs_dir()
    with explained(root):
        root.mkdir(parents=True, exist_ok=True)
    with file_lock(root / "start.lock", wait=True):
        yield root


def _stop(job_id: str, order: str) -> Job:
    """Leave an order in the folder of an active job, and tell its process to look."""
    job = find_job(job_id)
    if job.active:
        with explained(job.folder):
            (job.folder / order).touch()
        send_signal(read_status(job.folder).process, signal.SIGTERM)
    return find_job(job_id)


def _create(root: Path, asked: Mapping[str, Any]) -> Job:
    """Make the folder and the process of a new job; it is seen only when both are there."""
    now = datetime.now(UTC)
    job_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    draft = root / f".{job_id}"
    for left in root.glob(".*-*"):  # of a server that was killed right here
        shutil.rmtree(left, ignore_errors=True)
    with explained(draft):
        draft.mkdir()
    write_json(draft / "job.json", {**asked, "created": now.isoformat(), "cwd": os.getcwd()})
    launch(draft, root / job_id)
    return find_job(job_id)


def _read(folder: Path) -> Job | None:
    """The job in a folder; None where there is none (any more)."""
    try:
        told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        status, state, stopping = _look(folder, grace_s(told["kind"]))
        return Job(
            id=folder.name,
            kind=told["kind"],
            title=told["title"],
            arguments=told["arguments"],
            state=state,
            progress=status.progress,
            message=_message(status, state),
            created=datetime.fromisoformat(told["created"]),
            started=status.started,
            finished=status.finished,
            folder=folder,
            device=status.device,
            stopping=stopping,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _look(folder: Path, grace: float) -> tuple[Status, State, bool]:
    """What the process wrote last, what is true now, and whether it is still there though it was told to stop."""
    while True:
        status = read_status(folder)
        if status.state not in ACTIVE:
            return status, status.state, False
        alive = is_alive(status.process)
        # Between reading and looking, the process may have written how it ended, and gone.
        if alive or status == read_status(folder):
            break
    told = told_to_stop(folder)
    if told is None:
        return status, status.state if alive else "interrupted", False
    state, since = told
    if time.time() - since > grace:
        with contextlib.suppress(JobError):  # of another user, who can do it
            send_signal(status.process, signal.SIGKILL)
    return status, state, alive


def _message(status: Status, state: State) -> str:
    if state == "interrupted":
        return _INTERRUPTED
    return "" if state in STOPS.values() else status.message


def _equal_active(kind: Kind, arguments: Mapping[str, Any]) -> Job | None:
    same = (job for job in list_jobs() if job.active and (job.kind, job.arguments) == (kind, arguments))
    return next(same, None)


def _forget(job: Job) -> None:
    if job.active:
        raise JobError(f"'{job.title}' is {job.state}; cancel it before you remove it from the list.")
    _end(job)
    hidden = job.folder.with_name(f".{job.id}")
    with explained(job.folder):
        os.replace(job.folder, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _end(job: Job) -> None:
    """Make sure that the process of a stopped job is gone, now; all but training bears being killed at any moment."""
    if job.stopping and job.kind == "train":
        raise JobError(f"'{job.title}' is still writing its checkpoint; try again in a moment.")
    process = read_status(job.folder).process
    until = time.monotonic() + _BY_HAND_S
    while send_signal(process, signal.SIGKILL):
        if process and time.monotonic() > until:
            raise JobError(f"Process {process.pid} of '{job.title}' does not end; stop it by hand and try again.")
        time.sleep(0.01)
