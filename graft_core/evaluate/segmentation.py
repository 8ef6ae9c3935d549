"""Pixel by pixel: which class's name is nearest, and how much of the truth that draws (mIoU).

Tokens are measured as the product asks them: overlapping windows, blended, bilinear between the patches (`class_map`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graft_core.evaluate.class_maps import I16, class_map, refined
from graft_core.evaluate.metrics import F64, class_iou, confusion_matrix
from graft_core.evaluate.pooled import PooledEncoder
from graft_core.geo.grid import tile_grid
from graft_core.io.scene import Scene, read_tiles
from graft_core.models.sam import Segmenter
from graft_core.search.embed import prompt_vector
from graft_core.tasks.sam_windows import WindowLooks
from graft_core.types import F32, I64, U8, Encoder, EncoderSpec
from graft_core.world import land

SLIDING_WINDOWS = 8192
"""Patches that the sliding window is asked for, at most, chosen at random: one pass of the tower gives one patch."""
BATCH = 64


@dataclass(frozen=True)
class Mosaic:
    """A scene cut into windows of an encoder without overlap, and the truth of its pixels."""

    rgb: U8
    """(R * S, C * S, 3): R by C windows of S pixels a side."""
    truth: npt.NDArray[np.int16]
    """(R * S, C * S) row of land.CLASSES; -1 beyond the scene."""
    tile_px: int
    """S."""
    patch_px: int
    """Side of a patch, pixels."""

    @property
    def patches(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.truth.shape[0] // self.patch_px, self.truth.shape[1] // self.patch_px


def mosaic_of(scene: Scene, classes: U8, spec: EncoderSpec) -> Mosaic:
    """Cut a scene into the windows that an index at patch level has.

    Args:
        scene: at the encoder's ground sampling distance.
        classes: (H, W) class ids of the scene's pixels, 0 for none.
        spec: tile and patch size.
    """
    side = spec.tile_px
    grid = tile_grid(scene.geobox, gsd=spec.gsd, tile_px=side, stride_px=side)
    rgb = np.zeros((grid.rows, side, grid.cols, side, 3), np.uint8)
    for batch in read_tiles(scene, grid, batch=BATCH):
        rows, columns = np.divmod(batch.index, grid.cols)
        rgb[rows, :, columns] = batch.pixels
    first, (height, width) = grid.tile(0), classes.shape
    truth = np.full((grid.rows * side, grid.cols * side), -1, np.int16)
    truth[-first.top : height - first.top, -first.left : width - first.left] = classes.astype(np.int16) - 1
    return Mosaic(rgb.reshape(*truth.shape, 3), truth, side, spec.patch_px)


def class_rows(encoder: Encoder) -> F32:
    """(C, D) text row of every class's name, as a typed query gives it."""
    return np.stack([prompt_vector(encoder, name, encoder.defaults.templates) for name in land.CLASSES])


def sliding_classes(mosaic: Mosaic, encoder: Encoder, asked: I64) -> I64:
    """(h, w) class of the patches ``asked`` (row-major numbers) and -1 elsewhere, from one vector a window.

    The window is centred on its patch, moved inwards where it would leave the mosaic: its stride is one patch.
    """
    words = class_rows(encoder)
    predicted = np.full(mosaic.patches, -1, np.int64)
    for part, windows in _windows_around(mosaic, asked):
        predicted.ravel()[part] = (encoder.encode_tiles(windows) @ words.T).argmax(axis=1)
    return predicted


def _windows_around(mosaic: Mosaic, asked: I64) -> Iterator[tuple[I64, U8]]:
    side, patch = mosaic.tile_px, mosaic.patch_px
    height, width = mosaic.truth.shape
    for start in range(0, len(asked), BATCH):
        part = asked[start : start + BATCH]
        rows, columns = np.divmod(part, mosaic.patches[1])
        tops = np.clip(rows * patch + (patch - side) // 2, 0, height - side)
        lefts = np.clip(columns * patch + (patch - side) // 2, 0, width - side)
        yield part, np.stack([mosaic.rgb[t : t + side, x : x + side] for t, x in zip(tops, lefts, strict=True)])


def patch_confusion(mosaic: Mosaic, predicted: I64) -> I64:
    """(C, C) pixels by true and predicted class, patches drawn as squares; patches of -1 are left out."""
    squares = predicted.repeat(mosaic.patch_px, axis=0).repeat(mosaic.patch_px, axis=1)
    return confusion_matrix(np.where(squares >= 0, mosaic.truth, -1), squares, len(land.CLASSES))


def some_patches(mosaic: Mosaic, count: int = SLIDING_WINDOWS) -> I64:
    """Row-major numbers of at most ``count`` patches of the scene, drawn at random: the same ones for every encoder."""
    side = mosaic.patch_px
    known = (mosaic.truth[side // 2 :: side, side // 2 :: side] >= 0).ravel().nonzero()[0]
    chosen = np.random.default_rng(0).choice(known, min(count, len(known)), replace=False)
    return np.sort(chosen).astype(np.int64)


def map_iou(labels: I16, classes: U8) -> F64:
    """(C,) intersection over union of a map (H, W), -1 where nothing is known, with class ids, 0 for none."""
    truth = np.where(labels >= 0, classes.astype(np.int16) - 1, -1)
    return class_iou(confusion_matrix(truth, labels, len(land.CLASSES)))


def segment(
    scene: Scene,
    classes: U8,
    cache: Path,
    *,
    teacher: Encoder,
    image_tokens: Encoder,
    image_level: Encoder,
    pixel_level: Encoder | None,
    segmenter: Segmenter | None = None,
    looks: WindowLooks | None = None,
) -> dict[str, F64]:
    """Intersection over union of every class, (C,), for each way of segmenting; NaN for a class the truth lacks.

    Args:
        scene: at the encoders' ground sampling distance.
        classes: (H, W) class ids of the scene's pixels, 0 for none.
        cache: folder of the patch embeddings.
        teacher: the teacher's photo tower at patch level.
        image_tokens: the image-level encoder loaded at patch level.
        image_level: the same encoder as it was trained. It is also asked as a sliding window, its CLS vector and the
            mean of the window's tokens, so that what pixel-level training gains is not owed to how CLS pools.
        pixel_level: where there is one.
        segmenter: SAM, which then outlines what the pixel-level encoder finds; None to leave that out.
        looks: what it saw before.
    """

    def by_windows(encoder: Encoder) -> F64:
        mosaic = mosaic_of(scene, classes, encoder.spec)
        return class_iou(patch_confusion(mosaic, sliding_classes(mosaic, encoder, some_patches(mosaic))))

    found = {
        "teacher": map_iou(class_map(scene, teacher, cache).labels, classes),
        "image_level": map_iou(class_map(scene, image_tokens, cache).labels, classes),
        "image_level_sliding": by_windows(image_level),
        "image_level_sliding_mean": by_windows(PooledEncoder(image_tokens)),
    }
    if pixel_level is not None:
        drawn = class_map(scene, pixel_level, cache)
        found["pixel_level"] = map_iou(drawn.labels, classes)
        if segmenter is not None:
            found["pixel_sam"] = map_iou(refined(drawn, scene, segmenter, looks or WindowLooks()), classes)
    return found
