"""From photos and scenes to pairs: what holds of every table, and each way a photo is left out."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_encoder import KnownEncoder, unit_vector
from long_work import finish
from pair_material import LEFT, TOP, lon_lat, write_photos, write_scene
from PIL import Image
from pyproj import Transformer

from graft_core.errors import TrainError
from graft_core.geo.frame import on_sphere
from graft_core.io.scene import read_rgb
from graft_core.train.pairs import make as module
from graft_core.train.pairs import place_filter
from graft_core.train.pairs.make import PairOptions, make_pairs, save_pairs
from graft_core.train.pairs.report import NoPairsError, report_from_json, report_json
from graft_core.train.pairs.table import PairTable, read_pairs
from graft_core.types import F32, U8

SIDE = 16
PLAIN = PairOptions(places_only=False, sensor="naip")


@pytest.fixture(autouse=True)
def teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever teacher is named: tiles of 16 px, photos by their mean colour."""
    monkeypatch.setattr(module, "load_encoder", lambda name, **options: KnownEncoder(tile_px=SIDE))


def made(photos: Path, scenes: list[Path], options: PairOptions = PLAIN) -> PairTable:
    return finish(make_pairs([photos], [str(scene) for scene in scenes], options))


def nothing(photos: Path, scenes: list[Path], options: PairOptions = PLAIN) -> NoPairsError:
    with pytest.raises(NoPairsError) as failed:
        made(photos, scenes, options)
    assert failed.value.report.asked == sum(failed.value.report.left_out.values())
    return failed.value


def assert_sound(table: PairTable, cap: int) -> None:
    """What holds of every table."""
    report = table.report
    assert report.asked == report.kept + sum(report.left_out.values())
    assert (report.kept, report.tiles) == (len(table.photos), len(table.scene))
    assert report.validation_tiles == table.validation.sum()
    assert sum(count * tiles for count, tiles in report.photos_per_tile.items()) == report.kept
    assert sum(report.by_scene.values()) == report.kept
    assert len(set(table.photos)) == len(table.photos)
    counts = np.bincount(table.owner, minlength=len(table.scene))
    assert 1 <= counts.min() <= counts.max() <= cap
    assert (np.diff(table.owner) >= 0).all()
    assert ((table.pixel >= 0) & (table.pixel < table.tile_px)).all()
    assert_in_place(table)
    assert_split(table)


def assert_in_place(table: PairTable) -> None:
    """Tiles lie inside their scene, and each photo where its pixel says."""
    for i, scene in enumerate(table.scenes):
        own = table.scene == i
        height, width = scene.geobox.shape
        assert (table.corner[own] >= 0).all()
        assert (table.corner[own] + table.tile_px <= [height, width]).all()
        photos = own[table.owner]
        row, col = (table.corner[table.owner] + table.pixel)[photos].T
        affine = scene.geobox.affine
        x, y = affine.c + affine.a * col, affine.f + affine.e * row
        to_degrees = Transformer.from_crs(str(scene.geobox.crs), "EPSG:4326", always_xy=True)
        degrees = np.stack(to_degrees.transform(x, y), axis=-1)
        np.testing.assert_allclose(on_sphere(degrees), on_sphere(table.lonlat[photos]), atol=1e-3)


