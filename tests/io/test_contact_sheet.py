"""The page of best tiles: every thumbnail on it, in order, with its caption."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from graft_core.errors import ExportError
from graft_core.io.contact_sheet import Caption, write_contact_sheet


def tile(color: tuple[int, int, int], height: int = 224, width: int = 224) -> npt.NDArray[np.uint8]:
    return np.broadcast_to(np.array(color, np.uint8), (height, width, 3)).copy()


def captions(count: int) -> list[Caption]:
    return [Caption(i + 1, 0.3 - 0.01 * i, "claremont 34.10°N 117.72°W", 0.9) for i in range(count)]


def page_of(path: Path) -> Image.Image:
    with Image.open(path) as page:
        page.load()
        return page


def blobs(path: Path, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels of one colour."""
    found = np.argwhere((np.asarray(page_of(path)) == color).all(axis=2))
    (top, left), (bottom, right) = found.min(axis=0), found.max(axis=0)
    return int(left), int(top), int(right) + 1, int(bottom) + 1


def test_thumbnails_stand_in_rank_order_row_by_row(tmp_path: Path) -> None:
    colors = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    write_contact_sheet(tmp_path / "s.png", [tile(c) for c in colors], captions(4), title="forest", columns=2)
    boxes = [blobs(tmp_path / "s.png", color) for color in colors]
    assert all(right - left == bottom - top == 224 for left, top, right, bottom in boxes)
    (a, b, c, d) = boxes
    assert (a[1], c[1]) == (b[1], d[1])
    assert (a[0], b[0]) == (c[0], d[0])
    assert a[0] < b[0]
    assert a[1] < c[1]


def test_the_page_is_light_and_fits_its_grid(tmp_path: Path) -> None:
    write_contact_sheet(tmp_path / "s.png", [tile((9, 9, 9))] * 13, captions(13), title="forest", subtitle="claremont")
    page = page_of(tmp_path / "s.png")
    assert min(page.getpixel((2, 2))) > 240
    assert 1 < page.width / page.height < 1.6


def test_a_tile_of_another_shape_keeps_its_proportions(tmp_path: Path) -> None:
    write_contact_sheet(tmp_path / "s.png", [tile((200, 0, 0), 64, 128)], captions(1), title="forest")
    left, top, right, bottom = blobs(tmp_path / "s.png", (200, 0, 0))
    assert (right - left, bottom - top) == (224, 112)


def test_scores_and_probabilities_show(tmp_path: Path) -> None:
    pages = []
    for caption in (Caption(1, 0.31, "x", 0.9), Caption(1, 0.32, "x", 0.9), Caption(1, 0.31, "x", 0.1)):
        write_contact_sheet(tmp_path / "s.png", [tile((9, 9, 9))], [caption], title="forest")
        pages.append((tmp_path / "s.png").read_bytes())
    assert len(set(pages)) == 3


@pytest.mark.parametrize(
    ("score", "probability", "place"),
    [(math.nan, math.nan, ""), (0.3, 1.7, "a very long name " * 20 + "\nx\ny"), (-1.0, -0.2, "x" * 500)],
)
def test_odd_values_are_drawn_without_complaint(tmp_path: Path, score: float, probability: float, place: str) -> None:
    write_contact_sheet(tmp_path / "s.png", [tile((9, 9, 9), 1, 1)], [Caption(1, score, place, probability)], title="")
    assert page_of(tmp_path / "s.png").width > 0


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"s\.png: there is no tile to show; loosen the query"):
        write_contact_sheet(tmp_path / "s.png", [], [], title="forest")


def test_captions_must_match(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 thumbnails need as many captions, not 1"):
        write_contact_sheet(tmp_path / "s.png", [tile((0, 0, 0))] * 2, captions(1), title="forest")
