"""Scores of every patch of an area: sliding windows, encoded once for any number of queries, blended without seams."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from graft_core.errors import ModelError, QueryError
from graft_core.geo.blend import LatticeField
from graft_core.geo.grid import TileGrid
from graft_core.geo.masks import inside
from graft_core.geo.patches import PatchMean, patch_lattice, patches_around, windows_over
from graft_core.geo.place import pixel_window, reprojected
from graft_core.index.patch_cache import BLOCK, PatchBlock
from graft_core.index.scan import scores
from graft_core.io.scene import Scene
from graft_core.models.registry import find_model
from graft_core.tasks.catalog import encoder_for
from graft_core.tasks.coverage import Coverage
from graft_core.tasks.density import crs_of, cut_to
from graft_core.tasks.patch_blocks import WindowTokens, blocks_of
from graft_core.tasks.patch_query import ResolvedPatchQuery, patch_query
from graft_core.types import F32, Encoder, EncoderSpec, Progress, TileEncoder

__all__ = [
    "PatchField",
    "ResolvedPatchQuery",
    "level_notice",
    "patch_encoder",
    "patch_field",
    "patch_query",
    "patches_missing",
]


@dataclass(frozen=True, eq=False)
class PatchField:
    """Cosines of K vectors with the patches of an area, or with its tiles, to be seen at any window of it."""

    field: LatticeField
    """(K, rows, cols) on the lattice of patches, bilinear between their centres; or on that of tiles."""
    scene: Scene
    """What was looked at."""
    spec: EncoderSpec
    """Who looked."""
    region: GeoBox
    """Pixels of the scene's own grid that are known; beyond it everything is NaN, for it would hang on its border."""
    coverage: Coverage
    """Where the scene has imagery."""

    @property
    def count(self) -> int:
        """K."""
        return len(self.field.values)

    def window(self, target: GeoBox) -> F32:
        """(K, h, w) cosines of the pixels of ``target``, of any pixel size; NaN without imagery, beyond the region."""
        within = inside(self.region.extent, target)
        if (within is not None and not within.any()) or self.coverage.empty(target):
            return np.full((self.count, *target.shape), np.nan, dtype=np.float32)
        values = self.field.window(target)
        if within is not None:
            np.copyto(values, np.nan, where=~within)
        covered = self.coverage.mask(target)
        if covered is not None:
            np.copyto(values, np.nan, where=~covered)
        return values


def patch_encoder(scene: Scene, name: str | None = None, *, device: str = "auto") -> Encoder:
    """The encoder of a name, or the shipped pixel-level one that suits the scene.

    An image-level encoder gives the tokens of its last layer, which nobody trained to say something by themselves
    (`level_notice`).

    Raises:
        ModelError: unknown, or its weights are missing.
    """
    return encoder_for(scene, name, device=device, level="patch")


def level_notice(spec: EncoderSpec) -> str:
    """A sentence for results made with the patches of an encoder that was trained on whole tiles; else empty."""
    try:
        trained = find_model(spec.name).level
    except ModelError:  # an encoder of a notebook's own, of which nobody knows more than its spec
        return ""
    if trained != "tile":
        return ""
    return (
        f"Encoder {spec.name} was trained on whole tiles, not on patches: expect less than from a pixel-level encoder."
    )


