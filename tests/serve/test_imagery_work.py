"""What the job that gets imagery leaves on disk, and that it goes on when it is started again."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.geometry
from imagery_material import area_in, drawn, planetary_sentinel2
from stac_server import StacServer

from graft_core import settings
from graft_core.errors import ImageryError, JobError
from graft_core.io.imagery.remote import Attempts
from graft_core.serve.job_report import Report
from graft_core.serve.job_status import read_status
from graft_core.serve.job_work import WORK
from graft_core.serve.jobs import jobs_dir, start_job
from graft_core.tasks.catalog import known_scenes


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Attempts, "wait", lambda *_: None)


def arguments(server: StacServer, **more: Any) -> dict[str, Any]:
    image = drawn(1900, side=512)
    for values in image.bands.values():
        values += np.random.default_rng(7).integers(0, 900, values.shape).astype(np.uint16)
    item = planetary_sentinel2(server, "2022-06-17", image)
    area = shapely.geometry.mapping(area_in(item, 0.9))
    asked = {"catalog": "planetary-computer", "collection": "sentinel2", "ids": [item["id"]], "how": "window"}
    return {**asked, "area": area, **more}


def work(given: Mapping[str, Any]) -> str:
    """Do what the job does; what it says at its end."""
    folder = jobs_dir() / f"20260101-000000-{len(list(jobs_dir().glob('*'))):08x}"
    folder.mkdir(parents=True)
    report = Report(folder)
    WORK["imagery"](json.loads(json.dumps(given)), report)
    report.computes_on("cpu")  # writes down what was said last
    return read_status(folder).message


def test_the_images_are_there_after_the_job_and_embedded_where_asked(catalogs: StacServer) -> None:
    given = arguments(catalogs)
    said = work(given)
    (scene,) = known_scenes(settings.indexes_dir())
    assert said.endswith(f".tif is in {settings.tiles_dir()}.")
    assert scene.encoders == ()
    assert "is indexed with" in work(given | {"index": True})
    (scene,) = known_scenes(settings.indexes_dir())
    assert scene.tiles > 0


def test_a_server_that_dies_fails_the_job_and_the_next_one_goes_on(catalogs: StacServer) -> None:
    given = arguments(catalogs, how="whole")
    catalogs.cut_after = sum(path.stat().st_size for path in catalogs.folder.rglob("*_10m.tif")) // 2
    with pytest.raises(ImageryError, match="run it again to go on"):
        work(given)
    assert known_scenes(settings.indexes_dir()) == []
    catalogs.stop()
    catalogs.cut_after, catalogs.sent = None, 0
    catalogs.start()
    work(given)
    assert len(known_scenes(settings.indexes_dir())) == 1
    assert catalogs.sent < 0.9 * sum(path.stat().st_size for path in catalogs.folder.rglob("*_10m.tif"))


def test_a_job_without_images_is_not_started() -> None:
    with pytest.raises(JobError, match="'imagery' with a ids"):
        start_job("imagery", "Get nothing", {"catalog": "earth-search"})
