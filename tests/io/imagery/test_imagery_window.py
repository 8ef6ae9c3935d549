"""Windows of remote COGs: the right pixels, few bytes, tokens renewed, and composites with numbers found by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from imagery_material import (
    LEFT,
    TOP,
    ZONE,
    area_in,
    drawn,
    earth_search_sentinel2,
    own_image,
    plain_raster,
    planetary_sentinel2,
)
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from stac_server import StacServer

from graft_core.errors import ImageryError, SceneError
from graft_core.geo.place import pixel_window, reprojected
from graft_core.io.imagery.catalogs import find_catalog, find_product
from graft_core.io.imagery.composite import composite_layout, composite_reader
from graft_core.io.imagery.item import read_item
from graft_core.io.imagery.opened import Opened, open_item
from graft_core.io.imagery.remote import Attempts, opened, remote_path
from graft_core.io.imagery.window import masked_reader, window_layout, window_reader
from graft_core.io.imagery.window_grid import window_grid

HASTY = Attempts(3, 0.01)


def looked_at(document: dict[str, Any], catalog: str = "planetary-computer", collection: str = "sentinel2") -> Opened:
    where = find_catalog(catalog)
    return open_item(read_item(document, where, find_product(where, collection)), HASTY)


def test_a_window_holds_the_area_and_the_stored_values(catalogs: StacServer) -> None:
    image = drawn()
    item = planetary_sentinel2(catalogs, "2021-06-17", image)
    found, area = looked_at(item), area_in(item, 0.3)
    geobox = window_grid(found, area)
    assert geobox.crs == found.geobox.crs
    assert GeoBox.from_bbox(geobox.boundingbox, resolution=10) == geobox
    inside = shapely.box(*geobox.boundingbox)
    assert inside.contains(reprojected(Geometry(area, "EPSG:4326"), geobox.crs).geom)
    assert geobox.shape[0] < 90 > geobox.shape[1]  # of 240
    values = window_reader(found, HASTY)(geobox)
    col, row = ~found.geobox.affine * (geobox.affine.c, geobox.affine.f)
    cut = slice(round(row), round(row) + geobox.shape[0]), slice(round(col), round(col) + geobox.shape[1])
    assert np.array_equal(values, np.stack([image.bands[band][cut] for band in ("red", "green", "blue", "nir")]))
    assert window_layout(found, geobox).bands == ("B04", "B03", "B02", "B08")
    assert window_layout(found, geobox).tags["BOA_ADD_OFFSET"] == "-1000"


def test_a_window_ends_where_the_image_ends(catalogs: StacServer) -> None:
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    west, south, east, north = item["bbox"]
    found = looked_at(item)
    assert window_grid(found, shapely.box(west - 1, south - 1, east + 1, north + 1)) == found.geobox
    with pytest.raises(ImageryError, match="has no pixel in the area; choose another image"):
        window_grid(found, shapely.box(west + 1, south, east + 1, north))


def test_a_small_window_costs_a_small_part_of_the_files(catalogs: StacServer) -> None:
    image = drawn(side=1024)
    for values in image.bands.values():  # noise does not compress
        values += np.random.default_rng(7).integers(0, 4000, values.shape).astype(np.uint16)
    item = planetary_sentinel2(catalogs, "2021-06-17", image)
    found = looked_at(item)
    window_reader(found, HASTY)(window_grid(found, area_in(item, 0.05)))
    stored = sum(path.stat().st_size for path in catalogs.folder.rglob("*_10m.tif"))
    assert catalogs.sent < stored / 4


def test_the_token_is_renewed_before_it_runs_out(catalogs: StacServer) -> None:
    catalogs.token_life_s = 30  # GDAL renews within the last minute
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    found = looked_at(item, collection="sentinel-2-short-lived")
    before = catalogs.tokens
    window_reader(found, HASTY)(found.geobox)
    assert catalogs.tokens > before > 0


def test_a_token_that_is_refused_before_its_time_is_replaced(catalogs: StacServer) -> None:
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    found = looked_at(item, collection="sentinel-2-revoked")
    catalogs.revoke()
    assert window_reader(found, HASTY)(found.geobox).shape == (4, 64, 64)
    assert any(path.startswith("/sas/sign?href=") for _, path in catalogs.asked)


def test_a_file_that_could_not_be_opened_is_really_asked_again(catalogs: StacServer) -> None:
    item = earth_search_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    path = next(catalogs.folder.rglob("B04.tif"))
    path.rename(path.with_suffix(".away"))
    with pytest.raises(SceneError, match=r"B04\.tif cannot be reached or is no raster .*404") as caught:
        looked_at(item, "earth-search")
    assert "vsicurl" not in str(caught.value)
    path.with_suffix(".away").rename(path)
    assert looked_at(item, "earth-search").geobox.shape == (64, 64)


def test_what_is_opened_and_what_is_said_holds_no_signature(catalogs: StacServer) -> None:
    found = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64)))
    path = remote_path(found.item, found.item.files["red"])
    assert path.startswith(
        "/vsicurl?empty_dir=yes&pc_url_signing=yes&pc_collection=sentinel-2-l2a&url=http://127.0.0.1"
    )
    next(catalogs.folder.rglob("*_B04_10m.tif")).write_bytes(b"no raster")
    with pytest.raises(SceneError) as caught:
        window_reader(found, HASTY)(found.geobox)
    assert catalogs.tokens > 0
    for text in (path, str(caught.value), repr(found)):
        assert "SECRET" not in text


def test_clouds_and_their_shadows_become_no_data(catalogs: StacServer) -> None:
    found = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(cloud=(40, 80, 20, 60))))
    values = masked_reader(found, HASTY)(found.geobox)
    assert (values[:, 40:80, 20:60] == 0).all()
    assert np.count_nonzero(values == 0) == 4 * 40 * 40


def test_the_median_leaves_clouds_out_and_brings_baselines_together(catalogs: StacServer) -> None:
    old = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(500, cloud=(0, 40, 0, 40)), baseline="03.00"))
    new = looked_at(planetary_sentinel2(catalogs, "2022-06-17", drawn(1700), baseline="04.00"))
    third = looked_at(planetary_sentinel2(catalogs, "2023-06-17", drawn(2100, cloud=(0, 20, 0, 20)), baseline="05.10"))
    items = [old, new, third]
    values = composite_reader(items, HASTY)(old.geobox)
    # Red at (0, 0): 500 (cloud), 700, 1100 (cloud). At (30, 30): 560 (cloud), 760, 1160. At (100, 100) all three.
    assert values[:, 0, 0].tolist() == [700, 800, 900, 1000]
    assert values[0, 30, 30] == (760 + 1160) / 2
    assert values[0, 100, 100] == 700 + 200
    layout = composite_layout(items, old.geobox)
    assert layout.tags["BOA_ADD_OFFSET"] == "0"
    assert layout.tags["COMPOSITE"] == "median of 3 images, 2021-06-17 to 2023-06-17, clouds left out"
    assert layout.tags["ACQUISITION_DATE"] == "2022-06-17"


def test_ground_that_is_cloudy_on_every_date_has_no_data(catalogs: StacServer) -> None:
    items = [
        looked_at(planetary_sentinel2(catalogs, day, drawn(cloud=(0, 40, 0, 40))))
        for day in ("2021-06-17", "2021-07-17")
    ]
    values = composite_reader(items, HASTY)(items[0].geobox)
    assert (values[:, :40, :40] == 0).all()
    assert (values[:, 40:] > 0).all()
    under = pixel_window(items[0].geobox, 0, 0, 20, 20)
    catalogs.asked.clear()
    assert not composite_reader(items, HASTY)(under).any()
    assert not any("_10m" in path for _, path in catalogs.asked)  # what is all clouds does not travel


def test_images_of_neighbouring_tiles_meet_in_one_composite(catalogs: StacServer) -> None:
    west = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(1200, side=64), baseline="03.00"))
    east = looked_at(
        planetary_sentinel2(
            catalogs, "2021-06-20", drawn(1200, side=64), left=LEFT + 640, tile="33UVP", baseline="03.00"
        )
    )
    both = GeoBox((64, 128), west.geobox.affine, ZONE)
    values = composite_reader([west, east], HASTY)(both)
    assert (values > 0).all()
    assert np.array_equal(values[:, :, :64], values[:, :, 64:])


def test_an_image_of_another_zone_is_brought_to_the_grid(catalogs: StacServer) -> None:
    here = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(1200), baseline="03.00"))
    left, _, _, top = rasterio.warp.transform_bounds(ZONE, "EPSG:32632", *here.geobox.boundingbox)
    left, top = round(left, -1) - 200, round(top, -1) + 200
    image = drawn(1200, side=400)
    other = planetary_sentinel2(
        catalogs, "2021-06-20", image, left=left, top=top, tile="32UUP", crs="EPSG:32632", baseline="03.00"
    )
    values = composite_reader([looked_at(other)], HASTY)(here.geobox)
    centres = np.arange(240) * 10 + 5
    x, y = np.meshgrid(LEFT + centres, TOP - centres)
    there = rasterio.warp.transform(ZONE, "EPSG:32632", x.ravel(), y.ravel())
    col, row = (np.reshape(there[0], x.shape) - left) / 10 - 0.5, (top - np.reshape(there[1], x.shape)) / 10 - 0.5
    for band in range(4):  # what is drawn grows by one a pixel to the east and by one to the south
        assert np.abs(values[band] - (1200 + 100 * band + col + row)).max() < 1


def test_a_file_that_has_nothing_of_a_block_is_not_opened_for_it(catalogs: StacServer) -> None:
    west = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(1200, side=64), baseline="03.00"))
    east = looked_at(planetary_sentinel2(catalogs, "2021-06-20", drawn(1200, side=64), left=LEFT + 960, tile="33UVP"))
    catalogs.asked.clear()
    assert (composite_reader([west, east], HASTY)(west.geobox) > 0).all()
    assert not any("T33UVP" in path for _, path in catalogs.asked)


def test_a_window_of_a_wide_area_holds_the_bend_of_its_edges(catalogs: StacServer) -> None:
    """A parallel is no straight line in UTM: of 1.6 degrees the middle lies 300 m south of the ends."""
    found = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64)))
    tile = replace(found.member, width=10980, height=10980, transform=Affine(10, 0, 400_000, 0, -10, 5_400_000))
    area = shapely.box(14.2, 48.25, 15.8, 48.3)
    geobox = window_grid(replace(found, member=tile), area)
    lons = np.linspace(14.2, 15.8, 501)
    for lat in (48.25, 48.3):
        _, y = rasterio.warp.transform("EPSG:4326", ZONE, lons, np.full_like(lons, lat))
        assert geobox.boundingbox.bottom <= min(y) + 0.1
        assert max(y) - 0.1 <= geobox.boundingbox.top
    assert geobox.boundingbox.bottom > min(y) - 5700  # no more than the area needs


def test_of_an_area_as_large_as_the_globe_the_whole_image_is_wanted(catalogs: StacServer) -> None:
    found = looked_at(planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64), left=300_000))
    for bounds in ((-180, -90, 180, 90), (-170, -80, 170, 80), (-100, 40, 100, 60)):
        assert window_grid(found, shapely.box(*bounds)) == found.geobox
    with pytest.raises(ImageryError, match=r"beyond what the map projection of .* is for; choose a smaller one"):
        window_grid(found, shapely.box(-180, 0, 180, 1), beyond=True)


def test_a_window_on_the_180th_meridian_holds_what_lies_on_both_of_its_sides(catalogs: StacServer) -> None:
    x, y = (each[0] for each in rasterio.warp.transform("EPSG:4326", "EPSG:32601", [-180], [-17]))
    left, top = round(x, -1) - 320, round(y, -1) + 320
    item = planetary_sentinel2(
        catalogs, "2021-06-17", drawn(side=64), left=left, top=top, tile="01KAB", crs="EPSG:32601"
    )
    found, step = looked_at(item), 0.001
    halves = [
        shapely.box(180 - step, -17 - step, 180, -17 + step),
        shapely.box(-180, -17 - step, step - 180, -17 + step),
    ]
    both, west, east = (window_grid(found, area).shape for area in (shapely.union_all(halves), *halves))
    assert both[1] >= west[1] + east[1] - 2 > 15


def colored(server: StacServer, values: np.ndarray, **profile: Any) -> tuple[Path, dict[str, Any]]:
    """A colour image and its item in a catalogue that nobody knows."""
    path = server.folder / "own" / "a.tif"
    path.parent.mkdir()
    count, height, width = values.shape
    shape = {"count": count, "height": height, "width": width, "dtype": values.dtype, "crs": ZONE}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", driver="GTiff", transform=Affine(10, 0, LEFT, 0, -10, TOP), **shape, **profile) as out,
    ):
        out.write(values)
    return path, own_image(server, "own", "a", path)


def test_what_a_mask_hides_has_no_data_in_a_window_and_nothing_else_has(catalogs: StacServer) -> None:
    values = np.full((3, 32, 32), 90, np.uint8)
    values[2, :, 20:] = 0  # red and green ground is imagery
    path, item = colored(catalogs, values, photometric="RGB")
    mask = np.full((32, 32), 255, np.uint8)
    mask[:, :10] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as out:
        out.write_mask(mask)
    found = looked_at(item, catalogs.stac, "own")
    for cut in (found.geobox, pixel_window(found.geobox, 3, 5, 20, 22)):
        left = 10 - round((cut.affine.c - LEFT) / 10)
        read = window_reader(found, HASTY)(cut)
        assert (window_layout(found, cut).nodata, window_layout(found, cut).photometric) == (0, "rgb")
        assert (read[:, :, :left] == 0).all()
        assert (read[:, :, left:] != 0).all()
        assert (read[:2, :, left:] == 90).all()
        assert read[2, 0, -1] == 1  # the value beside that of no data


def test_alpha_masks_and_is_no_near_infrared(catalogs: StacServer) -> None:
    values = np.full((4, 32, 32), 90, np.uint8)
    values[3] = 255
    values[:, :, :10] = 0
    _, item = colored(catalogs, values, photometric="RGB", alpha="YES")
    found = looked_at(item, catalogs.stac, "own")
    layout = window_layout(found, found.geobox)
    assert (len(layout.bands), layout.nodata) == (3, 0)
    assert "NIR" not in layout.bands
    read = window_reader(found, HASTY)(found.geobox)
    assert read.shape == (3, 32, 32)
    assert np.array_equal(read[0] == 0, values[3] == 0)


def test_four_bands_are_called_infrared_in_aerial_imagery_only(catalogs: StacServer) -> None:
    values = np.full((4, 32, 32), 90, np.uint8)
    _, item = colored(catalogs, values, photometric="RGB", alpha="NO")
    found = looked_at(item, catalogs.stac, "own")
    assert window_layout(found, found.geobox).bands == ("", "", "", "")
    assert window_layout(found, found.geobox).nodata is None


def test_bands_in_another_order_than_red_green_blue_are_not_shown_so(catalogs: StacServer) -> None:
    _, item = colored(catalogs, np.full((3, 32, 32), 90, np.uint8), photometric="RGB")
    layout = window_layout(found := looked_at(item, catalogs.stac, "own"), found.geobox)
    assert (layout.bands, layout.photometric) == (("red", "green", "blue"), "rgb")
    item["assets"]["visual"]["bands"].reverse()
    layout = window_layout(found := looked_at(item, catalogs.stac, "own"), found.geobox)
    assert (layout.bands, layout.photometric) == (("blue", "green", "red"), "gray")


@pytest.mark.parametrize(("dtype", "declared", "written"), [("uint8", 255, 255), ("uint16", 0, 0), ("int16", -1, -1)])
def test_the_value_of_no_data_stays_what_it_is(catalogs: StacServer, dtype: str, declared: int, written: int) -> None:
    _, item = colored(catalogs, np.full((3, 32, 32), 90, dtype), nodata=declared)
    found = looked_at(item, catalogs.stac, "own")
    assert window_layout(found, found.geobox).nodata == written


def test_a_value_of_no_data_that_no_pixel_can_have_is_not_written(catalogs: StacServer) -> None:
    _, item = colored(catalogs, np.full((3, 32, 32), 90, np.uint8))
    found = looked_at(item, catalogs.stac, "own")
    for declared in (-9999.0, float("nan"), 0.5):
        odd = replace(found, member=replace(found.member, nodata=declared))
        assert window_layout(odd, odd.geobox).nodata is None


def test_pixels_that_do_not_lie_north_up_are_no_window_and_anything_else(catalogs: StacServer) -> None:
    path, item = colored(catalogs, np.full((3, 32, 32), 90, np.uint8))
    with rasterio.open(path, "r+") as out:
        out.transform = Affine(8, 6, LEFT, 6, -8, TOP)
    found = looked_at(item, catalogs.stac, "own")
    with pytest.raises(ImageryError, match="do not lie north-up; get the whole file instead of a window"):
        window_grid(found, area_in(item))


def test_a_signature_of_the_catalogue_s_own_opens_a_file_and_is_told_nobody(catalogs: StacServer) -> None:
    path = plain_raster(catalogs.folder / "signed" / "a.tif", 70)
    item = own_image(catalogs, "own", "a", path, query="?" + catalogs.token()["token"])
    found = looked_at(item, catalogs.stac, "own")
    assert (window_reader(found, HASTY)(found.geobox) == 70).all()
    path.write_bytes(b"no raster")
    with pytest.raises(SceneError) as caught:
        looked_at(item, catalogs.stac, "own")
    assert f"{catalogs.href(path)} cannot be reached" in str(caught.value)
    for text in (str(caught.value), repr(found)):
        assert "SECRET" not in text


def test_the_level_is_that_of_the_item(catalogs: StacServer) -> None:
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    assert looked_at(item).tags["PROCESSING_LEVEL"] == "Level-2A"
    item["properties"]["s2:product_type"] = "S2MSI1C"
    assert looked_at(item).tags["PROCESSING_LEVEL"] == "Level-1C"


@pytest.mark.parametrize(("value", "offset"), [(1900, "-1000"), (300, "0")])
def test_without_a_baseline_the_values_decide(catalogs: StacServer, value: int, offset: str) -> None:
    item = planetary_sentinel2(catalogs, "2023-06-17", drawn(value, side=64))
    del item["properties"]["s2:processing_baseline"]
    assert looked_at(item).tags["BOA_ADD_OFFSET"] == offset


@pytest.mark.parametrize(
    ("applied", "value", "offset"),
    [(True, 900, "0"), (False, 1900, "-1000"), (False, 300, "0")],
    ids=["taken away", "still there", "said to be there, but is not"],
)
def test_earth_search_is_believed_unless_the_values_say_otherwise(
    catalogs: StacServer, applied: bool, value: int, offset: str
) -> None:
    found = looked_at(earth_search_sentinel2(catalogs, "2023-06-17", drawn(value), applied=applied), "earth-search")
    assert found.tags["BOA_ADD_OFFSET"] == offset


def test_an_image_without_classes_cannot_be_unclouded(catalogs: StacServer) -> None:
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=64))
    del item["assets"]["SCL"]
    found = looked_at(item)
    with pytest.raises(ImageryError, match=r"no scene classification \(SCL\)"):
        masked_reader(found, HASTY)(found.geobox)


def test_addresses_that_cannot_be_read_are_refused(catalogs: StacServer, tmp_path: Path) -> None:
    item = planetary_sentinel2(catalogs, "2021-06-17", drawn(side=8))
    item["assets"]["B04"]["href"] = "ftp://host/B04.tif"
    with pytest.raises(ImageryError, match="cannot be read over the network"):
        looked_at(item)
    with pytest.raises(SceneError, match="no coordinate reference system"), opened(str(_placeless(tmp_path))):
        pass


def _placeless(folder: Path) -> Path:
    path = folder / "placeless.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8", transform=(2, 0, 0, 0, -2, 0)
    ):
        return path
