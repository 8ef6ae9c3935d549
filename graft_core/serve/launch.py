"""Starts the process of a job, and takes its exit status when it ends."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from graft_core import settings
from graft_core.errors import JobError
from graft_core.serve.job_status import Status, write_status
from graft_core.serve.lock import explained
from graft_core.serve.processes import find_process

PROGRAM = "graft_core.serve.job_program"
"""Module that the process runs."""
GO = b"go"
"""What the process reads on stdin once its folder is complete; without it, it stops."""

_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


def launch(folder: Path, name: Path) -> None:
    """Start the process of the job in ``folder``, which becomes ``name`` once it says who does the work.

    Raises:
        JobError: no process can be started.
        ExportError: the folder cannot be written.
    """
    told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    root = os.pathsep.join([str(settings.PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    places = {"GRAFT_TILES": settings.tiles_dir(), "GRAFT_WEIGHTS": settings.weights_dir()}
    with explained(folder), (folder / "log.txt").open("ab") as log:
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
        with explained(folder):
            os.replace(folder, name)
        with contextlib.suppress(BrokenPipeError):
            gate.write(GO)


def reap() -> None:
    """Take the exit status of processes that ended, else each stays in the system's table as long as the server."""
    with _children_lock:
        _children[:] = [process for process in _children if process.poll() is None]
