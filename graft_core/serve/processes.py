"""Processes of the machine, each told apart from a later one that was given the same number."""

import functools
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from graft_core.errors import JobError


@dataclass(frozen=True)
class Process:
    """One process, told apart from a later one with the same number."""

    pid: int
    """Number of the process; its group has the same."""
    started: str
    """When it started, in words that no other process with this number has."""


def find_process(pid: int) -> Process | None:
    """The process that has a number now; None where there is none, or only its exit status is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _find_without_proc(pid)
    return None if fields[0] in "ZX" else Process(pid, f"{_boot()} {fields[19]}")


def is_alive(process: Process | None) -> bool:
    """Whether this very process is still there."""
    return process is not None and find_process(process.pid) == process


def send_signal(process: Process | None, number: signal.Signals) -> bool:
    """Signal the group of a process that is still the same one; whether it was. JobError where it is not ours."""
    if process is None or not is_alive(process):
        return False
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise JobError(f"Process {process.pid} of this job belongs to another user; ask them to stop it.") from error
    return True


@functools.cache
def _boot() -> str:
    """Which start of the machine this is: the times of processes count from it."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _find_without_proc(pid: int) -> Process | None:
    """On macOS."""
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = said.stdout.strip().partition(" ")
    return Process(pid, started.strip()) if state and not state.startswith("Z") else None
