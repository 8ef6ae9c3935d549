"""Styles that QGIS picks up by itself; the layout was checked against QGIS 3.22's own reader."""

import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graft_core.errors import ExportError
from graft_core.io.qml import RAMPS, write_class_qml, write_qml


def renderer_of(path: Path) -> ElementTree.Element:
    assert path.read_text().startswith("<!DOCTYPE qgis PUBLIC")
    root = ElementTree.parse(path).getroot()
    assert root.tag == "qgis"
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    return renderer


def lightness(color: str) -> float:
    red, green, blue = (value / 255 for value in bytes.fromhex(color[1:]))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2


@pytest.mark.parametrize("ramp", sorted(RAMPS))
def test_density_style_paints_band_1_from_zero_to_the_maximum(tmp_path: Path, ramp: str) -> None:
    path = tmp_path / "out.qml"
    write_qml(path, opacity=0.5, ramp=ramp, maximum=0.4)
    renderer = renderer_of(path)
    assert renderer.get("type") == "singlebandpseudocolor"
    assert (renderer.get("band"), renderer.get("opacity"), renderer.get("alphaBand")) == ("1", "0.5", "-1")
    assert (renderer.get("classificationMin"), renderer.get("classificationMax")) == ("0", "0.4")
    shader = renderer.find("rastershader/colorrampshader")
    assert shader is not None
    assert shader.get("colorRampType") == "INTERPOLATED"
    items = shader.findall("item")
    values = [float(item.get("value", "nan")) for item in items]
    assert values == pytest.approx([0.04 * i for i in range(11)])
    assert [item.get("color") for item in items] == list(RAMPS[ramp])


@pytest.mark.parametrize("ramp", sorted(RAMPS))
def test_ramps_grow_lighter_at_every_step(ramp: str) -> None:
    steps = [lightness(color) for color in RAMPS[ramp]]
    assert steps == sorted(steps)
    assert steps[-1] > 0.7


@pytest.mark.parametrize("maximum", [0.0, -1.0, math.nan, math.inf])
def test_an_empty_raster_still_gets_a_valid_style(tmp_path: Path, maximum: float) -> None:
    write_qml(tmp_path / "out.qml", maximum=maximum)
    assert renderer_of(tmp_path / "out.qml").get("classificationMax") == "1"


def test_class_style_names_and_colours_every_class(tmp_path: Path) -> None:
    path = tmp_path / "truth.qml"
    write_class_qml(path, {2: "lake & river", 1: "forest"}, {1: (0, 100, 0), 2: (0, 0, 255)})
    renderer = renderer_of(path)
    assert renderer.get("type") == "paletted"
    entries = renderer.findall("colorPalette/paletteEntry")
    assert [(e.get("value"), e.get("label"), e.get("color")) for e in entries] == [
        ("1", "forest", "#006400"),
        ("2", "lake & river", "#0000ff"),
    ]


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="ramp 'jet'; choose one of cividis, magma, viridis"):
        write_qml(tmp_path / "out.qml", ramp="jet")
    with pytest.raises(ExportError, match="opacity of 70"):
        write_qml(tmp_path / "out.qml", opacity=70)
    with pytest.raises(ExportError, match=r"No colour for class 2 \(lake\)"):
        write_class_qml(tmp_path / "out.qml", {1: "forest", 2: "lake"}, {1: (0, 0, 0)})
    assert list(tmp_path.iterdir()) == []
