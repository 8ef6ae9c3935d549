"""What the process of a job runs: ``python -m graft_core.serve.job_program FOLDER``, started by launch.py."""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from graft_core.errors import GraftError
from graft_core.serve import jobs
from graft_core.serve.job_report import Report, note
from graft_core.serve.job_work import WORK
from graft_core.serve.launch import GO

NICER = 3
"""How much the process steps back behind the server that draws the pages."""


def main(folder: Path) -> int:
    """Run the job of a folder: 0 it ended well or was told to stop, 1 it failed."""
    stops_within(jobs.GRACE_S)
    os.nice(NICER)
    try:
        if sys.stdin.buffer.read() != GO:
            return 1  # whoever started this was killed before the job was complete
        with Report(folder) as report:
            job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            note(f"{job['title']}, process {os.getpid()}")
            stops_within(jobs.grace_s(job["kind"]))
            WORK[job["kind"]](job["arguments"], report)
    except KeyboardInterrupt:
        return 0  # before there was anything to report
    except GraftError as error:
        note(str(error))
        return 1
    return 1 if report.failed else 0


def stops_within(seconds: float) -> None:
    """SIGTERM stops the work as Ctrl-C would; what hangs all the same is killed by the system's alarm clock."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
