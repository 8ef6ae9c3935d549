"""Jobs as real processes: they outlive whoever started them, and whatever happens to them can be read from disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from four_colors import geobox

from graft_core import settings
from graft_core.errors import JobError
from graft_core.index.store import list_indexes
from graft_core.io.geotiff import write_raster
from graft_core.serve import jobs, launch
from graft_core.serve.job_status import State, Status, read_status, write_status
from graft_core.serve.jobs import Job
from graft_core.serve.processes import Process, find_process

ROOT = Path(__file__).resolve().parents[2]
BATCH = 32
"""Tiles encoded and stored together."""
TILES = 81
"""Tiles of the scene at the stride of the job."""
PATIENCE_S = 60

WriteScene = Callable[[str], Path]


@pytest.fixture(autouse=True)
def no_job_is_left() -> Iterator[None]:
    yield
    for child in launch._children:
        child.kill()
        child.wait()


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of what the held program is told; jobs run that program from here on."""
    folder = tmp_path / "orders"
    folder.mkdir()
    monkeypatch.setenv("GRAFT_TEST", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(launch, "PROGRAM", "held_job_program")
    return folder


@pytest.fixture
def write_scene(tmp_path: Path) -> WriteScene:
    """Write a small aerial scene."""

    def write(name: str) -> Path:
        pixels = np.random.default_rng(7).integers(1, 255, (3, 160, 160), np.uint8)
        path = tmp_path / f"{name}.tif"
        write_raster(path, pixels, geobox(160, 160), descriptions=("red", "green", "blue"), photometric="rgb")
        return path

    return write


def start(scene: Path) -> Job:
    asked = {"scene": str(scene), "encoder": "graft-demo-naip", "stride": 32, "gsd": None}
    return jobs.start_job("index", f"Index {scene.stem}", asked)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, [(job.state, job.message) for job in jobs.list_jobs()]
        time.sleep(0.02)


def wait_for(job: Job, *states: State) -> Job:
    until(lambda: jobs.find_job(job.id).state in states)
    return jobs.find_job(job.id)


def ended(job: Job) -> Job:
    return wait_for(job, "done", "failed", "cancelled", "interrupted")


def held(job: Job, done: int = BATCH) -> Job:
    """The job once it waits before its second batch."""

    def there() -> bool:
        step = jobs.find_job(job.id).progress
        return step is not None and step.done == done

    until(there)
    return jobs.find_job(job.id)


def process_of(job: Job) -> Process:
    process = read_status(job.folder).process
    assert process is not None
    return process


def gone(job: Job) -> bool:
    return find_process(process_of(job).pid) != process_of(job)


def tiles_indexed() -> dict[str, int]:
    return {record.source: record.tiles for index in list_indexes(settings.indexes_dir()) for record in index.scenes}


def put_on_disk(state: State = "done", *, process: Process | None = None) -> Job:
    """A job that no process belongs to, unless one is given."""
    now = datetime.now(UTC)
    folder = jobs.jobs_dir() / f"{now:%Y%m%d-%H%M%S}-{len(jobs.list_jobs()):08x}"
    folder.mkdir(parents=True)
    told = {"kind": "index", "title": "Index town", "arguments": {"scene": "town"}, "created": now.isoformat()}
    (folder / "job.json").write_text(json.dumps({**told, "cwd": "/"}))
    write_status(folder, Status(state, None, "", now, None, process))
    return jobs.find_job(folder.name)


def test_real_encoder_indexes_a_scene(write_scene: WriteScene) -> None:
    scene = write_scene("town")
    job = jobs.start_job("index", "Index town", {"scene": str(scene)})
    assert (job.state, job.active, job.progress, job.finished) == ("waiting", True, None, None)
    until(lambda: jobs.find_job(job.id).message == "Loading torch and the encoder.")
    assert os.getpriority(os.PRIO_PROCESS, process_of(job).pid) > os.getpriority(os.PRIO_PROCESS, 0)
    job = ended(job)
    (tiles,) = tiles_indexed().values()
    assert (job.state, job.message) == ("done", f"{scene_name()} is indexed with graft-demo-naip: {tiles} tiles.")
    assert job.progress is not None
    assert job.progress.done == job.progress.total == tiles
    assert job.started is not None
    assert job.finished is not None
    assert job.created < job.started < job.finished


def scene_name() -> str:
    (name,) = (record.name for index in list_indexes(settings.indexes_dir()) for record in index.scenes)
    return name


def test_progress_is_seen_by_all_and_equal_jobs_are_one(orders: Path, write_scene: WriteScene) -> None:
    (orders / "hold").touch()
    scene = write_scene("town")
    job = start(scene)
    running = held(job)
    assert running.state == "running"
    assert running.progress is not None
    assert (running.progress.total, running.progress.unit, running.message) == (TILES, "tiles", "")
    assert running.progress.rate > 0
    assert running.progress.seconds_left is not None
    assert start(scene).id == job.id

    look = "from graft_core.serve import jobs\nprint([(j.id, j.state, j.progress.done) for j in jobs.list_jobs()])"
    server = [sys.executable, "-c", look + "\nimport sys; print({'torch', 'streamlit'} & set(sys.modules))"]
    seen = subprocess.run(server, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert seen == f"{[(job.id, 'running', BATCH)]}\nset()\n"

    (orders / "hold").unlink()
    assert ended(job).state == "done"
    again = start(scene)
    assert again.id != job.id, "what is done can be asked for again"
    assert ended(again).state == "done"
    assert len((orders / "encoded").read_text()) == TILES
    assert [each.id for each in jobs.list_jobs()] == [again.id, job.id]


def test_killed_and_cancelled_job_goes_on_where_it_stopped(orders: Path, write_scene: WriteScene) -> None:
    (orders / "hold").touch()
    scene = write_scene("town")
    job = held(start(scene))
    first = process_of(job)
    os.kill(first.pid, signal.SIGKILL)
    interrupted = ended(job)
    assert interrupted.state == "interrupted"
    assert "resume" in interrupted.message
    assert interrupted.progress == job.progress

    assert jobs.resume_job(job.id).state == "waiting"
    resumed = held(job, 2 * BATCH)
    assert resumed.progress is not None
    assert resumed.progress.resumed == BATCH
    assert process_of(job) != first
    assert jobs.resume_job(job.id).state == "running", "it is running already"

    asked = time.monotonic()
    assert jobs.cancel_job(job.id).state == "cancelled"
    assert time.monotonic() - asked < 0.5
    until(lambda: gone(job))
    status = read_status(job.folder)
    assert (status.state, status.finished is None) == ("cancelled", False), "the program itself wrote how it ended"
    assert "Traceback" not in (job.folder / "log.txt").read_text()
    assert tiles_indexed() == {}

    jobs.resume_job(job.id)
    assert ended(job).state == "done"
    assert len((orders / "encoded").read_text()) == TILES, "nothing is encoded twice"
    assert tiles_indexed() == {str(scene): TILES}
    with pytest.raises(JobError, match="done already"):
        jobs.resume_job(job.id)


def test_index_jobs_take_turns_and_fetching_does_not_wait(orders: Path, write_scene: WriteScene) -> None:
    (orders / "hold").touch()
    first = held(start(write_scene("town")))
    second, third = start(write_scene("farm")), start(write_scene("lake"))
    until(lambda: jobs.find_job(third.id).message == "Waiting for 'Index town'.")
    assert {jobs.find_job(job.id).state for job in (second, third)} == {"waiting"}
    assert jobs.find_job(second.id).started is None

    fetched = ended(jobs.start_job("fetch", "Fetch the demo encoder", {"name": "graft-demo-naip"}))
    assert fetched.state == "done"
    assert "graft-demo-naip.safetensors" in fetched.message
    assert fetched.progress is not None
    assert fetched.progress.unit == "bytes"

    assert jobs.cancel_job(second.id).state == "cancelled"
    (orders / "hold").unlink()
    assert {ended(first).state, ended(third).state} == {"done"}
    assert set(tiles_indexed()) == {first.arguments["scene"], third.arguments["scene"]}


def test_deaf_job_is_killed_and_the_next_one_has_its_turn(
    orders: Path, write_scene: WriteScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "GRACE_S", 0.5)
    (orders / "hold").touch()
    (orders / "deaf").touch()
    job = held(start(write_scene("town")))
    assert jobs.cancel_job(job.id).state == "cancelled"
    assert not gone(job)
    until(lambda: bool(jobs.list_jobs()) and gone(job))
    assert jobs.find_job(job.id).state == "cancelled"

    jobs.resume_job(job.id)
    held(job, 2 * BATCH)
    jobs.cancel_job(job.id)
    deaf = process_of(job)
    (orders / "hold").unlink()
    (orders / "deaf").unlink()
    jobs.resume_job(job.id)
    assert find_process(deaf.pid) != deaf
    assert ended(job).state == "done"


def test_expected_failure_has_its_sentence(orders: Path) -> None:
    job = ended(jobs.start_job("index", "Index nowhere", {"scene": "nowhere"}))
    assert job.state == "failed"
    assert job.message.startswith("There is no scene 'nowhere'; give the path")
    log = (job.folder / "log.txt").read_text()
    assert job.message in log
    assert "Traceback" not in log


def test_unexpected_failure_points_to_the_log(orders: Path, write_scene: WriteScene) -> None:
    (orders / "break").touch()
    job = ended(start(write_scene("town")))
    assert job.state == "failed"
    assert job.message == "Something went wrong: RuntimeError: the tiles are upside down; see log.txt"
    assert "Traceback" in (job.folder / "log.txt").read_text()
    until(lambda: gone(job))
    (orders / "break").unlink()
    jobs.resume_job(job.id)
    assert ended(job).state == "done"


def test_job_without_a_folder_stops(orders: Path, write_scene: WriteScene) -> None:
    (orders / "hold").touch()
    job, waiting = held(start(write_scene("town"))), start(write_scene("farm"))
    until(lambda: bool(jobs.find_job(waiting.id).message))
    processes = [process_of(job), process_of(waiting)]
    shutil.rmtree(jobs.jobs_dir())
    (orders / "hold").unlink()
    until(lambda: not any(find_process(each.pid) == each for each in processes))
    until(lambda: not any(child.poll() is None for child in launch._children))
    assert jobs.list_jobs() == []
    assert not jobs.jobs_dir().exists()


def test_stranger_with_the_same_number_is_left_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        now = find_process(stranger.pid)
        assert now is not None
        job = put_on_disk("running", process=replace(now, started="long ago"))
        assert job.state == "interrupted"
        (job.folder / "cancel").touch()
        os.utime(job.folder / "cancel", (0, 0))
        assert jobs.cancel_job(job.id).state == "cancelled"
        jobs.forget_job(job.id)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.communicate()


def test_job_is_cancelled_while_its_program_starts(orders: Path, tmp_path: Path) -> None:
    job = start(tmp_path / "town.tif")
    assert jobs.cancel_job(job.id).state == "cancelled"
    until(lambda: gone(job))
    assert jobs.find_job(job.id).state == "cancelled"
    again = start(tmp_path / "town.tif")
    assert again.id != job.id
    assert jobs.resume_job(job.id).id == again.id, "an equal job is active"
    assert jobs.cancel_job(again.id).state == "cancelled"


def test_clicks_at_the_same_moment_start_one_job(orders: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as tabs:
        started = list(tabs.map(start, [tmp_path / "town.tif"] * 8))
    assert {job.id for job in jobs.list_jobs()} == {job.id for job in started}
    assert len(jobs.list_jobs()) == 1


def test_job_outlives_a_server_that_was_started_anywhere(
    orders: Path, write_scene: WriteScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_TILES", "tiles")
    (tmp_path / "lance.py").write_text("raise RuntimeError('not the module of that name')")
    write_scene("town")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from graft_core.serve import jobs, launch; "
        "launch.PROGRAM = 'held_job_program'; "
        "print(jobs.start_job('index', 'Index town', {'scene': 'town.tif', 'stride': 32}).id, flush=True); input()"
    )
    (orders / "hold").touch()
    server = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    job_id = server.stdout.readline().strip()
    server.kill()
    server.communicate()

    monkeypatch.setenv("GRAFT_TILES", str(tmp_path / "tiles"))
    job = held(jobs.find_job(job_id))
    jobs.cancel_job(job_id)
    until(lambda: gone(job))
    (orders / "hold").unlink()
    jobs.resume_job(job_id)
    assert ended(job).state == "done", "a relative path means what it meant at first"
    assert tiles_indexed() == {str(tmp_path / "town.tif"): TILES}


def test_only_what_has_ended_is_forgotten(orders: Path, write_scene: WriteScene) -> None:
    (orders / "hold").touch()
    done, interrupted, failed = put_on_disk("done"), put_on_disk("running"), put_on_disk("failed")
    assert interrupted.state == "interrupted"
    running = held(start(write_scene("town")))
    with pytest.raises(JobError, match="cancel it before"):
        jobs.forget_job(running.id)
    assert jobs.clear_finished_jobs() == 2
    assert {job.id for job in jobs.list_jobs()} == {interrupted.id, running.id}
    assert not done.folder.exists()
    assert not failed.folder.exists()
    jobs.forget_job(interrupted.id)
    process = process_of(running)
    jobs.cancel_job(running.id)
    jobs.forget_job(running.id)
    assert find_process(process.pid) != process
    assert jobs.list_jobs() == []


@pytest.mark.parametrize("job_id", ["20260101-000000-00000000", "../indexes", "", "."])
def test_unknown_job_is_refused_in_a_sentence(job_id: str) -> None:
    for verb in (jobs.find_job, jobs.cancel_job, jobs.resume_job, jobs.forget_job):
        with pytest.raises(JobError, match="There is no job"):
            verb(job_id)


@pytest.mark.parametrize(("kind", "arguments"), [("paint", {"scene": "town"}), ("index", {}), ("fetch", {"name": ""})])
def test_senseless_job_is_not_started(kind: str, arguments: dict[str, str]) -> None:
    with pytest.raises(JobError, match="give one of the kinds"):
        jobs.start_job(kind, "Paint the town", arguments)  # type: ignore[arg-type]
    assert jobs.list_jobs() == []


def test_fifty_jobs_are_listed_at_once() -> None:
    own = find_process(os.getpid())
    made = [put_on_disk("done" if number % 2 else "running", process=own) for number in range(50)]
    (jobs.jobs_dir() / "20260101-000000-00000000").mkdir()  # of somebody who tidied up by hand
    quickest = 1.0
    for _ in range(5):
        before = time.perf_counter()
        found = jobs.list_jobs()
        quickest = min(quickest, time.perf_counter() - before)
    assert [job.id for job in found] == [job.id for job in reversed(made)]
    assert quickest < 0.05
