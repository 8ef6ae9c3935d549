"""Long jobs as processes of their own, with everything about them on disk.

A job is a folder ``tiles/jobs/ID``: ``job.json`` (what was asked, written once), ``progress.json`` (how far it is,
always whole), ``log.txt`` (what the program said) and, once somebody wants it to stop, ``cancel``. Whoever looks reads
these files, so a rerun, another tab and a restarted server see the same jobs. The program is job_program.py.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from graft_core import settings
from graft_core.errors import JobError
from graft_core.io.atomic import write_error, write_json
from graft_core.serve.job_status import State, Status, read_status, write_status
from graft_core.serve.processes import find_process, is_alive, send_signal
from graft_core.types import Progress

Kind = Literal["index", "fetch", "demo"]

ACTIVE = ("waiting", "running")
"""States of a job that has a process."""
PROGRAM = "graft_core.serve.job_program"
"""Module that the process runs."""
GRACE_S = 10.0
"""Seconds that a cancelled process has to stop by itself."""
GO = b"go"
"""What the process reads on stdin once its folder is complete; without it, it stops."""

_NEEDED = {"index": "scene", "fetch": "name", "demo": "seed"}
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_INTERRUPTED = "The job's process ended before its work did; resume the job to go on where it stopped."
_BY_HAND_S = 5.0

_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


@dataclass(frozen=True)
class Job:
    """A job as it is on disk now."""

    id: str
    """Name of its folder."""
    kind: Kind
    """``index``: embed a scene. ``fetch``: get a model's files. ``demo``: draw the demo world and embed its scenes."""
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

    @property
    def active(self) -> bool:
        """Whether it is waiting or running: what a page polls for, and what can be cancelled."""
        return self.state in ACTIVE


def jobs_dir() -> Path:
    """Folder of the jobs."""
    return settings.tiles_dir() / "jobs"


