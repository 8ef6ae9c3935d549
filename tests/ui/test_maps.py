"""What the map is made of; that it shows in a browser is tests/browser/test_offline_map.py's."""

import base64
import importlib.util
import io
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geom import box, polygon
from PIL import Image

from graft_core.ui import maps
from graft_core.ui.maps import (
    Pane,
    TileLayer,
    area_outline,
    base_map,
    density_overlay,
    drawn_area,
    view_on,
    wiped,
)
from graft_core.ui.offline_maps import VENDOR, MapSetup, use_vendored_assets

STATIC = Path(__file__).resolve().parents[2] / "static"
BOUNDS = (9.0, 44.25, 9.1, 44.32)
LAYERS = [TileLayer("/rasters/one/{z}/{x}/{y}.png", "one", BOUNDS), TileLayer("/rasters/two/{z}/{x}/{y}.png", "two")]


@pytest.fixture(autouse=True)
def vendored() -> None:
    use_vendored_assets("")


def rendered(element: object) -> str:
    return str(element.get_root().render())  # type: ignore[attr-defined]


def on_map(group: object) -> str:
    """The script of a group on a map."""
    built = base_map(BOUNDS, LAYERS)
    built.add_child(group)
    return rendered(built)


def fetched(page: str) -> list[str]:
    """What a browser loads for a page by itself."""
    links = re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=\"([^\"]+)\"|<link[^>]*\bhref=\"([^\"]+)\"", page)
    return [source or href for source, href in links] + re.findall(r"@import\s+\"?([^\";]+)|url\((http[^)]+)\)", page)


@pytest.mark.parametrize("base", ["", "/some/path"])
def test_the_map_loads_only_what_lies_in_static(base: str) -> None:
    use_vendored_assets(base)
    loaded = fetched(rendered(base_map(BOUNDS, LAYERS)))
    assert len(loaded) == 14
    for address in loaded:
        assert not urlsplit(address).netloc
        assert address.startswith(f"{base}/{VENDOR}/")
        assert (STATIC / address.removeprefix(f"{base}/app/static/")).is_file()
    assert (STATIC / MapSetup.images.removeprefix(f"{base}/app/static/") / "marker-icon.png").is_file()


def test_only_the_basemap_and_its_credit_name_another_host_and_it_is_off() -> None:
    page = rendered(base_map(BOUNDS, LAYERS))
    assert set(re.findall(r"https?://([^/\"\s\\]+)", page)) == {"tile.openstreetmap.org", "www.openstreetmap.org"}
    assert re.findall(r"(tile_layer_\w+)\.addTo\(", page) == re.findall(r"var (tile_layer_\w+) =", page)[1:]
    assert "://" not in rendered(base_map(BOUNDS, LAYERS, basemap=False))


def test_assets_may_be_set_twice() -> None:
    once = rendered(base_map(BOUNDS, LAYERS))
    use_vendored_assets("")
    assert rendered(base_map(BOUNDS, LAYERS)) == once


def test_a_map_without_assets_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MapSetup, "images", "")
    with pytest.raises(RuntimeError, match="call use_vendored_assets first"):
        base_map(BOUNDS, LAYERS)


@pytest.mark.parametrize("bounds", [BOUNDS, None])
def test_the_same_arguments_give_the_same_map(bounds: maps.Bounds | None) -> None:
    assert rendered(base_map(bounds, LAYERS)) == rendered(base_map(bounds, LAYERS))
    assert rendered(base_map(bounds, LAYERS)) != rendered(base_map(bounds, LAYERS[:1]))


def test_same_overlays_are_the_same_text() -> None:
    rgba = np.zeros((2, 2, 4), dtype=np.uint8)
    makers = (
        lambda: density_overlay(rgba, BOUNDS, 0.5),
        lambda: wiped(2),
        lambda: area_outline(box(9, 44, 10, 45, "EPSG:4326")),
    )
    for make in makers:
        assert on_map(make()) == on_map(make())


def test_the_map_fits_its_bounds_also_across_the_antimeridian() -> None:
    assert "[[44.25, 9.0], [44.32, 9.1]]" in rendered(base_map(BOUNDS, []))
    assert "[[-18.0, 179.0], [-16.0, 181.0]]" in rendered(base_map((179.0, -18.0, -179.0, -16.0), []))


def test_imagery_is_asked_for_inside_its_bounds_and_enlarged_beyond_its_last_level() -> None:
    layer = TileLayer("/rasters/one/{z}/{x}/{y}.png", "<one>", BOUNDS, "<us>", min_zoom=3, native_zoom=17)
    page = rendered(base_map(BOUNDS, [layer], basemap=False))
    options = page[page.index("L.tileLayer(") :].partition(");")[0]
    assert '"bounds":[[44.25,9.0,],[44.32,9.1,],]' in "".join(options.split())
    assert '"minZoom": 3' in options
    assert '"maxNativeZoom": 17' in options
    assert '"maxZoom": 24' in options
    assert "<us>" not in page
    assert "<one>" not in page


