from pathlib import Path

import pytest

from graft_core.errors import SceneError
from graft_core.io.disk import imagery_bytes


def vrt(path: Path, *sources: str) -> Path:
    path.write_text(f"<VRTDataset>{''.join(sources)}</VRTDataset>")
    return path


def member(name: object, relative: int = 0) -> str:
    return f'<SourceFilename relativeToVRT="{relative}">{name}</SourceFilename>'


def test_file_has_its_size_and_what_is_elsewhere_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"x" * 100)
    assert imagery_bytes(str(tmp_path / "a.tif")) == 100
    for source in ("https://example.org/a.tif", "s3://bucket/a.tif", "/vsizip/a.zip/a.tif"):
        assert imagery_bytes(source) is None


def test_virtual_raster_counts_each_of_its_files_once(tmp_path: Path) -> None:
    for name, size in (("a.tif", 100), ("b.tif", 20)):
        (tmp_path / name).write_bytes(b"x" * size)
    made = vrt(tmp_path / "both.vrt", member(tmp_path / "a.tif"), member("b.tif", 1), member(tmp_path / "a.tif"))
    assert imagery_bytes(str(made)) == 120 + made.stat().st_size
    assert imagery_bytes(str(vrt(tmp_path / "far.vrt", member("/vsicurl/https://example.org/a.tif")))) is None
    (tmp_path / "b.tif").unlink()
    with pytest.raises(SceneError, match=r"b\.tif is gone"):
        imagery_bytes(str(made))


def test_what_is_no_virtual_raster_has_its_own_size(tmp_path: Path) -> None:
    path = tmp_path / "broken.vrt"
    path.write_text("<VRTData")
    assert imagery_bytes(str(path)) == 8


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"none\.tif is gone"):
        imagery_bytes(str(tmp_path / "none.tif"))
