"""`photos` as a person types it: from a service on loopback to pairs with a drawn scene, killed and gone on with."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from commands import command, done, refused
from photo_services import KEY, Served, Services, in_use
from PIL import Image
from pyproj import Transformer

from graft_core.train.pairs.table import read_pairs
from graft_core.world.album import take_photos
from graft_core.world.scenes import WORLD_CRS, write_scene

ROOT = Path(__file__).resolve().parents[2]
SEED, SIDE, PHOTOS = 5002, 512, 40
"""A world that no encoder was trained on."""


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The three services on loopback."""
    with in_use(monkeypatch) as running:
        yield running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Served], str]:
    """A little aerial scene, photos taken in it as a service has them, and its area."""
    folder = tmp_path_factory.mktemp("world")
    write_scene(folder, "naip", SEED, SIDE)
    rng = np.random.default_rng(SEED)
    positions = rng.uniform(-SIDE / 2, SIDE / 2, (PHOTOS, 2))
    degrees = Transformer.from_crs(WORLD_CRS, "EPSG:4326", always_xy=True)
    lon, lat = degrees.transform(*positions.T)
    served = []
    for i, photo in enumerate(take_photos(SEED, positions, rng, 160)):
        encoded = io.BytesIO()
        Image.fromarray(photo.pixels).save(encoded, "JPEG", quality=90)
        licence = "none" if i % 8 == 0 else "open"
        served.append(Served(f"{i + 1}", lon[i], lat[i], encoded.getvalue(), f"Author {i % 3}", licence=licence))
    west, south, east, north = degrees.transform_bounds(-SIDE / 2, -SIDE / 2, SIDE / 2, SIDE / 2)
    return folder / "naip.tif", served, f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}"


def test_from_a_service_to_pairs(world: tuple[Path, list[Served], str], services: Services, tmp_path: Path) -> None:
    scene, services.photos, area = world
    out, pairs = tmp_path / "photos.parquet", tmp_path / "pairs.parquet"
    said = json.loads(done("photos", "commons", "--area", area, "-o", out, "--json"))
    assert (said["found"], said["kept"], said["left_out"]) == (PHOTOS, 35, {"no licence": 5})
    assert said["licences"] == {"CC BY-SA 4.0": 35}
    paired = json.loads(done("pairs", "--photos", out, "--scenes", scene, "-o", pairs, "--json"))
    assert paired["asked"] == 35
    assert "not an image" not in paired["left_out"]
    assert paired["kept"] >= 20
    table = read_pairs(pairs)
    assert {Path(photo).parent for photo in table.photos} == {tmp_path / "photos"}
    assert str(table.taken[0]) == "2021-06-05T14:03:07"


def test_the_area_may_be_a_file_and_the_sentence_tells_what_became_of_the_photos(
    world: tuple[Path, list[Served], str], services: Services, tmp_path: Path
) -> None:
    _, services.photos, area = world
    west, south, east, north = map(float, area.split(","))
    half = shapely.Polygon([(west, south), (east, south), (west, north)])
    geopandas.GeoSeries([half], crs="EPSG:4326").to_file(tmp_path / "half.geojson")
    out = tmp_path / "photos.parquet"
    said = done("photos", "mapillary", "--area", tmp_path / "half.geojson", "-o", out)
    count = len(geopandas.read_parquet(out))
    assert 0 < count < PHOTOS
    assert said.startswith(f"{out}: {count} photos of {PHOTOS}")
    assert f"left out: {PHOTOS - count} outside the area" in said
    assert f"licences: {count} CC BY-SA 4.0; 3 authors to credit" in said


def test_a_list_downloads_nothing_and_says_what_it_would_take(
    world: tuple[Path, list[Served], str], services: Services, tmp_path: Path
) -> None:
    _, services.photos, area = world
    out = tmp_path / "photos.parquet"
    asked = ("photos", "flickr", "--area", area, "-o", out, "--list-only")
    assert done(*asked).startswith("Flickr: 35 photos of 40, about 10.5 MB to download.\n  left out: 5 no licence")
    assert json.loads(done(*asked, "--json")) == {
        "found": 40,
        "wanted": 35,
        "bytes": 35 * 300_000,
        "left_out": {"no licence": 5},
    }
    assert services.images() == []
    assert not out.exists()


def program(*words: object) -> "subprocess.Popen[str]":
    """The command as a program of its own."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    line = [sys.executable, "-m", "graft_core", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": path}
    # What a shell starts in its background ignores Ctrl-C, and so does whatever that starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_run_that_is_stopped_in_the_middle_goes_on(
    world: tuple[Path, list[Served], str], services: Services, tmp_path: Path, stop: signal.Signals, status: int
) -> None:
    _, services.photos, area = world
    out = tmp_path / "photos.parquet"
    services.wait_before = "27"
    asked = ("photos", "commons", "--area", area, "-o", out)
    first = program(*asked)
    assert services.waiting.wait(120), first.communicate()
    first.send_signal(stop)
    if stop == signal.SIGINT:
        services.go.set()
    _, err = first.communicate()
    services.go.set()
    assert first.returncode == status
    assert KEY not in err
    if stop == signal.SIGINT:
        assert err.strip().endswith("What was finished is kept: run the same command again to go on.")
    assert not out.exists()
    kept = {path.stem for path in (tmp_path / "photos").glob("*.jpg")}
    assert kept
    services.asked = []
    assert "35 photos of 40" in done(*asked)
    assert services.listings() == [], "what was listed is not asked for again"
    again = set(services.images()) & kept
    assert len(again) <= 4, "no more than what was under way is asked for again"
    assert len(geopandas.read_parquet(out)) == 35


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("instagram", "--area", "1,2,3,4"), "no service 'instagram' for photos; choose one of mapillary, flickr, co"),
        (("commons", "--area", "1,2,3"), "'1,2,3' is no box"),
        (("commons", "--area", "nowhere.geojson"), "The area nowhere.geojson does not exist"),
        (("commons", "--area", "1,2,1.01,2.01"), "Wikimedia Commons has no photo in this area"),
        (("mapillary", "--area", "-20,20,40,60"), "The area is too large"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    services: Services, tmp_path: Path, words: tuple[str, ...], part: str
) -> None:
    assert part in refused("photos", *words, "-o", tmp_path / "photos.parquet")


def test_a_missing_key_is_one_sentence(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAPILLARY_TOKEN")
    sentence = refused("photos", "mapillary", "--area", "1,2,1.1,2.1", "-o", tmp_path / "photos.parquet")
    assert "MAPILLARY_TOKEN" in sentence
    assert "https://www.mapillary.com/dashboard/developers" in sentence


def test_a_table_of_another_kind_is_refused_before_anything_is_asked(services: Services, tmp_path: Path) -> None:
    assert ".parquet" in refused("photos", "commons", "--area", "1,2,1.1,2.1", "-o", tmp_path / "photos.csv")
    assert services.asked == []


def test_a_spot_the_service_does_not_tell_all_of_is_said(services: Services, tmp_path: Path) -> None:
    services.photos = [Served(f"{i}", 2.0002, 48.0002, author=f"{i}") for i in range(1, 4)] + [
        Served("9", 2.00021, 48.00035)
    ]
    services.dense = 2
    said = command("photos", "mapillary", "--area", "2.0001,48.0001,2.0004,48.0004", "-o", tmp_path / "photos.parquet")
    assert said.status == 0
    assert "Mapillary does not tell of all photos at 1 spots" in said.err
