"""Jobs that compute take turns, one a device; what is only fetched never waits."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from graft_core.errors import JobError
from graft_core.serve.job_report import Report
from graft_core.serve.jobs import Job, list_jobs
from graft_core.serve.lock import file_lock

LOOK_EVERY_S = 0.5
"""Seconds between two looks at whether it is a waiting job's turn."""
GPU_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""One of these is there where torch may find a GPU: loading it only to be told that there is none takes seconds."""


def may_have_gpu() -> bool:
    """Whether it is worth asking torch for a GPU."""
    return any(Path(each).exists() for each in GPU_FILES)


def device_of(wanted: str | None) -> str:
    """The device that ``wanted`` means on this machine, in one spelling: ``cpu`` or ``cuda:0``.

    Raises:
        ModelError: this machine has no such device.
    """
    if wanted == "cpu" or (wanted in (None, "auto") and not may_have_gpu()):
        return "cpu"
    from graft_core.models.device import pick_device

    device = pick_device(wanted or "auto")
    return f"cuda:{device.index or 0}" if device.type == "cuda" else str(device)


@contextlib.contextmanager
def turn(report: Report, wanted: str | None) -> Iterator[str]:
    """Held by the one job that computes on a device, whose name it yields; the others wait, the oldest next.

    A job that has done something else before says again that it runs (``Report.runs``) once it is its turn.
    """
    device = device_of(wanted)
    report.computes_on(device)
    lock = report.folder.parent / f"device-{device.replace(':', '-')}.lock"
    while True:
        before = _before(report.folder, device)
        if before is None:
            with file_lock(lock, wait=False) as mine:
                if mine:
                    yield device
                    return
        report.waits(f"Waiting for '{before.title}'." if before else "Waiting for another job to stop.")
        time.sleep(LOOK_EVERY_S)


def _before(folder: Path, device: str) -> Job | None:
    """The job on this device whose end this one has to wait for first: the running one, else the oldest before it."""
    queue = [job for job in reversed(list_jobs()) if job.active and job.kind != "fetch" and _may_need(job, device)]
    names = [job.id for job in queue]
    if folder.name not in names:
        if not folder.is_dir():
            raise JobError(f"The folder {folder} of this job was removed; start the job again.")
        return None
    running = [job for job in queue if job.state == "running" and job.id != folder.name]
    return next(iter(running + queue[: names.index(folder.name)]), None)


def _may_need(job: Job, device: str) -> bool:
    """Whether a job computes on a device, or has yet to look: one that runs without any only fetches as yet."""
    return job.device == device or (job.device is None and job.state == "waiting")