def assert_split(table: PairTable) -> None:
    """No training tile shares ground with a validation tile, told by the metres of the table's own frame."""
    apart = np.abs(table.centers[~table.validation][:, None] - table.centers[table.validation][None]).max(axis=2)
    ground = table.tile_px * table.gsd
    assert not (apart < ground * 0.98).any()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 120),
    cap=st.integers(1, 8),
    share=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    blocks=st.integers(1, 8),
    beyond=st.sampled_from([0.0, 40.0]),
    scenes=st.integers(1, 3),
)
def test_what_holds_of_every_table(
    seed: int, count: int, cap: int, share: float, blocks: int, beyond: float, scenes: int
) -> None:
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        shown = [
            write_scene(folder / f"{i}.tif", 120, left=LEFT + 60 * i + 0.3 * i, top=TOP - 20 * i) for i in range(scenes)
        ]
        positions = rng.uniform(-beyond, 120 + beyond, (count, 2))
        positions[: count // 3] = positions[0] + rng.normal(0, 2, (count // 3, 2))
        options = replace(PLAIN, cap=cap, validation_share=share, block_tiles=blocks, seed=seed)
        try:
            table = finish(
                save_pairs(
                    [write_photos(folder / "p", positions)],
                    [str(each) for each in shown],
                    options,
                    folder / "pairs.parquet",
                )
            )
        except NoPairsError as error:
            report = error.report
            assert report.asked == sum(report.left_out.values()) == count
            assert not (folder / "pairs.parquet").exists()
            return
        assert_sound(table, cap)
        assert_sound(read_pairs(folder / "pairs.parquet"), cap)
        assert table.report == report_from_json(report_json(table.report))


def test_the_same_seed_makes_the_same_table(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    photos = write_photos(tmp_path / "p", np.random.default_rng(0).uniform(0, 400, (80, 2)))
    first, again, other = (made(photos, [scene], replace(PLAIN, seed=seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.corner, again.corner)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert first.photos == again.photos
    assert not np.array_equal(first.corner, other.corner)


def test_the_pixel_of_a_photo_is_the_one_that_is_read(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    table = made(write_photos(tmp_path / "p", np.array([[100.25, 50.75], [399.9, 0.05]])), [scene])
    assert table.report.kept == 2
    pixels, _ = read_rgb(table.scenes[0].open(), table.scenes[0].geobox)
    for tile in (0, 1):
        top, left = table.corner[tile]
        row, col = np.floor(table.pixel[tile]).astype(int)
        wanted = (50, 100) if table.photos[tile].endswith("/0.png") else (0, 399)
        assert (top + row, left + col) == wanted
        assert pixels[top + row, left + col].tolist() == pixels[wanted].tolist()
    assert (399 - SIDE + 1, 0) in {(left, top) for top, left in table.corner.tolist()}


def test_photos_outside_are_named_with_their_distance(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    table = made(write_photos(tmp_path / "p", np.array([[10.0, 10.0], [-5000.0, 10.0]])), [scene])
    assert table.report.left_out == {"outside every scene": 1}
    (named,) = table.report.named
    assert named.detail.startswith("5 km from a-")
    (place,) = table.report.left_out_at
    assert place == pytest.approx(lon_lat(LEFT - 5000, TOP - 10).tolist(), abs=1e-6)


def test_no_match_is_said_clearly_and_only_the_report_is_written(tmp_path: Path) -> None:
    scenes = [write_scene(tmp_path / f"{i}.tif", left=LEFT + i * 9000) for i in range(3)]
    photos = write_photos(tmp_path / "p", np.array([[-250_000.0, 10.0], [-300_000.0, 10.0]]))
    error = nothing(photos, scenes)
    assert str(error).startswith("None of the 2 photos lies in one of the 3 scenes: the nearest is 249 km away from 0-")
    with pytest.raises(NoPairsError):
        finish(save_pairs([photos], [str(scene) for scene in scenes], PLAIN, tmp_path / "x.parquet"))
    assert sorted(path.name for path in tmp_path.glob("x.*")) == ["x.report.html", "x.report.json"]


def test_each_reason_is_counted_once(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    positions = np.full((7, 2), 50.0)
    photos = write_photos(tmp_path / "p", positions, columns={"accuracy": [5, 5, 500, 5, 5, 5, ""]})
    (tmp_path / "p" / "1.png").write_bytes((tmp_path / "p" / "0.png").read_bytes())
    (tmp_path / "p" / "3.png").write_text("text")
    (tmp_path / "p" / "4.png").unlink()
    lines = photos.read_text().splitlines()
    photos.write_text("\n".join([*lines, lines[1], "x.png,0,0,5", "y.png,3,95,5"]))
    report = made(photos, [scene], replace(PLAIN, accuracy_m=100)).report
    assert report.asked == 10
    assert report.kept == 3
    assert report.left_out == {
        "listed twice": 1,
        "copy of another photo": 1,
        "position too inaccurate": 1,
        "not an image": 1,
        "no such file": 1,
        "position 0, 0": 1,
        "position out of range": 1,
    }
    assert any("1 photo without a stated accuracy" in warning for warning in report.warnings)


def test_past_the_cap_photos_are_left_out(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    report = made(write_photos(tmp_path / "p", np.full((40, 2), 50.0)), [scene]).report
    assert (report.kept, report.photos_per_tile) == (25, {25: 1})
    assert report.left_out == {"more photos than a tile takes": 15}


def test_tiles_without_imagery_are_left_out(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif", empty=(slice(0, 400), slice(200, 400)))
    positions = np.array([[100.0, 100.0], [300.0, 100.0], [199.0, 300.0]])
    report = made(write_photos(tmp_path / "p", positions), [scene]).report
    assert report.kept == 2
    assert report.left_out == {"outside every scene": 1}
    assert report.named[0].detail.startswith("in a gap of a-")
    hole = write_scene(tmp_path / "b.tif", empty=(slice(0, 400), slice(3, 400)))
    assert nothing(write_photos(tmp_path / "q", np.array([[1.0, 50.0]])), [hole]).report.tiles_left_out == {
        "tile mostly without imagery": 1
    }


def test_of_several_scenes_the_nearest_in_time_counts_then_the_finest_then_the_first(tmp_path: Path) -> None:
    old, new = (write_scene(tmp_path / f"{day}.tif", day=day) for day in ("2020-01-01", "2024-01-01"))
    fine = write_scene(tmp_path / "fine.tif", 800, gsd=0.5)
    undated = write_scene(tmp_path / "undated.tif", left=LEFT + 1)
    positions = np.array([[50.0, 50.0]])

    def chosen(day: str, *scenes: Path) -> str:
        photos = write_photos(tmp_path / "p", positions, columns={"time": [day]})
        table = made(photos, list(scenes))
        return Path(table.scenes[table.scene[0]].source).stem

    assert chosen("2020-03-01T10:00:00", new, fine, old) == "2020-01-01"
    assert chosen("2023-12-01T10:00:00", old, undated, new) == "2024-01-01"
    assert chosen("", undated, fine) == "fine"
    assert chosen("", undated, old) == "undated"


def test_photos_of_another_time_are_left_out_where_both_days_are_known(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif", day="2024-01-01")
    days = ["2024-01-20T10:00:00", "2024-06-20T10:00:00", ""]
    photos = write_photos(tmp_path / "p", np.full((3, 2), 50.0), columns={"time": days})
    report = made(photos, [scene], replace(PLAIN, days=30)).report
    assert (report.kept, report.left_out) == (2, {"no scene near its day": 1})
    assert any("1 photo without a time" in warning for warning in report.warnings)


def test_photos_of_no_place_are_left_out_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Judge(KnownEncoder):
        """Red photos show rooms, blue ones places."""

        def encode_texts(self, texts: list[str]) -> F32:
            return unit_vector(np.array([(255, 0, 0) if "room" in text else (0, 0, 255) for text in texts]))

        def encode_photos(self, photos: list[U8]) -> F32:
            return super().encode_photos(photos)

    monkeypatch.setattr(module, "load_encoder", lambda name, **options: Judge(tile_px=SIDE))
    monkeypatch.setattr(place_filter, "NO_PLACE", ("a room",))
    scene = write_scene(tmp_path / "a.tif")
    photos = write_photos(tmp_path / "p", np.array([[50.0, 50.0], [52.0, 50.0]]))
    Image.new("RGB", (8, 8), "red").save(tmp_path / "p" / "0.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "p" / "1.png")
    report = made(photos, [scene], replace(PLAIN, places_only=True)).report
    assert (report.kept, report.left_out) == (1, {"shows no place": 1})
    assert report.named[0].photo.endswith("/0.png")
    assert made(photos, [scene]).report.kept == 2


def test_scenes_that_cannot_be_used_are_named(tmp_path: Path, shared_data: Path) -> None:
    good = write_scene(tmp_path / "good.tif")
    small = write_scene(tmp_path / "small.tif", 10)
    coarse = write_scene(tmp_path / "coarse.tif", 40, gsd=10)
    photos = write_photos(tmp_path / "p", np.array([[50.0, 50.0]]))
    broken = shared_data / "bad" / "empty.tif"
    report = made(photos, [good, small, coarse, broken]).report
    said = " ".join(report.warnings)
    assert "less than one tile" in said
    assert "its pixels are 10 m" in said
    assert "is empty" in said
    with pytest.raises(TrainError, match="None of the scenes"):
        made(photos, [broken])


def test_scenes_of_a_folder_or_pattern_that_do_not_fit_together_are_opened_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    write_scene(tmp_path / "scenes" / "a.tif")
    write_scene(tmp_path / "scenes" / "b.tif", left=LEFT + 390.5, crs="EPSG:32632")
    photos = write_photos(tmp_path / "p", np.array([[50.0, 50.0]]))
    for source in (tmp_path / "scenes", tmp_path / "scenes" / "*.tif"):
        assert [Path(scene.source).name for scene in made(photos, [source]).scenes] == ["a.tif", "b.tif"]


def test_scenes_of_several_kinds_need_a_choice(tmp_path: Path) -> None:
    naip, coarse = write_scene(tmp_path / "naip.tif"), write_scene(tmp_path / "coarse.tif", 40, gsd=10)
    photos = write_photos(tmp_path / "p", np.array([[50.0, 50.0]]))
    with pytest.raises(TrainError, match=r"naip \(1\) and rgb \(1\); choose one"):
        made(photos, [naip, coarse], replace(PLAIN, sensor=None))


def test_photos_without_any_position_say_so(tmp_path: Path, shared_data: Path) -> None:
    error = nothing(shared_data / "bad", [write_scene(tmp_path / "a.tif")])
    assert "None of the 3 photos has a usable position" in str(error)


def test_the_page_stands_alone_and_hides_nothing(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif")
    positions = np.random.default_rng(0).uniform(0, 500, (60, 2))
    photos = write_photos(tmp_path / "<p&>", positions)
    table = finish(save_pairs([photos], [str(scene)], PLAIN, tmp_path / "x.parquet"))
    page = (tmp_path / "x.report.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "<p&>" not in page
    assert page.count('class="train"') == 1 + (~table.validation).sum()
    assert page.count('class="validation"') == 1 + table.validation.sum()
    for reason, count in table.report.left_out.items():
        assert f"{reason} ({count:,})" in page


@pytest.mark.parametrize(
    "wrong", [{"cap": 0}, {"validation_share": 1.0}, {"days": -1.0}, {"accuracy_m": -2.0}, {"seed": -1}]
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TrainError, match=r"possible|make no pairs"):
        PairOptions(**wrong)


def test_places_on_both_sides_of_the_antimeridian_are_one_place(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif", 400, crs="EPSG:32601", left=165_800.0, top=100_000.0)
    x = np.random.default_rng(1).uniform(165_810, 166_190, 60)
    y = np.random.default_rng(2).uniform(99_610, 99_990, 60)
    degrees = lon_lat(x, y, "EPSG:32601")
    assert degrees[:, 0].min() < 0 < degrees[:, 0].max()
    folder = tmp_path / "p"
    folder.mkdir()
    for i in range(60):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(folder / f"{i}.png")
    rows = "\n".join(f"{i}.png,{lon!r},{lat!r}" for i, (lon, lat) in enumerate(degrees.tolist()))
    (folder / "t.csv").write_text(f"path,lon,lat\n{rows}")
    table = made(folder / "t.csv", [scene])
    assert np.abs(table.centers).max() < 400
    assert_sound(table, 25)
