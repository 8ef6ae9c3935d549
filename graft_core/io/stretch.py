"""How raw values become the uint8 colours an encoder sees: measured once per scene, the same for every window."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from graft_core.errors import SceneError
from graft_core.io.sensors import ProcessingLevel, RasterFacts
from graft_core.io.source import AnyArray
from graft_core.types import U8, SensorName

Triple = tuple[float, float, float]

SENTINEL2_WHITE = 0.3
"""Reflectance shown as 255."""
_SENTINEL2_SCALE = 1e-4
"""Reflectance per count, where the product does not say."""
_DARK_PERCENTILE = 1.0
_DARK_OBJECT = 0.01
"""Reflectance that the darkest ground keeps when haze is taken away."""
_HAZE_BLUE = 0.06
_HAZE_BLUE_OVER_RED = 0.03
"""Reflectance. Air scatters blue most: a scene whose darkest blue lies above both still has the atmosphere in it."""


@dataclass(frozen=True)
class Stretch:
    """One straight line per band from raw value to colour; the same for every window of a scene."""

    low: Triple
    """Raw values of red, green and blue shown as 0."""
    high: Triple
    """Raw values shown as 255."""
    kind: str
    """What decided it: ``as is``, ``reflectance``, ``reflectance, haze removed`` or ``percentile 2-98``."""

    def apply(self, raw: AnyArray, out: U8) -> None:
        """Write (3, h, w) raw finite values as (h, w, 3) colours to ``out``."""
        for band in range(3):
            if raw.dtype in (np.uint8, np.uint16):
                out[..., band] = _table(self.low[band], self.high[band])[raw[band]]
            else:
                out[..., band] = _line(raw[band], self.low[band], self.high[band])


AS_IS = Stretch((0.0, 0.0, 0.0), (255.0, 255.0, 255.0), "as is")
"""For imagery that is 8-bit already."""


@dataclass(frozen=True)
class Reflectance:
    """reflectance = raw * scale + offset, for red, green and blue."""

    scale: Triple
    """Reflectance per count."""
    offset: Triple
    """Reflectance of count 0."""

    def raw(self, value: float, band: int) -> float:
        """Raw value that stands for a reflectance."""
        return round((value - self.offset[band]) / self.scale[band], 6)


def needs_sample(sensor: SensorName, facts: RasterFacts, level: ProcessingLevel | None) -> bool:
    """True when the stretch has to be measured on pixels."""
    if facts.dtype == "uint8":
        return False
    return sensor == "rgb" or sensor == "naip" or level != "L2A" or _is_float(facts)


def measure_stretch(
    sensor: SensorName,
    facts: RasterFacts,
    bands: tuple[int, int, int],
    level: ProcessingLevel | None,
    sample: AnyArray | None,
) -> Stretch:
    """The scene's stretch; ``sample`` is (3, n) valid finite raw values, needed where ``needs_sample`` says so."""
    if facts.dtype == "uint8":
        return AS_IS
    if sensor != "sentinel2":
        return _percentile_stretch(_known(sample, facts))
    reflectance = read_reflectance(facts, bands, sample)
    if level == "L2A":
        return _reflectance_stretch(reflectance)
    dark = [
        float(np.percentile(values, _DARK_PERCENTILE)) * reflectance.scale[band] + reflectance.offset[band]
        for band, values in enumerate(_known(sample, facts))
    ]
    hazy = dark[2] > _HAZE_BLUE and dark[2] - dark[0] > _HAZE_BLUE_OVER_RED
    return _reflectance_stretch(reflectance, dark) if level == "L1C" or hazy else _reflectance_stretch(reflectance)


def read_reflectance(facts: RasterFacts, bands: tuple[int, int, int], sample: AnyArray | None) -> Reflectance:
    """Scale and offset of Sentinel-2 values: the band's own, the product's metadata, else reflectance x 10000."""
    pairs = [_band_reflectance(facts, band - 1, sample) for band in bands]
    return Reflectance(
        scale=(pairs[0][0], pairs[1][0], pairs[2][0]),
        offset=(pairs[0][1], pairs[1][1], pairs[2][1]),
    )


def _band_reflectance(facts: RasterFacts, index: int, sample: AnyArray | None) -> tuple[float, float]:
    if facts.scales[index] != 1 or facts.offsets[index] != 0:
        return facts.scales[index], facts.offsets[index]
    quantification = _tag(facts, index, "QUANTIFICATION_VALUE")
    if quantification is None and _is_float(facts) and sample is not None and float(np.median(sample)) <= 2:
        return 1.0, 0.0  # floating point below 2 is reflectance already
    scale = 1 / quantification if quantification else _SENTINEL2_SCALE
    return scale, (_tag(facts, index, "ADD_OFFSET") or 0.0) * scale


def _tag(facts: RasterFacts, index: int, ending: str) -> float | None:
    """Value of BOA_..., RADIO_... or bare ``ending``, the band's own before the file's; None when absent."""
    for tags in (facts.band_tags[index], facts.tags):
        for prefix in ("BOA_", "RADIO_", ""):
            text = tags.get(prefix + ending)
            if text is not None:
                try:
                    return float(text)
                except ValueError as error:
                    raise SceneError(
                        f"{facts.label} states {prefix + ending}={text!r}, which is no number; "
                        "correct the tag or take it away."
                    ) from error
    return None


def _reflectance_stretch(reflectance: Reflectance, dark: list[float] | None = None) -> Stretch:
    """Reflectance 0 to 0.3; with ``dark``, each band's haze first taken away (dark-object subtraction, Chavez 1988)."""
    haze = [0.0] * 3 if dark is None else [max(value - _DARK_OBJECT, 0.0) for value in dark]
    low = [reflectance.raw(haze[band], band) for band in range(3)]
    high = [reflectance.raw(haze[band] + SENTINEL2_WHITE, band) for band in range(3)]
    kind = "reflectance" if dark is None else "reflectance, haze removed"
    return Stretch((low[0], low[1], low[2]), (high[0], high[1], high[2]), kind)


def _percentile_stretch(sample: AnyArray) -> Stretch:
    """2nd to 98th percentile of all three bands together, so that hues stay as they are."""
    low, high = (float(value) for value in np.percentile(sample, (2, 98)))
    if high <= low:
        high = low + 1
    return Stretch((low, low, low), (high, high, high), "percentile 2-98")


def _known(sample: AnyArray | None, facts: RasterFacts) -> AnyArray:
    if sample is None or sample.size == 0:
        raise SceneError(f"{facts.label} has no valid pixel to measure its colours on; give another scene.")
    return sample


def _is_float(facts: RasterFacts) -> bool:
    return facts.dtype.startswith("float")


@lru_cache(maxsize=16)
def _table(low: float, high: float) -> U8:
    return _line(np.arange(65536, dtype=np.float64), low, high)


def _line(values: AnyArray, low: float, high: float) -> U8:
    # Clipped before the arithmetic: huge values in a float raster must not overflow.
    clipped = np.clip(values, low, high).astype(np.float64)
    colors: U8 = np.rint((clipped - low) * (255 / (high - low))).astype(np.uint8)
    return colors
