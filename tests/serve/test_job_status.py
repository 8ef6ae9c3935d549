"""What a job says about itself survives the way to the disk and back."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from graft_core.serve.job_status import Status, read_status, write_status
from graft_core.serve.processes import Process
from graft_core.types import Progress


def test_status_survives_the_disk(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for step in (None, Progress(40, 100, "tiles", 2.0, resumed=20)):
        status = Status("running", step, "on its way", now, None, Process(7, "then"), "cuda:0")
        write_status(tmp_path, status)
        assert read_status(tmp_path) == status
    told = json.loads((tmp_path / "progress.json").read_text())
    assert (told["rate"], told["seconds_left"], told["pid"], told["process_started"]) == (10, 6, 7, "then")
    assert asdict(status)["progress"]["done"] == told["done"]
