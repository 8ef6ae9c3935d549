"""Fixtures every room's tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from needed import missing
from stac_server import StacServer

if WORKERS := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # before torch counts the cores: workers share them
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(WORKERS))))

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def as_installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Programs that tests start do without what only the tests want: requirements.txt is all that a user has.

    open_clip loads transformers wherever it can, which takes a second and more of every start.
    """
    folder = tmp_path_factory.mktemp("as-installed")
    (folder / "transformers.py").write_text('raise ImportError("requirements.txt does not name it")\n')
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


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


@pytest.fixture
def catalogs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StacServer]:
    """Both known catalogues of imagery, their files and their tokens, on this machine; empty as yet."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    folder = tmp_path / "served"
    folder.mkdir()
    server = StacServer(folder)
    monkeypatch.setenv("GRAFT_PLANETARY_COMPUTER", server.stac)
    monkeypatch.setenv("GRAFT_EARTH_SEARCH", server.stac)
    monkeypatch.setenv("VSICURL_PC_SAS_TOKEN_URL", f"{server.sas}/")
    monkeypatch.setenv("VSICURL_PC_SAS_SIGN_HREF_URL", f"{server.url}/sas/sign?href=")
    yield server
    server.stop()
