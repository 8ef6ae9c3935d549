"""Lists of photos: what folders, files, patterns and tables say, and every way a photo can be unusable."""

import http.server
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from graft_core.errors import PhotoError
from graft_core.io import photos as photos_module
from graft_core.io.exif import NO_POSITION, OUT_OF_RANGE, ZERO_POSITION, read_facts
from graft_core.io.photo import (
    DAMAGED,
    HEIC,
    MISSING,
    NOT_AN_IMAGE,
    BadPhotoError,
    PhotoTags,
    decode_photo,
    write_photo,
)
from graft_core.io.photos import UNREACHABLE, PhotoList, list_photos, read_bytes

TAKEN = datetime(2024, 7, 5, 9, 30, 1)
GREY = np.full((24, 32, 3), 128, np.uint8)
GPS = ExifTags.GPS


def listed(*sources: Path | str) -> PhotoList:
    work = list_photos(sources)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def reasons(photos: PhotoList) -> dict[str, str]:
    return {Path(photos.places[i]).name: problem.reason for i, problem in photos.problems.items()}


def photo(path: Path, lon: float = 8.5, lat: float = 47.25) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_photo(path, GREY, PhotoTags(lon, lat, 10.0, 4.0, TAKEN))
    return path


def tagged(path: Path, tags: dict[int, object]) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "camera"  # Pillow writes no EXIF of which only the GPS part is filled
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(tags)
    Image.fromarray(GREY).save(path, exif=exif)
    return path


@settings(deadline=None, max_examples=40)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_a_position_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, lon: float, lat: float) -> None:
    facts = read_facts(photo(tmp_path_factory.getbasetemp() / "property.jpg", lon, lat))
    assert (facts.lon, facts.lat) == pytest.approx((lon, lat), abs=1e-8)
    assert (facts.taken, facts.accuracy_m) == (TAKEN, 4.0)


def test_a_folder_gives_the_photos_of_all_its_subfolders_by_name(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/2.JPG", "a/1.jpeg", ".hidden/x.jpg", ".y.jpg"):
        photo(tmp_path / "in" / name.lower()).rename(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    found = listed(tmp_path / "in")
    assert [str(Path(place).relative_to(tmp_path / "in")) for place in found.places] == ["b.jpg", "a/1.jpeg", "a/2.JPG"]
    np.testing.assert_allclose(found.lonlat, [(8.5, 47.25)] * 3, atol=1e-8)
    assert found.taken.tolist() == [TAKEN] * 3
    assert found.accuracy_m.tolist() == [4.0] * 3


def test_a_pattern_and_a_single_photo_are_lists_too(tmp_path: Path) -> None:
    for name in ("a1.jpg", "a2.jpg", "b.jpg"):
        photo(tmp_path / name)
    assert len(listed(tmp_path / "a*.jpg", tmp_path / "b.jpg").places) == 3


@pytest.mark.parametrize("name", ["x.png", "x.webp"])
def test_other_image_files_with_exif_are_read(tmp_path: Path, name: str) -> None:
    tags = {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: (1, 30, 0),
        GPS.GPSLongitudeRef: "W",
        GPS.GPSLongitude: (2, 0, 36),
    }
    facts = read_facts(tagged(tmp_path / name, tags))
    assert (facts.lon, facts.lat) == pytest.approx((-2.01, -1.5))


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, NO_POSITION),
        ({GPS.GPSLatitude: (1, 2, 3), GPS.GPSLongitude: (1, 2, 3)}, NO_POSITION),
        ({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (91, 0, 0)}, OUT_OF_RANGE),
        ({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (0, 0, 0)}, ZERO_POSITION),
        ({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (IFDRational(5, 0), IFDRational(0, 0), 3)}, NO_POSITION),
        ({GPS.GPSLatitudeRef: "X", GPS.GPSLatitude: (1, 2, 3)}, NO_POSITION),
    ],
)
def test_a_position_that_is_none_is_named(tmp_path: Path, tags: dict[int, object], reason: str) -> None:
    eastern = {GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (0, 0, 0)} if tags else {}
    path = tagged(tmp_path / "x.jpg", {**eastern, **tags} if GPS.GPSLatitudeRef in tags else tags)
    assert reasons(listed(path)) == {"x.jpg": reason}


def test_files_that_are_no_photos_are_named_each_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("plain text")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1")
    (tmp_path / "renamed.jpg").write_bytes(b"\0\0\0\x18ftypmif1\0\0\0\0heic")
    (tmp_path / "film.jpg").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0mp42")
    found = listed(tmp_path)
    expected = {"phone.heic": HEIC, "renamed.jpg": HEIC}
    assert reasons(found) == expected | dict.fromkeys(("text.jpg", "empty.jpg", "film.jpg"), NOT_AN_IMAGE)
    heic = found.problems[[Path(place).name for place in found.places].index("phone.heic")]
    assert "convert it to JPEG" in heic.detail


def test_bad_photos_of_the_shared_data_are_named(shared_data: Path) -> None:
    found = listed(shared_data / "bad")
    expected = {"photo_gps_0_0.jpg": ZERO_POSITION, "photo_no_gps.jpg": NO_POSITION, "text_renamed.jpg": NOT_AN_IMAGE}
    assert reasons(found) == expected
    assert np.isnan(found.lonlat).all()


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of tags that make no sense
@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_damage_to_the_bytes_stops_the_list(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = photo(tmp_path_factory.getbasetemp() / "damage.jpg")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, 420))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    assert len(listed(path).places) == 1
    try:
        decode_photo(path.read_bytes(), 32)
    except BadPhotoError:
        return


