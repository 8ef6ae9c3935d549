"""Fixtures every room's tests share."""

import shutil
from pathlib import Path

import pytest
from needed import missing

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real imagery beside the checkout; a machine without it skips, except in CI, which must have it."""
    if not SHARED_DATA.is_dir():
        missing(f"real imagery is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def gdalinfo() -> str:
    """GDAL's own program, another build than the one rasterio brings; a machine without it skips, except in CI."""
    program = shutil.which("gdalinfo")
    if program is None:
        missing("gdalinfo is not installed")
    return program


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has scenes, indexes and weights of its own; none touches the user's."""
    monkeypatch.setenv("GRAFT_TILES", str(tmp_path / "tiles"))
    monkeypatch.setenv("GRAFT_WEIGHTS", str(tmp_path / "weights"))
