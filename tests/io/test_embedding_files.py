"""Files of published embeddings: found, understood, or refused with what to do."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import major_tom
import numpy as np
import pyarrow
import pytest
import shapely
from pyarrow import parquet
from pyproj import CRS

from graft_core.errors import EmbeddingsError
from graft_core.io.embedding_files import open_embeddings
from graft_core.io.embedding_rows import read_places, read_vectors

WORDS = pyarrow.list_(pyarrow.float32())
POINT = shapely.to_wkb(shapely.Point(12.0, 50.0))


def plain(path: Path, geo: Any = None, **columns: Any) -> Path:
    """A Parquet file of some columns, with GeoParquet's metadata where given."""
    table = pyarrow.table(columns)
    metadata = {} if geo is None else {"geo": geo if isinstance(geo, str) else json.dumps(geo)}
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    return path


def vectors(rows: Sequence[Any], kind: Any = WORDS) -> Any:
    return pyarrow.array(rows, kind)


def about(crs: Any = "absent", encoding: str = "WKB") -> dict[str, Any]:
    column = {"encoding": encoding, "geometry_types": ["Point"]} | ({} if crs == "absent" else {"crs": crs})
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def only_vectors(path: Path) -> np.ndarray:
    found = open_embeddings([path])
    return np.concatenate([block for _, block in read_vectors(found, 0)])


def test_a_major_tom_set_is_understood_without_a_word(tmp_path: Path) -> None:
    fragments = major_tom.cell(12.0, 50.0)
    values = np.random.default_rng(1).normal(size=(9, 6)).astype(np.float32)
    for part in (0, 1):
        rows = slice(5 * part, 5 * part + 5)
        table = major_tom.rows(fragments[rows], values[rows], "20230119T161811")
        major_tom.write(tmp_path / "embeddings" / f"part_{part:05}.parquet", table)
    found = open_embeddings([tmp_path])
    assert [file.path.name for file in found.files] == ["part_00000.parquet", "part_00001.parquet"]
    assert (found.vector, found.dim, found.rows, found.geometry) == ("embedding", 6, 9, "geometry")
    places = list(read_places(found))
    assert [(each.file, each.first) for each in places] == [(0, 0), (1, 0)]
    lonlat = np.concatenate([each.lonlat for each in places])
    np.testing.assert_allclose(lonlat, [each.lonlat for each in fragments], atol=1e-6)
    side = np.concatenate([each.side_m for each in places])
    np.testing.assert_allclose(side, 3840, rtol=0.005)
    assert {str(day) for each in places for day in each.day} == {"2023-01-19"}
    assert places[1].names["id"].to_pylist() == [major_tom.identity(each, "20230119T161811") for each in fragments[5:]]
    read = np.concatenate([block for number in (0, 1) for _, block in read_vectors(found, number)])
    np.testing.assert_allclose(read, values / np.linalg.norm(values, axis=1, keepdims=True), atol=1e-6)


