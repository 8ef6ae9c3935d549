import re

from graft_core.io.qml import RAMPS
from graft_core.ui.legend import change_legend_html, legend_html


def test_a_legend_shows_its_values_and_all_colours() -> None:
    legend = legend_html("Density of <roads>", "cividis", 0, 0.8, "share & more")
    assert re.findall(r"<span>([^<]+)</span>", legend) == ["0", "0.2", "0.4", "0.6", "0.8"]
    stops = re.findall(r"(#[0-9a-f]{6})([0-9a-f]{2}) ([\d.]+)%", legend)
    assert tuple(color for color, _, _ in stops) == RAMPS["cividis"]
    assert [alpha for _, alpha, _ in stops[:3]] == ["00", "80", "ff"]
    assert (stops[0][2], stops[-1][2]) == ("0", "100")
    assert "&lt;roads&gt;" in legend
    assert "share &amp; more" in legend
    assert "http" not in legend


def test_legend_of_a_difference_is_even_on_both_sides() -> None:
    legend = change_legend_html("Density of forest, less lake", 0.5)
    assert re.findall(r"<span>([^<]+)</span>", legend) == ["-0.5", "-0.25", "0", "0.25", "0.5"]
    assert "rgb(94, 60, 153)" in legend
    assert "rgb(230, 97, 1)" in legend
    assert "purple: less dense" in legend
    assert "orange: denser in &lt;now&gt;" in change_legend_html("Change", 0.5, "orange: denser in <now>")
