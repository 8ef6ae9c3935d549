"""Training beside other jobs: who waits for whom, what a pause leaves behind, and how it goes on."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely.geometry
from four_colors import geobox
from imagery_material import area_in, drawn, planetary_sentinel2
from stac_server import StacServer

from graft_core import settings
from graft_core.errors import JobError
from graft_core.io.geotiff import write_raster
from graft_core.serve import jobs, launch
from graft_core.serve.job_status import State, read_status
from graft_core.serve.jobs import Job
from graft_core.serve.processes import is_alive
from graft_core.serve.queue import device_of
from graft_core.serve.runs import (
    figures,
    folder_of,
    list_runs,
    remove_run,
    resume_run,
    start_run,
)
from graft_core.tasks.catalog import known_scenes

PATIENCE_S = 60
OPTIMIZER = {"steps": 4, "batch": 2, "learning_rate": 1e-3, "warmup": 0}


@pytest.fixture(autouse=True)
def no_job_is_left() -> Iterator[None]:
    yield
    for child in launch._children:
        child.kill()
        child.wait()


@pytest.fixture(autouse=True)
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of what the held program is told; its training waits before the second step."""
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "hold").touch()
    (folder / "write").touch()
    monkeypatch.setenv("GRAFT_TEST", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(launch, "PROGRAM", "held_job_program")
    return folder


def config(name: str) -> dict[str, Any]:
    return {"name": name, "pairs": ["/data/pairs.parquet"], "optimizer": OPTIMIZER}


def start(name: str, device: str = "cpu") -> Job:
    return start_run(config(name), device)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, [(job.title, job.state, job.message) for job in jobs.list_jobs()]
        time.sleep(0.02)


def reaches(job: Job, *states: State) -> Job:
    until(lambda: jobs.find_job(job.id).state in states)
    return jobs.find_job(job.id)


def held(job: Job, done: int = 1) -> Job:
    """The job once it waits before its next step."""
    until(lambda: (step := jobs.find_job(job.id).progress) is not None and step.done == done)
    return jobs.find_job(job.id)


def stopped(job: Job) -> Job:
    until(lambda: not is_alive(read_status(job.folder).process))
    return jobs.find_job(job.id)


def steps_taken(orders: Path) -> list[str]:
    return (orders / "trained").read_text().splitlines()


def test_paused_training_makes_room_and_goes_on_from_its_checkpoint(orders: Path) -> None:
    first = held(start("first"))
    assert first.message == "loss 3.00, validation 2.50 (38% right)"
    assert first.device == "cpu"
    second = start("second")
    until(lambda: jobs.find_job(second.id).message == "Waiting for 'Train first'.")
    assert jobs.pause_job(first.id).state == "paused"
    held(second)
    assert stopped(first).state == "paused"
    assert jobs.pause_job(first.id).state == "paused", "it is already"
    assert jobs.clear_finished_jobs() == 0, "what is paused waits for a person"

    jobs.resume_job(first.id)
    until(lambda: jobs.find_job(first.id).message == "Waiting for 'Train second'.")
    assert jobs.cancel_job(second.id).state == "cancelled"
    (orders / "hold").unlink()
    assert reaches(first, "done").message == (
        "first is trained and can index scenes: loss 3.00, validation 2.50 (38% right)."
    )
    resume_run(next(run for run in list_runs() if run.name == "second"))
    reaches(second, "done")
    assert sorted(steps_taken(orders)) == sorted(f"{step} on cpu" for step in range(4) for _ in "ab"), "none twice"


def test_jobs_on_two_devices_run_together(orders: Path) -> None:
    on_cpu, on_gpu, after = start("one"), start("two", "cuda:0"), start("three", "cuda:0")
    held(on_cpu)
    assert held(on_gpu).device == "cuda:0"
    until(lambda: jobs.find_job(after.id).message == "Waiting for 'Train two'.")
    (orders / "hold").unlink()
    for job in (on_cpu, on_gpu, after):
        reaches(job, "done")
    assert steps_taken(orders).count("0 on cuda:0") == 2


def imagery_of(server: StacServer) -> dict[str, Any]:
    item = planetary_sentinel2(server, "2022-06-17", drawn(1900, side=512))
    asked = {"catalog": "planetary-computer", "collection": "sentinel2", "ids": [item["id"]], "how": "window"}
    return {**asked, "area": shapely.geometry.mapping(area_in(item, 0.9)), "index": True}


def test_imagery_is_fetched_at_once_and_embedded_in_its_turn(orders: Path, catalogs: StacServer) -> None:
    first = held(start("first"))
    second = start("second")
    until(lambda: jobs.find_job(second.id).message == "Waiting for 'Train first'.")
    imagery = jobs.start_job("imagery", "Get fields", imagery_of(catalogs))
    until(lambda: jobs.find_job(imagery.id).message == "Waiting for 'Train first'.")
    assert jobs.find_job(imagery.id).state == "waiting"
    assert len(known_scenes(settings.indexes_dir())) == 1, "what is fetched need not wait"
    (orders / "hold").unlink()
    for job in (first, second):
        reaches(job, "done")
    assert "is indexed with" in reaches(imagery, "done").message


def test_nobody_waits_for_imagery_that_is_being_fetched(orders: Path, catalogs: StacServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = imagery_of(catalogs) | {"catalog": f"http://127.0.0.1:{silent.getsockname()[1]}", "collection": "a"}
        imagery = jobs.start_job("imagery", "Get fields", given)
        reaches(imagery, "running")
        held(start("first"))
        assert jobs.find_job(imagery.id).state == "running"
        jobs.cancel_job(imagery.id)
        stopped(imagery)


def test_killed_training_goes_on_when_resumed(orders: Path) -> None:
    job = held(start("sturdy"))
    process = read_status(job.folder).process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert reaches(job, "interrupted").stopping is False
    (run,) = list_runs()
    assert (run.name, run.state, run.active) == ("sturdy", "interrupted", False)
    (orders / "hold").unlink()
    assert resume_run(run).id == job.id
    reaches(job, "done")


def test_checkpoint_is_waited_for_before_anything_else_is_done(orders: Path) -> None:
    (orders / "write").unlink()
    job = held(start("slow"))
    assert jobs.cancel_job(job.id).stopping
    for verb in (jobs.resume_job, jobs.forget_job):
        with pytest.raises(JobError, match="still writing its checkpoint"):
            verb(job.id)
    assert jobs.clear_finished_jobs() == 0
    (orders / "write").touch()
    assert stopped(job).state == "cancelled"
    assert (folder_of("slow") / "checkpoint").read_text() == "1"


def test_training_that_does_not_stop_is_killed_after_its_own_grace(
    orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (orders / "write").unlink()
    job = held(start("deaf"))
    jobs.pause_job(job.id)
    monkeypatch.setattr(jobs, "GRACE_S", 0.0)
    time.sleep(0.1)
    assert jobs.find_job(job.id).stopping, "the grace of other jobs is not its own"
    monkeypatch.setattr(jobs, "TRAIN_GRACE_S", 0.0)
    until(lambda: not jobs.find_job(job.id).stopping)
    assert jobs.find_job(job.id).state == "paused"


def test_only_training_is_paused(tmp_path: Path) -> None:
    job = jobs.start_job("pairs", "Make pairs", {"out": str(tmp_path / "pairs.parquet"), "photos": [], "scenes": []})
    with pytest.raises(JobError, match="'Make pairs' cannot be paused; cancel it"):
        jobs.pause_job(job.id)


def test_photos_that_lie_nowhere_are_no_failure(tmp_path: Path) -> None:
    scene, photos, out = tmp_path / "town.tif", tmp_path / "photos.csv", tmp_path / "made" / "far.parquet"
    pixels = np.random.default_rng(7).integers(1, 255, (3, 160, 160), np.uint8)
    write_raster(scene, pixels, geobox(160, 160), descriptions=("red", "green", "blue"), photometric="rgb")
    photos.write_text("path,lon,lat\na.jpg,120,50\nb.jpg,121,50\n")
    asked = {"photos": [str(photos)], "scenes": [str(scene)], "options": {"sensor": "naip"}, "out": str(out)}
    job = reaches(jobs.start_job("pairs", "Make pairs far", asked), "done", "failed")
    assert job.state == "done", job.message
    assert job.message.startswith("None of the 2 photos")
    assert not out.exists()
    assert json.loads(out.with_suffix(".report.json").read_text())["asked"] == 2


def test_name_is_given_once() -> None:
    start("taken")
    for name in ("taken", "demo-teacher"):
        with pytest.raises(JobError, match=f"There is a '{name}' already"):
            start(name)


def test_run_outlives_its_job_and_is_removed_when_asked(orders: Path) -> None:
    (orders / "hold").unlink()
    job = reaches(start("kept"), "done")
    jobs.forget_job(job.id)
    weights = settings.weights_dir() / "kept.safetensors"
    weights.touch()
    (run,) = list_runs()
    assert (run.name, run.job, run.config["optimizer"]["batch"]) == ("kept", None, 2)
    assert figures("kept").startswith("loss 3.00")

    again = reaches(resume_run(run), "done")
    assert steps_taken(orders).count("0 on cpu") == 2, "there was no checkpoint"
    remove_run(list_runs()[0])
    assert list_runs() == []
    assert not again.folder.exists()
    assert weights.exists(), "the encoder it made stays"


def test_active_run_is_not_removed(orders: Path) -> None:
    held(start("busy"))
    with pytest.raises(JobError, match="cancel it before"):
        remove_run(list_runs()[0])
    assert folder_of("busy").is_dir()


def test_what_is_no_run_is_not_listed() -> None:
    for name, text in (("other", "{"), ("moved", json.dumps(config("elsewhere"))), ("list", "[]")):
        folder_of(name).mkdir(parents=True)
        (folder_of(name) / "config.json").write_text(text)
    folder_of("empty").mkdir()
    assert list_runs() == []
    assert figures("empty") == ""


def test_device_has_one_spelling() -> None:
    assert device_of("cpu") == "cpu"
    assert device_of(None) == device_of("auto")
