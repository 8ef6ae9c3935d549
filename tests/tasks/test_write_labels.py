"""What QGIS, GDAL and a spreadsheet find when a label map was written."""

import csv
import dataclasses
import json
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from four_colors import HEIGHT, LEFT, TOP, WIDTH, geobox
from known_encoder import KnownEncoder
from long_work import finish, followed
from odc.geo.geobox import GeoBox
from odc.geo.geom import polygon

from graft_core.errors import ExportError
from graft_core.io.geotiff import read_classes, write_raster
from graft_core.io.reference import open_reference
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.classify import LabelMap, label_map, parse_classes
from graft_core.tasks.write_labels import WrittenLabels, write_labels
from graft_core.types import U8

CLASSES = parse_classes('red, "green, light" = green, blue = blue - black, white')
NAMES = {1: "red", 2: "green, light", 3: "blue", 4: "white", 5: "unsure"}


@pytest.fixture
def made(scene: Scene, tmp_path: Path) -> LabelMap:
    return finish(label_map(scene, KnownEncoder(level="patch"), CLASSES, tmp_path / "patches"))


@pytest.fixture
def written(made: LabelMap, tmp_path: Path) -> WrittenLabels:
    return finish(write_labels(tmp_path / "out.tif", made))


def test_raster_holds_the_labels_on_the_scenes_grid(made: LabelMap, written: WrittenLabels) -> None:
    with rasterio.open(written.files["raster"]) as file:
        assert (file.dtypes, file.nodata, file.shape) == (("uint8",), 0, (HEIGHT, WIDTH))
        assert file.transform == geobox().affine
        assert file.crs.to_epsg() == 32631
        np.testing.assert_array_equal(file.read(1), made.window(made.geobox))
        colors = file.colormap(1)
        tags = file.tags()
    assert {value: colors[value][:3] for value in made.colors} == made.colors
    assert json.loads(tags["GRAFT_CLASSES"]) == {
        "red": "red", "green, light": "green", "blue": "blue - black", "white": "white",
    }  # fmt: skip
    assert (tags["GRAFT_ENCODER"], tags["GRAFT_MARGIN"], tags["GRAFT_LEVEL"]) == ("known", "0.1", "patch")
    assert tags["GRAFT_WEIGHTS_SHA256"] == "0" * 64
    assert json.loads(tags["GRAFT_TEMPLATES"]) == ["{}", "a picture of {}"]
    assert tags["GRAFT_SOURCE"] == made.scene.source
    assert tags["GRAFT_TIME"]
    assert json.loads(tags["GRAFT_CLASSIFICATION"])["fingerprint"] == made.scene.fingerprint


def test_names_are_where_every_reader_looks(written: WrittenLabels, gdalinfo: str) -> None:
    assert read_classes(written.files["raster"])[1] == NAMES
    said = subprocess.run([gdalinfo, str(written.files["raster"])], check=True, capture_output=True, text=True).stdout
    for value, name in NAMES.items():
        assert f"{value}: {name}" in said
    assert "ColorInterp=Palette" in said
    assert "LAYOUT=COG" in said


def test_style_gives_each_class_its_colour_and_name(made: LabelMap, written: WrittenLabels) -> None:
    entries = list(ElementTree.parse(written.files["style"]).iter("paletteEntry"))
    assert {int(each.get("value", "")): each.get("label") for each in entries} == NAMES
    assert entries[0].get("color") == "#{:02x}{:02x}{:02x}".format(*made.colors[1])


def test_table_of_areas_is_a_file_too(made: LabelMap, written: WrittenLabels) -> None:
    with written.files["areas"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = made.window(made.geobox)
    assert [row["class"] for row in rows] == list(NAMES.values())
    assert [int(row["pixels"]) for row in rows] == [int((labels == value).sum()) for value in NAMES]
    assert [float(row["m2"]) for row in rows] == [float(row["pixels"]) for row in rows], "pixels of a square metre"
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1, abs=1e-5)
    assert [row.pixels for row in written.areas.rows] == [int(row["pixels"]) for row in rows]


def test_stac_item_names_what_belongs_to_the_raster(written: WrittenLabels) -> None:
    item = json.loads(written.files["stac"].read_text())
    assert {"data", "out.qml", "out.csv", "out.tif.aux.xml"} <= set(item["assets"])
    assert item["properties"]["graft:encoder"] == "known"


