import os
from pathlib import Path

import pytest

from graft_core.types import Progress
from graft_core.ui.figures import area_text, extent_text, free_bytes, free_memory, size_text, time_text
from graft_core.ui.job_panel import progress_text


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (605_208_421, "605 MB"),
        (2_097_152_000, "2.1 GB"),
        (3e12, "3.0 TB"),
    ],
)
def test_sizes_have_one_to_three_digits(count: float, expected: str) -> None:
    assert size_text(count) == expected


@pytest.mark.parametrize(
    ("sides", "expected"),
    [((597, 510), "597 x 510 m"), ((2048, 2048), "2.0 x 2.0 km"), ((15_360, 7680), "15 x 8 km")],
)
def test_sides_of_a_scene_are_short(sides: tuple[float, float], expected: str) -> None:
    assert extent_text(*sides) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(4.2, "4 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2.0 h"), (400_000, "5 days")],
)
def test_times_are_said_as_a_person_would(seconds: float, expected: str) -> None:
    assert time_text(seconds) == expected


def test_room_is_that_of_the_disk_a_folder_will_be_on(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there" / "yet") == pytest.approx(free_bytes(tmp_path), rel=0.01)


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (Progress(0, 6468, "tiles", 0.0), "0 of 6,468 tiles"),
        (Progress(600, 1000, "tiles", 4.0, 200), "600 of 1,000 tiles · 100 tiles/s · 4 s left"),
        (Progress(3, 7, "windows", 60.0), "3 of 7 windows · 3 windows/min · 80 s left"),
        (Progress(1000, 1000, "tiles", 10.0), "1,000 of 1,000 tiles · 100 tiles/s"),
        (Progress(50_000_000, 605_000_000, "bytes", 10.0), "50.0 MB of 605 MB · 5.0 MB/s · 2 min left"),
    ],
)
def test_progress_says_how_far_how_fast_and_how_long(progress: Progress, expected: str) -> None:
    assert progress_text(progress) == expected


def test_free_memory_is_less_than_there_is() -> None:
    free = free_memory("cpu")
    assert free is None or 0 < free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("square_metres", "expected"),
    [
        (0, "0 m²"),
        (9999, "9,999 m²"),
        (10_000, "1.00 ha"),
        (217_000, "21.7 ha"),
        (4_194_304, "419 ha"),
        (5e7, "50.0 km²"),
    ],
)
def test_areas_are_in_the_unit_a_person_would_take(square_metres: float, expected: str) -> None:
    assert area_text(square_metres) == expected