def test_a_cut_photo_keeps_its_place_and_cannot_be_decoded(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    write_photo(tmp_path / "x.jpg", pixels, PhotoTags(8.5, 47.25, 0.0, 4.0, TAKEN))
    raw = (tmp_path / "x.jpg").read_bytes()
    (tmp_path / "x.jpg").write_bytes(raw[: len(raw) // 2])
    assert not listed(tmp_path / "x.jpg").problems
    with pytest.raises(BadPhotoError) as failed:
        decode_photo(raw[: len(raw) // 2], 64)
    assert failed.value.reason == DAMAGED


def test_a_large_photo_is_decoded_only_as_fine_as_needed_and_upright(tmp_path: Path) -> None:
    pixels = np.zeros((600, 1600, 3), np.uint8)
    pixels[:, :800] = (255, 0, 0)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned
    Image.fromarray(pixels).save(tmp_path / "x.jpg", exif=exif)
    seen = decode_photo((tmp_path / "x.jpg").read_bytes(), 64)
    height, width = seen.shape[:2]
    assert height > width
    assert 128 <= width <= 300
    assert seen[: height // 3, :, 0].min() > 200 > 50 > seen[-height // 3 :, :, 0].max()


def test_a_csv_says_where_and_when(tmp_path: Path) -> None:
    rows = (
        "\ufeffFile;Longitude;LAT;Taken_at;Accuracy",
        "a.jpg;8.5;47.25;2024-07-05T09:30:01;12",
        "/b/c.jpg;-8.5;-47;2024:07:05 09:30:01;",
    )
    (tmp_path / "photos.csv").write_text("\n".join(rows), encoding="utf-8")
    found = listed(tmp_path / "photos.csv")
    assert found.places == (str(tmp_path / "a.jpg"), "/b/c.jpg")
    assert found.lonlat.tolist() == [[8.5, 47.25], [-8.5, -47.0]]
    assert found.taken.tolist() == [TAKEN, TAKEN]
    assert found.accuracy_m[0] == 12
    assert np.isnan(found.accuracy_m[1])


def test_parquet_and_geoparquet_say_the_same(tmp_path: Path) -> None:
    columns = {"path": ["a.jpg", "b.jpg"], "time": [TAKEN, None], "accuracy_m": [3.0, None]}
    pandas.DataFrame({**columns, "lon": [1.0, 2.0], "lat": [3.0, 4.0]}).to_parquet(tmp_path / "plain.parquet")
    points = geopandas.points_from_xy([1.0, 2.0], [3.0, 4.0])
    frame = geopandas.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")
    frame.to_crs("EPSG:3857").to_parquet(tmp_path / "points.parquet")
    plain, points_too = listed(tmp_path / "plain.parquet"), listed(tmp_path / "points.parquet")
    assert plain.places == points_too.places == (str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"))
    np.testing.assert_allclose(plain.lonlat, points_too.lonlat, atol=1e-9)
    np.testing.assert_array_equal(plain.taken, points_too.taken)
    np.testing.assert_array_equal(plain.accuracy_m, points_too.accuracy_m)


def test_what_a_table_lacks_comes_from_the_photo(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        photo(tmp_path / name)
    (tmp_path / "t.csv").write_text("path,lon,lat\na.jpg,1,2\nb.jpg,,\nc.jpg,,\n,5,5\n")
    found = listed(tmp_path / "t.csv")
    np.testing.assert_allclose(found.lonlat[:2], [(1, 2), (8.5, 47.25)], atol=1e-8)
    assert found.taken[:2].tolist() == [TAKEN, TAKEN]
    assert [problem.reason for problem in found.problems.values()] == [MISSING, "no path"]


def test_the_table_of_real_photos_agrees_with_their_exif(shared_data: Path) -> None:
    table, folder = listed(shared_data / "photos" / "photos.csv"), listed(shared_data / "photos")
    order = [folder.places.index(place) for place in table.places]
    assert len(order) == 20
    np.testing.assert_allclose(table.lonlat, folder.lonlat[order], atol=2e-6)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "lon,lat\n1,2\n", "no column that says which photos"),
        ("t.csv", "path,lon,lat\n", "has no rows"),
        ("t.parquet", "text", "cannot be read as a table"),
        ("t.csv", '"', "cannot be read as a table"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(PhotoError, match=said):
        listed(tmp_path / name)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "x.jpg", tmp_path / "*.jpg"):
        with pytest.raises(PhotoError, match=r"holds no photo|There is no|matches"):
            listed(source)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of a folder with x.jpg."""
    photo(tmp_path / "web" / "x.jpg")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "web"))

        def log_message(self, *args: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


def test_photos_on_the_web_are_fetched(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_bytes(f"{server}/x.jpg") == (tmp_path / "web" / "x.jpg").read_bytes()
    for address in (f"{server}/none.jpg", "http://127.0.0.1:9/x.jpg"):
        with pytest.raises(BadPhotoError) as failed:
            read_bytes(address)
        assert failed.value.reason == UNREACHABLE
    monkeypatch.setattr(photos_module, "LARGEST_BYTES", 100)
    with pytest.raises(BadPhotoError, match="larger"):
        read_bytes(f"{server}/x.jpg")


def test_a_photo_on_the_web_needs_a_table_for_its_place(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("url,lon,lat\nhttps://photos.example/x.jpg,1,2\n")
    found = listed("https://photos.example/y.jpg", tmp_path / "t.csv")
    assert found.places == ("https://photos.example/y.jpg", "https://photos.example/x.jpg")
    assert {i: problem.reason for i, problem in found.problems.items()} == {0: NO_POSITION}


def test_a_missing_file_is_told_from_one_that_may_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadPhotoError) as failed:
        read_bytes(str(tmp_path / "x.jpg"))
    assert failed.value.reason == MISSING
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(BadPhotoError, match="directory"):
        read_bytes(str(tmp_path / "folder.jpg"))