def test_imagery_may_lie_in_panes_of_its_own_made_before_it() -> None:
    low, high = Pane("graft-left-imagery", 201), Pane("graft-right-imagery", 202)
    pairs = zip(LAYERS, (low, high), strict=True)
    page = rendered(base_map(BOUNDS, [replace(layer, pane=pane) for layer, pane in pairs], basemap=False))
    for pane in (low, high):
        made, used = page.index(f'createPane(\n                "{pane.name}"'), page.index(f'"pane": "{pane.name}"')
        assert made < used
        assert re.search(rf"{pane.name}.{{1,80}}zIndex = {pane.z_index};", page, re.DOTALL)
    assert "createPane" not in rendered(base_map(BOUNDS, LAYERS))


def test_areas_are_polygons_and_rectangles_drawn_with_one_toolbar() -> None:
    page = rendered(base_map(BOUNDS, LAYERS))
    assert page.count("new L.Control.Draw(") == 1
    assert "drawControl" not in page
    for tool in ("polyline", "circle", "marker", "circlemarker"):
        assert f'"{tool}": false' in page
    assert "L.Control.Draw(" not in rendered(base_map(BOUNDS, LAYERS, draw=False))


def test_an_overlay_keeps_its_pixels_and_its_place() -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (5, 3, 4), dtype=np.uint8)
    script = on_map(density_overlay(rgba, BOUNDS, 0.35))
    data = re.search(r"L\.imageOverlay\(\s*\"data:image/png;base64,([^\"]+)\",\s*(\[\[.+\]\])", script)
    assert data is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1])))), rgba)
    assert data[2] == "[[44.25, 9.0], [44.32, 9.1]]"
    assert '"opacity": 0.35' in script


def test_an_area_in_any_crs_lies_in_degrees() -> None:
    area = polygon(
        [(500_000, 4_900_000), (501_000, 4_900_000), (501_000, 4_901_000), (500_000, 4_900_000)], "EPSG:32632"
    )
    script = on_map(area_outline(area))
    corner = re.search(r'"coordinates": \[\[\[([\d.]+), ([\d.]+)\]', script)
    assert corner is not None
    assert (float(corner[1]), float(corner[2])) == pytest.approx((9.0, 44.2528), abs=1e-3)
    assert on_map(area_outline(shapely.box(9, 44, 10, 45))).count("L.geoJson") == 1


def test_what_is_drawn_is_one_area() -> None:
    drawn = [{"type": "Feature", "geometry": box(x, 0, x + 1, 1, "EPSG:4326").json} for x in (0, 5)]
    area = drawn_area(drawn)
    assert area is not None
    assert area.area == pytest.approx(2)
    assert area.boundingbox.bbox == (0, 0, 6, 1)
    assert drawn_area([]) is None
    assert drawn_area(None) is None


@given(lon=st.floats(-179, 178), lat=st.floats(-80, 80), width=st.floats(1e-4, 1), height=st.floats(1e-4, 1))
def test_a_place_gone_to_fits_the_screen(lon: float, lat: float, width: float, height: float) -> None:
    view = view_on((lon, lat, lon + width, lat + height))
    assert view.center is not None
    assert view.zoom is not None
    assert view.center == pytest.approx((lat + height / 2, lon + width / 2))
    pixels = 256 * 2**view.zoom / 360
    tall = (maps._mercator(lat + height) - maps._mercator(lat)) * pixels
    assert max(width * pixels, tall) <= maps.ON_SCREEN * 1.001
    assert max(width * pixels, tall) >= maps.ON_SCREEN / 2 * 0.999


def test_the_same_place_asked_for_again_is_another_view_by_less_than_a_pixel() -> None:
    first, second = view_on(BOUNDS, 1), view_on(BOUNDS, 2)
    assert first.center != second.center
    assert first.zoom != second.zoom
    assert first.center == pytest.approx(second.center, abs=1e-8)
    assert first.zoom == pytest.approx(second.zoom, abs=1e-8)


@pytest.fixture
def vendor_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor_assets", STATIC / "vendor_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_vendored_files_are_those_recorded(vendor_script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["vendor_assets.py", "--check"])
    assert vendor_script.main() == 0
    assert vendor_script.check(STATIC / "vendor") == []
    assert sum(each.stat().st_size for each in (STATIC / "vendor").rglob("*") if each.is_file()) < 2_000_000
    notice = (STATIC / "vendor" / "LICENSES.md").read_text()
    for package in vendor_script.PACKAGES:
        assert f"| {package.name} | {package.version} |" in notice
        assert (STATIC / "vendor" / package.folder / "LICENSE").is_file()


def test_a_changed_a_missing_and_a_foreign_file_are_named(vendor_script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p { background: url('b.png') }")
    (tmp_path / "c.js").write_text("")
    (tmp_path / "manifest.json").write_text('{"a.css": "0", "d.js": "0"}')
    assert vendor_script.check(tmp_path) == [
        "missing: d.js", "not recorded: c.js", "changed: a.css", "not packed: a.css: b.png",
    ]  # fmt: skip