def test_files_folders_and_patterns_are_each_file_once(tmp_path: Path) -> None:
    for name in ("a.parquet", "deep/b.parquet", "c.geoparquet", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        plain(path, embedding=vectors([[1.0, 2.0]]), geometry=[POINT])
    found = open_embeddings([tmp_path, tmp_path / "a.parquet", tmp_path / "*.parquet"])
    assert [file.path.name for file in found.files] == ["a.parquet", "c.geoparquet", "b.parquet"]


@pytest.mark.parametrize(
    "kind",
    [
        pyarrow.list_(pyarrow.float16()),
        pyarrow.large_list(pyarrow.float64()),
        pyarrow.list_(pyarrow.float32(), 2),
        pyarrow.list_(pyarrow.list_(pyarrow.float32())),
    ],
    ids=str,
)
def test_lists_of_every_kind_of_float_are_vectors(tmp_path: Path, kind: Any) -> None:
    inside = pyarrow.types.is_list(kind.value_type)
    rows = [[3.0, 4.0], None, [0.0, 2.0]]
    if kind.value_type == pyarrow.float16():
        rows = [None if row is None else [np.float16(value) for value in row] for row in rows]  # type: ignore[misc]
    given = [None if row is None else [row] if inside else row for row in rows]
    path = plain(tmp_path / "v.parquet", embedding=vectors(given, kind), geometry=[POINT] * 3)
    assert open_embeddings([path]).dim == 2
    np.testing.assert_allclose(only_vectors(path), [[0.6, 0.8], [np.nan, np.nan], [0, 1]], atol=1e-6)


def test_a_vector_without_a_direction_is_no_vector(tmp_path: Path) -> None:
    rows = [[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [1e-30, 0.0]]
    path = plain(tmp_path / "v.parquet", embedding=vectors(rows), geometry=[POINT] * 5)
    assert np.isnan(only_vectors(path)).all(axis=1).tolist() == [False, True, True, True, False]


def test_longitude_and_latitude_do_where_there_is_no_geometry(tmp_path: Path) -> None:
    path = plain(
        tmp_path / "v.parquet", embedding=vectors([[1.0], [2.0]]), centre_lon=[12.0, None], centre_lat=[50.0, 51.0]
    )
    (places,) = read_places(open_embeddings([path]))
    np.testing.assert_allclose(places.lonlat[0], (12, 50))
    assert np.isnan(places.lonlat[1]).any()
    assert np.isnan(places.side_m).all()


def test_a_geometry_in_another_crs_is_brought_to_degrees(tmp_path: Path) -> None:
    square = shapely.to_wkb(shapely.box(500_000, 5_500_000, 502_240, 5_502_240))
    crs = CRS.from_epsg(32633).to_json_dict()
    path = plain(tmp_path / "v.parquet", about(crs), embedding=vectors([[1.0]]), geometry=[square])
    (places,) = read_places(open_embeddings([path]))
    np.testing.assert_allclose(places.lonlat, [(15.0156, 49.6625)], atol=1e-3)
    np.testing.assert_allclose(places.side_m, 2240, rtol=0.005)


def test_a_square_across_the_antimeridian_lies_there(tmp_path: Path) -> None:
    ring = shapely.Polygon([(179.99, -17), (-179.97, -17), (-179.97, -16.96), (179.99, -16.96)])
    path = plain(tmp_path / "v.parquet", embedding=vectors([[1.0]]), geometry=[shapely.to_wkb(ring)])
    (places,) = read_places(open_embeddings([path]))
    np.testing.assert_allclose(places.lonlat, [(-179.99, -16.98)], atol=1e-3)
    assert places.side_m[0] < 5000


def test_days_come_out_of_dates_times_and_text(tmp_path: Path) -> None:
    stamps = pyarrow.array([1_674_144_000_000, None], pyarrow.timestamp("ms"))
    for name, column in (("t", stamps), ("s", ["2023-01-19T16:18:11Z", "once"]), ("m", ["20230119T161811", None])):
        path = plain(
            tmp_path / f"{name}.parquet", embedding=vectors([[1.0], [1.0]]), geometry=[POINT] * 2, timestamp=column
        )
        (places,) = read_places(open_embeddings([path]))
        assert list(map(str, places.day)) == ["2023-01-19", "NaT"]


def refusals(folder: Path) -> list[tuple[Path | str, str]]:
    """What is given, and what the refusal says."""
    one, two = vectors([[1.0, 2.0]]), vectors([[3.0, 4.0]])
    (folder / "empty").mkdir()
    (folder / "text.parquet").write_text("no parquet at all")
    (folder / "nothing.parquet").write_bytes(b"")
    whole = plain(folder / "whole.parquet", embedding=one, geometry=[POINT]).read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    lonely = plain(folder / "lonely.parquet", embedding=one)
    words = plain(folder / "words.parquet", name=["a"], geometry=[POINT])
    several = plain(folder / "several.parquet", a=one, b=two, geometry=[POINT])
    hollow = plain(folder / "hollow.parquet", embedding=vectors([None], WORDS), geometry=[POINT])
    unsaid = plain(folder / "unsaid.parquet", about(None), embedding=one, geometry=[POINT])
    garbled = plain(folder / "garbled.parquet", "{", embedding=one, geometry=[POINT])
    foreign = plain(folder / "foreign.parquet", about({"type": "Nonsense"}), embedding=one, geometry=[POINT])
    native = plain(folder / "native.parquet", about(encoding="point"), embedding=one, geometry=[POINT])
    return [
        ("https://huggingface.co/datasets/x.parquet", "is not on this machine; download it"),
        (folder / "gone.parquet", "is no file, folder or pattern that fits one; give where"),
        (folder / "empty", "has no Parquet files in it"),
        (folder / "text.parquet", r"is no Parquet file, or a damaged one \(.*\); download it again"),
        (folder / "nothing.parquet", "is no Parquet file, or a damaged one"),
        (folder / "cut.parquet", "is no Parquet file, or a damaged one"),
        (lonely, "does not say where its rows lie: it needs a column of geometry, or of centre_lon"),
        (words, "has no column of vectors; its columns are name, geometry, and an embedding is a list"),
        (several, "has 2 columns of vectors; state which of a, b is meant"),
        (hollow, "There is no embedding in .*hollow.parquet: column 'embedding' is empty"),
        (unsaid, "says that its geometry has no CRS; write it again as GeoParquet with one"),
        (garbled, "What .*garbled.parquet says of its geometry cannot be read"),
        (foreign, "What .*foreign.parquet says of its geometry cannot be read"),
        (native, "does not say where its rows lie"),
    ]


def test_files_that_cannot_be_used_are_refused_with_the_next_step(tmp_path: Path) -> None:
    for given, message in refusals(tmp_path):
        with pytest.raises(EmbeddingsError, match=message):
            open_embeddings([given])


def test_a_stated_column_is_taken_or_refused(tmp_path: Path) -> None:
    one, two = vectors([[1.0, 2.0]]), vectors([[3.0, 4.0, 5.0]])
    path = plain(tmp_path / "v.parquet", a=one, b=two, geometry=[POINT], name=["x"])
    assert open_embeddings([path], "b").dim == 3
    with pytest.raises(
        EmbeddingsError, match=r"Column 'name' is not a list of floats in .*; state which of a, b is meant"
    ):
        open_embeddings([path], "name")
    with pytest.raises(EmbeddingsError, match=r"Column 'c' is not there in .*; state which of a, b is meant"):
        open_embeddings([path], "c")


def test_parts_of_different_sets_are_not_mixed(tmp_path: Path) -> None:
    plain(tmp_path / "a.parquet", embedding=vectors([[1.0]]), geometry=[POINT], timestamp=["20230101"])
    plain(tmp_path / "b.parquet", embedding=vectors([[1.0]]), geometry=[POINT])
    with pytest.raises(EmbeddingsError, match=r"b\.parquet has no column 'timestamp', which a\.parquet has"):
        open_embeddings([tmp_path])


@pytest.mark.parametrize("kind", [WORDS, pyarrow.list_(pyarrow.list_(pyarrow.float32()))], ids=str)
def test_a_vector_of_another_length_is_named_by_its_row(tmp_path: Path, kind: Any) -> None:
    rows = [[1.0, 2.0], None, [1.0, 2.0, 3.0]]
    given = rows if kind == WORDS else [None if row is None else [row] for row in rows]
    path = plain(tmp_path / "v.parquet", embedding=vectors(given, kind), geometry=[POINT] * 3)
    with pytest.raises(EmbeddingsError, match=r"Row 3 of .* has 3 values in 'embedding' and the first row 2"):
        only_vectors(path)


def test_places_that_are_no_degrees_are_refused(tmp_path: Path) -> None:
    metres = shapely.to_wkb(shapely.Point(500_000, 5_500_000))
    path = plain(tmp_path / "v.parquet", embedding=vectors([[1.0]]), geometry=[metres])
    with pytest.raises(EmbeddingsError, match=r"places at 500,000, 5,500,000, which are no degrees, and says no CRS"):
        list(read_places(open_embeddings([path])))


def test_a_geometry_that_is_no_geometry_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "v.parquet", embedding=vectors([[1.0]]), geometry=[b"no geometry"])
    with pytest.raises(EmbeddingsError, match=r"The geometry in .*v\.parquet is damaged"):
        list(read_places(open_embeddings([path])))


def test_a_file_whose_middle_is_damaged_is_refused_while_it_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(4000, 8))
    path = plain(tmp_path / "v.parquet", embedding=vectors(list(values)), geometry=[POINT] * 4000)
    found = open_embeddings([path])
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(EmbeddingsError, match=r"v\.parquet is no Parquet file, or a damaged one"):
        list(read_vectors(found, 0))
