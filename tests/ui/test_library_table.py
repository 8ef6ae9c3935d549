"""What the table of the Library tells of scenes whose server comes and goes."""

import pytest
from imagery_material import area_in, drawn, planetary_sentinel2
from long_work import finish
from stac_server import StacServer

from graft_core.io.imagery.remote import Attempts
from graft_core.tasks.find_imagery import find_imagery
from graft_core.tasks.get_imagery import get_imagery
from graft_core.tasks.imagery_plan import plan_imagery
from graft_core.ui.library import table as library_table


@pytest.fixture
def in_place(catalogs: StacServer) -> StacServer:
    """A catalogue whose image is used in place, under an address that GDAL has not seen yet."""
    item = planetary_sentinel2(catalogs, "2022-06-17", drawn(1900, side=512))
    area = area_in(item)
    plan = plan_imagery(find_imagery("planetary-computer", "sentinel2", area).items, area, "place")
    (path,) = finish(get_imagery(plan, attempts=Attempts(1)))
    for file in list(catalogs.folder.rglob("*.tif")):
        file.rename(file.with_suffix(".new.tif"))
    path.write_text(path.read_text().replace(".tif", ".new.tif"))
    return catalogs


def test_scene_whose_server_was_away_is_tried_again(in_place: StacServer, monkeypatch: pytest.MonkeyPatch) -> None:
    in_place.stop()
    (scene,) = library_table.holdings()
    assert scene.state == "cannot be opened"
    assert "check the network" in scene.problem
    in_place.start()
    assert [scene.state for scene in library_table.holdings()] == ["cannot be opened"], "not at every look"
    monkeypatch.setattr(library_table, "AGAIN_S", -1.0)
    (scene,) = library_table.holdings()
    assert (scene.state, scene.problem) == ("not indexed", "")
