"""What a job's process tells on disk about its work."""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from graft_core.errors import ExportError, GraftError
from graft_core.serve.job_status import State, Status, told_to_stop, write_status
from graft_core.serve.processes import find_process
from graft_core.types import Progress

TELL_EVERY_S = 0.25
"""Seconds between two lines on disk about the progress."""
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
        """Write the last state, and before it into the log where an error came from that nobody expected."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the end is decided
        told = told_to_stop(self.folder)
        state, message = _ending(error, told[0] if told else None)
        self._status = replace(self._status, state=state, finished=datetime.now(UTC))
        if message is not None:
            self._status = replace(self._status, message=message)
        note(": ".join(filter(None, (state, self._status.message))))
        if error is not None and not isinstance(error, GraftError | KeyboardInterrupt):
            note("".join(traceback.format_exception(error)))
        try:
            self._tell()
        except ExportError as failure:  # the disk is full or the folder was removed: the log is all there is
            note(str(failure))
        return error is None or isinstance(error, Exception | KeyboardInterrupt)

    @property
    def failed(self) -> bool:
        """Whether the job ended with an error."""
        return self._status.state == "failed"

    def computes_on(self, device: str) -> None:
        """The device it waits for and works on."""
        self._status = replace(self._status, device=device)
        self._tell()

    def waits(self, message: str) -> None:
        """It is not its turn yet."""
        if (self._status.state, self._status.message) != ("waiting", message):
            self._status = replace(self._status, state="waiting", message=message)
            self._tell()

    def says(self, message: str) -> None:
        """What it loads."""
        if message != self._status.message:
            self._status = replace(self._status, message=message)
            self._tell()

    def runs(self, message: str) -> None:
        """The work has begun."""
        self._status = replace(self._status, state="running", message=message, started=datetime.now(UTC))
        self._tell()

    def follow(self, work: Iterator[Progress], says: Callable[[Progress], str] = lambda step: "") -> None:
        """Run the work to its end; left early, it is stopped, not forgotten.

        Args:
            work: what yields its progress.
            says: the message beside a step.
        """
        self._told = 0.0  # the first step says how much there is to do
        with contextlib.ExitStack() as stack:
            if isinstance(work, Generator):
                stack.callback(work.close)
            for step in work:
                self._status = replace(self._status, progress=step)
                if time.monotonic() - self._told >= TELL_EVERY_S:
                    # The first step only counts what an earlier run did: whatever is being loaded is not there yet.
                    if step.done != step.resumed:
                        self._status = replace(self._status, message=says(step))
                    self._tell()

    def made(self, message: str) -> None:
        """What there is now that was not there before."""
        self._status = replace(self._status, message=message)

    def _tell(self) -> None:
        write_status(self.folder, self._status)
        self._told = time.monotonic()


def note(line: str) -> None:
    """A line in the log."""
    with contextlib.suppress(OSError):  # a full disk must not hide how the job ended
        sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")
        sys.stderr.flush()


def _ending(error: BaseException | None, told: State | None) -> tuple[State, str | None]:
    """The last state, and what to say of it; None leaves what was said."""
    if error is None:
        return "done", None
    # A library may make an error of its own out of the interruption.
    if told or isinstance(error, KeyboardInterrupt):
        return told or "cancelled", ""
    if isinstance(error, GraftError):
        return "failed", str(error)
    text = str(error).strip().partition("\n")[0][:LONGEST]
    return "failed", f"Something went wrong: {type(error).__name__}: {text}; see log.txt"
