"""Maps of classes with an encoder whose right answer is known, and outlines from a segmenter that knows it too."""

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from known_encoder import KnownEncoder
from odc.geo.geobox import GeoBox
from sure_segmenter import SureSegmenter

from graft_core.evaluate.class_maps import ClassMap, class_map, refined
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.sam_windows import WindowLooks

NAMES = ("red", "green", "blue")
PAINT = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
ENCODER = KnownEncoder(level="patch")


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graft_core.world.land.CLASSES", NAMES)


@pytest.fixture
def truth() -> np.ndarray:
    """A green pond with a blue one in it on red ground, off the lattice of 4 px patches."""
    rows, cols = np.mgrid[:90, :110]
    classes = np.zeros((90, 110), np.int64)
    classes[(rows - 45) ** 2 + (cols - 57) ** 2 < 33**2] = 1
    classes[39:54, 50:67] = 2
    return classes


def painted(path: Path, truth: np.ndarray, *, blank: int = 0) -> Scene:
    geobox = GeoBox(truth.shape, Affine(1, 0, 13, 0, -1, -7), "EPSG:3395")
    pixels = np.moveaxis(PAINT[truth], 2, 0).copy()
    pixels[:, :, :blank] = 7
    write_raster(
        path, pixels, geobox, descriptions=("Red", "Green", "Blue"), photometric="rgb", nodata=7 if blank else None
    )
    return open_scene(path, sensor="rgb", gsd=1)


def share(labels: np.ndarray, truth: np.ndarray) -> float:
    return float((labels == truth).mean())


def test_every_pixel_gets_the_class_of_its_own_place(tmp_path: Path, truth: np.ndarray) -> None:
    drawn = class_map(painted(tmp_path / "scene.tif", truth), ENCODER, tmp_path / "patches")
    assert drawn.labels.shape == truth.shape
    assert share(drawn.labels, truth) > 0.95
    assert drawn.labels[45, 58] == 2
    assert drawn.labels[5, 5] == 0


def test_sams_outlines_replace_the_blurred_ones_class_by_class(tmp_path: Path, truth: np.ndarray) -> None:
    scene = painted(tmp_path / "scene.tif", truth)
    drawn = class_map(scene, ENCODER, tmp_path / "patches")
    found = refined(drawn, scene, SureSegmenter(), WindowLooks())
    assert share(found, truth) > share(drawn.labels, truth)
    assert share(found, truth) > 0.99


def test_what_no_outline_claims_stays_and_what_has_no_imagery_is_nothing(tmp_path: Path, truth: np.ndarray) -> None:
    scene = painted(tmp_path / "scene.tif", truth, blank=20)
    drawn = class_map(scene, ENCODER, tmp_path / "patches")
    assert (drawn.labels[:, :20] == -1).all()
    assert (drawn.labels[:, 20:] >= 0).all()
    found = refined(drawn, scene, SureSegmenter(), WindowLooks())
    assert (found[:, :20] == -1).all()
    assert (found[:, 20:] >= 0).all()


def test_a_pixel_that_two_classes_claim_goes_to_the_more_probable(
    tmp_path: Path, truth: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every outline is made to cover the whole scene: the surest class has it all."""
    import shapely

    from graft_core.tasks.outlines import Outline

    def everything(areas, values, scene, *rest):  # type: ignore[no-untyped-def]
        yield from ()
        return [Outline(shapely.box(0, 0, 200, 200), True, "") for _ in areas]

    monkeypatch.setattr("graft_core.evaluate.class_maps.refine_areas", everything)
    scene = painted(tmp_path / "scene.tif", truth)
    drawn = class_map(scene, ENCODER, tmp_path / "patches")
    likeliest = int(np.nanmean(drawn.probability.window(scene.geobox), axis=(1, 2)).argmax())
    found = refined(ClassMap(drawn.labels, drawn.probability), scene, SureSegmenter(), WindowLooks())
    assert (found == likeliest).all()
