from collections.abc import Iterator

import pytest

from graft_core.cli import progress
from graft_core.cli.progress import describe, show
from graft_core.types import Progress


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Progress(0, 1024, "tiles", 0.0), "0 of 1,024 tiles"),
        (Progress(320, 1024, "tiles", 8.0), "320 of 1,024 tiles, 40/s, 18 s left"),
        (Progress(420, 1024, "tiles", 8.0, resumed=400), "420 of 1,024 tiles, 2.5/s, 4 min left"),
        (Progress(5, 15, "encoders", 1200.0), "5 of 15 encoders, 4 min each, 40 min left"),
        (Progress(1, 90_000, "tiles", 1.0), "1 of 90,000 tiles, 1/s, 25.0 h left"),
        (Progress(1024, 1024, "tiles", 8.0), "1,024 of 1,024 tiles, 128/s"),
        (Progress(3_000_000, 40_000_000, "bytes", 1.0), "3.0 MB of 40.0 MB, 3.0 MB/s, 12 s left"),
    ],
)
def test_state_is_told_with_rate_and_time_left(step: Progress, expected: str) -> None:
    assert describe(step) == expected


def test_log_gets_a_line_now_and_then_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    show(iter([Progress(5, 10, "tiles", 1.0)]), "index naip")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "index naip: 5 of 10 tiles, 5/s, 1 s left\n"


def test_work_is_stopped_when_the_watcher_is() -> None:
    stopped = []

    def work() -> Iterator[Progress]:
        try:
            yield Progress(1, 2, "tiles", 0.0)
            raise KeyboardInterrupt
        finally:
            stopped.append(True)

    with pytest.raises(KeyboardInterrupt):
        show(work(), "index naip")
    assert stopped == [True]
