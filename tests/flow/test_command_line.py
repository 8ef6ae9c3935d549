"""The command line as a person types it, with an encoder that needs no weights."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from four_colors import LEFT, TOP, four_colors, geobox
from known_encoder import KnownEncoder

from graft_core.cli.main import main
from graft_core.evaluate import worlds
from graft_core.io.geotiff import write_raster
from graft_core.tasks import catalog
from graft_core.types import F32, U8

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> KnownEncoder:
    """Whatever encoder a command names, it gets this one."""
    known = KnownEncoder()
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: known)
    return known


@pytest.fixture
def four(tmp_path: Path) -> Path:
    path = tmp_path / "four.tif"
    names = ("red", "green", "blue")
    write_raster(path, four_colors(), geobox(), descriptions=names, photometric="rgb")
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit status, stdout, stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return command


def pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return np.asarray(file.read())


def test_scene_is_mapped_retrieved_and_replayed(four: Path, encoder: KnownEncoder, run: Run, tmp_path: Path) -> None:
    assert run("index", four)[0] == 0
    asked = encoder.tiles_encoded
    status, out, err = run("density", four, "--query", "green - blue", "-o", tmp_path / "map.tif")
    assert (status, err) == (0, "")
    assert "mean density" in out
    density = pixels(tmp_path / "map.tif")[0]
    assert density[16:60, 130:210].min() > 0.5 > density[100:, :].max()
    assert (tmp_path / "map.qml").exists()
    assert (tmp_path / "map.json").exists()

    status, out, _ = run("retrieve", four, "-q", "green", "-k", 3, "-o", tmp_path / "hits.gpkg", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["confident"] is True
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert len(geopandas.read_file(tmp_path / "hits.gpkg")) == 3
    assert (tmp_path / "hits.png").exists()

    assert run("replay", tmp_path / "map.tif", "-o", tmp_path / "again.tif")[0] == 0
    assert np.array_equal(density, pixels(tmp_path / "again.tif")[0], equal_nan=True)
    assert encoder.tiles_encoded == asked, "no image goes through the encoder again"


def test_scene_is_indexed_when_first_asked_and_known_by_name_afterwards(
    four: Path, encoder: KnownEncoder, run: Run, tmp_path: Path
) -> None:
    assert run("density", four, "-q", "red", "-o", tmp_path / "a.tif", "--stride", 16)[0] == 0
    asked = encoder.tiles_encoded
    assert asked > 0
    assert run("density", "four", "-q", "red", "-o", tmp_path / "b.tif")[0] == 0, "the beginning of the name is enough"
    assert encoder.tiles_encoded == asked, "any stride will do where none is asked for"
    assert np.array_equal(pixels(tmp_path / "a.tif"), pixels(tmp_path / "b.tif"))
    (scene,) = json.loads(run("scenes", "--json")[1])
    assert scene["name"].startswith("four-")
    assert scene["tiles"] == asked
    (index,) = json.loads(run("index", "list", "--json")[1])
    assert index["scenes"][0]["tiles"] == asked
    assert index["bytes"] > 0


def test_removed_scene_is_gone(four: Path, encoder: KnownEncoder, run: Run) -> None:
    run("index", four)
    status, out, _ = run("index", "remove", "four")
    assert status == 0
    assert "removed from known" in out
    assert json.loads(run("index", "list", "--json")[1])[0]["scenes"] == []
    status, _, err = run("index", "remove", "four")
    assert status == 1
    assert "four" in err


def test_query_options_reach_the_recipe(four: Path, encoder: KnownEncoder, run: Run, tmp_path: Path) -> None:
    (tmp_path / "area.geojson").write_text(_rectangle(20, 30, 120, 130))
    tile = json.loads(run("retrieve", four, "-q", "red", "-k", 2, "--json")[1])["hits"]
    options = ["--threshold", 0.4, "--bandwidth", 9, "--aoi", tmp_path / "area.geojson", "--temperature", 0.2]
    options += ["--background", "cyan", "--background", "black", "--template", "only {}"]
    options += ["--like", tile[0]["tile"], "--dislike", tile[1]["tile"], "--save-query", tmp_path / "q.json"]
    assert run("density", four, "-q", "2*red + grey", "-o", tmp_path / "a.tif", *options)[0] == 0
    with rasterio.open(tmp_path / "a.tif") as file:
        tags = file.tags()
        assert file.shape == (100, 100)
    assert tags["GRAFT_THRESHOLD"] == "0.4"
    assert tags["GRAFT_BANDWIDTH_M"] == "9"
    assert tags["GRAFT_TEMPERATURE"] == "0.2"
    assert json.loads(tags["GRAFT_BACKGROUND"]) == ["cyan", "black"]
    recipe = json.loads(tags["GRAFT_RECIPE"])
    assert recipe["query"]["likes"][0]["row"] == int(tile[0]["tile"].split("/")[1])

    saved = f"@{tmp_path / 'q.json'}"
    assert run("density", four, "-q", saved, "-o", tmp_path / "b.tif", *options[:6])[0] == 0
    assert np.array_equal(pixels(tmp_path / "a.tif"), pixels(tmp_path / "b.tif"), equal_nan=True)


def _rectangle(left: float, top: float, right: float, bottom: float) -> str:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    ring = [[LEFT + x, TOP - y] for x, y in corners]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]})


def test_aerial_and_satellite_scenes_are_not_ranked_together_by_encoders_of_their_own(run: Run, tmp_path: Path) -> None:
    for name, gsd in (("aerial", 1.0), ("satellite", 10.0)):
        pixels = np.random.default_rng(0).integers(1, 255, (3, 128, 128), np.uint8)
        names = ("red", "green", "blue")
        write_raster(tmp_path / f"{name}.tif", pixels, geobox(128, 128, gsd=gsd), descriptions=names, photometric="rgb")
    status, out, err = run("retrieve", tmp_path / "aerial.tif", tmp_path / "satellite.tif", "-q", "red")
    assert (status, out) == (1, "")
    assert "graft-demo-naip at 1 m" in err
    assert "graft-demo-sentinel2 at 10 m" in err
    assert "search one after the other" in err


def test_scene_without_the_thing_is_said_to_be_unsure(encoder: KnownEncoder, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dark.tif"
    write_raster(
        path, np.full((3, 96, 96), 9, np.uint8), geobox(96, 96), descriptions=("r", "g", "b"), photometric="rgb"
    )
    status, out, err = run("retrieve", path, "-q", "yellow", "-k", 2)
    assert status == 0
    assert out.count("score") == 2
    assert "Low confidence" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["density", "nowhere.tif", "-q", "red", "-o", "OUT"], "nowhere.tif"),
        (["density", "FOUR", "-q", "", "-o", "OUT"], "query is empty"),
        (["density", "FOUR", "-q", "- red", "-o", "OUT"], "not wanted"),
        (["density", "FOUR", "-q", "red", "-o", "out.png"], "name the file out.tif"),
        (["density", "FOUR", "-q", "red", "-o", "OUT", "--threshold", "3"], "between 0 and 1"),
        (["density", "FOUR", "-q", "red", "-o", "OUT", "--aoi", "gone.geojson"], "gone.geojson"),
        (["density", "FOUR", "-q", "photo:gone.jpg", "-o", "OUT"], "gone.jpg"),
        (["density", "FOUR", "-q", "@gone.json", "-o", "OUT"], "gone.json"),
        (["density", "FOUR", "-q", "red", "-o", "missing/folder/out.tif"], "missing/folder"),
        (["density", "FOUR", "-q", "red", "-o", "OUT", "--like", "here"], "SCENE/ROW/COL"),
        (["index", "FOUR", "--stride", "99"], "stride of 99"),
        (["index", "FOUR", "--level", "patch"], "tile level"),
        (["retrieve", "FOUR", "-q", "red", "-o", "hits.docx"], "hits.docx"),
        (["replay", "FOUR", "-o", "OUT"], "no recipe"),
        (["index", "https://127.0.0.1:9/scene.tif"], "127.0.0.1"),
    ],
)
def test_expected_failure_is_one_sentence_and_status_1(
    words: list[str],
    says: str,
    four: Path,
    encoder: KnownEncoder,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"FOUR": str(four), "OUT": str(tmp_path / "out.tif")}
    status, out, err = run(*(places.get(word, word) for word in words))
    assert (status, out) == (1, "")
    assert says in err
    assert "Traceback" not in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


def test_unknown_encoder_is_one_sentence(four: Path, run: Run, tmp_path: Path) -> None:
    status, _, err = run("density", four, "-q", "red", "-o", tmp_path / "a.tif", "--encoder", "graft-nape")
    assert status == 1
    assert "graft-naip" in err, "the name that comes closest"
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nope"],
        ["density"],
        ["density", "a.tif", "-q", "red"],
        ["index", "remove"],
        ["index", "a.tif", "--bands", "red"],
        ["density", "a.tif", "-q", "red", "-o", "a.tif", "--threshold", "much"],
        ["evaluate"],
        ["evaluate", "--world", "--seed", "seven"],
        ["evaluate", "--world", "--sensor", "radar"],
        ["world", "--out", "w", "--seed", "1", "--size", "3"],
    ],
)
def test_wrong_usage_is_status_2(words: list[str], run: Run) -> None:
    status, _, err = run(*words)
    assert status == 2
    assert "Traceback" not in err


def test_interrupted_indexing_says_how_to_go_on_and_goes_on(
    four: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(KnownEncoder):
        def encode_tiles(self, tiles: U8) -> F32:
            if self.tiles_encoded >= 96:
                raise KeyboardInterrupt
            return super().encode_tiles(tiles)

    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: Interrupted())
    status, _, err = run("index", four)
    assert status == 130
    assert "same command again" in err
    again = KnownEncoder()
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: again)
    assert run("index", four)[0] == 0
    tiles = json.loads(run("index", "list", "--json")[1])[0]["scenes"][0]["tiles"]
    assert again.tiles_encoded == tiles - 96


def test_doctor_tells_what_is_there_and_what_is_missing(four: Path, encoder: KnownEncoder, run: Run) -> None:
    run("index", four)
    status, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["packages"]["numpy"] == np.__version__
    assert found["device"] in ("cpu", "cuda")
    assert found["indexes"][0]["encoder"] == "known"
    missing = [model for model in found["models"] if not model["present"]]
    assert all(model["hint"] for model in missing)
    assert found["folders"]["tiles"]["free_bytes"] > 0
    assert run("doctor")[0] == 0


def test_models_are_listed(run: Run) -> None:
    entries = {entry["name"]: entry for entry in json.loads(run("models", "--json")[1])}
    assert {"graft-demo-naip", "graft-demo-sentinel2", "graft-naip"} <= entries.keys()
    assert entries["remoteclip-vit-b-32"]["sha256"].startswith("60014e395d93")
    assert entries["git-rsclip-large"]["tile_px"] == 256
    assert "graft-demo-naip" in run("models")[1]


def test_a_model_that_cannot_be_fetched_is_told_with_its_licence_and_the_next_step(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    status, out, err = run("fetch", "remoteclip-vit-b-32")
    assert (status, out) == (1, "")
    assert "Licence of remoteclip-vit-b-32: Apache-2.0." in err
    assert "HF_HUB_OFFLINE forbids it" in err
    assert "By hand: put RemoteCLIP-ViT-B-32.pt into" in err


def test_evaluate_prints_one_object_for_all_seeds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    passed: dict[str, object] = {}

    def evaluate_worlds(seeds: list[int], report: Callable[[str], None], **options: object) -> dict[str, object]:
        asked.extend(seeds)
        passed.update(options)
        return {
            "seed": seeds[0],
            "sensors": {"naip": {"map_at_20": 0.5, "tiles": 3, "iou": {"teacher": {"lake": 0.25}}}},
        }

    monkeypatch.setattr(worlds, "evaluate_worlds", evaluate_worlds)
    status, out, _ = run("evaluate", "--world", "--seed", "7,8", "--seed", "9", "--json")
    assert status == 0
    assert asked == [7, 8, 9]
    assert json.loads(out)["sensors"]["naip"]["map_at_20"] == 0.5
    assert passed == {"encoders": (), "sensors": [], "segmentation": False, "side_px": None}
    words = ("--encoder", "a", "--encoder", "b", "--sensor", "naip", "--segmentation", "--size", 512)
    printed = run("evaluate", "--world", *map(str, words))[1]
    assert passed["encoders"] == ["a", "b"]
    assert passed["sensors"] == ["naip"]
    assert passed["side_px"] == {"naip": 512, "sentinel2": 512}
    assert passed["segmentation"] is True
    assert "  map_at_20                0.500\n" in printed
    assert "    teacher\n      lake                 0.250\n" in printed


@pytest.mark.parametrize("words", [["--help"], ["density", "--help"], ["index", "list"]])
def test_help_is_quick_for_it_loads_neither_torch_nor_streamlit(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from graft_core.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as stop:\n    status = stop.code\n"
        "loaded = {'torch', 'streamlit', 'open_clip'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else status)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "graft_core", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for verb in ("doctor", "world", "models", "fetch", "scenes", "index", "density", "retrieve", "replay", "evaluate"):
        assert f"  {verb} " in done.stdout
