"""Whole real scenes, indexed, mapped and searched once for all tests of this room, and what went through the encoders.

They go the way of a person: the command line, every default, the encoders that are shipped with the program.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import command, done
from four_colors import geobox
from green_things import SIDE, green_pixels
from known_encoder import KnownEncoder
from real_scenes import QUERY, SCENES, Encoded, RealScene

from graft_core.io.geotiff import write_raster
from graft_core.models.encoder import LazyEncoder
from graft_core.tasks import catalog
from graft_core.types import F32, U8


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the indexes of the real scenes."""
    return tmp_path_factory.mktemp("home") / "tiles"


@pytest.fixture
def at_home(home: Path, own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this test know the real scenes. Such a test must leave them as they are."""
    monkeypatch.setenv("GRAFT_TILES", str(home))


@pytest.fixture(scope="session")
def real_scene(shared_data: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RealScene]:
    """The scene of a name; the first test that asks for one has it indexed."""
    made: dict[str, RealScene] = {}
    folder = tmp_path_factory.mktemp("exports")

    def scene(name: str) -> RealScene:
        if name not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("GRAFT_TILES", str(home))
                made[name] = _make(name, shared_data / SCENES[name], folder)
        return made[name]

    return scene


def _make(name: str, source: Path, folder: Path) -> RealScene:
    raster, hits = folder / f"{name}.tif", folder / f"{name}.gpkg"
    return RealScene(
        name=name,
        source=source,
        indexed=command("index", source),
        mapped=command("density", source, "--query", QUERY, "-o", raster),
        raster=raster,
        searched=command("retrieve", source, "--query", QUERY, "-o", hits),
        hits=hits,
    )


@pytest.fixture(params=list(SCENES))
def scene(request: pytest.FixtureRequest, real_scene: Callable[[str], RealScene]) -> RealScene:
    """Each real scene in turn."""
    return real_scene(request.param)


@pytest.fixture
def forest_lake(shared_data: Path) -> Path:
    """One aerial scene."""
    return shared_data / SCENES["virginia"]


@pytest.fixture
def earlier(shared_data: Path) -> Path:
    """A small scene of the same encoder, committed before."""
    path = shared_data / "bad" / "tiny_100x80.tif"
    done("index", path)
    return path


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Encoded:
    """Counts what any encoder is given from here on."""
    count = Encoded()
    tiles, photos, texts = LazyEncoder.encode_tiles, LazyEncoder.encode_photos, LazyEncoder.encode_texts

    def encode_tiles(self: LazyEncoder, given: U8) -> F32:
        count.tiles += len(given)
        return tiles(self, given)

    def encode_photos(self: LazyEncoder, given: list[U8]) -> F32:
        count.photos += len(given)
        return photos(self, given)

    def encode_texts(self: LazyEncoder, given: list[str]) -> F32:
        count.texts += given
        return texts(self, given)

    monkeypatch.setattr(LazyEncoder, "encode_tiles", encode_tiles)
    monkeypatch.setattr(LazyEncoder, "encode_photos", encode_photos)
    monkeypatch.setattr(LazyEncoder, "encode_texts", encode_texts)
    return count


@pytest.fixture
def known_patches(monkeypatch: pytest.MonkeyPatch) -> KnownEncoder:
    """Whatever encoder a command names, it gets this one."""
    known = KnownEncoder(level="patch", tile_px=32)
    monkeypatch.setattr(catalog, "load_encoder", lambda name, **options: known)
    return known


@pytest.fixture
def green(tmp_path: Path) -> Path:
    """A scene of green things."""
    path = tmp_path / "green.tif"
    write_raster(path, green_pixels(), geobox(SIDE, SIDE), descriptions=("red", "green", "blue"), photometric="rgb")
    return path