def patch_field(
    scene: Scene,
    encoder: TileEncoder,
    vectors: F32,
    cache: Path,
    *,
    area: Geometry | None = None,
    margin_px: int = 0,
) -> Generator[Progress, None, PatchField]:
    """Score every patch of a scene, or of an area of it; the scores of a place do not depend on the area.

    What is not in the cache is encoded and put there, so a run that was stopped goes on where it stopped, and the next
    query of the place encodes nothing. Each patch gets the mean of the windows over it, weighted by a Hann window.

    Args:
        scene: what to look at.
        encoder: of patch level.
        vectors: (K, D) unit rows to compare with.
        cache: folder of the patch embeddings of all scenes and encoders.
        area: in any CRS; its bounding box is scored. The whole scene unless given.
        margin_px: pixels of the scene added around that box.

    Yields:
        Progress in windows.

    Raises:
        SceneError: the scene does not fit the encoder, or cannot be read.
        ModelError: the encoder is not of patch level.
        ExportError: the area does not meet the scene.
        IndexStoreError: the cache cannot be written.
    """
    if vectors.ndim != 2 or vectors.shape[1] != encoder.spec.dim or not len(vectors):
        raise ValueError(f"vectors of shape {vectors.shape} do not fit an encoder of {encoder.spec.dim} dimensions")
    started = time.monotonic()
    spec = encoder.spec
    tokens = WindowTokens(scene, encoder, cache)
    region = _region(scene, area, margin_px)
    patches = patches_around(patch_lattice(scene.geobox, gsd=spec.gsd, patch_px=spec.patch_px), region)
    windows = windows_over(tokens.lattice, patches)
    total = _windows_in_blocks(tokens, windows)
    resumed = done = total - tokens.missing(windows)
    sums = _Sums(windows, PatchMean(patches, len(vectors), spec.tile_px // spec.patch_px), spec)
    yield Progress(done, total, "windows", 0.0, resumed)
    for row, col, block, encoded in tokens.blocks(windows):
        sums.add(row, col, block, vectors)
        if encoded:
            done = min(done + len(tokens.block_windows(row, col)), total)
        yield Progress(done, total, "windows", time.monotonic() - started, resumed)
    field = LatticeField(sums.mean.mean(), patches, "bilinear")
    return PatchField(field, scene, spec, region, Coverage(scene, windows, sums.valid))


def patches_missing(
    scene: Scene, encoder: TileEncoder, cache: Path, *, area: Geometry | None = None, margin_px: int = 0
) -> tuple[int, int]:
    """How many windows `patch_field` would have to encode at most, and of how many; with its arguments and errors."""
    spec = encoder.spec
    tokens = WindowTokens(scene, encoder, cache)
    patches = patch_lattice(scene.geobox, gsd=spec.gsd, patch_px=spec.patch_px)
    windows = windows_over(tokens.lattice, patches_around(patches, _region(scene, area, margin_px)))
    return tokens.missing(windows), _windows_in_blocks(tokens, windows)


class _Sums:
    """What the blocks add up to."""

    def __init__(self, windows: TileGrid, mean: PatchMean, spec: EncoderSpec) -> None:
        self.mean = mean
        self.valid = np.zeros((windows.rows, windows.cols), np.float32)
        """Share of each window that holds imagery."""
        self._windows = windows
        self._step = windows.stride_px // spec.patch_px
        self._side = spec.tile_px // spec.patch_px

    def add(self, block_row: int, block_col: int, block: PatchBlock, vectors: F32) -> None:
        """Take in the windows of a block that the area asks for."""
        grid, side = self._windows, self._side
        rows = block.tokens.reshape(-1, vectors.shape[1])
        cosines = scores(rows, vectors).reshape(len(vectors), -1, side, side)  # (K, n, h, w)
        for i, (down, right) in enumerate(np.argwhere(block.valid > 0).tolist()):
            row, col = block_row * BLOCK + down, block_col * BLOCK + right
            if 0 <= row - grid.row0 < grid.rows and 0 <= col - grid.col0 < grid.cols:
                self.valid[row - grid.row0, col - grid.col0] = block.valid[down, right]
                self.mean.add(row * self._step, col * self._step, cosines[:, i])


def _region(scene: Scene, area: Geometry | None, margin_px: int) -> GeoBox:
    """The pixels asked for."""
    if margin_px < 0:
        raise QueryError(f"A margin of {margin_px} px is not possible; give 0 or more.")
    if area is None:
        return scene.geobox
    box = cut_to(scene.geobox, reprojected(area, crs_of(scene)), scene.name)
    left, top = (round(each) for each in ~scene.geobox.affine @ (box.affine.c, box.affine.f))
    (height, width), (bottom, right) = scene.geobox.shape, (top + box.shape[0], left + box.shape[1])
    top, left = max(top - margin_px, 0), max(left - margin_px, 0)
    bottom, right = min(bottom + margin_px, height), min(right + margin_px, width)
    return pixel_window(scene.geobox, top, left, bottom - top, right - left)


def _windows_in_blocks(tokens: WindowTokens, windows: TileGrid) -> int:
    """Windows that go with these, block by block."""
    return sum(len(tokens.block_windows(*block)) for block in blocks_of(windows))
