"""Two processes that torchrun starts learn what one would; one that dies is started again and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from graft_core.models.graft import SatelliteTower
from graft_core.models.photo_tower import photo_tower
from graft_core.train.config import TrainConfig, config_table
from graft_core.train.distributed import Ranks
from graft_core.train.metrics import read_metrics
from graft_core.train.run import run_folder, train
from graft_core.types import Level

Configured = Callable[..., TrainConfig]
PROJECT = Path(__file__).parents[2]
PATIENCE_S = 240


def toml(table: Mapping[str, Any], path: Path) -> Path:
    """JSON's values are TOML's, but for tables."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for name, part in table.items():
        if isinstance(part, dict):
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in part.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def torchrun(config: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        [*command, "-m", "graft_core", "train", str(config), "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=PROJECT,
    )


def embedded(name: str, level: Level, step: int) -> torch.Tensor:
    """What the tower of a checkpoint says of some tiles. Its weights are compared by what they do: the bias of the keys
    does nothing, has no gradient but rounding, and Adam makes whole steps of that."""
    teacher = photo_tower("demo-teacher", device="cpu")
    tower = SatelliteTower.from_photo_tower(teacher.visual, level).eval()
    stored = load_file(run_folder(name) / "checkpoints" / f"step-{step:08d}.safetensors")
    tower.load_state_dict({key[6:]: value for key, value in stored.items() if key.startswith("tower.")})
    with torch.inference_mode():
        rows: torch.Tensor = tower(torch.rand(8, 3, 128, 128, generator=torch.Generator().manual_seed(0)))
    return rows


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_row_has_one_process(count: int) -> None:
    rows = [i for rank in range(count) for i in range(11)[Ranks(rank, count).share(11)]]
    assert rows == list(range(11))


@pytest.mark.parametrize("level", ["tile", "patch"])
def test_two_processes_learn_what_one_does(configured: Configured, tmp_path: Path, level: Level) -> None:
    ten = {"steps": 10, "batch": 7, "log_every": 1}
    changes: dict[str, Any] = {"level": level, "optimizer": ten, "loss": {"both_directions": True}}
    for _ in train(configured(name="one", **changes), device="cpu"):
        pass
    running = torchrun(toml(config_table(configured(name="two", **changes)), tmp_path / "two.toml"))
    said, _ = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, said
    alone, together = (read_metrics(run_folder(name)) for name in ("one", "two"))
    assert [row.loss for row in together.steps] == pytest.approx([row.loss for row in alone.steps], abs=1e-5)
    assert together.validations[-1].loss == pytest.approx(alone.validations[-1].loss, abs=1e-5)
    one, two = embedded("one", level, 10), embedded("two", level, 10)
    assert float((one - two).abs().max()) < 1e-5
    assert float((one - embedded("one", level, 8)).abs().max()) > 1e-4
    assert said.count('"name": "two"') == said.count("step 10: validation") == 1  # one of the processes speaks


def test_a_process_that_is_killed_is_started_again_and_the_run_goes_on(configured: Configured, tmp_path: Path) -> None:
    config = configured(
        name="killed", optimizer={"steps": 40, "log_every": 1}, run={"checkpoint_every": 5, "validate_every": 20}
    )
    running = torchrun(toml(config_table(config), tmp_path / "killed.toml"), "--max-restarts", "3")
    until = time.monotonic() + PATIENCE_S
    while (told := read_metrics(run_folder("killed"))).steps[-1:] == () or told.steps[-1].step < 12:
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.1)
    workers = [p for p in psutil.Process(running.pid).children() if "graft_core" in p.cmdline()]
    second = next(p for p in workers if p.environ()["RANK"] == "1")
    os.kill(second.pid, signal.SIGKILL)
    said, _ = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, said
    told = read_metrics(run_folder("killed"))
    resumed = [row for row in told.events if row.text.startswith("Resumed at step")]
    assert 10 <= resumed[0].step < 40
    assert [row.step for row in told.steps] == list(range(1, 41))  # none is missing, none stands there twice
