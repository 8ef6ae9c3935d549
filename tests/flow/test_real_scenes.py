"""Real scenes, whole, by the command line, with every default."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from commands import done
from PIL import Image
from rasterio.io import DatasetReader
from rasterio.windows import Window
from real_scenes import QUERY, Encoded, RealScene
from shapely.geometry import box

ENCODERS = {
    "thailand": "graft-demo-sentinel2",
    "brandenburg": "graft-demo-sentinel2",
    "virginia": "graft-demo-naip",
    "claremont": "graft-demo-naip",
    "eureka": "graft-demo-naip",
}


PROGRESS = re.compile(r": [\d,.]+ of [\d,.]+ \w+, ")
"""What a slow machine says meanwhile."""


def files_of(scene: RealScene) -> list[Path]:
    return sorted(scene.source.glob("*.tif")) if scene.source.is_dir() else [scene.source]


def places(scene: RealScene, grid: DatasetReader) -> Iterator[Window]:
    """Where each file of a scene lies among the pixels of a raster."""
    for path in files_of(scene):
        with rasterio.open(path) as file:
            col = round((file.transform.c - grid.transform.c) / grid.res[0])
            row = round((grid.transform.f - file.transform.f) / grid.res[1])
            yield Window(col, row, file.width, file.height)


def test_commands_end_well_and_say_so(scene: RealScene) -> None:
    for said in (scene.indexed, scene.mapped, scene.searched):
        assert said.status == 0, said.err
        lines = [line for line in said.err.splitlines() if not PROGRESS.search(line)]
        assert all(line.startswith("Low confidence: ") for line in lines), said.err
    assert scene.indexed.out.startswith(scene.source.stem)
    assert scene.indexed.out.endswith(f" is indexed with {ENCODERS[scene.name]}\n"), "the encoder suits the sensor"
    assert scene.mapped.out.startswith(f"{scene.raster}: mean density ")
    assert len(scene.searched.out.splitlines()) >= 10


def test_map_has_the_pixels_of_the_scene_and_a_value_on_each_that_is_there(scene: RealScene) -> None:
    with rasterio.open(scene.raster) as density:
        covered = 0
        for path, window in zip(files_of(scene), places(scene, density), strict=True):
            with rasterio.open(path) as file:
                assert (density.crs, density.res) == (file.crs, pytest.approx(file.res))
            values = density.read(window=window)
            assert values.shape[1:] == (window.height, window.width), "the file lies inside of the map"
            assert np.isfinite(values).all()
            assert (values[0] >= 0).all()
            assert (values <= 1).all()
            assert (values[1] >= -1).all()
            covered += window.height * window.width
        shown = 100 * covered / (density.width * density.height)
        for band in (1, 2):
            assert float(density.tags(band)["STATISTICS_VALID_PERCENT"]) == pytest.approx(shown, rel=1e-3), "no other"


def test_retrieved_tiles_are_ranked_and_lie_on_the_scene(scene: RealScene) -> None:
    hits = geopandas.read_file(scene.hits)
    assert hits["rank"].tolist() == list(range(1, len(hits) + 1))
    assert len(hits) == len(scene.searched.out.splitlines()) <= 20
    assert (np.diff(hits["match_probability"]) <= 0).all()
    assert hits["match_probability"].between(0, 1).all()
    assert hits["query"].unique().tolist() == [QUERY]
    assert hits["encoder"].unique().tolist() == [ENCODERS[scene.name]]
    with rasterio.open(scene.raster) as density:
        assert hits.crs == density.crs
    footprints = []
    for path in files_of(scene):
        with rasterio.open(path) as file:
            footprints.append(box(*file.bounds))
    imagery = geopandas.GeoSeries(footprints, crs=hits.crs).union_all()
    assert hits.intersects(imagery).all()


def test_contact_sheet_shows_the_colours_of_the_scene(scene: RealScene) -> None:
    with Image.open(scene.hits.with_suffix(".png")) as sheet:
        thumbnails = np.asarray(sheet.convert("RGB"))[140:, 36:-36].reshape(-1, 3)
    picture = thumbnails[(thumbnails < 235).any(axis=1)]
    assert len(picture) > 100_000
    assert 30 < picture.mean() < 190, "neither black nor white"
    assert np.ptp(picture, axis=0).min() > 100


def test_scenes_are_listed_with_their_tiles(
    scene: RealScene, real_scene: Callable[[str], RealScene], at_home: None
) -> None:
    listed = {each["name"].rpartition("-")[0]: each for each in json.loads(done("scenes", "--json"))}
    found = listed[scene.source.stem]
    assert found["encoders"] == [ENCODERS[scene.name]]
    assert found["tiles"] >= 100


def test_second_query_encodes_no_image(scene: RealScene, at_home: None, encoded: Encoded, tmp_path: Path) -> None:
    done("retrieve", scene.source, "-q", "village", "--background", "sea", "--background", "desert", "-k", 5)
    done("index", scene.source)
    if scene.name != "claremont":  # the largest map is written once more among the exports
        done("density", scene.source, "-q", "road - forest", "--threshold", "0.4", "-o", tmp_path / "second.tif")
    assert any("village" in text for text in encoded.texts), "the words are encoded"
    assert (encoded.tiles, encoded.photos) == (0, 0)


def test_photo_as_query_encodes_the_photo_and_no_tile(
    real_scene: Callable[[str], RealScene], shared_data: Path, at_home: None, encoded: Encoded
) -> None:
    photo = shared_data / "bad" / "photo_no_gps.jpg"  # a query needs a picture, not its place
    out = done("retrieve", real_scene("virginia").source, "-q", f"photo:{photo}", "-k", 3)
    assert len(out.splitlines()) == 3
    assert (encoded.tiles, encoded.photos) == (0, 1)
