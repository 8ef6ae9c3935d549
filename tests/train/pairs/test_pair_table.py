"""A table of pairs comes back whole, opens elsewhere, and says what is wrong with one that is damaged."""

import datetime
import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import geopandas
import numpy as np
import pyarrow
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pair_material import lon_lat
from pyarrow import parquet

from graft_core.errors import SceneError, TrainError
from graft_core.io.scene import open_scene
from graft_core.train.pairs.report import NamedPhoto, PairReport
from graft_core.train.pairs.scenes import PairScene
from graft_core.train.pairs.table import PairTable, read_pairs, write_pairs

BOX = GeoBox((500, 600), Affine(1, 0, 500_000, 0, -1, 5_000_000), "EPSG:32631")


def scene(source: str, name: str, acquired: datetime.date | None = None) -> PairScene:
    return PairScene(source, name, "naip", "0123456789abcdef", acquired, BOX)


def report(asked: int, kept: int, tiles: int) -> PairReport:
    return PairReport(
        asked=asked,
        kept=kept,
        tiles=tiles,
        validation_tiles=1,
        left_out={"outside every scene": asked - kept},
        named=(NamedPhoto("/far/away.jpg", "outside every scene", "9 km from one"),),
        photos_per_tile={1: 3, 7: 2},
        by_scene={"one": kept},
        warnings=("Mind this: é.",),
        tiles_left_out={"tile overlaps a validation tile": 2},
        outlines={"one": ((3.0, 45.0), (3.1, 45.0), (3.1, 45.1))},
        left_out_at=((3.5, 45.5),),
        outcome="Some photos.",
    )


def table(counts: list[int], folder: Path, seed: int = 0) -> PairTable:
    rng = np.random.default_rng(seed)
    tiles, photos = len(counts), sum(counts)
    taken = np.array(["2024-05-05T10:00:00"] * photos, "datetime64[s]")
    taken[::3] = np.datetime64("NaT")
    return PairTable(
        photos=tuple(f"{folder}/photos/{i}.jpg" if i % 2 else f"https://photos.example/{i}.jpg" for i in range(photos)),
        lonlat=rng.uniform(-90, 90, (photos, 2)),
        taken=taken,
        accuracy_m=np.where(rng.random(photos) < 0.5, np.nan, 4.0),
        owner=np.repeat(np.arange(tiles), counts),
        pixel=rng.uniform(0, 128, (photos, 2)),
        corner=rng.integers(0, 300, (tiles, 2)),
        scene=rng.integers(0, 2, tiles),
        validation=rng.random(tiles) < 0.5,
        centers=rng.normal(0, 1e4, (tiles, 2)),
        origin=(3.0, 45.0),
        scenes=(scene(f"{folder}/one.tif", "one"), scene("/else/two.tif", "two", datetime.date(2024, 5, 4))),
        tile_px=128,
        gsd=1.0,
        sensor="naip",
        teacher="demo-teacher",
        report=report(photos + 5, photos, tiles),
    )


def assert_same(one: PairTable, other: PairTable) -> None:
    for each in fields(PairTable):
        left, right = getattr(one, each.name), getattr(other, each.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, each.name
            np.testing.assert_array_equal(left, right, err_msg=each.name)
        else:
            assert left == right, each.name


@settings(deadline=None, max_examples=25)
@given(counts=st.lists(st.integers(1, 25), min_size=1, max_size=30), seed=st.integers(0, 1000))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, counts: list[int], seed: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    made = table(counts, folder, seed)
    write_pairs(folder / "pairs.parquet", made)
    assert_same(read_pairs(folder / "pairs.parquet"), made)


def test_a_folder_that_is_moved_keeps_its_pairs(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write_pairs(tmp_path / "a" / "pairs.parquet", table([3, 2], tmp_path / "a"))
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert_same(read_pairs(tmp_path / "b" / "pairs.parquet"), table([3, 2], tmp_path / "b"))


def test_other_programs_see_points_with_columns(tmp_path: Path) -> None:
    made = table([3, 2], tmp_path)
    write_pairs(tmp_path / "pairs.parquet", made)
    frame = geopandas.read_parquet(tmp_path / "pairs.parquet")
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    np.testing.assert_array_equal(np.stack([frame.geometry.x, frame.geometry.y], axis=1), made.lonlat)
    assert {"path", "tile", "scene", "row", "col", "split", "time", "accuracy_m"} <= set(frame.columns)
    assert frame["path"][1] == "photos/1.jpg"
    assert set(frame["split"]) <= {"train", "validation"}


def test_tile_outlines_lie_where_the_pixels_do(tmp_path: Path) -> None:
    made = replace(table([1], tmp_path), corner=np.array([[100, 200]]))
    corners = [(500_200, 4_999_900), (500_328, 4_999_900), (500_328, 4_999_772), (500_200, 4_999_772)]
    np.testing.assert_allclose(made.tile_outlines()[0], lon_lat(*np.transpose(corners)), atol=1e-9)


def rewritten(path: Path, **changes: object) -> None:
    """Change columns of a table, or its note, and keep the rest."""
    found = parquet.read_table(path)
    meta = dict(found.schema.metadata)
    for name, value in changes.items():
        if name == "note":
            meta[b"graft_pairs"] = json.dumps(value).encode()
        else:
            found = found.set_column(found.column_names.index(name), name, pyarrow.array(value))
    parquet.write_table(found.replace_schema_metadata(meta), path)


def test_a_damaged_or_foreign_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    with pytest.raises(TrainError, match="there is no"):
        read_pairs(path)
    path.write_text("text")
    with pytest.raises(TrainError, match="no Parquet file"):
        read_pairs(path)
    parquet.write_table(pyarrow.table({"path": ["x"]}), path)
    with pytest.raises(TrainError, match="of another program"):
        read_pairs(path)
    for changes, said in (
        ({"tile": [1, 0, 0, 0, 0]}, "order of the tiles"),
        ({"tile": [0, 0, 2, 2, 2]}, "order of the tiles"),
        ({"row": [0.0, 0.0, 500.0, 0.0, 0.0]}, "outside its tile"),
        ({"scene_number": [9, 9, 9, 9, 9]}, "no scene"),
        ({"note": {"format": 2}}, "format 2"),
        ({"note": {}}, "format"),
        ({"note": []}, "damaged"),
    ):
        write_pairs(path, table([3, 2], tmp_path))
        rewritten(path, **changes)
        with pytest.raises(TrainError, match=said):
            read_pairs(path)


def test_a_scene_that_changed_is_refused(shared_data: Path) -> None:
    source = shared_data / "naip" / "va_forest_lake.tif"
    opened = open_scene(source)
    kept = PairScene(str(source), "mine", "naip", opened.fingerprint, None, opened.geobox)
    assert kept.open().name == "mine"
    with pytest.raises(SceneError, match="changed"):
        replace(kept, fingerprint="0" * 16).open()
