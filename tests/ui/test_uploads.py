import io

import pytest

from graft_core import settings
from graft_core.errors import ExportError
from graft_core.ui.library import _keep


def test_upload_lands_in_the_folder_of_scenes_and_replaces_none() -> None:
    path = _keep("../elsewhere/town.tif", io.BytesIO(b"pixels"))
    assert path == settings.tiles_dir() / "town.tif"
    with pytest.raises(ExportError, match=r"town\.tif .* already; give the upload another name"):
        _keep("town.tif", io.BytesIO(b"other pixels"))
    assert path.read_bytes() == b"pixels"
    assert list(settings.tiles_dir().iterdir()) == [path]
