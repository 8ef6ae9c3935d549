"""`imagery`: from an area to a scene that can be asked, against local catalogues that tokens guard."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import rasterio
from commands import command, done, refused
from imagery_material import area_in, drawn, planetary_naip, planetary_sentinel2
from stac_server import StacServer

from graft_core import settings

CATALOG = "planetary-computer"


@pytest.fixture
def naip(catalogs: StacServer, shared_data: Path) -> dict[str, object]:
    """A real scene of forest and a lake, as the Planetary Computer has them; what of it lies in the area."""
    item = planetary_naip(catalogs, "2020-04-18", shared_data / "naip" / "va_forest_lake.tif", quad="m_3707861_nw")
    return {"id": item["id"], "area": box_of(item)}


def box_of(item: dict[str, object], share: float = 0.9) -> str:
    return ",".join(f"{value:.6f}" for value in area_in(item, share).bounds)


def months(server: StacServer, stored: bool = False) -> str:
    for month in (5, 6, 7):
        item = planetary_sentinel2(
            server, f"2022-{month:02}-17", drawn(1900, side=64), cloud=10.0 * month, stored=stored
        )
    return box_of(item)


def test_a_search_lists_what_there_is_and_draws_it(catalogs: StacServer, tmp_path: Path) -> None:
    area = months(catalogs)
    drawing = tmp_path / "found.geojson"
    lines = done("imagery", CATALOG, "--area", area, "--cloud", "65", "--footprints", drawing).splitlines()
    assert [line[:40] for line in lines] == [
        "2022-06-17  cloud  60 %  covers 100%  S2",
        "2022-05-17  cloud  50 %  covers 100%  S2",
    ]
    listed = json.loads(done("imagery", CATALOG, "--area", area, "--to", "2022-05-31", "--json"))
    assert [row["acquired"] for row in listed] == ["2022-05-17"]
    assert listed[0]["thumbnail"].startswith("http")
    features = json.loads(drawing.read_text())["features"]
    assert [each["properties"]["cloud"] for each in features] == [60, 50]
    said = command("imagery", CATALOG, "--area", area, "--limit", "2")
    assert "There are more than 2" in said.err


def test_filters_that_hide_everything_are_named(catalogs: StacServer) -> None:
    area = months(catalogs)
    assert "raise the cloud limit" in refused("imagery", CATALOG, "--area", area, "--cloud", "20")
    assert "change the dates" in refused("imagery", CATALOG, "--area", area, "--from", "2023-01-01")
    assert "The area lies outside" in refused("imagery", CATALOG, "--area", "0,0,1,1")
    assert "swap them" in refused("imagery", CATALOG, "--area", area, "--from", "2023-01-02", "--to", "2023-01-01")
    assert "is no box" in refused("imagery", CATALOG, "--area", "1,2,3,north")
    assert "There is no catalogue 'mars'" in refused("imagery", "mars", "--area", area)
    assert "is not among the 3 images" in refused("imagery", CATALOG, "--area", area, "--item", "x", "--get", "place")
    catalogs.stop()
    assert "cannot be reached" in refused("imagery", CATALOG, "--area", area)


def test_wrong_usage_is_told(catalogs: StacServer) -> None:
    said = command("imagery", CATALOG, "--area", "0,0,1,1", "--get", "all")
    assert said.status == 2
    assert "is no way to get imagery; write place, window, whole, median." in " ".join(said.err.split())


@pytest.mark.parametrize("how", ["place", "window", "whole"])
def test_an_aerial_image_is_found_got_indexed_and_asked(naip: dict[str, object], how: str, tmp_path: Path) -> None:
    words = ("imagery", CATALOG, "--area", naip["area"], "--collection", "naip", "--get", how)
    planned = json.loads(done(*words, "--list-only", "--json"))
    assert planned["scenes"][0]["items"] == [naip["id"]]
    assert not Path(planned["scenes"][0]["scene"]).exists()
    (path,) = done(*words).splitlines()
    assert path == planned["scenes"][0]["scene"]
    assert path in done("scenes")
    out = tmp_path / "lake.tif"
    done("density", path, "--query", "lake", "-o", out)
    with rasterio.open(out) as made, rasterio.open(path) as scene:
        assert made.shape == scene.shape
    for file in (*settings.tiles_dir().rglob("*"), *tmp_path.glob("lake.*")):
        assert not file.is_file() or b"SECRET" not in file.read_bytes(), file


def test_the_clearest_image_is_got_unless_one_is_named(catalogs: StacServer) -> None:
    area = months(catalogs, stored=True)
    words = ("imagery", CATALOG, "--area", area, "--get", "window", "--list-only", "--json")
    (scene,) = json.loads(done(*words))["scenes"]
    assert "_20220517T" in scene["items"][0]
    july = "S2A_MSIL2A_20220717T100031_R122_T33UUP_20230131T000000"
    (scene,) = json.loads(done(*words, "--item", july))["scenes"]
    assert scene["items"] == [july]


def test_a_median_is_got_of_all_dates(catalogs: StacServer) -> None:
    area = months(catalogs, stored=True)
    said = command("imagery", CATALOG, "--area", area, "--get", "median")
    (path,) = said.out.splitlines()
    assert "sentinel2-median-20220517-20220717-" in path
    assert "Contains modified Copernicus Sentinel data" in said.err
    with rasterio.open(path) as source:
        assert source.tags()["COMPOSITE"].startswith("median of 3 images")


def test_help_comes_without_the_libraries_of_searches() -> None:
    code = (
        "import sys\nfrom graft_core.cli.main import main\n"
        "try:\n    main(['imagery', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('pystac_client', 'rasterio', 'geopandas', 'torch') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"
