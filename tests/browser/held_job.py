"""A job that stands still while a test looks at it: on some machine it would be over before a page has drawn it."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from local_server import PATIENCE_S

from graft_core.serve.job_status import Status, read_status
from graft_core.serve.processes import is_alive, send_signal


@contextlib.contextmanager
def held(tiles: Path, *, unit: str | None = None, beyond: int = -1) -> Iterator[None]:
    """Stop the process of the newest job once it is far enough, and let it go on at the end.

    Args:
        tiles: folder of the scenes, which has the jobs in it.
        unit: what it counts by then; anything unless given.
        beyond: how many of these are not enough; unless given, to have begun is.
    """
    until = time.monotonic() + PATIENCE_S
    while (status := newest(tiles)) is None or not _is_there(status, unit, beyond):
        assert time.monotonic() < until, f"no job gets beyond {beyond} {unit or ''}"
        time.sleep(0.01)
    assert send_signal(status.process, signal.SIGSTOP), "the job was over before it could be held"
    try:
        yield
    finally:
        send_signal(status.process, signal.SIGCONT)


def newest(tiles: Path) -> Status | None:
    """How the job stands that was heard of last."""
    told = sorted((tiles / "jobs").glob("[!.]*/progress.json"), key=lambda path: path.stat().st_mtime)
    return read_status(told[-1].parent) if told else None


def _is_there(status: Status, unit: str | None, beyond: int) -> bool:
    step = status.progress
    return step is not None and unit in (None, step.unit) and step.done > beyond and is_alive(status.process)
