"""The second date of a place: what changed is in the truth, and nothing else moved."""

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.errors import ExportError
from graft_core.io.geotiff import read_classes, read_info, write_raster
from graft_core.io.scene import open_scene
from graft_core.world import land, overhead, scenes
from graft_core.world.noise import Grid
from graft_core.world.scenes import (
    FILES,
    FIRST_YEAR,
    LATER_FILES,
    LATER_YEAR,
    SEED_TAG,
    WORLD_CRS,
    write_second_date,
    write_world,
)
from graft_core.world.style import style
from graft_core.world.succession import SUCCESSORS
from graft_core.world.years import is_later, later, place_of


def test_a_seed_and_its_later_seed_name_one_place() -> None:
    assert place_of(later(7)) == place_of(7) == 7
    assert is_later(later(7))
    assert not is_later(7)
    for strange in (-1, later(7), 10**60):
        with pytest.raises(ValueError, match="no second date"):
            later(strange)


@pytest.mark.parametrize("seed", [7, 2003])
@pytest.mark.parametrize(("corner", "step"), [(2048, 16.0), (10_240, 80.0)])
def test_some_land_becomes_what_it_may_become_and_the_rest_stays(seed: int, corner: int, step: float) -> None:
    before, after = (land.class_map(each, -corner, corner, 256, 256, step) for each in (seed, later(seed)))
    changed = before != after
    assert 0.05 < changed.mean() < 0.3
    turned = set(zip(before[changed].tolist(), after[changed].tolist(), strict=True))
    assert all(now in SUCCESSORS[then] for then, now in turned)
    assert len(turned) > 5


def test_borders_of_patches_stay_where_they_are() -> None:
    before, after = (land.survey(seed, Grid(-900, 800, 120, 100, 5.0)) for seed in (7, later(7)))
    keys = [np.array([patch.key for patch in found.patches]) for found in (before, after)]
    np.testing.assert_array_equal(keys[0][before.slot], keys[1][after.slot])
    np.testing.assert_array_equal(before.edge, after.edge)


def test_points_and_windows_of_the_later_land_agree() -> None:
    ids = land.class_map(later(7), -700, 600, 24, 18, 7.0)
    columns, rows = np.meshgrid(-700 + (np.arange(24) + 0.5) * 7.0, 600 - (np.arange(18) + 0.5) * 7.0)
    np.testing.assert_array_equal(ids, land.class_at(later(7), columns, rows))


def test_the_day_differs_and_the_things_keep_their_colours() -> None:
    before, after = style(7), style(later(7))
    assert (before.roofs, before.asphalts, before.soils) == (after.roofs, after.asphalts, after.soils)
    assert before.sun_azimuth_deg != after.sun_azimuth_deg
    assert before.foliage != after.foliage


def test_unchanged_land_is_drawn_with_other_noise_and_light() -> None:
    (before, ids), (after, later_ids) = (overhead.render_naip(seed, -100, 100, 96, 96) for seed in (7, later(7)))
    assert (ids == later_ids).any()
    assert (before[ids == later_ids] != after[ids == later_ids]).mean() > 0.5


def test_a_second_date_lies_beside_the_first_and_leaves_it_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "SENTINEL2_PX", 300)
    monkeypatch.setattr(scenes, "PHOTOS", 8)
    names = ("naip.tif", "sentinel2.tif", "truth_naip.tif", "photos/0003.jpg")
    list(write_world(tmp_path, 5, 256))
    before = [(tmp_path / name).read_bytes() for name in names]
    steps = list(write_second_date(tmp_path))
    assert steps[-1].done == steps[-1].total == 256**2 + 300**2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*FILES, *LATER_FILES))
    assert [(tmp_path / name).read_bytes() for name in names] == before
    for sensor in ("naip", "sentinel2"):
        first, second = (open_scene(tmp_path / f"{sensor}{ending}.tif") for ending in ("", "_later"))
        assert first.geobox == second.geobox
        assert first.sensor == second.sensor == sensor
        assert [scene.acquired and scene.acquired.year for scene in (first, second)] == [FIRST_YEAR, LATER_YEAR]
        classes, _ = read_classes(tmp_path / f"truth_{sensor}_later.tif")
        assert classes.min() >= 1
    assert read_info(tmp_path / "naip_later.tif").tags["GRAFT_WORLD_SEED"] == "5"


def test_a_second_date_wants_the_folder_of_a_world(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"naip\.tif"):
        next(write_second_date(tmp_path))
    box = GeoBox((8, 8), Affine(1, 0, 0, 0, -1, 0), WORLD_CRS)
    for tags in ({}, {SEED_TAG: "seven"}):
        for name in ("naip.tif", "sentinel2.tif"):
            write_raster(tmp_path / name, np.zeros((1, 8, 8), np.uint8), box, descriptions=["any"], tags=tags)
        with pytest.raises(ExportError, match="no scene of a drawn world"):
            next(write_second_date(tmp_path))