def start_job(kind: Kind, title: str, arguments: Mapping[str, Any]) -> Job:
    """Start a job in a process of its own; where an equal one is active already, that one is returned.

    Args:
        kind: what to do.
        title: what to call it in front of people.
        arguments: ``index``: scene, and where stated encoder, stride, sensor, gsd and bands. ``fetch``: name.
            ``demo``: seed, and where stated size.

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

    A process that was told to stop and did not within ``GRACE_S`` is killed by whoever looks next.
    """
    _reap()
    try:
        names = os.listdir(jobs_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [_read(jobs_dir() / name) for name in names if _ID.fullmatch(name)]
    return sorted((job for job in found if job), key=lambda job: (job.created, job.id), reverse=True)


def find_job(job_id: str) -> Job:
    """The job of an id; JobError where there is none."""
    _reap()
    job = _read(jobs_dir() / job_id) if _ID.fullmatch(job_id) else None
    if job is None:
        raise JobError(f"There is no job '{job_id}'; it may have been removed from the list, start it again.")
    return job


def cancel_job(job_id: str) -> Job:
    """Tell an active job to stop, and return at once; any other job is left as it is. What it finished is kept."""
    job = find_job(job_id)
    if job.active:
        with _explained(job.folder):
            (job.folder / "cancel").touch()
        send_signal(read_status(job.folder).process, signal.SIGTERM)
    return find_job(job_id)


def resume_job(job_id: str) -> Job:
    """Run a cancelled, failed or interrupted job again in its folder; the work goes on where it stopped.

    An active job is returned as it is, and where an equal one is active, that one.

    Raises:
        JobError: there is no such job, it is done already, or no process can be started.
    """
    with _changing_jobs():
        job = find_job(job_id)
        if job.state == "done":
            raise JobError(f"'{job.title}' is done already; there is nothing to resume.")
        active = job if job.active else _equal_active(job.kind, job.arguments)
        if active:
            return active
        _end(job)
        with _explained(job.folder):
            (job.folder / "cancel").unlink(missing_ok=True)
        _launch(job.folder, job.folder)
    return find_job(job_id)


def forget_job(job_id: str) -> None:
    """Remove a job that is not active from the list, with its log; what it made stays. JobError for an active one."""
    with _changing_jobs():
        _forget(find_job(job_id))


def clear_finished_jobs() -> int:
    """Remove the jobs that are done, failed or cancelled; how many. An interrupted one stays, it waits for a person."""
    with _changing_jobs():
        finished = [job for job in list_jobs() if job.state in ("done", "failed", "cancelled")]
        for job in finished:
            _forget(job)
    return len(finished)


@contextlib.contextmanager
def file_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock that goes with the process; yields False where another holds it and ``wait`` is not wanted."""
    if sys.platform == "win32":
        raise JobError("Jobs cannot be started on Windows; use Linux, macOS or WSL, or the command line.")
    import fcntl

    with _explained(path):
        file: IO[str] = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextlib.contextmanager
def _changing_jobs() -> Iterator[Path]:
    """The folder of the jobs, with nobody else starting, resuming or removing one."""
    root = jobs_dir()
    with _explained(root):
        root.mkdir(parents=True, exist_ok=True)
    with file_lock(root / "start.lock", wait=True):
        yield root


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def _create(root: Path, asked: Mapping[str, Any]) -> Job:
    """Make the folder and the process of a new job; it is seen only when both are there."""
    now = datetime.now(UTC)
    job_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    draft = root / f".{job_id}"
    for left in root.glob(".*-*"):  # of a server that was killed right here
        shutil.rmtree(left, ignore_errors=True)
    with _explained(draft):
        draft.mkdir()
    write_json(draft / "job.json", {**asked, "created": now.isoformat(), "cwd": os.getcwd()})
    _launch(draft, root / job_id)
    return find_job(job_id)


def _launch(folder: Path, name: Path) -> None:
    """Start the process of the job in ``folder``, which becomes ``name`` once it says who does the work."""
    told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    root = os.pathsep.join([str(settings.PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    places = {"GRAFT_TILES": settings.tiles_dir(), "GRAFT_WEIGHTS": settings.weights_dir()}
    with _explained(folder), (folder / "log.txt").open("ab") as log:
        try:
            process = subprocess.Popen(
                # -P: no file in the folder the server was started from can take the place of a module.
                [sys.executable, "-P", "-m", PROGRAM, str(name.absolute())],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=told["cwd"] if Path(told["cwd"]).is_dir() else None,
                env={**os.environ, **{name: str(path.absolute()) for name, path in places.items()}, "PYTHONPATH": root},
            )
        except OSError as error:
            raise JobError(f"No process can be started for '{told['title']}': {error}; try again later.") from error
    with _children_lock:
        _children.append(process)
    assert process.stdin is not None
    with process.stdin as gate:
        write_status(folder, Status("waiting", None, "", None, None, find_process(process.pid)))
        with _explained(folder):
            os.replace(folder, name)
        with contextlib.suppress(BrokenPipeError):
            gate.write(GO)


def _read(folder: Path) -> Job | None:
    """The job in a folder; None where there is none (any more)."""
    try:
        told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        status, state = _look(folder)
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
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _look(folder: Path) -> tuple[Status, State]:
    """What the process wrote last, and what is true now."""
    while True:
        status = read_status(folder)
        if status.state not in ACTIVE:
            return status, status.state
        alive = is_alive(status.process)
        # Between reading and looking, the process may have written how it ended, and gone.
        if alive or status == read_status(folder):
            break
    asked = _cancel_asked(folder)
    if asked is None:
        return status, status.state if alive else "interrupted"
    if time.time() - asked > GRACE_S:
        with contextlib.suppress(JobError):  # of another user, who can do it
            send_signal(status.process, signal.SIGKILL)
    return status, "cancelled"


def _message(status: Status, state: State) -> str:
    if state == "interrupted":
        return _INTERRUPTED
    return "" if state == "cancelled" else status.message


def _cancel_asked(folder: Path) -> float | None:
    """When the job was told to stop, seconds since 1970; None where it was not."""
    try:
        return (folder / "cancel").stat().st_mtime
    except FileNotFoundError:
        return None


def _equal_active(kind: Kind, arguments: Mapping[str, Any]) -> Job | None:
    same = (job for job in list_jobs() if job.active and (job.kind, job.arguments) == (kind, arguments))
    return next(same, None)


def _forget(job: Job) -> None:
    if job.active:
        raise JobError(f"'{job.title}' is {job.state}; cancel it before you remove it from the list.")
    _end(job)
    hidden = job.folder.with_name(f".{job.id}")
    with _explained(job.folder):
        os.replace(job.folder, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _end(job: Job) -> None:
    """Make sure that a cancelled job's process is gone, now; the index and a download bear being killed."""
    process = read_status(job.folder).process
    until = time.monotonic() + _BY_HAND_S
    while send_signal(process, signal.SIGKILL):
        if process and time.monotonic() > until:
            raise JobError(f"Process {process.pid} of '{job.title}' does not end; stop it by hand and try again.")
        time.sleep(0.01)


def _reap() -> None:
    """Take the exit status of processes that ended, else each stays in the system's table as long as the server."""
    with _children_lock:
        _children[:] = [process for process in _children if process.poll() is None]
