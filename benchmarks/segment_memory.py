"""Memory of segmenting a scene and one 16 times its area, and of writing what was found; prints one JSON object.

    python -m benchmarks.segment_memory --side 1024
    python -m benchmarks.segment_memory --segmenter mobile-sam

Each figure is the peak resident memory of a process that does that one thing, and how much of it came after everything
was imported and both towers had worked once. Unless a segmenter is named, a stand-in answers with the box it is given:
what counts here is what windows, masks and polygons cost, and SAM's own memory does not depend on the scene.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.memory import TIMES_WIDER, compared, peak_mb
from benchmarks.stand_ins import exhaust, write_aerial
from graft_core.io.scene import open_scene
from graft_core.models.registry import load_encoder
from graft_core.models.sam import MASK_PX, Prompts, SamMasks, SeenWindow, Segmenter, load_segmenter
from graft_core.search.query import parse_query
from graft_core.tasks.segment import Refiner, Segmentation, SegmentOptions, segment
from graft_core.tasks.write_segments import write_object_raster, write_segmentation
from graft_core.types import U8, Progress

ENCODER = "graft-demo-naip-patch"
QUERY = "lake"
QUICK_SIDE = 256
LEAST_M2 = 2000.0
"""The land repeats itself, so there are 16 times the objects; small ones are left out, for they are no raster."""


class BoxSegmenter:
    """Stands in for SAM: the object is the box."""

    name = "boxes"
    sha256 = "0" * 64

    def look(self, window: U8) -> SeenWindow:
        """As large in memory as what SAM saw."""
        return SeenWindow(np.zeros((1, 256, 64, 64), np.float32), (window.shape[0], window.shape[1]))

    def outline(self, seen: SeenWindow, prompts: Prompts) -> SamMasks:
        """The box, three times."""
        masks = np.zeros((3, *seen.size), np.bool_)
        left, top, right, bottom = (round(each) for each in prompts.box or (0, 0, *seen.size))
        masks[:, top:bottom, left:right] = True
        return SamMasks(masks, np.ones(3, np.float32), np.ones((3, MASK_PX, MASK_PX), np.float32))


def main() -> None:
    """Read the sizes, let a process of its own do each measurement, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024, help="side of the small scene, pixels of 1 m")
    parser.add_argument("--segmenter", help="name of a real one, whose weights are there")
    parser.add_argument("--quick", action="store_true", help="small scenes, to try this out")
    parser.add_argument("--child", choices=["imagery", "segment"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "imagery":
        write_aerial(options.folder / "scene.tif", options.side)
        return
    if options.child == "segment":
        print(json.dumps(measured(options.folder, options.segmenter)))
        return
    small = QUICK_SIDE if options.quick else options.side
    peaks = []
    for side in (small, TIMES_WIDER * small):
        with tempfile.TemporaryDirectory() as folder:
            _in_process("imagery", side, folder, options.segmenter)
            peaks.append(json.loads(_in_process("segment", side, folder, options.segmenter)))
    result = {"benchmark": "segment_memory", "encoder": ENCODER, "segmenter": options.segmenter or BoxSegmenter.name}
    sides = (small, TIMES_WIDER * small)
    print(json.dumps(result | {"sides": sides, "objects": [each.pop("objects") for each in peaks]} | compared(*peaks)))


def measured(folder: Path, name: str | None) -> dict[str, float]:
    """Peak memory before and after a scene is segmented and the objects are written."""
    encoder = load_encoder(ENCODER, device="cpu")
    side = encoder.spec.tile_px
    encoder.encode_tiles(np.zeros((16, side, side, 3), np.uint8))
    encoder.encode_texts([QUERY])
    sam = cast(Segmenter, BoxSegmenter()) if name is None else load_segmenter(name, device="cpu")
    sam.look(np.zeros((512, 512, 3), np.uint8))
    baseline = peak_mb()
    scene, found = open_scene(folder / "scene.tif"), list[Segmentation]()

    def work() -> Iterator[Progress]:
        query, options = parse_query(QUERY), SegmentOptions(min_area_m2=LEAST_M2)
        made = segment(scene, encoder, query, folder / "patches", refiner=Refiner(sam, ""), options=options)
        found.append((yield from made))

    exhaust(work())
    write_segmentation(folder / "found.gpkg", found[0])
    exhaust(write_object_raster(folder / "found.tif", found[0], scene))
    return {"baseline_mb": baseline, "peak_mb": peak_mb(), "objects": len(found[0].segments)}


def _in_process(work: str, side: int, folder: str, segmenter: str | None) -> bytes:
    command = [sys.executable, "-m", "benchmarks.segment_memory", "--child", work, "--side", str(side)]
    command += ["--folder", folder, *(["--segmenter", segmenter] if segmenter else [])]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    main()
