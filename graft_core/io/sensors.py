"""What kind of imagery a raster is: sensor preset, which bands are red, green and blue, what marks missing pixels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from rasterio.io import DatasetReader

from graft_core.errors import SceneError
from graft_core.io.source import AnyArray
from graft_core.types import SensorName

SensorOption = Literal["naip", "sentinel2", "sentinel2-l1c", "sentinel2-l2a", "rgb"]
"""What a caller may state; the two levels of Sentinel-2 are one sensor with different haze."""

ProcessingLevel = Literal["L1C", "L2A"]

_NAIP_GSD = (0.24, 1.2)
"""Metres; NAIP is flown at 0.3 to 1 m."""
_SENTINEL2_GSD = (9.0, 21.0)
"""Metres; the visible bands have 10, some products bring them to 20."""
_UNNAMED_GSD = (9.0, 11.0)
"""Metres; only at about 10 m are unnamed 16-bit bands taken for Sentinel-2."""
_ROLES = {
    "red": ("B04", "B4", "RED"),
    "green": ("B03", "B3", "GREEN"),
    "blue": ("B02", "B2", "BLUE"),
}
_OPAQUE_SHARE = 0.99
"""A band tagged alpha is a mask when this share of it is exactly 0 or the maximum."""


@dataclass(frozen=True)
class RasterFacts:
    """What a raster says about itself, without its pixels."""

    label: str
    """Path or address, for messages and for the hints in its name."""
    dtype: str
    """Data type of the bands (``uint8``, ``uint16`` ...)."""
    names: tuple[str, ...]
    """Band descriptions, empty where there is none."""
    colors: tuple[str, ...]
    """Colour interpretation of each band, in lower case."""
    gsd: float
    """Metres on the ground per pixel."""
    tags: Mapping[str, str]
    """Metadata of the file."""
    band_tags: tuple[Mapping[str, str], ...]
    """Metadata of each band."""
    scales: tuple[float, ...]
    """Declared factor of each band; 1 where none is declared."""
    offsets: tuple[float, ...]
    """Declared offset of each band; 0 where none is declared."""

    @property
    def count(self) -> int:
        """Number of bands."""
        return len(self.names)


def raster_facts(dataset: DatasetReader, label: str, gsd: float) -> RasterFacts:
    """Collect what an open raster declares."""
    tags = {**dataset.tags(ns="IMAGERY"), **dataset.tags()}
    return RasterFacts(
        label=label,
        dtype=dataset.dtypes[0],
        names=tuple(name or "" for name in dataset.descriptions),
        colors=tuple(color.name.lower() for color in dataset.colorinterp),
        gsd=gsd,
        tags=tags,
        band_tags=tuple(dataset.tags(band) for band in dataset.indexes),
        scales=tuple(dataset.scales),
        offsets=tuple(dataset.offsets),
    )


def detect_sensor(facts: RasterFacts) -> SensorName:
    """The preset that fits data type, band names and GSD; ``rgb`` when none does."""
    low, high = _NAIP_GSD
    if facts.dtype == "uint8":
        return "naip" if low <= facts.gsd <= high else "rgb"
    low, high = _SENTINEL2_GSD
    if _bands_by_name(facts.names) and low <= facts.gsd <= high:
        return "sentinel2"
    low, high = _UNNAMED_GSD
    unnamed = not any(facts.names)
    if unnamed and facts.dtype in ("uint16", "int16") and low <= facts.gsd <= high:
        return "sentinel2"
    return "rgb"


def split_option(option: str | None) -> tuple[SensorName | None, ProcessingLevel | None]:
    """A stated sensor as preset and processing level; SceneError for a name that is none."""
    if option is None:
        return None, None
    if option not in get_args(SensorOption):
        raise SceneError(f"There is no sensor {option!r}; choose one of {', '.join(get_args(SensorOption))}.")
    levels: dict[str, ProcessingLevel] = {"sentinel2-l1c": "L1C", "sentinel2-l2a": "L2A"}
    if option in levels:
        return "sentinel2", levels[option]
    names: dict[str, SensorName] = {"naip": "naip", "sentinel2": "sentinel2", "rgb": "rgb"}
    return names[option], None


def rgb_bands(facts: RasterFacts, stated: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """Red, green and blue as 1-based bands: as stated, by name, by colour tag, or the first three of 3 or 4.

    SceneError for fewer than three bands, for stated bands that do not exist, and for many bands without names.
    """
    if facts.count < 3:
        table = " with a colour table (`gdal_translate -expand rgb` makes three bands of it)"
        raise SceneError(
            f"{facts.label} has {_bands(facts.count)}{table if 'palette' in facts.colors else ''}; three (red, green, "
            "blue) are needed, so give a colour image or one file per band (..._B04, ..._B03, ..._B02)."
        )
    if stated is not None:
        if len(stated) != 3 or not all(1 <= band <= facts.count for band in stated):
            raise SceneError(
                f"Bands {stated} are not three of the {facts.count} of {facts.label}; state three of them."
            )
        return stated[0], stated[1], stated[2]
    found = _bands_by_name(facts.names) or _bands_by_color(facts.colors)
    if found is None and sum(color != "alpha" for color in facts.colors) > 4:
        raise SceneError(
            f"{facts.label} has {facts.count} bands without names, so red, green and blue cannot be told; "
            "state them, for example bands=(1,2,3)."
        )
    return found or (1, 2, 3)


def processing_level(facts: RasterFacts) -> ProcessingLevel | None:
    """Level of a Sentinel-2 product from its metadata or its name; None when neither tells."""
    for text in (*facts.tags.values(), facts.label):
        if re.search(r"MSI_?L?1C|level-?1C|(?<![A-Z0-9])L1C(?![A-Z0-9])", text, re.IGNORECASE):
            return "L1C"
        if re.search(r"MSI_?L?2A|level-?2A|(?<![A-Z0-9])L2A(?![A-Z0-9])", text, re.IGNORECASE):
            return "L2A"
    return None


def alpha_mask_band(facts: RasterFacts, bands: tuple[int, int, int]) -> int | None:
    """1-based band that is tagged alpha and not one of the three colours, or None; its values decide what it is."""
    for band, color in enumerate(facts.colors, start=1):
        if color == "alpha" and band not in bands:
            return band
    return None


def is_mask(values: AnyArray) -> bool:
    """True when the values are those of a mask: nearly all exactly 0 or the maximum, and some the maximum.

    Near infrared is often tagged alpha; it takes every value in between.
    """
    if values.dtype.kind != "u":
        return False
    opaque = values == np.iinfo(values.dtype).max
    extreme = np.count_nonzero(opaque | (values == 0))
    return bool(opaque.any()) and bool(extreme >= _OPAQUE_SHARE * values.size)


def _bands_by_name(names: tuple[str, ...]) -> tuple[int, int, int] | None:
    words = [re.split(r"[^A-Z0-9]+", name.upper()) for name in names]
    found = []
    for wanted in _ROLES.values():
        # Exact names first: "B4" must not win over a later "B04".
        bands = [band for word in wanted for band, parts in enumerate(words, start=1) if word in parts]
        if not bands:
            return None
        found.append(bands[0])
    return (found[0], found[1], found[2]) if len(set(found)) == 3 else None


def _bands_by_color(colors: tuple[str, ...]) -> tuple[int, int, int] | None:
    if all(color in colors for color in ("red", "green", "blue")):
        return colors.index("red") + 1, colors.index("green") + 1, colors.index("blue") + 1
    return None


def _bands(count: int) -> str:
    return "one band" if count == 1 else f"{count} bands"
