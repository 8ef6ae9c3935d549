"""Training runs: a folder of checkpoints and metrics each, and the jobs that work on them."""

import itertools
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graft_core import settings
from graft_core.errors import JobError, TrainError
from graft_core.models.registry import list_models
from graft_core.serve.job_status import State
from graft_core.serve.jobs import Job, forget_job, list_jobs, resume_job, start_job
from graft_core.serve.lock import explained
from graft_core.train.config import config_table, train_config
from graft_core.train.metrics import Metrics, read_metrics


@dataclass(frozen=True)
class Run:
    """One training, at work or over."""

    name: str
    """Of the encoder that it makes."""
    config: Mapping[str, Any]
    """As ``train.config.config_table`` writes it."""
    state: State
    """Of its newest job; without one, ``done`` where its encoder is there and ``interrupted`` where it is not."""
    job: Job | None
    """The newest that works or worked on it; None where the command line did, or the job was forgotten."""
    begun: datetime
    """When it was asked for, or last configured."""

    @property
    def active(self) -> bool:
        """Whether a process is waiting to work on it, or does."""
        return self.job is not None and self.job.active


def folder_of(name: str) -> Path:
    """Where a run keeps its checkpoints and metrics."""
    return settings.weights_dir() / "runs" / name


def list_runs() -> list[Run]:
    """Every run, newest first: those of jobs, and those that the command line made."""
    found: dict[str, Run] = {}
    for job in list_jobs():
        if job.kind == "train":
            name = str(job.arguments["config"]["name"])
            found.setdefault(name, Run(name, job.arguments["config"], job.state, job, job.created))
    parent = folder_of("")
    trained = {model.name for model in list_models() if model.present}
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        config = _config(folder)
        if config is not None and folder.name not in found:
            state: State = "done" if folder.name in trained else "interrupted"
            begun = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            found[folder.name] = Run(folder.name, config, state, None, begun)
    return sorted(found.values(), key=lambda run: run.begun, reverse=True)


def free_name(wanted: str) -> str:
    """``wanted``, or with a number where a run or an encoder has that name."""
    taken = {run.name for run in list_runs()} | {model.name for model in list_models()}
    numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in itertools.count(1))
    return next(name for name in numbered if name not in taken)


def start_run(config: Mapping[str, Any], device: str) -> Job:
    """Start to train; JobError where a run or an encoder has the name already."""
    name = config["name"]
    if free_name(name) != name:
        raise JobError(f"There is a '{name}' already; give the new encoder another name.")
    return start_job("train", f"Train {name}", {"config": config, "device": device})


def resume_run(run: Run, device: str = "auto") -> Job:
    """Go on from the last checkpoint; a run that no job knows gets one."""
    if run.job is not None and run.job.state != "done":
        return resume_job(run.job.id)
    return start_job("train", f"Train {run.name}", {"config": run.config, "device": device, "resume": True})


def remove_run(run: Run) -> None:
    """Remove checkpoints, metrics and jobs of a run that is not active; the encoder it made stays.

    Raises:
        JobError: it is active, or still writing its checkpoint.
        ExportError: its folder cannot be removed.
    """
    for job in list_jobs():
        if job.kind == "train" and job.arguments["config"]["name"] == run.name:
            forget_job(job.id)
    folder = folder_of(run.name)
    if folder.exists():
        hidden = folder.with_name(f".{run.name}")
        with explained(folder):
            shutil.rmtree(hidden, ignore_errors=True)
            os.replace(folder, hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def metrics_of(name: str) -> Metrics:
    """Everything a run has told so far."""
    return read_metrics(folder_of(name))


def figures(name: str) -> str:
    """How well a run does, in words; empty before its first figures."""
    metrics = metrics_of(name)
    parts = []
    if metrics.steps:
        parts.append(f"loss {metrics.steps[-1].loss:.2f}")
    if metrics.validations:
        last = metrics.validations[-1]
        parts.append(f"validation {last.loss:.2f} ({last.top1:.0%} right)")
    return ", ".join(parts)


def _config(folder: Path) -> Mapping[str, Any] | None:
    """What a run was configured with; None where the folder is none of a run."""
    try:
        table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = train_config(table, where=str(folder))
    except (OSError, ValueError, TrainError):
        return None
    return config_table(config) if config.name == folder.name else None
