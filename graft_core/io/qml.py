"""QGIS styles beside a raster: QGIS colours ``out.tif`` by ``out.qml`` without being asked.

Layout as QGIS 3 saves it: a ``pipe`` with one ``rasterrenderer``; colours stand in the shader's items, the
``colorramp`` beside them is what QGIS shows when the style is edited.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from graft_core.errors import ExportError
from graft_core.io.atomic import write_text

RAMPS: Mapping[str, tuple[str, ...]] = {
    "viridis": (
        "#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26",
        "#fde725",
    ),
    "cividis": (
        "#00224e", "#083370", "#35456c", "#4f576c", "#666970", "#7d7c78", "#948e77", "#aea371", "#c8b866", "#e5cf52",
        "#fee838",
    ),
    "magma": (
        "#000004", "#140e36", "#3b0f70", "#641a80", "#8c2981", "#b73779", "#de4968", "#f7705c", "#fe9f6d", "#fecf92",
        "#fcfdbf",
    ),
}  # fmt: skip
"""Colours at equal steps from low to high; lightness grows evenly in all three, so they read without colour vision."""

CHANGE_RAMP = ("#5e3c99ff", "#5e3c99ff", "#f7f7f700", "#e66101ff", "#e66101ff")
"""Purple for less, nothing for no change, orange for more: they keep apart without colour vision. Red, green, blue and
how much it covers."""
_CHANGE_STOPS = (0.0, 0.3, 0.5, 0.7, 1.0)

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_CONTINUOUS = "1"


def write_qml(
    path: str | Path,
    *,
    opacity: float = 0.7,
    ramp: str = "viridis",
    minimum: float = 0.0,
    maximum: float = 1.0,
    band: int = 1,
) -> None:
    """Write a style that paints one band by a continuous ramp from ``minimum`` to ``maximum``.

    A maximum that is not above the minimum (an empty or constant raster) is taken as minimum + 1. ``opacity`` in [0, 1]
    is the layer's. ExportError for an unknown ramp or an opacity outside [0, 1].
    """
    if ramp not in RAMPS:
        raise ExportError(f"Unknown colour ramp {ramp!r}; choose one of {', '.join(sorted(RAMPS))}.")
    low = minimum if math.isfinite(minimum) else 0.0
    high = maximum if math.isfinite(maximum) and maximum > low else low + 1.0
    colors = RAMPS[ramp]
    _write_continuous(path, colors, [i / (len(colors) - 1) for i in range(len(colors))], (low, high), opacity, band)


def write_change_qml(path: str | Path, *, highest: float, opacity: float = 0.7, band: int = 1) -> None:
    """Write a style that paints one band from ``-highest`` to ``highest`` by ``CHANGE_RAMP``; 0 lets the map below be.

    A ``highest`` that is not above 0 is taken as 1. ExportError for an opacity outside [0, 1].
    """
    most = highest if math.isfinite(highest) and highest > 0 else 1.0
    _write_continuous(path, CHANGE_RAMP, _CHANGE_STOPS, (-most, most), opacity, band)


def _write_continuous(
    path: str | Path,
    colors: Sequence[str],
    shares: Sequence[float],
    limits: tuple[float, float],
    opacity: float,
    band: int,
) -> None:
    """A ramp through ``colors`` at ``shares`` of the way from the lower limit to the upper."""
    low, high = limits
    root, renderer = _style("singlebandpseudocolor", opacity, band)
    renderer.set("classificationMin", _number(low))
    renderer.set("classificationMax", _number(high))
    shader = SubElement(
        SubElement(renderer, "rastershader"), "colorrampshader",
        colorRampType="INTERPOLATED", classificationMode=_CONTINUOUS, clip="0",
        minimumValue=_number(low), maximumValue=_number(high),
    )  # fmt: skip
    _ramp(shader, colors, shares)
    for share, color in zip(shares, colors, strict=True):
        value = low + share * (high - low)
        label = f"{value:.3g}"
        SubElement(shader, "item", value=_number(value), label=label, color=color[:7], alpha=str(_alpha(color)))
    _finish(path, root)


def write_class_qml(
    path: str | Path, names: Mapping[int, str], colors: Mapping[int, tuple[int, int, int]], *, opacity: float = 1.0
) -> None:
    """Write a style that gives each class id its colour and name; ``colors`` needs an RGB for every id in ``names``."""
    missing = sorted(set(names) - set(colors))
    if missing:
        raise ExportError(f"No colour for class {missing[0]} ({names[missing[0]]}); give one for every class.")
    root, renderer = _style("paletted", opacity, 1)
    palette = SubElement(renderer, "colorPalette")
    for value, name in sorted(names.items()):
        hex_color = "#{:02x}{:02x}{:02x}".format(*colors[value])
        SubElement(palette, "paletteEntry", value=str(value), color=hex_color, label=name, alpha="255")
    _finish(path, root)


def _style(kind: str, opacity: float, band: int) -> tuple[Element, Element]:
    """The document and its renderer, to be filled."""
    if not 0 <= opacity <= 1:
        raise ExportError(f"An opacity of {opacity} is not possible; choose between 0 (invisible) and 1 (opaque).")
    root = Element("qgis", version="3.16.0", styleCategories="Symbology|Rendering", hasScaleBasedVisibilityFlag="0")
    pipe = SubElement(root, "pipe")
    renderer = SubElement(
        pipe, "rasterrenderer", type=kind, band=str(band), opacity=_number(opacity), alphaBand="-1", nodataColor=""
    )
    SubElement(renderer, "rasterTransparency")
    origin = SubElement(renderer, "minMaxOrigin")
    # "None": the limits are given here and are not to be estimated anew from what is on the screen.
    for tag, text in (("limits", "None"), ("extent", "WholeRaster"), ("statAccuracy", "Exact")):
        SubElement(origin, tag).text = text
    SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0")
    SubElement(pipe, "rasterresampler", maxOversampling="2")
    SubElement(root, "blendMode").text = "0"
    return root, renderer


def _ramp(shader: Element, colors: Sequence[str], shares: Sequence[float]) -> None:
    ramp = SubElement(shader, "colorramp", type="gradient", name="[source]")
    inner = zip(shares[1:-1], colors[1:-1], strict=True)
    settings = {
        "color1": _rgba(colors[0]),
        "color2": _rgba(colors[-1]),
        "discrete": "0",
        "rampType": "gradient",
        "stops": ":".join(f"{_number(share)};{_rgba(color)}" for share, color in inner),
    }
    for key, value in settings.items():
        # Every QGIS 3 reads this older form; the newer one is unknown before 3.20.
        SubElement(ramp, "prop", k=key, v=value)


def _finish(path: str | Path, root: Element) -> None:
    ElementTree.indent(root)
    write_text(path, _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n")


def _rgba(color: str) -> str:
    red, green, blue = bytes.fromhex(color[1:7])
    return f"{red},{green},{blue},{_alpha(color)}"


def _alpha(color: str) -> int:
    """How much a colour of six or eight hex digits covers, to 255."""
    return int(color[7:] or "ff", 16)


def _number(value: float) -> str:
    return f"{value:.9g}"
