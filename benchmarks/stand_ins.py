"""What the benchmarks measure with: aerial imagery of any size, a tower of any size, an encoder that costs nothing."""

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from graft_core.io.geotiff import write_raster
from graft_core.models.architectures import input_shape, model_config
from graft_core.models.card import Card, card_path, save_card
from graft_core.models.catalogue import SATELLITE_WORDS
from graft_core.models.encoder import LazyEncoder
from graft_core.models.openclip import is_architecture
from graft_core.models.registry import load_encoder
from graft_core.types import F32, U8, EncoderSpec, QueryDefaults
from graft_core.world.overhead import render_naip
from graft_core.world.scenes import KINDS, WORLD_CRS

REPEATED_PX = 1024
SAMPLES = 8
"""Pixels along each side of a tile that the cheap encoder looks at."""


def write_aerial(path: Path, side: int, seed: int = 1) -> None:
    """Demo-world imagery at 1 m, ``side`` pixels square; one drawn square kilometre is repeated to fill it."""
    drawn, _ = render_naip(seed, 0, 0, REPEATED_PX, REPEATED_PX)
    bands = np.moveaxis(drawn, 2, 0)  # (4, 1024, 1024)

    def pixels(window: GeoBox) -> U8:
        rows, cols = (np.arange(length) for length in window.shape)
        top, left = round(-window.affine.f), round(window.affine.c)
        return bands[:, (top + rows) % REPEATED_PX][:, :, (left + cols) % REPEATED_PX]

    write_raster(
        path,
        pixels,
        GeoBox((side, side), Affine(1, 0, REPEATED_PX, 0, -1, -REPEATED_PX), WORLD_CRS),
        descriptions=KINDS["naip"].bands,
        dtype=KINDS["naip"].dtype,
        tags={"GRAFT_SENSOR": "naip"},
        photometric="rgb",
    )


def encoder_or_random(name: str, device: str, folder: Path) -> LazyEncoder:
    """What ``load_encoder`` makes of a name; of a bare architecture (``ViT-B-16``) an encoder with random weights."""
    return load_encoder(str(random_card(name, folder)) if is_architecture(name) else name, device=device)


def random_card(config: str, folder: Path) -> Path:
    """A CLIP of that architecture with random weights, saved with its card; the card's path."""
    import torch

    from graft_core.models.clip import build_clip

    torch.manual_seed(0)  # the same weights in every process, so one index serves them all
    shape = input_shape(model_config(config), config)
    spec = EncoderSpec(
        name=config,
        level="tile",
        sensor="naip",
        gsd=1.0,
        tile_px=shape.tile_px,
        patch_px=shape.patch_px,
        dim=shape.dim,
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
        text_encoder=config,
        weights_sha256="",
    )
    card = Card(spec, SATELLITE_WORDS, config, "clip", what="Random weights", licence="Apache-2.0")
    save_card(folder / config, build_clip(config).state_dict(), card)
    return card_path(folder / config)


class CheapEncoder:
    """Satisfies types.Encoder at next to no cost: a few pixels of a tile, turned at random; words anywhere."""

    def __init__(self, tile_px: int, dim: int = 128) -> None:
        self.spec = EncoderSpec(
            "cheap", "tile", "rgb", 1.0, tile_px, tile_px, dim, (0.0,) * 3, (1.0,) * 3, "cheap", "0" * 64
        )
        self.defaults = QueryDefaults(("{}",), ("water", "trees", "buildings"), temperature=0.05, bandwidth_tiles=0.5)
        self._turn = np.random.default_rng(0).standard_normal((3 * SAMPLES**2, dim), dtype=np.float32)

    def encode_tiles(self, tiles: U8) -> F32:
        """(B, S, S, 3) -> (B, D) unit rows."""
        at = (2 * np.arange(SAMPLES) + 1) * self.spec.tile_px // (2 * SAMPLES)
        seen = tiles[:, at][:, :, at].reshape(len(tiles), -1)  # (B, 192)
        return _unit((seen / np.float32(127.5) - 1) @ self._turn)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        """N texts -> (N, D) unit rows, for the same words always the same."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        return _unit(np.stack([np.random.default_rng(seed).standard_normal(self.spec.dim) for seed in seeds]))

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        """No benchmark asks with photos."""
        raise NotImplementedError


def exhaust(steps: Iterable[object]) -> None:
    """Do the whole of a piece of work that reports its progress."""
    deque(steps, maxlen=0)


def _unit(rows: np.ndarray) -> F32:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
