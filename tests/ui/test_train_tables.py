"""Tables of pairs as the Train page lists them; those that came to nothing have a report all the same."""

import json
import os

import numpy as np
import pytest
from folium import Map
from odc.geo.geobox import GeoBox

from graft_core.errors import TrainError
from graft_core.train.pairs.report import PairReport, report_json
from graft_core.train.pairs.scenes import PairScene
from graft_core.train.pairs.table import PairTable, write_pairs
from graft_core.ui.train.map import pairs_overlay
from graft_core.ui.train.tables import list_tables, pair_names, pairs_dir, read_report, table_path

REPORT = PairReport(
    3, 0, 0, 0, {"outside every scene": 3}, (), {}, {}, (), tiles_left_out={}, outlines={}, left_out_at=(),
    outcome="None of the 3 photos lies there.",
)  # fmt: skip


def table() -> PairTable:
    """Two tiles with a photo each; the second is for validation."""
    geobox = GeoBox.from_bbox((0, 0, 256, 128), "EPSG:32631", resolution=1)
    scene = PairScene("/data/town.tif", "town", "naip", "f", None, geobox)
    return PairTable(
        photos=("/data/a.jpg", "/data/b.jpg"),
        lonlat=np.array([[-1.4, 0.0], [-1.3, 0.0]]),
        taken=np.array(["NaT", "NaT"], "datetime64[s]"),
        accuracy_m=np.array([4.0, 5.0]),
        owner=np.array([0, 1]),
        pixel=np.array([[64.0, 64.0], [64.0, 64.0]]),
        corner=np.array([[0, 0], [0, 128]]),
        scene=np.array([0, 0]),
        validation=np.array([False, True]),
        centers=np.array([[64.0, 64.0], [192.0, 64.0]]),
        origin=(0.0, 0.0),
        scenes=(scene,),
        tile_px=128,
        gsd=1.0,
        sensor="naip",
        teacher="demo-teacher",
        report=REPORT,
    )


def write_report(name: str) -> None:
    (pairs_dir() / f"{name}.report.json").write_text(json.dumps(report_json(REPORT)))


def test_tables_and_reports_are_listed_the_newest_first() -> None:
    assert pair_names() == []
    pairs_dir().mkdir(parents=True)
    write_pairs(table_path("town"), table())
    write_report("town")
    write_report("nowhere")
    os.utime(table_path("town"), (1, 1))
    assert pair_names() == ["nowhere", "town"]
    (known,) = list_tables()
    assert (known.path, known.sensor, known.training_tiles, known.validation_tiles) == (
        table_path("town"), "naip", 1, 1,
    )  # fmt: skip


def test_report_is_read_with_or_without_its_table() -> None:
    pairs_dir().mkdir(parents=True)
    write_report("nowhere")
    assert read_report("nowhere") == (REPORT, None)
    write_pairs(table_path("town"), table())
    report, found = read_report("town")
    assert report == REPORT
    assert found is not None
    assert found.photos == table().photos


def test_what_is_damaged_is_left_out_of_the_list_and_said_when_asked_for() -> None:
    pairs_dir().mkdir(parents=True)
    table_path("broken").write_text("no parquet")
    (pairs_dir() / "half.report.json").write_text("{")
    assert list_tables() == []
    for name in ("broken", "half"):
        with pytest.raises(TrainError, match="make"):
            read_report(name)


def test_map_draws_tiles_and_photos_in_the_colours_of_their_part() -> None:
    ring = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]]
    photos = np.array([[0.05, 0.06]])
    built = Map()
    built.add_child(pairs_overlay([(True, ring)], [np.array(ring)], photos, np.empty((0, 2))))
    script = built.get_root().render()
    assert "[[true, [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.1]]]]" in script
    assert "[[0.05, 0.06]]" in script
