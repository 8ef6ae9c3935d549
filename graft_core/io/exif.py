"""Where and when a photo was taken, from its EXIF alone: no pixel is decoded."""

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from graft_core.io.photo import DAMAGED, TIME_FORMAT, BadPhotoError, file_problem, no_image

NO_POSITION = "no position"
ZERO_POSITION = "position 0, 0"
OUT_OF_RANGE = "position out of range"
_NOWHERE = 1e-7
"""Degrees, a centimetre: what is nearer to 0 N 0 E is a camera without reception."""
_PNG_HEADER = 8
_DAMAGED_EXIF = (TypeError, ValueError, KeyError, IndexError, SyntaxError, EOFError, struct.error, OverflowError)
"""What a parser of tags may meet in bytes that somebody cut or rewrote."""


@dataclass(frozen=True)
class PhotoFacts:
    """What the EXIF of a photo says."""

    lon: float
    """Degrees east, WGS 84; NaN where there is no position."""
    lat: float
    """Degrees north, WGS 84; NaN where there is no position."""
    taken: datetime | None
    """Local time of the exposure, without a zone."""
    accuracy_m: float
    """Horizontal positioning error, metres; NaN where the camera does not state it."""


def read_facts(path: str | Path) -> PhotoFacts:
    """Position, time and accuracy from the header of a photo.

    Raises:
        BadPhotoError: there is no such file, or it is no image, or its tags are damaged.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(16)
            file.seek(0)
            with Image.open(file) as image:
                data = image.info.get("exif") or (_png_exif(file) if image.format == "PNG" else b"")
    except UnidentifiedImageError as error:
        raise no_image(start) from error
    except OSError as error:
        raise file_problem(error) if error.errno else BadPhotoError(DAMAGED, str(error)) from error
    except (SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise BadPhotoError(DAMAGED, f"its header cannot be read ({error})") from error
    return _facts(data)


def check_position(lon: float, lat: float) -> BadPhotoError | None:
    """What is wrong with a position, None where nothing is."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return BadPhotoError(NO_POSITION, "neither its EXIF nor a table says where it was taken")
    if abs(lat) > 90 or abs(lon) > 180:
        return BadPhotoError(OUT_OF_RANGE, f"longitude {lon:.6g}, latitude {lat:.6g}")
    if abs(lat) < _NOWHERE and abs(lon) < _NOWHERE:
        return BadPhotoError(ZERO_POSITION, "the camera had no reception when it wrote 0, 0")
    return None


def _facts(data: bytes) -> PhotoFacts:
    exif = Image.Exif()
    try:
        exif.load(data)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        own = exif.get_ifd(ExifTags.IFD.Exif)
        lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "EW")
        lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "NS")
        accuracy = _number(gps.get(ExifTags.GPS.GPSHPositioningError))
    except _DAMAGED_EXIF as error:
        raise BadPhotoError(NO_POSITION, f"its EXIF is damaged ({type(error).__name__})") from error
    return PhotoFacts(lon, lat, _taken(own, exif), accuracy if accuracy > 0 else math.nan)


def _png_exif(file: BinaryIO) -> bytes:
    """The eXIf chunk of a PNG (third edition, section 11.3.3.4), which may stand after the pixels."""
    file.seek(_PNG_HEADER)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return file.read(length)
        file.seek(length + 4, os.SEEK_CUR)
    return b""


def _degrees(parts: Any, reference: Any, signs: str) -> float:
    """Degrees, minutes and seconds (rationals) with their letter; NaN where one is missing or no number.

    Without its letter a position may lie in any of two places, so it counts as none.
    """
    letter = _text(reference).upper()[:1]
    if parts is None or not letter or letter not in signs:
        return math.nan
    values = [_number(part) for part in (parts if isinstance(parts, tuple | list) else (parts,))]
    if not 1 <= len(values) <= 3:
        return math.nan
    total = math.fsum(value / 60**i for i, value in enumerate(values))
    return total if letter == signs[0] else -total


def _number(value: Any) -> float:
    """A rational as a float, NaN for one with the denominator 0."""
    if value is None or isinstance(value, str | bytes):
        return math.nan
    try:
        number = float(value)
    except ZeroDivisionError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _taken(own: Mapping[int, Any], exif: Mapping[int, Any]) -> datetime | None:
    for value in (
        own.get(ExifTags.Base.DateTimeOriginal),
        own.get(ExifTags.Base.DateTimeDigitized),
        exif.get(ExifTags.Base.DateTime),
    ):
        try:
            return datetime.strptime(_text(value)[:19], TIME_FORMAT)
        except ValueError:
            continue
    return None


def _text(value: Any) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
