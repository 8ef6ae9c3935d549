"""What a run tells can be read while it is being written."""

from pathlib import Path

import pytest

from graft_core.errors import ExportError
from graft_core.train.metrics import EventRow, Metrics, StepRow, ValidationRow, append_row, forget_after, read_metrics

STEPS = [StepRow(step, 2.0, 1e-3, 30.0, 1.0) for step in (10, 20, 30)]


def test_rows_come_back_by_kind(tmp_path: Path) -> None:
    rows = [ValidationRow(0, 3.0, 0.1), STEPS[0], EventRow(10, "Memory ran out."), STEPS[1]]
    for row in rows:
        append_row(tmp_path, row)
    told = read_metrics(tmp_path)
    assert told == Metrics((STEPS[0], STEPS[1]), (ValidationRow(0, 3.0, 0.1),), (EventRow(10, "Memory ran out."),))


def test_there_is_nothing_before_a_run_and_a_half_written_line_is_waited_for(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "none") == Metrics()
    append_row(tmp_path, STEPS[0])
    with (tmp_path / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "step": 20, "lo')
    assert read_metrics(tmp_path).steps == (STEPS[0],)


def test_steps_that_are_taken_again_are_forgotten(tmp_path: Path) -> None:
    for row in [*STEPS, EventRow(25, "later")]:
        append_row(tmp_path, row)
    forget_after(tmp_path, 20)
    assert read_metrics(tmp_path) == Metrics(steps=(STEPS[0], STEPS[1]))


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"metrics\.jsonl"):
        append_row(tmp_path / "gone", STEPS[0])