def test_every_pixel_is_computed_once_for_raster_table_and_agreement(
    made: LabelMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = tmp_path / "truth.tif"
    write_raster(truth, made.window(made.geobox)[None], made.geobox, descriptions=["c"], nodata=0, class_names=NAMES)
    computed = 0
    window = LabelMap.window

    def counted(self: LabelMap, target: GeoBox) -> U8:
        nonlocal computed
        computed += target.shape[0] * target.shape[1]
        return window(self, target)

    monkeypatch.setattr(LabelMap, "window", counted)
    written, steps = followed(write_labels(tmp_path / "out.tif", made, reference=open_reference(truth)))
    assert computed == HEIGHT * WIDTH
    assert steps[-1].done == steps[-1].total == HEIGHT * WIDTH
    assert written.accuracy is not None
    assert written.accuracy.overall == 1.0


def test_agreement_is_a_file_too(made: LabelMap, tmp_path: Path) -> None:
    truth = tmp_path / "truth.tif"
    ids = np.where(made.window(made.geobox) == 1, 2, 7).astype(np.uint8)
    write_raster(truth, ids[None], made.geobox, descriptions=["c"], class_names={2: "Red", 7: "cloud"})
    written = finish(write_labels(tmp_path / "out.tif", made, reference=open_reference(truth)))
    with written.files["confusion"].open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][1:6] == list(NAMES.values())
    assert rows[1][0] == "red"
    assert int(rows[1][1]) == (ids == 2).sum()
    assert ["overall accuracy", "1.0000"] in rows
    assert ["left out: cloud", str((ids == 7).sum())] in rows


def test_area_cuts_what_is_written(scene: Scene, made: LabelMap, tmp_path: Path) -> None:
    area = polygon([(LEFT + x, TOP - y) for x, y in [(30, 20), (150, 25), (60, 140), (30, 20)]], "EPSG:32631")
    part = finish(label_map(scene, KnownEncoder(level="patch"), CLASSES, tmp_path / "patches", area=area))
    finish(write_labels(tmp_path / "part.tif", part))
    with rasterio.open(tmp_path / "part.tif") as file:
        labels, box = file.read(1), GeoBox.from_rio(file)
    whole = made.window(box)
    assert 0.4 < (labels > 0).mean() < 0.6
    np.testing.assert_array_equal(labels[labels > 0], whole[labels > 0])


def test_overviews_hold_classes_never_their_mean(write_scene, tmp_path: Path) -> None:
    pixels = np.zeros((3, 600, 600), np.uint8)
    pixels[0, :, :301], pixels[:, :, 301:] = 255, 255
    scene = open_scene(write_scene("wide.tif", pixels))
    classes = parse_classes("red, green, blue, black, white")
    wide = finish(label_map(scene, KnownEncoder(level="patch"), classes, tmp_path / "patches", margin=0.0))
    finish(write_labels(tmp_path / "wide_labels.tif", wide))
    with rasterio.open(tmp_path / "wide_labels.tif", overview_level=0) as file:
        assert set(np.unique(file.read(1))) <= {1, 5}


def test_reference_that_does_not_fit_is_refused_before_anything_is_written(made: LabelMap, tmp_path: Path) -> None:
    truth = tmp_path / "truth.tif"
    write_raster(truth, np.ones((1, 9, 9), np.uint8), geobox(9, 9, left=0), descriptions=["c"], class_names={1: "red"})
    with pytest.raises(ExportError, match="does not meet"):
        finish(write_labels(tmp_path / "out.tif", made, reference=open_reference(truth)))
    write_raster(truth, np.ones((1, 9, 9), np.uint8), geobox(9, 9), descriptions=["c"], class_names={1: "sea"})
    with pytest.raises(ExportError, match="none of the map's"):
        finish(write_labels(tmp_path / "out.tif", made, reference=open_reference(truth)))
    assert not list(tmp_path.glob("out*"))


def test_file_that_is_no_geotiff_is_refused(made: LabelMap, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"out\.png"):
        finish(write_labels(tmp_path / "out.png", made))


class SlowMap(LabelMap):
    """Takes its time over every window."""

    def window(self, target: GeoBox) -> U8:
        time.sleep(0.4)
        return super().window(target)


def test_abandoned_writing_stops_and_leaves_nothing_behind(made: LabelMap, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    fields = {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    work = write_labels(folder / "out.tif", SlowMap(**fields | {"geobox": geobox(1100, 1100)}))
    assert next(work).done == 0
    work.close()
    assert list(folder.iterdir()) == []
