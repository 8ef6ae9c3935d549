"""Images of a catalogue as scenes: in place, whole, windows and composites, against servers that die and come back."""

import json
import shutil
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pystac
import pytest
import rasterio
import shapely
from imagery_material import (
    LEFT,
    area_in,
    drawn,
    earth_search_sentinel2,
    own_image,
    plain_raster,
    planetary_naip,
    planetary_sentinel2,
)
from pystac.validation import validate_dict
from stac_server import StacServer

from graft_core import settings
from graft_core.errors import ImageryError
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.one_fetch import fetching_into
from graft_core.io.imagery.remote import Attempts
from graft_core.io.scene import open_scene, read_rgb
from graft_core.tasks.catalog import known_scenes
from graft_core.tasks.find_imagery import find_imagery
from graft_core.tasks.get_imagery import get_imagery
from graft_core.tasks.imagery_plan import COMPOSITE_MOST, How, Plan, plan_imagery, require_room
from graft_core.types import Progress

HASTY = Attempts(3, 0.01)
REAL = "naip/claremont"


@pytest.fixture
def real_naip(catalogs: StacServer, shared_data: Path) -> ImageryItem:
    """A real aerial image, as the Planetary Computer has them."""
    raster = sorted((shared_data / REAL).glob("*.tif"))[0]
    item = planetary_naip(catalogs, "2020-04-18", raster)
    return find_imagery("planetary-computer", "naip", area_in(item)).items[0]


def sentinel2(server: StacServer, *, side: int = 240, cloud: float = 5, value: int = 1300) -> ImageryItem:
    item = planetary_sentinel2(server, "2022-06-17", drawn(value, side=side), cloud=cloud)
    return find_imagery("planetary-computer", "sentinel2", area_in(item)).items[0]


def planned(items: Sequence[ImageryItem], how: How, share: float = 0.5, *, clear: bool = False) -> Plan:
    return plan_imagery(items, shrunk(items[0], share), how, clear=clear, attempts=HASTY)


def shrunk(item: ImageryItem, share: float) -> shapely.Geometry:
    return area_in({"bbox": item.footprint.bounds}, share)


def run(plan: Plan) -> tuple[tuple[Path, ...], list[Progress]]:
    steps, work = [], get_imagery(plan, attempts=HASTY)
    while True:
        try:
            steps.append(next(work))
        except StopIteration as stop:
            return stop.value, steps


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != ".fetching.lock")


def valid_record(path: Path) -> pystac.Item:
    """The item beside a scene, valid against the published schemas, which come with pystac; extensions' do not."""
    item = pystac.Item.from_file(str(path.with_suffix(".json")))
    document = item.to_dict(include_self_link=False, transform_hrefs=False) | {"stac_extensions": []}
    validate_dict(document, stac_object_type=pystac.STACObjectType.ITEM)
    return item


