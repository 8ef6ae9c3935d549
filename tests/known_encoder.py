"""An encoder with a known right answer: a tile is its mean colour, a colour's name is that colour.

A flipped row, a swapped column or a mixed-up band changes what it finds, and it needs no weights.
"""

from collections.abc import Sequence

import numpy as np

from graft_core.types import F32, U8, EncoderSpec, Level, QueryDefaults

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
}
"""Words the encoder knows."""


def unit_vector(rgb: np.ndarray) -> F32:
    """(..., 3) colours in 0-255 -> (..., 4) unit vectors; the fourth part tells dark from bright."""
    centred = np.asarray(rgb, dtype=np.float64) / 127.5 - 1
    raised = np.concatenate([centred, np.full((*centred.shape[:-1], 1), 0.5)], axis=-1)
    return (raised / np.linalg.norm(raised, axis=-1, keepdims=True)).astype(np.float32)


class KnownEncoder:
    """Satisfies graft_core.types.Encoder, and counts what it was asked to encode."""

    def __init__(self, *, gsd: float = 1.0, tile_px: int = 16, level: Level = "tile", weights: str = "0" * 64) -> None:
        self._spec = EncoderSpec(
            name="known",
            level=level,
            sensor="rgb",
            gsd=gsd,
            tile_px=tile_px,
            patch_px=tile_px // 4,
            dim=4,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            text_encoder="known",
            weights_sha256=weights,
        )
        self.tiles_encoded = 0
        self.texts_encoded = 0

    @property
    def spec(self) -> EncoderSpec:
        return self._spec

    @property
    def defaults(self) -> QueryDefaults:
        return QueryDefaults(
            templates=("{}", "a picture of {}"),
            background=("red", "green", "blue", "white", "black"),
            temperature=0.1,
            bandwidth_tiles=0.5,
        )

    def encode_tiles(self, tiles: U8) -> F32:
        self.tiles_encoded += len(tiles)
        if self._spec.level == "tile":
            return unit_vector(tiles.mean(axis=(1, 2)))
        side, count = self._spec.patch_px, self._spec.tile_px // self._spec.patch_px
        patches = tiles.reshape(len(tiles), count, side, count, side, 3).mean(axis=(2, 4))
        return unit_vector(patches)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        self.texts_encoded += len(texts)
        return np.stack([self._text(text) for text in texts])

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        return np.stack([unit_vector(photo.reshape(-1, 3).mean(axis=0)) for photo in photos])

    def _text(self, text: str) -> F32:
        named = [COLORS[word] for word in text.lower().split() if word in COLORS]
        return unit_vector(np.mean(named, axis=0) if named else np.array(COLORS["grey"]))
