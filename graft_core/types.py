"""The values that travel between rooms. Arrays are numpy; nothing here knows a file, a model or a map."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

Level = Literal["tile", "patch"]
SensorName = Literal["naip", "sentinel2", "rgb"]


@dataclass(frozen=True)
class EncoderSpec:
    """Everything that decides what an embedding means; two encoders with one key give the same vectors."""

    name: str
    """Registry name, or the open_clip name with the weights file."""
    level: Level
    """``tile``: one vector a tile. ``patch``: one vector for each patch of a tile."""
    sensor: SensorName
    """Imagery it was trained for; ``rgb`` where it was not trained for one sensor."""
    gsd: float
    """Metres per pixel at the input. NAIP encoders were trained at 1, Sentinel-2 at 10."""
    tile_px: int
    """Side of the square input, pixels."""
    patch_px: int
    """Side of one ViT token, pixels."""
    dim: int
    """Length of an embedding."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1] before the tower."""
    std: tuple[float, float, float]
    """RGB is divided by it after the mean is subtracted."""
    text_encoder: str
    """Name of the encoder whose text tower shares the space."""
    weights_sha256: str
    """Hash of the weights file, hex."""

    @property
    def key(self) -> str:
        """Sixteen hex digits of a hash over every field; names indexes and caches."""
        fields = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(fields.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class QueryDefaults:
    """How an encoder likes to be asked: part of its card, copied whole into every recipe."""

    templates: tuple[str, ...]
    """Prompt ensemble; ``{}`` stands for the words."""
    background: tuple[str, ...]
    """What else a tile may be: the alternatives a query competes with."""
    temperature: float
    """Cosine difference that multiplies the odds by e; chosen on validation data."""
    bandwidth_tiles: float
    """Default standard deviation of the density kernel, in tile sides."""


class TileEncoder(Protocol):
    """Satellite imagery in, unit rows out."""

    @property
    def spec(self) -> EncoderSpec: ...

    def encode_tiles(self, tiles: U8) -> F32:
        """(B, S, S, 3) RGB -> (B, D) unit rows at tile level, (B, h, w, D) at patch level."""
        ...


class TextEncoder(Protocol):
    """Words in, unit rows out, in the space of the tiles."""

    def encode_texts(self, texts: Sequence[str]) -> F32:
        """N texts -> (N, D) unit rows."""
        ...


class PhotoEncoder(Protocol):
    """Ground photos in, unit rows out, in the space of the tiles."""

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        """N photos (H, W, 3) RGB of any size -> (N, D) unit rows."""
        ...


class Encoder(TileEncoder, TextEncoder, PhotoEncoder, Protocol):
    """The three towers of one space, each loaded when it is first used."""

    @property
    def defaults(self) -> QueryDefaults: ...


@dataclass(frozen=True)
class Progress:
    """One step of long work, yielded by the task; whoever asked for the work draws the bar."""

    done: int
    """Units finished, earlier runs that were resumed counted in."""
    total: int
    """Units in all."""
    unit: str
    """What is counted: ``tiles``, ``steps``, ``bytes``."""
    elapsed_s: float
    """Seconds since this run started."""
    resumed: int = 0
    """Units that were already done when this run started."""

    @property
    def rate(self) -> float:
        """Units per second of this run; 0 before the first."""
        return (self.done - self.resumed) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end, or None while nothing is known."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None
