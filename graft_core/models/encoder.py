"""The encoder that the rest of the house sees: cheap to make, its towers loaded when they are first used."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graft_core.errors import ModelError
from graft_core.types import F32, U8, EncoderSpec, QueryDefaults

if TYPE_CHECKING:
    from graft_core.models.clip import ClipTowers
    from graft_core.models.graft import TileRunner


class LazyEncoder:
    """Satellite, text and photo tower of one space (types.Encoder).

    Safe from several threads; a tower is loaded once however many ask. Threads do not make encoding faster, so sessions
    that share an encoder should take turns with one lock around it.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        defaults: QueryDefaults,
        *,
        load_tiles: "Callable[[], TileRunner]",
        load_space: "Callable[[], ClipTowers]",
    ) -> None:
        self.spec = spec
        """What its embeddings mean."""
        self.defaults = defaults
        """How it likes to be asked."""
        self._load_tiles, self._load_space = load_tiles, load_space
        self._tiles: TileRunner | None = None
        self._space: ClipTowers | None = None
        self._lock = threading.Lock()

    def encode_tiles(self, tiles: U8) -> F32:
        """(B, S, S, 3) RGB -> (B, D) unit rows at tile level, (B, h, w, D) at patch level."""
        side = self.spec.tile_px
        if tiles.ndim != 4 or tiles.shape[1:] != (side, side, 3) or tiles.dtype != np.uint8:
            raise ModelError(
                f"{self.spec.name!r} takes (B, {side}, {side}, 3) uint8 tiles and got {tiles.shape} {tiles.dtype}: "
                f"cut tiles of {side} px."
            )
        if not len(tiles):
            patches = side // self.spec.patch_px
            grid = (patches, patches) if self.spec.level == "patch" else ()
            return np.zeros((0, *grid, self.spec.dim), np.float32)
        with self._lock:
            if self._tiles is None:
                self._tiles = self._load_tiles()
        return self._tiles(tiles)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        """N texts -> (N, D) unit rows; a text is encoded once, then remembered."""
        return self._checked(self.space().encode_texts(texts)) if texts else self._nothing()

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        """N photos (H, W, 3) RGB of any size -> (N, D) unit rows."""
        return self._checked(self.space().encode_photos(photos)) if len(photos) else self._nothing()

    def space(self) -> "ClipTowers":
        """The photo and text tower, loaded now if they were not; shared, so they are not to be changed."""
        with self._lock:
            if self._space is None:
                self._space = self._load_space()
        return self._space

    def _nothing(self) -> F32:
        return np.zeros((0, self.spec.dim), np.float32)

    def _checked(self, rows: F32) -> F32:
        if rows.shape[1] != self.spec.dim:
            raise ModelError(
                f"{self.spec.name!r} gives vectors of {self.spec.dim} values and its text encoder "
                f"{self.spec.text_encoder!r} of {rows.shape[1]}: they are not one space, choose another text encoder."
            )
        return rows
