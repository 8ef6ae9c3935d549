"""A pixel-level tower asked for one vector a tile."""

from collections.abc import Sequence
from dataclasses import replace

from graft_core.search.embed import unit_rows
from graft_core.types import F32, U8, Encoder, EncoderSpec, QueryDefaults


class PooledEncoder:
    """An encoder (types.Encoder) whose tile is the mean of another one's unit tokens, made of unit length."""

    def __init__(self, tokens: Encoder) -> None:
        self._tokens = tokens

    @property
    def spec(self) -> EncoderSpec:
        spec = self._tokens.spec
        return replace(spec, name=f"{spec.name} (mean of tokens)", level="tile")

    @property
    def defaults(self) -> QueryDefaults:
        return self._tokens.defaults

    def encode_tiles(self, tiles: U8) -> F32:
        return unit_rows(self._tokens.encode_tiles(tiles).mean(axis=(1, 2)))  # (B, h, w, D) -> (B, D)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        return self._tokens.encode_texts(texts)

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        return self._tokens.encode_photos(photos)
