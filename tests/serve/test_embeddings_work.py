"""What the job that imports published embeddings leaves on disk."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import major_tom
import numpy as np
import pytest

from graft_core import settings
from graft_core.errors import EmbeddingsError, JobError
from graft_core.serve.job_report import Report
from graft_core.serve.job_status import read_status
from graft_core.serve.job_work import WORK
from graft_core.serve.jobs import jobs_dir, start_job
from graft_core.tasks.catalog import known_scenes

ENCODER = "graft-demo-sentinel2"


def work(given: Mapping[str, Any]) -> str:
    """Do what the job does; what it says at its end."""
    folder = jobs_dir() / f"20260101-000000-{len(list(jobs_dir().glob('*'))):08x}"
    folder.mkdir(parents=True)
    report = Report(folder)
    WORK["embeddings"](json.loads(json.dumps(given)), report)
    report.computes_on("cpu")  # writes down what was said last
    return read_status(folder).message


def test_the_scene_is_there_after_the_job_and_what_was_left_out_is_said(tmp_path: Path) -> None:
    vectors = np.random.default_rng(2).normal(size=(9, 128))
    vectors[3] = 0
    table = major_tom.rows(major_tom.cell(12.0, 50.0, side_px=128), vectors, "20230119T161811")
    source = major_tom.write(tmp_path / "valley.parquet", table)
    said = work({"files": [str(source)], "encoder": ENCODER, "name": "valley"})
    assert said == (
        "valley is indexed with graft-demo-sentinel2: 8 embeddings. "
        "Left out: 1 whose vector is empty, zeros or no numbers."
    )
    (scene,) = known_scenes(settings.indexes_dir())
    assert (scene.name, scene.tiles) == ("valley", 8)


def test_a_file_that_is_none_fails_the_job_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.parquet").write_text("nothing")
    with pytest.raises(EmbeddingsError, match=r"notes\.parquet is no Parquet file, or a damaged one"):
        work({"files": [str(tmp_path / "notes.parquet")], "encoder": ENCODER})


def test_a_job_without_files_is_refused() -> None:
    with pytest.raises(JobError, match="files"):
        start_job("embeddings", "Import embeddings", {"encoder": ENCODER})