def no_secrets(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert not path.is_file() or b"SECRET" not in path.read_bytes(), path


def test_a_window_becomes_a_scene_with_the_right_colours_and_its_origin(catalogs: StacServer) -> None:
    item = sentinel2(catalogs)
    (path,), steps = run(planned([item], "window"))
    scene = open_scene(path)
    assert (scene.sensor, scene.gsd, scene.acquired) == ("sentinel2", 10, date(2022, 6, 17))
    assert (scene.stretch.low, scene.stretch.high) == ((1000,) * 3, (4000,) * 3)  # the offset of baseline 05.00
    with rasterio.open(path) as source:
        assert source.descriptions == ("B04", "B03", "B02", "B08")
    record = valid_record(path)
    source_item = record.properties["graft:items"][0]
    assert source_item["id"] == item.id
    assert (source_item["offset"], source_item["offset_known_by"]) == (-1000, "item")
    assert source_item["files"]["red"] == item.files["red"].href
    assert record.properties["graft:credit"] == "Contains modified Copernicus Sentinel data"
    assert record.properties["graft:collection"] == "sentinel-2-l2a"
    no_secrets(settings.tiles_dir())
    assert (steps[0].done, steps[-1].done, steps[-1].unit) == (0, steps[-1].total, "bytes")


def test_an_aerial_window_has_its_four_bands_and_nothing_becomes_alpha(
    catalogs: StacServer, real_naip: ImageryItem
) -> None:
    (path,), _ = run(planned([real_naip], "window"))
    with rasterio.open(path) as source:
        assert source.descriptions == ("Red", "Green", "Blue", "NIR")
        assert [color.name for color in source.colorinterp] == ["red", "green", "blue", "undefined"]
        assert (source.dtypes[0], source.nodata) == ("uint8", None)
        assert 100 < source.width < 150  # half of 256
    assert open_scene(path).sensor == "naip"
    assert open_scene(path).acquired == date(2020, 4, 18)


def test_an_image_used_in_place_is_a_scene_that_says_where_it_lies(
    catalogs: StacServer, real_naip: ImageryItem
) -> None:
    plan = planned([real_naip], "place")
    assert (plan.fetched_bytes, plan.disk_bytes) == (0, 0)
    (path,), steps = run(plan)
    assert steps[-1] == Progress(1, 1, "scenes", steps[-1].elapsed_s)
    assert path.name.startswith(f"{real_naip.id}-")
    assert written(settings.tiles_dir()) == [f"{path.stem}.json", f"{path.stem}.vrt"]
    assert "pc_url_signing=yes" in path.read_text()
    scene = open_scene(path)
    rgb, valid = read_rgb(scene, scene.geobox)
    with rasterio.open(next(catalogs.folder.rglob("m_*.tif"))) as source:
        assert np.array_equal(rgb, np.moveaxis(source.read([1, 2, 3]), 0, -1))
    assert valid.all()
    assert scene.name == path.stem
    no_secrets(settings.tiles_dir())
    assert [known.source for known in known_scenes(settings.indexes_dir())] == [str(path)]
    record = valid_record(path)
    assert record.assets["image"].href == real_naip.files["image"].href
    assert record.assets["data"].href.endswith(path.name)
    assert record.properties["naip:state"] == "ca"


@pytest.mark.parametrize("how", ["place", "whole"])
def test_one_file_a_band_becomes_one_scene_with_its_offset(catalogs: StacServer, how: How) -> None:
    item = sentinel2(catalogs, side=64)
    (path,), _ = run(planned([item], how))
    scene = open_scene(path)
    assert (scene.sensor, scene.bands, scene.gsd) == ("sentinel2", (1, 2, 3), 10)
    assert (scene.stretch.low, scene.stretch.high) == ((1000,) * 3, (4000,) * 3)
    assert scene.acquired == date(2022, 6, 17)
    red, _ = read_rgb(scene, scene.geobox)
    assert red[0, 0].tolist() == [round(300 / 3000 * 255), round(400 / 3000 * 255), round(500 / 3000 * 255)]
    no_secrets(settings.tiles_dir())


def test_earth_search_has_taken_the_offset_away_already(catalogs: StacServer) -> None:
    item = earth_search_sentinel2(catalogs, "2022-06-17", drawn(300, side=64), applied=True)
    found = find_imagery("earth-search", "sentinel2", area_in(item)).items
    for how in ("place", "window"):
        (path,), _ = run(planned(found, how))  # type: ignore[arg-type]
        assert open_scene(path).stretch.low == (0, 0, 0)


def test_whole_files_are_the_very_bytes_of_the_server(catalogs: StacServer) -> None:
    item = sentinel2(catalogs, side=64)
    plan = planned([item], "whole")
    stored = {path.name[-11:-8]: path for path in catalogs.folder.rglob("*_10m.tif")}
    assert plan.fetched_bytes == plan.disk_bytes == sum(path.stat().st_size for path in stored.values())
    (path,), _ = run(plan)
    folder = path.with_suffix("")
    assert (folder / f"{path.stem}_red.tif").read_bytes() == stored["B04"].read_bytes()
    assert (folder / f"{path.stem}_nir.tif").read_bytes() == stored["B08"].read_bytes()


def test_a_scene_that_is_there_is_not_fetched_again(catalogs: StacServer) -> None:
    item = sentinel2(catalogs, side=64)
    (path,), _ = run(planned([item], "whole"))
    changed = path.stat().st_mtime_ns
    plan = planned([item], "whole")
    assert plan.fetched_bytes == 0
    catalogs.sent = 0
    (again,), _ = run(plan)
    assert (again, again.stat().st_mtime_ns, catalogs.sent) == (path, changed, 0)


@pytest.mark.parametrize("how", ["whole", "window"])
def test_a_server_that_dies_in_the_middle_leaves_nothing_broken_and_the_rest_is_fetched_later(
    catalogs: StacServer, how: How, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graft_core.tasks.get_imagery.WINDOW_BLOCK_PX", 256)
    monkeypatch.setattr("graft_core.models.download.CHUNK_BYTES", 1 << 14)
    image = drawn(side=1024)
    for values in image.bands.values():  # noise does not compress
        values += np.random.default_rng(7).integers(0, 4000, values.shape).astype(np.uint16)
    planetary_sentinel2(catalogs, "2022-06-17", image)
    item = find_imagery("planetary-computer", "sentinel2", shapely.box(10, 40, 20, 50)).items[0]
    plan = planned([item], how, 0.9)
    size = sum(path.stat().st_size for path in catalogs.folder.rglob("*_10m.tif"))
    catalogs.cut_after = catalogs.sent + size // 2
    with pytest.raises(ImageryError, match="what is here already is kept, so run it again to go on"):
        run(plan)
    assert not plan.pieces[0].there
    assert known_scenes(settings.indexes_dir()) == []
    no_secrets(settings.tiles_dir())
    catalogs.cut_after, catalogs.sent = None, 0
    catalogs.start()
    (path,), steps = run(planned([item], how, 0.9))
    assert steps[-1].resumed > steps[-1].total // 5
    assert catalogs.sent < 0.9 * size
    assert steps[-1].done == steps[-1].total
    scene = open_scene(path)
    with rasterio.open(path) as source:
        row, col = (
            round(each) for each in reversed(~_transform(catalogs) * (scene.geobox.affine.c, scene.geobox.affine.f))
        )
        cut = slice(row, row + source.height), slice(col, col + source.width)
        for band, name in enumerate(("red", "green", "blue", "nir"), start=1):
            assert np.array_equal(source.read(band), image.bands[name][cut])
    assert not [name for name in written(settings.tiles_dir()) if ".part" in name]


def _transform(server: StacServer) -> rasterio.Affine:
    with rasterio.open(next(server.folder.rglob("*_B04_10m.tif"))) as source:
        return source.transform


def test_a_server_that_comes_back_is_not_even_noticed(catalogs: StacServer, monkeypatch: pytest.MonkeyPatch) -> None:
    item = sentinel2(catalogs)
    plan = planned([item], "whole")
    monkeypatch.setattr("graft_core.models.download.CHUNK_BYTES", 1 << 12)
    catalogs.cut_after = catalogs.sent + plan.fetched_bytes // 2
    pauses: list[int] = []

    def restart(_: Attempts, failures: int) -> None:
        pauses.append(failures)
        catalogs.stop()
        catalogs.cut_after = None
        catalogs.start()

    monkeypatch.setattr(Attempts, "wait", restart)
    run(plan)
    assert pauses[0] == 1
    assert plan.pieces[0].there


def test_pauses_between_attempts_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    for failures in (1, 2, 3, 4):
        Attempts(pause_s=0.5).wait(failures)
    assert waited == [0.5, 1, 2, 4]


def test_a_token_refused_in_the_middle_is_replaced(catalogs: StacServer, monkeypatch: pytest.MonkeyPatch) -> None:
    item = sentinel2(catalogs, side=64)
    plan, tokens = planned([item], "whole"), catalogs.tokens
    work = get_imagery(plan, attempts=HASTY)
    for _ in range(3):
        next(work)
    catalogs.revoke()
    list(work)
    assert plan.pieces[0].there
    assert catalogs.tokens == tokens + 2
    no_secrets(settings.tiles_dir())


@pytest.mark.parametrize("how", ["place", "window", "whole"])
def test_a_busy_server_brings_no_signature_into_the_log(
    catalogs: StacServer, how: How, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.01")
    item = sentinel2(catalogs, side=64)
    caplog.set_level("DEBUG")
    path = "/" + item.files["green"].href.partition("//")[2].partition("/")[2]
    catalogs.answers[path] = deque([(503, b"busy")] * 2)
    (made,), _ = run(planned([item], how))
    scene = open_scene(made)
    read_rgb(scene, scene.geobox)
    assert not catalogs.answers[path]
    assert caplog.records
    assert "SECRET" not in caplog.text


def test_a_file_that_is_gone_is_told_at_once(catalogs: StacServer) -> None:
    item = sentinel2(catalogs, side=64)
    plan = planned([item], "whole")
    next(catalogs.folder.rglob("*_B03_10m.tif")).unlink()
    catalogs.asked.clear()
    with pytest.raises(ImageryError, match=r"_B03_10m\.tif does not arrive \(it answers 404") as caught:
        run(plan)
    assert "SECRET" not in str(caught.value)
    assert len([path for _, path in catalogs.asked if "_B03_10m" in path]) == 1


def test_a_median_of_all_dates_is_one_scene(catalogs: StacServer) -> None:
    for month, baseline, value in ((5, "03.00", 700), (6, "05.00", 1900), (7, "05.00", 2300)):
        planetary_sentinel2(
            catalogs, f"2022-{month:02}-17", drawn(value, cloud=(0, 100, 0, 100)), cloud=10.0 * month, baseline=baseline
        )
    found = find_imagery("planetary-computer", "sentinel2", shapely.box(10, 40, 20, 50)).items
    (path,), steps = run(planned(found, "median", 0.9))
    assert path.name.startswith("sentinel2-median-20220517-20220717-")
    scene = open_scene(path)
    assert (scene.stretch.low, scene.stretch.high) == ((0,) * 3, (3000,) * 3)
    with rasterio.open(path) as source:
        values = source.read(1)
    row, col = (
        round(each) for each in reversed(~_transform(catalogs) * (scene.geobox.affine.c, scene.geobox.affine.f))
    )
    assert (values[: 100 - row, : 100 - col] == 0).all()  # a cloud on every date
    assert values[150, 150] == 900 + row + col + 300  # of 700, 900 and 1300
    assert steps[-1].done == steps[-1].total == 3 * values.size * 4 * 2
    record = json.loads(path.with_suffix(".json").read_text())
    assert len(record["properties"]["graft:items"]) == 3
    assert record["properties"]["graft:clouds_removed"] is True


def test_clouds_are_taken_out_of_one_date_when_asked(catalogs: StacServer) -> None:
    item = planetary_sentinel2(catalogs, "2022-06-17", drawn(1300, cloud=(100, 140, 100, 140)))
    found = find_imagery("planetary-computer", "sentinel2", area_in(item)).items
    (path,), _ = run(planned(found, "window", 0.9, clear=True))
    with rasterio.open(path) as source:
        assert np.count_nonzero(source.read(1) == 0) == 40 * 40
    plain, _ = run(planned(found, "window", 0.9))
    assert plain[0] != path


def test_what_it_takes_is_known_before(catalogs: StacServer, monkeypatch: pytest.MonkeyPatch) -> None:
    item = sentinel2(catalogs)
    plan = planned([item], "window", 0.5)
    rows, cols = plan.pieces[0].layout.geobox.shape
    assert plan.fetched_bytes == rows * cols * 4 * 2
    assert plan.disk_bytes == 2 * plan.fetched_bytes
    require_room(plan)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(ImageryError, match=r"takes up to 0\.0 GB, and 0\.0 GB are free in .*choose a smaller area"):
        run(plan)


def test_two_cannot_fetch_into_one_folder_at_once(catalogs: StacServer) -> None:
    plan = planned([sentinel2(catalogs, side=64)], "window")
    with (
        fetching_into(settings.tiles_dir()),
        pytest.raises(ImageryError, match=r"is already being fetched into .*wait until that has ended"),
    ):
        run(plan)
    run(plan)


def test_what_cannot_be_done_is_refused_with_the_way_that_works(catalogs: StacServer, real_naip: ImageryItem) -> None:
    with pytest.raises(ImageryError, match="No image is chosen"):
        plan_imagery([], shapely.box(0, 0, 1, 1), "window")
    with pytest.raises(ImageryError, match="is no Sentinel-2 image, so its clouds are unknown"):
        planned([real_naip], "median")
    unclassified = sentinel2(catalogs, side=8)
    bands = {band: file for band, file in unclassified.files.items() if band != "scl"}
    with pytest.raises(ImageryError, match=r"no scene classification \(SCL\), so its clouds are unknown"):
        planned([replace(unclassified, files=bands)], "median")
    with pytest.raises(ImageryError, match="Clouds are taken out of windows only"):
        planned([real_naip], "whole", clear=True)
    paid = replace(real_naip.files["image"], href="s3://naip-analytic/ca/m_3411720_nw.tif")
    with pytest.raises(ImageryError, match=r"s3://naip-analytic/.*not fetched whole; get a window .*requester"):
        planned([replace(real_naip, files={"image": paid})], "whole")


def own(server: StacServer, collection: str, how: How = "window") -> Plan:
    """A plan for all images of a collection of a catalogue that nobody knows."""
    found = find_imagery(server.stac, collection, shapely.box(10, 40, 20, 50)).items
    return planned(found, how)


def test_a_file_that_is_not_what_the_catalogue_says_is_fetched_once_more_and_refused(catalogs: StacServer) -> None:
    path = plain_raster(catalogs.folder / "a.tif", 70)
    item = own_image(catalogs, "own", "a", path)
    item["assets"]["visual"]["file:checksum"] = "1220" + "0" * 64
    plan = own(catalogs, "own", "whole")
    catalogs.asked.clear()
    with pytest.raises(ImageryError, match=r"a\.tif is not the file that .* describes .*; get a window of it"):
        run(plan)
    assert catalogs.asked == [("GET", "/files/a.tif")] * 2
    assert written(settings.tiles_dir()) == []


def test_a_server_that_breaks_at_the_same_byte_again_and_again_is_given_up(
    catalogs: StacServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graft_core.models.download._note_version", lambda *_: None)  # it must begin anew each time
    path = catalogs.folder / "a.tif"
    plain_raster(path, 70, side=512)
    own_image(catalogs, "own", "a", path)
    plan = own(catalogs, "own", "whole")
    pauses: list[int] = []

    def restart(_: Attempts, failures: int) -> None:
        pauses.append(failures)
        catalogs.stop()
        catalogs.sent = 0
        catalogs.start()

    monkeypatch.setattr(Attempts, "wait", restart)
    catalogs.cut_after, catalogs.sent = 1000, 0
    with pytest.raises(ImageryError, match="does not arrive"):
        run(plan)
    assert pauses == [1, 2]


@pytest.mark.parametrize("how", ["place", "window", "whole"])
def test_images_of_one_id_are_never_taken_for_one_another(catalogs: StacServer, how: How) -> None:
    """An id is unique in its collection, and file names hold fewer characters than ids."""
    for collection, identity, value in (("one", "a/b", 10), ("two", "a/b", 20), ("three", "a:b", 30)):
        own_image(catalogs, collection, identity, plain_raster(catalogs.folder / f"{value}.tif", value))
    for collection, value in (("one", 10), ("two", 20), ("three", 30)):
        (path,), _ = run(own(catalogs, collection, how))
        with rasterio.open(path) as source:
            assert source.read(1).max() == value
        assert json.loads(path.with_suffix(".json").read_text())["properties"]["graft:collection"] == collection


@pytest.mark.parametrize(
    ("file", "query", "suffix"),
    [
        ("a.tif", "?version=3", ".tif"),
        ("a.TIFF", "", ".tiff"),
        ("a.json", "", ".tif"),
        ("a.vrt", "", ".tif"),
        ("a.py", "?x=a.tiff", ".tif"),
    ],
)
def test_a_whole_file_is_called_a_raster_whatever_its_address_is(
    catalogs: StacServer, file: str, query: str, suffix: str
) -> None:
    raster = plain_raster(catalogs.folder / "raster.tif", 70)
    path = raster.rename(catalogs.folder / file)
    own_image(catalogs, "own", "a", path, query=query)
    (made,), _ = run(own(catalogs, "own", "whole"))
    assert made.suffix == suffix
    assert made.read_bytes() == path.read_bytes()
    assert valid_record(made).assets["data"].href.endswith(made.name)


@pytest.mark.parametrize("how", ["window", "whole"])
def test_a_catalogue_that_signs_its_addresses_itself_is_read(catalogs: StacServer, how: How) -> None:
    path = plain_raster(catalogs.folder / "signed" / "a.tif", 70)
    own_image(catalogs, "own", "a", path, query="?" + catalogs.token()["token"])
    (made,), _ = run(own(catalogs, "own", how))
    with rasterio.open(made) as source:
        assert (source.read() == 70).all()
    no_secrets(settings.tiles_dir())
    with pytest.raises(ImageryError, match="cannot be used where it is; get a window, or the whole file"):
        own(catalogs, "own", "place")


@pytest.mark.parametrize("how", ["place", "window", "whole"])
def test_no_secret_of_an_item_comes_onto_the_disk(catalogs: StacServer, how: How) -> None:
    item = own_image(catalogs, "own", "a", plain_raster(catalogs.folder / "a.tif", 70), note=float("nan"))
    item["links"] += [{"rel": "via", "href": "https://host/x?Signature=SECRET&Key-Pair-Id=K"}, {"rel": "license"}]
    item["assets"]["visual"]["alternate"] = {"s3": {"href": "https://user:SECRET@host/x"}}
    (made,), _ = run(own(catalogs, "own", how))
    no_secrets(settings.tiles_dir())
    valid_record(made)


def test_an_image_that_does_not_lie_north_up_is_used_in_place_and_whole(catalogs: StacServer) -> None:
    path = plain_raster(catalogs.folder / "a.tif", 70)
    own_image(catalogs, "own", "a", path)
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as out:
        out.transform = rasterio.Affine(8, 6, LEFT, 6, -8, 5_350_020)
    with pytest.raises(ImageryError, match="get the whole file instead of a window"):
        own(catalogs, "own", "window")
    for how in ("whole", "place"):
        (made,), _ = run(own(catalogs, "own", how))  # type: ignore[arg-type]
        assert open_scene(made).geobox.shape[0] > 32


def test_a_median_of_one_date_has_no_offset_any_more_either(catalogs: StacServer) -> None:
    planetary_sentinel2(catalogs, "2022-06-17", drawn(1900, cloud=(100, 140, 100, 140)), baseline="05.00")
    found = find_imagery("planetary-computer", "sentinel2", shapely.box(10, 40, 20, 50)).items
    (path,), _ = run(planned(found, "median", 0.9))
    assert open_scene(path).stretch.low == (0, 0, 0)
    with rasterio.open(path) as source:
        assert source.tags()["BOA_ADD_OFFSET"] == "0"
        values = source.read(1)
    assert np.count_nonzero(values == 0) == 40 * 40
    assert values.max() < 1900  # 900 and a gradient


def test_a_median_of_two_tiles_has_the_clearest_dates_of_each(catalogs: StacServer) -> None:
    """Of one tile there are more clear dates than a median takes, and of the other only cloudier ones."""
    for day in range(1, COMPOSITE_MOST + 2):
        west = planetary_sentinel2(catalogs, f"2022-06-{day:02}", drawn(1900, side=64), cloud=1)
    for day in range(1, 4):
        east = planetary_sentinel2(
            catalogs, f"2022-06-{day:02}", drawn(1900, side=64), cloud=40, left=LEFT + 640, tile="33UVP"
        )
    (left, bottom, _, top), right = west["bbox"], east["bbox"][2]
    area = shapely.box(left + 0.001, bottom + 0.002, right - 0.001, top - 0.002)
    found = find_imagery("planetary-computer", "sentinel2", area).items
    plan = plan_imagery(found, area, "median", attempts=HASTY)
    used = [each.item.id for each in plan.pieces[0].items]
    assert (len([name for name in used if "33UUP" in name]), len(used)) == (COMPOSITE_MOST, COMPOSITE_MOST + 3)
    (path,), steps = run(plan)
    with rasterio.open(path) as source:
        assert (source.read() > 0).all()
        assert source.tags()["COMPOSITE"].startswith(f"median of {COMPOSITE_MOST + 3} images")
        whole = source.width * source.height * 4 * 2
    assert steps[-1].done == steps[-1].total < whole * (COMPOSITE_MOST + 3)


def test_a_median_of_images_beside_the_area_is_refused(catalogs: StacServer) -> None:
    item = sentinel2(catalogs, side=64)
    with pytest.raises(ImageryError, match="None of the images has anything of the area"):
        plan_imagery([item], shapely.box(0, 0, 1, 1), "median", attempts=HASTY)


@pytest.mark.parametrize(
    ("stored", "offset", "known_by"), [(300, 0, "values"), (1900, -1000, "item, not refuted by the values")]
)
def test_the_origin_says_by_what_a_doubtful_offset_is_known(
    catalogs: StacServer, stored: int, offset: int, known_by: str
) -> None:
    item = earth_search_sentinel2(catalogs, "2023-06-17", drawn(stored, side=64), applied=False)
    found = find_imagery("earth-search", "sentinel2", area_in(item)).items
    (path,), _ = run(planned(found, "window"))
    source = valid_record(path).properties["graft:items"][0]
    assert (source["offset"], source["offset_known_by"]) == (offset, known_by)
