"""Agreement of a label map with the ground: counted by hand here, and only where the ground is known."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from four_colors import HEIGHT, LEFT, TOP, WIDTH, geobox
from known_encoder import KnownEncoder
from long_work import finish

from graft_core.errors import ExportError
from graft_core.io.geotiff import write_raster
from graft_core.io.reference import open_reference
from graft_core.io.scene import Scene
from graft_core.tasks.accuracy import accuracy, match_classes
from graft_core.tasks.classify import LabelMap, label_map, parse_classes

NAMES = {1: "Red", 2: "green", 3: "blue", 4: "white", 9: "cloud"}


def made(scene: Scene, tmp_path: Path, classes: str = "red, green, blue, white", **options: object) -> LabelMap:
    asked = parse_classes(classes)
    return finish(label_map(scene, KnownEncoder(level="patch"), asked, tmp_path / "patches", **options))


def truth() -> np.ndarray:
    """(H, W) quadrants as the picture has them."""
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    middle, center = HEIGHT // 2, WIDTH // 2
    ids[:middle, :center], ids[:middle, center:], ids[middle:, :center], ids[middle:, center:] = 1, 2, 3, 4
    return ids


def raster(tmp_path: Path, ids: np.ndarray, names: dict[int, str] = NAMES, **place: float) -> Path:
    path = tmp_path / "truth.tif"
    write_raster(path, ids[None], geobox(*ids.shape, **place), descriptions=["c"], nodata=0, class_names=names)
    return path


def test_map_of_plain_colours_agrees_with_the_truth(scene: Scene, tmp_path: Path) -> None:
    found = finish(accuracy(made(scene, tmp_path), open_reference(raster(tmp_path, truth()))))
    assert found.pixels == HEIGHT * WIDTH
    assert found.overall > 0.97
    assert found.mean_iou > 0.95
    assert [each.name for each in found.classes] == ["red", "green", "blue", "white"]


def test_figures_are_those_counted_by_hand(scene: Scene, tmp_path: Path) -> None:
    label = made(scene, tmp_path, margin=0.6)
    ids = truth()
    ids[:20, :50] = 3  # red ground that the reference calls blue
    ids[100:, :30] = 9  # a class that the map does not have
    ids[:, 200:] = 0  # not known
    found = finish(accuracy(label, open_reference(raster(tmp_path, ids))))
    labels = label.window(scene.geobox)
    known = (ids > 0) & (ids < 9)
    assert found.pixels == known.sum()
    assert found.left_out == {"cloud": 60 * 30}
    for number, each in enumerate(found.classes, start=1):
        own, said = known & (ids == number), known & (labels == number)
        assert (each.truth, each.predicted) == (own.sum(), said.sum())
        assert each.precision == pytest.approx((own & said).sum() / said.sum())
        assert each.recall == pytest.approx((own & said).sum() / own.sum())
        assert each.iou == pytest.approx((own & said).sum() / (own | said).sum())
    assert found.overall == pytest.approx((labels == ids)[known].mean())
    assert found.unsure == pytest.approx((labels == 5)[known].mean())
    assert found.confusion.sum(axis=1).tolist() == [(known & (ids == n)).sum() for n in (1, 2, 3, 4)]


def test_unsure_pixels_lower_recall_and_no_precision(scene: Scene, tmp_path: Path) -> None:
    """White and green look as much like yellow as like cyan."""
    label = made(scene, tmp_path, "yellow, cyan")
    names = {1: "yellow", 2: "cyan", 3: "cyan", 4: "yellow"}
    found = finish(accuracy(label, open_reference(raster(tmp_path, truth(), names))))
    assert found.unsure > 0.45
    for each in found.classes:
        assert each.precision > 0.97
        assert each.recall == pytest.approx(0.5, abs=0.03)
    assert found.overall == pytest.approx(0.5, abs=0.03)


def test_class_that_the_truth_lacks_here_counts_in_no_mean(scene: Scene, tmp_path: Path) -> None:
    ids = truth()
    ids[ids == 4] = 0
    found = finish(accuracy(made(scene, tmp_path), open_reference(raster(tmp_path, ids))))
    white = found.classes[3]
    assert white.truth == 0
    assert np.isnan(white.iou)
    assert found.mean_iou > 0.95


def test_several_reference_classes_may_be_one_of_the_map(scene: Scene, tmp_path: Path) -> None:
    label = made(scene, tmp_path, "warm = red, other = green + blue + white")
    reference = open_reference(raster(tmp_path, truth()))
    same = {"RED": "Warm", "green": "other", "blue": "other", "white": "other"}
    found = finish(accuracy(label, reference, same))
    assert found.overall > 0.97
    assert found.left_out == {}
    assert found.classes[0].truth == HEIGHT * WIDTH // 4


def test_polygons_in_another_crs_count_only_where_they_lie(scene: Scene, tmp_path: Path) -> None:
    shapes = [
        shapely.box(LEFT + 10, TOP - 60, LEFT + 90, TOP - 10),
        shapely.box(LEFT + 130, TOP - 60, LEFT + 210, TOP - 10),
    ]
    path = tmp_path / "truth.geojson"
    geopandas.GeoDataFrame({"kind": ["red", "green"]}, geometry=shapes, crs="EPSG:32631").to_crs(4326).to_file(path)
    found = finish(accuracy(made(scene, tmp_path), open_reference(path)))
    assert found.pixels == pytest.approx(2 * 80 * 50, rel=0.02)
    assert found.overall == 1.0
    assert found.confusion.shape == (4, 5)


@pytest.mark.parametrize(
    ("names", "same", "says"),
    [
        (("wood", "lake"), {}, "Red, green, blue, white, cloud, and none of the map's .wood, lake."),
        (("red", "lake"), {"water": "lake"}, "no class 'water'"),
        (("red", "lake"), {"blue": "sea"}, "no class 'sea'"),
    ],
)
def test_names_that_do_not_match_are_listed(
    tmp_path: Path, names: tuple[str, ...], same: dict[str, str], says: str
) -> None:
    with pytest.raises(ExportError, match=says):
        match_classes(open_reference(raster(tmp_path, truth())), names, same)


def test_reference_elsewhere_is_refused(scene: Scene, tmp_path: Path) -> None:
    path = raster(tmp_path, truth(), left=LEFT + 5000)
    with pytest.raises(ExportError, match="does not meet scene four"):
        finish(accuracy(made(scene, tmp_path), open_reference(path)))


def test_reference_that_knows_none_of_the_ground_is_refused(scene: Scene, tmp_path: Path) -> None:
    path = raster(tmp_path, np.full((HEIGHT, WIDTH), 9, np.uint8))
    with pytest.raises(ExportError, match="knows no pixel of scene four"):
        finish(accuracy(made(scene, tmp_path), open_reference(path)))
