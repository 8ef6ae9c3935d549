import pytest

from graft_core.search.query import parse_query
from graft_core.ui.words import words_of


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("forest", "forest"),
        ("forest - orchard", "forest - orchard"),
        ("2*pool + house", "2*pool + house"),
        ("photo:/a/long/path/0123.jpg", "a photo"),
        ("chip:/tmp/x.tif - lake", "a picture - lake"),
        ("lake + 0.5*tile:naip/-12/34", "lake + 0.5*a tile"),
    ],
)
def test_headings_name_pictures_by_what_they_are(typed: str, said: str) -> None:
    assert words_of(parse_query(typed)) == said
