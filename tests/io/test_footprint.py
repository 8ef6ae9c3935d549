"""Where a scene has imagery, seen coarsely, and which scenes need not be read for it."""

from pathlib import Path

import numpy as np
import pytest
from pair_material import LEFT, TOP, write_scene

from graft_core.io import footprint as module
from graft_core.io.footprint import footprint
from graft_core.io.scene import open_scene


def test_a_scene_that_cannot_have_gaps_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_rgb", lambda *_: pytest.fail("it is read"))
    assert footprint(open_scene(write_scene(tmp_path / "a.tif"))) is None


@pytest.mark.parametrize("cells", [1024, 50])
def test_places_and_shares_follow_the_imagery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    scene = open_scene(write_scene(tmp_path / "a.tif", empty=(slice(0, 400), slice(200, 400))))
    found = footprint(scene)
    assert found is not None
    assert max(found.valid.shape) <= max(cells, 1)
    x, y = np.array([100.0, 300.0, -5.0, 100.0]), np.array([100.0, 100.0, 100.0, 405.0])
    assert found.covers(LEFT + x, TOP - y).tolist() == [True, False, False, False]
    assert found.share(LEFT + 150, TOP - 200, LEFT + 250, TOP - 100) == pytest.approx(0.5, abs=0.05)
    assert found.share(LEFT - 100, TOP + 10, LEFT - 50, TOP + 60) == 0


def test_a_mosaic_has_imagery_only_where_its_files_are(shared_data: Path) -> None:
    found = footprint(open_scene(shared_data / "naip" / "eureka"))
    assert found is not None
    assert 0.01 < found.valid.mean() < 0.03
