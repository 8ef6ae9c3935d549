"""Runs an experiment: every row with every seed, written down as soon as it is measured."""

import functools
import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import torch

from graft_core.errors import ExportError, TrainError
from graft_core.evaluate.experiment_sets import ToDraw, draw_to, draws_of
from graft_core.evaluate.experiment_trial import Trial, run_trial
from graft_core.evaluate.experiments import EXPERIMENTS, SCALES, Experiment, Scale
from graft_core.io.atomic import write_json
from graft_core.models.catalogue import DEMO_TEACHER
from graft_core.models.device import hardware_name, pick_device
from graft_core.models.registry import load_encoder
from graft_core.types import Progress

Choice = TypeVar("Choice")
Job = TypeVar("Job")
Made = TypeVar("Made")


def find_experiment(name: str) -> Experiment:
    """The experiment of that name; TrainError where there is none."""
    return _find("experiment", EXPERIMENTS, name)


def find_scale(name: str) -> Scale:
    """The scale of that name; TrainError where there is none."""
    return _find("scale", SCALES, name)


def results_path(out: Path, experiment: Experiment, scale: Scale) -> Path:
    """Where results are written; those of a trial at small scale never take the place of the real ones."""
    return out / f"{experiment.name}{'' if scale.name == 'full' else f'-{scale.name}'}.json"


def run_experiment(
    experiment: Experiment,
    scale: Scale,
    seeds: int,
    out: Path,
    cache: Path,
    *,
    device: str = "auto",
    workers: int = 2,
) -> Generator[Progress, None, Path]:
    """Run what is missing of an experiment.

    Args:
        experiment: rows to compare.
        scale: how much is drawn and trained.
        seeds: how many; they are 0 .. seeds - 1.
        out: folder of the results; rows that are there already and were made in the same way are kept.
        cache: folder of what is drawn, one folder a teacher; kept for the next run.
        device: where towers are trained.
        workers: processes that draw, then train; each uses one thread if there are several.

    Yields:
        Progress in worlds drawn, then in encoders trained.

    Returns:
        The file of results.

    Raises:
        TrainError: training fails.
        ExportError: a folder cannot be made or written.
    """
    origin = _origin(scale, device)
    cache = cache / origin["teacher"]
    for folder in (out, cache):
        _make(folder)
    target = results_path(out, experiment, scale)
    outcomes = _kept(target, origin, experiment)
    known = {(each["row"], each["seed"]) for each in outcomes}
    trials = [
        Trial(experiment, row, scale, seed)
        for seed in range(seeds)
        for row in experiment.rows
        if (row.label, seed) not in known
    ]
    wanted = draws_of(experiment, scale, [(trial.row.setting, trial.seed) for trial in trials])
    missing = [each for each in wanted if not (cache / each.file).exists()]
    started = time.monotonic()
    for count, _ in enumerate(_in_processes(functools.partial(_draw, cache, device), missing, workers), start=1):
        yield Progress(count, len(missing), "worlds", time.monotonic() - started)
    started = time.monotonic()
    for outcome in _in_processes(functools.partial(run_trial, cache, device), trials, workers):
        outcomes.append(asdict(outcome) | {"setting": _settings(experiment)[outcome.row]})
        write_json(target, origin | {"experiment": experiment.name, "runs": _ordered(outcomes, experiment)})
        yield Progress(len(outcomes), len(known) + len(trials), "encoders", time.monotonic() - started, len(known))
    return target


def read_runs(path: Path) -> dict[str, Any]:
    """What `run_experiment` wrote; TrainError where that is something else."""
    try:
        results: dict[str, Any] = json.loads(path.read_bytes())
        if results["runs"] and not {"row", "seed", "figures", "setting"} <= results["runs"][0].keys():
            raise ValueError("its runs lack what was measured")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainError(f"{path} holds no results of an experiment ({error}): move it away and run again.") from error
    return results


def _find(kind: str, known: Mapping[str, Choice], name: str) -> Choice:
    if name not in known:
        raise TrainError(f"There is no {kind} {name!r}; choose from {', '.join(known)}.")
    return known[name]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Cannot make the folder {folder}: {error.strerror}; choose another one.") from error


def _origin(scale: Scale, device: str) -> dict[str, Any]:
    """What decides the figures beside rows and seeds, and where they were made."""
    return {
        "scale": asdict(scale),
        "teacher": load_encoder(DEMO_TEACHER).spec.key,
        "hardware": hardware_name(pick_device(device)),
        "torch": torch.__version__,
    }


def _kept(target: Path, origin: Mapping[str, Any], experiment: Experiment) -> list[dict[str, Any]]:
    """Rows of an earlier run that would come out the same."""
    if not target.exists():
        return []
    results, settings = read_runs(target), _settings(experiment)
    if any(results.get(name) != origin[name] for name in ("scale", "teacher")):
        return []
    return [run for run in results["runs"] if settings.get(run["row"]) == run["setting"]]


def _settings(experiment: Experiment) -> dict[str, Any]:
    """Label -> setting, as JSON gives it back."""
    return {row.label: json.loads(json.dumps(asdict(row.setting))) for row in experiment.rows}


def _ordered(outcomes: Sequence[dict[str, Any]], experiment: Experiment) -> list[dict[str, Any]]:
    labels = [row.label for row in experiment.rows]
    return sorted(outcomes, key=lambda outcome: (labels.index(outcome["row"]), outcome["seed"]))


def _draw(cache: Path, device: str, wanted: ToDraw) -> None:
    draw_to(cache, wanted, load_encoder(DEMO_TEACHER, device=device))


def _in_processes(work: Callable[[Job], Made], jobs: Sequence[Job], workers: int) -> Iterator[Made]:
    """Results of the jobs as they come; in this process where there is one worker."""
    if workers <= 1 or not jobs:
        yield from map(work, jobs)
        return
    with get_context("spawn").Pool(min(workers, len(jobs)), _one_thread) as pool:
        yield from pool.imap_unordered(work, jobs)


def _one_thread() -> None:
    torch.set_num_threads(1)
