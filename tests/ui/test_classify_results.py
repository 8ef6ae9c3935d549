from types import SimpleNamespace
from typing import Any, cast

import pytest

from graft_core.tasks.class_areas import AreaTable, ClassArea
from graft_core.tasks.class_list import parse_classes
from graft_core.tasks.write_labels import areas_csv
from graft_core.ui.classify.accuracy import same_by_words
from graft_core.ui.classify.results import areas_html, read_areas

TABLE = AreaTable(
    (
        ClassArea(1, "woods <b>", (0, 158, 115), 100, 10_000.0, 0.25),
        ClassArea(2, "water", (0, 114, 178), 300, 30_000.0, 0.75),
        ClassArea(3, "unsure", (205, 205, 205), 0, 0.0, 0.0),
    ),
    unknown=7,
)


def test_written_table_is_read_back_with_the_colours_of_the_map() -> None:
    made = cast("Any", SimpleNamespace(colors={row.value: row.color for row in TABLE.rows}))
    assert read_areas(areas_csv(TABLE), made).rows == TABLE.rows


def test_table_on_the_page_has_a_bar_for_each_class_and_names_are_text() -> None:
    page = areas_html(TABLE)
    assert "woods &lt;b&gt;" in page
    assert "25.0%" in page
    assert "3.00" in page
    assert page.count("rgb(0, 114, 178)") == 2, "swatch and bar"


def test_table_without_any_imagery_divides_by_nothing() -> None:
    empty = AreaTable(tuple(ClassArea(row.value, row.name, row.color, 0, 0.0, 0.0) for row in TABLE.rows), 9)
    assert "0.0%" in areas_html(empty)


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        (("Forest", "orchard", "lake"), {"Forest": "trees", "orchard": "trees", "lake": "water"}),
        (("water", "trees"), {}),
        (("river", "desert"), {}),
    ],
)
def test_reference_class_is_the_one_that_is_looked_for_by_its_name(
    theirs: tuple[str, ...], same: dict[str, str]
) -> None:
    classes = parse_classes("trees = forest + orchard, water = lake - river, meadow")
    assert same_by_words(classes, theirs) == same
