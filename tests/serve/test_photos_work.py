"""What the job that gets photos leaves on disk, and that it goes on when it is started again."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
import shapely.geometry
from photo_services import Served, Services, Trouble, in_use

from graft_core.errors import JobError, PhotoError
from graft_core.serve.job_report import Report
from graft_core.serve.job_status import read_status
from graft_core.serve.job_work import WORK
from graft_core.serve.jobs import jobs_dir, start_job


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The three services on loopback, with nine photos of one town."""
    with in_use(monkeypatch) as running:
        running.photos = [Served(f"{i}", 2.0 + i / 1e3, 48.0 + i / 1e3, author=f"{i}") for i in range(1, 10)]
        yield running


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, Any]:
    """What the page gives the job."""
    area = shapely.geometry.mapping(shapely.box(2.0, 48.0, 2.02, 48.02))
    return {"service": "commons", "area": area, "out": str(tmp_path / "photos" / "town.parquet"), "limit": 4}


def work(given: Mapping[str, Any]) -> str:
    """Do what the job does; what it says at its end."""
    folder = jobs_dir() / f"20260101-000000-{len(list(jobs_dir().glob('*'))):08x}"
    folder.mkdir(parents=True)
    report = Report(folder)
    WORK["photos"](given, report)
    report.computes_on("cpu")  # writes down what was said last
    return read_status(folder).message


def test_the_photos_are_there_after_the_job(services: Services, asked: dict[str, Any]) -> None:
    assert work(asked) == f"4 of 9 photos of Wikimedia Commons are in {asked['out']}."
    table = geopandas.read_parquet(asked["out"])
    assert len(table) == 4
    assert all((Path(asked["out"]).parent / path).is_file() for path in table["path"])


def test_more_photos_are_added_to_those_that_are_there(services: Services, asked: dict[str, Any]) -> None:
    work(asked)
    services.asked = []
    assert work(asked | {"limit": 9}).startswith("9 of 9 photos")
    assert services.listings() == [], "what was listed is not asked for again"
    assert len(services.images()) == 5


def test_a_service_that_refuses_is_said_and_the_next_run_goes_on(services: Services, asked: dict[str, Any]) -> None:
    services.listing_troubles = [Trouble(403)]
    with pytest.raises(PhotoError, match="Wikimedia Commons"):
        work(asked)
    assert not Path(asked["out"]).exists()
    assert work(asked).startswith("4 of 9 photos")


def test_a_job_that_is_to_write_nothing_is_not_started() -> None:
    with pytest.raises(JobError, match="'photos' with a out"):
        start_job("photos", "Get nothing", {"service": "commons"})
