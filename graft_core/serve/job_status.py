"""How far a job is, on disk: ``progress.json`` in its folder, always whole, and what it was told besides."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from graft_core.io.atomic import write_json
from graft_core.serve.processes import Process
from graft_core.types import Progress

State = Literal["waiting", "running", "done", "failed", "cancelled", "paused", "interrupted"]

STOPS: Mapping[str, State] = {"cancel": "cancelled", "pause": "paused"}
"""Files in the folder of a job that tell it to stop, and what it is from then on."""


@dataclass(frozen=True)
class Status:
    """What ``progress.json`` holds. Written by whoever starts the process, then by the process alone."""

    state: State
    """Never ``interrupted``: who was killed cannot write that down."""
    progress: Progress | None
    """How far the work is; None before its first step."""
    message: str
    """What is being waited for or loaded; why it failed; what was made."""
    started: datetime | None
    """When the work began, waiting left out."""
    finished: datetime | None
    """When the job ended."""
    process: Process | None
    """Who does the work; None where it could not be started."""
    device: str | None = None
    """What it computes on; None where it does not compute, or has not looked yet."""


def read_status(folder: Path) -> Status:
    """What ``progress.json`` says; OSError, ValueError, KeyError or TypeError where it cannot be read."""
    told = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    step = {name: told[name] for name in ("done", "total", "unit", "elapsed_s", "resumed")}
    return Status(
        state=told["state"],
        progress=None if step["unit"] is None else Progress(**step),
        message=told["message"],
        started=_time(told["started"]),
        finished=_time(told["finished"]),
        process=None if told["pid"] is None else Process(told["pid"], told["process_started"]),
        device=told.get("device"),
    )


def write_status(folder: Path, status: Status) -> None:
    """Write ``progress.json`` whole; ExportError where the folder is gone or takes no more."""
    step, process = status.progress, status.process
    no_step = dict.fromkeys(("done", "total", "unit", "elapsed_s", "resumed"))
    write_json(
        folder / "progress.json",
        {
            "state": status.state,
            **(asdict(step) if step else no_step),
            "rate": step.rate if step else None,
            "seconds_left": step.seconds_left if step else None,
            "message": status.message,
            "started": status.started.isoformat() if status.started else None,
            "finished": status.finished.isoformat() if status.finished else None,
            "pid": process.pid if process else None,
            "process_started": process.started if process else None,
            "device": status.device,
        },
    )


def told_to_stop(folder: Path) -> tuple[State, float] | None:
    """What the job was told to be, and when, in seconds since 1970; None where nobody told it to stop."""
    for name, state in STOPS.items():
        try:
            return state, (folder / name).stat().st_mtime
        except FileNotFoundError:
            continue
    return None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
