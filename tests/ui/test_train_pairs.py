"""What is asked for before pairs are made, and where uploads go."""

import io
from pathlib import Path
from typing import Any

import pytest

from graft_core import settings
from graft_core.errors import PhotoError
from graft_core.serve import jobs
from graft_core.ui.train import pairs as train_pairs
from graft_core.ui.train.pairs import keep_photos, start_pairs
from graft_core.ui.train.tables import table_path


class Upload(io.BytesIO):
    """As Streamlit gives it."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have been started."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(train_pairs, "start_job", lambda *args: asked.append(args))
    return asked


def test_job_knows_photos_scenes_options_and_where_to_write(started: list[tuple[Any, ...]]) -> None:
    start_pairs("town", ["/photos"], ["/town.tif"], {"cap": 3}, "cpu")
    ((kind, title, asked),) = started
    assert (kind, title) == ("pairs", "Make pairs town")
    out = str((settings.tiles_dir() / "pairs" / "town.parquet").absolute())
    assert asked == {
        "photos": ["/photos"], "scenes": ["/town.tif"], "options": {"cap": 3}, "out": out, "device": "cpu",
    }  # fmt: skip
    assert jobs.list_jobs() == []


@pytest.mark.parametrize(
    ("name", "photos", "scenes", "says"),
    [
        ("town", [], ["/town.tif"], "There are no photos yet"),
        ("town", ["/photos"], [], "Choose at least one scene"),
        ("../town", ["/photos"], ["/town.tif"], r"'\.\./town' cannot name pairs"),
        ("", ["/photos"], ["/town.tif"], "'' cannot name pairs"),
    ],
)
def test_what_is_missing_is_said(
    started: list[tuple[Any, ...]], name: str, photos: list[str], scenes: list[str], says: str
) -> None:
    with pytest.raises(PhotoError, match=says):
        start_pairs(name, photos, scenes, {}, "auto")
    assert started == []


def test_pairs_are_not_made_over_others(started: list[tuple[Any, ...]]) -> None:
    table_path("town").parent.mkdir(parents=True)
    table_path("town").touch()
    with pytest.raises(PhotoError, match="There are pairs 'town' already"):
        start_pairs("town", ["/photos"], ["/town.tif"], {}, "auto")


def test_uploads_land_in_a_folder_of_their_own() -> None:
    folder = settings.tiles_dir() / "photos" / "walk"
    assert keep_photos("walk", [Upload("../a.jpg", b"a"), Upload("b.jpg", b"b")]) == [str(folder)]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.jpg": b"a", "b.jpg": b"b"}
    with pytest.raises(PhotoError, match="There are photos 'walk' already"):
        keep_photos("walk", [Upload("c.jpg", b"c")])


def test_table_that_is_uploaded_with_its_photos_is_what_is_read(tmp_path: Path) -> None:
    folder = settings.tiles_dir() / "photos" / "listed"
    found = keep_photos("listed", [Upload("a.jpg", b"a"), Upload("list.csv", b"path,lon,lat\na.jpg,1,2\n")])
    assert found == [str(folder / "list.csv")]
